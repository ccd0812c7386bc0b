//! HDBSCAN: clusters as the dense regions that last longest as density falls; the rest is noise.

use rayon::prelude::*;

use super::{Clusters, condensed};
use crate::neighbours::Index;
use crate::{EmbedError, Points};

/// Points whose distances a thread takes at once.
const PART: usize = 512;

/// Settings of HDBSCAN. The time grows with the square of the number of points.
///
/// # Source
/// Campello, Moulavi, Sander 2013, doi:10.1007/978-3-642-37456-2_14; clusters are chosen by excess of mass, as
/// `sklearn.cluster.HDBSCAN` does with the same settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hdbscan {
    /// Points of the smallest group that counts as a cluster; at least 2.
    pub min_cluster_size: usize,
    /// Points, itself among them, within the radius that tells how dense it is around a point; at least 1.
    pub min_samples: usize,
}

impl Default for Hdbscan {
    fn default() -> Hdbscan {
        Hdbscan { min_cluster_size: 15, min_samples: 15 }
    }
}

impl Hdbscan {
    /// Finds the clusters, numbered by their first point.
    ///
    /// # Errors
    /// When a setting is out of its range, or the kernels cannot run.
    pub fn fit(&self, points: &Points) -> Result<Clusters, EmbedError> {
        if self.min_cluster_size < 2 {
            return Err(EmbedError::setting("min_cluster_size", "at least 2", self.min_cluster_size));
        }
        if self.min_samples < 1 || self.min_samples > points.len() {
            return Err(EmbedError::setting(
                "min_samples",
                "from 1 to the number of points",
                self.min_samples,
            ));
        }
        let near = Index::exact(points)?.search_own(self.min_samples);
        let core: Vec<f32> =
            (0..points.len()).map(|i| near.distances(i).last().copied().unwrap_or(0.0)).collect();
        let tree = spanning_tree(points, &core);
        Ok(condensed::clusters(points.len(), tree, self.min_cluster_size))
    }
}

/// An edge of the tree: its length, and the points that it joins.
pub type Edge = (f32, u32, u32);

/// The shortest tree over all points where the distance of two is at least the core distance of each, by Prim's method.
fn spanning_tree(points: &Points, core: &[f32]) -> Vec<Edge> {
    let n = points.len();
    // Of each point outside the tree: its number, its distance to the tree, and to which point of the tree.
    let mut outside: Vec<(u32, f32, u32)> = (1..n as u32).map(|i| (i, f32::INFINITY, 0)).collect();
    let mut edges = Vec::with_capacity(n.saturating_sub(1));
    let mut last = 0u32;
    while !outside.is_empty() {
        let row = points.row(last as usize);
        let nearest = outside
            .par_chunks_mut(PART)
            .enumerate()
            .map(|(part, outside)| {
                let mut best = (f32::INFINITY, u32::MAX, 0);
                for (at, (i, distance, to)) in outside.iter_mut().enumerate() {
                    let own = fast_distance(row, points.row(*i as usize));
                    let mutual = own.max(core[*i as usize]).max(core[last as usize]);
                    if mutual < *distance {
                        (*distance, *to) = (mutual, last);
                    }
                    if (*distance, *i) < (best.0, best.1) {
                        best = (*distance, *i, part * PART + at);
                    }
                }
                best
            })
            .reduce(|| (f32::INFINITY, u32::MAX, 0), |a, b| if (b.0, b.1) < (a.0, a.1) { b } else { a });
        let (i, distance, to) = outside.swap_remove(nearest.2);
        edges.push((distance, to, i));
        last = i;
    }
    edges
}

/// Euclidean distance, in sixteen sums side by side.
fn fast_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 16];
    let (a, rest_a) = a.as_chunks::<16>();
    let (b, rest_b) = b.as_chunks::<16>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..16 {
            let d = a[lane] - b[lane];
            sums[lane] += d * d;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| (a - b) * (a - b)).sum();
    (sums.iter().sum::<f32>() + rest).sqrt()
}

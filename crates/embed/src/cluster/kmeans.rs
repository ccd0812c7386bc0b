//! k-means: clusters of about equal width around their means.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Clusters;
use crate::neighbours::{Index, Neighbours};
use crate::{EmbedError, Points};

/// Settings of k-means.
///
/// # Source
/// Lloyd 1982, doi:10.1109/TIT.1982.1056489; start of Arthur and Vassilvitskii 2007 (k-means++).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KMeans {
    /// Number of clusters, from 1 to the number of points.
    pub clusters: usize,
    /// Starts, of which the one with the smallest sum of squares is kept; at least 1.
    pub starts: usize,
    /// Rounds at most; at least 1.
    pub rounds: usize,
    /// Seed of the starts.
    pub seed: u64,
}

impl Default for KMeans {
    fn default() -> KMeans {
        KMeans { clusters: 8, starts: 10, rounds: 300, seed: 0 }
    }
}

impl KMeans {
    /// Assigns each point to a cluster; the clusters are numbered by their size, the largest first.
    ///
    /// # Errors
    /// When a setting is out of its range, or the kernels cannot run.
    pub fn fit(&self, points: &Points) -> Result<Clusters, EmbedError> {
        if self.clusters == 0 || self.clusters > points.len() {
            return Err(EmbedError::setting("clusters", "from 1 to the number of points", self.clusters));
        }
        if self.starts == 0 || self.rounds == 0 {
            return Err(EmbedError::setting("starts and rounds", "at least 1", 0));
        }
        let mut best: Option<(f64, Vec<u32>)> = None;
        for start in 0..self.starts {
            let (error, of) = self.run(points, start as u64)?;
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, of));
            }
        }
        let (_, of) = best.unwrap_or_default();
        Ok(by_size(&of))
    }

    fn run(&self, points: &Points, start: u64) -> Result<(f64, Vec<u32>), EmbedError> {
        let mut middles = self.spread(points, start);
        let mut before = Vec::new();
        let mut error = f64::INFINITY;
        for _ in 0..self.rounds {
            let near = Index::exact(&middles)?.search(points, 1);
            let of: Vec<u32> = (0..points.len()).map(|i| near.ids(i)[0]).collect();
            error = (0..points.len()).map(|i| f64::from(near.distances(i)[0]).powi(2)).sum();
            if of == before {
                break;
            }
            middles = means(points, &near, &middles)?;
            before = of;
        }
        Ok((error, before))
    }

    /// Points far from each other: each is drawn with a chance by its squared distance to the nearest so far.
    fn spread(&self, points: &Points, start: u64) -> Points {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(start);
        let mut chosen = vec![random.random_range(0..points.len() as u32)];
        let mut nearest = vec![f64::INFINITY; points.len()];
        while chosen.len() < self.clusters {
            let last = points.row(chosen[chosen.len() - 1] as usize);
            for (i, nearest) in nearest.iter_mut().enumerate() {
                *nearest = nearest.min(f64::from(Points::squared_distance(points.row(i), last)));
            }
            let total: f64 = nearest.iter().sum();
            let mut left = random.random_range(0.0..1.0) * total;
            let passes = |d: &f64| {
                left -= d;
                left < 0.0
            };
            let next = nearest.iter().position(passes).unwrap_or(points.len() - 1);
            chosen.push(next as u32);
        }
        points.select(&chosen)
    }
}

/// Mean of the points of each cluster; `near` holds the cluster of each point. One without points stays where it was.
pub fn means(points: &Points, near: &Neighbours, before: &Points) -> Result<Points, EmbedError> {
    let columns = points.columns();
    let mut sums = vec![0.0f64; before.len() * columns];
    let mut counts = vec![0usize; before.len()];
    for i in 0..points.len() {
        let cluster = near.ids(i)[0] as usize;
        counts[cluster] += 1;
        let sum = &mut sums[cluster * columns..][..columns];
        sum.iter_mut().zip(points.row(i)).for_each(|(sum, &v)| *sum += f64::from(v));
    }
    let mut values = before.values().to_vec();
    for (cluster, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        for c in cluster * columns..(cluster + 1) * columns {
            values[c] = (sums[c] / count as f64) as f32;
        }
    }
    Points::new(columns, values)
}

fn by_size(of: &[u32]) -> Clusters {
    let count = of.iter().max().map_or(0, |&last| last as usize + 1);
    let mut sizes = vec![0usize; count];
    of.iter().for_each(|&cluster| sizes[cluster as usize] += 1);
    let mut order: Vec<usize> = (0..count).filter(|&c| sizes[c] > 0).collect();
    order.sort_by_key(|&c| (std::cmp::Reverse(sizes[c]), c));
    let mut rank = vec![0u32; count];
    order.iter().enumerate().for_each(|(r, &c)| rank[c] = r as u32);
    Clusters { of: of.iter().map(|&c| Some(rank[c as usize])).collect(), count: order.len() as u32 }
}

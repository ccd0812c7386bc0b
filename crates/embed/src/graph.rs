//! The fuzzy graph of neighbours: how surely two points belong together.
//!
//! # Source
//! McInnes, Healy, Melville 2018, arXiv:1802.03426, algorithms 2 and 3; constants as in umap-learn.

use rayon::prelude::*;

use crate::Neighbours;

/// Steps of the bisection for a point's scale.
const STEPS: usize = 64;
/// It ends when the sum is so near.
const TOLERANCE: f64 = 1e-5;
/// Smallest scale, as a share of the mean distance.
const SMALLEST: f64 = 1e-3;

/// The scale of distances around one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Distance of the nearest other point; up to there membership is 1.
    rho: f32,
    /// Beyond it membership falls to 1/e over this distance.
    sigma: f32,
}

impl Scale {
    /// Such that the memberships of the neighbours, the first being the point itself, sum to `log2(k)`.
    fn of(distances: &[f32], mean: f64) -> Scale {
        let rho = distances.iter().copied().find(|&d| d > 0.0).unwrap_or(0.0);
        let target = (distances.len() as f64).log2();
        let sum = |sigma: f64| -> f64 {
            let beyond = distances[1..].iter().map(|&d| f64::from(d - rho));
            beyond.map(|d| if d > 0.0 { (-d / sigma).exp() } else { 1.0 }).sum()
        };
        let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0f64);
        for _ in 0..STEPS {
            let found = sum(sigma);
            if (found - target).abs() < TOLERANCE {
                break;
            }
            if found > target {
                high = sigma;
                sigma = f64::midpoint(low, high);
            } else {
                low = sigma;
                sigma = if high.is_finite() { f64::midpoint(low, high) } else { sigma * 2.0 };
            }
        }
        let own_mean = distances.iter().map(|&d| f64::from(d)).sum::<f64>() / distances.len() as f64;
        let smallest = SMALLEST * if rho > 0.0 { own_mean } else { mean };
        Scale { rho, sigma: sigma.max(smallest) as f32 }
    }

    /// How surely a point at this distance belongs to it, 0 to 1.
    fn membership(self, distance: f32) -> f32 {
        let beyond = distance - self.rho;
        if beyond <= 0.0 || self.sigma == 0.0 { 1.0 } else { (-beyond / self.sigma).exp() }
    }
}

/// Scales of the points whose neighbours these are.
pub fn scales(neighbours: &Neighbours) -> Vec<Scale> {
    let n = neighbours.len();
    let all = (0..n).flat_map(|i| neighbours.distances(i)).map(|&d| f64::from(d)).sum::<f64>();
    let mean = all / (n * neighbours.k()).max(1) as f64;
    (0..n).into_par_iter().map(|i| Scale::of(neighbours.distances(i), mean)).collect()
}

/// Memberships of the neighbours of new points, `[n][k]`: no neighbour is the point itself.
pub fn memberships_of_new(neighbours: &Neighbours) -> Vec<f32> {
    let with_self = |i: usize| -> Vec<f32> {
        let distances = std::iter::once(0.0).chain(neighbours.distances(i).iter().copied());
        distances.collect()
    };
    let of = |i: usize| {
        let scale = Scale::of(&with_self(i), 0.0);
        neighbours.distances(i).iter().map(move |&d| scale.membership(d)).collect::<Vec<f32>>()
    };
    (0..neighbours.len()).into_par_iter().flat_map_iter(of).collect()
}

/// A symmetric sparse matrix of memberships; row `i` holds the points that belong with point `i`, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Graph {
    starts: Vec<usize>,
    ids: Vec<u32>,
    weights: Vec<f32>,
}

impl Graph {
    /// The fuzzy union of the neighbourhoods: `a + b - ab` of both directions.
    pub fn of(neighbours: &Neighbours) -> Graph {
        let n = neighbours.len();
        let scales = scales(neighbours);
        let out: Vec<Vec<(u32, f32)>> =
            (0..n).into_par_iter().map(|i| outward(neighbours, &scales, i)).collect();
        let mut inward = vec![Vec::new(); n];
        for (i, edges) in out.iter().enumerate() {
            edges.iter().for_each(|&(j, w)| inward[j as usize].push((i as u32, w)));
        }
        let rows: Vec<Vec<(u32, f32)>> = out.par_iter().zip(&inward).map(|(a, b)| union(a, b)).collect();
        let mut starts = Vec::with_capacity(n + 1);
        starts.push(0);
        rows.iter().for_each(|row| starts.push(starts.last().copied().unwrap_or(0) + row.len()));
        let (ids, weights) = rows.into_iter().flatten().unzip();
        Graph { starts, ids, weights }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Points that belong with `i`, and how surely.
    pub fn row(&self, i: usize) -> (&[u32], &[f32]) {
        let range = self.starts[i]..self.starts[i + 1];
        (&self.ids[range.clone()], &self.weights[range])
    }

    /// The surest membership of all.
    pub fn strongest(&self) -> f32 {
        self.weights.iter().copied().fold(0.0, f32::max)
    }

    /// Whether there is a path between any two points.
    pub fn is_connected(&self) -> bool {
        let mut seen = vec![false; self.len()];
        let mut open = vec![0usize];
        seen[0] = true;
        let mut count = 1;
        while let Some(i) = open.pop() {
            for &j in self.row(i).0 {
                if !std::mem::replace(&mut seen[j as usize], true) {
                    count += 1;
                    open.push(j as usize);
                }
            }
        }
        count == self.len()
    }
}

/// Memberships around point `i`, sorted by point.
fn outward(neighbours: &Neighbours, scales: &[Scale], i: usize) -> Vec<(u32, f32)> {
    let both = neighbours.ids(i).iter().zip(neighbours.distances(i));
    let others = both.filter(|(id, _)| **id as usize != i);
    let mut edges: Vec<(u32, f32)> = others.map(|(&id, &d)| (id, scales[i].membership(d))).collect();
    edges.retain(|&(_, w)| w > 0.0);
    edges.sort_unstable_by_key(|&(id, _)| id);
    edges
}

/// Fuzzy union of two rows, both sorted.
fn union(a: &[(u32, f32)], b: &[(u32, f32)]) -> Vec<(u32, f32)> {
    let (mut i, mut j) = (0, 0);
    let mut row = Vec::with_capacity(a.len() + b.len());
    while i < a.len() || j < b.len() {
        let next_a = a.get(i).map_or(u32::MAX, |e| e.0);
        let next_b = b.get(j).map_or(u32::MAX, |e| e.0);
        let id = next_a.min(next_b);
        let (mut wa, mut wb) = (0.0, 0.0);
        if next_a == id {
            wa = a[i].1;
            i += 1;
        }
        if next_b == id {
            wb = b[j].1;
            j += 1;
        }
        row.push((id, wa + wb - wa * wb));
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_sum_to_the_logarithm_of_their_number() {
        let distances: Vec<f32> = (0..15u8).map(|i| f32::from(i).sqrt()).collect();
        let scale = Scale::of(&distances, 1.0);
        let sum: f32 = distances[1..].iter().map(|&d| scale.membership(d)).sum();
        assert!((sum - 15f32.log2()).abs() < 1e-4, "{sum}");
        assert_eq!(scale.rho, 1.0);
    }

    #[test]
    fn a_union_holds_both_sides() {
        let row = union(&[(1, 0.5), (3, 1.0)], &[(1, 0.5), (2, 0.25)]);
        assert_eq!(row, [(1, 0.75), (2, 0.25), (3, 1.0)]);
    }
}

//! How well a map keeps what it was made of.

use rayon::prelude::*;

use crate::neighbours::Index;
use crate::{EmbedError, Points};

/// Trustworthiness: 1 less a penalty for each of the `k` nearest points on the map that is not among the `k` nearest in
/// truth, by how far off it is there. 1 is perfect, 0.5 is chance. Takes time with the square of the points: for many
/// points give a sample.
///
/// # Errors
/// When `points` and `positions` differ in number, a position is not finite, `k` is 0 or not below half their number, or
/// the kernels cannot run.
///
/// # Source
/// Venna and Kaski 2001, doi:10.1007/3-540-44668-0_68; as `sklearn.manifold.trustworthiness`.
pub fn trustworthiness(points: &Points, positions: &[[f32; 2]], k: usize) -> Result<f64, EmbedError> {
    check(points, positions, k)?;
    let n = points.len();
    if 2 * k >= n {
        return Err(EmbedError::setting("neighbours", "less than half the points", k));
    }
    let near = Index::exact(&on_map(positions)?)?.search_own(k + 1);
    let penalty: u64 = (0..n).into_par_iter().map(|i| penalty(points, i, &near.ids(i)[1..])).sum();
    let (n, k) = (n as f64, k as f64);
    Ok(1.0 - penalty as f64 * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0)))
}

/// Sum over `near` of how far beyond the `near.len()` nearest each stands from point `i`.
fn penalty(points: &Points, i: usize, near: &[u32]) -> u64 {
    let row = points.row(i);
    let distances: Vec<f32> =
        (0..points.len()).map(|j| Points::squared_distance(row, points.row(j))).collect();
    let beyond = |&j: &u32| {
        let limit = distances[j as usize];
        let nearer =
            |(other, &d): (usize, &f32)| other != i && (d < limit || (d == limit && other < j as usize));
        let rank = 1 + distances.iter().enumerate().filter(|&each| nearer(each)).count();
        rank.saturating_sub(near.len()) as u64
    };
    near.iter().map(beyond).sum()
}

/// Share of the `k` nearest points that are also among the `k` nearest on the map.
///
/// # Errors
/// When `points` and `positions` differ in number, a position is not finite, `k` is 0, or the kernels cannot run.
pub fn neighbours_kept(points: &Points, positions: &[[f32; 2]], k: usize) -> Result<f64, EmbedError> {
    check(points, positions, k)?;
    let truth = Index::exact(points)?.search_own(k + 1);
    let found = Index::exact(&on_map(positions)?)?.search_own(k + 1);
    let kept = |i: usize| truth.ids(i)[1..].iter().filter(|id| found.ids(i)[1..].contains(id)).count();
    let kept: usize = (0..truth.len()).into_par_iter().map(kept).sum();
    let asked = truth.len() * truth.k().saturating_sub(1);
    Ok(if asked == 0 { 1.0 } else { kept as f64 / asked as f64 })
}

/// Positions as points of two columns.
fn on_map(positions: &[[f32; 2]]) -> Result<Points, EmbedError> {
    Points::new(2, positions.as_flattened().to_vec())
}

fn check(points: &Points, positions: &[[f32; 2]], k: usize) -> Result<(), EmbedError> {
    if positions.len() != points.len() {
        return Err(EmbedError::setting("positions", "one for each point", positions.len()));
    }
    if k == 0 {
        return Err(EmbedError::setting("neighbours", "at least 1", k));
    }
    Ok(())
}

//! The neighbours of one point, by looking at all.

use rayon::prelude::*;

use super::nearest::Nearest;
use crate::Points;

/// Points that a thread looks at in one go.
const PART: usize = 4096;

/// The `k` points nearest to point `i`, nearest first, each with its Euclidean distance; without `i` itself. For one question:
/// an [`Index`](super::Index) would take longer to make than this takes to answer.
///
/// ```
/// let points = embed::Points::new(1, vec![0.0, 5.0, 1.0, 7.0])?;
/// assert_eq!(embed::nearest_to(&points, 1, 2), [(3, 2.0), (2, 4.0)]);
/// # Ok::<(), embed::EmbedError>(())
/// ```
///
/// # Panics
/// When there are not so many points.
#[must_use]
pub fn nearest_to(points: &Points, i: usize, k: usize) -> Vec<(u32, f32)> {
    let row = points.row(i);
    if k == 0 {
        return Vec::new();
    }
    let parts: Vec<Vec<(f32, u32)>> = (0..points.len())
        .into_par_iter()
        .step_by(PART)
        .map(|from| {
            let mut nearest = Nearest::new(k);
            for j in (from..points.len().min(from + PART)).filter(|&j| j != i) {
                let distance = Points::squared_distance(row, points.row(j));
                if distance <= nearest.limit() {
                    nearest.offer(distance, j as u32);
                }
            }
            nearest.into_kept()
        })
        .collect();
    let mut all = parts.concat();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    all.into_iter().take(k).map(|(distance, j)| (j, distance.sqrt())).collect()
}

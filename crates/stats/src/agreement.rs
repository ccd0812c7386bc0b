//! How far two labellers agree.

use crate::confusion::Confusion;

/// Cohen's kappa, `(p_o - p_e) / (1 - p_e)`: `p_o` is the share of cells on which both agree, `p_e` the share on which they would by
/// chance, `Σ_k a_k b_k / n²` with the numbers of cells `a_k` and `b_k` that each gave class k. 1: always; 0: as by chance; below: less.
/// None when both gave all cells one and the same class, as `p_e` is 1 then (scikit-learn says NaN).
///
/// ```
/// use stats::{agreement::cohen_kappa, confusion::Confusion};
/// let confusion = Confusion::new(&[0, 0, 1, 1], &[0, 0, 0, 1], 2)?;
/// assert_eq!(cohen_kappa(&confusion), Some(0.5));
/// # Ok::<(), stats::StatsError>(())
/// ```
///
/// # Source
/// Cohen 1960, doi:10.1177/001316446002000104; equal to scikit-learn's `cohen_kappa_score` without weights.
#[must_use]
pub fn cohen_kappa(confusion: &Confusion) -> Option<f64> {
    let counts = confusion.counts();
    let sum = |numbers: &mut dyn Iterator<Item = u64>| numbers.sum::<u64>() as f64;
    let n = sum(&mut counts.iter().flatten().copied());
    let by_chance: f64 = (0..counts.len())
        .map(|k| sum(&mut counts[k].iter().copied()) * sum(&mut counts.iter().map(|row| row[k])))
        .sum::<f64>()
        / (n * n);
    let agreed = sum(&mut (0..counts.len()).map(|k| counts[k][k])) / n;
    (by_chance < 1.0).then(|| (agreed - by_chance) / (1.0 - by_chance))
}

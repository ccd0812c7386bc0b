//! Proper scores: they are best on average when the probabilities are the true ones.

use crate::predictions::Predictions;

/// Mean negative logarithm of the probability of the true class, `-1/n Σ_i ln p_i[truth_i]`, in nats; 0 is best.
///
/// Probabilities are clipped to `[ε, 1 - ε]` with `ε = f64::EPSILON ≈ 2.2e-16`, hence at most 36.04 per cell: this is
/// scikit-learn's `log_loss(labels=range(k))` on float64. On float32 arrays scikit-learn clips at 1.2e-7 (at most
/// 15.9 per cell); a probability that has been widened from `f32` is here clipped as an `f64`.
#[must_use]
pub fn log_loss(predictions: &Predictions) -> f64 {
    mean_over_cells(predictions, log_loss_of_cell)
}

/// Mean squared distance of the probabilities from the truth, `1/n Σ_i Σ_j (p_ij - [truth_i = j])²`, halved for
/// fewer than three classes; 0 is best, the worst is 1 for two classes and 2 for more (scikit-learn's
/// `brier_score_loss(labels=range(k), scale_by_half="auto")`).
///
/// # Source
/// Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
#[must_use]
pub fn brier(predictions: &Predictions) -> f64 {
    mean_over_cells(predictions, brier_of_cell)
}

/// What one cell with these probabilities adds to [`log_loss`].
pub(crate) fn log_loss_of_cell(row: &[f64], truth: usize) -> f64 {
    -row[truth].clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// What one cell with these probabilities adds to [`brier`].
pub(crate) fn brier_of_cell(row: &[f64], truth: usize) -> f64 {
    let scale = if row.len() < 3 { 0.5 } else { 1.0 };
    let target = |class| if class == truth { 1.0 } else { 0.0 };
    scale * row.iter().enumerate().map(|(class, p)| (p - target(class)).powi(2)).sum::<f64>()
}

fn mean_over_cells(predictions: &Predictions, score: fn(&[f64], usize) -> f64) -> f64 {
    let sum: f64 = predictions.rows().zip(predictions.truth()).map(|(row, &truth)| score(row, truth)).sum();
    sum / predictions.n_cells() as f64
}

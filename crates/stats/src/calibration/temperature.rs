//! Temperature scaling: one number that makes a network as sure as it may be.

use crate::error::{StatsError, check_classes, check_finite, check_length};

/// Least temperature that is fitted.
pub const MIN_TEMPERATURE: f64 = 0.01;
/// Greatest temperature that is fitted.
pub const MAX_TEMPERATURE: f64 = 100.0;

/// Halvings of the bracket: 2^-64 of it is below the spacing of `f64`.
const N_HALVINGS: usize = 64;

/// The temperature `T` that minimises the log-loss of `softmax(logits / T)` on the given cells, which must not be
/// those that the network was trained on. Above 1 the network is too sure of itself, below 1 not sure enough.
///
/// In `β = 1/T` the loss is convex with slope `Σ_i (Σ_j p_ij z_ij - z_i[truth_i])`; its only root is found by halving
/// between [`MIN_TEMPERATURE`] and [`MAX_TEMPERATURE`] on a logarithmic scale. The result is 1, which changes
/// nothing, when the cells do not determine it within these bounds: no cell, equal logits, every cell right (the
/// loss falls for ever with `T`), or worse than chance (it falls for ever with `1/T`).
///
/// # Shapes
/// `logits` `[n, k]` in C order, `truth` `[n]`.
///
/// # Errors
/// Logits that are not a whole number of classes for each cell or not finite, a class index out of range.
///
/// ```
/// use stats::calibration::fit_temperature;
///
/// // Three of four cells are right, so the probability should be 3/4: ln 3 = 2 / T.
/// let t = fit_temperature(&[2.0, 0.0, 2.0, 0.0, 2.0, 0.0, 2.0, 0.0], &[0, 0, 0, 1])?;
/// assert!((t - 2.0 / 3f64.ln()).abs() < 1e-12);
/// # Ok::<(), stats::StatsError>(())
/// ```
///
/// # Source
/// Guo et al. 2017, arXiv:1706.04599, section 4.2.
pub fn fit_temperature(logits: &[f64], truth: &[usize]) -> Result<f64, StatsError> {
    check_finite("logit", logits)?;
    let n_classes = logits.len().checked_div(truth.len()).unwrap_or(0);
    check_length("logits", truth.len() * n_classes, logits.len())?;
    check_classes(truth, n_classes)?;
    let slope = |log_beta: f64| loss_slope(logits, truth, n_classes, log_beta.exp());
    let (mut low, mut high) = (-MAX_TEMPERATURE.ln(), -MIN_TEMPERATURE.ln());
    if !(slope(low) < 0.0 && slope(high) > 0.0) {
        return Ok(1.0);
    }
    for _ in 0..N_HALVINGS {
        let middle = 0.5 * (low + high);
        *if slope(middle) < 0.0 { &mut low } else { &mut high } = middle;
    }
    Ok((-0.5 * (low + high)).exp())
}

/// Probabilities of `logits / temperature`, `[n, n_classes]` both: `p_j = exp(z_j / T) / Σ exp(z / T)`. A length that
/// is no multiple of `n_classes` gives a shorter last row.
///
/// # Panics
/// When `n_classes` is 0.
#[must_use]
pub fn softmax(logits: &[f64], n_classes: usize, temperature: f64) -> Vec<f64> {
    let mut probabilities = Vec::with_capacity(logits.len());
    for row in logits.chunks(n_classes) {
        let start = probabilities.len();
        let top = greatest(row);
        probabilities.extend(row.iter().map(|z| ((z - top) / temperature).exp()));
        let sum: f64 = probabilities[start..].iter().sum();
        probabilities[start..].iter_mut().for_each(|p| *p /= sum);
    }
    probabilities
}

/// Derivative of the summed negative log-likelihood by `β`.
fn loss_slope(logits: &[f64], truth: &[usize], n_classes: usize, beta: f64) -> f64 {
    if n_classes == 0 {
        return 0.0;
    }
    let of_cell = |(row, &truth): (&[f64], &usize)| {
        // Measured from the greatest logit, so that nothing overflows and a right cell never adds to the slope.
        let top = greatest(row);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for z in row {
            let p = (beta * (z - top)).exp();
            sum += p;
            weighted += p * (z - top);
        }
        weighted / sum - (row[truth] - top)
    };
    logits.chunks_exact(n_classes).zip(truth).map(of_cell).sum()
}

fn greatest(row: &[f64]) -> f64 {
    row.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

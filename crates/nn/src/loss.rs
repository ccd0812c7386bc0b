//! From logits to probabilities, and how wrong they are.

/// Probabilities of the classes: `softmax(logits / temperature)` in each row.
///
/// # Shapes
/// `logits` and the result are `[n][k]`.
///
/// ```
/// let p = nn::loss::softmax(&[0.0, 0.0, 3.0_f32.ln(), 0.0], 2, 1.0);
/// assert!((p[0] - 0.5).abs() < 1e-6 && (p[2] - 0.75).abs() < 1e-6);
/// ```
///
/// # Panics
/// When `k` is 0 or the length is no multiple of it.
#[must_use]
pub fn softmax(logits: &[f32], k: usize, temperature: f32) -> Vec<f32> {
    assert!(k > 0 && logits.len().is_multiple_of(k), "{} logits of {k} classes", logits.len());
    let mut p: Vec<f32> = Vec::with_capacity(logits.len());
    for row in logits.chunks_exact(k) {
        let scaled = |j: usize| f64::from(row[j]) / f64::from(temperature);
        let log_sum = log_sum_exp(k, scaled);
        p.extend((0..k).map(|j| (scaled(j) - log_sum).exp() as f32));
    }
    p
}

/// Cross-entropy of one sample against a soft target: `-sum over j of target[j] log softmax(logits)[j]`.
///
/// ```
/// let loss = nn::loss::cross_entropy(&[0.0, 0.0], &[1.0, 0.0]);
/// assert!((loss - 2.0_f64.ln()).abs() < 1e-12);
/// ```
///
/// # Panics
/// When the lengths differ.
#[must_use]
pub fn cross_entropy(logits: &[f32], target: &[f32]) -> f64 {
    assert_eq!(logits.len(), target.len(), "logits and target");
    let log_sum = log_sum_exp(logits.len(), |j| f64::from(logits[j]));
    logits.iter().zip(target).map(|(&z, &t)| f64::from(t) * (log_sum - f64::from(z))).sum()
}

/// `log(sum over j of exp(z[j]))` without overflow.
pub(crate) fn log_sum_exp(k: usize, z: impl Fn(usize) -> f64) -> f64 {
    let largest = (0..k).map(&z).fold(f64::NEG_INFINITY, f64::max);
    largest + (0..k).map(|j| (z(j) - largest).exp()).sum::<f64>().ln()
}

/// Number of the largest value; the first of equals.
pub(crate) fn arg_max(k: usize, z: impl Fn(usize) -> f32) -> usize {
    (1..k).fold(0, |best, j| if z(j) > z(best) { j } else { best })
}

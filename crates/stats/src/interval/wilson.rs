//! Wilson's interval for a proportion.

/// The 0.975 quantile of the standard normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// Interval `[low, high]` at 95 % for a proportion of which `successes` of `n` independent cells are seen:
/// `(p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n)`. None when `n` is 0 or less than `successes`.
///
/// It holds for independent cells; relatives need [`bootstrap`](fn@super::bootstrap).
///
/// ```
/// use stats::interval::wilson;
///
/// let [low, high] = wilson(9, 10).unwrap();
/// assert!((low - 0.5958).abs() < 1e-4 && (high - 0.9821).abs() < 1e-4);
/// ```
///
/// # Source
/// Wilson 1927, doi:10.1080/01621459.1927.10502953, without continuity correction (scipy's
/// `binomtest(successes, n).proportion_ci(method="wilson")`).
#[must_use]
pub fn wilson(successes: u64, n: u64) -> Option<[f64; 2]> {
    if n == 0 || successes > n {
        return None;
    }
    let (p, n) = (successes as f64 / n as f64, n as f64);
    let z2 = Z * Z;
    let centre = p + z2 / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let bound = |value: f64| (value / (1.0 + z2 / n)).clamp(0.0, 1.0);
    Some([bound(centre - half), bound(centre + half)])
}

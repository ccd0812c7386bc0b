//! Interval for a fraction whose cells come in wells.

use crate::tail::t_975;

/// A fraction of cells over several wells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fraction {
    /// All cells together, 0 to 1.
    pub p: f64,
    /// Correlation of cells of one well, 0 (independent) to 1 (all alike).
    pub rho: f64,
    /// Bounds at [`LEVEL`](super::LEVEL); None from a single well.
    pub interval: Option<[f64; 2]>,
}

/// The fraction Σk/Σn of `successes` k among `n` cells of each of m wells, with an interval that treats the well as the unit.
///
/// The beta-binomial variance is `p(1-p)/N_eff` with `N_eff = N / (1 + ρ(Σn²/N - 1))`. ρ is the ANOVA estimate, cut to 0 to 1. The interval is
/// Wilson's for N_eff cells, with the quantile of t on m - 1 degrees of freedom in place of the normal one. None without cells.
///
/// ```
/// use stats::interval::overdispersed;
/// let alike = overdispersed(&[10, 10, 10], &[100, 100, 100]).unwrap();
/// let apart = overdispersed(&[0, 5, 25], &[100, 100, 100]).unwrap();
/// assert_eq!((alike.p, alike.rho), (0.1, 0.0));
/// assert!(apart.rho > 0.05 && apart.interval.unwrap()[1] > alike.interval.unwrap()[1]);
/// ```
///
/// # Source
/// Ridout, Demétrio & Firth 1999, doi:10.1111/j.0006-341X.1999.00137.x (ρ); Saha, Miller & Wang 2016, doi:10.1515/ijb-2015-0024 (the interval).
#[must_use]
pub fn overdispersed(successes: &[u64], n: &[u64]) -> Option<Fraction> {
    let wells: Vec<(f64, f64)> =
        successes.iter().zip(n).filter(|(_, n)| **n > 0).map(|(&k, &n)| (k as f64, n as f64)).collect();
    let sum = |get: &dyn Fn(&(f64, f64)) -> f64| wells.iter().map(get).sum::<f64>();
    let (total, k, squares) = (sum(&|w| w.1), sum(&|w| w.0), sum(&|w| w.1 * w.1));
    if wells.is_empty() || wells.iter().any(|(k, n)| k > n) {
        return None;
    }
    let (p, m) = (k / total, wells.len() as f64);
    if wells.len() < 2 {
        return Some(Fraction { p, rho: 0.0, interval: None });
    }
    let shares = sum(&|w| w.0 * w.0 / w.1);
    let between = (shares - k * k / total) / (m - 1.0);
    let within = if total > m { (k - shares) / (total - m) } else { 0.0 };
    let usual = (total - squares / total) / (m - 1.0);
    let spread = between + (usual - 1.0) * within;
    let rho = if spread > 0.0 { ((between - within) / spread).clamp(0.0, 1.0) } else { 0.0 };
    let effective = total / (1.0 + rho * (squares / total - 1.0));
    let interval = t_975(m - 1.0).map(|t| {
        let t2 = t * t / effective;
        let half = (t2 * (p * (1.0 - p) + 0.25 * t2)).sqrt();
        [p + 0.5 * t2 - half, p + 0.5 * t2 + half].map(|bound| (bound / (1.0 + t2)).clamp(0.0, 1.0))
    });
    Some(Fraction { p, rho, interval })
}

//! Centre and spread.

use super::NoFigure;

/// What makes the median absolute deviation of a normal distribution its standard deviation, rounded as R's `mad` has it.
pub const MAD_TO_SD: f64 = 1.4826;

/// How centre and spread are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Location {
    /// Mean and standard deviation (n - 1).
    Mean,
    /// Median and [`mad`].
    #[default]
    Median,
}

impl Location {
    /// Centre and spread of `values`, called `what`.
    pub(super) fn of(self, what: &'static str, values: &[f64]) -> Result<(f64, f64), NoFigure> {
        let (centre, spread) = match self {
            Location::Mean => (mean(values), sd(values)),
            Location::Median => (median(values), mad(values)),
        };
        let (Some(centre), Some(spread)) = (centre, spread) else {
            return Err(NoFigure::TooFew { what, found: values.len(), needed: 2 });
        };
        Ok((centre, spread))
    }
}

/// The mean; None of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The standard deviation with `n - 1`; None of fewer than two.
#[must_use]
pub fn sd(values: &[f64]) -> Option<f64> {
    let mean = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

/// The middle value, or the mean of the two middle ones; None of nothing.
///
/// ```
/// assert_eq!(stats::plate::median(&[3.0, 1.0, 2.0, 10.0]), Some(2.5));
/// ```
#[must_use]
pub fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    let n = values.len();
    if n == 0 {
        return None;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(n / 2, f64::total_cmp);
    if n % 2 == 1 {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(lower + 0.5 * (upper - lower))
}

/// The median distance from the median times [`MAD_TO_SD`]; None of fewer than two.
///
/// # Source
/// R's `mad`.
#[must_use]
pub fn mad(values: &[f64]) -> Option<f64> {
    let centre = median(values).filter(|_| values.len() > 1)?;
    let distances: Vec<f64> = values.iter().map(|v| (v - centre).abs()).collect();
    median(&distances).map(|d| MAD_TO_SD * d)
}

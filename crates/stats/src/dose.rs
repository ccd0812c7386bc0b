//! Dose and response: the logistic curve of four parameters, or why there is none.

mod fit;

use crate::tail::{f_above, t_975};

/// Fewest different concentrations.
pub const MIN_DOSES: usize = 5;
/// Largest probability by which a curve may be no better than a flat line.
const MAX_P_FLAT: f64 = 0.05;
/// Largest width of the interval of log10 EC50: wider, the data do not determine it.
const MAX_DECADES: f64 = 2.0;

/// `bottom + (top - bottom) / (1 + 10^(hill (log_ec50 - x)))` with x = log10 of the concentration; `bottom` is the response to nothing,
/// whichever is higher, and `hill` is above 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    /// Response to no dose.
    pub bottom: f64,
    /// Response to any dose.
    pub top: f64,
    /// log10 of the concentration of half the effect.
    pub log_ec50: f64,
    /// Steepness.
    pub hill: f64,
}

impl Curve {
    /// The response at log10 of a concentration.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        self.bottom + (self.top - self.bottom) * self.share(x)
    }

    fn share(&self, x: f64) -> f64 {
        1.0 / (1.0 + 10f64.powf(self.hill * (self.log_ec50 - x)))
    }
}

/// A curve that the data determine.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The curve of least squares.
    pub curve: Curve,
    /// Bounds at 95 % of `bottom`, `top`, `log_ec50`, `hill`, by their asymptotic errors and t on n - 4 degrees of freedom.
    pub intervals: [[f64; 2]; 4],
    /// Standard deviation around the curve.
    pub residual_sd: f64,
    /// Probability of as good a curve on a flat response (F test of 3 and n - 4 degrees of freedom).
    pub p_flat: f64,
}

/// Why there is no curve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoCurve {
    /// Too few different concentrations.
    #[error("{found} concentrations above 0, at least {MIN_DOSES} needed")]
    FewDoses {
        /// How many there are.
        found: usize,
    },
    /// No better than a flat line.
    #[error("no response: a flat line does as well (p {p:.2})")]
    Flat {
        /// Probability of as good a curve.
        p: f64,
    },
    /// The middle of the curve is not among the concentrations.
    #[error("half the effect lies outside of the tested concentrations")]
    Outside,
    /// The data allow curves too different.
    #[error("the concentration of half the effect is not determined by these data")]
    Undetermined,
}

/// Fits the response to concentrations (above 0; others are left out).
///
/// # Errors
/// [`NoCurve`]: fewer than [`MIN_DOSES`] concentrations, a response that a flat line describes as well, an EC50 outside of the tested range
/// or one whose interval is wider than two decades.
///
/// # Source
/// The Hill equation as in Sebaugh 2011, doi:10.1002/pst.426 (which doses determine an EC50); errors by linearisation as those of scipy's
/// `curve_fit`.
pub fn fit(concentrations: &[f64], responses: &[f64]) -> Result<Fit, NoCurve> {
    let points: Vec<(f64, f64)> = concentrations
        .iter()
        .zip(responses)
        .filter(|(c, y)| **c > 0.0 && c.is_finite() && y.is_finite())
        .map(|(c, &y)| (c.log10(), y))
        .collect();
    let mut doses: Vec<f64> = points.iter().map(|p| p.0).collect();
    doses.sort_by(f64::total_cmp);
    doses.dedup();
    if doses.len() < MIN_DOSES {
        return Err(NoCurve::FewDoses { found: doses.len() });
    }
    let (low, high) = (doses[0], doses[doses.len() - 1]);
    let n = points.len() as f64;
    let mean = points.iter().map(|p| p.1).sum::<f64>() / n;
    let flat: f64 = points.iter().map(|p| (p.1 - mean) * (p.1 - mean)).sum();
    if flat == 0.0 {
        return Err(NoCurve::Flat { p: 1.0 });
    }
    // Beyond the range of the arithmetic the search has nothing to compare, and would not end.
    if !flat.is_finite() {
        return Err(NoCurve::Undetermined);
    }
    let least = fit::least_squares(&points, (low, high));
    let p_flat = p_flat(flat, least.squares, n);
    if p_flat > MAX_P_FLAT {
        return Err(NoCurve::Flat { p: p_flat });
    }
    let curve = least.curve;
    if !(low..=high).contains(&curve.log_ec50) {
        return Err(NoCurve::Outside);
    }
    let residual_sd = (least.squares / (n - 4.0)).sqrt();
    let t = t_975(n - 4.0).ok_or(NoCurve::Undetermined)?;
    let errors = fit::errors(&points, &curve, residual_sd).ok_or(NoCurve::Undetermined)?;
    let values = [curve.bottom, curve.top, curve.log_ec50, curve.hill];
    let intervals: [[f64; 2]; 4] =
        std::array::from_fn(|i| [values[i] - t * errors[i], values[i] + t * errors[i]]);
    if intervals[2][1] - intervals[2][0] > MAX_DECADES {
        return Err(NoCurve::Undetermined);
    }
    Ok(Fit { curve, intervals, residual_sd, p_flat })
}

fn p_flat(flat: f64, squares: f64, n: f64) -> f64 {
    if squares <= 0.0 {
        return 0.0;
    }
    let f = ((flat - squares) / 3.0) / (squares / (n - 4.0));
    f_above(f.max(0.0), (3.0, n - 4.0)).unwrap_or(1.0)
}

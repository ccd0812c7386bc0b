//! Tails of distributions.

use statrs::distribution::{ContinuousCDF, FisherSnedecor, StudentsT};
use statrs::function::erf::erfc;

/// Probability of a standard normal number at least as far from 0 as `z`.
pub fn normal_two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// Probability of a t-distributed number at least as far from 0 as `t`; None for no degree of freedom.
pub fn t_two_sided(t: f64, freedom: f64) -> Option<f64> {
    let distribution = StudentsT::new(0.0, 1.0, freedom).ok()?;
    Some((2.0 * distribution.cdf(-t.abs())).min(1.0))
}

/// The quantile of the t-distribution above which 2.5 % lie; None for no degree of freedom.
pub fn t_975(freedom: f64) -> Option<f64> {
    Some(StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(0.975))
}

/// Probability of a larger F; None for no degree of freedom.
pub fn f_above(f: f64, freedom: (f64, f64)) -> Option<f64> {
    Some(FisherSnedecor::new(freedom.0, freedom.1).ok()?.sf(f))
}

/// The standard normal number, at least 0, that has the two-sided probability `p`.
pub fn normal_from_p(p: f64) -> f64 {
    // Beyond this the quantile is infinite.
    const LEAST: f64 = 1e-300;
    std::f64::consts::SQRT_2 * statrs::function::erf::erfc_inv(p.clamp(LEAST, 1.0))
}

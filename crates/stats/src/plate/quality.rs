//! How well the controls of a plate are told apart.

use super::{Location, NoFigure, Plate};

/// The figures of one plate, by mean and standard deviation and by median and MAD.
#[derive(Debug, Clone, PartialEq)]
pub struct Quality {
    /// [`z_prime`] with mean and standard deviation.
    pub z_prime: Result<f64, NoFigure>,
    /// [`z_prime`] with median and MAD.
    pub robust_z_prime: Result<f64, NoFigure>,
    /// [`ssmd`] with mean and standard deviation.
    pub ssmd: Result<f64, NoFigure>,
    /// [`ssmd`] with median and MAD.
    pub robust_ssmd: Result<f64, NoFigure>,
    /// [`signal_window`].
    pub signal_window: Result<f64, NoFigure>,
}

/// All figures of the controls of `plate`.
#[must_use]
pub fn quality(plate: &Plate) -> Quality {
    let (positive, negative) = (plate.at(&plate.positive), plate.at(&plate.negative));
    Quality {
        z_prime: z_prime(&positive, &negative, Location::Mean),
        robust_z_prime: z_prime(&positive, &negative, Location::Median),
        ssmd: ssmd(&positive, &negative, Location::Mean),
        robust_ssmd: ssmd(&positive, &negative, Location::Median),
        signal_window: signal_window(&positive, &negative),
    }
}

type Controls = ((f64, f64), (f64, f64));

fn controls(positive: &[f64], negative: &[f64], by: Location) -> Result<Controls, NoFigure> {
    Ok((by.of("positive controls", positive)?, by.of("negative controls", negative)?))
}

/// Z' = `1 - 3 (s_p + s_n) / |m_p - m_n|` with the centres m and spreads s of both controls: at most 1; from 0.5 an excellent assay,
/// below 0 the controls overlap.
///
/// ```
/// use stats::plate::{Location, z_prime};
/// assert_eq!(z_prime(&[9.0, 10.0, 11.0], &[-1.0, 0.0, 1.0], Location::Mean), Ok(0.4));
/// ```
///
/// # Errors
/// Fewer than two wells of a control, or both have one centre.
///
/// # Source
/// Zhang, Chung & Oldenburg 1999, doi:10.1177/108705719900400206. With the median: Birmingham et al. 2009, doi:10.1038/nmeth.1351.
pub fn z_prime(positive: &[f64], negative: &[f64], by: Location) -> Result<f64, NoFigure> {
    let ((mp, sp), (mn, sn)) = controls(positive, negative, by)?;
    if mp == mn {
        return Err(NoFigure::NoRange("both controls have the same centre"));
    }
    Ok(1.0 - 3.0 * (sp + sn) / (mp - mn).abs())
}

/// SSMD = `(m_p - m_n) / √(s_p² + s_n²)`, the strictly standardised mean difference of independent controls: its sign is the direction of
/// the effect; beyond ±3 strong, beyond ±5 very strong controls.
///
/// # Errors
/// Fewer than two wells of a control, or neither has a spread.
///
/// # Source
/// Zhang 2007, doi:10.1016/j.ygeno.2006.12.014; with median and MAD: Zhang 2011, *Optimal High-Throughput Screening*, ISBN 9780521734448.
pub fn ssmd(positive: &[f64], negative: &[f64], by: Location) -> Result<f64, NoFigure> {
    let ((mp, sp), (mn, sn)) = controls(positive, negative, by)?;
    let spread = sp.hypot(sn);
    if spread == 0.0 {
        return Err(NoFigure::NoSpread("each of the controls"));
    }
    Ok((mp - mn) / spread)
}

/// Signal window = `(|m_p - m_n| - 3 (s_p + s_n)) / s` with the standard deviation s of the control of the higher mean: above 2 an
/// acceptable assay.
///
/// # Errors
/// As [`ssmd`], or s is 0.
///
/// # Source
/// Sittampalam et al. 1997, doi:10.1177/108705719700200306.
pub fn signal_window(positive: &[f64], negative: &[f64]) -> Result<f64, NoFigure> {
    let ((mp, sp), (mn, sn)) = controls(positive, negative, Location::Mean)?;
    let spread = if mp > mn { sp } else { sn };
    if spread == 0.0 {
        return Err(NoFigure::NoSpread("the control of the higher mean"));
    }
    Ok(((mp - mn).abs() - 3.0 * (sp + sn)) / spread)
}

//! One scale for all plates.

use super::polish::b_score;
use super::{Location, NoFigure, Plate};

/// The wells of a plate to which the others are related.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reference {
    /// The samples: most of them do nothing.
    Samples,
    /// The negative controls.
    #[default]
    Negative,
    /// The positive controls, as in cellHTS2's percent of control.
    Positive,
}

/// How values of different plates become comparable. m and s are centre and spread of the reference wells of the plate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Normalisation {
    /// `100 x / mean`, percent of control.
    PercentOfControl(Reference),
    /// `100 (mean_n - x) / (mean_n - mean_p)`, normalised percent inhibition: 0 as the negative, 100 as the positive controls. cellHTS2's
    /// NPI is `1 - this / 100`.
    PercentInhibition,
    /// `(x - m) / s`: z with [`Location::Mean`], robust z with [`Location::Median`].
    Z(Reference, Location),
    /// `x / median`, cellHTS2's `"median"` on a multiplicative scale.
    Ratio(Reference),
    /// `x - median`, the same on an additive scale.
    Difference(Reference),
    /// [`b_score`].
    BScore,
}

/// The values of `plate` on the scale of `method`; missing ones stay missing.
///
/// ```
/// use stats::plate::{Normalisation, Plate, normalise};
/// let values = vec![Some(1.0), Some(3.0), None, Some(4.0)];
/// let plate = Plate { n_columns: 2, values, samples: vec![2, 3], negative: vec![0], positive: vec![1] };
/// assert_eq!(normalise(&plate, Normalisation::PercentInhibition), Ok(vec![Some(0.0), Some(100.0), None, Some(150.0)]));
/// ```
///
/// # Errors
/// Too few reference wells, or a reference that nothing can be divided by.
///
/// # Source
/// Malo et al. 2006, doi:10.1038/nbt1186; Boutros, Brás & Huber 2006, doi:10.1186/gb-2006-7-7-r66 (cellHTS2).
pub fn normalise(plate: &Plate, method: Normalisation) -> Result<Vec<Option<f64>>, NoFigure> {
    let (centre, scale) = match method {
        Normalisation::BScore => return b_score(plate),
        Normalisation::PercentOfControl(reference) => {
            (0.0, 0.01 * nonzero(centre_of(plate, reference, Location::Mean)?)?)
        }
        Normalisation::Ratio(reference) => (0.0, nonzero(centre_of(plate, reference, Location::Median)?)?),
        Normalisation::Difference(reference) => (centre_of(plate, reference, Location::Median)?, 1.0),
        Normalisation::PercentInhibition => {
            let negative = centre_of(plate, Reference::Negative, Location::Mean)?;
            let range = centre_of(plate, Reference::Positive, Location::Mean)? - negative;
            if range == 0.0 {
                return Err(NoFigure::NoRange("both controls have the same mean"));
            }
            (negative, 0.01 * range)
        }
        Normalisation::Z(reference, by) => {
            let (what, values) = wells(plate, reference);
            let (centre, spread) = by.of(what, &values)?;
            if spread == 0.0 {
                return Err(NoFigure::NoSpread(what));
            }
            (centre, spread)
        }
    };
    Ok(plate.values.iter().map(|value| value.map(|x| (x - centre) / scale)).collect())
}

fn wells(plate: &Plate, reference: Reference) -> (&'static str, Vec<f64>) {
    match reference {
        Reference::Samples => ("samples", plate.at(&plate.samples)),
        Reference::Negative => ("negative controls", plate.at(&plate.negative)),
        Reference::Positive => ("positive controls", plate.at(&plate.positive)),
    }
}

fn centre_of(plate: &Plate, reference: Reference, by: Location) -> Result<f64, NoFigure> {
    let (what, values) = wells(plate, reference);
    let centre = match by {
        Location::Mean => super::mean(&values),
        Location::Median => super::median(&values),
    };
    centre.ok_or(NoFigure::TooFew { what, found: 0, needed: 1 })
}

fn nonzero(centre: f64) -> Result<f64, NoFigure> {
    if centre == 0.0 { Err(NoFigure::NoRange("the reference is 0")) } else { Ok(centre) }
}

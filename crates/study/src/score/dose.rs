//! Dose series of compounds.

use std::collections::BTreeMap;

use formats::plate_map::Role;
use stats::dose::{Fit, NoCurve, fit};

use super::plates::Plates;
use super::wells::WellRow;

/// A compound with its doses.
#[derive(Debug, Clone, PartialEq)]
pub struct DoseRow {
    /// Its name.
    pub compound: String,
    /// Unit of the concentrations.
    pub unit: String,
    /// Concentration and normalised score of each well that counts.
    pub points: Vec<(f64, f64)>,
    /// The curve, or why there is none.
    pub fit: Result<Fit, NoCurve>,
}

/// Every compound that was given at two or more concentrations.
#[must_use]
pub fn doses(rows: &[WellRow], plates: &Plates) -> Vec<DoseRow> {
    let mut by_compound: BTreeMap<(&str, &str), Vec<(f64, f64)>> = BTreeMap::new();
    for (row, well) in rows.iter().zip(&plates.wells) {
        if let (Role::Sample | Role::Positive, Some(compound), Some(amount), Some(score)) =
            (row.content.role, &row.content.compound, &row.content.concentration, well.normalised)
        {
            by_compound.entry((compound, &amount.unit)).or_default().push((amount.value, score));
        }
    }
    let several = |points: &Vec<(f64, f64)>| points.iter().any(|p| p.0 != points[0].0);
    by_compound
        .into_iter()
        .filter(|(_, points)| several(points))
        .map(|((compound, unit), mut points)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
            let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
            DoseRow { compound: compound.to_owned(), unit: unit.to_owned(), fit: fit(&x, &y), points }
        })
        .collect()
}

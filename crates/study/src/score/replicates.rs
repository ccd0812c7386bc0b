//! Replicate plates against each other, and drift over all plates.

use std::collections::BTreeMap;

use formats::plate_map::{Role, Well};
use stats::plate::NoFigure;
use stats::replicate::{Correlation, pearson, spearman};

use super::plates::{PlateReport, Plates};
use super::wells::WellRow;

/// Two plates of one layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Their layout.
    pub layout: String,
    /// Their names.
    pub plates: [String; 2],
    /// Samples that count on both.
    pub n: usize,
    /// Pearson's correlation of their normalised scores.
    pub pearson: Result<Correlation, NoFigure>,
    /// Spearman's.
    pub spearman: Result<Correlation, NoFigure>,
}

/// All pairs of plates that have one layout.
#[must_use]
pub fn pairs(rows: &[WellRow], plates: &Plates) -> Vec<Pair> {
    let mut layouts: BTreeMap<&str, Vec<&PlateReport>> = BTreeMap::new();
    for plate in &plates.plates {
        let layout = plate.rows.first().map_or("", |&i| rows[i].layout.as_str());
        layouts.entry(layout).or_default().push(plate);
    }
    let scores = |plate: &PlateReport| -> BTreeMap<Well, f64> {
        let samples = plate.rows.iter().filter(|&&i| rows[i].content.role == Role::Sample);
        samples.filter_map(|&i| plates.wells[i].normalised.map(|v| (rows[i].well, v))).collect()
    };
    let mut pairs = Vec::new();
    for (layout, same) in layouts.iter().filter(|(layout, _)| !layout.is_empty()) {
        for (k, a) in same.iter().enumerate() {
            let of_a = scores(a);
            for b in &same[k + 1..] {
                let of_b = scores(b);
                let both = of_a.iter().filter_map(|(well, a)| Some((*a, *of_b.get(well)?)));
                let (x, y): (Vec<f64>, Vec<f64>) = both.unzip();
                let plates = [a.plate.clone(), b.plate.clone()];
                pairs.push(Pair {
                    layout: (*layout).to_owned(),
                    plates,
                    n: x.len(),
                    pearson: pearson(&x, &y),
                    spearman: spearman(&x, &y),
                });
            }
        }
    }
    pairs
}

/// Correlation of the order of the plates, by name, with the median of their negative controls (of their samples where there are none).
///
/// # Errors
/// As [`spearman`].
pub fn drift(plates: &[PlateReport]) -> Result<Correlation, NoFigure> {
    let level = |plate: &PlateReport| plate.medians[1].or(plate.medians[0]);
    let (order, levels): (Vec<f64>, Vec<f64>) =
        plates.iter().enumerate().filter_map(|(i, plate)| Some((i as f64, level(plate)?))).unzip();
    spearman(&order, &levels)
}

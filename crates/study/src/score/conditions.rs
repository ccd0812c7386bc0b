//! Conditions: fractions and mean probabilities over wells (or fields), with intervals that know that cells of a well are relatives.

use std::collections::BTreeMap;

use stats::interval::{BootstrapSettings, bootstrap, overdispersed};

use super::tally::Tally;

/// Fewest units of which an interval by bootstrap is given.
const MIN_UNITS: usize = 3;

/// A class in a condition.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassShare {
    /// Share of the cells called so.
    pub fraction: f64,
    /// Its interval at 95 %, beta-binomial over units.
    pub fraction_interval: Option<[f64; 2]>,
    /// Mean probability.
    pub mean: f64,
    /// Its interval at 95 %, bootstrap over units.
    pub mean_interval: Option<[f64; 2]>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name.
    pub name: String,
    /// Cells.
    pub n_cells: u64,
    /// Wells, or fields when wells are not known.
    pub n_units: usize,
    /// Each class.
    pub classes: Vec<ClassShare>,
}

/// Sums up the units of each condition; `units` are (condition, unit) with their cells.
#[must_use]
pub fn conditions<U>(units: &BTreeMap<(String, U), Tally>, n_classes: usize, seed: u64) -> Vec<Condition> {
    let mut by_name: BTreeMap<&str, Vec<&Tally>> = BTreeMap::new();
    units.iter().for_each(|((name, _), tally)| by_name.entry(name).or_default().push(tally));
    by_name.into_iter().map(|(name, tallies)| one(name, &tallies, n_classes, seed)).collect()
}

fn one(name: &str, tallies: &[&Tally], n_classes: usize, seed: u64) -> Condition {
    let n: Vec<u64> = tallies.iter().map(|t| t.n).collect();
    let n_cells: u64 = n.iter().sum();
    let sum = |class: usize, times: &[u32]| -> f64 {
        tallies.iter().zip(times).map(|(t, &times)| f64::from(times) * t.sums[class]).sum()
    };
    let means = |times: &[u32]| -> Vec<Option<f64>> {
        let n: f64 = n.iter().zip(times).map(|(&n, &times)| f64::from(times) * n as f64).sum();
        (0..n_classes).map(|class| (n > 0.0).then(|| sum(class, times) / n)).collect()
    };
    let groups: Vec<usize> = (0..tallies.len()).collect();
    let settings = BootstrapSettings { seed, ..BootstrapSettings::default() };
    let intervals = match tallies.len() {
        units if units < MIN_UNITS => None,
        _ => bootstrap(&groups, settings, means).ok(),
    };
    let all = means(&vec![1; tallies.len()]);
    let share = |class: usize| {
        let called: Vec<u64> = tallies.iter().map(|t| t.called[class]).collect();
        let fraction = overdispersed(&called, &n);
        ClassShare {
            fraction: fraction.map_or(0.0, |f| f.p),
            fraction_interval: fraction.and_then(|f| f.interval),
            mean: all[class].unwrap_or(0.0),
            mean_interval: intervals.as_ref().and_then(|i| i[class].ok()),
        }
    };
    Condition {
        name: name.to_owned(),
        n_cells,
        n_units: tallies.len(),
        classes: (0..n_classes).map(share).collect(),
    }
}

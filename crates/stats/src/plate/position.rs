//! Whether the place of a well says something about its value.

use super::{NoFigure, Plate};
use crate::replicate::{Correlation, spearman};
use crate::tail::normal_two_sided;

/// Effects of the place among the samples of a plate. Hits are few, so that most of what depends on the place is no biology.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// Cliff's delta of the outermost ring against the rest, -1 to 1: how much more often a ring well is the higher one than the lower.
    pub ring: Result<Effect, NoFigure>,
    /// Spearman's correlation of value and row, downwards.
    pub rows: Result<Correlation, NoFigure>,
    /// Spearman's correlation of value and column, to the right.
    pub columns: Result<Correlation, NoFigure>,
}

/// An effect and the probability of one as large by chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// Its size, -1 to 1.
    pub size: f64,
    /// Two-sided.
    pub p: f64,
}

/// Tests ring, rows and columns. The ring is that of the wells with samples, so that controls in the outer columns do not hide it.
///
/// # Source
/// Mann & Whitney 1947, doi:10.1214/aoms/1177730491, normal approximation with ties and without continuity correction (scipy's
/// `mannwhitneyu(method="asymptotic", use_continuity=False)`); Cliff 1993, doi:10.1037/0033-2909.114.3.494; Spearman 1904.
#[must_use]
pub fn position(plate: &Plate) -> Position {
    let width = plate.n_columns.max(1);
    let wells: Vec<(f64, f64, f64)> = plate
        .samples
        .iter()
        .filter_map(|&well| {
            let value = plate.values.get(well).copied().flatten();
            value.map(|v| ((well / width) as f64, (well % width) as f64, v))
        })
        .collect();
    let range = |get: fn(&(f64, f64, f64)) -> f64| {
        let low = wells.iter().map(get).fold(f64::INFINITY, f64::min);
        (low, wells.iter().map(get).fold(f64::NEG_INFINITY, f64::max))
    };
    let (rows, columns) = (range(|w| w.0), range(|w| w.1));
    let is_ring =
        |w: &&(f64, f64, f64)| w.0 == rows.0 || w.0 == rows.1 || w.1 == columns.0 || w.1 == columns.1;
    let ring: Vec<f64> = wells.iter().filter(is_ring).map(|w| w.2).collect();
    let rest: Vec<f64> = wells.iter().filter(|w| !is_ring(w)).map(|w| w.2).collect();
    let values: Vec<f64> = wells.iter().map(|w| w.2).collect();
    Position {
        ring: mann_whitney(&ring, &rest),
        rows: spearman(&wells.iter().map(|w| w.0).collect::<Vec<_>>(), &values),
        columns: spearman(&wells.iter().map(|w| w.1).collect::<Vec<_>>(), &values),
    }
}

fn mann_whitney(a: &[f64], b: &[f64]) -> Result<Effect, NoFigure> {
    let (n, m) = (a.len() as f64, b.len() as f64);
    let few = |what, found| Err(NoFigure::TooFew { what, found, needed: 4 });
    if a.len() < 4 {
        return few("samples in the outer ring", a.len());
    }
    if b.len() < 4 {
        return few("samples inside of the outer ring", b.len());
    }
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let (ranks, ties) = crate::replicate::ranks(&all);
    let u = ranks[..a.len()].iter().sum::<f64>() - 0.5 * n * (n + 1.0);
    let total = n + m;
    let variance = n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)));
    if variance <= 0.0 {
        return Err(NoFigure::NoSpread("samples"));
    }
    let size = 2.0 * u / (n * m) - 1.0;
    Ok(Effect { size, p: normal_two_sided((u - 0.5 * n * m) / variance.sqrt()) })
}

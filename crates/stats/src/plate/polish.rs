//! Two-way median polish, and the B-score made of it.

use super::{NoFigure, Plate, mad, median};

/// When median polish stops.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PolishSettings {
    /// The sum of absolute residuals changes by less than this share.
    pub tolerance: f64,
    /// Most passes.
    pub max_passes: usize,
}

/// R's `medpolish` has 0.01 and 10; cellHTS2 asks it for these.
impl Default for PolishSettings {
    fn default() -> Self {
        PolishSettings { tolerance: 1e-5, max_passes: 200 }
    }
}

/// A table as `overall + row + column + residual`.
#[derive(Debug, Clone, PartialEq)]
pub struct Polish {
    /// What all wells share.
    pub overall: f64,
    /// Effect of each row.
    pub rows: Vec<f64>,
    /// Effect of each column.
    pub columns: Vec<f64>,
    /// What is left, `[rows, columns]`; missing where the value is.
    pub residuals: Vec<Option<f64>>,
    /// Whether it stopped by its tolerance.
    pub converged: bool,
}

/// Takes medians of rows, then of columns, out of `values` `[rows, n_columns]` until nothing much changes. A row or column without values
/// has no effect.
///
/// # Source
/// Tukey 1977, *Exploratory Data Analysis*; equal to R's `medpolish` with `na.rm = TRUE`.
#[must_use]
pub fn median_polish(values: &[Option<f64>], n_columns: usize, settings: PolishSettings) -> Polish {
    let width = n_columns.max(1);
    let mut polish = Polish {
        overall: 0.0,
        rows: vec![0.0; values.len() / width],
        columns: vec![0.0; n_columns],
        residuals: values.to_vec(),
        converged: false,
    };
    let has =
        |mut cells: &mut dyn Iterator<Item = usize>| Iterator::any(&mut cells, |cell| values[cell].is_some());
    let n_rows = polish.rows.len();
    let has_row: Vec<bool> = (0..n_rows).map(|row| has(&mut (row * width..(row + 1) * width))).collect();
    let has_column: Vec<bool> =
        (0..n_columns).map(|column| has(&mut (column..n_rows * width).step_by(width))).collect();
    let mut before = 0.0;
    for _ in 0..settings.max_passes {
        for row in 0..polish.rows.len() {
            let cells = row * width..(row + 1) * width;
            polish.rows[row] += sweep(&mut polish.residuals, cells);
        }
        polish.overall += centre(&mut polish.columns, &has_column);
        for column in 0..n_columns {
            let cells = (column..polish.rows.len() * width).step_by(width);
            polish.columns[column] += sweep(&mut polish.residuals, cells);
        }
        polish.overall += centre(&mut polish.rows, &has_row);
        let left: f64 = polish.residuals.iter().flatten().map(|v| v.abs()).sum();
        polish.converged = left == 0.0 || (left - before).abs() < settings.tolerance * left;
        if polish.converged {
            break;
        }
        before = left;
    }
    polish
}

/// Takes their median out of some cells.
fn sweep(residuals: &mut [Option<f64>], cells: impl Iterator<Item = usize> + Clone) -> f64 {
    let values: Vec<f64> = cells.clone().filter_map(|cell| residuals[cell]).collect();
    let middle = median(&values).unwrap_or(0.0);
    cells.for_each(|cell| residuals[cell] = residuals[cell].map(|v| v - middle));
    middle
}

/// Takes their median out of the effects that there are.
fn centre(effects: &mut [f64], has: &[bool]) -> f64 {
    let known: Vec<f64> =
        effects.iter().zip(has).filter(|(_, has)| **has).map(|(effect, _)| *effect).collect();
    let middle = median(&known).unwrap_or(0.0);
    effects.iter_mut().zip(has).filter(|(_, has)| **has).for_each(|(effect, _)| *effect -= middle);
    middle
}

/// `(x - overall - row - column) / MAD` with the effects of a [`median_polish`] of the samples and the [`mad`] of their residuals.
/// Controls are corrected by the same effects and have no part in them.
///
/// # Errors
/// A row or column in which less than half of the wells with values are samples: with controls in whole columns the effect of the column
/// cannot be told from theirs, and the correction would make hits of it. Or residuals without spread.
///
/// # Source
/// Brideau et al. 2003, doi:10.1177/1087057103258285; Malo et al. 2006, doi:10.1038/nbt1186.
pub fn b_score(plate: &Plate) -> Result<Vec<Option<f64>>, NoFigure> {
    let mut samples: Vec<Option<f64>> = vec![None; plate.values.len()];
    for &well in &plate.samples {
        if let (Some(sample), Some(&value)) = (samples.get_mut(well), plate.values.get(well)) {
            *sample = value;
        }
    }
    check_lines(plate, &samples)?;
    let polish = median_polish(&samples, plate.n_columns, PolishSettings::default());
    let residuals: Vec<f64> = polish.residuals.iter().flatten().copied().collect();
    let spread =
        mad(&residuals).ok_or(NoFigure::TooFew { what: "samples", found: residuals.len(), needed: 2 })?;
    if spread == 0.0 {
        return Err(NoFigure::NoSpread("residuals of the samples"));
    }
    let effect = |well: usize| {
        polish.overall + polish.rows[well / plate.n_columns] + polish.columns[well % plate.n_columns]
    };
    let score = |(well, value): (usize, &Option<f64>)| value.map(|x| (x - effect(well)) / spread);
    Ok(plate.values.iter().enumerate().map(score).collect())
}

/// That each row and column with values has samples enough.
fn check_lines(plate: &Plate, samples: &[Option<f64>]) -> Result<(), NoFigure> {
    let width = plate.n_columns.max(1);
    let n_rows = plate.values.len() / width;
    let is_poor = |cells: &mut dyn Iterator<Item = usize>| {
        let (mut n, mut n_samples) = (0, 0);
        cells.for_each(|cell| {
            n += usize::from(plate.values[cell].is_some());
            n_samples += usize::from(samples[cell].is_some());
        });
        n > 0 && 2 * n_samples < n
    };
    let rows = (0..n_rows).filter(|row| is_poor(&mut (row * width..(row + 1) * width)));
    let mut poor: Vec<String> = rows.map(|row| format!("row {}", row + 1)).collect();
    let columns = (0..width).filter(|column| is_poor(&mut (*column..n_rows * width).step_by(width)));
    poor.extend(columns.map(|column| format!("column {}", column + 1)));
    if poor.is_empty() { Ok(()) } else { Err(NoFigure::ControlsFill(poor.join(", "))) }
}

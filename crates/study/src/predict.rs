//! `predict`: class probabilities of cells, as a table.

mod images;
mod kept;
mod marks;
mod profiles;

use std::ops::Range;
use std::path::Path;

use cells::{Cell, CropSource};
use formats::crops::FactColumns;
use formats::table::{Column, Table};

pub use images::{ImagesRequest, PredictedImages, beside, predict_images};
pub(crate) use images::{PredictedCells, predict_cells};
pub(crate) use kept::remove as remove_kept;

use crate::{Dataset, Model, Progress, StudyError, evaluate::winner};

/// Whether [`predict`] may write `output`; it asks so itself, but callers may not want to open cells in vain.
///
/// # Errors
/// An ending other than `.csv` or `.parquet`, a missing folder, or something else than a file in its place.
pub fn check_output(output: &Path) -> Result<(), StudyError> {
    Ok(Table::check_output(output)?)
}

/// Predicts every cell of `data` and writes one row each, `.csv` or `.parquet`: `name`, `source`, `group`, `frame`,
/// `y`, `x` (pixels), `flagged` (over the border), `class` (predicted), `confidence` (its probability), `margin` (to the second, 0 to 1),
/// and `p_<class>` for each class, which sum to 1; and whatever else the crop set knows of each. With `profiles` the network's
/// features go there too, in the columns that pycytominer expects. Returns the number of cells.
///
/// Memory holds what the crop set knows of the cells and their probabilities; the tables are made part by part.
///
/// # Errors
/// When the data do not fit the model, or a file cannot be read or written; a request to stop.
pub fn predict(
    model: &Model,
    data: &Dataset,
    output: &Path,
    profiles: Option<&Path>,
    progress: &dyn Progress,
) -> Result<usize, StudyError> {
    [Some(output), profiles].into_iter().flatten().try_for_each(check_output)?;
    if profiles.is_some_and(|profiles| is_same_place(profiles, output)) {
        let words =
            format!("{}: expected two files, one for predictions and one for profiles", output.display());
        return Err(StudyError::Refused(words));
    }
    let everyone: Vec<usize> = (0..data.len()).collect();
    let probabilities = model.probabilities(data, &everyone, progress)?;
    let rows = Rows::new(model, &data.cells, &probabilities);
    if let Some(profiles) = profiles {
        profiles::write(&rows, data, profiles, progress)?;
    }
    rows.write(output)?;
    Ok(data.len())
}

/// Whether two paths are one file, however they are spelt.
fn is_same_place(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Some((folder.unwrap_or(Path::new(".")).canonicalize().ok()?, path.file_name()?.to_owned()))
    };
    place(a).is_some_and(|a| Some(a) == place(b))
}

/// The rows of [`predict`].
#[must_use]
pub fn table(model: &Model, cells: &[Cell], probabilities: &[f64]) -> Table {
    Rows::new(model, cells, probabilities).table(0..cells.len())
}

/// The rows of [`predict`], of which tables are made part by part.
struct Rows<'a> {
    model: &'a Model,
    cells: &'a [Cell],
    /// `[n, classes]`.
    probabilities: &'a [f64],
    facts: FactColumns,
}

impl<'a> Rows<'a> {
    /// Rows that one table holds at a time.
    const PART: usize = 8192;

    fn new(model: &'a Model, cells: &'a [Cell], probabilities: &'a [f64]) -> Self {
        Rows { model, cells, probabilities, facts: FactColumns::of(cells) }
    }

    /// The parts of all rows; without any there still is one, for its columns.
    fn parts(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let n = self.cells.len();
        (0..n.max(1)).step_by(Self::PART).map(move |start| start..n.min(start + Self::PART))
    }

    fn write(&self, output: &Path) -> Result<(), StudyError> {
        Table::write_streamed(output, &mut self.parts().map(|rows| Ok(self.table(rows))))
    }

    fn table(&self, rows: Range<usize>) -> Table {
        let k = self.model.classes.len();
        let probabilities = &self.probabilities[rows.start * k..rows.end * k];
        let mut table = predicted(self.model, &self.cells[rows.clone()], probabilities);
        for (name, column) in self.facts.columns(&self.cells[rows]) {
            // A fact that is called as a prediction gives way to it.
            if table.column(&name).is_none() {
                table.push(name, column);
            }
        }
        table
    }
}

/// What every table of predictions has.
fn predicted(model: &Model, cells: &[Cell], probabilities: &[f64]) -> Table {
    let k = model.classes.len();
    let rows: Vec<&[f64]> = probabilities.chunks_exact(k.max(1)).collect();
    let text = |get: fn(&Cell) -> &str| Column::Text(cells.iter().map(|c| Some(get(c).to_owned())).collect());
    let number = |get: fn(&Cell) -> Option<f64>| Column::Float(cells.iter().map(get).collect());
    let mut table = Table::default();
    table.push("name", text(|c| &c.name));
    table.push("source", text(|c| &c.source));
    table.push("group", text(|c| &c.group));
    table.push("frame", number(|c| c.frame));
    table.push("y", number(|c| c.y));
    table.push("x", number(|c| c.x));
    table.push("flagged", Column::Bool(cells.iter().map(|c| Some(c.flagged)).collect()));
    table.push("class", Column::Text(rows.iter().map(|r| Some(model.classes[winner(r)].clone())).collect()));
    table.push("confidence", Column::Float(rows.iter().map(|r| Some(r[winner(r)])).collect()));
    table.push("margin", Column::Float(rows.iter().map(|r| Some(margin(r))).collect()));
    for (class, name) in model.classes.iter().enumerate() {
        table.push(format!("p_{name}"), Column::Float(rows.iter().map(|r| Some(r[class])).collect()));
    }
    table
}

/// Difference of the two highest probabilities.
pub(crate) fn margin(row: &[f64]) -> f64 {
    let best = winner(row);
    let second = row.iter().enumerate().filter(|(i, _)| *i != best).map(|(_, &p)| p).fold(0.0, f64::max);
    row[best] - second
}

//! `simulate screen`: plates with known hits as numbers, in the files that `score` reads.

use std::path::Path;

use cells::simulate::{ScreenRole, ScreenSettings, ScreenWell};
use formats::plate_map::Well;
use formats::table::{Column, Table};

use crate::{StudyError, error::plural};

/// Writes the folder `output`: `wells.csv` (plate, well, score, sd, n_cells), `plate_map.csv` (what is in them), `truth.csv` (hits, toxic
/// compounds, the score behind that of the well) and `simulation.json`. Returns what was made, in lines for people.
///
/// # Errors
/// Mistakes in the settings; files that cannot be written.
pub fn screen(settings: &ScreenSettings, output: &Path) -> Result<Vec<String>, StudyError> {
    let wells = cells::simulate::screen(settings)?;
    super::folder(output, settings, |folder| {
        measured(&wells).write(&folder.join("wells.csv"))?;
        write_map(&wells, folder)
    })?;
    Ok(vec![summary(&wells, settings)])
}

/// What was made, for people.
pub(super) fn summary(wells: &[ScreenWell], settings: &ScreenSettings) -> String {
    let n = |keep: fn(&ScreenWell) -> bool| wells.iter().filter(|w| keep(w)).count();
    format!(
        "{} of {}: {} of hits, {} of toxic compounds",
        plural(wells.len(), "well"),
        plural(settings.n_plates, "plate"),
        n(|w| w.is_hit),
        n(|w| w.is_toxic)
    )
}

/// Writes what is in the wells, and what is true of them.
pub(super) fn write_map(wells: &[ScreenWell], folder: &Path) -> Result<(), StudyError> {
    map(wells).write(&folder.join("plate_map.csv"))?;
    Ok(truth(wells).write(&folder.join("truth.csv"))?)
}

/// Name of the plate of a well.
pub(super) fn plate(well: &ScreenWell) -> String {
    format!("P{:04}", well.plate + 1)
}

/// Name of a well on its plate.
pub(super) fn name(well: &ScreenWell) -> String {
    Well { row: well.row, column: well.column }.to_string()
}

fn column<T>(
    wells: &[ScreenWell],
    make: fn(Vec<Option<T>>) -> Column,
    get: impl Fn(&ScreenWell) -> Option<T>,
) -> Column {
    make(wells.iter().map(get).collect())
}

fn places(wells: &[ScreenWell]) -> Table {
    let mut table = Table::default();
    table.push("plate", column(wells, Column::Text, |w| Some(plate(w))));
    table.push("well", column(wells, Column::Text, |w| Some(name(w))));
    table
}

fn compound(well: &ScreenWell) -> String {
    match well.role {
        ScreenRole::Sample => format!("C{:05}", well.compound),
        ScreenRole::Negative => "DMSO".to_owned(),
        ScreenRole::Positive => "inducer".to_owned(),
    }
}

fn measured(wells: &[ScreenWell]) -> Table {
    let mut table = places(wells);
    table.push("score", column(wells, Column::Float, |w| w.score));
    table.push("sd", column(wells, Column::Float, |w| w.sd));
    table.push("n_cells", column(wells, Column::Int, |w| i64::try_from(w.n_cells).ok()));
    table
}

fn map(wells: &[ScreenWell]) -> Table {
    let role = |w: &ScreenWell| match w.role {
        ScreenRole::Sample => "sample",
        ScreenRole::Negative => "negative",
        ScreenRole::Positive => "positive",
    };
    let mut table = places(wells);
    table.push("role", column(wells, Column::Text, |w| Some(role(w).to_owned())));
    table.push("compound", column(wells, Column::Text, |w| Some(compound(w))));
    table.push("concentration", column(wells, Column::Float, |w| w.micromolar));
    table.push("unit", column(wells, Column::Text, |w| w.micromolar.map(|_| "uM".to_owned())));
    table.push("donor", column(wells, Column::Text, |w| Some(format!("donor {}", w.donor + 1))));
    table
}

fn truth(wells: &[ScreenWell]) -> Table {
    let mut table = places(wells);
    table.push("compound", column(wells, Column::Text, |w| Some(compound(w))));
    table.push("hit", column(wells, Column::Bool, |w| Some(w.is_hit)));
    table.push("toxic", column(wells, Column::Bool, |w| Some(w.is_toxic)));
    table.push("level", column(wells, Column::Float, |w| Some(w.level)));
    table.push("n_cells", column(wells, Column::Int, |w| i64::try_from(w.n_cells).ok()));
    table
}

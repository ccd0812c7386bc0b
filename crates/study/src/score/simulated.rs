//! Simulated screens, in the files that `score` reads.

use std::path::Path;

use ::cells::simulate::{ScreenRole, ScreenSettings, ScreenWell, screen};
use formats::plate_map::Well;
use formats::table::{Column, Table};
use formats::{FormatError, atomic};

use crate::simulate::MARK;
use crate::{StudyError, error::plural};

/// Writes the folder `output`: `wells.csv` (plate, well, score, sd, n_cells), `plate_map.csv` (what is in them), `truth.csv` (hits and toxic
/// compounds) and `simulation.json`. Returns what was made, in lines for people.
///
/// # Errors
/// Mistakes in the settings; files that cannot be written.
pub fn simulate_screen(settings: &ScreenSettings, output: &Path) -> Result<Vec<String>, StudyError> {
    atomic::check_folder(output, MARK)?;
    let wells = screen(settings)?;
    let json = serde_json::to_vec_pretty(settings)
        .map_err(|e| FormatError::new(output, "settings as JSON", e.to_string()))?;
    atomic::write_folder(output, MARK, |folder| {
        measured(&wells).write(&folder.join("wells.csv"))?;
        map(&wells).write(&folder.join("plate_map.csv"))?;
        truth(&wells).write(&folder.join("truth.csv"))?;
        atomic::write_file(&folder.join(MARK), |out| std::io::Write::write_all(out, &json))
    })?;
    let n = |keep: fn(&ScreenWell) -> bool| wells.iter().filter(|w| keep(w)).count();
    Ok(vec![format!(
        "{} of {}: {} of hits, {} of toxic compounds",
        plural(wells.len(), "well"),
        plural(settings.n_plates, "plate"),
        n(|w| w.is_hit),
        n(|w| w.is_toxic)
    )])
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
    table.push("plate", column(wells, Column::Text, |w| Some(format!("P{:04}", w.plate + 1))));
    let place = |w: &ScreenWell| Some(Well { row: w.row, column: w.column }.to_string());
    table.push("well", column(wells, Column::Text, place));
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
    table
}

//! Wells: their scores, and what is in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use formats::FormatError;
use formats::plate_map::{Content, Measured, Measurement, PlateMap, Role, Well, measurements, reader_grid};
use formats::table::Table;
use stats::hit::WellMean;

use super::cells::{CellTable, PLATES, WELLS};
use super::column::{find, missing, numbers, texts};
use super::request::{ScoreRequest, Statistic};
use crate::{StudyError, error::plural};

/// A well and what is known of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WellRow {
    /// Plate as it was measured.
    pub plate: String,
    /// Place.
    pub well: Well,
    /// What is in it.
    pub content: Content,
    /// Name of the layout of its plate.
    pub layout: String,
    /// Which replicate it is.
    pub replicate: Option<String>,
    /// Its score.
    pub score: Option<f64>,
    /// Standard deviation of its cells.
    pub sd: Option<f64>,
    /// Its cells.
    pub n_cells: Option<u64>,
    /// How many of them are of the class.
    pub n_called: Option<u64>,
    /// Why it must not count, by the map.
    pub flag: Option<String>,
}

impl WellRow {
    /// The score as a mean of cells.
    #[must_use]
    pub fn mean(&self) -> Option<WellMean> {
        let (sd, n) = (self.sd.unwrap_or(0.0), self.n_cells.map_or(f64::INFINITY, |n| n as f64));
        self.score.map(|mean| WellMean { mean, sd: if n.is_finite() { sd } else { 0.0 }, n_cells: n })
    }

    /// What was done to it, in words: compound and amount, or its layout and place.
    #[must_use]
    pub fn treatment(&self) -> String {
        match (&self.content.compound, &self.content.concentration) {
            (Some(compound), Some(amount)) if amount.unit.is_empty() => {
                format!("{compound} {}", amount.value)
            }
            (Some(compound), Some(amount)) => format!("{compound} {} {}", amount.value, amount.unit),
            (Some(compound), None) => compound.clone(),
            (None, _) if self.layout.is_empty() => self.well.to_string(),
            (None, _) => format!("{} {}", self.layout, self.well),
        }
    }
}

/// The wells of a table of cells.
pub fn of_cells(cells: &CellTable, class: usize, statistic: Statistic) -> Vec<WellRow> {
    let tallies = cells.tally(|place| (place.plate.clone(), place.well));
    let row = |((plate, well), tally): ((String, Option<Well>), super::tally::Tally)| {
        let fraction = tally.fraction(class);
        let (score, sd) = match statistic {
            Statistic::Mean => (tally.mean(class), tally.sd(class)),
            Statistic::Fraction => (fraction, fraction.map(|p| (p * (1.0 - p)).sqrt())),
        };
        let (n_cells, n_called) = (Some(tally.n), Some(tally.called[class]));
        Some(WellRow { plate, well: well?, score, sd, n_cells, n_called, ..WellRow::default() })
    };
    tallies.into_iter().filter_map(row).collect()
}

/// The wells of files, each a table with a row per well or a plate as a reader writes it, and notes on how they were read.
///
/// # Errors
/// Columns that are missing or of another kind; wells that are none or come twice, all of a file at once.
pub fn read(paths: &[PathBuf], request: &ScoreRequest) -> Result<(Vec<WellRow>, Vec<String>), StudyError> {
    let (mut rows, mut notes, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for path in paths {
        let table = Table::read(path);
        let well = request.columns.well.as_deref();
        let is_tidy = table.as_ref().is_ok_and(|t| matches!(find(path, t, well, &WELLS), Ok(Some(_))));
        let grid = if is_tidy { None } else { reader_grid(path) };
        let places = match grid {
            None => tidy(path, &table?, request)?,
            Some(measured) => {
                let (wells, said) = of_measured(measured?);
                notes.extend(said);
                wells.into_iter().map(|well| (None, Ok(well))).collect()
            }
        };
        rows.extend(once_each(path, places, &mut seen)?);
    }
    Ok((rows, notes))
}

/// A well of a file, or what is wrong with it, and the row where it stands.
type Found = (Option<usize>, Result<WellRow, String>);

/// The wells of a table that has a row for each.
fn tidy(path: &Path, table: &Table, request: &ScoreRequest) -> Result<Vec<Found>, FormatError> {
    let names = &request.columns;
    let plate = find(path, table, names.plate.as_deref(), &PLATES)?.map(texts);
    let Some(well) = find(path, table, names.well.as_deref(), &WELLS)? else {
        return Err(missing(path, table, "a column well"));
    };
    let number = |said: &Option<String>, usual: &[&str]| {
        let column = find(path, table, said.as_deref(), usual)?;
        column.map(|c| numbers(path, said.as_deref().unwrap_or(usual[0]), c)).transpose()
    };
    let Some(score) = number(&names.score, &["score", "value"])? else {
        return Err(missing(path, table, "a column score, or --score-column"));
    };
    let sd = number(&names.sd, &["sd"])?;
    let count = number(&names.count, &["ncells"])?;
    let called = number(&names.called, &["ncalled"])?;
    let whole = |column: &Option<Vec<Option<f64>>>, row: usize| {
        column.as_ref().and_then(|c| c[row]).filter(|n| *n >= 0.0).map(|n| n.round() as u64)
    };
    let of_row = |(row, text): (usize, Option<String>)| {
        let well = text.unwrap_or_default().parse::<Well>().map(|well| WellRow {
            plate: plate.as_ref().and_then(|p| p[row].clone()).unwrap_or_default(),
            well,
            score: score[row],
            sd: sd.as_ref().and_then(|sd| sd[row]).filter(|sd| *sd >= 0.0),
            n_cells: whole(&count, row),
            n_called: whole(&called, row),
            ..WellRow::default()
        });
        (Some(row + 2), well)
    };
    Ok(texts(well).into_iter().enumerate().map(of_row).collect())
}

/// The wells of a file, none of which has been `seen`.
fn once_each(
    path: &Path,
    found: Vec<Found>,
    seen: &mut BTreeSet<(String, Well)>,
) -> Result<Vec<WellRow>, FormatError> {
    let (mut rows, mut mistakes) = (Vec::new(), Vec::new());
    for (row, well) in found {
        let place = row.map_or(String::new(), |row| format!("row {row}: "));
        match well {
            Err(message) => mistakes.push(format!("{place}{message}")),
            Ok(WellRow { plate, well, .. }) if !seen.insert((plate.clone(), well)) => {
                mistakes
                    .push(format!("{place}expected each well once, found {well} of plate {plate:?} twice"));
            }
            Ok(well) => rows.push(well),
        }
    }
    if mistakes.is_empty() {
        return Ok(rows);
    }
    mistakes.truncate(20);
    Err(FormatError::new(path, "a table of wells", format!("\n  {}", mistakes.join("\n  "))))
}

/// The wells of the files of a cellHTS2 screen, and notes on how files were read.
///
/// # Errors
/// Files that cannot be read.
pub fn of_screen(path: &Path) -> Result<(Vec<WellRow>, Vec<String>), StudyError> {
    let Some(measured) = measurements(path) else {
        return Err(FormatError::new(path, "a folder with Platelist.txt, or that file", "none").into());
    };
    Ok(of_measured(measured?))
}

/// The wells of what was measured, first channel.
fn of_measured(Measured { values, notes }: Measured) -> (Vec<WellRow>, Vec<String>) {
    let first = values.first().map(|m| m.channel.clone()).unwrap_or_default();
    let row = |m: Measurement| WellRow { plate: m.plate, well: m.well, score: m.value, ..WellRow::default() };
    (values.into_iter().filter(|m| m.channel == first).map(row).collect(), notes)
}

/// Gives each well its content; wells of the map that were not measured become rows without score. Returns what the join says of itself.
///
/// # Errors
/// Measured wells that are not in the map, unless `allow_lost`.
pub fn join(rows: &mut Vec<WellRow>, map: &PlateMap, allow_lost: bool) -> Result<Vec<String>, StudyError> {
    let mut measured: BTreeMap<String, BTreeSet<Well>> = BTreeMap::new();
    for row in rows.iter() {
        measured.entry(row.plate.clone()).or_default().insert(row.well);
    }
    let found = map.join(&measured);
    let mut notes: Vec<String> = Vec::new();
    for (ours, theirs) in &found.respelt {
        notes
            .push(format!("plate {ours} was taken for {theirs} of the plate map: they differ only in signs"));
    }
    let mut lost: Vec<String> = Vec::new();
    for (plate, n, nearest) in &found.lost.plates {
        let hint = nearest.as_ref().map_or(String::new(), |name| format!("; nearest in spelling: {name}"));
        lost.push(format!("plate {plate} ({}) is not in the plate map{hint}", plural(*n, "well")));
    }
    for (plate, well) in &found.lost.wells {
        lost.push(format!("well {well} of plate {plate} is not in the plate map"));
    }
    if !lost.is_empty() && !allow_lost {
        let shown: Vec<&str> = lost.iter().take(30).map(String::as_str).collect();
        let more = if lost.len() > 30 { format!("\n  and {} more", lost.len() - 30) } else { String::new() };
        return Err(StudyError::Refused(format!(
            "expected all measured wells in the plate map (--allow-lost goes on without them), found\n  {}{more}",
            shown.join("\n  ")
        )));
    }
    notes.extend(lost);
    rows.retain(|row| found.plates.get(&row.plate).is_some_and(|name| map.content(name, row.well).is_some()));
    let unmeasured = found.lost.unmeasured.iter().map(|(plate, well)| WellRow {
        plate: plate.clone(),
        well: *well,
        ..WellRow::default()
    });
    rows.extend(unmeasured);
    for row in rows.iter_mut() {
        let name = &found.plates[&row.plate];
        fill(row, map, name);
    }
    rows.sort_by(|a, b| (&a.plate, a.well).cmp(&(&b.plate, b.well)));
    let n_missing = rows
        .iter()
        .filter(|r| r.score.is_none() && !matches!(r.content.role, Role::Empty | Role::Other))
        .count();
    let n_joined = rows.iter().filter(|r| r.score.is_some()).count();
    notes.push(format!(
        "{} of {} joined, {n_missing} of the plate map without a value",
        plural(n_joined, "well"),
        plural(found.plates.len(), "plate")
    ));
    Ok(notes)
}

fn fill(row: &mut WellRow, map: &PlateMap, name: &str) {
    if let Some(content) = map.content(name, row.well) {
        row.content = content.clone();
    }
    if let Some(assay) = map.plates.get(name) {
        row.layout.clone_from(&assay.layout);
        row.replicate = row.content.replicate.clone().or_else(|| assay.replicate.clone());
        row.content.batch = row.content.batch.clone().or_else(|| assay.batch.clone());
    } else {
        row.replicate.clone_from(&row.content.replicate);
    }
    row.flag = map.flagged.get(&(name.to_owned(), row.well)).cloned();
}

//! What was measured on a plate: a row per well, or the grid of a plate reader.

use std::path::Path;

use super::text::{self, Line, text_at};
use super::well::Well;
use super::{grid, refuse};
use crate::{FormatError, input, spreadsheet};

/// A measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Plate, as the map calls it.
    pub plate: String,
    /// Channel of the measurement, usually 1.
    pub channel: String,
    /// Well.
    pub well: Well,
    /// Value; None where the file has none.
    pub value: Option<f64>,
}

/// What files hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Every value.
    pub values: Vec<Measurement>,
    /// What the user should know of how files were read.
    pub notes: Vec<String>,
}

impl Measured {
    /// Appends what another file holds.
    pub(super) fn extend(&mut self, other: Measured) {
        self.values.extend(other.values);
        self.notes.extend(other.notes);
    }
}

/// A well of a file: its line, what says which it is, and its value, both as text.
type Entry = (usize, String, String);

/// The values in a file with a grid as plate readers (EnVision, Fusion) write it between lines about the instrument: a row of
/// numbers, then rows that begin with a letter; or such a grid without its names, of as many rows and columns as a plate
/// has. Of several grids the first counts, which is what the instrument calculated where it did, and a note says so. The
/// plate is called as the file, without its ending. None when there is no grid, or no text.
///
/// # Errors
/// Values that are no numbers, all at once.
#[must_use]
pub fn reader_grid(path: &Path) -> Option<Result<Measured, FormatError>> {
    let lines = text::rows(path).ok()?;
    let (entries, n_grids) = entries(&lines);
    (n_grids > 0).then(|| measured(path, &input::file_stem(path), "1", entries, n_grids))
}

/// The values in a file of a row per well without header, plate, well and value, or of a grid as [`reader_grid`] takes it.
pub(super) fn values(path: &Path, plate: &str, channel: &str) -> Result<Measured, FormatError> {
    let lines = text::rows(path)?;
    let (entries, n_grids) = entries(&lines);
    measured(path, plate, channel, entries, n_grids)
}

fn measured(
    path: &Path,
    plate: &str,
    channel: &str,
    entries: Vec<Entry>,
    n_grids: usize,
) -> Result<Measured, FormatError> {
    let mut measured = Measured::default();
    if n_grids > 1 {
        measured.notes.push(format!("{}: the first of {n_grids} grids was taken", input::file_name(path)));
    }
    let is_value = |found: &String| !["", "NA", "NaN", "N/A"].contains(&found.as_str());
    let mut values: Vec<Option<String>> =
        entries.iter().map(|(_, _, found)| Some(found.clone()).filter(is_value)).collect();
    spreadsheet::decimal_points(&mut values);
    let mut mistakes = Vec::new();
    for ((line, place, found), text) in entries.iter().zip(values) {
        let value = text.as_deref().and_then(|text| text.parse::<f64>().ok()).filter(|v| v.is_finite());
        if value.is_none() && text.is_some() {
            mistakes.push(format!("row {line}, well {place}: expected a number or NA, found {found:?}"));
        }
        match place.parse() {
            Ok(well) => {
                let (plate, channel) = (plate.to_owned(), channel.to_owned());
                measured.values.push(Measurement { plate, channel, well, value });
            }
            Err(message) => mistakes.push(format!("row {line}, column 2: {message}")),
        }
    }
    if entries.is_empty() {
        mistakes.push("expected a value of at least one well, found none".to_owned());
    }
    if mistakes.is_empty() { Ok(measured) } else { Err(refuse(path, &mistakes)) }
}

/// The wells of a file, and how many grids there are in it; none where it is a table.
fn entries(lines: &[Line]) -> (Vec<Entry>, usize) {
    let named = grid::with_names(lines);
    let lines = named.as_deref().unwrap_or(lines);
    let mut grids = grid::grids(lines);
    grids.retain(|grid| grid.rows.first().is_some_and(|(_, values)| grid::row(values).is_some()));
    let Some(first) = grids.first() else {
        let filled = lines.iter().filter(|(_, values)| values.iter().any(|v| !v.is_empty()));
        let entry =
            |(line, values): &Line| (*line, text_at(values, 1).to_owned(), text_at(values, 2).to_owned());
        return (filled.map(entry).collect(), 0);
    };
    // What follows the rows of letters is about the instrument again.
    let rows = first.rows.iter().map_while(|(line, values)| Some((line, grid::row(values)?, values)));
    let entries = rows.flat_map(|(line, row, values)| {
        let at =
            move |column| (*line, Well { row, column }.to_string(), text_at(values, column + 1).to_owned());
        (0..first.n_columns).map(at)
    });
    (entries.collect(), grids.len())
}

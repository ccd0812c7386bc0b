//! The files of a list: values of the wells of a plate, as a table or as the grid of a plate reader.

use std::path::Path;

use super::sheet::text_at;
use super::{Listed, list, plate_list};
use crate::plate_map::well::Well;
use crate::plate_map::{grid, refuse, text};
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

/// What the files of a list hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Measured {
    /// Every value.
    pub values: Vec<Measurement>,
    /// What the user should know of how files were read.
    pub notes: Vec<String>,
}

/// A well of a file: its line, what says which it is, and its value, both as text.
type Entry = (usize, String, String);

/// The values in the files of a `Platelist`. A file is a row per well without header, plate, well and value, or a grid
/// as plate readers (EnVision, Fusion) write it between lines about the instrument: a row of numbers, then rows that begin with a letter;
/// or such a grid without its names, of as many rows and columns as a plate has. Of several grids in a file the first
/// counts, which is what the instrument calculated where it did, and a note says so. None when `path` is no such list or folder.
///
/// # Errors
/// Files that are missing or of another kind; all mistakes of a file at once.
pub fn measurements(path: &Path) -> Option<Result<Measured, FormatError>> {
    let path = plate_list(path)?;
    Some(list(&path).and_then(|listed| {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut all = Measured::default();
        for one in &listed {
            file_values(&folder.join(&one.file), one, &mut all)?;
        }
        Ok(all)
    }))
}

fn file_values(path: &Path, one: &Listed, all: &mut Measured) -> Result<(), FormatError> {
    let lines = text::rows(path)?;
    let (entries, n_grids) = entries(&lines);
    if n_grids > 1 {
        all.notes.push(format!("{}: the first of {n_grids} grids was taken", input::file_name(path)));
    }
    let is_value = |found: &String| !["", "NA", "NaN", "N/A"].contains(&found.as_str());
    let mut values: Vec<Option<String>> =
        entries.iter().map(|(_, _, found)| Some(found.clone()).filter(is_value)).collect();
    spreadsheet::decimal_points(&mut values);
    let (mut mistakes, plate) = (Vec::new(), one.name());
    for ((line, place, found), text) in entries.iter().zip(values) {
        let value = text.as_deref().and_then(|text| text.parse::<f64>().ok()).filter(|v| v.is_finite());
        if value.is_none() && text.is_some() {
            mistakes.push(format!("row {line}, well {place}: expected a number or NA, found {found:?}"));
        }
        match place.parse() {
            Ok(well) => {
                let (plate, channel) = (plate.clone(), one.channel.clone());
                all.values.push(Measurement { plate, channel, well, value });
            }
            Err(message) => mistakes.push(format!("row {line}, column 2: {message}")),
        }
    }
    if entries.is_empty() {
        mistakes.push("expected a value of at least one well, found none".to_owned());
    }
    if mistakes.is_empty() { Ok(()) } else { Err(refuse(path, &mistakes)) }
}

/// The wells of a file, and how many grids there are in it; none where it is a table.
fn entries(lines: &[text::Line]) -> (Vec<Entry>, usize) {
    let named = grid::with_names(lines);
    let lines = named.as_deref().unwrap_or(lines);
    let mut grids = grid::grids(lines);
    grids.retain(|grid| grid.rows.first().is_some_and(|(_, values)| grid::row(values).is_some()));
    let Some(first) = grids.first() else {
        let filled = lines.iter().filter(|(_, values)| values.iter().any(|v| !v.is_empty()));
        let entry = |(line, values): &text::Line| {
            (*line, text_at(values, 1).to_owned(), text_at(values, 2).to_owned())
        };
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

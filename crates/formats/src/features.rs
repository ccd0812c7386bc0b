//! Features of cells made elsewhere: a row of numbers per cell.

use std::io::{BufReader, Read, Seek};
use std::path::Path;

use cells::Pixels;

use crate::archive::{Archive, ZipLimits};
use crate::error::list;
use crate::npy::{self, Array, Values};
use crate::npz::whole_array;
use crate::table::{Column, Table};
use crate::{FormatError, input};

/// Keys of an `.npz` that hold the features, in order of preference.
const FEATURES: [&str; 2] = ["features", "x"];
/// Keys and columns that say of which class a cell is.
const LABELS: [&str; 4] = ["class", "label", "labels", "y"];

/// Rows of numbers, and what is known of each row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Features {
    /// Numbers in a row.
    pub n_columns: usize,
    /// All numbers, `[n, n_columns]`, row by row.
    pub values: Vec<f32>,
    /// What else the file says of each row; `class` when it names classes.
    pub about: Table,
}

impl Features {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len().checked_div(self.n_columns).unwrap_or(0)
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads features: an `.npy` `[n, d]`; an `.npz` with the key `features` or `x` `[n, d]` and perhaps `labels` or `y`
    /// `[n]`; or a table, CSV or Parquet, whose columns of real numbers are the features. Other columns of a table are
    /// kept as they are; what names the classes becomes `class`.
    ///
    /// # Errors
    /// When the file is none of these, its features are not in rows, or one is missing.
    pub fn read(path: &Path) -> Result<Features, FormatError> {
        let head = input::head(path, 8)?;
        let (file, len) = input::open(path)?;
        if head.starts_with(b"PK") {
            return of_archive(path, Archive::open(path, BufReader::new(file), len, ZipLimits::default())?);
        }
        if head.starts_with(b"\x93NUMPY") {
            let array = npy::read_array(path, &mut BufReader::new(file), Some(len))?;
            let (n_columns, values) = rows(path, array)?;
            return Ok(Features { n_columns, values, about: Table::default() });
        }
        of_table(path, Table::read(path)?)
    }
}

fn of_archive<R: Read + Seek>(path: &Path, mut archive: Archive<R>) -> Result<Features, FormatError> {
    let names: Vec<String> =
        archive.names().iter().map(|name| name.trim_end_matches(".npy").to_owned()).collect();
    let position = |keys: &[&str]| keys.iter().find_map(|key| names.iter().position(|name| name == key));
    let Some(at) = position(&FEATURES) else {
        let expected = format!("a key {}", FEATURES.join(" or "));
        return Err(FormatError::new(path, expected, list(names.iter().cloned())));
    };
    let (n_columns, values) = rows(path, archive.with_member(at, |reader| whole_array(path, reader))?)?;
    let mut about = Table::default();
    if let Some(at) = position(&LABELS) {
        let labels = archive.with_member(at, |reader| whole_array(path, reader))?;
        let n = values.len() / n_columns;
        if labels.shape != [n] {
            let found = format!("shape {:?}", labels.shape);
            return Err(FormatError::new(path, format!("{n} labels"), found).at(&names[at]));
        }
        let text = |i| crate::npz::text_at(&labels.values, i);
        about.push("class", Column::Text((0..n).map(text).collect()));
    }
    Ok(Features { n_columns, values, about })
}

/// Columns and values of an array `[n, d]`.
fn rows(path: &Path, array: Array) -> Result<(usize, Vec<f32>), FormatError> {
    let &[n, d] = &array.shape[..] else {
        return Err(FormatError::new(path, "features [n, d]", format!("shape {:?}", array.shape)));
    };
    if n == 0 || d == 0 {
        return Err(FormatError::new(path, "at least one row and one column", format!("shape {n} x {d}")));
    }
    match array.values {
        Values::Pixels(Pixels::Float32(values), _) => Ok((d, values)),
        Values::Pixels(Pixels::Uint8(values), _) => Ok((d, values.into_iter().map(f32::from).collect())),
        Values::Pixels(Pixels::Uint16(values), _) => Ok((d, values.into_iter().map(f32::from).collect())),
        Values::Int(values) => Ok((d, values.into_iter().map(|v| v as f32).collect())),
        Values::Text(_) => Err(FormatError::new(path, "features that are numbers", "text")),
    }
}

fn of_table(path: &Path, table: Table) -> Result<Features, FormatError> {
    let n = table.n_rows();
    let mut about = Table::default();
    let mut columns = Vec::new();
    let is_label = |name: &&str| table.column(name).is_some_and(|c| !matches!(c, Column::Float(_)));
    let label = LABELS.into_iter().find(is_label);
    for (name, column) in table.columns {
        match column {
            Column::Float(values) => columns.push((name, values)),
            column if Some(name.as_str()) == label => {
                let text = (0..n).map(|row| column.text_at(row)).collect();
                about.push("class", Column::Text(text));
            }
            column => about.push(name, column),
        }
    }
    if columns.is_empty() || n == 0 {
        return Err(FormatError::new(path, "columns of real numbers with at least one row", "none"));
    }
    let mut values = Vec::with_capacity(n * columns.len());
    for row in 0..n {
        for (name, column) in &columns {
            let Some(value) = column[row] else {
                let at = format!("row {}, column {name}", row + 1);
                return Err(FormatError::new(path, "a number in every row", "an empty cell").at(at));
            };
            values.push(value as f32);
        }
    }
    Ok(Features { n_columns: columns.len(), values, about })
}

//! Text tables as they come: commas, tabs or semicolons, rows of any length.

use std::path::Path;

use crate::error::quote;
use crate::{FormatError, input, spreadsheet};

/// Largest plate map, bytes.
const MAX_FILE: u64 = 256 << 20;

/// A row of a text file with its number, from 1.
pub type Line = (usize, Vec<String>);

/// The rows of a text file, each with its number from 1; empty rows keep theirs. A first line `sep=;`, which spreadsheets
/// read, is an empty row.
pub fn rows(path: &Path) -> Result<Vec<Line>, FormatError> {
    if path.is_dir() {
        let expected = "a plate map, or a folder with Platelist.txt or barcode_platemap.csv";
        return Err(FormatError::new(path, expected, "a folder with neither"));
    }
    let bytes = input::read(path, MAX_FILE)?;
    let bytes = spreadsheet::utf8(&bytes);
    let (said, bytes) = spreadsheet::said(&bytes);
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(FormatError::new(path, "a table as text", quote(bytes)));
    }
    let delimiter = said.unwrap_or_else(|| spreadsheet::delimiter(&bytes[..bytes.len().min(4096)]));
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|e| FormatError::new(path, "a table as text", e.to_string()))?;
        let row = record.position().map_or(0, |p| p.line() as usize);
        rows.push((row, record.iter().map(|v| characters(v).trim().to_owned()).collect()));
    }
    Ok(rows)
}

/// A value of a row; rows may end early.
pub fn text_at(values: &[String], column: usize) -> &str {
    values.get(column).map_or("", String::as_str)
}

/// UTF-8, or Latin-1 where it is not: a µ is as often written in one as in the other.
fn characters(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|&byte| char::from(byte)).collect(), str::to_owned)
}

/// The name of a column without case, signs and spaces.
pub fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

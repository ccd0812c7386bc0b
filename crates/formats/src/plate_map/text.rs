//! Text tables as they come: commas, tabs or semicolons, rows of any length.

use std::path::Path;

use crate::error::quote;
use crate::{FormatError, input};

/// Largest plate map, bytes.
const MAX_FILE: u64 = 256 << 20;

/// The rows of a text file, each with its number from 1; empty rows keep theirs.
pub fn rows(path: &Path) -> Result<Vec<(usize, Vec<String>)>, FormatError> {
    let bytes = input::read(path, MAX_FILE)?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    if bytes.is_empty() || bytes.contains(&0) {
        return Err(FormatError::new(path, "a table as text", quote(bytes)));
    }
    let head: Vec<u8> = bytes.iter().copied().take(4096).collect();
    let n = |b: u8| head.iter().filter(|&&c| c == b).count();
    let delimiter = [b'\t', b';', b','].into_iter().max_by_key(|&b| (n(b), b == b',')).unwrap_or(b',');
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(bytes);
    let mut rows = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|e| FormatError::new(path, "a table as text", e.to_string()))?;
        let row = record.position().map_or(0, |p| p.line() as usize);
        // Names of compounds are as often Latin-1 as UTF-8.
        rows.push((row, record.iter().map(|v| String::from_utf8_lossy(v).trim().to_owned()).collect()));
    }
    Ok(rows)
}

/// The name of a column without case, signs and spaces.
pub fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

//! Tables with named columns below lines of something else.

use std::path::{Path, PathBuf};

use crate::FormatError;
use crate::plate_map::text::{self, Line, key};

/// A table with named columns, and where it is.
pub struct Sheet {
    pub path: PathBuf,
    /// The lines before its header, with their numbers.
    pub before: Vec<Line>,
    pub names: Vec<String>,
    /// The lines after it that are not empty, with their numbers.
    pub rows: Vec<Line>,
}

impl Sheet {
    /// The table whose header is the first row with the column `first`.
    pub fn read(path: &Path, first: &[&str]) -> Result<Sheet, FormatError> {
        let mut before = text::rows(path)?;
        let is_header = |values: &[String]| values.first().is_some_and(|v| first.contains(&key(v).as_str()));
        let Some(at) = before.iter().position(|(_, values)| is_header(values)) else {
            let expected = format!("a header that begins with {}", first.join(" or "));
            return Err(FormatError::new(path, expected, "none"));
        };
        let body = before.split_off(at + 1);
        let names = before.pop().map(|(_, names)| names).unwrap_or_default();
        let rows = body.into_iter().filter(|(_, v)| v.iter().any(|v| !v.is_empty())).collect();
        Ok(Sheet { path: path.to_path_buf(), before, names, rows })
    }

    /// Which column is called so, without case and signs.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| key(n) == name)
    }

    /// The column that is called so.
    pub fn need(&self, name: &str) -> Result<usize, FormatError> {
        self.column(name).ok_or_else(|| {
            FormatError::new(&self.path, format!("a column {name}"), crate::error::list(&self.names))
        })
    }
}

//! What is said when a file is refused.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// A file was refused, could not be read, or could not be written.
///
/// The message always has the path, what was expected and what was found:
/// `cells.npy: expected a .npy header, found "PK\x03\x04"`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct FormatError {
    /// The file or folder.
    pub path: PathBuf,
    /// The place inside it: a member, a key, a row.
    pub place: Option<String>,
    /// What a file of this kind should have had there.
    pub expected: String,
    /// What it has.
    pub found: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(place) = &self.place {
            write!(f, ", {place}")?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl FormatError {
    /// A refusal of `path` as a whole.
    pub fn new(path: impl AsRef<Path>, expected: impl Into<String>, found: impl Into<String>) -> Self {
        FormatError {
            path: path.as_ref().to_path_buf(),
            place: None,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The same refusal, with the place inside the file.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The same refusal of a file that lies under `to` rather than `from`.
    #[must_use]
    pub(crate) fn moved(mut self, from: &Path, to: &Path) -> Self {
        if let Ok(rest) = self.path.strip_prefix(from) {
            self.path = if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) };
        }
        self
    }

    /// The operating system refused: `expected` says what should have been possible, e.g. "a readable file".
    pub fn io(path: impl AsRef<Path>, expected: impl Into<String>, error: &io::Error) -> Self {
        let found = match error.kind() {
            io::ErrorKind::NotFound => "nothing there".to_owned(),
            io::ErrorKind::StorageFull => "a full disk".to_owned(),
            io::ErrorKind::UnexpectedEof => "the end of the file too early".to_owned(),
            _ => error.to_string(),
        };
        FormatError::new(path, expected, found)
    }
}

/// The first bytes of a file, for a message: printable ones as they are, others escaped.
pub(crate) fn quote(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "an empty file".to_owned();
    }
    format!("\"{}\"", bytes[..bytes.len().min(8)].escape_ascii())
}

/// At most five of `names`, then how many more there are.
pub(crate) fn list<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|n| n.to_string()).collect();
    let shown = names.iter().take(5).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "none".to_owned(),
        n if n > 5 => format!("{shown} and {} more", n - 5),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_has_path_place_expected_and_found() {
        let error = FormatError::new("a.npy", "a .npy header", quote(b"PK\x03\x04")).at("byte 0");
        assert_eq!(error.to_string(), "a.npy, byte 0: expected a .npy header, found \"PK\\x03\\x04\"");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(list(["a", "b"]), "a, b");
        assert_eq!(list(1..=7), "1, 2, 3, 4, 5 and 2 more");
    }
}

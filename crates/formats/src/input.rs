//! Opening files that may be anything: missing, a device, unreadable, too large.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::FormatError;

/// Opens a regular file for reading; gives its length in bytes with it.
///
/// # Errors
/// When it is missing, unreadable, or not a regular file (a pipe would block, a device would not end).
pub(crate) fn open(path: &Path) -> Result<(File, u64), FormatError> {
    let unreadable = |e: &std::io::Error| FormatError::io(path, "a readable file", e);
    let metadata = std::fs::metadata(path).map_err(|e| unreadable(&e))?;
    if !metadata.is_file() {
        let found = if metadata.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(FormatError::new(path, "a regular file", found));
    }
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    Ok((file, metadata.len()))
}

/// The whole of a file of at most `cap` bytes.
///
/// # Errors
/// As [`open`], and when it is larger.
pub(crate) fn read(path: &Path, cap: u64) -> Result<Vec<u8>, FormatError> {
    let (file, len) = open(path)?;
    let too_large = |found: String| FormatError::new(path, format!("at most {cap} bytes"), found);
    if len > cap {
        return Err(too_large(format!("{len} bytes")));
    }
    let mut bytes = Vec::new();
    // Files of /proc claim a length of 0, and a file may grow: the cap holds for what is read.
    file.take(cap + 1).read_to_end(&mut bytes).map_err(|e| FormatError::io(path, "a readable file", &e))?;
    if bytes.len() as u64 > cap {
        return Err(too_large("more".to_owned()));
    }
    Ok(bytes)
}

/// The first bytes of a file, at most `n`.
///
/// # Errors
/// As [`open`].
pub(crate) fn head(path: &Path, n: u64) -> Result<Vec<u8>, FormatError> {
    let (file, _) = open(path)?;
    let mut bytes = Vec::new();
    file.take(n).read_to_end(&mut bytes).map_err(|e| FormatError::io(path, "a readable file", &e))?;
    Ok(bytes)
}

/// Last component of a path as text, for names that must not depend on where a file lies.
pub(crate) fn file_name(path: &Path) -> String {
    let named = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    named.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Last component of a path without its ending.
pub(crate) fn file_stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

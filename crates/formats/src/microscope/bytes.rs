//! Bytes that are read by position, by many threads at once.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::{FormatError, input};

/// A file that stays open, or bytes in memory.
#[derive(Debug)]
pub(super) struct Bytes {
    path: PathBuf,
    len: u64,
    kept: Kept,
}

#[derive(Debug)]
enum Kept {
    File(File),
    Memory(Vec<u8>),
}

impl Bytes {
    /// Opens a regular file.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let (file, len) = input::open(path)?;
        Ok(Bytes { path: path.to_path_buf(), len, kept: Kept::File(file) })
    }

    /// Bytes in memory; `path` is for messages.
    pub fn of(path: &Path, bytes: Vec<u8>) -> Self {
        Bytes { path: path.to_path_buf(), len: bytes.len() as u64, kept: Kept::Memory(bytes) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn len(&self) -> u64 {
        self.len
    }

    /// The refusal of something expected in this file.
    pub fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> FormatError {
        FormatError::new(&self.path, expected, found)
    }

    /// That `len` bytes at `at` lie within the file.
    pub fn check(&self, at: u64, len: u64) -> Result<(), FormatError> {
        if at.checked_add(len).is_some_and(|end| end <= self.len) {
            return Ok(());
        }
        Err(self.refuse(format!("{len} bytes at byte {at}"), format!("a file of {} bytes", self.len)))
    }

    /// Fills `out` with the bytes at `at`.
    pub fn read_into(&self, at: u64, out: &mut [u8]) -> Result<(), FormatError> {
        self.check(at, out.len() as u64)?;
        match &self.kept {
            Kept::File(file) => read_exact_at(file, at, out)
                .map_err(|e| FormatError::io(&self.path, format!("{} bytes at byte {at}", out.len()), &e)),
            Kept::Memory(bytes) => {
                // Within bounds, as just checked.
                out.copy_from_slice(&bytes[at as usize..at as usize + out.len()]);
                Ok(())
            }
        }
    }

    /// `len` bytes at `at`. They are known to be there before memory is taken.
    pub fn read(&self, at: u64, len: usize) -> Result<Vec<u8>, FormatError> {
        self.check(at, len as u64)?;
        let mut out = vec![0; len];
        self.read_into(at, &mut out)?;
        Ok(out)
    }

    /// As many of the bytes at `at` as there are, at most `len`.
    pub fn read_up_to(&self, at: u64, len: usize) -> Result<Vec<u8>, FormatError> {
        let there = self.len.saturating_sub(at).min(len as u64);
        self.read(at, there as usize)
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, at: u64, out: &mut [u8]) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut at: u64, mut out: &mut [u8]) -> std::io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, at)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => {
                out = &mut out[n..];
                at += n as u64;
            }
        }
    }
    Ok(())
}

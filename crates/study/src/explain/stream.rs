//! Arrays of maps, written a batch at a time.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use formats::{FormatError, npy};

/// A `.npy` of float32 that grows.
pub struct MapFile {
    path: PathBuf,
    out: BufWriter<File>,
}

impl MapFile {
    /// Begins an array of this shape.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn create(path: &Path, shape: &[usize]) -> Result<MapFile, FormatError> {
        let out = File::create(path).map_err(|e| unwritable(path, &e))?;
        let mut file = MapFile { path: path.to_owned(), out: BufWriter::new(out) };
        file.put(&npy::float32_header(shape))?;
        Ok(file)
    }

    /// Appends values.
    ///
    /// # Errors
    /// As [`MapFile::create`].
    pub fn append(&mut self, values: &[f32]) -> Result<(), FormatError> {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        self.put(&bytes)
    }

    /// Brings everything to the disk.
    ///
    /// # Errors
    /// As [`MapFile::create`].
    pub fn finish(mut self) -> Result<(), FormatError> {
        let done = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        done.map_err(|e| unwritable(&self.path, &e))
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), FormatError> {
        self.out.write_all(bytes).map_err(|e| unwritable(&self.path, &e))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> FormatError {
    FormatError::io(path, "a file that can be written", error)
}

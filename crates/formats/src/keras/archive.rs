//! The parts of a `.keras` file.

use std::io::Cursor;
use std::path::Path;

use crate::FormatError;
use crate::archive::{Archive, ZipLimits};

/// What a `.keras` file is made of.
pub(super) struct Parts {
    /// The architecture, JSON.
    pub config: Vec<u8>,
    /// The weights, HDF5.
    pub weights: Vec<u8>,
    /// Facts about the file, JSON, where there are any.
    pub metadata: Option<Vec<u8>>,
}

/// Name of the member with facts about the file.
const METADATA: &str = "metadata.json";

/// Finds the parts; members that are neither are left alone.
pub(super) fn parse(path: &Path, bytes: Vec<u8>) -> Result<Parts, FormatError> {
    let limits = ZipLimits { n_members: 10_000, ..ZipLimits::default() };
    let len = bytes.len() as u64;
    let mut archive = Archive::open(path, Cursor::new(bytes), len, limits)?;
    let mut member = |name: &str, cap: u64| {
        let index = archive.names().iter().position(|n| n == name);
        let missing = || {
            let found = crate::error::list(archive.names());
            FormatError::new(path, format!("a Keras model with a member {name:?}"), found)
        };
        archive.read(index.ok_or_else(missing)?, cap)
    };
    let config = member("config.json", super::MAX_CONFIG)?;
    let weights = member("model.weights.h5", super::MAX_FILE)?;
    let index = archive.names().iter().position(|name| name == METADATA);
    let metadata = index.map(|index| archive.read(index, super::MAX_CONFIG)).transpose()?;
    Ok(Parts { config, weights, metadata })
}

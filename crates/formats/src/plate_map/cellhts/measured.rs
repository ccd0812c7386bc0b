//! The files of a list: values of the wells of a plate.

use std::path::Path;

use super::{list, plate_list};
use crate::FormatError;
use crate::plate_map::measured::{Measured, values};

/// The values in the files of a `Platelist`: a row per well without header, plate, well and value, or a grid as plate readers
/// write it. Of several grids in a file the first counts, and a note says so. None when `path` is no such list or folder.
///
/// # Errors
/// Files that are missing or of another kind; all mistakes of a file at once.
pub fn measurements(path: &Path) -> Option<Result<Measured, FormatError>> {
    let path = plate_list(path)?;
    Some(list(&path).and_then(|listed| {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut all = Measured::default();
        for one in &listed {
            all.extend(values(&folder.join(&one.file), &one.name(), &one.channel)?);
        }
        Ok(all)
    }))
}

//! `import`: labelled cells of any kind into a crop set on disk, or into a TFRecord file.

use std::path::Path;

use cells::CellSet;
use formats::{atomic, crops, tfrecord};

use crate::{StudyError, error::plural};

/// Whether [`import`] may write `output`; callers may not want to read cells in vain.
///
/// # Errors
/// When something else than a crop set is there, or the folder around it is missing.
pub fn check_output(output: &Path) -> Result<(), StudyError> {
    let check = if tfrecord::is_name(output) {
        atomic::check_file(output)
    } else {
        atomic::check_folder(output, crops::MARK)
    };
    Ok(check?)
}

/// What [`import`] makes of a file or folder called `output`.
#[must_use]
pub fn kind(output: &Path) -> &'static str {
    if tfrecord::is_name(output) { "TFRecord" } else { "crop set" }
}

/// Writes the cells as a crop set, or as TFRecord when `output` ends in `.tfrecord` or `.tfrecords`, and returns what it
/// holds, in lines for people.
///
/// # Errors
/// When it cannot be written; nothing is left half-written.
pub fn import(cells: &CellSet, output: &Path) -> Result<Vec<String>, StudyError> {
    if tfrecord::is_name(output) {
        tfrecord::write(output, cells)?
    } else {
        crops::write(output, cells)?
    }
    let groups: std::collections::BTreeSet<&str> = cells.cells.iter().map(|c| c.group.as_str()).collect();
    let mut lines = vec![format!(
        "{} of {} ({}), channels {}, {}",
        plural(cells.len(), "cell"),
        cells.shape,
        cells.pixels.depth(),
        cells.channels.join(", "),
        plural(groups.len(), "group")
    )];
    for (class, name) in cells.classes.iter().enumerate() {
        let n = cells.cells.iter().filter(|c| c.class == Some(class)).count();
        lines.push(format!("  {name}: {n}"));
    }
    let unlabelled = cells.cells.iter().filter(|c| c.class.is_none()).count();
    if unlabelled > 0 {
        lines.push(format!("  without a class: {unlabelled}"));
    }
    Ok(lines)
}

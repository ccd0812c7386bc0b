//! The folder of a study.

use std::path::{Path, PathBuf};

use formats::{FormatError, atomic};
use serde::{Deserialize, Serialize};

use crate::StudyError;

/// The label store in it.
const STORE: &str = "study.sqlite";
/// Where the page was served last.
const ADDRESS: &str = "address.json";

/// Where a page was served, so that it finds its labels again after a restart: what a page could not send yet is kept by the
/// browser for this port alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Port.
    pub port: u16,
    /// What lets a browser in.
    pub token: String,
}

impl Address {
    /// The last one of a study, when there is one that can be read.
    #[must_use]
    pub fn read(folder: &Path) -> Option<Address> {
        let text = std::fs::read(folder.join(ADDRESS)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps it, readable by its owner alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        let path = folder.join(ADDRESS);
        let failed = |e: &std::io::Error| FormatError::io(&path, "a file that can be written", e);
        let text = serde_json::to_vec(self).map_err(|e| failed(&e.into()))?;
        Ok(atomic::write_file(&path, |out| {
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                out.get_ref().set_permissions(std::fs::Permissions::from_mode(0o600))?;
            }
            std::io::Write::write_all(out, &text)
        })?)
    }
}

/// Where the study of an image is when nobody says: `NAME.study` beside it.
#[must_use]
pub fn folder_for(image: &Path) -> PathBuf {
    let whole = image.components().as_path();
    let stem = whole.file_stem().map_or_else(|| "images".into(), |stem| stem.to_string_lossy());
    whole.with_file_name(format!("{stem}.study"))
}

/// Makes the folder when it is not there, and says where the label store is.
pub(super) fn prepare(folder: &Path) -> Result<PathBuf, StudyError> {
    if !folder.is_dir() {
        std::fs::create_dir(folder)
            .map_err(|e| FormatError::io(folder, "a folder for the study (or --study DIR)", &e))?;
    }
    Ok(folder.join(STORE))
}

/// The label store of a study that is there.
pub(super) fn existing(folder: &Path) -> Result<PathBuf, StudyError> {
    let path = folder.join(STORE);
    if path.is_file() {
        return Ok(path);
    }
    Err(FormatError::new(
        folder,
        format!("the folder of a study, which annotate makes, with {STORE}"),
        "none",
    )
    .into())
}

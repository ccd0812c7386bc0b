//! What is kept of a prediction in images until all is written: `NAME.crops.predicted/`.
//!
//! The cells are predicted in parts, and each part is on the disk before the next begins; so what was done before an interruption need not
//! be done again, and the result is the same.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use formats::{FormatError, atomic};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::crop::{CropRequest, Cropped, fingerprint};
use crate::{Dataset, Model, StudyError};

/// What the parts belong to.
const REQUEST: &str = "request.json";
/// What was cut.
const CROPPED: &str = "cropped.json";

/// The folder of what is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    folder: PathBuf,
}

impl Kept {
    /// The folder beside the crops of `request`. What an interrupted run left there is kept with `request.resume`, and thrown away
    /// otherwise.
    ///
    /// # Errors
    /// With `request.resume`, when it belongs to another model or request; when the folder cannot be made.
    pub fn open(model: &Model, request: &CropRequest) -> Result<Kept, StudyError> {
        let folder = beside(&request.output);
        let ours = json!({ "crop": fingerprint(request)?, "model": hash(model)? });
        let mark = folder.join(REQUEST);
        let before: Option<Value> =
            fs::read(&mark).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let unwritable = |e: &io::Error| FormatError::io(&folder, "a folder that can be written", e);
        match before {
            Some(before) if request.resume && before == ours => return Ok(Kept { folder }),
            Some(_) if request.resume => {
                let found = "one with another model, other settings, images or points";
                let folder = folder.display();
                let message = format!("{folder}: expected what is left of the same command, found {found}");
                return Err(StudyError::Refused(message));
            }
            Some(_) => fs::remove_dir_all(&folder).map_err(|e| unwritable(&e))?,
            None => {}
        }
        fs::create_dir_all(&folder).map_err(|e| unwritable(&e))?;
        atomic::write_file(&mark, |out| out.write_all(ours.to_string().as_bytes()))?;
        Ok(Kept { folder })
    }

    /// What was cut, when that is done and the crops are there.
    #[must_use]
    pub fn cropped(&self, crops: &Path) -> Option<Cropped> {
        let bytes =
            fs::read(self.folder.join(CROPPED)).ok().filter(|_| formats::crops::is_crop_set(crops))?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps what was cut.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_cropped(&self, cropped: &Cropped) -> Result<(), StudyError> {
        let bytes = serde_json::to_vec(cropped).map_err(|e| StudyError::Refused(e.to_string()))?;
        Ok(atomic::write_file(&self.folder.join(CROPPED), |out| out.write_all(&bytes))?)
    }

    /// The probabilities of the cells of `data`, `[n, classes]`, which are a part that begins with cell `first`.
    ///
    /// # Errors
    /// As [`Model::probabilities`]; a part that cannot be written.
    pub fn probabilities(&self, model: &Model, data: &Dataset, first: usize) -> Result<Vec<f64>, StudyError> {
        let path = self.folder.join(format!("{first:010}.p"));
        let n = data.cells.len() * model.classes.len();
        if let Some(before) = read(&path).filter(|before| before.len() == n) {
            return Ok(before);
        }
        let everyone: Vec<usize> = (0..data.cells.len()).collect();
        let found = model.probabilities(data, &everyone)?;
        atomic::write_file(&path, |out| found.iter().try_for_each(|p| out.write_all(&p.to_le_bytes())))?;
        Ok(found)
    }
}

/// Throws away what is kept beside `crops`.
pub fn remove(crops: &Path) {
    // What cannot be removed does no harm.
    let _ = fs::remove_dir_all(beside(crops));
}

fn beside(crops: &Path) -> PathBuf {
    let mut name = crops.as_os_str().to_owned();
    name.push(".predicted");
    PathBuf::from(name)
}

fn read(path: &Path) -> Option<Vec<f64>> {
    let bytes = fs::read(path).ok()?;
    let (values, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| values.iter().map(|value| f64::from_le_bytes(*value)).collect())
}

/// SHA-256 of what a model makes of cells.
fn hash(model: &Model) -> Result<String, StudyError> {
    let mut hash = Sha256::new();
    let refuse = |e: serde_json::Error| StudyError::Refused(e.to_string());
    hash.update(serde_json::to_vec(model.network.spec()).map_err(refuse)?);
    hash.update(serde_json::to_vec(&(&model.classes, &model.contract, model.temperature)).map_err(refuse)?);
    hash.update(format!("{:?}", model.precision));
    for tensor in &model.network.weights().tensors {
        tensor.data.iter().for_each(|v| hash.update(v.to_le_bytes()));
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

//! What is kept of a prediction in images until all is written: `NAME.crops.predicted/`.
//!
//! The cells are predicted in parts, and each part is on the disk before the next begins; so what was done before an interruption need not
//! be done again, and the result is the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use formats::atomic;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::crop::{CropRequest, Cropped, fingerprint, unfinished};
use crate::{Dataset, Model, Silent, StudyError};

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
        let folder = folder(&request.output);
        let ours = json!({ "crop": fingerprint(request)?, "model": hash(model)? });
        let others = "one with another model, other settings, images or points";
        unfinished::open(&folder, &ours, request.resume, others)?;
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
        let found = model.probabilities(data, &everyone, &Silent)?;
        atomic::write_file(&path, |out| found.iter().try_for_each(|p| out.write_all(&p.to_le_bytes())))?;
        Ok(found)
    }
}

/// Throws away what is kept beside `crops`.
pub fn remove(crops: &Path) {
    unfinished::remove(&folder(crops));
}

fn folder(crops: &Path) -> PathBuf {
    unfinished::beside(crops, ".predicted")
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

//! A trained classifier: network, classes, preprocessing contract, manifest; one safetensors file.

use std::{collections::BTreeMap, path::Path};

use cells::augment::Dihedral;
use formats::model::ModelFile;
use nn::{
    Network, Precision,
    predict::Predictor,
    spec::NetworkSpec,
    weights::{Tensor, Weights},
};
use serde::{Deserialize, Serialize};

use crate::progress::in_parts;
use crate::{Dataset, Progress, StudyError, contract::Contract, settings::Views};

/// Version of the metadata in the file; a higher one is refused.
const VERSION: u32 = 1;

/// How a model came about, so that it can be made again. Nothing here depends on the clock, paths or the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the program.
    pub program: String,
    /// SHA-256 of the cells (see [`Dataset::hash`]).
    pub data_sha256: String,
    /// Number of training cells of each class.
    pub training_cells: BTreeMap<String, usize>,
    /// How the cells were divided, in words.
    pub split: String,
    /// All settings, as TOML.
    pub settings: String,
    /// Epoch that was kept, counted from 1.
    pub epoch: u32,
    /// Choices the program made itself, in words.
    pub choices: Vec<String>,
    /// Whether training ended as planned or was stopped before.
    pub complete: bool,
}

/// A trained classifier with all that is needed to apply it.
#[derive(Debug, Clone)]
pub struct Model {
    /// Layers and weights.
    pub network: Network,
    /// Class names in the order of the outputs.
    pub classes: Vec<String>,
    /// What the input must look like.
    pub contract: Contract,
    /// Logits are divided by this before the softmax; fitted on validation cells, 1 when there were none.
    pub temperature: f64,
    /// How the model came about.
    pub manifest: Manifest,
    /// Figures on validation cells, as in `metrics.json`; null when there were none.
    pub validation: serde_json::Value,
    /// How precisely it is applied: a choice of the day that the file does not keep, `f32` after loading.
    pub precision: Precision,
}

impl Model {
    /// Whether [`Model::save`] may write `path`: to refuse before training rather than after it.
    ///
    /// # Errors
    /// When something else than a file is there, or its folder is missing.
    pub fn check_output(path: &Path) -> Result<(), StudyError> {
        Ok(formats::atomic::check_file(path)?)
    }

    /// Writes the model; the file appears whole or not at all, and the same model gives the same bytes.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), StudyError> {
        let mut metadata = BTreeMap::new();
        metadata.insert("morphotype".to_owned(), VERSION.to_string());
        put(&mut metadata, "network", self.network.spec())?;
        put(&mut metadata, "classes", &self.classes)?;
        put(&mut metadata, "contract", &self.contract)?;
        put(&mut metadata, "temperature", &self.temperature)?;
        put(&mut metadata, "manifest", &self.manifest)?;
        put(&mut metadata, "validation", &self.validation)?;
        let tensors = self.network.weights().tensors.iter().map(|t| formats::model::Tensor {
            name: t.name.clone(),
            shape: t.shape.clone(),
            values: t.data.clone(),
        });
        ModelFile { tensors: tensors.collect(), metadata }.write(path)?;
        Ok(())
    }

    /// Reads a model.
    ///
    /// # Errors
    /// When the file is no model of this program, or its parts contradict each other.
    pub fn load(path: &Path) -> Result<Self, StudyError> {
        let file = ModelFile::read(path)?;
        let version: u32 = take(&file, path, "morphotype")?;
        if version > VERSION {
            return Err(refused(path, &format!("expected version {VERSION} or older, found {version}")));
        }
        let spec: NetworkSpec = take(&file, path, "network")?;
        let tensors = file.tensors.iter().map(|t| Tensor {
            name: t.name.clone(),
            shape: t.shape.clone(),
            data: t.values.clone(),
            trainable: true,
        });
        let weights = Weights { tensors: tensors.collect() };
        let network = Network::from_weights(spec, weights).map_err(|e| refused(path, &e.to_string()))?;
        let model = Model {
            network,
            classes: take(&file, path, "classes")?,
            contract: take(&file, path, "contract")?,
            temperature: take(&file, path, "temperature")?,
            manifest: take(&file, path, "manifest")?,
            validation: take(&file, path, "validation")?,
            precision: Precision::F32,
        };
        model.check_parts(path)?;
        Ok(model)
    }

    fn check_parts(&self, path: &Path) -> Result<(), StudyError> {
        let outputs = self.network.spec().outputs();
        if outputs != self.classes.len() {
            return Err(refused(path, &format!("expected {outputs} classes, found {}", self.classes.len())));
        }
        let input = self.network.spec().input;
        let shape = self.contract.shape();
        if (input.h, input.w, input.c) != (shape.h, shape.w, shape.c) {
            return Err(refused(
                path,
                &format!("expected a contract of {}x{}x{}, found {shape}", input.h, input.w, input.c),
            ));
        }
        if !(self.temperature.is_finite() && self.temperature > 0.0) {
            return Err(refused(
                path,
                &format!("expected a positive temperature, found {}", self.temperature),
            ));
        }
        Ok(())
    }

    /// Class probabilities of the cells of `data` at `indices`, `[n, classes]` row by row; each row sums to 1.
    ///
    /// # Errors
    /// When the data do not fit the contract or cannot be read; a request to stop.
    pub fn probabilities(
        &self,
        data: &Dataset,
        indices: &[usize],
        progress: &dyn Progress,
    ) -> Result<Vec<f64>, StudyError> {
        self.contract.check(data)?;
        let mut probabilities = Vec::with_capacity(indices.len() * self.classes.len());
        in_parts(progress, "predicting", indices, |part| {
            let logits = logits(&self.network, self.precision, &self.contract, data, part)?;
            probabilities.extend(softmax(&logits, self.classes.len(), self.temperature));
            Ok(())
        })?;
        Ok(probabilities)
    }

    /// What the last layer reads of the cells of `data` at `indices`: how many features, and `[n, features]` row by row.
    /// Each cell is seen as it is, in one view.
    ///
    /// # Errors
    /// As [`Model::probabilities`].
    pub fn features(
        &self,
        data: &Dataset,
        indices: &[usize],
        progress: &dyn Progress,
    ) -> Result<(usize, Vec<f32>), StudyError> {
        self.contract.check(data)?;
        let predictor = Predictor::with_precision(&self.network, self.precision)
            .map_err(|e| StudyError::Refused(e.to_string()))?;
        let mut features = Vec::with_capacity(indices.len() * predictor.feature_count());
        in_parts(progress, "features", indices, |part| {
            features.extend(predictor.features(part.len(), |i, crop: &mut [f32]| {
                data.read_crop(part[i], crop)?;
                normalise(&self.contract, data, part[i], crop)
            })?);
            Ok(())
        })?;
        Ok((predictor.feature_count(), features))
    }
}

/// Scales the intensities of a crop as the contract says.
pub(crate) fn normalise(
    contract: &Contract,
    data: &Dataset,
    index: usize,
    crop: &mut [f32],
) -> Result<(), StudyError> {
    let named = |e| StudyError::Refused(format!("{}: {e}", data.cells[index].name));
    contract.normalise.apply(contract.shape(), crop).map_err(named)
}

/// Logits of the cells at `indices`, averaged over the contract's views, `[n, classes]`. Any number of threads and
/// any batch gives the same bits.
///
/// # Errors
/// When a crop cannot be read or holds a value that is not finite.
pub fn logits(
    network: &Network,
    precision: Precision,
    contract: &Contract,
    data: &Dataset,
    indices: &[usize],
) -> Result<Vec<f32>, StudyError> {
    let predictor =
        Predictor::with_precision(network, precision).map_err(|e| StudyError::Refused(e.to_string()))?;
    let shape = contract.shape();
    let views = match contract.views {
        Views::One => vec![Dihedral::new(0, false)],
        Views::Dihedral => Dihedral::all(shape),
    };
    let mut sum: Vec<f32> = Vec::new();
    for view in &views {
        let one = predictor.logits(indices.len(), |i, crop: &mut [f32]| {
            data.read_crop(indices[i], crop)?;
            if views.len() > 1 {
                let plain = crop.to_vec();
                view.apply(shape, &plain, crop);
            }
            normalise(contract, data, indices[i], crop)
        })?;
        if sum.is_empty() {
            sum = one;
        } else {
            sum.iter_mut().zip(one).for_each(|(s, l)| *s += l);
        }
    }
    let n_views = views.len() as f32;
    sum.iter_mut().for_each(|s| *s /= n_views);
    Ok(sum)
}

/// Softmax of each row of `logits / temperature`, in double precision.
#[must_use]
pub fn softmax(logits: &[f32], n_classes: usize, temperature: f64) -> Vec<f64> {
    let logits: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
    stats::calibration::softmax(&logits, n_classes, temperature)
}

fn put<T: Serialize>(
    metadata: &mut BTreeMap<String, String>,
    key: &str,
    value: &T,
) -> Result<(), StudyError> {
    let text = serde_json::to_string(value).map_err(|e| StudyError::Refused(format!("{key}: {e}")))?;
    metadata.insert(key.to_owned(), text);
    Ok(())
}

fn take<T: serde::de::DeserializeOwned>(file: &ModelFile, path: &Path, key: &str) -> Result<T, StudyError> {
    let text = file.metadata.get(key).ok_or_else(|| {
        refused(path, &format!("expected a model of this program with {key:?} in its metadata, found none"))
    })?;
    serde_json::from_str(text).map_err(|e| refused(path, &format!("metadata {key:?}: {e}")))
}

fn refused(path: &Path, what: &str) -> StudyError {
    StudyError::Refused(format!("{}: {what}", path.display()))
}

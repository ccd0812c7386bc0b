//! The state of a fit after an epoch, on disk, so that a killed run goes on as if nothing had happened.

use std::path::{Path, PathBuf};

use formats::model::ModelFile;
use nn::weights::{Tensor, Weights};

use super::history::{Epoch, Validation};
use crate::StudyError;

/// The best epoch so far.
#[derive(Debug, Clone)]
pub struct Best {
    /// Counted from 1.
    pub epoch: u32,
    /// Its figures.
    pub validation: Validation,
    /// Its weights.
    pub weights: Weights,
}

/// Everything a fit needs to go on.
#[derive(Debug, Clone)]
pub struct State {
    /// Figures of the epochs done.
    pub history: Vec<Epoch>,
    /// Optimiser steps done.
    pub step: u64,
    /// The weights being trained.
    pub weights: Weights,
    /// The optimiser's own tensors.
    pub optimizer: Vec<Tensor>,
    /// The averaged weights, when asked for.
    pub average: Option<Weights>,
    /// The best epoch, when there are validation cells.
    pub best: Option<Best>,
}

/// Where the checkpoints of one fit lie, and what must be the same for them to be used.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    path: PathBuf,
    fingerprint: String,
}

impl Checkpoint {
    /// The checkpoint called `name` in `folder`; `fingerprint` stands for data and settings.
    pub fn new(folder: &Path, name: &str, fingerprint: &str) -> Self {
        Checkpoint {
            path: folder.join(format!("{name}.checkpoint.safetensors")),
            fingerprint: fingerprint.to_owned(),
        }
    }

    /// Writes the state beside the name and renames it, so that a kill leaves the last whole one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, state: &State) -> Result<(), StudyError> {
        let mut tensors = Vec::new();
        let mut add = |part: &str, list: &[Tensor]| {
            tensors.extend(list.iter().map(|t| formats::model::Tensor {
                name: format!("{part}/{}", t.name),
                shape: t.shape.clone(),
                values: t.data.clone(),
            }));
        };
        add("weights", &state.weights.tensors);
        add("optimizer", &state.optimizer);
        if let Some(average) = &state.average {
            add("average", &average.tensors);
        }
        if let Some(best) = &state.best {
            add("best", &best.weights.tensors);
        }
        let best = state.best.as_ref().map(|b| (b.epoch, b.validation));
        let facts = serde_json::json!({ "step": state.step, "history": state.history, "best": best });
        let metadata = [("checkpoint", self.fingerprint.clone()), ("facts", facts.to_string())];
        let metadata = metadata.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        ModelFile { tensors, metadata }.write(&self.path)?;
        Ok(())
    }

    /// The last state; none when there is no file.
    ///
    /// # Errors
    /// When the file is broken, or belongs to other data or settings.
    pub fn load(&self, like: &Weights) -> Result<Option<State>, StudyError> {
        if !self.path.exists() {
            return Ok(None);
        }
        let file = ModelFile::read(&self.path)?;
        if file.metadata.get("checkpoint") != Some(&self.fingerprint) {
            return Err(self.refused("expected a checkpoint of the same data and settings, found another's; train without --resume to start anew"));
        }
        let facts: Facts = file
            .metadata
            .get("facts")
            .and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| self.refused("expected the facts of a checkpoint, found none"))?;
        let best = facts.best.map(|(epoch, validation)| {
            let weights = weights_like(like, &part(&file, "best"));
            Best { epoch, validation, weights }
        });
        let average = part(&file, "average");
        Ok(Some(State {
            history: facts.history,
            step: facts.step,
            weights: weights_like(like, &part(&file, "weights")),
            optimizer: part(&file, "optimizer"),
            average: (!average.is_empty()).then(|| weights_like(like, &average)),
            best,
        }))
    }

    fn refused(&self, what: &str) -> StudyError {
        StudyError::Refused(format!("{}: {what}", self.path.display()))
    }
}

#[derive(serde::Deserialize)]
struct Facts {
    step: u64,
    history: Vec<Epoch>,
    best: Option<(u32, Validation)>,
}

/// The tensors whose names begin with `part/`, without it.
fn part(file: &ModelFile, part: &str) -> Vec<Tensor> {
    let of_part = file.tensors.iter().filter_map(|t| {
        let name = t.name.strip_prefix(part)?.strip_prefix('/')?.to_owned();
        Some(Tensor { name, shape: t.shape.clone(), data: t.values.clone(), trainable: true })
    });
    of_part.collect()
}

/// `tensors` in the order and with the flags of `like`; a checkpoint's header sorts them by size.
fn weights_like(like: &Weights, tensors: &[Tensor]) -> Weights {
    let found = like.tensors.iter().filter_map(|l| {
        let data = tensors.iter().find(|t| t.name == l.name)?.data.clone();
        Some(Tensor { data, ..l.clone() })
    });
    Weights { tensors: found.collect() }
}

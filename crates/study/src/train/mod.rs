//! `train`: labelled cells in, a classifier out; or the recipe judged by cross-validation first.

mod checkpoint;
mod fit;
mod folds;
mod history;
mod normalise;
mod sampling;
mod start;
mod tensorboard;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use cells::{Cell, CropSource, normalise::Normalise, split};
use formats::FormatError;
use stats::{confusion::Confusion, predictions::Predictions};

pub use self::history::{Epoch, Validation, of_model as history_of_model, table as history_table};
use self::{
    checkpoint::Checkpoint,
    fit::{Fitted, Task, Watch, fit},
    tensorboard::Logged,
};
use crate::{
    Dataset, Progress, StudyError,
    contract::Contract,
    error::plural,
    model::{Manifest, Model, logits, softmax},
    settings::{Stains, TrainSettings, Views},
};

/// Name of the fit that makes the model, beside those of folds.
const WHOLE: &str = "all";

/// How the recipe is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judge {
    /// On a validation part of the groups (`settings.validation`), which is not learned from.
    Validation,
    /// By so many folds of whole groups, stratified by class; the model is then fitted on all cells.
    Folds(usize),
    /// By leaving out each group once; the model is then fitted on all cells.
    LeaveOneGroupOut,
}

/// What to train and where to put it.
#[derive(Debug, Clone)]
pub struct TrainRequest {
    /// All settings.
    pub settings: TrainSettings,
    /// How the recipe is judged.
    pub judge: Judge,
    /// The model file, `.safetensors`; `history.csv` is written beside it, or `NAME.history.csv` where another model lies
    /// there.
    pub output: PathBuf,
    /// The model to begin with, of which the scaling of intensities is taken over too; none: fresh weights.
    pub start: Option<Model>,
    /// Go on from the checkpoints of a run that was interrupted.
    pub resume: bool,
    /// A folder for what TensorBoard shows while the run goes on: runs `train` and `validation`, and the same in `fold-N`
    /// for each fold. What an earlier run left there of the same runs is replaced, or gone on with on a resume.
    pub tensorboard: Option<PathBuf>,
}

/// What came out.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model, as written.
    pub model: Model,
    /// Figures of every epoch of the model's own fit.
    pub history: Vec<Epoch>,
    /// Pooled figures over all folds, when there were folds.
    pub pooled: Option<stats::metrics::Metrics>,
    /// Folder with the report on the folds.
    pub report: Option<PathBuf>,
}

/// Trains and writes the model.
///
/// # Errors
/// When the data cannot be learned from, a setting does not fit, or a file cannot be written. After a stop by the
/// user a usable model is written and [`StudyError::Interrupted`] says where.
pub fn train(data: &Dataset, request: &TrainRequest, progress: &dyn Progress) -> Result<Trained, StudyError> {
    let job = Job::new(data, request)?;
    job.prepare_folder()?;
    let trained = job.judged_fit(progress).inspect_err(|_| {
        // Only a folder without checkpoints can be removed so; those of an interrupted run stay.
        let _ = std::fs::remove_dir(job.folder());
    })?;
    if !trained.model.manifest.complete {
        return Err(StudyError::Interrupted(format!(
            "the model as it was after {} is in {}; --resume goes on from there",
            plural(trained.history.len(), "epoch"),
            request.output.display()
        )));
    }
    job.remove_folder()?;
    Ok(trained)
}

/// What all fits of one request share.
pub(crate) struct Job<'a> {
    pub data: &'a Dataset,
    pub request: &'a TrainRequest,
    /// The request's settings, fitted to the data.
    settings: TrainSettings,
    pub labels: Vec<usize>,
    /// The facts of the cells; with `allow_leakage` each is its own group.
    pub cells: Vec<Cell>,
    pub hash: String,
}

impl<'a> Job<'a> {
    fn new(data: &'a Dataset, request: &'a TrainRequest) -> Result<Self, StudyError> {
        let mistakes = request.settings.mistakes_for(data.shape());
        if !mistakes.is_empty() {
            return Err(StudyError::Settings(mistakes));
        }
        if std::fs::metadata(&request.output).is_ok_and(|facts| !facts.is_file()) {
            return Err(StudyError::Refused(format!(
                "{}: expected a regular file or a free name for the model, found something else",
                request.output.display()
            )));
        }
        let labels = data.labels()?;
        let classes_with_cells = (0..data.classes.len()).filter(|c| labels.contains(c)).count();
        if classes_with_cells < 2 {
            return Err(StudyError::Refused(format!(
                "expected cells of at least 2 classes, found {} of {}",
                plural(labels.len(), "cell"),
                plural(classes_with_cells, "class")
            )));
        }
        let hash = data.hash()?;
        if let Some(model) = &request.start {
            let judged = request.judge != Judge::Validation || request.settings.validation > 0.0;
            start::check(model, data, &hash, (judged, request.settings.allow_leakage))?;
        }
        let mut cells = data.cells.clone();
        if request.settings.allow_leakage {
            cells.iter_mut().for_each(|c| c.group.clone_from(&c.name));
        }
        let mut settings = request.settings.sized_for(data.cells.len());
        settings.stains = settings.stains.decided(&data.channels, &cells);
        Ok(Job { data, request, settings, labels, cells, hash })
    }

    pub fn settings(&self) -> &TrainSettings {
        &self.settings
    }

    /// Folder of the checkpoints, beside the model while training goes on.
    fn folder(&self) -> PathBuf {
        self.request.output.with_extension("training")
    }

    fn prepare_folder(&self) -> Result<(), StudyError> {
        if !self.request.resume {
            self.remove_folder()?;
        }
        if let Some(log) = &self.request.tensorboard {
            std::fs::create_dir_all(log).map_err(|e| io_error(log, &e))?;
        }
        match std::fs::create_dir(self.folder()) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => Err(io_error(&self.folder(), &e)),
            _ => Ok(()),
        }
    }

    fn remove_folder(&self) -> Result<(), StudyError> {
        match std::fs::remove_dir_all(self.folder()) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io_error(&self.folder(), &e)),
            _ => Ok(()),
        }
    }

    pub fn checkpoint(&self, name: &str) -> Checkpoint {
        let start = self.request.start.as_ref().map(start::fingerprint).unwrap_or_default();
        let fingerprint = format!(
            "{} {} {:?} {name} {start}\n{}",
            env!("CARGO_PKG_VERSION"),
            self.hash,
            self.request.judge,
            self.settings().to_toml()
        );
        Checkpoint::new(&self.folder(), name, &fingerprint)
    }

    /// Fits on `train`, watching `validation`; the scaling is chosen on the training cells alone.
    pub fn fit(
        &self,
        title: &str,
        name: &str,
        train: &[usize],
        validation: &[usize],
        progress: &dyn Progress,
    ) -> Result<(Fitted, Normalise, Vec<String>), StudyError> {
        let (normalise, choices) = match &self.request.start {
            Some(model) => (model.contract.normalise.clone(), vec![start::words(model)]),
            None => normalise::choose(self, name, train, progress)?,
        };
        let settings = self.settings();
        let task = Task {
            title: title.to_owned(),
            data: self.data,
            labels: &self.labels,
            train,
            validation,
            watch: Watch::Epochs,
            normalise: normalise.clone(),
            settings,
            start: self.request.start.as_ref(),
        };
        let checkpoint = self.checkpoint(name);
        let fitted = match self.log_folder(name) {
            None => fit(&task, Some(&checkpoint), progress)?,
            Some(folder) => {
                let logged = Logged::new(progress, folder, &self.data.classes);
                let fitted = fit(&task, Some(&checkpoint), &logged)?;
                logged.finish()?;
                fitted
            }
        };
        Ok((fitted, normalise, choices))
    }

    /// Where the fit called `name` is logged.
    fn log_folder(&self, name: &str) -> Option<PathBuf> {
        let folder = self.request.tensorboard.as_ref()?;
        Some(if name == WHOLE { folder.clone() } else { folder.join(name) })
    }

    fn judged_fit(&self, progress: &dyn Progress) -> Result<Trained, StudyError> {
        progress.say(&self.memory()?);
        if (self.request.settings.stains, self.settings.stains) == (Stains::Auto, Stains::Vary) {
            progress.say("stains: varied, since these are photographs of cells in groups");
        }
        let pooled = match self.request.judge {
            Judge::Validation => None,
            _ => Some(folds::judge(self, progress)?),
        };
        self.final_fit(pooled, progress)
    }

    /// What memory the run takes, in words.
    fn memory(&self) -> Result<String, StudyError> {
        let megabytes = |bytes: usize| format!("{} MB", bytes.div_ceil(1 << 20));
        let training = megabytes(fit::memory(self.request.start.as_ref(), self.data, self.settings())?);
        Ok(match self.data.bytes_in_memory() {
            0 => {
                format!("memory: {training} for training; crops are read from their file as they are needed")
            }
            crops => format!("memory: {training} for training and {} for crops", megabytes(crops)),
        })
    }

    fn final_fit(
        &self,
        pooled: Option<folds::Pooled>,
        progress: &dyn Progress,
    ) -> Result<Trained, StudyError> {
        let everyone: Vec<usize> = (0..self.data.len()).collect();
        let (train, validation, split) = match &pooled {
            Some(pooled) => (everyone, Vec::new(), pooled.split.clone()),
            None => self.validation_split()?,
        };
        let (fitted, normalise, choices) = self.fit("training", WHOLE, &train, &validation, progress)?;
        choices.iter().for_each(|c| progress.say(c));
        let contract = contract(self.data, &normalise, self.settings().views);
        let (temperature, validation_figures) = match &pooled {
            Some(pooled) => (pooled.temperature, json(&pooled.metrics)?),
            None => self.calibrate(&fitted, &contract, &validation)?,
        };
        let manifest = Manifest {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            data_sha256: self.hash.clone(),
            training_cells: class_counts(&self.data.classes, &self.labels, &train),
            split,
            settings: self.settings().to_toml(),
            epoch: fitted.epoch,
            choices,
            complete: !fitted.stopped,
        };
        let model = Model {
            network: fitted.network,
            classes: self.data.classes.clone(),
            contract,
            temperature,
            manifest,
            validation: validation_figures,
            precision: self.settings().precision,
        };
        history::write(&history::beside(&self.request.output), &fitted.history)?;
        model.save(&self.request.output)?;
        if let (Some(folder), true) = (self.log_folder(WHOLE), model.manifest.complete) {
            let last = fitted.history.len() as u32;
            tensorboard::close(&folder, &model, self.data, &self.labels, (&train, &validation), last)?;
        }
        let (pooled, report) = pooled.map_or((None, None), |p| (Some(p.metrics), Some(p.report)));
        Ok(Trained { model, history: fitted.history, pooled, report })
    }

    fn validation_split(&self) -> Result<(Vec<usize>, Vec<usize>, String), StudyError> {
        let settings = self.settings();
        if settings.validation == 0.0 {
            return Ok(((0..self.data.len()).collect(), Vec::new(), "all cells learned from".to_owned()));
        }
        let everyone: Vec<usize> = (0..self.data.len()).collect();
        let split = split::train_validation(&self.cells, &everyone, settings.validation, settings.seed)
            .map_err(|e| {
                StudyError::Refused(format!("validation cells: {e}; --validation 0 trains on all"))
            })?;
        let Some(part) = split.parts.into_iter().next() else {
            return Err(StudyError::Refused("validation cells: expected a split, found none".to_owned()));
        };
        let words = format!(
            "{} learned from, {} of other groups to watch",
            plural(part.train.len(), "cell"),
            plural(part.held_out.len(), "cell")
        );
        Ok((part.train, part.held_out, words))
    }

    fn calibrate(
        &self,
        fitted: &Fitted,
        contract: &Contract,
        validation: &[usize],
    ) -> Result<(f64, serde_json::Value), StudyError> {
        if validation.is_empty() {
            return Ok((1.0, serde_json::Value::Null));
        }
        let logits = logits(&fitted.network, self.settings().precision, contract, self.data, validation)?;
        let truth: Vec<usize> = validation.iter().map(|&i| self.labels[i]).collect();
        let k = self.data.classes.len();
        let temperature = temperature(&logits, &truth)?;
        let metrics =
            crate::evaluate::metrics(self.data, validation, &truth, &softmax(&logits, k, temperature))?;
        Ok((temperature, json(&metrics)?))
    }
}

/// The contract of a model trained on `data`.
pub(crate) fn contract(data: &Dataset, normalise: &Normalise, views: Views) -> Contract {
    Contract {
        height: data.shape().h,
        width: data.shape().w,
        channels: data.channels.clone(),
        depth: data.depth,
        pixel_size_um: data.provenance.get("pixel_size_um").and_then(serde_json::Value::as_f64),
        normalise: normalise.clone(),
        views,
        cut: data.provenance.get("cut").cloned().unwrap_or_default(),
    }
}

/// Loss, accuracy and macro-F1 of probabilities `[n, k]`, and the counts that they follow from.
fn judge(truth: &[usize], probabilities: &[f64], k: usize) -> Result<(Validation, Confusion), StudyError> {
    let refused = |e: stats::StatsError| StudyError::Refused(e.to_string());
    let predictions = Predictions::new(truth, probabilities, k).map_err(refused)?;
    let confusion = Confusion::new(truth, predictions.predicted(), k).map_err(refused)?;
    let figures = Validation {
        loss: stats::calibration::log_loss(&predictions),
        accuracy: confusion.accuracy(),
        macro_f1: confusion.macro_f1(),
    };
    Ok((figures, confusion))
}

/// The temperature that fits logits `[n, k]` best.
fn temperature(logits: &[f32], truth: &[usize]) -> Result<f64, StudyError> {
    let logits: Vec<f64> = logits.iter().map(|&l| f64::from(l)).collect();
    stats::calibration::fit_temperature(&logits, truth).map_err(|e| StudyError::Refused(e.to_string()))
}

fn class_counts(classes: &[String], labels: &[usize], cells: &[usize]) -> BTreeMap<String, usize> {
    let count = |class: usize| cells.iter().filter(|&&i| labels[i] == class).count();
    classes.iter().enumerate().map(|(class, name)| (name.clone(), count(class))).collect()
}

fn json<T: serde::Serialize>(value: &T) -> Result<serde_json::Value, StudyError> {
    serde_json::to_value(value).map_err(|e| StudyError::Refused(e.to_string()))
}

fn io_error(path: &Path, error: &std::io::Error) -> StudyError {
    FormatError::io(path, "a folder that can be written", error).into()
}

/// The outcome in a few lines for people.
#[must_use]
pub fn summary(trained: &Trained) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(pooled) = &trained.pooled {
        lines.push("cross-validation, pooled:".to_owned());
        lines.extend(crate::evaluate::summary(pooled));
    }
    if let Some(v) = trained
        .history
        .iter()
        .rev()
        .find_map(|e| e.validation.filter(|_| e.epoch == trained.model.manifest.epoch))
    {
        lines.push(format!(
            "epoch {} kept: validation macro-F1 {:.3}, accuracy {:.3}, loss {:.3}",
            trained.model.manifest.epoch, v.macro_f1, v.accuracy, v.loss
        ));
    }
    lines
}

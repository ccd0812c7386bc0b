//! Training on what was labelled, while the page is open.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cells::split;
use serde::Serialize;
use stats::confusion::Confusion;

use super::agreement::Counts;
use super::cut::Choice;
use super::{Event, LabelError, Labelling, lock};
use crate::train::{Epoch, Judge, TrainRequest, train};
use crate::{Dataset, Model, Preset, Progress, StudyError, TrainSettings, plural};

/// What to train.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TrainOrder {
    /// Ids or names of classes; empty: all.
    pub classes: Vec<String>,
    /// Numbers of channels; empty: all.
    pub channels: Vec<usize>,
    /// Name of the preset.
    pub preset: String,
    /// Passes over the cells; none: the preset's.
    pub epochs: Option<u32>,
    /// For everything random.
    pub seed: u64,
}

/// Figures of one epoch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// From 1.
    pub epoch: u32,
    /// Mean loss over the training crops.
    pub loss: f64,
    /// Share of them classified right.
    pub accuracy: f64,
    /// Mean loss over cells held out.
    pub val_loss: Option<f64>,
    /// Share of them classified right.
    pub val_accuracy: Option<f64>,
    /// Mean F1 over the classes on them.
    pub val_macro_f1: Option<f64>,
}

impl From<&Epoch> for Figures {
    fn from(epoch: &Epoch) -> Self {
        Figures {
            epoch: epoch.epoch,
            loss: epoch.loss,
            accuracy: epoch.accuracy,
            val_loss: epoch.validation.map(|v| v.loss),
            val_accuracy: epoch.validation.map(|v| v.accuracy),
            val_macro_f1: epoch.validation.map(|v| v.macro_f1),
        }
    }
}

/// How training stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct TrainState {
    /// Whether it is going on.
    pub running: bool,
    /// Whether it was asked to stop.
    pub stopping: bool,
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Name of the preset.
    pub preset: String,
    /// Epochs in all.
    pub epochs: Option<u32>,
    /// Epochs done.
    pub epoch: u32,
    /// Figures of each.
    pub history: Vec<Figures>,
    /// Cells held out, by true and predicted class, after the newest epoch.
    pub confusion: Option<Counts>,
    /// The newest model's name.
    pub model: Option<String>,
    /// What the user should know: choices that were made.
    pub notes: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Training, its state, and how to stop it.
#[derive(Default)]
pub(super) struct Training {
    state: TrainState,
    stop: Arc<AtomicBool>,
}

impl Labelling {
    /// How training stands.
    #[must_use]
    pub fn training(&self) -> TrainState {
        lock(&self.training).state.clone()
    }

    /// Begins to train a model on the labelled cells, on a thread of its own; listeners are told of each epoch. The model is written into
    /// the study's folder and makes the suggestions from then on.
    ///
    /// # Errors
    /// When a training goes on, or there is nothing to learn from.
    pub fn train(self: &Arc<Self>, order: &TrainOrder) -> Result<(), LabelError> {
        let preset = order.preset.parse::<Preset>().map_err(|_| {
            LabelError::refused("a preset: default, encoder or phase", format!("{:?}", order.preset))
        })?;
        if order.epochs.is_some_and(|n| !(1..=10_000).contains(&n)) {
            return Err(LabelError::refused("1 to 10000 epochs", order.epochs.unwrap_or(0)));
        }
        let choice =
            Choice { classes: order.classes.clone(), channels: order.channels.clone(), ..Choice::default() };
        // Whoever comes second is told so before long work begins.
        let stop = {
            let mut training = lock(&self.training);
            if training.state.running {
                return Err(LabelError::Conflict("expected no training to be going on, found one".into()));
            }
            let model = training.state.model.take();
            let preset = preset.name().to_owned();
            training.state = TrainState { running: true, preset, model, ..TrainState::default() };
            training.stop = Arc::new(AtomicBool::new(false));
            training.stop.clone()
        };
        let prepared = self.prepare(&choice, preset, order);
        let (data, request, notes) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                lock(&self.training).state.running = false;
                return Err(error);
            }
        };
        self.change(|state| {
            state.classes.clone_from(&data.classes);
            state.epochs = Some(request.settings.sized_for(data.cells.len()).epochs);
            state.notes = notes;
        });
        let labelling = self.clone();
        std::thread::spawn(move || {
            let watch = Watch { labelling: &labelling, stop: &stop };
            let done = train(&data, &request, &watch);
            labelling.finish(&request.output, done.map(|_| ()));
        });
        Ok(())
    }

    /// Asks the training to stop; the best epoch's model is kept.
    pub fn stop_training(&self) {
        let training = lock(&self.training);
        if training.state.running {
            training.stop.store(true, Ordering::SeqCst);
            drop(training);
            self.change(|state| state.stopping = true);
        }
    }

    fn prepare(
        &self,
        choice: &Choice,
        preset: Preset,
        order: &TrainOrder,
    ) -> Result<(Dataset, TrainRequest, Vec<String>), LabelError> {
        let mut data = Dataset::from(self.crops(choice)?);
        let counted = |class: usize| data.cells.iter().any(|cell| cell.class == Some(class));
        let with_cells: Vec<String> =
            (0..data.classes.len()).filter(|&c| counted(c)).map(|c| data.classes[c].clone()).collect();
        if with_cells.len() < 2 {
            return Err(LabelError::refused("labelled cells of at least 2 classes", with_cells.len()));
        }
        data.only_classes(&with_cells)?;
        let mut settings = TrainSettings { seed: order.seed, ..TrainSettings::preset(preset) };
        if let Some(epochs) = order.epochs {
            (settings.epochs, settings.steps_per_epoch) = (epochs, 0);
        }
        let everyone: Vec<usize> = (0..data.cells.len()).collect();
        let mut notes = Vec::new();
        let labelled = self.chosen(&Choice { flagged: true, ..choice.clone() })?.cells;
        let n_flagged = labelled.iter().filter(|cell| cell.flagged && cell.class.is_some()).count();
        if n_flagged > 0 {
            let cells = plural(n_flagged, "labelled cell");
            notes.push(format!("{cells} over the border of an image: not learned from"));
        }
        if let Err(why) = split::train_validation(&data.cells, &everyone, settings.validation, settings.seed)
        {
            settings.validation = 0.0;
            notes.push(format!("no cells are held out, so nothing tells how good the model is: {why}"));
        }
        let taken = |k: &u32| self.folder.join(format!("model-{k}.safetensors")).exists();
        let number = (1..).find(|k| !taken(k)).unwrap_or(1);
        let output = self.folder.join(format!("model-{number}.safetensors"));
        Ok((
            data,
            TrainRequest {
                settings,
                judge: Judge::Validation,
                output,
                start: None,
                resume: false,
                tensorboard: None,
            },
            notes,
        ))
    }

    fn change(&self, with: impl FnOnce(&mut TrainState)) {
        let state = {
            let mut training = lock(&self.training);
            with(&mut training.state);
            training.state.clone()
        };
        self.tell(Event::Train(state));
    }

    fn finish(&self, output: &Path, done: Result<(), StudyError>) {
        // After a stop there is a model too, when an epoch was complete.
        let stopped = matches!(done, Err(StudyError::Interrupted(_)));
        let loaded = match done {
            Err(error) if !stopped => Err(error),
            _ => Model::load(output),
        };
        // An interrupted run keeps what it needs to go on; nobody will.
        let _ = std::fs::remove_dir_all(output.with_extension("training"));
        let name = output.file_name().map(|name| name.to_string_lossy().into_owned());
        match loaded {
            Ok(model) => {
                self.suggest_by(name.clone().unwrap_or_default(), model);
                self.change(|state| (state.running, state.stopping, state.model) = (false, false, name));
            }
            Err(error) => self.change(|state| {
                (state.running, state.stopping, state.error) = (false, false, Some(error.to_string()));
            }),
        }
    }
}

/// Tells the page of epochs.
struct Watch<'a> {
    labelling: &'a Labelling,
    stop: &'a AtomicBool,
}

impl Progress for Watch<'_> {
    /// Trials of scalings come before the fit itself, each with epochs of its own.
    fn begin(&self, _what: &str, _total: u64) {
        self.labelling.change(|state| {
            state.history.clear();
            (state.epoch, state.confusion) = (0, None);
        });
    }

    fn advance(&self, _done: u64, _note: &str) {}

    fn finish(&self, _summary: &str) {}

    fn say(&self, line: &str) {
        self.labelling.change(|state| state.notes.push(line.to_owned()));
    }

    fn epoch(&self, epoch: &Epoch, confusion: Option<&Confusion>) {
        self.labelling.change(|state| {
            state.epoch = epoch.epoch;
            state.history.push(Figures::from(epoch));
            let classes = state.classes.clone();
            state.confusion = confusion.map(|c| Counts { classes, counts: c.counts().to_vec() });
        });
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}

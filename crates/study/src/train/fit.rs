//! One network fitted to some cells and watched on others.

use std::{
    cell::RefCell,
    ops::ControlFlow,
    time::{Duration, Instant},
};

use cells::{
    CropSource,
    augment::{Augmentations, Scratch},
    normalise::Normalise,
};
use nn::{
    Network,
    average::{StatisticsError, WeightAverage, estimate_statistics},
    batch::Batch,
    fit::{FitError, run_epoch},
    spec::SpecMistake,
    train::{StepReport, Trainer, TrainerSettings, TrainerState},
    weights::Weights,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use stats::confusion::Confusion;

use super::{
    checkpoint::{Best, Checkpoint, State},
    history::{Epoch, Validation},
    sampling::Stream,
};
use crate::{
    Dataset, Model, Progress, StudyError,
    model::softmax,
    settings::{ClassWeights, Keep, TrainSettings, Views},
};

/// What to fit.
pub struct Task<'a> {
    /// Shown in front of the progress bar.
    pub title: String,
    /// The cells.
    pub data: &'a Dataset,
    /// Class of every cell of `data`.
    pub labels: &'a [usize],
    /// Cells to learn from.
    pub train: &'a [usize],
    /// Cells to watch; may be empty.
    pub validation: &'a [usize],
    /// When they are looked at.
    pub watch: Watch,
    /// Intensity scaling.
    pub normalise: Normalise,
    /// Everything else.
    pub settings: &'a TrainSettings,
    /// The model to begin with.
    pub start: Option<&'a Model>,
}

/// When validation cells are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// After every epoch.
    Epochs,
    /// After the last one only.
    End,
}

/// A fitted network.
pub struct Fitted {
    /// The network of the kept epoch.
    pub network: Network,
    /// Figures of every epoch.
    pub history: Vec<Epoch>,
    /// Epoch that was kept, counted from 1; 0 when training was stopped before its end.
    pub epoch: u32,
    /// Whether the user stopped it.
    pub stopped: bool,
}

/// Fits the task's network; with a checkpoint, from where it was left.
///
/// # Errors
/// When a crop cannot be read, a figure is not finite, or the checkpoint is unusable.
pub fn fit(
    task: &Task,
    checkpoint: Option<&Checkpoint>,
    progress: &dyn Progress,
) -> Result<Fitted, StudyError> {
    let mut run = Run::start(task, checkpoint)?;
    progress.begin(&task.title, run.steps_per_epoch * u64::from(task.settings.epochs));
    let mut stopped = false;
    let mut pause = Pause::default();
    while !stopped && !run.is_over() {
        stopped = !run.epoch(progress)?;
        if let (false, Some(checkpoint)) = (stopped, checkpoint)
            && (run.is_over() || pause.is_over())
        {
            let saving = Instant::now();
            checkpoint.save(&run.state())?;
            pause.begin(saving);
        }
    }
    progress.finish("");
    run.finish(stopped)
}

/// Time between checkpoints: after every epoch, unless epochs are so short that writing would take more than a
/// twentieth of the run. What is resumed from an older checkpoint ends in the same bytes.
#[derive(Default)]
struct Pause(Option<(Instant, Duration)>);

impl Pause {
    fn is_over(&self) -> bool {
        self.0.is_none_or(|(end, took)| end.elapsed() >= 19 * took)
    }

    /// Begins after a checkpoint whose writing began at `saving`.
    fn begin(&mut self, saving: Instant) {
        self.0 = Some((Instant::now(), saving.elapsed()));
    }
}

/// Steps of one epoch over `n_train` cells.
pub fn steps_per_epoch(settings: &TrainSettings, n_train: usize) -> u64 {
    match settings.steps_per_epoch {
        0 => (n_train as f64 / settings.batch as f64).round().max(1.0) as u64,
        steps => steps,
    }
}

/// Bytes that a fit takes besides the cells: the trainer's, and the averaged weights, those of the best epoch and those on
/// their way into a checkpoint.
///
/// # Errors
/// When the network cannot be built for these cells.
pub fn memory(start: Option<&Model>, data: &Dataset, settings: &TrainSettings) -> Result<usize, StudyError> {
    let network = super::start::network(start, data, settings)?;
    let weights = network.weights().len() * size_of::<f32>();
    let trainer = Trainer::new(network, trainer_settings(settings));
    let trainer = trainer.and_then(|trainer| trainer.with_precision(settings.precision));
    let trainer = trainer.map_err(|e| StudyError::Refused(e.to_string()))?;
    Ok(trainer.memory() + 3 * weights)
}

fn trainer_settings(settings: &TrainSettings) -> TrainerSettings {
    TrainerSettings {
        optimizer: settings.optimizer,
        clip: settings.clip,
        batch_size: settings.batch,
        seed: settings.seed,
    }
}

struct Run<'a> {
    task: &'a Task<'a>,
    trainer: Trainer,
    average: Option<WeightAverage>,
    best: Option<Best>,
    history: Vec<Epoch>,
    /// Validation cells after the newest epoch.
    confusion: Option<Confusion>,
    step: u64,
    steps_per_epoch: u64,
    class_weights: Vec<f32>,
    started: (Instant, u64),
}

impl<'a> Run<'a> {
    fn start(task: &'a Task<'a>, checkpoint: Option<&Checkpoint>) -> Result<Self, StudyError> {
        let settings = task.settings;
        let n_classes = task.data.classes.len();
        let network = super::start::network(task.start, task.data, settings)?;
        let state = match checkpoint {
            Some(checkpoint) => checkpoint.load(network.weights())?,
            None => None,
        };
        let steps_per_epoch = steps_per_epoch(settings, task.train.len());
        let total = steps_per_epoch * u64::from(settings.epochs);
        let decay = (1.0 - 1.0 / (settings.weight_average * total as f64).max(1.0)) as f32;
        let averaged = settings.weight_average > 0.0;
        let how = trainer_settings(settings);
        let (trainer, average, best, history, step) = match state {
            None => {
                let average = averaged.then(|| WeightAverage::new(network.weights(), decay));
                (Trainer::new(network, how), average, None, Vec::new(), 0)
            }
            Some(s) => {
                let network = with_weights(&network, s.weights)?;
                let state = TrainerState { step: s.step, tensors: s.optimizer };
                let average = s.average.map(|weights| WeightAverage::restore(weights, decay, s.step));
                (Trainer::restore(network, how, state), average, s.best, s.history, s.step)
            }
        };
        let trainer = trainer.and_then(|trainer| trainer.with_precision(settings.precision));
        let trainer = trainer.map_err(|e| StudyError::Refused(e.to_string()))?;
        let class_weights = class_weights(settings.class_weights, task.labels, task.train, n_classes);
        let started = (Instant::now(), step);
        let confusion = None;
        Ok(Run {
            task,
            trainer,
            average,
            best,
            history,
            confusion,
            step,
            steps_per_epoch,
            class_weights,
            started,
        })
    }

    fn is_over(&self) -> bool {
        let done = self.history.len() as u32;
        let settings = self.task.settings;
        let stale = self.best.as_ref().map_or(0, |b| done - b.epoch);
        done >= settings.epochs || (settings.patience > 0 && stale >= settings.patience)
    }

    /// Runs one epoch; false when the user stopped it.
    fn epoch(&mut self, progress: &dyn Progress) -> Result<bool, StudyError> {
        let (task, settings) = (self.task, self.task.settings);
        let total = self.steps_per_epoch * u64::from(settings.epochs);
        let steps = self.step..self.step + self.steps_per_epoch;
        let rate = |step: u64| settings.learning_rate * settings.schedule.factor(step, total);
        let filler = Filler::new(task, &self.class_weights);
        let (average, started, epoch) = (&mut self.average, self.started, self.history.len() as u32 + 1);
        let mut sums = (0.0, 0.0, 0.0);
        let on_step = |step: u64, trainer: &Trainer, report: &StepReport| {
            if let Some(average) = average {
                average.update(trainer.network().weights());
            }
            sums = (sums.0 + report.loss * report.weight, sums.1 + report.n_correct, sums.2 + report.weight);
            let cells = (step + 1 - started.1) as f64 * settings.batch as f64;
            let speed = cells / started.0.elapsed().as_secs_f64().max(1e-9);
            let (loss, accuracy) = (sums.0 / sums.2, sums.1 / sums.2);
            progress.advance(
                step + 1,
                &format!(
                    "epoch {epoch}/{}  loss {loss:.3}  accuracy {accuracy:.3}  {speed:.0} cells/s",
                    settings.epochs
                ),
            );
            if progress.cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let done = run_epoch(
            &mut self.trainer,
            steps.clone(),
            |step, batch| filler.fill(step, batch),
            rate,
            on_step,
        );
        let report = done.map_err(|e| self.explain(e))?;
        if report.stopped {
            return Ok(false);
        }
        self.step = steps.end;
        self.history.push(Epoch {
            epoch,
            learning_rate: rate(steps.end - 1),
            loss: report.loss,
            accuracy: report.accuracy,
            validation: None,
        });
        self.validate(epoch)?;
        if let Some(figures) = self.history.last() {
            progress.epoch(figures, self.confusion.as_ref());
        }
        Ok(true)
    }

    fn validate(&mut self, epoch: u32) -> Result<(), StudyError> {
        let task = self.task;
        let early = task.watch == Watch::End && epoch < task.settings.epochs;
        if task.validation.is_empty() || early {
            // A few training cells tell whether the weights are still of use.
            let few = &task.train[..task.train.len().min(16)];
            return self.finite_logits(self.trainer.network(), few).map(drop);
        }
        let network = self.network()?;
        let logits = self.finite_logits(&network, task.validation)?;
        let (figures, confusion) = validation_figures(task, &logits)?;
        self.confusion = Some(confusion);
        if let Some(last) = self.history.last_mut() {
            last.validation = Some(figures);
        }
        if self.best.as_ref().is_none_or(|best| figures.beats(&best.validation)) {
            self.best = Some(Best { epoch, validation: figures, weights: network.weights().clone() });
        }
        Ok(())
    }

    /// Logits of cells, each crop looked at as it is.
    fn finite_logits(&self, network: &Network, cells: &[usize]) -> Result<Vec<f32>, StudyError> {
        let task = self.task;
        let contract = super::contract(task.data, &task.normalise, Views::One);
        let logits = crate::model::logits(network, task.settings.precision, &contract, task.data, cells)?;
        match logits.iter().find(|l| !l.is_finite()) {
            None => Ok(logits),
            Some(l) => Err(self.diverged(self.step - 1, &format!("expected finite logits, found {l}"))),
        }
    }

    /// The network as it would be kept now. Averaged weights were never run on a batch, so the statistics of their
    /// batch norms are taken anew from the last training batches.
    fn network(&self) -> Result<Network, StudyError> {
        let raw = self.trainer.network();
        let Some(average) = &self.average else { return Ok(raw.clone()) };
        let mut network = with_weights(raw, average.weights().clone())?;
        let batches = STATISTICS_BATCHES.min(self.step);
        let filler = Filler::new(self.task, &self.class_weights);
        let fill = |number: u64, batch: &mut Batch| filler.fill(self.step - batches + number, batch);
        match estimate_statistics(&mut network, self.task.settings.batch, batches, fill) {
            Ok(()) => Ok(network),
            Err(StatisticsError::Fill { source, .. }) => Err(source),
            Err(StatisticsError::Kernels(e)) => Err(StudyError::Refused(e.to_string())),
        }
    }

    fn state(&self) -> State {
        let TrainerState { step, tensors } = self.trainer.state();
        State {
            history: self.history.clone(),
            step,
            weights: self.trainer.network().weights().clone(),
            optimizer: tensors,
            average: self.average.as_ref().map(|a| a.weights().clone()),
            best: self.best.clone(),
        }
    }

    fn finish(self, stopped: bool) -> Result<Fitted, StudyError> {
        let network = self.network()?;
        let last = self.history.len() as u32;
        match self.best {
            Some(Best { epoch, weights, .. }) if self.task.settings.keep == Keep::Best => Ok(Fitted {
                network: with_weights(&network, weights)?,
                history: self.history,
                epoch,
                stopped,
            }),
            _ => Ok(Fitted { network, history: self.history, epoch: last, stopped }),
        }
    }

    fn explain(&self, error: FitError<StudyError>) -> StudyError {
        match error {
            FitError::Fill { source, .. } => source,
            FitError::NonFinite { step, source } => self.diverged(step, &source.to_string()),
        }
    }

    fn diverged(&self, step: u64, what: &str) -> StudyError {
        StudyError::Refused(format!(
            "training stopped in epoch {}, batch {}: {what}; the likely cause is a learning rate that is too high \
             ({} at its peak) or intensities that the scaling does not bring near 1",
            step / self.steps_per_epoch + 1,
            step % self.steps_per_epoch + 1,
            self.task.settings.learning_rate
        ))
    }
}

/// Fills batches with augmented, normalised crops.
struct Filler<'a> {
    task: &'a Task<'a>,
    class_weights: &'a [f32],
    stream: Stream<'a>,
    augment: Augmentations,
}

impl<'a> Filler<'a> {
    fn new(task: &'a Task<'a>, class_weights: &'a [f32]) -> Self {
        let stream = Stream::new(task.train, task.settings.seed);
        Filler { task, class_weights, stream, augment: task.settings.augmentations() }
    }

    fn fill(&self, step: u64, batch: &mut Batch) -> Result<(), StudyError> {
        let (task, settings) = (self.task, self.task.settings);
        let shape = task.data.shape();
        let first = step * settings.batch as u64;
        let cells = self.stream.at(first..first + settings.batch as u64);
        batch.fill(|i, crop: &mut [f32], target: &mut [f32]| {
            let cell = cells[i];
            task.data.read_crop(cell, crop)?;
            let mut rng = ChaCha8Rng::seed_from_u64(settings.seed ^ AUGMENT);
            rng.set_stream(first + i as u64);
            SCRATCH.with_borrow_mut(|scratch| self.augment.apply(shape, crop, &mut rng, scratch));
            task.normalise
                .apply(shape, crop)
                .map_err(|e| StudyError::Refused(format!("{}: {e}", task.data.cells[cell].name)))?;
            let class = task.labels[cell];
            let shared = settings.label_smoothing / target.len() as f32;
            target.fill(shared);
            target[class] += 1.0 - settings.label_smoothing;
            Ok(self.class_weights[class])
        })
    }
}

thread_local! {
    /// Buffers of the augmentations, one set per thread.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// Batches from which the statistics of averaged networks are taken.
const STATISTICS_BATCHES: u64 = 16;

/// Sets the random sequence of augmentation apart from that of shuffling.
const AUGMENT: u64 = 0xa06e_17a7_10f0_5eed;

fn class_weights(kind: ClassWeights, labels: &[usize], train: &[usize], n_classes: usize) -> Vec<f32> {
    let mut counts = vec![0usize; n_classes];
    train.iter().for_each(|&i| counts[labels[i]] += 1);
    let balanced = |count: usize| train.len() as f32 / (n_classes * count.max(1)) as f32;
    let weight = |&count: &usize| match kind {
        ClassWeights::None => 1.0,
        ClassWeights::Balanced => balanced(count),
        ClassWeights::SquareRoot => balanced(count).sqrt(),
    };
    counts.iter().map(weight).collect()
}

/// The network of `like` with other weights.
fn with_weights(like: &Network, weights: Weights) -> Result<Network, StudyError> {
    Network::from_weights(like.spec().clone(), weights).map_err(|e| StudyError::Refused(e.to_string()))
}

pub(super) fn spec_mistakes(mistakes: Vec<SpecMistake>) -> StudyError {
    StudyError::Settings(mistakes.iter().map(|m| format!("network: {m}")).collect())
}

fn validation_figures(task: &Task, logits: &[f32]) -> Result<(Validation, Confusion), StudyError> {
    let k = task.data.classes.len();
    let truth: Vec<usize> = task.validation.iter().map(|&i| task.labels[i]).collect();
    super::judge(&truth, &softmax(logits, k, 1.0), k)
}

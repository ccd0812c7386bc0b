//! Many steps in a row, with the next batch prepared beside the arithmetic of the current one.

use std::ops::{ControlFlow, Range};

use crate::batch::Batch;
use crate::train::{NonFinite, StepReport, Trainer};

/// What an epoch saw.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EpochReport {
    /// Mean cross-entropy over all samples, by their weights, each as seen before its step.
    pub loss: f64,
    /// Share of the samples, by their weights, that were called correctly before their step.
    pub accuracy: f64,
    /// Steps done.
    pub steps: u64,
    /// Whether `on_step` asked to stop before the end.
    pub stopped: bool,
}

/// Why an epoch ended early.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FitError<E> {
    /// A batch could not be filled.
    #[error("step {step}: {source}")]
    Fill {
        /// The step it was for.
        step: u64,
        /// Why.
        source: E,
    },
    /// Numbers are not finite any more.
    #[error("step {step}: {source}")]
    NonFinite {
        /// The step that saw them.
        step: u64,
        /// What and where.
        source: NonFinite,
    },
}

/// Runs the steps `steps`: `fill(step, batch)` prepares a batch while the step before it is computed, `rate(step)` is
/// its learning rate, and `on_step` hears of each step done, sees the trainer after it (to average weights, say) and
/// may stop the epoch.
///
/// # Errors
/// When a batch cannot be filled or numbers are not finite; the steps before it are done.
pub fn run_epoch<E: Send>(
    trainer: &mut Trainer,
    steps: Range<u64>,
    fill: impl Fn(u64, &mut Batch) -> Result<(), E> + Sync,
    rate: impl Fn(u64) -> f32,
    mut on_step: impl FnMut(u64, &Trainer, &StepReport) -> ControlFlow<()>,
) -> Result<EpochReport, FitError<E>> {
    let mut total = Total::default();
    let (mut current, mut next) = (trainer.new_batch(), trainer.new_batch());
    let fill =
        |step: u64, batch: &mut Batch| fill(step, batch).map_err(|source| FitError::Fill { step, source });
    if !steps.is_empty() {
        fill(steps.start, &mut current)?;
    }
    for step in steps.clone() {
        let learning_rate = rate(step);
        let (report, filled) = rayon::join(
            || trainer.step(&current, learning_rate),
            || if step + 1 < steps.end { fill(step + 1, &mut next) } else { Ok(()) },
        );
        let report = report.map_err(|source| FitError::NonFinite { step, source })?;
        total.add(&report);
        if on_step(step, trainer, &report).is_break() {
            return Ok(total.report(true));
        }
        filled?;
        std::mem::swap(&mut current, &mut next);
    }
    Ok(total.report(false))
}

#[derive(Debug, Default)]
struct Total {
    loss: f64,
    correct: f64,
    weight: f64,
    steps: u64,
}

impl Total {
    fn add(&mut self, report: &StepReport) {
        self.loss += report.loss * report.weight;
        self.correct += report.n_correct;
        self.weight += report.weight;
        self.steps += 1;
    }

    fn report(&self, stopped: bool) -> EpochReport {
        let weight = self.weight.max(f64::MIN_POSITIVE);
        EpochReport { loss: self.loss / weight, accuracy: self.correct / weight, steps: self.steps, stopped }
    }
}

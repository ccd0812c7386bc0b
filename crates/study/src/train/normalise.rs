//! Choosing the intensity scaling on validation cells.

use cells::{normalise::Normalise, split};

use super::{
    Job, Validation,
    fit::{Task, Watch, fit, steps_per_epoch},
};
use crate::{
    Progress, StudyError,
    settings::{Keep, NormaliseChoice, TrainSettings},
};

/// Share of the training cells that judges the trials.
const TRIAL_VALIDATION: f64 = 0.25;
/// Length of a trial as a share of the run, and the steps that it needs to say anything.
const TRIAL_LENGTH: f64 = 0.1;
const TRIAL_STEPS: u64 = 200;

/// The scaling for a fit on `train`, and in words what was chosen by trial.
///
/// # Errors
/// When crops cannot be read or a trial fails.
pub(super) fn choose(
    job: &Job,
    name: &str,
    train: &[usize],
    progress: &dyn Progress,
) -> Result<(Normalise, Vec<String>), StudyError> {
    match job.settings().normalise {
        NormaliseChoice::Auto => by_trial(job, name, train, progress),
        NormaliseChoice::DataSet { clip } => Ok((over_cells(job, train, clip)?, Vec::new())),
        ref choice => {
            let fixed = choice.fixed();
            fixed
                .map(|n| (n, Vec::new()))
                .ok_or_else(|| StudyError::Refused(format!("normalise: {choice:?}")))
        }
    }
}

fn over_cells(job: &Job, train: &[usize], clip: Option<f32>) -> Result<Normalise, StudyError> {
    Normalise::fit_data_set(job.data, train, clip).map_err(|e| StudyError::Refused(e.to_string()))
}

fn by_trial(
    job: &Job,
    name: &str,
    train: &[usize],
    progress: &dyn Progress,
) -> Result<(Normalise, Vec<String>), StudyError> {
    let clip = Some(4.0);
    let per_image = Normalise::PerImage { clip };
    let Some((learn, watch)) = trial_split(job, train) else {
        let words = "scaling: per image, since the groups are too few for trials".to_owned();
        return Ok((per_image, vec![words]));
    };
    let candidates = [("per image", per_image), ("over the data set", over_cells(job, &learn, clip)?)];
    let mut results = Vec::new();
    for (k, (words, normalise)) in candidates.iter().enumerate() {
        let settings = trial_settings(job.settings(), learn.len());
        let task = Task {
            title: format!("trial {}/{}", k + 1, candidates.len()),
            data: job.data,
            labels: &job.labels,
            train: &learn,
            validation: &watch,
            watch: Watch::End,
            normalise: normalise.clone(),
            settings: &settings,
            start: None,
        };
        let checkpoint = job.checkpoint(&format!("{name}-trial-{}", k + 1));
        let fitted = fit(&task, Some(&checkpoint), progress)?;
        if fitted.stopped {
            return Err(StudyError::Interrupted(
                "before the scaling was chosen; --resume goes on".to_owned(),
            ));
        }
        let figures = fitted.history.last().and_then(|e| e.validation);
        let figures = figures.ok_or_else(|| StudyError::Refused("a trial gave no figures".to_owned()))?;
        results.push((*words, figures));
    }
    let best = usize::from(better(&results[1].1, &results[0].1));
    let words = format!(
        "scaling: {} (validation macro-F1 {:.3} and loss {:.3} in a short trial; {}: {:.3} and {:.3})",
        results[best].0,
        results[best].1.macro_f1,
        results[best].1.loss,
        results[1 - best].0,
        results[1 - best].1.macro_f1,
        results[1 - best].1.loss,
    );
    let chosen = if best == 0 { candidates[0].1.clone() } else { over_cells(job, train, clip)? };
    Ok((chosen, vec![words]))
}

/// Loss says more than accuracy on few cells.
fn better(a: &Validation, b: &Validation) -> bool {
    a.loss < b.loss
}

fn trial_settings(settings: &TrainSettings, n_train: usize) -> TrainSettings {
    let share = (f64::from(settings.epochs) * TRIAL_LENGTH).ceil() as u64;
    let enough = TRIAL_STEPS.div_ceil(steps_per_epoch(settings, n_train));
    let epochs = share.max(enough).clamp(1, u64::from(settings.epochs)) as u32;
    TrainSettings { epochs, patience: 0, keep: Keep::Last, ..settings.clone() }
}

/// Training and validation part of `train`, whole groups; none when that cannot be done.
fn trial_split(job: &Job, train: &[usize]) -> Option<(Vec<usize>, Vec<usize>)> {
    let split = split::train_validation(&job.cells, train, TRIAL_VALIDATION, job.settings().seed).ok()?;
    split.parts.into_iter().next().map(|part| (part.train, part.held_out))
}

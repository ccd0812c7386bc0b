//! The recipe judged by cross-validation: every cell is predicted once by a network that saw none of its relatives.

use std::path::PathBuf;

use cells::{
    CropSource,
    split::{self, Part},
};

use super::{Job, Judge, contract, tensorboard::Predicted};
use crate::{
    Progress, StudyError,
    error::plural,
    evaluate::{self, Judged},
    model::{logits, softmax},
};

/// Figures over all folds together.
pub(super) struct Pooled {
    pub metrics: stats::metrics::Metrics,
    pub temperature: f64,
    pub split: String,
    pub report: PathBuf,
}

/// Fits a network per fold, pools the held-out logits, and writes the report beside the model.
///
/// # Errors
/// When the cells cannot be divided so, or a fit fails.
pub(super) fn judge(job: &Job, progress: &dyn Progress) -> Result<Pooled, StudyError> {
    let folds = divide(job)?;
    let k = job.data.classes.len();
    let mut pooled = vec![0.0f32; job.data.len() * k];
    let mut choices = Vec::new();
    for (number, Part { train, held_out: test, .. }) in folds.iter().enumerate() {
        let title = format!("fold {}/{}", number + 1, folds.len());
        let name = format!("fold-{}", number + 1);
        let (fitted, normalise, chosen) = job.fit(&title, &name, train, &[], progress)?;
        if fitted.stopped {
            return Err(StudyError::Interrupted(format!("in {title}; --resume goes on from there")));
        }
        choices.extend(chosen.into_iter().map(|c| format!("{title}: {c}")));
        let contract = contract(job.data, &normalise, job.settings().views);
        let of_fold = logits(&fitted.network, job.settings().precision, &contract, job.data, test)?;
        if let Some(folder) = job.log_folder(&name) {
            let (data, labels, probabilities) = (job.data, &job.labels, &softmax(&of_fold, k, 1.0));
            Predicted { data, cells: test, labels, probabilities }.log(&folder, fitted.epoch, true)?;
        }
        for (&cell, row) in test.iter().zip(of_fold.chunks_exact(k)) {
            pooled[cell * k..(cell + 1) * k].copy_from_slice(row);
        }
    }
    report(job, &folds, &pooled, choices)
}

fn report(job: &Job, folds: &[Part], pooled: &[f32], choices: Vec<String>) -> Result<Pooled, StudyError> {
    let everyone: Vec<usize> = (0..job.data.len()).collect();
    let split = match job.request.judge {
        Judge::LeaveOneGroupOut => format!("each of {} was left out once", plural(folds.len(), "group")),
        _ => format!("{} of whole groups, stratified by class", plural(folds.len(), "fold")),
    };
    let mut facts: Vec<_> = choices.into_iter().map(|c| ("chosen".to_owned(), c)).collect();
    facts.push(("data, SHA-256".to_owned(), job.hash.clone()));
    let folder = job.request.output.with_extension("folds");
    let judged = Judged {
        title: "Cross-validation",
        data: job.data,
        indices: &everyone,
        truth: &job.labels,
        probabilities: &softmax(pooled, job.data.classes.len(), 1.0),
        history: &[],
        model: None,
        conditions: &[],
        split: format!(
            "Every cell was predicted once, by a network that learned from none of its group: {split}."
        ),
        leakage: job.settings().allow_leakage,
        facts,
        settings: &job.settings().to_toml(),
    };
    let metrics = evaluate::write_report(&judged, &folder)?;
    let temperature = super::temperature(pooled, &job.labels)?;
    Ok(Pooled { metrics, temperature, split, report: folder })
}

/// Each fold with the cells to learn from and those kept aside.
fn divide(job: &Job) -> Result<Vec<Part>, StudyError> {
    let everyone: Vec<usize> = (0..job.data.len()).collect();
    let split = match job.request.judge {
        Judge::Folds(n) => split::folds(&job.cells, &everyone, n, job.settings().seed),
        _ => split::leave_one_group_out(&job.cells, &everyone),
    };
    split.map(|s| s.parts).map_err(|e| StudyError::Refused(format!("folds: {e}")))
}

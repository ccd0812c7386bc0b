//! `evaluate`: a model judged on labelled cells.

use std::{collections::BTreeMap, path::Path};

use stats::metrics::{Metrics, MetricsSettings};

use crate::{
    Dataset, Model, StudyError,
    error::plural,
    report::{
        self,
        evaluation::{EvaluationReport, MARK},
    },
    train,
};

/// Predictions with their truth, ready to be judged.
pub(crate) struct Judged<'a> {
    /// Headline of the report.
    pub title: &'a str,
    /// The cells.
    pub data: &'a Dataset,
    /// Which of them were judged.
    pub indices: &'a [usize],
    /// Their classes.
    pub truth: &'a [usize],
    /// Their class probabilities `[n, classes]`.
    pub probabilities: &'a [f64],
    /// How the training went; empty when there is no single one.
    pub history: &'a [train::Epoch],
    /// How cells were divided into those learnt from and those judged, in words.
    pub split: String,
    /// Whether relatives were allowed on both sides of a split.
    pub leakage: bool,
    /// What the reader may want to know: name and value.
    pub facts: Vec<(String, String)>,
    /// All settings of the training.
    pub settings: &'a str,
}

/// Whether [`evaluate`] may write the folder `output`; it asks so itself, but callers may not want to open cells in vain.
///
/// # Errors
/// When something else than an earlier evaluation is there, or the folder around it is missing.
pub fn check_output(output: &Path) -> Result<(), StudyError> {
    Ok(formats::atomic::check_folder(output, MARK)?)
}

/// Judges `model` on all cells of `data` and writes figures, tables and `report.html` to `output`.
///
/// # Errors
/// When the data do not fit the model, have other classes, or a file cannot be written.
pub fn evaluate(model: &Model, mut data: Dataset, output: &Path) -> Result<Metrics, StudyError> {
    check_output(output)?;
    model.contract.check(&data)?;
    data.number_classes_as(&model.classes)?;
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let truth = data.labels()?;
    let probabilities = model.probabilities(&data, &everyone)?;
    let manifest = &model.manifest;
    let hash = data.hash()?;
    let mut facts = model_facts(model);
    facts.push(("data judged on, SHA-256".to_owned(), hash.clone()));
    facts.extend(model.contract.note(&data).map(|note| ("channels".to_owned(), note)));
    let split = if hash == manifest.data_sha256 {
        "These are the very cells that the model was trained on: the figures flatter it.".to_owned()
    } else {
        format!(
            "Another set than the one the model was made from, by their SHA-256; whether single cells are in both is \
             not known. Of those it was made from: {}.",
            manifest.split
        )
    };
    let judged = Judged {
        title: "Evaluation",
        data: &data,
        indices: &everyone,
        truth: &truth,
        probabilities: &probabilities,
        history: &[],
        split,
        leakage: manifest.settings.contains("allow_leakage = true"),
        facts,
        settings: &manifest.settings,
    };
    write_report(&judged, output)
}

/// What a reader may want to know of a model.
pub(crate) fn model_facts(model: &Model) -> Vec<(String, String)> {
    let manifest = &model.manifest;
    let cells: Vec<String> = manifest.training_cells.iter().map(|(name, n)| format!("{name} {n}")).collect();
    let mut facts = vec![
        ("training cells".to_owned(), cells.join(", ")),
        ("parameters".to_owned(), model.network.spec().parameter_count().to_string()),
        ("epoch kept".to_owned(), manifest.epoch.to_string()),
        ("temperature".to_owned(), format!("{:.3}", model.temperature)),
        ("training data, SHA-256".to_owned(), manifest.data_sha256.clone()),
    ];
    facts.extend(manifest.choices.iter().map(|choice| ("chosen".to_owned(), choice.clone())));
    facts
}

/// All figures of predictions for the cells of `data` at `indices`.
///
/// # Errors
/// When lengths or probabilities make no sense.
pub fn metrics(
    data: &Dataset,
    indices: &[usize],
    truth: &[usize],
    probabilities: &[f64],
) -> Result<Metrics, StudyError> {
    let mut numbers = BTreeMap::new();
    let groups: Vec<usize> = indices
        .iter()
        .map(|&i| {
            let next = numbers.len();
            *numbers.entry(data.cells[i].group.as_str()).or_insert(next)
        })
        .collect();
    stats::metrics::evaluate(truth, probabilities, &data.classes, &groups, MetricsSettings::default())
        .map_err(|e| StudyError::Refused(e.to_string()))
}

/// Writes everything that is known of the predictions into `folder`.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn write_report(judged: &Judged, folder: &Path) -> Result<Metrics, StudyError> {
    let metrics = metrics(judged.data, judged.indices, judged.truth, judged.probabilities)?;
    let history: Vec<report::figure::Epoch> = judged.history.iter().map(drawn).collect();
    let leakage =
        "Cells of one group were allowed on both sides of the split: the figures flatter the model.";
    EvaluationReport {
        title: judged.title.to_owned(),
        metrics: &metrics,
        truth: judged.truth,
        probabilities: judged.probabilities,
        cells: &judged.data.cells,
        crops: judged.data,
        channels: &judged.data.channels,
        rows: judged.indices,
        history: &history,
        best_epoch: None,
        warnings: judged.leakage.then(|| leakage.to_owned()).into_iter().collect(),
        split: judged.split.clone(),
        facts: judged.facts.clone(),
        settings: judged.settings.to_owned(),
    }
    .write(folder)?;
    Ok(metrics)
}

fn drawn(epoch: &train::Epoch) -> report::figure::Epoch {
    report::figure::Epoch {
        epoch: epoch.epoch as usize,
        loss: epoch.loss,
        accuracy: epoch.accuracy,
        validation_loss: epoch.validation.map(|v| v.loss),
        validation_accuracy: epoch.validation.map(|v| v.accuracy),
    }
}

/// The figures in a few lines for people.
#[must_use]
pub fn summary(metrics: &Metrics) -> Vec<String> {
    let interval = |key: &str| {
        metrics.intervals.get(key).map_or(String::new(), |[low, high]| format!(" ({low:.3} to {high:.3})"))
    };
    let mut lines = vec![
        format!("{} of {}", plural(metrics.n, "cell"), plural(metrics.n_groups, "group")),
        format!("accuracy  {:.3}{}", metrics.accuracy, interval("accuracy")),
        format!("macro-F1  {:.3}{}", metrics.macro_f1, interval("macro_f1")),
    ];
    for name in &metrics.classes {
        if let Some(class) = metrics.per_class.get(name) {
            lines.push(format!(
                "  {name}: precision {:.3}, recall {:.3}, F1 {:.3}, {}",
                class.precision,
                class.recall,
                class.f1,
                plural(usize::try_from(class.support).unwrap_or(usize::MAX), "cell")
            ));
        }
    }
    lines
}

/// Index of the highest probability, the first of equals.
#[must_use]
pub fn winner(row: &[f64]) -> usize {
    row.iter().enumerate().fold(0, |best, (i, &p)| if p > row[best] { i } else { best })
}

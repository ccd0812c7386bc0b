//! `evaluate`: a model judged on labelled cells.

mod conditions;

use std::{collections::BTreeMap, path::Path};

pub use conditions::note as without_condition;

use stats::metrics::{Metrics, MetricsSettings};

use crate::{
    Dataset, Model, Progress, StudyError,
    error::plural,
    explain::Look,
    report::{
        self,
        evaluation::{Condition, EvaluationReport, MARK},
        folder::Files,
    },
    train,
};

/// What is asked for beside the figures of all cells.
#[derive(Debug, Clone, Default)]
pub struct EvaluateRequest {
    /// Judge conditions one by one too: cells of one `source` (file), `folder` (of the file), `group`, `split`, or of one value of a column
    /// of theirs (well, plate, donor, …).
    pub by: Option<String>,
    /// How the model was trained, where that is known: [`train::history_of_model`].
    pub history: Vec<train::Epoch>,
}

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
    /// The single model that predicted them, when there is one.
    pub model: Option<&'a Model>,
    /// The same cells condition by condition; may be empty.
    pub conditions: &'a [Condition],
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

/// Judges `model` on all cells of `data` and writes figures, tables and `report.html` to `output`; with conditions also
/// `conditions.csv` and everything for each of them in `conditions/NAME`. A history is written as `history.csv` and drawn.
///
/// # Errors
/// When the data do not fit the model, have other classes, or a file cannot be written; conditions that no cell has; a request to stop.
pub fn evaluate(
    model: &Model,
    mut data: Dataset,
    request: &EvaluateRequest,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Metrics, StudyError> {
    check_output(output)?;
    model.contract.check(&data)?;
    data.number_classes_as(&model.classes)?;
    let by_condition = request.by.as_deref().map(|by| conditions::split(&data, by)).transpose()?;
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let truth = data.labels()?;
    let probabilities = model.probabilities(&data, &everyone, progress)?;
    let manifest = &model.manifest;
    let hash = data.hash()?;
    let mut facts = model_facts(model);
    facts.push(("data judged on, SHA-256".to_owned(), hash.clone()));
    facts.extend(model.contract.note(&data).map(|note| ("channels".to_owned(), note)));
    let without = request.by.as_deref().and_then(|by| conditions::note(&data, by));
    facts.extend(without.map(|note| ("conditions".to_owned(), note)));
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
        history: &request.history,
        model: Some(model),
        conditions: &[],
        split,
        leakage: manifest.settings.contains("allow_leakage = true"),
        facts,
        settings: &manifest.settings,
    };
    let mut files = Files::default();
    let judged_apart = apart(&judged, by_condition.unwrap_or_default(), &mut files)?;
    let judged = Judged { conditions: &judged_apart, ..judged };
    let metrics = self::metrics(judged.data, judged.indices, judged.truth, judged.probabilities)?;
    files.add_all(report(&judged, &metrics).files()?);
    if !request.history.is_empty() {
        files.add("history.csv", train::history_table(&request.history).to_csv());
    }
    files.write(output, MARK)?;
    Ok(metrics)
}

/// Judges the cells of each condition alone; its files go into a folder of its own.
fn apart(
    all: &Judged,
    by_condition: BTreeMap<String, Vec<usize>>,
    files: &mut Files,
) -> Result<Vec<Condition>, StudyError> {
    let k = all.data.classes.len();
    let folders = conditions::folders(by_condition.keys());
    let judge = |((name, indices), folder): ((String, Vec<usize>), String)| {
        let truth: Vec<usize> = indices.iter().map(|&i| all.truth[i]).collect();
        let probabilities: Vec<f64> =
            indices.iter().flat_map(|&i| &all.probabilities[i * k..(i + 1) * k]).copied().collect();
        let metrics = metrics(all.data, &indices, &truth, &probabilities)?;
        let judged = Judged {
            title: &format!("Evaluation: {name}"),
            indices: &indices,
            truth: &truth,
            probabilities: &probabilities,
            history: &[],
            split: all.split.clone(),
            facts: all.facts.clone(),
            ..*all
        };
        files.add_folder(&folder, report(&judged, &metrics).files()?);
        Ok(Condition { name, folder, metrics })
    };
    by_condition.into_iter().zip(folders).map(judge).collect()
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
    report(judged, &metrics).write(folder)?;
    Ok(metrics)
}

fn report<'a>(judged: &'a Judged, metrics: &'a Metrics) -> EvaluationReport<'a> {
    let leakage =
        "Cells of one group were allowed on both sides of the split: the figures flatter the model.";
    EvaluationReport {
        title: judged.title.to_owned(),
        metrics,
        truth: judged.truth,
        probabilities: judged.probabilities,
        cells: &judged.data.cells,
        crops: judged.data,
        channels: &judged.data.channels,
        rows: judged.indices,
        look: judged.model.map(|model| Look { model, data: judged.data }),
        history: judged.history.iter().map(drawn).collect(),
        conditions: judged.conditions,
        best_epoch: None,
        warnings: judged.leakage.then(|| leakage.to_owned()).into_iter().collect(),
        split: judged.split.clone(),
        facts: judged.facts.clone(),
        settings: judged.settings.to_owned(),
    }
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

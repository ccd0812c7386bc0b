//! `evaluate`: a model judged on labelled cells.

use std::{collections::BTreeMap, path::Path};

use stats::metrics::{Metrics, MetricsSettings};

use crate::{Dataset, Model, StudyError, error::plural};

/// Predictions with their truth, ready to be judged.
pub struct Judged<'a> {
    /// Headline of the report.
    pub title: String,
    /// The cells.
    pub data: &'a Dataset,
    /// Which of them were judged.
    pub indices: &'a [usize],
    /// Their classes.
    pub truth: &'a [usize],
    /// Their class probabilities `[n, classes]`.
    pub probabilities: Vec<f64>,
    /// What the reader should know: name and value.
    pub facts: Vec<(String, String)>,
    /// Whether relatives were allowed on both sides of a split.
    pub leakage: bool,
}

/// Judges `model` on all cells of `data` and writes figures, tables and `report.html` to `output`.
///
/// # Errors
/// When the data do not fit the model, have other classes, or a file cannot be written.
pub fn evaluate(model: &Model, mut data: Dataset, output: &Path) -> Result<Metrics, StudyError> {
    data.number_classes_as(&model.classes)?;
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let truth = data.labels()?;
    let probabilities = model.probabilities(&data, &everyone)?;
    let judged = Judged {
        title: "Evaluation".to_owned(),
        data: &data,
        indices: &everyone,
        truth: &truth,
        probabilities,
        facts: Vec::new(),
        leakage: false,
    };
    write_report(&judged, output)
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
pub fn write_report(judged: &Judged, folder: &Path) -> Result<Metrics, StudyError> {
    let metrics = metrics(judged.data, judged.indices, judged.truth, &judged.probabilities)?;
    std::fs::create_dir_all(folder).map_err(|e| StudyError::Refused(e.to_string()))?;
    let json = serde_json::to_string_pretty(&metrics).map_err(|e| StudyError::Refused(e.to_string()))?;
    std::fs::write(folder.join("metrics.json"), json).map_err(|e| StudyError::Refused(e.to_string()))?;
    Ok(metrics)
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

//! Figures of each epoch, as `history.csv`.

use std::path::{Path, PathBuf};

use formats::FormatError;
use formats::table::{Column, Table};
use serde::{Deserialize, Serialize};

use crate::StudyError;

/// Figures of one epoch. Validation figures are absent when no cells are held out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1.
    pub epoch: u32,
    /// Learning rate at its end.
    pub learning_rate: f32,
    /// Mean loss over the training crops as augmented.
    pub loss: f64,
    /// Share of them classified right.
    pub accuracy: f64,
    /// Figures on the validation cells.
    pub validation: Option<Validation>,
}

/// Figures on the validation cells after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Share classified right.
    pub accuracy: f64,
    /// Mean F1 over the classes.
    pub macro_f1: f64,
}

impl Validation {
    /// Whether these figures are better: higher macro-F1, then lower loss.
    pub fn beats(&self, other: &Validation) -> bool {
        (self.macro_f1, -self.loss) > (other.macro_f1, -other.loss)
    }
}

/// Where the history of `model` belongs: `history.csv` beside it, or `NAME.history.csv` where another model lies in the
/// same folder, whose history must not be lost.
pub fn beside(model: &Path) -> PathBuf {
    let folder = match model.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_other = |path: &Path| {
        path.extension().is_some_and(|e| e == "safetensors") && path.file_name() != model.file_name()
    };
    let shared =
        std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| is_other(&entry.path())));
    if shared { model.with_extension("history.csv") } else { folder.join("history.csv") }
}

/// Writes one row per epoch.
///
/// # Errors
/// When the file cannot be written.
pub fn write(path: &Path, history: &[Epoch]) -> Result<(), StudyError> {
    Ok(table(history).write(path)?)
}

/// The history that lies beside the file `model`; empty when there is none.
///
/// # Errors
/// A file in its place that is no history.
pub fn of_model(model: &Path) -> Result<Vec<Epoch>, StudyError> {
    let path = beside(model);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let table = Table::read(&path)?;
    let figure = |name: &str, row: usize| match table.column(name) {
        Some(Column::Float(v)) => v[row],
        Some(Column::Int(v)) => v[row].map(|n| n as f64),
        _ => None,
    };
    let missing = || FormatError::new(&path, "a table with epoch, loss and accuracy", "one without");
    let epoch = |row: usize| {
        let known = |name: &str| figure(name, row).ok_or_else(missing);
        let validation = || {
            let of = |name: &str| figure(&format!("validation_{name}"), row);
            Some(Validation { loss: of("loss")?, accuracy: of("accuracy")?, macro_f1: of("macro_f1")? })
        };
        Ok(Epoch {
            epoch: known("epoch")? as u32,
            learning_rate: known("learning_rate")? as f32,
            loss: known("loss")?,
            accuracy: known("accuracy")?,
            validation: validation(),
        })
    };
    (0..table.n_rows()).map(epoch).collect()
}

/// One row per epoch.
#[must_use]
pub fn table(history: &[Epoch]) -> Table {
    let figure = |get: fn(&Validation) -> f64| {
        Column::Float(history.iter().map(|e| e.validation.as_ref().map(get)).collect())
    };
    let columns = vec![
        ("epoch".to_owned(), Column::Int(history.iter().map(|e| Some(i64::from(e.epoch))).collect())),
        (
            "learning_rate".to_owned(),
            Column::Float(history.iter().map(|e| Some(f64::from(e.learning_rate))).collect()),
        ),
        ("loss".to_owned(), Column::Float(history.iter().map(|e| Some(e.loss)).collect())),
        ("accuracy".to_owned(), Column::Float(history.iter().map(|e| Some(e.accuracy)).collect())),
        ("validation_loss".to_owned(), figure(|v| v.loss)),
        ("validation_accuracy".to_owned(), figure(|v| v.accuracy)),
        ("validation_macro_f1".to_owned(), figure(|v| v.macro_f1)),
    ];
    Table { columns }
}

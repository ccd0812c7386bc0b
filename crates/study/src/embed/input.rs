//! The numbers that describe cells, and what is known of each.

use std::path::Path;

use ::embed::Points;
use cells::CropSource;
use formats::features::Features;
use formats::table::{Column, Table};
use serde::{Deserialize, Serialize};

use super::refused;
use crate::model::normalise;
use crate::predict;
use crate::{Dataset, Model, Progress, StudyError};

/// Which numbers of a model describe a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// What the last layer reads.
    #[default]
    Features,
    /// The probability of each class.
    Probabilities,
}

/// Points with what is known of each.
pub struct Known<'a> {
    pub points: Points,
    /// A row for each.
    pub about: Table,
    /// The class that colours each, when there is one.
    pub classes: Vec<Option<String>>,
    /// The cells themselves, normalised as the network sees them.
    pub pictures: Option<Pictures<'a>>,
}

/// Cells as a model sees them.
pub struct Pictures<'a> {
    pub model: &'a Model,
    pub data: &'a Dataset,
}

impl Pictures<'_> {
    /// Crop `i`, normalised.
    pub fn read(&self, i: usize) -> Result<Vec<f32>, StudyError> {
        let mut crop = vec![0.0; self.model.contract.shape().len()];
        self.data.read_crop(i, &mut crop)?;
        normalise(&self.model.contract, self.data, i, &mut crop)?;
        Ok(crop)
    }
}

/// Cells by what the model makes of them; the class is the label, or what is predicted where no cell has one.
pub fn of_cells<'a>(
    model: &'a Model,
    data: &'a Dataset,
    of: Of,
    progress: &dyn Progress,
) -> Result<Known<'a>, StudyError> {
    if data.is_empty() {
        return Err(StudyError::Refused("expected at least one cell, found none".into()));
    }
    let everyone: Vec<usize> = (0..data.len()).collect();
    let probabilities = model.probabilities(data, &everyone, progress)?;
    let (columns, values) = match of {
        Of::Features => model.features(data, &everyone, progress)?,
        Of::Probabilities => (model.classes.len(), probabilities.iter().map(|&p| p as f32).collect()),
    };
    let mut about = predict::table(model, &data.cells, &probabilities);
    let labels: Vec<Option<String>> =
        data.cells.iter().map(|cell| cell.class.and_then(|class| data.classes.get(class).cloned())).collect();
    let mut classes = labels.clone();
    if labels.iter().any(Option::is_some) {
        about.columns.retain(|(name, _)| name != "label");
        about.push("label", Column::Text(labels));
    } else if let Some(Column::Text(predicted)) = about.column("class") {
        classes = predicted.clone();
    }
    let points = Points::new(columns, values).map_err(refused)?;
    Ok(Known { points, about, classes, pictures: Some(Pictures { model, data }) })
}

/// Rows of a file of features.
pub fn of_file(path: &Path) -> Result<Known<'static>, StudyError> {
    let Features { n_columns, values, mut about } = Features::read(path)?;
    let n = values.len().checked_div(n_columns).unwrap_or(0);
    let points = Points::new(n_columns, values)
        .map_err(|e| StudyError::Refused(format!("{}: {e}", path.display())))?;
    let classes = match about.column("class") {
        Some(Column::Text(classes)) => classes.clone(),
        _ => vec![None; n],
    };
    if about.column("row").is_none() {
        about.push("row", Column::Int((0..n as i64).map(Some).collect()));
    }
    Ok(Known { points, about, classes, pictures: None })
}

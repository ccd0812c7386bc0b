//! Single crops with captions, for pages.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use stats::predictions::Predictions;

use super::montage::{self, MontageError};
use super::picture::Viewer;

/// A crop that shall be shown, with what is said below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its number in the source of crops.
    pub crop: usize,
    /// The line that is read first.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
    /// Name of the cell, shown under the pointer.
    pub name: String,
}

/// An [`Item`] as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `data:` address of the picture.
    pub image: String,
    /// Width on the page, pixels.
    pub width: usize,
    /// Line that is read first.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
    /// Name of the cell.
    pub name: String,
    /// `data:` address of what a model looks at in it, shown below the picture.
    pub overlay: Option<String>,
}

/// Pictures of the items.
///
/// # Errors
/// When a crop cannot be read.
pub fn show(viewer: &Viewer, items: &[Item]) -> Result<Vec<Shown>, MontageError> {
    items
        .iter()
        .map(|item| {
            let picture = viewer.picture(item.crop)?;
            let zoom = (128 / picture.w.max(picture.h).max(1)).max(1);
            Ok(Shown {
                image: data_url(&montage::png(&picture)?),
                width: (picture.w * zoom).min(160),
                title: item.title.clone(),
                lines: item.lines.clone(),
                name: item.name.clone(),
                overlay: None,
            })
        })
        .collect()
}

/// A PNG file as an address that holds it.
#[must_use]
pub fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// A cell that was called by a wrong class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mistake {
    /// Row of the predictions.
    pub row: usize,
    /// True class.
    pub truth: usize,
    /// Predicted class.
    pub predicted: usize,
    /// Probability of the predicted class, from 0 to 1.
    pub confidence: f64,
    /// Probability of the true class.
    pub p_truth: f64,
}

/// The mistakes that the model was surest of, at most `n`, the surest first; of equals the earlier row first.
#[must_use]
pub fn surest_mistakes(predictions: &Predictions, n: usize) -> Vec<Mistake> {
    let truth = predictions.truth();
    let predicted = predictions.predicted();
    let mut mistakes: Vec<Mistake> = predictions
        .rows()
        .enumerate()
        .filter(|(row, _)| truth[*row] != predicted[*row])
        .map(|(row, p)| Mistake {
            row,
            truth: truth[row],
            predicted: predicted[row],
            confidence: p[predicted[row]],
            p_truth: p[truth[row]],
        })
        .collect();
    mistakes.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.row.cmp(&b.row)));
    mistakes.truncate(n);
    mistakes
}

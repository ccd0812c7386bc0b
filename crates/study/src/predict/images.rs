//! `predict` on images: cells cut as the model wants them, predicted, and marked where they are.

use std::path::{Path, PathBuf};

use cells::CropSource;
use formats::crops::CropFile;
use formats::{atomic, channels, crops};
use serde_json::Value;

use super::{check_output, marks, table};
use crate::crop::{CropRequest, Cropped, Method, crop};
use crate::{Dataset, Model, Progress, StudyError};

/// What is predicted, and where the results go.
#[derive(Debug, Clone, PartialEq)]
pub struct ImagesRequest {
    /// How cells are cut. Their size is the model's, and so are their channels when none are named; `output` is where the crops are
    /// kept.
    pub crop: CropRequest,
    /// Whether the crops stay when the rest is done.
    pub keep_crops: bool,
    /// The table, `.csv` or `.parquet`.
    pub table: PathBuf,
    /// The folder of images with a mark on each cell.
    pub marked: PathBuf,
}

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct PredictedImages {
    /// Cells, drops, classes, in lines for people.
    pub lines: Vec<String>,
    /// Images or frames that failed, with the reason; the others are done.
    pub failed: Vec<String>,
}

/// Cuts the cells of images as the model's contract says, predicts them, writes the table of [`predict`](super::predict) and each
/// field as a picture (a movie as a TIFF movie) with a mark of its class's colour and shape on each cell.
///
/// # Errors
/// As [`crop`] and [`predict`](super::predict); a model whose crops cannot be cut.
pub fn predict_images(
    model: &Model,
    request: &ImagesRequest,
    progress: &dyn Progress,
) -> Result<PredictedImages, StudyError> {
    check_output(&request.table)?;
    atomic::check_folder(&request.marked, marks::MARK)?;
    let request = ImagesRequest { crop: fitted(model, &request.crop)?, ..request.clone() };
    let done = run(model, &request, progress);
    if !request.keep_crops {
        // What cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&request.crop.output);
    }
    done
}

/// Cells that were cut out of images, and what a model makes of them.
pub(crate) struct PredictedCells {
    /// What was cut.
    pub cropped: Cropped,
    /// The cells.
    pub data: Dataset,
    /// Their probabilities, `[n, classes]`.
    pub probabilities: Vec<f64>,
}

/// Cuts the cells of images as the model's contract says, and predicts them.
///
/// # Errors
/// As [`predict_images`].
pub(crate) fn predict_cells(
    model: &Model,
    request: &CropRequest,
    progress: &dyn Progress,
) -> Result<PredictedCells, StudyError> {
    let request = &fitted(model, request)?;
    difference(&model.contract.cut, request).iter().for_each(|note| progress.say(note));
    let cropped = crop(request, progress)?;
    let mut data = Dataset::from(CropFile::open(&request.output)?);
    let named = &request.channels;
    let unnamed = nobody_named(&model.contract.channels) || nobody_named(&data.channels);
    if !named.is_empty() && unnamed && data.channels.len() == model.contract.channels.len() {
        // The user says which channels of the image are those of the model; names cannot tell.
        data.channels.clone_from(&model.contract.channels);
    }
    model.contract.note(&data).iter().for_each(|note| progress.say(note));
    let everyone: Vec<usize> = (0..data.len()).collect();
    let probabilities = model.probabilities(&data, &everyone)?;
    Ok(PredictedCells { cropped, data, probabilities })
}

fn run(
    model: &Model,
    request: &ImagesRequest,
    progress: &dyn Progress,
) -> Result<PredictedImages, StudyError> {
    let PredictedCells { cropped, data, probabilities } = predict_cells(model, &request.crop, progress)?;
    let table = table(model, &data.cells, &probabilities);
    table.write(&request.table)?;
    let classes: Vec<usize> =
        probabilities.chunks_exact(model.classes.len().max(1)).map(crate::evaluate::winner).collect();
    let failed = marks::write(model, request, &cropped.frames, &data.cells, &classes, progress)?;
    let mut lines = cropped.lines;
    for (class, name) in model.classes.iter().enumerate() {
        lines.push(format!("  predicted {name}: {}", classes.iter().filter(|&&c| c == class).count()));
    }
    progress.finish("");
    Ok(PredictedImages { lines, failed: cropped.failed.into_iter().chain(failed).collect() })
}

/// Where crops that are not kept lie while `table` is made.
#[must_use]
pub fn beside(table: &Path) -> PathBuf {
    let name = table.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    table.with_file_name(format!(".{name}.crops"))
}

fn nobody_named(names: &[String]) -> bool {
    channels::interchangeable(names, names)
}

/// The request with the size and channels of the model.
fn fitted(model: &Model, request: &CropRequest) -> Result<CropRequest, StudyError> {
    let contract = &model.contract;
    if contract.height % 2 + contract.width % 2 > 0 {
        let found = format!("{} x {}", contract.height, contract.width);
        let expected = "a model for crops of an even number of rows and columns, as they are cut from images";
        return Err(StudyError::Refused(format!("expected {expected}, found one for {found}")));
    }
    let mut fitted = request.clone();
    fitted.window.half_h = contract.height / 2;
    fitted.window.half_w = contract.width / 2;
    if let Method::Percentile(settings) = &mut fitted.method {
        (settings.half_h, settings.half_w) = (contract.height / 2, contract.width / 2);
    }
    if fitted.channels.is_empty() && !nobody_named(&contract.channels) {
        fitted.channels.clone_from(&contract.channels);
    }
    if fitted.output.exists() && !crops::is_crop_set(&fitted.output) {
        atomic::check_folder(&fitted.output, crops::MARK)?;
    }
    Ok(fitted)
}

/// What differs between how the model's cells were cut and how these are, as far as that is known.
fn difference(cut: &Value, request: &CropRequest) -> Option<String> {
    let ours = serde_json::to_value(request).ok()?;
    let differs = |key: &&str| cut.get(*key).is_some_and(|value| *value != ours[*key]);
    let keys: Vec<&str> =
        ["method", "eight_bit", "illumination", "focus"].into_iter().filter(differs).collect();
    let told =
        |of: &Value| keys.iter().map(|key| format!("{key} {}", of[*key])).collect::<Vec<_>>().join(", ");
    (!keys.is_empty()).then(|| {
        format!(
            "the model's cells were cut with {}, these with {}: predictions may be worse than its figures",
            told(cut),
            told(&ours)
        )
    })
}

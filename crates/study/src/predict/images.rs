//! `predict` on images: cells cut as the model wants them, predicted, and marked where they are.

use std::path::{Path, PathBuf};

use cells::{Cell, CropSource};
use formats::crops::CropFile;
use formats::{atomic, channels, crops};
use serde_json::Value;

use super::kept::{self, Kept};
use super::{Rows, check_output, marks};
use crate::crop::{self, CropRequest, Cropped, Method, crop};
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
/// As [`crop()`] and [`predict`](super::predict); a model whose crops cannot be cut.
pub fn predict_images(
    model: &Model,
    request: &ImagesRequest,
    progress: &dyn Progress,
) -> Result<PredictedImages, StudyError> {
    check_output(&request.table)?;
    atomic::check_folder(&request.marked, marks::MARK)?;
    let request = ImagesRequest { crop: fitted(model, &request.crop)?, ..request.clone() };
    let done = run(model, &request, progress);
    kept::remove(&request.crop.output);
    if matches!(done, Err(StudyError::Interrupted(_))) {
        crop::remove_parts(&request.crop.output);
    }
    if !request.keep_crops {
        // What cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&request.crop.output);
    }
    done
}

/// Cells that were cut out of images for a model, and what it makes of them.
pub(crate) struct PredictedCells<'a> {
    /// What was cut.
    pub cropped: Cropped,
    /// The crops. Facts of cells come in [parts](PredictedCells::parts), so that memory need not hold those of all.
    pub data: Dataset,
    model: &'a Model,
    crops: PathBuf,
    kept: Kept,
}

/// Some cells with their facts and their probabilities, `[n, classes]`.
type Part = (Vec<Cell>, Vec<f64>);

impl PredictedCells<'_> {
    /// All cells in their order. Each part is predicted once and then kept.
    ///
    /// # Errors
    /// As [`Model::probabilities`], each part when its turn comes; a request to stop.
    pub fn parts(
        &self,
        progress: &dyn Progress,
    ) -> Result<impl Iterator<Item = Result<Part, StudyError>>, StudyError> {
        let (_, parts) = CropFile::open_in_parts(&self.crops)?;
        let mut n_done = 0;
        progress.begin("predicting", self.data.len() as u64);
        Ok(parts.map(move |cells| {
            if progress.cancelled() {
                let message = "what was predicted is kept; --resume goes on from there";
                return Err(StudyError::Interrupted(message.to_owned()));
            }
            let data = self.data.part(n_done, cells?);
            let probabilities = self.kept.probabilities(self.model, &data, n_done)?;
            n_done += data.cells.len();
            progress.advance(n_done as u64, "");
            Ok((data.cells, probabilities))
        }))
    }
}

/// Cuts the cells of images as the model's contract says. An interrupted run leaves what is finished beside the crops, and goes on from
/// there with `request.resume`; the caller [removes](kept::remove) it when all is written.
///
/// # Errors
/// As [`predict_images`].
pub(crate) fn predict_cells<'a>(
    model: &'a Model,
    request: &CropRequest,
    progress: &dyn Progress,
) -> Result<PredictedCells<'a>, StudyError> {
    let request = &fitted(model, request)?;
    difference(&model.contract.cut, request).iter().for_each(|note| progress.say(note));
    let kept = Kept::open(model, request)?;
    let done = cut(model, request, &kept, progress);
    if matches!(done, Err(StudyError::Refused(_))) {
        // What is left of a request that is refused is of no use.
        kept::remove(&request.output);
    }
    let (cropped, data) = done?;
    Ok(PredictedCells { cropped, data, model, crops: request.output.clone(), kept })
}

fn cut(
    model: &Model,
    request: &CropRequest,
    kept: &Kept,
    progress: &dyn Progress,
) -> Result<(Cropped, Dataset), StudyError> {
    let cropped = match kept.cropped(&request.output) {
        Some(cropped) => cropped,
        None => {
            let cropped = crop(request, progress)?;
            kept.put_cropped(&cropped)?;
            cropped
        }
    };
    let (file, _) = CropFile::open_in_parts(&request.output)?;
    let mut data = Dataset::from(file);
    let named = &request.channels;
    let unnamed = nobody_named(&model.contract.channels) || nobody_named(&data.channels);
    if !named.is_empty() && unnamed && data.channels.len() == model.contract.channels.len() {
        // The user says which channels of the image are those of the model; names cannot tell.
        data.channels.clone_from(&model.contract.channels);
    }
    model.contract.note(&data).iter().for_each(|note| progress.say(note));
    model.contract.check(&data)?;
    Ok((cropped, data))
}

fn run(
    model: &Model,
    request: &ImagesRequest,
    progress: &dyn Progress,
) -> Result<PredictedImages, StudyError> {
    let predicted = predict_cells(model, &request.crop, progress).map_err(not_kept)?;
    let (mut cells, mut probabilities) = (Vec::new(), Vec::new());
    for part in predicted.parts(progress)? {
        let (some, theirs) = part.map_err(not_kept)?;
        cells.extend(some);
        probabilities.extend(theirs);
    }
    Rows::new(model, &cells, &probabilities).write(&request.table)?;
    let classes: Vec<usize> =
        probabilities.chunks_exact(model.classes.len().max(1)).map(crate::evaluate::winner).collect();
    let Cropped { lines, failed, frames } = predicted.cropped;
    let not_marked = marks::write(model, request, &frames, &cells, &classes, progress)?;
    let of_class = |class: usize| classes.iter().filter(|&&c| c == class).count();
    let counts =
        model.classes.iter().enumerate().map(|(k, name)| format!("  predicted {name}: {}", of_class(k)));
    progress.finish("");
    Ok(PredictedImages {
        lines: lines.into_iter().chain(counts).collect(),
        failed: failed.into_iter().chain(not_marked).collect(),
    })
}

/// Here nothing goes on from where it was stopped.
fn not_kept(error: StudyError) -> StudyError {
    match error {
        StudyError::Interrupted(_) => StudyError::Interrupted("no table was written".to_owned()),
        error => error,
    }
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

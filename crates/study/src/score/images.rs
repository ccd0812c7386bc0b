//! Cells of images: cut as the model wants them, predicted, scored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cells::Cell;
use formats::table::{Column, Table};
use formats::{FormatError, atomic};

use super::cells::CellTable;
use super::pictures::pictures;
use super::request::ScoreRequest;
use super::{MARK, Scored, write};
use crate::crop::{CropRequest, short};
use crate::predict::{PredictedCells, predict_cells, remove_kept, table};
use crate::{Model, Progress, Silent, StudyError};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoredImages {
    /// What was found, in lines for people.
    pub lines: Vec<String>,
    /// Images or frames that failed, with the reason; the others are done.
    pub failed: Vec<String>,
}

/// The folders of conditions among `paths`: a folder without images of its own that has folders stands for these, in the order of their names.
///
/// # Errors
/// A folder that cannot be read.
pub fn condition_folders(paths: &[PathBuf]) -> Result<Vec<PathBuf>, StudyError> {
    let mut all = Vec::new();
    for path in paths {
        let mut folders = Vec::new();
        let mut has_files = !path.is_dir();
        if !has_files {
            let unreadable = |e| FormatError::io(path, "a readable folder", &e);
            for entry in std::fs::read_dir(path).map_err(unreadable)? {
                let entry = entry.map_err(unreadable)?.path();
                let is_hidden = entry.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
                if entry.is_dir() && !is_hidden {
                    folders.push(entry);
                } else {
                    has_files |= !is_hidden;
                }
            }
        }
        folders.sort();
        if has_files || folders.is_empty() { all.push(path.clone()) } else { all.extend(folders) }
    }
    Ok(all)
}

/// Cuts the cells of images as the model's contract says, predicts and scores them, and writes the folder `output` as
/// [`score`](super::score) does, with the table of cells and the highest, median and lowest scoring cells as pictures. The condition of an
/// image is the folder it lies in. Crops lie in `crop.output` and are removed unless `keep_crops`.
///
/// # Errors
/// As [`score`](super::score) and [`crop`](crate::crop::crop).
pub fn score_images(
    model: &Model,
    crop: &CropRequest,
    keep_crops: bool,
    request: &ScoreRequest,
    output: &Path,
    progress: &dyn Progress,
) -> Result<ScoredImages, StudyError> {
    atomic::check_folder(output, MARK)?;
    let mistakes = request.validate();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    // Their mistakes are told before hours of work.
    super::plate_map(request)?;
    super::class(&model.classes, request.class.as_deref())?;
    let predicted = predict_cells(model, crop, progress)?;
    let done = scored(model, crop, &predicted, request, output, progress);
    if matches!(done, Err(StudyError::Refused(_) | StudyError::Format(_))) {
        progress.say("the cells are cut and predicted: --resume goes on from there");
    }
    let lines = done?;
    if !keep_crops {
        // What cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&crop.output);
    }
    remove_kept(&crop.output);
    let PredictedCells { cropped, .. } = predicted;
    Ok(ScoredImages { lines: cropped.lines.into_iter().chain(lines).collect(), failed: cropped.failed })
}

fn scored(
    model: &Model,
    crop: &CropRequest,
    predicted: &PredictedCells,
    request: &ScoreRequest,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    let conditions = Conditions::of(&crop.images);
    let of_part = |facts: &[Cell], probabilities: &[f64]| conditions.put(table(model, facts, probabilities));
    let mut cells = CellTable::of(output, &of_part(&[], &[]), &request.columns)?;
    for part in predicted.parts(progress)? {
        let (facts, probabilities) = part?;
        cells.extend(CellTable::of(output, &of_part(&facts, &probabilities), &request.columns)?);
    }
    progress.finish("");
    let scored = super::scored(request, Some(&cells), progress)?;
    let class = super::class(&cells.classes, request.class.as_deref())?;
    let name = |cell: usize| {
        let place = cells.place(cell);
        match place.well {
            Some(well) => format!("{} {well}", place.plate).trim().to_owned(),
            None => place.condition.clone(),
        }
    };
    let order = order(&scored);
    let first = |name: &str| order.get(name).copied().unwrap_or(usize::MAX);
    let shown = pictures(model, &predicted.data, &cells, class, &name, &first)?;
    let page = scored.page(request, shown)?;
    let fill = |path: &Path| {
        let told = |error: StudyError| match error {
            StudyError::Format(error) => error,
            error => FormatError::new(path, "a table of cells", error.to_string()),
        };
        let parts = predicted.parts(&Silent).map_err(told)?;
        let mut tables =
            parts.map(|part| part.map(|(facts, p)| of_part(&facts, &p)).map_err(told)).peekable();
        let none = || Ok(of_part(&[], &[]));
        match tables.peek() {
            Some(_) => Table::write_streamed(path, &mut tables),
            None => Table::write_streamed(path, &mut std::iter::once_with(none)),
        }
    };
    write(&scored, &page, Some(("cells", cells.len(), &fill)), request, output)?;
    Ok(scored.lines)
}

/// Which well is shown first: those of hits.
fn order(scored: &Scored) -> BTreeMap<String, usize> {
    let mut order = BTreeMap::new();
    if let Some(screen) = &scored.screen {
        for &i in screen.treatments.iter().flat_map(|t| &t.wells) {
            let row = &screen.rows[i];
            let next = order.len();
            order.entry(format!("{} {}", row.plate, row.well).trim().to_owned()).or_insert(next);
        }
    }
    order
}

/// The folder of each image, by the image's name among the cells.
struct Conditions(BTreeMap<String, String>);

impl Conditions {
    fn of(images: &[PathBuf]) -> Conditions {
        let folder = |path: &PathBuf| {
            let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
            folder.and_then(Path::file_name).map_or(String::new(), |name| name.to_string_lossy().into_owned())
        };
        Conditions(short(images).into_iter().zip(images.iter().map(folder)).collect())
    }

    /// Adds the condition of each cell, unless the table has it.
    fn put(&self, mut table: Table) -> Table {
        let Some(source) = table.column("source").filter(|_| table.column("condition").is_none()) else {
            return table;
        };
        let of = |row| source.text_at(row).and_then(|source| self.0.get(&source).cloned());
        let column = Column::Text((0..source.len()).map(of).collect());
        table.push("condition", column);
        table
    }
}

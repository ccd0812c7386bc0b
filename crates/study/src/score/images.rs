//! Cells of images: cut as the model wants them, predicted, scored.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use formats::table::{Column, Table};
use formats::{FormatError, atomic};

use super::cells::CellTable;
use super::pictures::pictures;
use super::request::ScoreRequest;
use super::{MARK, write};
use crate::crop::{CropRequest, short};
use crate::predict::{PredictedCells, predict_cells, table};
use crate::{Model, Progress, StudyError};

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
    let predicted = predict_cells(model, crop, progress)?;
    let done = scored(model, crop, &predicted, request, output, progress);
    if done.is_ok() && !keep_crops {
        // What cannot be removed does no harm.
        let _ = std::fs::remove_dir_all(&crop.output);
    }
    let lines = done?;
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
    let mut table = table(model, &predicted.data.cells, &predicted.probabilities);
    add_conditions(&mut table, &crop.images);
    let cells = CellTable::of(output, &table, &request.columns)?;
    let mut scored = super::scored(request, Some(&cells), progress)?;
    let class = super::class(&cells, request.class.as_deref())?;
    let name = |cell: usize| {
        let place = &cells.places[cell];
        match place.well {
            Some(well) => format!("{} {well}", place.plate).trim().to_owned(),
            None => place.condition.clone(),
        }
    };
    // Wells of hits first.
    let mut order: BTreeMap<String, usize> = BTreeMap::new();
    if let Some(screen) = &scored.screen {
        for &i in screen.treatments.iter().flat_map(|t| &t.wells) {
            let row = &screen.rows[i];
            let next = order.len();
            order.entry(format!("{} {}", row.plate, row.well).trim().to_owned()).or_insert(next);
        }
    }
    let first = |name: &str| order.get(name).copied().unwrap_or(usize::MAX);
    let shown = pictures(&predicted.data, &cells, class, &name, &first)
        .map_err(|e| StudyError::Refused(e.to_string()))?;
    scored.tables.insert(0, ("cells".to_owned(), table));
    let page = scored.page(request, shown)?;
    write(&scored, &page, request, output)?;
    Ok(scored.lines)
}

/// Adds the folder of each cell's image as its condition.
fn add_conditions(table: &mut Table, images: &[PathBuf]) {
    let folder = |path: &PathBuf| {
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        folder.and_then(Path::file_name).map_or(String::new(), |name| name.to_string_lossy().into_owned())
    };
    let conditions: BTreeMap<String, String> =
        short(images).into_iter().zip(images.iter().map(folder)).collect();
    let Some(source) = table.column("source") else { return };
    let of = |row| source.text_at(row).and_then(|source| conditions.get(&source).cloned());
    let column = Column::Text((0..source.len()).map(of).collect());
    if table.column("condition").is_none() {
        table.push("condition", column);
    }
}

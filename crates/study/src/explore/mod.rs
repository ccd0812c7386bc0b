//! `explore`: a map that [`embed`](crate::embed) wrote, open to be looked at, labelled anew and exported from.
//!
//! An [`Exploring`] is what a page needs: facts, columns and places of the cells as arrays, their pictures, their neighbours, and
//! new labels, which go to the label log of a study. It may be asked by any number of threads. A cell is called by its row in the
//! table, from 0.

mod columns;
mod export;
mod labels;
mod pictures;
mod plate;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use ::embed::{Points, nearest_to};
use formats::FormatError;
use formats::features::Features;
use formats::table::{Column, Table};
use serde::Serialize;

pub use self::columns::{ColumnFacts, ColumnKind, ColumnValues};
pub use self::export::ExploreFormat;
pub use self::labels::{Classes, MAX_CELLS, NamedClass, Relabel, Relabelled, Relabels};
pub use self::pictures::PictureShape;
pub use self::plate::PlateFacts;
pub use crate::embed::Quality;

use self::columns::Columns;
use self::pictures::Pictures;
use crate::StudyError;
use crate::embed::{CELLS, COLUMNS, FEATURES, read_about};
use crate::label::{LabelError, Labelling, lock};
use crate::source::Request;

/// Most neighbours that are told of a cell.
pub const MAX_NEIGHBOURS: usize = 200;
/// Most pictures that are given at once.
pub const MAX_PICTURES: usize = 256;

/// What is opened to be explored.
#[derive(Debug, Clone)]
pub struct ExploreRequest {
    /// A folder that `embed` wrote.
    pub folder: PathBuf,
    /// The cells that it was made of, when they lie elsewhere than where they lay then.
    pub cells: Option<Request>,
    /// Folder of the study that keeps the new labels; made when it is not there.
    pub study: PathBuf,
    /// Who labels when nobody has said who it is.
    pub labeller: String,
}

/// What is known of a map.
#[derive(Debug, Clone, Serialize)]
pub struct MapFacts {
    /// Its name.
    pub name: String,
    /// How many cells it has.
    pub cells: usize,
    /// What is known of each cell, in the order of the table.
    pub columns: Vec<ColumnFacts>,
    /// Shape of the pictures of the cells, when there are any.
    pub picture: Option<PictureShape>,
    /// How well it keeps what it was made of.
    pub quality: Quality,
    /// Name of the column of classes that people gave.
    pub label: Option<&'static str>,
    /// Name of the column of classes that a model gave.
    pub prediction: Option<&'static str>,
    /// Where the cells lay on plates, when it is known.
    pub plate: Option<PlateFacts>,
}

/// The cells nearest to a cell in feature space, nearest first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Near {
    /// Which.
    pub cells: Vec<u32>,
    /// Their Euclidean distances.
    pub distances: Vec<f32>,
}

/// A map that is open.
pub struct Exploring {
    folder: PathBuf,
    facts: MapFacts,
    columns: Columns,
    positions: Vec<[f32; 2]>,
    pictures: Option<Pictures>,
    /// Read when a neighbour is first asked for.
    features: Mutex<Option<Arc<Points>>>,
    labelling: Arc<Labelling>,
    place: labels::Place,
    notes: Vec<String>,
}

impl Exploring {
    /// Opens a map, the cells it was made of, and the study that keeps the new labels.
    ///
    /// # Errors
    /// When the folder is none that `embed` wrote; when cells are named and cannot be read or are not those of the map; when the study
    /// cannot be written.
    pub fn open(request: &ExploreRequest) -> Result<Self, StudyError> {
        let folder = &request.folder;
        let about = read_about(folder)?;
        let table = Table::read(&folder.join(CELLS))?;
        let positions = positions(folder, &table)?;
        let columns = Columns::of(table);
        let (pictures, note) = pictures::find(request.cells.as_ref(), about.cells.as_ref(), &columns)?;
        let (label, prediction) = columns.class_columns();
        let facts = MapFacts {
            name: name(folder),
            cells: positions.len(),
            columns: columns.facts(),
            picture: pictures.as_ref().map(Pictures::shape),
            quality: about.quality,
            label,
            prediction,
            plate: plate::of(&columns),
        };
        let (labelling, place) = labels::open(request, &facts.name, &columns)?;
        let notes = labelling.notes().iter().cloned().chain(note).collect();
        let (folder, labelling) = (folder.clone(), Arc::new(labelling));
        let features = Mutex::default();
        Ok(Exploring { folder, facts, columns, positions, pictures, features, labelling, place, notes })
    }

    /// What the user should know.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is known of the map.
    #[must_use]
    pub fn facts(&self) -> &MapFacts {
        &self.facts
    }

    /// The study that keeps the new labels. It has no image open.
    #[must_use]
    pub fn labelling(&self) -> &Arc<Labelling> {
        &self.labelling
    }

    /// Place of each cell on the map, `[x, y]`.
    #[must_use]
    pub fn positions(&self) -> &[[f32; 2]] {
        &self.positions
    }

    /// The values of a column.
    ///
    /// # Errors
    /// When there is no such column, or it is text of more than 100,000 cells.
    pub fn column(&self, name: &str) -> Result<ColumnValues<'_>, LabelError> {
        self.columns.values(name)
    }

    /// All that is known of a cell.
    ///
    /// # Errors
    /// When there is no such cell.
    pub fn cell(&self, cell: u32) -> Result<serde_json::Map<String, serde_json::Value>, LabelError> {
        self.check(&[cell])?;
        Ok(self.columns.row(cell as usize))
    }

    /// Pictures of cells, `[n, height, width, channels]`, 8 bits.
    ///
    /// # Errors
    /// When there are none, no such cell, more than 256 are asked for, or one cannot be read.
    pub fn pictures(&self, cells: &[u32]) -> Result<Vec<u8>, LabelError> {
        self.check(cells)?;
        if cells.len() > MAX_PICTURES {
            return Err(LabelError::refused(format!("at most {MAX_PICTURES} cells at once"), cells.len()));
        }
        self.seen()?.bytes(cells)
    }

    /// The `k` cells nearest to a cell in feature space, without itself, exactly.
    ///
    /// # Errors
    /// When there is no such cell, `k` is not 1 to 200, or the features cannot be read.
    pub fn neighbours(&self, cell: u32, k: usize) -> Result<Near, LabelError> {
        self.check(&[cell])?;
        if !(1..=MAX_NEIGHBOURS).contains(&k) {
            return Err(LabelError::refused(format!("1 to {MAX_NEIGHBOURS} neighbours"), k));
        }
        let points = self.points()?;
        let (cells, distances) = nearest_to(&points, cell as usize, k).into_iter().unzip();
        Ok(Near { cells, distances })
    }

    fn points(&self) -> Result<Arc<Points>, LabelError> {
        let mut features = lock(&self.features);
        if let Some(points) = &*features {
            return Ok(points.clone());
        }
        let path = self.folder.join(FEATURES);
        let Features { n_columns, values, .. } = Features::read(&path)?;
        let n = values.len() / n_columns.max(1);
        if n != self.facts.cells {
            let expected = format!("features of {} cells", self.facts.cells);
            return Err(FormatError::new(path, expected, format!("of {n}")).into());
        }
        let points =
            Points::new(n_columns, values).map_err(|e| FormatError::new(path, "features", e.to_string()))?;
        Ok(features.insert(Arc::new(points)).clone())
    }

    /// The pictures, or a refusal.
    fn seen(&self) -> Result<&Pictures, LabelError> {
        self.pictures.as_ref().ok_or_else(|| LabelError::unknown("a map with pictures of its cells", "none"))
    }

    /// Whether there are such cells.
    fn check(&self, cells: &[u32]) -> Result<(), LabelError> {
        let n = self.facts.cells;
        match cells.iter().find(|&&cell| cell as usize >= n) {
            Some(cell) => Err(LabelError::unknown(format!("a cell below {n}"), cell)),
            None => Ok(()),
        }
    }

    /// Whether there are such cells, each named once.
    fn check_once(&self, cells: &[u32]) -> Result<(), LabelError> {
        self.check(cells)?;
        let mut seen = vec![false; self.facts.cells];
        match cells.iter().find(|&&cell| std::mem::replace(&mut seen[cell as usize], true)) {
            Some(twice) => Err(LabelError::refused("each cell once", format!("{twice} twice"))),
            None => Ok(()),
        }
    }
}

/// What the folder is called.
fn name(folder: &Path) -> String {
    let full = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    full.file_name().map_or_else(|| "map".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn positions(folder: &Path, table: &Table) -> Result<Vec<[f32; 2]>, StudyError> {
    let path = folder.join(CELLS);
    let along = |name: &str| -> Result<Vec<f32>, FormatError> {
        let wrong =
            |found: &str| FormatError::new(&path, format!("a number in every row of column {name}"), found);
        let Some(Column::Float(values)) = table.column(name) else { return Err(wrong("none")) };
        let finite = |v: &Option<f64>| v.map(|v| v as f32).filter(|v| v.is_finite());
        values.iter().map(finite).collect::<Option<_>>().ok_or_else(|| wrong("a row without"))
    };
    let [x, y] = [along(COLUMNS[0])?, along(COLUMNS[1])?];
    if x.is_empty() {
        return Err(FormatError::new(&path, "at least one cell", "none").into());
    }
    Ok(x.into_iter().zip(y).map(|(x, y)| [x, y]).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
mod tests;

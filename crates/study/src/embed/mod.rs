//! `embed`: a map of cells on which those lie near each other that the network, or any other features, take for alike.

mod anndata;
mod input;
mod outlier;
mod output;
mod tiles;

use std::path::{Path, PathBuf};
use std::time::Instant;

pub use ::embed::{Init, Umap};
use ::embed::{Map, Placed, Points, neighbours_kept, trustworthiness};
use formats::features::Features;
use formats::table::{Column, Table};
use serde::{Deserialize, Serialize};

pub use input::Of;
pub(crate) use output::{CELLS, FEATURES, read_about};
pub use tiles::Tile;

use crate::progress::stop_if_asked;
use crate::report::text::percent;
use crate::source::Request;
use crate::{Dataset, Model, Progress, StudyError};
use input::Known;

/// The file that says that a folder is an embedding and may be replaced by another.
pub const MARK: &str = "embedding.json";
/// Coordinates in the table of cells.
pub(crate) const COLUMNS: [&str; 2] = ["umap_1", "umap_2"];
/// How odd a cell is.
const OUTLIER: &str = "outlier";
/// Neighbours of which quality is told.
const QUALITY_NEIGHBOURS: usize = 15;
/// Points on which quality is measured: its time grows with their square.
const MEASURED: usize = 3000;

/// What is mapped, and how.
#[derive(Debug, Clone)]
pub struct EmbedRequest {
    /// Which numbers of a model describe a cell.
    pub of: Of,
    /// How they become a map.
    pub umap: Umap,
    /// Bins along each side of the manifold projection.
    pub bins: usize,
    /// What a bin shows of its cells.
    pub tile: Tile,
    /// An earlier embedding, on whose map the cells are put; it says the settings.
    pub onto: Option<PathBuf>,
    /// Where the cells came from, kept so that `explore` finds their pictures.
    pub cells: Option<Request>,
    /// Also write `cells.h5ad`, for Python's anndata.
    pub h5ad: bool,
    /// The folder to write.
    pub output: PathBuf,
}

/// How well a map keeps what it was made of, on at most 3,000 of the cells and 15 neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// 1 when all that are near on the map are near in truth, 0.5 by chance; none for a few cells.
    pub trustworthiness: Option<f64>,
    /// Share of the nearest in truth that are nearest on the map.
    pub neighbours_kept: f64,
    /// Share of the true neighbours that the search found; none when it was exact.
    pub recall: Option<f64>,
}

impl Quality {
    fn of(points: &Points, map: &[[f32; 2]], recall: Option<f64>) -> Result<Quality, StudyError> {
        let step = points.len().div_ceil(MEASURED);
        let rows: Vec<u32> = (0..points.len() as u32).step_by(step).collect();
        let (points, map) = (points.select(&rows), rows.iter().map(|&i| map[i as usize]).collect::<Vec<_>>());
        let k = QUALITY_NEIGHBOURS.min(rows.len().saturating_sub(1)).max(1);
        let trusted = (2 * k < rows.len()).then(|| trustworthiness(&points, &map, k));
        Ok(Quality {
            trustworthiness: trusted.transpose().map_err(refused)?,
            neighbours_kept: neighbours_kept(&points, &map, k).map_err(refused)?,
            recall,
        })
    }

    /// For the shell.
    fn line(&self) -> String {
        let trusted = self.trustworthiness.map_or("not defined for so few".into(), |t| format!("{t:.3}"));
        let recall = self.recall.map_or(String::new(), |r| format!(", recall of the search {r:.3}"));
        format!("trustworthiness {trusted}, neighbours kept {}{recall}", percent(self.neighbours_kept))
    }
}

/// Whether [`embed_cells`] and [`embed_features`] may write `output`.
///
/// # Errors
/// When something else lies there, or its folder is missing.
pub fn check_output(output: &Path) -> Result<(), StudyError> {
    Ok(formats::atomic::check_folder(output, MARK)?)
}

/// Maps the cells of `data` by what `model` makes of them. Returns lines for the shell.
///
/// # Errors
/// When the cells do not fit the model, a setting is out of its range, or the folder cannot be written.
pub fn embed_cells(
    model: &Model,
    data: &Dataset,
    request: &EmbedRequest,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    check_output(&request.output)?;
    embed(input::of_cells(model, data, request.of, progress)?, request, progress)
}

/// Maps rows of features made elsewhere, see [`Features::read`].
///
/// # Errors
/// When the file cannot be read, a feature is not finite, a setting is out of its range, or the folder cannot be written.
pub fn embed_features(
    features: &Path,
    request: &EmbedRequest,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    check_output(&request.output)?;
    embed(input::of_file(features)?, request, progress)
}

fn embed(
    mut known: Known,
    request: &EmbedRequest,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    let start = Instant::now();
    let (settings, positions, outlier, recall) = match &request.onto {
        Some(earlier) => {
            let map = earlier_map(earlier)?;
            let Placed { positions, neighbours } = map.transform(&known.points).map_err(refused)?;
            (map.settings().clone(), positions, outlier::outlier(&neighbours, false), None)
        }
        None => {
            let map = fit(&known.points, &request.umap, progress)?;
            let neighbours = map.neighbours();
            let outlier = outlier::outlier(neighbours, true);
            (request.umap.clone(), map.positions().to_vec(), outlier, neighbours.recall())
        }
    };
    progress.finish(&format!("mapped in {:.1} s", start.elapsed().as_secs_f64()));
    let quality = Quality::of(&known.points, &positions, recall)?;
    // A fact of the cells that is called as one of these gives way to it.
    known.about.columns.retain(|(name, _)| !COLUMNS.contains(&name.as_str()) && name != OUTLIER);
    known.about.push(OUTLIER, Column::Float(outlier));
    for (axis, name) in COLUMNS.into_iter().enumerate() {
        let column = positions.iter().map(|p| Some(f64::from(p[axis]))).collect();
        known.about.push(name, Column::Float(column));
    }
    output::write(&known, &positions, &settings, &quality, request)?;
    Ok(vec![
        format!("{} cells by {} features", positions.len(), known.points.columns()),
        quality.line(),
        format!("map: {}", request.output.join("map.html").display()),
    ])
}

fn fit(points: &Points, umap: &Umap, progress: &dyn Progress) -> Result<Map, StudyError> {
    let mut begun = false;
    let map = umap.fit_with(points, &mut |epoch, epochs| {
        if !std::mem::replace(&mut begun, true) {
            progress.begin("map", epochs as u64);
        }
        progress.advance(epoch as u64, "");
        !progress.cancelled()
    });
    stop_if_asked(progress)?;
    map.map_err(refused)
}

/// The map of an embedding that was written before.
fn earlier_map(folder: &Path) -> Result<Map, StudyError> {
    let settings = read_about(folder)?.settings();
    let features = Features::read(&folder.join(FEATURES))?;
    let table = Table::read(&folder.join(CELLS))?;
    let wrong = |what: &str| StudyError::Refused(format!("{}: {what}", folder.display()));
    let column = |name: &str| match table.column(name) {
        Some(Column::Float(values)) => {
            values.iter().copied().collect::<Option<Vec<f64>>>().ok_or_else(|| wrong("a place is missing"))
        }
        _ => Err(wrong(&format!("expected a column {name} of numbers in {}", CELLS))),
    };
    let [x, y] = COLUMNS.map(column);
    let positions = x?.into_iter().zip(y?).map(|(x, y)| [x as f32, y as f32]).collect();
    let points = Points::new(features.n_columns, features.values).map_err(refused)?;
    Map::from_parts(settings, points, positions).map_err(refused)
}

fn refused(error: ::embed::EmbedError) -> StudyError {
    StudyError::Refused(error.to_string())
}

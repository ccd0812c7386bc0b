//! The highest, median and lowest scoring cell of wells, as pictures.

use std::collections::BTreeMap;

use ::cells::{Cell, CellSet, CropSource, Pixels};
use serde::Serialize;

use super::cells::CellTable;
use crate::explain::Look;
use crate::report::gallery::{Item, Shown, show};
use crate::report::montage::MontageError;
use crate::report::picture::{Contrast, Viewer};
use crate::{Dataset, Model, StudyError};

/// Most bytes of pictures: a browser opens a page of so many at once.
const MAX_BYTES: usize = 24 << 20;

/// Most wells of whose highest scoring cell the Grad-CAM is shown too.
const MAX_OVERLAYS: usize = 64;

/// Cells of one well, or of one condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WellPictures {
    /// Well or condition.
    pub name: String,
    /// Highest, median, lowest.
    pub cells: Vec<Shown>,
}

/// What the page shows of cells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pictures {
    /// Wells or conditions.
    pub wells: Vec<WellPictures>,
    /// How many more there are.
    pub n_left_out: usize,
}

/// As many pictures as a page holds, of cells whose probabilities are in `cells`, row by row as in `data`; `name` says where a cell
/// belongs, and `first` which of those places come first when there are too many. Below the highest scoring cells of the first stands
/// what `model` looks at.
///
/// # Errors
/// Crops that cannot be read.
pub fn pictures(
    model: &Model,
    data: &Dataset,
    cells: &CellTable,
    class: usize,
    name: &dyn Fn(usize) -> String,
    first: &dyn Fn(&str) -> usize,
) -> Result<Pictures, StudyError> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    (0..cells.len()).for_each(|cell| by_name.entry(name(cell)).or_default().push(cell));
    let mut wells: Vec<(String, Vec<usize>)> = by_name.into_iter().collect();
    wells.sort_by_key(|(name, _)| first(name));
    let everyone: Vec<usize> = wells.iter().flat_map(|(_, cells)| cells.iter().copied()).collect();
    let viewer = Viewer::new(data, &data.channels, Contrast::Shared, &everyone).map_err(refused)?;
    let mut highest = Vec::new();
    let (mut n_bytes, n_all) = (0, wells.len());
    let of_well = |(name, mut here): (String, Vec<usize>)| -> Result<_, MontageError> {
        here.sort_by(|&a, &b| cells.row(b)[class].total_cmp(&cells.row(a)[class]).then(a.cmp(&b)));
        let mut chosen = vec![("highest", here[0])];
        highest.push(here[0]);
        if here.len() > 2 {
            chosen.push(("median", here[here.len() / 2]));
        }
        if here.len() > 1 {
            chosen.push(("lowest", here[here.len() - 1]));
        }
        let item = |(title, crop): (&str, usize)| Item {
            crop,
            title: format!("{title}: {:.3}", cells.row(crop)[class]),
            lines: Vec::new(),
            name: format!("row {} of the table of cells", crop + 2),
        };
        let items: Vec<Item> = chosen.into_iter().map(item).collect();
        let cells = show(&viewer, &items)?;
        n_bytes += cells.iter().map(|cell| cell.image.len()).sum::<usize>();
        Ok((n_bytes <= MAX_BYTES).then_some(WellPictures { name, cells }))
    };
    let shown = wells.into_iter().map(of_well).map_while(Result::transpose);
    let mut shown: Vec<WellPictures> = shown.collect::<Result<_, _>>().map_err(refused)?;
    highest.truncate(shown.len().min(MAX_OVERLAYS));
    let few = few(data, &highest)?;
    let asked: Vec<(usize, usize)> = (0..highest.len()).map(|i| (i, class)).collect();
    let overlays = Look { model, data: &few }.over(&asked, &|i| viewer.picture(highest[i]))?;
    for (well, overlay) in shown.iter_mut().zip(overlays) {
        well.cells[0].overlay = overlay;
    }
    Ok(Pictures { n_left_out: n_all - shown.len(), wells: shown })
}

/// The crops `numbers` of a data set that does not know its cells.
fn few(data: &Dataset, numbers: &[usize]) -> Result<Dataset, StudyError> {
    let shape = data.shape();
    let mut values = vec![0.0; numbers.len() * shape.len()];
    for (&number, crop) in numbers.iter().zip(values.chunks_exact_mut(shape.len())) {
        data.read(number, crop).map_err(refused)?;
    }
    let cell = |number: &usize| Cell {
        name: format!("row {} of the table of cells", number + 2),
        ..Cell::default()
    };
    let set = CellSet {
        shape,
        pixels: Pixels::Float32(values),
        cells: numbers.iter().map(cell).collect(),
        classes: Vec::new(),
        channels: data.channels.clone(),
        provenance: serde_json::Value::Null,
    };
    let mut few = Dataset::from(set);
    few.depth = data.depth;
    Ok(few)
}

fn refused(error: impl std::fmt::Display) -> StudyError {
    StudyError::Refused(error.to_string())
}

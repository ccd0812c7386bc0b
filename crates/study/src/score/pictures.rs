//! The highest, median and lowest scoring cell of wells, as pictures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cells::CellTable;
use crate::Dataset;
use crate::report::gallery::{Item, Shown, show};
use crate::report::montage::MontageError;
use crate::report::picture::{Contrast, Viewer};

/// Most bytes of pictures: a browser opens a page of so many at once.
const MAX_BYTES: usize = 24 << 20;

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

/// As many pictures as a page holds, of cells whose probabilities are in `cells`, row by row as in `data`; `name` says where a cell belongs, and `first` which of
/// those places come first when there are too many.
///
/// # Errors
/// Crops that cannot be read.
pub fn pictures(
    data: &Dataset,
    cells: &CellTable,
    class: usize,
    name: &dyn Fn(usize) -> String,
    first: &dyn Fn(&str) -> usize,
) -> Result<Pictures, MontageError> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    (0..cells.len()).for_each(|cell| by_name.entry(name(cell)).or_default().push(cell));
    let mut wells: Vec<(String, Vec<usize>)> = by_name.into_iter().collect();
    wells.sort_by_key(|(name, _)| first(name));
    let everyone: Vec<usize> = wells.iter().flat_map(|(_, cells)| cells.iter().copied()).collect();
    let viewer = Viewer::new(data, &data.channels, Contrast::Shared, &everyone)?;
    let (mut n_bytes, n_all) = (0, wells.len());
    let of_well = |(name, mut here): (String, Vec<usize>)| -> Result<_, MontageError> {
        here.sort_by(|&a, &b| cells.row(b)[class].total_cmp(&cells.row(a)[class]).then(a.cmp(&b)));
        let mut chosen = vec![("highest", here[0])];
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
    let shown: Vec<WellPictures> =
        wells.into_iter().map(of_well).map_while(Result::transpose).collect::<Result<_, _>>()?;
    Ok(Pictures { n_left_out: n_all - shown.len(), wells: shown })
}

//! Where the cells of a map lay on plates.

use formats::plate_map::{Well, shape};
use serde::Serialize;

use super::columns::Columns;

/// Plates that the cells came from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlateFacts {
    /// Rows of a plate.
    pub rows: usize,
    /// Columns of a plate.
    pub columns: usize,
    /// Names of the plates; one empty name when there is no column of them.
    pub plates: Vec<String>,
    /// Name of the column of plates.
    pub plate: Option<&'static str>,
    /// Name of the column of wells.
    pub well: &'static str,
    /// Row and column, from 0, of each level of the column of wells; none for what is no well.
    pub places: Vec<Option<[usize; 2]>>,
}

/// The plates, when there is a column of wells.
pub fn of(columns: &Columns) -> Option<PlateFacts> {
    let (wells, _) = columns.classes("well")?;
    let wells: Vec<Option<Well>> = wells.iter().map(|well| well.parse().ok()).collect();
    if wells.iter().all(Option::is_none) {
        return None;
    }
    let (rows, n_columns) = shape(wells.iter().flatten().copied());
    let plates = columns.classes("plate").map(|(levels, _)| levels.to_vec());
    Some(PlateFacts {
        rows,
        columns: n_columns,
        plate: plates.is_some().then_some("plate"),
        plates: plates.unwrap_or_else(|| vec![String::new()]),
        well: "well",
        places: wells.into_iter().map(|well| well.map(|w| [w.row, w.column])).collect(),
    })
}

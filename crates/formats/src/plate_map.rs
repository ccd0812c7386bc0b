//! Plate maps: what is in the wells of plates, from any of the files in which laboratories keep it.
//!
//! | what | told by |
//! |---|---|
//! | tidy table, a row per well, `.csv`, `.tsv` or `.txt` | its header, which names a well |
//! | grids as on the bench, one after the other | a first row `name,1,2,3,…` |
//! | one grid without its numbers, letters or both | as many rows and columns as a plate of 24 wells or more has |
//! | cellHTS2: `Platelist`, `Plateconf`, `Screenlog` | their folder, or the `Platelist` |
//! | barcodes and layouts as in cytomining's metadata | their folder, or `barcode_platemap.csv` |
//!
//! All mistakes of a file are told at once, each with its row and column.

mod barcodes;
mod cellhts;
mod content;
mod grid;
mod join;
mod measured;
mod rows;
mod text;
mod well;

use std::collections::BTreeMap;
use std::path::Path;

use crate::FormatError;

pub use cellhts::measurements;
pub use content::{Concentration, Content, Role, RoleNames};
pub use join::{Lost, Match, nearest};
pub use measured::{Measured, Measurement, reader_grid};
pub use well::{MAX_COLUMNS, MAX_ROWS, Well, shape};

/// What is known of a plate that was measured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assay {
    /// Name of its layout; plates of one layout are replicates.
    pub layout: String,
    /// Which replicate it is.
    pub replicate: Option<String>,
    /// With which others it was made.
    pub batch: Option<String>,
}

/// What is in the wells of plates.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlateMap {
    /// Measured plates by their name or barcode. A map for all plates has none.
    pub plates: BTreeMap<String, Assay>,
    /// Contents by layout.
    pub layouts: BTreeMap<String, BTreeMap<Well, Content>>,
    /// Wells that must not count, with the reason, by plate.
    pub flagged: BTreeMap<(String, Well), String>,
}

impl PlateMap {
    /// Reads a plate map of any kind; `names` are words that stand for roles in it.
    ///
    /// # Errors
    /// What is none of the kinds, or has mistakes; then all of them.
    pub fn read(path: &Path, names: &RoleNames) -> Result<PlateMap, FormatError> {
        if let Some(list) = cellhts::plate_list(path) {
            return cellhts::read(&list, names);
        }
        if let Some(barcodes) = barcodes::file(path) {
            return barcodes::read(&barcodes, names);
        }
        rows::read(path, names)
    }

    /// The layout of `plate`: its own, or the one for all plates.
    #[must_use]
    pub fn layout(&self, plate: &str) -> Option<&BTreeMap<Well, Content>> {
        let name = self.plates.get(plate).map_or("", |assay| assay.layout.as_str());
        self.layouts.get(name)
    }

    /// What is in a well.
    #[must_use]
    pub fn content(&self, plate: &str, well: Well) -> Option<&Content> {
        self.layout(plate)?.get(&well)
    }

    /// Rows and columns of the smallest usual plate that has all wells.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        Self::shape_of(self.layouts.values().flat_map(BTreeMap::keys).copied())
    }

    /// Rows and columns of the smallest usual plate that has these wells.
    #[must_use]
    pub fn shape_of(wells: impl Iterator<Item = Well>) -> (usize, usize) {
        well::shape(wells)
    }
}

/// A refusal with all `mistakes` of a file.
fn refuse(path: &Path, mistakes: &[String]) -> FormatError {
    const SHOWN: usize = 50;
    let mut lines: Vec<&str> = mistakes.iter().take(SHOWN).map(String::as_str).collect();
    let more = format!("and {} more", mistakes.len().saturating_sub(SHOWN));
    if mistakes.len() > SHOWN {
        lines.push(&more);
    }
    let found = format!("{} in it:\n  {}", mistakes.len(), lines.join("\n  "));
    FormatError::new(path, "a plate map without mistakes", found)
}

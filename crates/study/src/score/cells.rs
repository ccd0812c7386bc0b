//! A table of cells: their probabilities, classes and places.

use std::collections::BTreeMap;
use std::path::Path;

use formats::FormatError;
use formats::plate_map::Well;
use formats::table::Table;

use super::column::{find, missing, numbers, texts};
use super::request::ColumnNames;
use super::tally::Tally;
use crate::StudyError;
use crate::evaluate::winner;

/// Most mistakes that are told.
const SHOWN: usize = 20;

/// Where a cell is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Plate; empty when nobody says.
    pub plate: String,
    /// Well.
    pub well: Option<Well>,
    /// Condition, when it is said of the cell.
    pub condition: String,
    /// Image and field in it.
    pub field: String,
}

/// Cells with their probabilities.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTable {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Probabilities `[n, classes]`.
    pub probabilities: Vec<f64>,
    /// Class of each cell.
    pub called: Vec<usize>,
    /// The places there are.
    pub places: Vec<Place>,
    /// Which of them is that of each cell.
    pub place_of: Vec<u32>,
}

impl CellTable {
    /// Reads a table with a column `p_<class>` per class, and plate, well, condition, source and field where there are such.
    ///
    /// # Errors
    /// No such columns; values that are no probabilities, all at once.
    pub fn read(path: &Path, names: &ColumnNames) -> Result<CellTable, StudyError> {
        Self::of(path, &Table::read(path)?, names)
    }

    /// Takes a table that was read from `path`.
    ///
    /// # Errors
    /// As [`CellTable::read`].
    pub fn of(path: &Path, table: &Table, names: &ColumnNames) -> Result<CellTable, StudyError> {
        let classes: Vec<String> =
            table.names().filter_map(|name| name.strip_prefix("p_")).map(str::to_owned).collect();
        if classes.is_empty() {
            return Err(missing(path, table, "a column p_CLASS for each class").into());
        }
        let columns = classes
            .iter()
            .filter_map(|class| Some((class, table.column(&format!("p_{class}"))?)))
            .map(|(class, column)| numbers(path, &format!("p_{class}"), column))
            .collect::<Result<Vec<_>, _>>()?;
        let mut mistakes = Vec::new();
        let mut probabilities = Vec::with_capacity(table.n_rows() * classes.len());
        for row in 0..table.n_rows() {
            for (column, class) in columns.iter().zip(&classes) {
                let value = column[row].filter(|p| (0.0..=1.0).contains(p));
                if value.is_none() {
                    let found = column[row].map_or("none".to_owned(), |p| p.to_string());
                    mistakes.push(format!("row {}, column p_{class}: {found}", row + 2));
                }
                probabilities.push(value.unwrap_or(0.0));
            }
        }
        if !mistakes.is_empty() {
            let more = mistakes.len().saturating_sub(SHOWN);
            mistakes.truncate(SHOWN);
            let found = format!(
                "{}{}",
                mistakes.join("; "),
                if more > 0 { format!("; and {more} more") } else { String::new() }
            );
            return Err(FormatError::new(path, "probabilities from 0 to 1", found).into());
        }
        let called = probabilities.chunks_exact(classes.len()).map(winner).collect();
        let mut cells =
            CellTable { classes, probabilities, called, places: Vec::new(), place_of: Vec::new() };
        cells.place_of = cells.number(places(path, table, names)?);
        Ok(cells)
    }

    /// The numbers of some places, of which those that are new are added.
    fn number(&mut self, places: Vec<Place>) -> Vec<u32> {
        let numbered = self.places.drain(..).zip(0..);
        let mut known: BTreeMap<Place, u32> = numbered.collect();
        let number = |place| {
            let next = known.len() as u32;
            *known.entry(place).or_insert(next)
        };
        let numbers = places.into_iter().map(number).collect();
        let mut places: Vec<(u32, Place)> =
            known.into_iter().map(|(place, number)| (number, place)).collect();
        places.sort_by_key(|(number, _)| *number);
        self.places = places.into_iter().map(|(_, place)| place).collect();
        numbers
    }

    /// Appends the cells of another table of the same classes.
    pub fn extend(&mut self, more: CellTable) {
        self.probabilities.extend(more.probabilities);
        self.called.extend(more.called);
        let numbers = self.number(more.places);
        self.place_of.extend(more.place_of.iter().map(|&place| numbers[place as usize]));
    }

    /// How many cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.place_of.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.place_of.is_empty()
    }

    /// Place of a cell.
    #[must_use]
    pub fn place(&self, cell: usize) -> &Place {
        &self.places[self.place_of[cell] as usize]
    }

    /// Probabilities of a cell.
    #[must_use]
    pub fn row(&self, cell: usize) -> &[f64] {
        &self.probabilities[cell * self.classes.len()..(cell + 1) * self.classes.len()]
    }

    /// Sums by what `key` says of a place.
    #[must_use]
    pub fn tally<K: Ord>(&self, key: impl Fn(&Place) -> K) -> BTreeMap<K, Tally> {
        let mut numbers: BTreeMap<K, usize> = BTreeMap::new();
        let mut number = |place| {
            let next = numbers.len();
            *numbers.entry(key(place)).or_insert(next)
        };
        let of_place: Vec<usize> = self.places.iter().map(&mut number).collect();
        let mut tallies = vec![Tally::default(); numbers.len()];
        for (cell, &place) in self.place_of.iter().enumerate() {
            tallies[of_place[place as usize]].add(self.row(cell), self.called[cell]);
        }
        numbers.into_iter().map(|(key, number)| (key, std::mem::take(&mut tallies[number]))).collect()
    }
}

/// What columns with the name of the plate are called: by this program, plate readers, CellProfiler.
pub(super) const PLATES: [&str; 7] =
    ["plate", "barcode", "platename", "plateid", "platebarcode", "assayplatebarcode", "imagemetadataplate"];
/// What columns with the well are called.
pub(super) const WELLS: [&str; 5] = ["well", "wellname", "wellposition", "wellid", "imagemetadatawell"];

fn places(path: &Path, table: &Table, names: &ColumnNames) -> Result<Vec<Place>, StudyError> {
    let plate = find(path, table, names.plate.as_deref(), &PLATES)?.map(texts);
    let well = find(path, table, names.well.as_deref(), &WELLS)?.map(texts);
    let condition = find(path, table, names.condition.as_deref(), &["condition"])?.map(texts);
    let source = table.column("source").map(texts);
    let field = table.column("field").map(texts);
    let at = |column: &Option<Vec<Option<String>>>, row: usize| -> String {
        column.as_ref().and_then(|c| c[row].clone()).unwrap_or_default()
    };
    let mut mistakes = Vec::new();
    let places = (0..table.n_rows())
        .map(|row| {
            let well = match at(&well, row).as_str() {
                "" => None,
                text => text.parse().map_err(|m| mistakes.push(format!("row {}: {m}", row + 2))).ok(),
            };
            let source = at(&source, row);
            let of_folder = || source.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned());
            let condition = if condition.is_some() { at(&condition, row) } else { of_folder() };
            let field = [source.as_str(), &at(&field, row)]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
            Place { plate: at(&plate, row), well, condition, field }
        })
        .collect();
    if mistakes.is_empty() {
        return Ok(places);
    }
    mistakes.truncate(SHOWN);
    Err(FormatError::new(path, "wells", mistakes.join("; ")).into())
}

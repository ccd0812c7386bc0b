//! Tidy tables and grids: both are rows of named values about wells.

use std::collections::BTreeMap;
use std::path::Path;

use super::content::{Concentration, Content, Role, RoleNames};
use super::grid::{self, Grid};
use super::text::{self, Line, key};
use super::well::{Well, row_of};
use super::{Assay, PlateMap, refuse};
use crate::FormatError;

/// What a column says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Field {
    Plate,
    Well,
    Role,
    Compound,
    Concentration,
    /// log10 of moles per litre.
    LogMolar,
    Unit,
    Replicate,
    Batch,
    Donor,
}

impl Field {
    /// By the name of a column, without case and signs.
    fn of(name: &str) -> Option<Field> {
        Some(match key(name).trim_start_matches("metadata") {
            "plate" | "barcode" | "platebarcode" | "platename" | "assayplatebarcode" | "plateid" => {
                Field::Plate
            }
            "well" | "wells" | "wellname" | "wellposition" | "wellid" | "position" => Field::Well,
            "role" | "content" | "type" | "annotation" | "controltype" | "welltype" | "wellrole" => {
                Field::Role
            }
            "compound" | "chemicalname" | "treatment" | "drug" | "broadsample" | "gene" | "perturbation"
            | "compoundname" => Field::Compound,
            "conclogm" | "logm" | "logmolar" | "log10m" => Field::LogMolar,
            "concentration" | "conc" | "dose" => Field::Concentration,
            "mmolesperliter" | "concentrationmm" | "concentrationum" | "concentrationnm" | "concum"
            | "concnm" | "concmm" | "doseum" | "dosenm" => Field::Concentration,
            "unit" | "units" | "concentrationunit" | "doseunit" => Field::Unit,
            "replicate" | "rep" => Field::Replicate,
            "batch" => Field::Batch,
            "donor" | "patient" => Field::Donor,
            _ => return None,
        })
    }
}

/// The unit that the name of a column has in it.
fn unit_of(name: &str) -> &'static str {
    let key = key(name);
    match key.strip_suffix("mmolesperliter").map_or(key.as_str(), |_| "mm") {
        key if key.ends_with("mm") => "mM",
        key if key.ends_with("um") => "uM",
        key if key.ends_with("nm") => "nM",
        _ => "",
    }
}

/// Whether a cell of a table says that there is nothing; `NA` is how R writes it.
fn is_none(text: &str) -> bool {
    ["", "NA", "N/A", "NaN"].contains(&text)
}

/// Values about one well, each with where it stands.
#[derive(Default)]
struct Row {
    values: BTreeMap<Field, (String, String)>,
    unit: &'static str,
}

impl Row {
    fn text(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(|(text, _)| text.as_str()).filter(|text| !is_none(text))
    }

    fn place(&self, field: Field) -> &str {
        self.values.get(&field).map_or("", |(_, place)| place)
    }
}

/// Reads a tidy table or grids.
pub fn read(path: &Path, names: &RoleNames) -> Result<PlateMap, FormatError> {
    let lines = text::rows(path)?;
    let mut mistakes = Vec::new();
    let first = lines.iter().find(|(_, v)| v.iter().any(|v| !v.is_empty()));
    let rows = match bare_grid(&lines) {
        Some(lines) => of_grids(&lines, &mut mistakes),
        None if first.is_some_and(|(_, v)| grid::is_head(v)) => of_grids(&lines, &mut mistakes),
        None => tidy(path, &lines)?,
    };
    let mut map = PlateMap::default();
    for row in &rows {
        match content(row, names, false) {
            Ok((well, content)) => add(&mut map, row, well, content, &mut mistakes),
            Err(found) => mistakes.extend(found),
        }
    }
    if rows.is_empty() && mistakes.is_empty() {
        mistakes.push("expected a row for at least one well, found none".to_owned());
    }
    if mistakes.is_empty() { Ok(map) } else { Err(refuse(path, &mistakes)) }
}

/// Reads the layout of one plate, as those that barcodes point to; wells without compound are negative controls there.
pub fn layout(path: &Path, names: &RoleNames) -> Result<BTreeMap<Well, Content>, FormatError> {
    let (mut layout, mut mistakes) = (BTreeMap::new(), Vec::new());
    for row in tidy(path, &text::rows(path)?)? {
        match content(&row, names, true) {
            Ok((well, content)) => {
                if layout.insert(well, content).is_some() {
                    mistakes.push(format!(
                        "{}: expected each well once, found {well} twice",
                        row.place(Field::Well)
                    ));
                }
            }
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(layout) } else { Err(refuse(path, &mistakes)) }
}

fn add(map: &mut PlateMap, row: &Row, well: Well, content: Content, mistakes: &mut Vec<String>) {
    let plate = row.text(Field::Plate).unwrap_or_default().to_owned();
    if !plate.is_empty() {
        let assay = Assay { layout: plate.clone(), ..Assay::default() };
        map.plates.entry(plate.clone()).or_insert(assay);
    }
    if map.layouts.entry(plate.clone()).or_default().insert(well, content).is_some() {
        let on = if plate.is_empty() { String::new() } else { format!(" of plate {plate:?}") };
        mistakes.push(format!("{}: expected each well{on} once, found {well} twice", row.place(Field::Well)));
    }
}

/// What a logarithm of some digits stands for: -6.301029996 is half a micromole.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// What a row says of its well.
fn content(row: &Row, names: &RoleNames, bare_is_negative: bool) -> Result<(Well, Content), Vec<String>> {
    let mut mistakes = Vec::new();
    let mut fault = |field, expected: &str| {
        let found = row.text(field).map_or("nothing".to_owned(), |text| format!("{text:?}"));
        mistakes.push(format!("{}: expected {expected}, found {found}", row.place(field)));
    };
    let well = row.text(Field::Well).and_then(|text| text.parse().ok());
    if well.is_none() {
        fault(Field::Well, "a well from A01 to AF48, or r1c1");
    }
    let compound = row.text(Field::Compound).map(str::to_owned);
    let said = compound.as_deref().and_then(|compound| names.said(compound));
    let role = match row.text(Field::Role) {
        Some(text) => names.role(text).or_else(|| {
            fault(
                Field::Role,
                "sample, negative, positive, empty or other (--negative NAME says what else is one)",
            );
            None
        }),
        None if compound.is_none() && bare_is_negative => Some(Role::Negative),
        None if compound.is_none() && row.values.contains_key(&Field::Compound) => Some(Role::Empty),
        None => Some(Role::Sample),
    };
    let concentration = match (row.text(Field::Concentration), row.text(Field::LogMolar)) {
        (Some(text), _) => {
            let parsed = Concentration::parse(text, row.text(Field::Unit).unwrap_or(row.unit));
            if parsed.is_none() {
                fault(Field::Concentration, "a concentration such as 10 or 10 uM");
            }
            parsed
        }
        (None, Some(text)) => {
            let log = text.parse::<f64>().ok().filter(|v| v.abs() < 30.0);
            if log.is_none() {
                fault(Field::LogMolar, "log10 of moles per litre");
            }
            log.map(|log| Concentration { value: six_digits(10f64.powf(log + 6.0)), unit: "uM".to_owned() })
        }
        (None, None) => None,
    };
    match (well, role) {
        (Some(well), Some(role)) if mistakes.is_empty() => {
            let own = |field| row.text(field).map(str::to_owned);
            let (replicate, batch, donor) = (own(Field::Replicate), own(Field::Batch), own(Field::Donor));
            let role = said.unwrap_or(role);
            Ok((well, Content { role, compound, concentration, replicate, batch, donor }))
        }
        _ => Err(mistakes),
    }
}

/// A header line, then a row per well.
fn tidy(path: &Path, lines: &[Line]) -> Result<Vec<Row>, FormatError> {
    let Some((_, names)) = lines.first() else {
        return Err(FormatError::new(path, "a table with a header", "an empty file"));
    };
    let mut fields: BTreeMap<Field, usize> = BTreeMap::new();
    for (column, name) in names.iter().enumerate() {
        // A table may say the same twice (Barcode and Plate ID): the first counts.
        if let Some(field) = Field::of(name) {
            fields.entry(field).or_insert(column);
        }
    }
    let find = |wanted: &[&str]| names.iter().position(|name| wanted.contains(&key(name).as_str()));
    let by_number =
        find(&["row"]).zip(find(&["column", "col"])).filter(|_| !fields.contains_key(&Field::Well));
    if !fields.contains_key(&Field::Well) && by_number.is_none() {
        let expected = "a column well (A01), a grid that begins with a row name,1,2,3,…, or as many rows and columns as a plate has";
        return Err(FormatError::new(path, expected, crate::error::list(names)).at("row 1"));
    }
    let unit = fields.get(&Field::Concentration).map_or("", |&column| unit_of(&names[column]));
    let row = |(line, values): &Line| {
        let value = |column: usize| {
            let place = format!("row {line}, column {:?}", names[column]);
            (values.get(column).cloned().unwrap_or_default(), place)
        };
        let mut row =
            Row { values: fields.iter().map(|(&field, &column)| (field, value(column))).collect(), unit };
        if let Some((r, c)) = by_number {
            let (r, c) = (value(r), value(c));
            let letters =
                if row_of(&r.0).is_some() { format!("{}{}", r.0, c.0) } else { format!("r{}c{}", r.0, c.0) };
            row.values.insert(Field::Well, (letters, r.1));
        }
        row
    };
    Ok(lines.iter().skip(1).filter(|(_, v)| v.iter().any(|v| !v.is_empty())).map(row).collect())
}

/// Grids one below the other. The corner of each says what is in it: role, compound, concentration (and its unit), donor, …; a corner
/// that says none of these holds compounds, or roles where they are words for one. A grid of something else beside a grid of
/// compounds is left out, as such columns of a table are.
fn of_grids(lines: &[Line], mistakes: &mut Vec<String>) -> Vec<Row> {
    let grids = grid::grids(lines);
    // The corner of the compounds, when one says so; else the first that says nothing that is known.
    let is = |field| grids.iter().map(|grid| grid.corner).find(|corner| Field::of(corner) == field);
    let of_compounds = is(Some(Field::Compound)).or_else(|| is(None));
    let mut wells: BTreeMap<Well, Row> = BTreeMap::new();
    for grid in &grids {
        match Field::of(grid.corner) {
            Some(field) => add_grid(grid, field, &mut wells, mistakes),
            None if grid.corner.is_empty() || of_compounds == Some(grid.corner) => {
                add_grid(grid, Field::Compound, &mut wells, mistakes);
            }
            None => {}
        }
    }
    wells.into_values().collect()
}

fn add_grid(grid: &Grid, field: Field, wells: &mut BTreeMap<Well, Row>, mistakes: &mut Vec<String>) {
    for (line, values) in grid.rows.iter().filter(|(_, v)| v.iter().any(|v| !v.is_empty())) {
        let Some(row) = grid::row(values) else {
            mistakes
                .push(format!("row {line}, column 1: expected a row from A to AF, found {:?}", values[0]));
            continue;
        };
        for column in 0..grid.n_columns {
            let text = values.get(column + 1).cloned().unwrap_or_default();
            let place = format!("row {line}, column {}", column + 2);
            let well = Well { row, column };
            let entry = wells.entry(well).or_default();
            entry.values.entry(Field::Well).or_insert_with(|| (well.to_string(), place.clone()));
            let is_role = field == Field::Compound && RoleNames::default().role(&text).is_some();
            let field = if is_role { Field::Role } else { field };
            if field == Field::Concentration {
                entry.unit = unit_of(grid.corner);
            }
            if let Some((_, other)) = entry.values.insert(field, (text, place.clone())) {
                mistakes.push(format!("{place}: expected one grid of a kind, found another at {other}"));
            }
        }
    }
}

/// The lines of a grid without names of rows and columns, with them. A row of names that are known is the header of a table, and a
/// grid of numbers alone does not say what is in the wells.
fn bare_grid(lines: &[Line]) -> Option<Vec<Line>> {
    let is_table = lines.first()?.1.iter().any(|name| Field::of(name).is_some());
    let says = |value: &String| !value.is_empty() && Concentration::parse(value, "").is_none();
    let says_something = lines.iter().any(|(_, values)| values.iter().skip(1).any(says));
    if is_table || !says_something { None } else { grid::with_names(lines) }
}

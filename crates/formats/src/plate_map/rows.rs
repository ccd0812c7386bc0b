//! Tidy tables and grids: both are rows of named values about wells.

use std::collections::BTreeMap;
use std::path::Path;

use super::content::{Concentration, Content, Role, RoleNames};
use super::text::{self, key};
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
    let is_grid =
        lines.iter().find(|(_, v)| v.iter().any(|v| !v.is_empty())).is_some_and(|(_, v)| is_head(v));
    let rows = if is_grid { grids(&lines, &mut mistakes) } else { tidy(path, &lines)? };
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
fn tidy(path: &Path, lines: &[(usize, Vec<String>)]) -> Result<Vec<Row>, FormatError> {
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
        let expected = "a column well (A01), or a grid that begins with a row name,1,2,3,…";
        return Err(FormatError::new(path, expected, crate::error::list(names)).at("row 1"));
    }
    let unit = fields.get(&Field::Concentration).map_or("", |&column| unit_of(&names[column]));
    let row = |(line, values): &(usize, Vec<String>)| {
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

/// Whether a row is the head of a grid: a name, then 1, 2, 3, ….
fn is_head(values: &[String]) -> bool {
    let numbers: Vec<&String> = values.iter().skip(1).take_while(|v| !v.is_empty()).collect();
    numbers.len() > 1 && numbers.iter().enumerate().all(|(i, v)| v.parse() == Ok(i + 1))
}

/// Grids one below the other. The corner of each says what is in it: role, compound, concentration (and its unit), donor, …; a corner
/// that says none of these holds compounds, or roles where they are words for one. A grid of something else beside a grid of
/// compounds is left out, as such columns of a table are.
fn grids(lines: &[(usize, Vec<String>)], mistakes: &mut Vec<String>) -> Vec<Row> {
    let mut wells: BTreeMap<Well, Row> = BTreeMap::new();
    let mut head: Option<(Field, &'static str, usize)> = None;
    let corners = || lines.iter().filter(|(_, values)| is_head(values)).map(|(_, values)| values[0].as_str());
    // The corner of the compounds, when one says so; else the first that says nothing that is known.
    let of_compounds = corners().find(|corner| Field::of(corner) == Some(Field::Compound));
    let of_compounds = of_compounds.or_else(|| corners().find(|corner| Field::of(corner).is_none()));
    for (line, values) in lines {
        if values.iter().all(String::is_empty) {
            continue;
        }
        if is_head(values) {
            let corner = values[0].as_str();
            let beside = Field::of(corner).is_none() && !corner.is_empty() && of_compounds != Some(corner);
            if beside {
                head = None;
                continue;
            }
            let field = Field::of(corner).unwrap_or(Field::Compound);
            head = Some((
                field,
                unit_of(&values[0]),
                values.iter().skip(1).take_while(|v| !v.is_empty()).count(),
            ));
            continue;
        }
        let Some((field, unit, n_columns)) = head else { continue };
        let Some(row) = row_of(&values[0]) else {
            mistakes
                .push(format!("row {line}, column 1: expected a row from A to AF, found {:?}", values[0]));
            continue;
        };
        for column in 0..n_columns.min(super::MAX_COLUMNS) {
            let text = values.get(column + 1).cloned().unwrap_or_default();
            let place = format!("row {line}, column {}", column + 2);
            let well = Well { row, column };
            let entry = wells.entry(well).or_default();
            entry.values.entry(Field::Well).or_insert_with(|| (well.to_string(), place.clone()));
            let is_role = field == Field::Compound && RoleNames::default().role(&text).is_some();
            let field = if is_role { Field::Role } else { field };
            if field == Field::Concentration {
                entry.unit = unit;
            }
            if let Some((_, other)) = entry.values.insert(field, (text, place.clone())) {
                mistakes.push(format!("{place}: expected one grid of a kind, found another at {other}"));
            }
        }
    }
    wells.into_values().collect()
}

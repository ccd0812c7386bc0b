//! Screens as cellHTS2 keeps them: `Platelist.txt` (which file is which plate and replicate), `Plateconf.txt` (what is in the wells, with
//! wildcards) and `Screenlog.txt` (wells that must not count).
//!
//! # Source
//! Boutros, Brás & Huber 2006, doi:10.1186/gb-2006-7-7-r66, and the manual of cellHTS2.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use regex::{Regex, RegexBuilder};

use super::content::{Content, Role, RoleNames};
use super::text::{self, key};
use super::well::{Well, shape};
use super::{Assay, PlateMap, refuse};
use crate::{FormatError, input};

/// The list of plates, when `path` is one or a folder with one.
pub fn plate_list(path: &Path) -> Option<PathBuf> {
    let file = if path.is_dir() { beside(path, "platelist")? } else { path.to_path_buf() };
    let is_list = input::file_stem(&file).to_ascii_lowercase().starts_with("platelist");
    (is_list && file.is_file()).then_some(file)
}

/// The file of a folder that is called `name`, in any case, `.txt`.
fn beside(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        input::file_name(path).eq_ignore_ascii_case(&format!("{name}.txt")) && path.is_file()
    };
    let mut found: Vec<PathBuf> = entries.filter(is_it).collect();
    found.sort();
    found.into_iter().next()
}

/// A table with named columns, and where it is.
struct Sheet {
    path: PathBuf,
    names: Vec<String>,
    rows: Vec<(usize, Vec<String>)>,
}

impl Sheet {
    /// The table whose header is the first row with the column `first`.
    fn read(path: &Path, first: &[&str]) -> Result<Sheet, FormatError> {
        let mut rows = text::rows(path)?;
        let is_header = |values: &[String]| values.first().is_some_and(|v| first.contains(&key(v).as_str()));
        let Some(at) = rows.iter().position(|(_, values)| is_header(values)) else {
            let expected = format!("a header that begins with {}", first.join(" or "));
            return Err(FormatError::new(path, expected, "none"));
        };
        let body = rows.split_off(at + 1);
        let names = rows.pop().map(|(_, names)| names).unwrap_or_default();
        let rows = body.into_iter().filter(|(_, v)| v.iter().any(|v| !v.is_empty())).collect();
        Ok(Sheet { path: path.to_path_buf(), names, rows })
    }

    fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| key(n) == name)
    }

    fn need(&self, name: &str) -> Result<usize, FormatError> {
        self.column(name).ok_or_else(|| {
            FormatError::new(&self.path, format!("a column {name}"), crate::error::list(&self.names))
        })
    }
}

fn text_at(values: &[String], column: usize) -> &str {
    values.get(column).map_or("", String::as_str)
}

/// A file of the list.
struct Listed {
    file: String,
    plate: String,
    replicate: String,
    channel: String,
    /// Of the libraries of plates that the first version of cellHTS had.
    batch: String,
}

impl Listed {
    /// What the plate is called: its file without the ending.
    fn name(&self) -> String {
        input::file_stem(Path::new(&self.file))
    }
}

fn list(path: &Path) -> Result<Vec<Listed>, FormatError> {
    let sheet = Sheet::read(path, &["filename"])?;
    let [file, plate, replicate] = ["filename", "plate", "replicate"].map(|name| sheet.need(name));
    let (file, plate, replicate) = (file?, plate?, replicate?);
    let (channel, batch) = (sheet.column("channel"), sheet.column("batch"));
    let (mut listed, mut mistakes) = (Vec::new(), Vec::new());
    for (line, values) in &sheet.rows {
        let at = |column: usize| text_at(values, column).to_owned();
        let one = Listed {
            file: at(file),
            plate: at(plate),
            replicate: at(replicate),
            channel: channel.map_or("1".to_owned(), at),
            batch: batch.map_or("1".to_owned(), at),
        };
        if one.file.is_empty() || one.file.contains(['/', '\\']) {
            mistakes.push(format!(
                "row {line}, column {:?}: expected the name of a file beside the list, found {:?}",
                sheet.names[file], one.file
            ));
        }
        if one.plate.is_empty() || one.replicate.is_empty() {
            mistakes.push(format!(
                "row {line}: expected a plate and a replicate, found {:?} and {:?}",
                one.plate, one.replicate
            ));
        }
        listed.push(one);
    }
    if listed.is_empty() {
        mistakes.push("expected at least one plate, found none".to_owned());
    }
    if mistakes.is_empty() { Ok(listed) } else { Err(refuse(path, &mistakes)) }
}

/// Reads the three files.
pub fn read(path: &Path, names: &RoleNames) -> Result<PlateMap, FormatError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let listed = list(path)?;
    let mut map = PlateMap::default();
    let (conf, log) = (beside(folder, "plateconf"), beside(folder, "screenlog"));
    let rules = conf.as_deref().map(|conf| rules(conf, names)).transpose()?;
    for one in &listed {
        let assay = Assay { layout: one.plate.clone(), replicate: Some(one.replicate.clone()), batch: None };
        map.plates.insert(one.name(), assay);
        if let Some(rules) = &rules
            && !map.layouts.contains_key(&one.plate)
        {
            let name = if rules.by_batch { &one.batch } else { &one.plate };
            map.layouts.insert(one.plate.clone(), contents(rules, name));
        }
    }
    if let Some(log) = log {
        map.flagged = flagged(&log, &listed)?;
    }
    Ok(map)
}

/// What `Plateconf` says.
struct Rules {
    /// Rows and columns of a plate.
    shape: (usize, usize),
    /// Whether they are of batches of plates, as in the first version of cellHTS, and not of plates.
    by_batch: bool,
    /// In their order.
    rules: Vec<Rule>,
}

/// A row of `Plateconf`: which plates, which wells, what is in them.
struct Rule {
    plates: Regex,
    wells: Regex,
    role: Role,
    content: String,
}

fn rules(path: &Path, names: &RoleNames) -> Result<Rules, FormatError> {
    let sheet = Sheet::read(path, &["plate", "batch"])?;
    let by_batch = key(&sheet.names[0]) == "batch";
    let plate = sheet.need(&key(&sheet.names[0]))?;
    let (well, content) = (sheet.need("well")?, sheet.need("content")?);
    let shape = plate_shape(path, &sheet, well)?;
    let (mut rules, mut mistakes) = (Vec::new(), Vec::new());
    for (line, values) in &sheet.rows {
        let mut pattern = |column: usize| {
            let found = text_at(values, column);
            let pattern = wildcard(found);
            if pattern.is_none() {
                let column = &sheet.names[column];
                let expected = "expected * or a regular expression";
                mistakes.push(format!("row {line}, column {column:?}: {expected}, found {found:?}"));
            }
            pattern
        };
        let (plates, wells) = (pattern(plate), pattern(well));
        let content = text_at(values, content).to_owned();
        if let Some((plates, wells)) = plates.zip(wells) {
            // What is neither sample nor control, such as a gene, is named and has no part unless the user says so.
            let role = names.role(&content).unwrap_or(Role::Other);
            rules.push(Rule { plates, wells, role, content });
        }
    }
    if mistakes.is_empty() { Ok(Rules { shape, by_batch, rules }) } else { Err(refuse(path, &mistakes)) }
}

/// Rows and columns of a plate: as a line `Wells:` says, or of the smallest usual plate with all wells where each is listed.
fn plate_shape(path: &Path, sheet: &Sheet, well: usize) -> Result<(usize, usize), FormatError> {
    let n_wells = text::rows(path)?.iter().find_map(|(_, values)| {
        let line = values.join(" ");
        line.to_lowercase().strip_prefix("wells:").and_then(|n| n.trim().parse::<usize>().ok())
    });
    let listed: Option<Vec<Well>> =
        sheet.rows.iter().map(|(_, values)| text_at(values, well).parse().ok()).collect();
    match (n_wells, listed) {
        (Some(96), _) => Ok((8, 12)),
        (Some(384), _) => Ok((16, 24)),
        (Some(1536), _) => Ok((32, 48)),
        (None, Some(listed)) if !listed.is_empty() => Ok(shape(listed.into_iter())),
        (other, _) => {
            let found = other.map_or("no such line".to_owned(), |n| n.to_string());
            Err(FormatError::new(path, "a line Wells: with 96, 384 or 1536", found))
        }
    }
}

/// `*` is everything, anything else a regular expression for the whole. None: it is neither.
fn wildcard(text: &str) -> Option<Regex> {
    let pattern = if text == "*" { ".*".to_owned() } else { format!("^(?:{text})$") };
    if text.is_empty() {
        return None;
    }
    RegexBuilder::new(&pattern).size_limit(1 << 20).build().ok()
}

/// The contents of the wells of a plate, or of the plates of a batch: of the rules that fit, the last.
fn contents(rules: &Rules, plate: &str) -> BTreeMap<Well, Content> {
    let (rows, columns) = rules.shape;
    let here: Vec<&Rule> = rules.rules.iter().filter(|rule| rule.plates.is_match(plate)).collect();
    let wells = (0..rows * columns).map(|i| Well { row: i / columns, column: i % columns });
    let of = |well: Well| {
        let rule = here.iter().rfind(|rule| rule.wells.is_match(&well.to_string()))?;
        let compound = (rule.role != Role::Sample).then(|| rule.content.clone());
        Some((well, Content { role: rule.role, compound, ..Content::default() }))
    };
    wells.filter_map(of).collect()
}

/// Wells that the log takes out.
fn flagged(path: &Path, listed: &[Listed]) -> Result<BTreeMap<(String, Well), String>, FormatError> {
    let sheet = Sheet::read(path, &["plate", "filename"])?;
    let by_file = sheet.column("filename");
    let (plate, sample, channel) = (sheet.column("plate"), sheet.column("sample"), sheet.column("channel"));
    let (well, flag, comment) = (sheet.need("well")?, sheet.column("flag"), sheet.column("comment"));
    let (mut flagged, mut mistakes) = (BTreeMap::new(), Vec::new());
    for (line, values) in &sheet.rows {
        let is = |column: Option<usize>, value: &str| column.is_none_or(|c| text_at(values, c) == value);
        let plates: Vec<&Listed> = listed
            .iter()
            .filter(|one| {
                is(by_file, &one.file)
                    && is(plate, &one.plate)
                    && is(sample, &one.replicate)
                    && is(channel, &one.channel)
            })
            .collect();
        if plates.is_empty() {
            mistakes.push(format!("row {line}: expected a plate of the list, found {}", values.join(" ")));
        }
        let place: Result<Well, String> = text_at(values, well).parse();
        let why = [comment, flag].into_iter().flatten().map(|c| text_at(values, c)).find(|t| !t.is_empty());
        match place {
            Ok(place) => plates.iter().for_each(|one| {
                flagged.insert((one.name(), place), why.unwrap_or("flagged").to_owned());
            }),
            Err(message) => mistakes.push(format!("row {line}, column {:?}: {message}", sheet.names[well])),
        }
    }
    if mistakes.is_empty() { Ok(flagged) } else { Err(refuse(path, &mistakes)) }
}

/// A measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Plate, as the map calls it.
    pub plate: String,
    /// Channel of the measurement, usually 1.
    pub channel: String,
    /// Well.
    pub well: Well,
    /// Value; None where the file has none.
    pub value: Option<f64>,
}

/// The values in the files of a `Platelist`: a row per well without header, plate, well and value, between tabs. None when `path` is no
/// such list or folder.
///
/// # Errors
/// Files that are missing or of another kind; all mistakes of a file at once.
pub fn measurements(path: &Path) -> Option<Result<Vec<Measurement>, FormatError>> {
    let path = plate_list(path)?;
    Some(list(&path).and_then(|listed| {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut all = Vec::new();
        for one in &listed {
            file_values(&folder.join(&one.file), one, &mut all)?;
        }
        Ok(all)
    }))
}

fn file_values(path: &Path, one: &Listed, all: &mut Vec<Measurement>) -> Result<(), FormatError> {
    let (mut mistakes, name) = (Vec::new(), one.name());
    for (line, values) in text::rows(path)?.iter().filter(|(_, v)| v.iter().any(|v| !v.is_empty())) {
        let well: Result<Well, String> = text_at(values, 1).parse();
        let found = text_at(values, 2);
        let value = match found {
            "" | "NA" | "NaN" => None,
            text => text.parse::<f64>().ok().filter(|v| v.is_finite()),
        };
        if value.is_none() && !["", "NA", "NaN"].contains(&found) {
            mistakes.push(format!("row {line}, column 3: expected a number or NA, found {found:?}"));
        }
        match well {
            Ok(well) => {
                all.push(Measurement { plate: name.clone(), channel: one.channel.clone(), well, value });
            }
            Err(message) => mistakes.push(format!("row {line}, column 2: {message}")),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(refuse(path, &mistakes)) }
}

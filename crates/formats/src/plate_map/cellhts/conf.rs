//! `Plateconf.txt`: what is in the wells, with wildcards for plates and wells.

use std::collections::BTreeMap;
use std::path::Path;

use regex::{Regex, RegexBuilder};

use super::sheet::Sheet;
use crate::FormatError;
use crate::plate_map::content::{Content, Role, RoleNames};
use crate::plate_map::refuse;
use crate::plate_map::text::{key, text_at};
use crate::plate_map::well::{Well, shape};

/// What `Plateconf` says.
pub struct Rules {
    /// Rows and columns of a plate.
    shape: (usize, usize),
    /// Whether they are of batches of plates, as in the first version of cellHTS, and not of plates.
    pub by_batch: bool,
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

/// Reads the rules.
pub fn rules(path: &Path, names: &RoleNames) -> Result<Rules, FormatError> {
    let sheet = Sheet::read(path, &["plate", "batch"])?;
    let by_batch = key(&sheet.names[0]) == "batch";
    let plate = sheet.need(&key(&sheet.names[0]))?;
    let (well, content) = (sheet.need("well")?, sheet.need("content")?);
    let shape = plate_shape(&sheet, well)?;
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
fn plate_shape(sheet: &Sheet, well: usize) -> Result<(usize, usize), FormatError> {
    let n_wells = sheet.before.iter().find_map(|(_, values)| {
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
            Err(FormatError::new(&sheet.path, "a line Wells: with 96, 384 or 1536", found))
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
pub fn contents(rules: &Rules, plate: &str) -> BTreeMap<Well, Content> {
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

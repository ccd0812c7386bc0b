//! Writing annotation zips.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Write};
use std::path::Path;

use cells::{Cell, CellSet, Fact, Pixels};
use serde::Serializer;
use serde_json::{Value, json};
use zip::ZipWriter;

use crate::archive::add;
use crate::{FormatError, atomic, movie};

/// What an annotation zip says besides the patches and their facts.
#[derive(Debug, Clone, Default)]
pub struct Annotation {
    /// Name of the session, the middle of every file name; `MM-DD-YYYY--HH-MM-SS` in files of people.
    pub session: String,
    /// Image layers and the files they were read from, in the order of the channels.
    pub layers: Vec<(String, String)>,
}

/// Writes labelled cells as an annotation zip, atomically: patches in class folders and the JSON file with `states`.
/// The same cells give the same bytes.
///
/// # Errors
/// Cells without class, patches that are not square, a class name that cannot be a folder, or
/// when the file cannot be written.
pub fn write_zip(path: &Path, set: &CellSet, annotation: &Annotation) -> Result<(), FormatError> {
    check(path, set)?;
    let session = &annotation.session;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let failed =
        |result: io::Result<()>| result.map_err(|e| FormatError::io(path, "patches that can be written", &e));
    for (i, cell) in set.cells.iter().enumerate() {
        let class = cell.class.map_or("", |c| &set.classes[c]);
        let flagged = if cell.flagged { "_flagged" } else { "" };
        let name = format!("{class}/{class}_{session}_{i}{flagged}.tif");
        let tif = movie::patch_bytes(path, set.shape, &set.select(&[i]).pixels)?;
        failed(add(&mut zip, &name, &tif))?;
    }
    let name = format!("annotation_{session}.json");
    failed(metadata(set, annotation).map_err(io::Error::from).and_then(|text| add(&mut zip, &name, &text)))?;
    let bytes = zip
        .finish()
        .map_err(|e| FormatError::io(path, "a zip that can be written", &io::Error::other(e)))?
        .into_inner();
    atomic::write_file(path, |out| out.write_all(&bytes))
}

fn check(path: &Path, set: &CellSet) -> Result<(), FormatError> {
    if let Some(cell) = set.cells.iter().find(|c| c.class.is_none()) {
        return Err(FormatError::new(path, "labelled cells", format!("{:?} without class", cell.name)));
    }
    if set.shape.h != set.shape.w {
        return Err(FormatError::new(path, "square patches", set.shape.to_string()));
    }
    let bad =
        |name: &&String| name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0', ':']);
    match set.classes.iter().find(bad) {
        Some(name) => Err(FormatError::new(path, "class names that can be folders", format!("{name:?}"))),
        None => Ok(()),
    }
}

/// Focal plane, when it is known.
fn depth(cell: &Cell) -> Option<f64> {
    match cell.fact("z") {
        Some(&Fact::Int(z)) => z.map(|z| z as f64),
        _ => None,
    }
}

/// The JSON file. Entries are in a fixed order, layers in the order of the channels.
fn metadata(set: &CellSet, annotation: &Annotation) -> serde_json::Result<Vec<u8>> {
    let mut entries = vec![("shape".to_owned(), json!(set.shape.h))];
    for (layer, file) in &annotation.layers {
        entries.push((layer.clone(), json!({ "filename": file })));
    }
    if let Pixels::Uint16(values) = &set.pixels {
        entries.push(("dtype".to_owned(), json!("uint16")));
        entries.push(("range".to_owned(), json!([values.iter().min(), values.iter().max()])));
    }
    if set.cells.iter().all(|c| c.y.is_some() && c.x.is_some()) {
        let axis = |of: fn(&Cell) -> Option<f64>| -> Value {
            set.cells.iter().map(|c| json!(of(c).unwrap_or(0.0))).collect()
        };
        let mut axes: Vec<fn(&Cell) -> Option<f64>> = vec![|c| c.frame, |c| c.y, |c| c.x];
        if set.cells.iter().any(|c| depth(c).is_some_and(|z| z > 0.0)) {
            axes.insert(1, depth);
        }
        entries.extend(axes.into_iter().enumerate().map(|(i, of)| (format!("coords-{i}"), axis(of))));
    }
    let class = |c: &Cell| json!(c.class.map(|i| &set.classes[i]));
    entries.push(("labels".to_owned(), set.cells.iter().map(class).collect()));
    entries.push(("flagged".to_owned(), set.cells.iter().map(|c| json!(c.flagged)).collect()));
    let states: BTreeMap<&String, usize> = set.classes.iter().enumerate().map(|(i, c)| (c, i)).collect();
    entries.push(("states".to_owned(), json!(states)));
    let mut text = Vec::new();
    serde_json::Serializer::pretty(&mut text).collect_map(entries)?;
    text.push(b'\n');
    Ok(text)
}

//! Barcodes and layouts: `barcode_platemap.csv` and `platemap/NAME.txt`, as in cytomining's metadata.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::content::RoleNames;
use super::text::{self, key};
use super::{Assay, PlateMap, refuse, rows};
use crate::FormatError;

const NAME: &str = "barcode_platemap.csv";

/// The table of barcodes, when `path` is one or a folder with one.
pub fn file(path: &Path) -> Option<PathBuf> {
    let file = if path.is_dir() { path.join(NAME) } else { path.to_path_buf() };
    file.file_name()
        .is_some_and(|name| name.eq_ignore_ascii_case(NAME))
        .then_some(file)
        .filter(|f| f.is_file())
}

/// Reads the barcodes and every layout they point to.
pub fn read(path: &Path, names: &RoleNames) -> Result<PlateMap, FormatError> {
    let lines = text::rows(path)?;
    let header = lines.first().map_or(&[][..], |(_, names)| names.as_slice());
    let find = |wanted: &[&str]| header.iter().position(|name| wanted.contains(&key(name).as_str()));
    let columns =
        find(&["assayplatebarcode", "barcode", "plate"]).zip(find(&["platemapname", "platemap", "layout"]));
    let Some((barcode, layout)) = columns else {
        let expected = "columns Assay_Plate_Barcode and Plate_Map_Name";
        return Err(FormatError::new(path, expected, crate::error::list(header)).at("row 1"));
    };
    let (replicate, batch) = (find(&["replicate"]), find(&["batch", "batchnumber", "batchid"]));
    let folder = path.parent().unwrap_or(Path::new(".")).join("platemap");
    let (mut map, mut mistakes) = (PlateMap::default(), Vec::new());
    for (line, values) in lines.iter().skip(1).filter(|(_, v)| v.iter().any(|v| !v.is_empty())) {
        let text = |column: usize| values.get(column).cloned().unwrap_or_default();
        let own = |column: Option<usize>| column.map(text).filter(|t| !t.is_empty());
        let (plate, name) = (text(barcode), text(layout));
        if plate.is_empty() || name.is_empty() {
            mistakes
                .push(format!("row {line}: expected a barcode and a layout, found {plate:?} and {name:?}"));
            continue;
        }
        // A layout is the name of a file beside this one and nothing else.
        if name.contains(['/', '\\']) || name.starts_with('.') {
            mistakes.push(format!(
                "row {line}, column {:?}: expected the name of a layout, found {name:?}",
                header[layout]
            ));
            continue;
        }
        if !map.layouts.contains_key(&name) {
            let file = ["txt", "csv", "tsv"].map(|ending| folder.join(format!("{name}.{ending}")));
            let file = file.iter().find(|f| f.is_file()).unwrap_or(&file[0]);
            match rows::layout(file, names) {
                Ok(wells) => drop(map.layouts.insert(name.clone(), wells)),
                Err(error) => {
                    mistakes.push(format!("row {line}: {error}"));
                    // Its mistakes are told once, however many plates have it.
                    map.layouts.insert(name.clone(), BTreeMap::new());
                }
            }
        }
        let assay = Assay { layout: name, replicate: own(replicate), batch: own(batch) };
        if map.plates.insert(plate.clone(), assay).is_some() {
            mistakes.push(format!(
                "row {line}, column {:?}: expected each barcode once, found {plate:?} twice",
                header[barcode]
            ));
        }
    }
    if map.plates.is_empty() && mistakes.is_empty() {
        mistakes.push("expected at least one barcode, found none".to_owned());
    }
    if mistakes.is_empty() { Ok(map) } else { Err(refuse(path, &mistakes)) }
}

//! Screens as cellHTS2 keeps them: `Platelist.txt` (which file is which plate and replicate), `Plateconf.txt` (what is in the wells, with
//! wildcards) and `Screenlog.txt` (wells that must not count).
//!
//! # Source
//! Boutros, Brás & Huber 2006, doi:10.1186/gb-2006-7-7-r66, and the manual of cellHTS2.

mod conf;
mod log;
mod sheet;

use std::path::{Path, PathBuf};

use super::content::RoleNames;
use super::measured::{Measured, values};
use super::text::text_at;
use super::{Assay, PlateMap, refuse};
use crate::{FormatError, input};
use sheet::Sheet;

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

/// The values in the files of a `Platelist`: a row per well without header, plate, well and value, or a grid as plate readers
/// write it. Of several grids in a file the first counts, and a note says so. None when `path` is no such list or folder.
///
/// # Errors
/// Files that are missing or of another kind; all mistakes of a file at once.
pub fn measurements(path: &Path) -> Option<Result<Measured, FormatError>> {
    let path = plate_list(path)?;
    Some(list(&path).and_then(|listed| {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut all = Measured::default();
        for one in &listed {
            all.extend(values(&folder.join(&one.file), &one.name(), &one.channel)?);
        }
        Ok(all)
    }))
}

/// Reads the three files.
pub fn read(path: &Path, names: &RoleNames) -> Result<PlateMap, FormatError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let listed = list(path)?;
    let mut map = PlateMap::default();
    let (conf, log) = (beside(folder, "plateconf"), beside(folder, "screenlog"));
    let Some(conf) = conf else {
        let expected =
            "Plateconf.txt, which says what is in the wells (or --plate-map with a file that does)";
        return Err(FormatError::new(folder, expected, "a list of plates without it"));
    };
    let rules = conf::rules(&conf, names)?;
    for one in &listed {
        let assay = Assay { layout: one.plate.clone(), replicate: Some(one.replicate.clone()), batch: None };
        map.plates.insert(one.name(), assay);
        if !map.layouts.contains_key(&one.plate) {
            let name = if rules.by_batch { &one.batch } else { &one.plate };
            map.layouts.insert(one.plate.clone(), conf::contents(&rules, name));
        }
    }
    if let Some(log) = log {
        map.flagged = log::flagged(&log, &listed)?;
    }
    Ok(map)
}

//! Annotation zips: patches in class folders and one JSON file with their coordinates.
//!
//! `<Class>/<Class>_<session>_<index>[_flagged].tif`, 8- or 16-bit, `[h, w]` or `[h, w, c]`, and at the top one JSON
//! file of any name: per image layer its name and file; `coords-0`, `coords-1`, … (time, (depth,) row, column), one
//! value per patch in the order of their indices; `labels`; `states`, class name to number; `flagged`.
//!
//! Older files lack `states` or `flagged`. The class is the folder, never the beginning of the file name; a patch is
//! flagged (its window touched the border of the image) when its name ends in `_flagged`.

mod metadata;
mod write;

pub use write::{Annotation, write_zip};

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};

use cells::{Cell, CellSet};
use serde_json::json;

use crate::archive::{self, Archive, ZipLimits};
use crate::fit::Fit;
use crate::patch::{self, Patch, Patches};
use crate::watch::{self, Watch};
use crate::{FormatError, image, input};
use metadata::Metadata;

/// Largest patch file, in bytes.
const MAX_PATCH: u64 = 64 << 20;
/// Largest JSON file, in bytes.
const MAX_JSON: u64 = 64 << 20;

/// How annotation zips are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnnotationOptions {
    /// Also read the patches that hang over the border of their image.
    pub flagged: bool,
    /// What to do with patches of unequal size.
    pub fit: Option<Fit>,
    /// How much a zip may hold.
    pub limits: ZipLimits,
}

/// What one zip holds, before classes are numbered.
pub(crate) struct Session {
    path: PathBuf,
    patches: Vec<Patch>,
    metadata: Metadata,
    n_left_out: usize,
}

/// Reads annotation zips into one crop set, in the order given.
///
/// Classes are numbered as in the zips that have `states`, else in alphabetical order of the folders. Cells are named
/// `<zip without ending>/<Class>/<file>`.
///
/// # Errors
/// A zip that is broken or made to do harm; `states` that differ (both are shown); patches that differ in size or
/// depth; no patch left; a stop by `watch`.
pub fn read(paths: &[PathBuf], options: &AnnotationOptions, watch: &Watch) -> Result<CellSet, FormatError> {
    let mut sessions = Vec::new();
    for (done, path) in paths.iter().enumerate() {
        watch::tell(watch, path, done, paths.len())?;
        let (file, len) = input::open(path)?;
        let reader = std::io::BufReader::new(file);
        sessions.push(parse(path, Archive::open(path, reader, len, options.limits)?, options)?);
    }
    join(sessions, options.fit)
}

/// Reads one annotation zip from memory; `path` is for messages and names.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(path: &Path, bytes: &[u8], options: &AnnotationOptions) -> Result<CellSet, FormatError> {
    let reader = std::io::Cursor::new(bytes);
    let archive = Archive::open(path, reader, bytes.len() as u64, options.limits)?;
    join(vec![parse(path, archive, options)?], options.fit)
}

/// A labelled click in a movie.
#[derive(Debug, Clone, PartialEq)]
pub struct Click {
    /// Frame, from 0, when the movie has frames.
    pub frame: Option<f64>,
    /// Focal plane, from 0, when the movie has several.
    pub z: Option<f64>,
    /// Row, pixels.
    pub y: f64,
    /// Column, pixels.
    pub x: f64,
    /// Class, when it was given one.
    pub class: Option<String>,
}

/// The clicks of an annotation zip, and the classes in the order of their numbers when it has `states`.
///
/// # Errors
/// When it is no zip with one JSON file at its top, or that has no coordinates.
pub fn clicks(path: &Path, limits: ZipLimits) -> Result<(Vec<Click>, Vec<String>), FormatError> {
    let (file, len) = input::open(path)?;
    clicks_of(path, Archive::open(path, std::io::BufReader::new(file), len, limits)?)
}

/// As [`clicks`], of the bytes of a zip; `path` is for messages.
///
/// # Errors
/// As [`clicks`].
pub fn clicks_of_bytes(path: &Path, bytes: &[u8]) -> Result<(Vec<Click>, Vec<String>), FormatError> {
    let reader = std::io::Cursor::new(bytes);
    clicks_of(path, Archive::open(path, reader, bytes.len() as u64, ZipLimits::default())?)
}

fn clicks_of<R: Read + Seek>(
    path: &Path,
    mut archive: Archive<R>,
) -> Result<(Vec<Click>, Vec<String>), FormatError> {
    let Some(index) = archive.names().iter().position(|name| is_top_json(name)) else {
        return Err(FormatError::new(path, "a JSON file with coordinates at the top of the zip", "none"));
    };
    let metadata = Metadata::parse(path, &archive.read(index, MAX_JSON)?)?;
    let clicks = metadata.clicks();
    if clicks.is_empty() {
        return Err(FormatError::new(path, "coordinates (coords-0, coords-1, …)", "none"));
    }
    let mut states: Vec<(i64, String)> =
        metadata.states.into_iter().flatten().map(|(name, number)| (number, name)).collect();
    states.sort();
    Ok((clicks, states.into_iter().map(|(_, name)| name).collect()))
}

/// Reads the members of one zip.
fn parse<R: Read + Seek>(
    path: &Path,
    mut archive: Archive<R>,
    options: &AnnotationOptions,
) -> Result<Session, FormatError> {
    let names = archive.names().to_vec();
    let json: Vec<usize> = (0..names.len()).filter(|&i| is_top_json(&names[i])).collect();
    let metadata = match json[..] {
        [] => Metadata::default(),
        [one] => {
            let bytes = archive.read(one, MAX_JSON)?;
            Metadata::parse(path, &bytes).map_err(|e| e.at(format!("member {:?}", names[one])))?
        }
        [a, b, ..] => {
            let found = format!("{:?} and {:?}", names[a], names[b]);
            return Err(FormatError::new(path, "one JSON file at the top", found));
        }
    };
    let (zip, stem) = (input::file_name(path), input::file_stem(path));
    let (mut patches, mut n_left_out) = (Patches::default(), 0);
    for (i, name) in names.iter().enumerate() {
        if archive::is_hidden(name) || !image::has_image_name(name) {
            continue;
        }
        let Some((class, file)) = class_and_file(name) else {
            return Err(FormatError::new(
                path,
                "patches in class folders: <Class>/<file>",
                format!("{name:?}"),
            ));
        };
        let place = |e: FormatError| e.at(format!("member {name:?}"));
        let file_stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let is_flagged = patch::is_flagged(file);
        if is_flagged && !options.flagged {
            n_left_out += 1;
            continue;
        }
        let image = image::parse(path, &archive.read(i, MAX_PATCH)?).map_err(place)?;
        let mut cell = Cell {
            name: format!("{stem}/{class}/{file}"),
            flagged: is_flagged,
            source: zip.clone(),
            ..Cell::default()
        };
        cell.group.clone_from(&cell.name);
        metadata.locate(file_stem.trim_end_matches("_flagged"), class, &mut cell);
        let patch = Patch { cell, class: Some(class.to_owned()), image, is_fitted: false };
        patches.push(path, patch.fitted(path, options.fit)?)?;
    }
    Ok(Session { path: path.to_path_buf(), patches: patches.into_list(), metadata, n_left_out })
}

/// Whether a member is the kind of JSON file that an annotation zip has.
pub(crate) fn is_top_json(name: &str) -> bool {
    !name.contains('/') && !archive::is_hidden(name) && name.to_lowercase().ends_with(".json")
}

/// Class and file name of a member that lies in a class folder.
fn class_and_file(name: &str) -> Option<(&str, &str)> {
    name.split_once('/').filter(|(_, file)| !file.contains('/'))
}

/// Numbers the classes and puts the sessions together.
fn join(sessions: Vec<Session>, fit: Option<Fit>) -> Result<CellSet, FormatError> {
    let first = sessions.first().map(|s| s.path.clone()).unwrap_or_default();
    let classes = classes(&sessions)?;
    let n_left_out: usize = sessions.iter().map(|s| s.n_left_out).sum();
    let mut channels: Option<(PathBuf, Vec<String>)> = None;
    let mut patches = Vec::new();
    for session in sessions {
        let c = session.patches.first().map(|p| p.image.shape.c);
        let layers = session.metadata.layers;
        if c == Some(layers.len()) {
            match &channels {
                Some((other, names)) if *names != layers => {
                    let expected = format!("layers {} as in {}", names.join(", "), other.display());
                    return Err(FormatError::new(session.path, expected, layers.join(", ")));
                }
                _ => channels = Some((session.path, layers)),
            }
        }
        patches.extend(session.patches);
    }
    if patches.is_empty() && n_left_out > 0 {
        let found = format!("only {n_left_out} flagged ones, which are left out unless asked for");
        return Err(FormatError::new(first, "at least one patch", found));
    }
    let mut set = patch::assemble(&first, patches, classes, channels.map(|(_, names)| names), fit)?;
    set.provenance["n_flagged_left_out"] = json!(n_left_out);
    Ok(set)
}

/// Class names in the order of their numbers.
fn classes(sessions: &[Session]) -> Result<Vec<String>, FormatError> {
    let mut stated = sessions.iter().filter_map(|s| Some((s, s.metadata.states.as_ref()?)));
    let folders: BTreeSet<&String> =
        sessions.iter().flat_map(|s| s.patches.iter().filter_map(|p| p.class.as_ref())).collect();
    let Some((first, states)) = stated.next() else {
        return Ok(folders.into_iter().cloned().collect());
    };
    if let Some((other, different)) = stated.find(|(_, s)| *s != states) {
        let expected = format!("states {} as in {}", json!(states), first.path.display());
        return Err(FormatError::new(&other.path, expected, json!(different).to_string()));
    }
    let mut numbered: Vec<(&i64, &String)> = states.iter().map(|(name, number)| (number, name)).collect();
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, name)| name.clone()).collect())
}

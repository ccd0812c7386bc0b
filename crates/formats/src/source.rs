//! Labelled cells from whatever people have them in.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use cells::CellSet;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::annotation::{self, AnnotationOptions};
use crate::archive::{Archive, ZipLimits};
use crate::error::{list, quote};
use crate::fit::Fit;
use crate::groups::{self, Filter, GroupBy};
use crate::npy::Axes;
use crate::npz::{self, NpzOptions};
use crate::watch::Watch;
use crate::{FormatError, channels, class_folders, crops, input, npy, tfrecord};

/// How sources are read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Also take cells whose window hangs over the border of their image.
    pub flagged: bool,
    /// Names of keys in `.npz` files, see [`NpzOptions::keys`].
    pub keys: BTreeMap<String, String>,
    /// Order of the axes of `.npy` and `.npz` images, needed when it cannot be told.
    pub axes: Option<Axes>,
    /// Take only the cells that their publishers put in this part ("train", "val", …).
    pub split: Option<String>,
    /// What to do with patches of unequal size.
    pub fit: Option<Fit>,
    /// Sources whose cells are all of one class: class name and file, e.g. one `.npy` stack per class.
    pub classes: Vec<(String, PathBuf)>,
    /// A table about the cells; cells that it does not list are left out.
    pub table: Option<PathBuf>,
    /// Conditions on columns of the table.
    pub filters: Vec<Filter>,
    /// Where groups come from.
    pub group: GroupBy,
    /// How much a zip may hold.
    #[serde(skip)]
    pub limits: ZipLimits,
}

/// What a source is, told by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    CropSet,
    Annotation,
    AnnotationFolder,
    ClassFolders,
    ClassFolderZip,
    Npy,
    Npz,
    TfRecord,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::CropSet => "crop set",
            Kind::Annotation => "annotation zip",
            Kind::AnnotationFolder => "folder of annotation zips",
            Kind::ClassFolders => "class folders",
            Kind::ClassFolderZip => "zip of class folders",
            Kind::Npy => "npy stack",
            Kind::Npz => "npz",
            Kind::TfRecord => "TFRecord",
        }
    }
}

/// Reads all sources, and those of [`ReadOptions::classes`], into one set.
///
/// A source is a crop set, an annotation zip or a folder of them, a folder or zip of class folders with images, a
/// folder of images, a `.npy` stack, a `.npz` or a TFRecord file; its content tells which. Several sources must agree in shape,
/// depth, channel names and classes; one may lack classes that another has.
///
/// # Errors
/// A source that is missing, broken or none of these; sources that disagree (both are named); no cell left; a stop by `watch`.
pub fn open(sources: &[PathBuf], options: &ReadOptions, watch: &Watch) -> Result<CellSet, FormatError> {
    let mut parts: Vec<(PathBuf, CellSet)> = Vec::new();
    let mut zips: Vec<PathBuf> = Vec::new();
    let mut described = Vec::new();
    for path in sources {
        let kind = kind(path, options.limits)?;
        described.push(json!({ "name": input::file_name(path), "kind": kind.name() }));
        match kind {
            // All zips number their classes together.
            Kind::Annotation => zips.push(path.clone()),
            Kind::AnnotationFolder => zips.extend(annotation_zips(path)?),
            _ => parts.push((path.clone(), read(path, kind, options, watch)?)),
        }
    }
    if let Some(first) = zips.first() {
        let how = AnnotationOptions { flagged: options.flagged, fit: options.fit, limits: options.limits };
        parts.insert(0, (first.clone(), annotation::read(&zips, &how, watch)?));
    }
    for (class, path) in &options.classes {
        let kind = kind(path, options.limits)?;
        described.push(json!({ "name": input::file_name(path), "kind": kind.name(), "class": class }));
        parts.push((path.clone(), of_class(path, read(path, kind, options, watch)?, class)?));
    }
    let whole = parts.first().map_or_else(|| PathBuf::from("sources"), |(path, _)| path.clone());
    let set = merge(parts, !options.classes.is_empty())?;
    let mut set = groups::apply(&whole, set, options.table.as_deref(), &options.filters, &options.group)?;
    if let Some(split) = &options.split {
        set = of_split(&whole, set, split)?;
    }
    crops::check(&whole, &set)?;
    set.provenance["sources"] = Value::Array(described);
    set.provenance["flagged"] = json!(options.flagged);
    Ok(set)
}

fn read(path: &Path, kind: Kind, options: &ReadOptions, watch: &Watch) -> Result<CellSet, FormatError> {
    let set = match kind {
        Kind::CropSet => crops::read(path),
        Kind::Annotation | Kind::AnnotationFolder => {
            let zips =
                if kind == Kind::Annotation { vec![path.to_path_buf()] } else { annotation_zips(path)? };
            let how =
                AnnotationOptions { flagged: options.flagged, fit: options.fit, limits: options.limits };
            annotation::read(&zips, &how, watch)
        }
        Kind::ClassFolders => class_folders::read(path, options.fit, watch),
        Kind::ClassFolderZip => class_folders::read_zip(path, options.fit, options.limits, watch),
        Kind::Npy => npy::read(path, options.axes),
        Kind::Npz => {
            let how = NpzOptions { keys: options.keys.clone(), axes: options.axes, limits: options.limits };
            npz::read(path, &how)
        }
        Kind::TfRecord => tfrecord::read(path),
    }?;
    without_flagged(path, set, options.flagged)
}

/// Tells what a source is.
fn kind(path: &Path, limits: ZipLimits) -> Result<Kind, FormatError> {
    let metadata =
        std::fs::metadata(path).map_err(|e| FormatError::io(path, "a readable file or folder", &e))?;
    if metadata.is_dir() {
        return folder_kind(path);
    }
    let head = input::head(path, tfrecord::HEAD as u64)?;
    if head.starts_with(b"\x93NUMPY") {
        return Ok(Kind::Npy);
    }
    if tfrecord::is_tfrecord(&head) {
        return Ok(Kind::TfRecord);
    }
    if !head.starts_with(b"PK\x03\x04") && !head.starts_with(b"PK\x05\x06") {
        let expected = "a crop set, an annotation zip, class folders, or a .npy, .npz or .tfrecord file";
        return Err(FormatError::new(path, expected, quote(&head)));
    }
    let (file, len) = input::open(path)?;
    let archive = Archive::open(path, std::io::BufReader::new(file), len, limits)?;
    let names = archive.names();
    if names.iter().any(|n| annotation::is_top_json(n)) {
        Ok(Kind::Annotation)
    } else if names.iter().any(|n| !n.contains('/') && n.ends_with(".npy")) {
        Ok(Kind::Npz)
    } else if names.iter().any(|n| crate::image::has_image_name(n)) {
        Ok(Kind::ClassFolderZip)
    } else {
        let expected = "a zip with patches in class folders, or with .npy arrays";
        Err(FormatError::new(path, expected, format!("members: {}", list(names))))
    }
}

fn folder_kind(path: &Path) -> Result<Kind, FormatError> {
    if crops::is_crop_set(path) {
        return Ok(Kind::CropSet);
    }
    if !annotation_zips(path)?.is_empty() {
        return Ok(Kind::AnnotationFolder);
    }
    let entries = class_folders::entries(path)?;
    if entries.folders.is_empty() && entries.images.is_empty() {
        let expected = "crops.json, annotation zips, class folders or images in this folder";
        return Err(FormatError::new(path, expected, list(&entries.others)));
    }
    Ok(Kind::ClassFolders)
}

/// The zips of a folder, sorted: those named `annotation_*`, or all when none is and there are no class folders.
fn annotation_zips(path: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let entries = class_folders::entries(path)?;
    let zips: Vec<&String> = entries.others.iter().filter(|n| n.to_lowercase().ends_with(".zip")).collect();
    let named: Vec<&String> = zips.iter().copied().filter(|n| n.starts_with("annotation_")).collect();
    let chosen = match (named.is_empty(), entries.folders.is_empty()) {
        (false, _) => named,
        (true, true) => zips,
        (true, false) => Vec::new(),
    };
    Ok(chosen.into_iter().map(|n| path.join(n)).collect())
}

fn without_flagged(path: &Path, set: CellSet, flagged: bool) -> Result<CellSet, FormatError> {
    let kept: Vec<usize> = (0..set.len()).filter(|&i| flagged || !set.cells[i].flagged).collect();
    if kept.len() == set.len() {
        return Ok(set);
    }
    if kept.is_empty() {
        let found = format!("only {} flagged ones, which are left out unless asked for", set.len());
        return Err(FormatError::new(path, "at least one cell", found));
    }
    let n_left_out = set.len() - kept.len();
    let mut set = set.select(&kept);
    set.provenance["n_flagged_left_out"] = json!(n_left_out);
    Ok(set)
}

/// Gives all cells of a source one class.
fn of_class(path: &Path, mut set: CellSet, class: &str) -> Result<CellSet, FormatError> {
    if set.cells.iter().any(|c| c.class.is_some()) {
        let found = format!("classes {}", set.classes.join(", "));
        return Err(FormatError::new(path, format!("cells without class, to be {class:?}"), found));
    }
    set.classes = vec![class.to_owned()];
    set.cells.iter_mut().for_each(|c| c.class = Some(0));
    Ok(set)
}

/// Keeps the cells of one part.
fn of_split(path: &Path, set: CellSet, split: &str) -> Result<CellSet, FormatError> {
    let kept: Vec<usize> = (0..set.len()).filter(|&i| set.cells[i].split.as_deref() == Some(split)).collect();
    if kept.is_empty() {
        let splits: BTreeSet<&String> = set.cells.iter().filter_map(|c| c.split.as_ref()).collect();
        return Err(FormatError::new(path, format!("cells of split {split:?}"), list(splits)));
    }
    let mut set = set.select(&kept);
    set.provenance["split"] = json!(split);
    Ok(set)
}

/// One set of all parts. With `by_class`, classes add up in the order of the parts; otherwise the classes of one part
/// must be among those of another.
fn merge(parts: Vec<(PathBuf, CellSet)>, by_class: bool) -> Result<CellSet, FormatError> {
    let mut names = BTreeSet::new();
    let clash = parts.iter().flat_map(|(_, s)| &s.cells).any(|c| !names.insert(c.name.clone()));
    let mut parts = parts.into_iter();
    let Some((first_path, mut whole)) = parts.next() else {
        return Err(FormatError::new("sources", "at least one source", "none"));
    };
    let mut notes = vec![whole.provenance.take()];
    if clash {
        prefix_names(&first_path, &mut whole);
    }
    for (path, mut part) in parts {
        if clash {
            prefix_names(&path, &mut part);
        }
        agree(&first_path, &whole, &path, &part)?;
        if channels::are_numbered(&whole.channels) {
            whole.channels.clone_from(&part.channels);
        }
        add_classes(&first_path, &mut whole.classes, &path, &part.classes, by_class)?;
        for mut cell in part.cells {
            let name = cell.class.map(|c| &part.classes[c]);
            cell.class = name.and_then(|n| whole.classes.iter().position(|c| c == n));
            whole.cells.push(cell);
        }
        let n = part.pixels.len();
        whole.pixels.extend_from(&part.pixels, 0..n).map_err(|(a, b)| {
            FormatError::new(&path, format!("{a} as in {}", first_path.display()), b.to_string())
        })?;
        notes.push(part.provenance);
    }
    let agreed: Vec<(&str, Value)> = ["cut", "pixel_size_um"]
        .into_iter()
        .filter_map(|key| Some((key, notes.first()?.get(key)?.clone())))
        .filter(|(key, value)| notes.iter().all(|note| note.get(key) == Some(value)))
        .collect();
    whole.provenance = match notes.len() {
        1 => notes.remove(0),
        _ => json!({ "parts": notes }),
    };
    if !whole.provenance.is_object() {
        whole.provenance = json!({ "before": whole.provenance });
    }
    // What all parts agree on holds for the whole; a model carries it on.
    agreed.into_iter().for_each(|(key, value)| whole.provenance[key] = value);
    Ok(whole)
}

/// Makes the names of cells of different sources differ.
fn prefix_names(path: &Path, set: &mut CellSet) {
    let source = input::file_name(path);
    for cell in &mut set.cells {
        let name = format!("{source}/{}", cell.name);
        if cell.group == cell.name {
            cell.group.clone_from(&name);
        }
        cell.name = name;
    }
}

/// Shape, depth and channel names must be the same.
fn agree(a_path: &Path, a: &CellSet, b_path: &Path, b: &CellSet) -> Result<(), FormatError> {
    let as_in = |what: String| format!("{what} as in {}", a_path.display());
    let (depth, other) = (a.pixels.depth(), b.pixels.depth());
    if (a.shape, depth) != (b.shape, other) {
        let expected = as_in(format!("{} {depth}", a.shape));
        return Err(FormatError::new(b_path, expected, format!("{} {other}", b.shape)));
    }
    if a.channels != b.channels
        && !channels::are_numbered(&a.channels)
        && !channels::are_numbered(&b.channels)
    {
        let expected = as_in(format!("channels {}", a.channels.join(", ")));
        return Err(FormatError::new(b_path, expected, b.channels.join(", ")));
    }
    Ok(())
}

/// Adds the classes of a further source.
fn add_classes(
    a_path: &Path,
    a: &mut Vec<String>,
    b_path: &Path,
    b: &[String],
    by_class: bool,
) -> Result<(), FormatError> {
    let new: Vec<&String> = b.iter().filter(|c| !a.contains(c)).collect();
    let covers = a.iter().all(|c| b.contains(c));
    if !by_class && !new.is_empty() && !covers {
        let expected = format!("classes {} as in {}", a.join(", "), a_path.display());
        return Err(FormatError::new(b_path, expected, b.join(", ")));
    }
    a.extend(new.into_iter().cloned());
    Ok(())
}

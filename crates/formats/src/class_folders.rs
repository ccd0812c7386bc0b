//! A folder (or zip) of class folders with one image file per cell.

use std::collections::BTreeSet;
use std::io::{Read, Seek};
use std::path::Path;

use cells::{Cell, CellSet};
use rayon::prelude::*;
use serde_json::json;

use crate::archive::{self, Archive, ZipLimits};
use crate::error::list;
use crate::fit::Fit;
use crate::patch::{self, Patch, Patches};
use crate::watch::{self, Watch};
use crate::{FormatError, channels, image, input};

/// Largest patch file, in bytes.
const MAX_PATCH: u64 = 64 << 20;

/// Reads the images of all class folders, in alphabetical order of classes and of file names. Cells are named
/// `<Class>/<file>`; channels of colour images are red, green and blue. Images that lie in `path` itself, when there is
/// no folder, are cells without class, named as the file. Files that are no images by their name are left out, hidden
/// ones silently, the others are counted in the provenance.
///
/// # Errors
/// A class folder without images or with folders in it; a file that cannot be decoded; patches that differ in size
/// (without `fit`) or depth; a stop by `watch`.
pub fn read(path: &Path, fit: Option<Fit>, watch: &Watch) -> Result<CellSet, FormatError> {
    let top = entries(path)?;
    let classes: Vec<String> = top.folders.clone();
    let mut files: Vec<(Option<String>, String)> = Vec::new();
    let mut n_ignored = top.others.len();
    if classes.is_empty() {
        files.extend(top.images.into_iter().map(|file| (None, file)));
    } else if !top.images.is_empty() {
        let found = format!("also images beside them: {}", list(&top.images));
        return Err(FormatError::new(path, "images in class folders only", found));
    }
    for class in &classes {
        let folder = path.join(class);
        let inside = entries(&folder)?;
        if !inside.folders.is_empty() || inside.images.is_empty() {
            let found = match &inside.folders[..] {
                [] => "none".to_owned(),
                folders => format!("folders: {}", list(folders)),
            };
            return Err(FormatError::new(folder, "images (PNG, JPEG or TIFF) of one class", found));
        }
        n_ignored += inside.others.len();
        files.extend(inside.images.into_iter().map(|file| (Some(class.clone()), file)));
    }
    let source = input::file_name(path);
    let read = |(class, file): &(Option<String>, String)| {
        let from = class.as_ref().map_or_else(|| path.join(file), |c| path.join(c).join(file));
        let image = image::parse(&from, &input::read(&from, MAX_PATCH)?)?;
        as_patch(class.clone(), file, &source, image).fitted(path, fit)
    };
    let mut patches = Patches::default();
    for (part, some) in files.chunks(watch::FILES).enumerate() {
        watch::tell(watch, path, part * watch::FILES, files.len())?;
        let some: Vec<Result<Patch, FormatError>> = some.par_iter().map(read).collect();
        some.into_iter().try_for_each(|patch| patches.push(path, patch?))?;
    }
    finish(path, patches.into_list(), classes, fit, n_ignored)
}

/// Reads a zip of class folders as [`read`] does a folder; one folder around them all is allowed. Cells are named
/// `<zip without ending>/<Class>/<file>`.
///
/// # Errors
/// As [`read`], and zips made to do harm.
pub fn read_zip(
    path: &Path,
    fit: Option<Fit>,
    limits: ZipLimits,
    watch: &Watch,
) -> Result<CellSet, FormatError> {
    let (file, len) = input::open(path)?;
    let reader = std::io::BufReader::new(file);
    parse_zip(path, Archive::open(path, reader, len, limits)?, fit, watch)
}

fn parse_zip<R: Read + Seek>(
    path: &Path,
    mut archive: Archive<R>,
    fit: Option<Fit>,
    watch: &Watch,
) -> Result<CellSet, FormatError> {
    let names = archive.names().to_vec();
    let visible = names.iter().enumerate().filter(|(_, n)| !archive::is_hidden(n) && !n.ends_with('/'));
    let (images, others): (Vec<_>, Vec<_>) = visible.partition(|(_, n)| image::has_image_name(n));
    let root = common_root(images.iter().map(|(_, n)| n.as_str()));
    let mut found = Vec::new();
    for &(i, name) in &images {
        let inside = &name[root.len()..];
        match inside.split_once('/') {
            Some((class, file)) if !file.contains('/') => found.push((class.to_owned(), file.to_owned(), i)),
            _ => {
                let expected = "images in class folders: <Class>/<file>";
                return Err(FormatError::new(path, expected, format!("{inside:?}")));
            }
        }
    }
    found.sort();
    let classes: BTreeSet<String> = found.iter().map(|(class, ..)| class.clone()).collect();
    let (zip, stem) = (input::file_name(path), input::file_stem(path));
    let mut patches = Patches::default();
    let n = found.len();
    for (k, (class, file, i)) in found.into_iter().enumerate() {
        if k % watch::FILES == 0 {
            watch::tell(watch, path, k, n)?;
        }
        let place = |e: FormatError| e.at(format!("member {:?}", names[i]));
        let image = image::parse(path, &archive.read(i, MAX_PATCH)?).map_err(place)?;
        let mut patch = as_patch(Some(class), &file, &zip, image);
        patch.cell.name = format!("{stem}/{}", patch.cell.name);
        patch.cell.group.clone_from(&patch.cell.name);
        patches.push(path, patch.fitted(path, fit)?)?;
    }
    finish(path, patches.into_list(), classes.into_iter().collect(), fit, others.len())
}

/// The folder around all class folders, with its `/`, or nothing.
fn common_root<'a>(mut names: impl Iterator<Item = &'a str>) -> String {
    let root = |name: &'a str| name.split_once('/').filter(|(_, rest)| rest.contains('/')).map(|(r, _)| r);
    match names.next().and_then(root) {
        Some(first) if names.all(|n| root(n) == Some(first)) => format!("{first}/"),
        _ => String::new(),
    }
}

fn as_patch(class: Option<String>, file: &str, source: &str, image: image::Image) -> Patch {
    let name = class.as_ref().map_or_else(|| file.to_owned(), |c| format!("{c}/{file}"));
    let cell = Cell {
        group: name.clone(),
        name,
        flagged: patch::is_flagged(file),
        source: source.to_owned(),
        ..Cell::default()
    };
    Patch { cell, class, image, is_fitted: false }
}

fn finish(
    path: &Path,
    patches: Vec<Patch>,
    classes: Vec<String>,
    fit: Option<Fit>,
    n_ignored: usize,
) -> Result<CellSet, FormatError> {
    let colours = patches.iter().all(|p| p.image.shape.c == 3);
    let channels = colours.then(channels::colours);
    let mut set = patch::assemble(path, patches, classes, channels, fit)?;
    if n_ignored > 0 {
        set.provenance["n_ignored_files"] = json!(n_ignored);
    }
    Ok(set)
}

/// Names in a folder, sorted, without hidden ones.
pub(crate) struct Entries {
    pub folders: Vec<String>,
    pub images: Vec<String>,
    pub others: Vec<String>,
}

/// Lists a folder.
pub(crate) fn entries(path: &Path) -> Result<Entries, FormatError> {
    let unreadable = |e: &std::io::Error| FormatError::io(path, "a readable folder", e);
    let mut entries = Entries { folders: Vec::new(), images: Vec::new(), others: Vec::new() };
    for entry in std::fs::read_dir(path).map_err(|e| unreadable(&e))? {
        let entry = entry.map_err(|e| unreadable(&e))?;
        let Ok(name) = entry.file_name().into_string() else {
            let found = entry.file_name().to_string_lossy().into_owned();
            return Err(FormatError::new(path, "file names in UTF-8", found));
        };
        if archive::is_hidden(&name) {
            continue;
        }
        let is_folder = std::fs::metadata(entry.path()).map_err(|e| unreadable(&e))?.is_dir();
        if is_folder {
            entries.folders.push(name);
        } else if image::has_image_name(&name) {
            entries.images.push(name);
        } else {
            entries.others.push(name);
        }
    }
    entries.folders.sort();
    entries.images.sort();
    entries.others.sort();
    Ok(entries)
}

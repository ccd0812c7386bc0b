//! Names of images, their groups, and the label images that belong to them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use formats::FormatError;
use regex::Regex;
use serde_json::{Value, json};

use super::request::{CropRequest, Method};
use crate::StudyError;

/// The images of a list of files and folders: of a folder those that are named as images, in the order of their names. With a
/// `pattern` for names of files a folder is an image itself.
///
/// # Errors
/// A folder that cannot be read or has no image.
pub fn images(paths: &[PathBuf], pattern: Option<&str>) -> Result<Vec<PathBuf>, StudyError> {
    if pattern.is_some() {
        return Ok(paths.to_vec());
    }
    let mut images = Vec::new();
    for path in paths {
        // An image may be a folder itself, such as OME-Zarr.
        let is_image = |name: &str| [".zattrs", ".zgroup", "zarr.json"].contains(&name);
        if !path.is_dir() {
            images.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|e| FormatError::io(path, "a readable folder", &e))?;
        let names = entries.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
        let mut names: Vec<String> =
            names.collect::<Result<_, _>>().map_err(|e| FormatError::io(path, "a readable folder", &e))?;
        names.sort();
        if names.iter().any(|name| is_image(name)) {
            images.push(path.clone());
            continue;
        }
        names.retain(|name| formats::image::has_image_name(name) && !name.starts_with('.'));
        if names.is_empty() {
            return Err(FormatError::new(path, "a folder with images", "none").into());
        }
        images.extend(names.into_iter().map(|name| path.join(name)));
    }
    Ok(images)
}

/// For each image the end of its path that no other image has, with `/` between folders.
#[must_use]
pub fn short(images: &[PathBuf]) -> Vec<String> {
    let parts: Vec<Vec<String>> = images
        .iter()
        .map(|path| path.components().rev().map(|c| c.as_os_str().to_string_lossy().into_owned()).collect())
        .collect();
    let name = |i: usize, n: usize| -> String {
        let of_path: Vec<&str> = parts[i].iter().take(n).rev().map(String::as_str).collect();
        of_path.join("/")
    };
    let longest = parts.iter().map(Vec::len).max().unwrap_or(1);
    let mut names: Vec<String> = (0..images.len()).map(|i| name(i, 1)).collect();
    for n in 2..=longest {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        names.iter().for_each(|name| *counts.entry(name).or_insert(0) += 1);
        let twice: Vec<usize> = (0..names.len()).filter(|&i| counts[&names[i]] > 1).collect();
        twice.into_iter().for_each(|i| names[i] = name(i, n));
    }
    names
}

/// That no image comes twice.
///
/// # Errors
/// One that does.
pub fn check_once(images: &[PathBuf]) -> Result<(), StudyError> {
    let mut seen = BTreeSet::new();
    match images.iter().find(|path| !seen.insert(*path)) {
        None => Ok(()),
        Some(path) => {
            Err(StudyError::Refused(format!("{}: expected each image once, found it twice", path.display())))
        }
    }
}

/// What the regular expression finds in the path of each image: the part named `group`, else the first part in parentheses, else
/// all.
///
/// # Errors
/// A regular expression that is none, or that does not match every path.
pub fn groups(images: &[PathBuf], pattern: &str) -> Result<Vec<String>, StudyError> {
    let regex = Regex::new(pattern)
        .map_err(|e| StudyError::Refused(format!("expected a regular expression for groups, found {e}")))?;
    let of = |path: &PathBuf| {
        let text = path.to_string_lossy().replace('\\', "/");
        let found = regex.captures(&text).map(|c| {
            let part = c.name("group").or_else(|| c.get(1)).or_else(|| c.get(0));
            part.map_or("", |m| m.as_str()).to_owned()
        });
        found.filter(|group| !group.is_empty()).ok_or_else(|| {
            StudyError::Refused(format!(
                "{text}: expected a path in which {pattern:?} finds a group, found none"
            ))
        })
    };
    images.iter().map(of).collect()
}

/// The label image of each image: as many files in the same order, or one folder with files of the same names without ending. With a
/// `pattern` for names of files folders are label images themselves.
///
/// # Errors
/// Another number of files, or an image without labels in the folder.
pub fn labels(
    images: &[PathBuf],
    files: &[PathBuf],
    pattern: Option<&str>,
) -> Result<Vec<PathBuf>, StudyError> {
    let [folder] = files else { return same_number(images, files) };
    if !folder.is_dir() || pattern.is_some() {
        return same_number(images, files);
    }
    let entries = std::fs::read_dir(folder).map_err(|e| FormatError::io(folder, "a readable folder", &e))?;
    let mut by_stem: BTreeMap<String, PathBuf> = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(|e| FormatError::io(folder, "a readable folder", &e))?.path();
        if let Some(other) = by_stem.insert(stem(&path), path.clone()) {
            let found = format!("{} and {}", other.display(), path.display());
            return Err(FormatError::new(folder, "one label image for each name", found).into());
        }
    }
    let find = |image: &PathBuf| {
        by_stem.get(&stem(image)).cloned().ok_or_else(|| {
            FormatError::new(folder, format!("a label image named {}.*", stem(image)), "none").into()
        })
    };
    images.iter().map(find).collect()
}

fn same_number(images: &[PathBuf], files: &[PathBuf]) -> Result<Vec<PathBuf>, StudyError> {
    if images.len() == files.len() {
        return Ok(files.to_vec());
    }
    let message = format!(
        "expected a label image for each of {} images, or a folder, found {}",
        images.len(),
        files.len()
    );
    Err(StudyError::Refused(message))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The file or folder itself, or the folder in which a pattern begins.
fn folder_of(path: &Path) -> PathBuf {
    let plain = |part: &std::path::Component| !part.as_os_str().to_string_lossy().contains('{');
    let folder: PathBuf = path.components().take_while(plain).collect();
    if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder }
}

/// Shows all files in and below `path`, which may be one itself, but not what a run writes: crop sets, and what is unfinished of them.
fn look(path: &Path, depth: usize, each: &mut impl FnMut(&std::fs::Metadata)) {
    const MAX_DEPTH: usize = 16;
    let Ok(metadata) = std::fs::metadata(path) else { return };
    if !metadata.is_dir() {
        return each(&metadata);
    }
    const OURS: [&str; 3] = [".crops", ".parts", ".predicted"];
    let is_ours = |name: &str| name.starts_with('.') || OURS.iter().any(|ending| name.ends_with(ending));
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
        if depth < MAX_DEPTH && !is_ours(&entry.file_name().to_string_lossy()) {
            look(&entry.path(), depth + 1, each);
        }
    }
}

/// What must be the same for a run to go on from another: settings, and the files with their number, length and time of change.
///
/// # Errors
/// When the settings cannot be written as JSON.
pub fn fingerprint(request: &CropRequest) -> Result<Value, StudyError> {
    let mut files: Vec<PathBuf> = request.images.clone();
    match &request.method {
        Method::Points { file, .. } => files.push(file.clone()),
        Method::Labels { files: labels, .. } => files.extend(labels.iter().cloned()),
        Method::Percentile(_) | Method::Auto(_) => {}
    }
    let facts = |path: &PathBuf| {
        let (mut n_files, mut n_bytes, mut changed) = (0_u64, 0_u64, 0_u128);
        look(&folder_of(path), 0, &mut |metadata| {
            n_files += 1;
            n_bytes += metadata.len();
            let since = metadata.modified().ok().and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok());
            changed = changed.max(since.map_or(0, |since| since.as_nanos()));
        });
        json!([path.to_string_lossy(), n_files, n_bytes, changed.to_string()])
    };
    let settings = serde_json::to_value(request).map_err(|e| StudyError::Refused(e.to_string()))?;
    let check = request.check.is_some();
    Ok(json!({ "settings": settings, "check": check, "files": files.iter().map(facts).collect::<Vec<_>>() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_as_long_as_they_must_be() {
        let paths = ["a/control/f1.tif", "a/stress/f1.tif", "b/f2.tif"].map(PathBuf::from);
        assert_eq!(short(&paths), ["control/f1.tif", "stress/f1.tif", "f2.tif"]);
    }

    #[test]
    fn what_a_run_writes_is_none_of_its_images() {
        let place = tempfile::tempdir().unwrap();
        for name in ["a.tif", "c.crops/pixels.npy", "c.crops.parts/0", "c.crops.predicted/0.p", "sub/b.tif"] {
            let path = place.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        let mut n = 0;
        look(&folder_of(&place.path().join("{well}.tif")), 0, &mut |_| n += 1);
        assert_eq!(n, 2);
    }

    #[test]
    fn groups_come_from_paths() {
        let paths = ["p1/A01_s1.tif", "p1/A01_s2.tif", "p1/B02_s1.tif"].map(PathBuf::from);
        assert_eq!(groups(&paths, "([A-P][0-9]+)_s").unwrap(), ["A01", "A01", "B02"]);
        assert!(groups(&paths, "A01").unwrap_err().to_string().contains("B02"));
        assert!(check_once(&[paths[0].clone(), paths[0].clone()]).is_err());
        assert!(check_once(&paths).is_ok());
    }
}

//! Folders of files with one plane each, or with the axes that their names do not tell.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use super::field::{Facts, Planes};
use super::pattern::{Meaning, Pattern};
use super::{At, Field, Fields, Image, Place, Plane, Window};
use crate::{FormatError, image};

/// Most files in a folder.
const MAX_FILES: usize = 10_000_000;
/// Most folders within each other.
const MAX_DEPTH: usize = 16;

/// The fields of a folder.
pub(super) struct Folder {
    fields: Vec<Arc<Files>>,
    path: PathBuf,
}

/// Files of one field.
struct Files {
    place: Place,
    /// Which axes are told by names; others are those of each file.
    told: [bool; 3],
    times: Vec<u64>,
    depths: Vec<u64>,
    channels: Vec<String>,
    /// By position in these lists.
    files: BTreeMap<(usize, usize, usize), PathBuf>,
    by_order: bool,
}

/// Finds the files of a folder. Without a pattern they are frames in the order of their names.
pub(super) fn open(folder: &Path, pattern: Option<&Pattern>) -> Result<(Vec<Place>, Folder), FormatError> {
    let mut names = Vec::new();
    list(folder, "", if pattern.is_some() { MAX_DEPTH } else { 0 }, &mut names)?;
    names.sort_by(|a, b| natural(a, b));
    let mut of_place: BTreeMap<Natural, Vec<(Meaning, PathBuf)>> = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        let meaning = match pattern {
            Some(pattern) => pattern.meaning(name),
            None => image::has_image_name(name).then(|| Meaning { t: Some(i as u64), ..Meaning::default() }),
        };
        let Some(meaning) = meaning else { continue };
        let key = Natural(meaning.place.name.clone());
        of_place.entry(key).or_default().push((meaning, folder.join(name)));
    }
    if of_place.is_empty() {
        let expected = if pattern.is_some() { "files whose names fit the pattern" } else { "images" };
        return Err(FormatError::new(folder, expected, format!("none among {} files", names.len())));
    }
    let has = |key| pattern.is_some_and(|p| p.has(key));
    let told = [pattern.is_none() || has("t"), has("z"), has("c")];
    let fields: Vec<Arc<Files>> = of_place
        .into_values()
        .map(|files| gather(files, told, pattern.is_none()).map(Arc::new))
        .collect::<Result<_, _>>()?;
    let places = fields.iter().map(|f| f.place.clone()).collect();
    Ok((places, Folder { fields, path: folder.to_path_buf() }))
}

/// Names of all files, with `/` between folders. Hidden ones are left out.
fn list(folder: &Path, prefix: &str, depth: usize, names: &mut Vec<String>) -> Result<(), FormatError> {
    let unreadable = |e: std::io::Error| FormatError::io(folder, "a readable folder", &e);
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.starts_with('.') {
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() && depth > 0 {
            list(&entry.path(), &format!("{prefix}{name}/"), depth - 1, names)?;
        } else if !kind.is_dir() {
            names.push(format!("{prefix}{name}"));
        }
        if names.len() > MAX_FILES {
            return Err(FormatError::new(folder, format!("at most {MAX_FILES} files"), "more"));
        }
    }
    Ok(())
}

/// Puts the files of a field in order.
fn gather(files: Vec<(Meaning, PathBuf)>, told: [bool; 3], by_order: bool) -> Result<Files, FormatError> {
    fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
        values.collect::<BTreeSet<_>>().into_iter().collect()
    }
    let times = sorted(files.iter().map(|(m, _)| m.t.unwrap_or(0)));
    let depths = sorted(files.iter().map(|(m, _)| m.z.unwrap_or(0)));
    let channels = sorted(files.iter().map(|(m, _)| Natural(m.c.clone().unwrap_or_default())));
    let channels: Vec<String> = channels.into_iter().map(|c| c.0).collect();
    let mut placed = BTreeMap::new();
    let place = files.first().map(|(m, _)| m.place.clone()).unwrap_or_default();
    for (meaning, path) in files {
        let c = meaning.c.unwrap_or_default();
        let at = (
            times.binary_search(&meaning.t.unwrap_or(0)).unwrap_or(0),
            depths.binary_search(&meaning.z.unwrap_or(0)).unwrap_or(0),
            channels.iter().position(|name| *name == c).unwrap_or(0),
        );
        if let Some(other) = placed.insert(at, path.clone()) {
            let found = format!("the same plane in {}", other.display());
            return Err(FormatError::new(path, "names that differ in what the pattern tells", found));
        }
    }
    Ok(Files { place, told, times, depths, channels, files: placed, by_order })
}

impl Fields for Folder {
    fn field(&self, index: usize) -> Result<Field, FormatError> {
        let files = &self.fields[index];
        let Some(path) = files.files.values().next() else {
            return Err(FormatError::new(&self.path, "files of this field", "none"));
        };
        let first = single(path)?;
        let Facts { n_t, n_z, channels, dtype, bits, sizes, notes, .. } = first.facts().clone();
        let [told_t, told_z, told_c] = files.told;
        if (told_t && n_t > 1) || (told_z && n_z > 1) || (told_c && channels.len() > 1) {
            let found = format!("{n_t} frames, {n_z} focal planes, {} channels", channels.len());
            return Err(FormatError::new(path, "one of each axis that names of files tell", found));
        }
        let mut facts = Facts {
            n_t: if told_t { files.times.len() } else { n_t },
            n_z: if told_z { files.depths.len() } else { n_z },
            channels: if told_c { files.channels.clone() } else { channels },
            dtype,
            bits,
            levels: first.facts().levels[..1].to_vec(),
            sizes,
            notes,
        };
        let n_expected = files.times.len() * files.depths.len() * files.channels.len();
        if files.files.len() < n_expected {
            facts.notes.push(format!("{} of {n_expected} files are missing", n_expected - files.files.len()));
        }
        if files.by_order && n_expected > 1 {
            facts.notes.push("files are taken as frames, in the order of their names".to_owned());
        }
        let planes = FolderPlanes { files: Arc::clone(files), facts: facts.clone(), path: self.path.clone() };
        Ok(Field::new(&self.path, facts, planes))
    }
}

/// The field of a file that must have only one.
fn single(path: &Path) -> Result<Field, FormatError> {
    let image = Image::open(path)?;
    if image.places().len() != 1 {
        return Err(FormatError::new(
            path,
            "one field in a file of a folder",
            image.places().len().to_string(),
        ));
    }
    image.field(0)
}

struct FolderPlanes {
    files: Arc<Files>,
    facts: Facts,
    path: PathBuf,
}

impl Planes for FolderPlanes {
    fn read(&self, _: usize, at: At, n_channels: usize, window: Window) -> Result<Vec<Plane>, FormatError> {
        let [told_t, told_z, told_c] = self.files.told;
        let pick = |told: bool, i: usize| if told { (i, 0) } else { (0, i) };
        let ((t, t_within), (z, z_within)) = (pick(told_t, at.t), pick(told_z, at.z));
        let open = |c: usize| {
            let path = self.files.files.get(&(t, z, c)).ok_or_else(|| {
                let place = self.files.place.name.as_str();
                FormatError::new(&self.path, format!("a file for {at}"), "none")
                    .at(format!("field {place:?}"))
            })?;
            let field = single(path)?;
            let (found, expected) = (field.facts(), &self.facts);
            if found.levels[0] != expected.levels[0] || found.dtype != expected.dtype {
                let name = |f: &Facts| format!("{} x {} {}", f.levels[0].h, f.levels[0].w, f.dtype.name());
                return Err(FormatError::new(path, name(expected), name(found)));
            }
            Ok(field)
        };
        let channels = at.c..at.c + n_channels;
        if told_c {
            let inner = At { t: t_within, z: z_within, c: 0 };
            return channels.into_par_iter().map(|c| open(c)?.region(0, inner, window)).collect();
        }
        open(0)?.read(0, At { t: t_within, z: z_within, c: at.c }, n_channels, window)
    }
}

/// Text in the order in which people count: `w2` before `w10`.
#[derive(PartialEq, Eq)]
struct Natural(String);

impl Ord for Natural {
    fn cmp(&self, other: &Self) -> Ordering {
        natural(&self.0, &other.0)
    }
}

impl PartialOrd for Natural {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares runs of digits as numbers; texts that then are equal as they are.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut x, mut y) = (a.as_bytes(), b.as_bytes());
    while let ([p, ..], [q, ..]) = (x, y) {
        let ordering = if p.is_ascii_digit() && q.is_ascii_digit() {
            let (m, n) = (digits(&mut x), digits(&mut y));
            m.len().cmp(&n.len()).then(m.cmp(n))
        } else {
            (x, y) = (&x[1..], &y[1..]);
            p.cmp(q)
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    x.len().cmp(&y.len()).then(a.cmp(b))
}

/// Takes a run of digits off, and gives it without leading zeros.
fn digits<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let n = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (run, rest) = text.split_at(n);
    *text = rest;
    &run[run.iter().take_while(|b| **b == b'0').count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_count_so() {
        let mut names = ["t10", "t9", "t1", "t01", "s2", "t9a", "t"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["s2", "t", "t01", "t1", "t9", "t9a", "t10"]);
    }
}

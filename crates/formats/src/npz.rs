//! Labelled cells in one `.npz` file: a zip of `.npy` arrays.
//!
//! Keys: `images` `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`; `labels` `[n]` or `[n, 1]`, whole numbers (also as floats)
//! or text, absent when the cells are not labelled; optional `classes` (names in the order of their numbers), `channels`, and one text or number
//! per cell in `names`, `split` and `group`. Other keys are ignored.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use cells::{Cell, CellSet};

use crate::archive::{Archive, ZipLimits};
use crate::error::list;
use crate::npy::{self, Axes, Values};
use crate::{FormatError, channels, input};

/// Keys that are understood.
pub const KEYS: [&str; 7] = ["images", "labels", "classes", "channels", "names", "split", "group"];

/// How a `.npz` file is read.
#[derive(Debug, Clone, Default)]
pub struct NpzOptions {
    /// What the file calls a key, for each of [`KEYS`] that it names otherwise.
    pub keys: BTreeMap<String, String>,
    /// Order of the axes of `images`, needed when it cannot be told.
    pub axes: Option<Axes>,
    /// How much the file may hold.
    pub limits: ZipLimits,
}

/// Reads a `.npz` file. A label of -1 or an empty text is an unlabelled cell; numbers without `classes` are classes
/// named as the number. Cells without `names` are named `<file without ending>/<index>`.
///
/// # Errors
/// A file that is broken or made to do harm, lacks `images`, has arrays of different lengths, labels that are no class,
/// names that occur twice, or axes that cannot be told.
pub fn read(path: &Path, options: &NpzOptions) -> Result<CellSet, FormatError> {
    let (file, len) = input::open(path)?;
    parse_archive(path, Archive::open(path, BufReader::new(file), len, options.limits)?, options)
}

/// Reads the bytes of a `.npz` file; `path` is for messages and names.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8], options: &NpzOptions) -> Result<CellSet, FormatError> {
    let archive = Archive::open(path, Cursor::new(bytes), bytes.len() as u64, options.limits)?;
    parse_archive(path, archive, options)
}

fn parse_archive<R: Read + Seek>(
    path: &Path,
    mut archive: Archive<R>,
    options: &NpzOptions,
) -> Result<CellSet, FormatError> {
    if let Some(key) = options.keys.keys().find(|k| !KEYS.contains(&k.as_str())) {
        return Err(FormatError::new(path, format!("keys among {}", KEYS.join(", ")), key));
    }
    let mut arrays = Arrays { path, archive: &mut archive, keys: &options.keys };
    let Some(images) = arrays.read("images")? else {
        let found = list(arrays.archive.names().iter().map(|n| n.trim_end_matches(".npy").to_owned()));
        return Err(FormatError::new(path, format!("a key {:?}", arrays.name("images")), found));
    };
    let (shape, pixels, provenance) = npy::images(path, images, options.axes)?;
    let n = pixels.len() / shape.len();
    let labels = arrays.column("labels", n)?;
    let classes = arrays.texts("classes")?;
    let (names, split, group) =
        (arrays.column("names", n)?, arrays.column("split", n)?, arrays.column("group", n)?);
    let channels = arrays.texts("channels")?.unwrap_or_else(|| channels::numbered(shape.c));
    if channels.len() != shape.c {
        let found = format!("{} of them", channels.len());
        return Err(FormatError::new(path, format!("names of {} channels", shape.c), found).at("channels"));
    }
    let (classes, labels) = number(path, labels, classes, n)?;
    let (stem, source) = (input::file_stem(path), input::file_name(path));
    let text = |values: &Option<Values>, i: usize| values.as_ref().and_then(|v| text_at(v, i));
    let cells = (0..n).map(|i| {
        let name = text(&names, i).unwrap_or_else(|| format!("{stem}/{i}"));
        Cell {
            class: labels[i],
            group: text(&group, i).unwrap_or_else(|| name.clone()),
            name,
            split: text(&split, i),
            source: source.clone(),
            ..Cell::default()
        }
    });
    Ok(CellSet { shape, cells: cells.collect(), pixels, classes, channels, provenance })
}

/// The arrays of the file by the names we give them.
struct Arrays<'a, R> {
    path: &'a Path,
    archive: &'a mut Archive<R>,
    keys: &'a BTreeMap<String, String>,
}

impl<R: Read + Seek> Arrays<'_, R> {
    /// What the file calls a key.
    fn name(&self, key: &str) -> String {
        self.keys.get(key).cloned().unwrap_or_else(|| key.to_owned())
    }

    /// The array of a key; none when the file has no such key and nobody said that it has.
    fn read(&mut self, key: &str) -> Result<Option<npy::Array>, FormatError> {
        let name = self.name(key);
        let member = format!("{name}.npy");
        match self.archive.names().iter().position(|n| *n == member) {
            Some(index) => {
                let path = self.path;
                self.archive.with_member(index, |reader| whole_array(path, reader)).map(Some)
            }
            None if self.keys.contains_key(key) => {
                let found = list(self.archive.names().iter().map(|n| n.trim_end_matches(".npy").to_owned()));
                Err(FormatError::new(self.path, format!("a key {name:?} (for {key})"), found))
            }
            None => Ok(None),
        }
    }

    /// One value per cell.
    fn column(&mut self, key: &str, n: usize) -> Result<Option<Values>, FormatError> {
        let Some(array) = self.read(key)? else { return Ok(None) };
        if array.shape != [n] && array.shape != [n, 1] {
            let found = format!("shape {:?}", array.shape);
            return Err(FormatError::new(self.path, format!("{n} values, one per image"), found).at(key));
        }
        match array.values {
            Values::Pixels(cells::Pixels::Float32(v), _) => {
                let whole =
                    |&x: &f32| (x.fract() == 0.0 && x.abs() <= 16_777_216.0).then_some(x as i64).ok_or(x);
                let numbers = v.iter().map(whole).collect::<Result<_, _>>();
                let refuse =
                    |x: f32| FormatError::new(self.path, "whole numbers or text", x.to_string()).at(key);
                numbers.map(|v| Some(Values::Int(v))).map_err(refuse)
            }
            values => Ok(Some(values)),
        }
    }

    /// A list of names.
    fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, FormatError> {
        let Some(array) = self.read(key)? else { return Ok(None) };
        match array.values {
            Values::Text(texts) => Ok(Some(texts)),
            _ => Err(FormatError::new(self.path, "text", "numbers").at(key)),
        }
    }
}

/// One array and the end of its member, where the checksum is compared.
pub(crate) fn whole_array(path: &Path, reader: &mut dyn Read) -> Result<npy::Array, FormatError> {
    let array = npy::read_array(path, reader, None)?;
    match reader.read(&mut [0]) {
        Ok(0) => Ok(array),
        Ok(_) => Err(FormatError::new(path, "the end after the values", "more bytes")),
        Err(e) => Err(FormatError::io(path, "a member that can be inflated", &e)),
    }
}

/// A value as text; none for an empty one.
pub(crate) fn text_at(values: &Values, i: usize) -> Option<String> {
    match values {
        Values::Text(v) => Some(v[i].clone()).filter(|s| !s.is_empty()),
        _ => int_at(values, i).map(|x| x.to_string()),
    }
}

fn int_at(values: &Values, i: usize) -> Option<i64> {
    match values {
        Values::Int(v) => Some(v[i]),
        Values::Pixels(cells::Pixels::Uint8(v), _) => Some(i64::from(v[i])),
        Values::Pixels(cells::Pixels::Uint16(v), _) => Some(i64::from(v[i])),
        _ => None,
    }
}

/// Class names and the number of each label in them.
fn number(
    path: &Path,
    labels: Option<Values>,
    classes: Option<Vec<String>>,
    n: usize,
) -> Result<(Vec<String>, Vec<Option<usize>>), FormatError> {
    if let Some(names) = &classes
        && names.iter().collect::<BTreeSet<_>>().len() != names.len()
    {
        return Err(FormatError::new(path, "unique class names", list(names)).at("classes"));
    }
    let Some(labels) = labels else {
        return Ok((classes.unwrap_or_default(), vec![None; n]));
    };
    let unknown = |i: usize, found: String| {
        let expected = format!("one of the classes {}", list(classes.iter().flatten()));
        FormatError::new(path, expected, found).at(format!("labels[{i}]"))
    };
    if let Values::Text(texts) = &labels {
        let names: Vec<String> = classes.clone().unwrap_or_else(|| {
            texts.iter().filter(|t| !t.is_empty()).cloned().collect::<BTreeSet<_>>().into_iter().collect()
        });
        let index: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, c)| (c.as_str(), i)).collect();
        let find = |(i, t): (usize, &String)| match index.get(t.as_str()) {
            Some(&class) => Ok(Some(class)),
            None if t.is_empty() => Ok(None),
            None => Err(unknown(i, format!("{t:?}"))),
        };
        let numbers = texts.iter().enumerate().map(find).collect::<Result<_, _>>()?;
        return Ok((names, numbers));
    }
    let numbers: Vec<i64> = (0..n).map(|i| int_at(&labels, i).unwrap_or(-1)).collect();
    let (names, index): (Vec<String>, BTreeMap<i64, usize>) = match &classes {
        Some(names) => (names.clone(), (0..names.len()).map(|i| (i as i64, i)).collect()),
        None => {
            let used: BTreeSet<i64> = numbers.iter().copied().filter(|&x| x != -1).collect();
            (used.iter().map(i64::to_string).collect(), used.into_iter().zip(0..).collect())
        }
    };
    let find = |(i, &x): (usize, &i64)| match index.get(&x) {
        Some(&class) => Ok(Some(class)),
        None if x == -1 => Ok(None),
        None => Err(unknown(i, x.to_string())),
    };
    Ok((names, numbers.iter().enumerate().map(find).collect::<Result<_, _>>()?))
}

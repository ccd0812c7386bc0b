//! A crop set on disk, `NAME.crops/`, readable by numpy, pandas and polars.
//!
//! * `pixels.npy`: `[n, h, w, c]`, uint8, uint16 or float32, C order, little endian.
//! * `cells.parquet`: a row per crop, in the same order.
//!
//!   | column | type | |
//!   |---|---|---|
//!   | `name` | text | unique |
//!   | `class` | whole number or missing | number of the class, from 0 |
//!   | `class_name` | text or missing | its name |
//!   | `group` | text | relatives (one image, movie, track, well, donor) have the same |
//!   | `split` | text or missing | the part its publishers put it in |
//!   | `flagged` | truth value | the window touched the border of the image |
//!   | `source` | text | file the cell came from |
//!   | `frame`, `y`, `x` | real number or missing | frame from 0; centre in pixels, pixel centres at whole numbers |
//!
//!   and whatever else its maker knows of each cell; `crop` adds `plate`, `well`, `field`, `z`, `y_um`, `x_um`, `area`, `label`,
//!   `method`. Such columns are kept wherever the cells go.
//! * `crops.json`: `version` 1, `shape` {h, w, c}, `depth`, `classes` and `channels` (names in order), `provenance`.

mod facts;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use cells::{Cell, CellSet, CropShape, CropSource, Depth};
use serde::{Deserialize, Serialize};

pub use self::facts::FactColumns;
use self::facts::Facts;
use crate::npy::{self, Header, Kind, Values};
use crate::table::{Column, Table};
use crate::{FormatError, atomic, input};

/// File that makes a folder a crop set.
pub const MARK: &str = "crops.json";
const PIXELS: &str = "pixels.npy";
const CELLS: &str = "cells.parquet";
const VERSION: u32 = 1;
const MAX_JSON: u64 = 64 << 20;

/// `crops.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    version: u32,
    shape: CropShape,
    depth: Depth,
    classes: Vec<String>,
    channels: Vec<String>,
    provenance: serde_json::Value,
}

/// Whether a folder is a crop set.
#[must_use]
pub fn is_crop_set(path: &Path) -> bool {
    path.join(MARK).is_file()
}

/// Writes a crop set, atomically; a crop set that is already there is replaced.
///
/// # Errors
/// When `path` is something else, the set contradicts itself (see [`CellSet`]), or it cannot be written.
pub fn write(path: &Path, set: &CellSet) -> Result<(), FormatError> {
    check(path, set)?;
    let CropShape { h, w, c } = set.shape;
    let mut table = |out: &mut File| Table::write_parts(&mut std::iter::once(to_table(set, &set.cells)), out);
    write_files(path, set, &mut table, &mut |out| npy::write(out, &[set.len(), h, w, c], &set.pixels))
}

/// Writes a crop set that need not fit into memory, atomically. `set` holds what all cells have in common (its `pixels` are empty and
/// only tell the depth); `cells` gives the `n` cells, which have names of their own and the same facts, in parts; `fill` writes all
/// pixels, `[n, h, w, c]` in C order, little endian, and says how many bytes.
///
/// # Errors
/// As [`write()`], and when `cells` or `fill` fails or gives another number of cells or bytes.
pub fn write_streamed(
    path: &Path,
    set: &CellSet,
    n: usize,
    cells: &mut dyn Iterator<Item = std::io::Result<Vec<Cell>>>,
    fill: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<u64>,
) -> Result<(), FormatError> {
    check_facts(path, set)?;
    let CropShape { h, w, c } = set.shape;
    let width = match set.pixels.depth() {
        Depth::Uint8 => 1,
        Depth::Uint16 => 2,
        Depth::Float32 => 4,
    };
    let expected = (n * set.shape.len() * width) as u64;
    let mut table = |out: &mut File| stream_table(set, n, cells, out);
    write_files(path, set, &mut table, &mut |out| {
        npy::write(out, &[n, h, w, c], &cells::Pixels::empty(set.pixels.depth()))?;
        match fill(out)? {
            n if n == expected => Ok(()),
            n => Err(std::io::Error::other(format!("{n} bytes of pixels where {expected} were announced"))),
        }
    })
}

/// Writes the `n` rows of `cells` in groups that are large enough to be read fast, and small in memory.
fn stream_table(
    set: &CellSet,
    n: usize,
    cells: &mut dyn Iterator<Item = std::io::Result<Vec<Cell>>>,
    out: &mut File,
) -> std::io::Result<()> {
    const ROWS: usize = 8192;
    let (mut n_written, mut failed, mut is_first) = (0, None, true);
    let mut group = || {
        let mut rows: Vec<Cell> = Vec::new();
        while rows.len() < ROWS {
            match cells.next() {
                Some(Ok(part)) => rows.extend(part),
                Some(Err(error)) => {
                    failed = Some(error);
                    return None;
                }
                None => break,
            }
        }
        n_written += rows.len();
        // Without any cell there still are columns.
        let is_some = !rows.is_empty() || std::mem::take(&mut is_first);
        is_first = false;
        is_some.then(|| to_table(set, &rows))
    };
    Table::write_parts(&mut std::iter::from_fn(&mut group), out)?;
    match failed {
        Some(error) => Err(error),
        None if n_written == n => Ok(()),
        None => Err(std::io::Error::other(format!("{n_written} cells where {n} were announced"))),
    }
}

fn write_files(
    path: &Path,
    set: &CellSet,
    table: &mut dyn FnMut(&mut File) -> std::io::Result<()>,
    pixels: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), FormatError> {
    atomic::write_folder(path, MARK, |folder| {
        let unwritable = |e: &std::io::Error| FormatError::io(path, "a folder that can be written", e);
        let fill = |name: &str, fill: &mut dyn FnMut(&mut dyn Write) -> std::io::Result<()>| {
            let file = File::create(folder.join(name)).map_err(|e| unwritable(&e))?;
            let mut out = BufWriter::new(file);
            fill(&mut out).and_then(|()| out.flush()).map_err(|e| unwritable(&e))?;
            out.get_ref().sync_all().map_err(|e| unwritable(&e))
        };
        fill(PIXELS, pixels)?;
        let mut file = File::create(folder.join(CELLS)).map_err(|e| unwritable(&e))?;
        table(&mut file).and_then(|()| file.sync_all()).map_err(|e| unwritable(&e))?;
        let manifest = Manifest {
            version: VERSION,
            shape: set.shape,
            depth: set.pixels.depth(),
            classes: set.classes.clone(),
            channels: set.channels.clone(),
            provenance: set.provenance.clone(),
        };
        fill(MARK, &mut |out| {
            serde_json::to_writer_pretty(&mut *out, &manifest)?;
            out.write_all(b"\n")
        })
    })
}

/// Reads a crop set into memory.
///
/// # Errors
/// When a file is missing or broken, or they contradict each other.
pub fn read(path: &Path) -> Result<CellSet, FormatError> {
    let CropFile { manifest, cells, header, .. } = CropFile::open(path)?;
    let (file, len) = input::open(&path.join(PIXELS))?;
    let array = npy::read_array(&path.join(PIXELS), &mut std::io::BufReader::new(file), Some(len))?;
    let pixels = match array.values {
        Values::Pixels(pixels, _) if array.shape == header.shape => pixels,
        _ => return Err(FormatError::new(path.join(PIXELS), "the same file as before", "another")),
    };
    let Manifest { shape, classes, channels, provenance, .. } = manifest;
    Ok(CellSet { shape, pixels, cells, classes, channels, provenance })
}

/// An open crop set whose pixels stay in their file and are read by position, from any thread.
#[derive(Debug)]
pub struct CropFile {
    manifest: Manifest,
    cells: Vec<Cell>,
    header: Header,
    file: File,
}

impl CropFile {
    /// Opens a crop set.
    ///
    /// # Errors
    /// As [`read`].
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        let mut file = Self::open_pixels(path)?;
        file.cells = from_table(&path.join(CELLS), Table::read(&path.join(CELLS))?, &file.manifest.classes)?;
        check_cells(path, &file.cells, &file.manifest.classes)?;
        file.check_number(path, file.cells.len())?;
        Ok(file)
    }

    /// Opens a crop set of which memory shall not hold all cells: [`CropFile::cells`] is empty, and the cells come in parts, in their
    /// order. That names differ is not checked.
    ///
    /// # Errors
    /// As [`read`], of the cells when their turn comes.
    pub fn open_in_parts(
        path: &Path,
    ) -> Result<(Self, impl Iterator<Item = Result<Vec<Cell>, FormatError>> + use<>), FormatError> {
        let file = Self::open_pixels(path)?;
        let (cells, classes) = (path.join(CELLS), file.manifest.classes.clone());
        let (n, tables) = Table::read_groups(&cells)?;
        file.check_number(path, n)?;
        Ok((file, tables.map(move |table| from_table(&cells, table?, &classes))))
    }

    /// That there are as many crops as cells.
    fn check_number(&self, path: &Path, n: usize) -> Result<(), FormatError> {
        let found = self.header.shape[0];
        if found == n {
            return Ok(());
        }
        Err(FormatError::new(path.join(PIXELS), format!("{n} crops"), found.to_string()))
    }

    fn open_pixels(path: &Path) -> Result<Self, FormatError> {
        let json = path.join(MARK);
        let manifest: Manifest = serde_json::from_slice(&input::read(&json, MAX_JSON)?)
            .map_err(|e| FormatError::new(&json, "the description of a crop set", e.to_string()))?;
        if manifest.version != VERSION {
            let found = manifest.version.to_string();
            return Err(FormatError::new(json, format!("version {VERSION}"), found));
        }
        let pixels = path.join(PIXELS);
        let (mut file, len) = input::open(&pixels)?;
        let header = Header::read(&pixels, &mut file)?;
        let CropShape { h, w, c } = manifest.shape;
        let expected = [header.shape.first().copied().unwrap_or(0), h, w, c];
        let plain = !header.fortran && !header.big_endian && header.kind == Kind::Pixels(manifest.depth);
        if header.shape != expected || !plain {
            let found = format!("{:?} of {:?}", header.shape, header.kind);
            let expected = format!("{expected:?} of little-endian {} in C order", manifest.depth);
            return Err(FormatError::new(pixels, expected, found));
        }
        header.check_length(&pixels, header.n_values(&pixels)?, len)?;
        if manifest.channels.len() != c || manifest.shape.is_empty() {
            let found = format!("{} and {} channel names", manifest.shape, manifest.channels.len());
            return Err(FormatError::new(json, "a shape with pixels and a name per channel", found));
        }
        Ok(CropFile { manifest, cells: Vec::new(), header, file })
    }

    /// The facts of each cell, which are then no longer in the file's memory.
    #[must_use]
    pub fn take_cells(&mut self) -> Vec<Cell> {
        std::mem::take(&mut self.cells)
    }

    /// Facts of each cell.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Class names in the order of their numbers.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.manifest.classes
    }

    /// Channel names.
    #[must_use]
    pub fn channels(&self) -> &[String] {
        &self.manifest.channels
    }

    /// How the crops were made.
    #[must_use]
    pub fn provenance(&self) -> &serde_json::Value {
        &self.manifest.provenance
    }

    /// How intensities are stored.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.manifest.depth
    }
}

impl CropSource for CropFile {
    fn shape(&self) -> CropShape {
        self.manifest.shape
    }

    fn len(&self) -> usize {
        self.header.shape[0]
    }

    fn bytes_in_memory(&self) -> usize {
        0
    }

    fn read(&self, index: usize, out: &mut [f32]) -> std::io::Result<()> {
        let width = self.header.kind.width();
        let mut bytes = vec![0; out.len() * width];
        let start = self.header.offset + (index * self.manifest.shape.len() * width) as u64;
        read_at(&self.file, &mut bytes, start)?;
        let values = bytes.chunks_exact(width).zip(out);
        match self.manifest.depth {
            Depth::Uint8 => values.for_each(|(b, x)| *x = f32::from(b[0])),
            Depth::Uint16 => values.for_each(|(b, x)| *x = f32::from(u16::from_le_bytes([b[0], b[1]]))),
            Depth::Float32 => values.for_each(|(b, x)| *x = f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], start: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> std::io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, start)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            n => (bytes, start) = (&mut bytes[n..], start + n as u64),
        }
    }
    Ok(())
}

/// The invariant of [`CellSet`].
pub(crate) fn check(path: &Path, set: &CellSet) -> Result<(), FormatError> {
    let refuse = |expected: String, found: String| Err(FormatError::new(path, expected, found));
    if set.pixels.len() != set.len() * set.shape.len() {
        let expected = format!("{} crops of {}", set.len(), set.shape);
        return refuse(expected, format!("{} values", set.pixels.len()));
    }
    check_facts(path, set)
}

/// The invariant of [`CellSet`] but for its pixels.
fn check_facts(path: &Path, set: &CellSet) -> Result<(), FormatError> {
    let refuse = |expected: String, found: String| Err(FormatError::new(path, expected, found));
    if set.channels.len() != set.shape.c {
        return refuse(format!("{} channel names", set.shape.c), set.channels.len().to_string());
    }
    check_cells(path, &set.cells, &set.classes)
}

/// Names of cells and of classes are unique, and each class has a name.
fn check_cells(path: &Path, cells: &[Cell], classes: &[String]) -> Result<(), FormatError> {
    let refuse = |expected: &str, found: String| Err(FormatError::new(path, expected, found));
    let mut names = BTreeSet::new();
    for cell in cells {
        if !names.insert(&cell.name) {
            return refuse("a name of its own for each cell", format!("{:?} twice", cell.name));
        }
        if cell.class.is_some_and(|c| c >= classes.len()) {
            let expected = format!("a class below {}", classes.len());
            return refuse(&expected, format!("{:?} for {:?}", cell.class, cell.name));
        }
    }
    if classes.iter().collect::<BTreeSet<_>>().len() != classes.len() {
        return refuse("unique class names", classes.join(", "));
    }
    Ok(())
}

/// A row for each of `cells`, whose classes are those of `set`.
fn to_table(set: &CellSet, cells: &[Cell]) -> Table {
    let text = |of: &dyn Fn(&Cell) -> Option<String>| Column::Text(cells.iter().map(of).collect());
    let float = |of: fn(&Cell) -> Option<f64>| Column::Float(cells.iter().map(of).collect());
    let mut table = Table::default();
    table.push("name", text(&|c| Some(c.name.clone())));
    table.push("class", Column::Int(cells.iter().map(|c| c.class.map(|i| i as i64)).collect()));
    table.push("class_name", text(&|c| c.class.map(|i| set.classes[i].clone())));
    table.push("group", text(&|c| Some(c.group.clone())));
    table.push("split", text(&|c| c.split.clone()));
    table.push("flagged", Column::Bool(cells.iter().map(|c| Some(c.flagged)).collect()));
    table.push("source", text(&|c| Some(c.source.clone())));
    table.push("frame", float(|c| c.frame));
    table.push("y", float(|c| c.y));
    table.push("x", float(|c| c.x));
    table.columns.extend(FactColumns::of(cells).columns(cells));
    table
}

/// The cells of `cells.parquet`.
fn from_table(path: &Path, table: Table, classes: &[String]) -> Result<Vec<Cell>, FormatError> {
    let columns = Columns { path: path.to_path_buf(), table };
    let (name, class_name) = (columns.text("name")?, columns.text("class_name")?);
    let (group, split, source) = (columns.text("group")?, columns.text("split")?, columns.text("source")?);
    let (frame, y, x) = (columns.float("frame")?, columns.float("y")?, columns.float("x")?);
    let Column::Int(class) = columns.get("class")? else { return columns.refuse("class", "whole numbers") };
    let Column::Bool(flagged) = columns.get("flagged")? else {
        return columns.refuse("flagged", "truth values");
    };
    let facts = Facts::of(&columns.table);
    let mut cells = Vec::with_capacity(name.len());
    for i in 0..name.len() {
        let missing = |column: &str| {
            FormatError::new(path, format!("a value in column {column:?}"), "none").at(format!("row {i}"))
        };
        let class = class[i].map(|c| usize::try_from(c).unwrap_or(usize::MAX));
        let named = class.and_then(|c| classes.get(c));
        if named != class_name[i].as_ref() || (class.is_some() && named.is_none()) {
            let found = format!("class {class:?} named {:?}", class_name[i]);
            let expected = format!("a class of {} with its name", classes.len());
            return Err(FormatError::new(path, expected, found).at(format!("row {i}")));
        }
        cells.push(Cell {
            name: name[i].clone().ok_or_else(|| missing("name"))?,
            class,
            group: group[i].clone().ok_or_else(|| missing("group"))?,
            split: split[i].clone(),
            flagged: flagged[i].ok_or_else(|| missing("flagged"))?,
            source: source[i].clone().unwrap_or_default(),
            frame: frame[i],
            y: y[i],
            x: x[i],
            facts: facts.of_row(i),
        });
    }
    Ok(cells)
}

/// Columns by name, with errors.
struct Columns {
    path: PathBuf,
    table: Table,
}

impl Columns {
    fn get(&self, name: &str) -> Result<&Column, FormatError> {
        self.table.column(name).ok_or_else(|| {
            let found = self.table.names().collect::<Vec<_>>().join(", ");
            FormatError::new(&self.path, format!("a column {name:?}"), found)
        })
    }

    fn refuse<T>(&self, name: &str, expected: &str) -> Result<T, FormatError> {
        let found = self.get(name)?.kind();
        Err(FormatError::new(&self.path, expected, found).at(format!("column {name:?}")))
    }

    fn text(&self, name: &str) -> Result<&[Option<String>], FormatError> {
        let Column::Text(v) = self.get(name)? else { return self.refuse(name, "text") };
        Ok(v)
    }

    fn float(&self, name: &str) -> Result<&[Option<f64>], FormatError> {
        let Column::Float(v) = self.get(name)? else { return self.refuse(name, "real numbers") };
        Ok(v)
    }
}

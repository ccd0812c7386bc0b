//! A set of single-cell crops: pixels of one shape and depth, and a row of facts per cell.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Height, width and number of channels of one crop, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CropShape {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Channels, innermost in memory.
    pub c: usize,
}

impl CropShape {
    /// Number of values in one crop, `h * w * c`.
    #[must_use]
    pub fn len(self) -> usize {
        self.h * self.w * self.c
    }

    /// Whether a crop of this shape holds no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for CropShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.h, self.w, self.c)
    }
}

/// How intensities are stored. They are never rescaled on the way from the file to here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Depth {
    /// 8-bit unsigned, 0 to 255.
    Uint8,
    /// 16-bit unsigned, 0 to 65,535.
    Uint16,
    /// 32-bit floating point (64-bit sources are stored as this).
    Float32,
}

impl std::fmt::Display for Depth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Depth::Uint8 => "uint8",
            Depth::Uint16 => "uint16",
            Depth::Float32 => "float32",
        })
    }
}

/// Intensities of all crops, `[n, h, w, c]` in C order.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// 8-bit.
    Uint8(Vec<u8>),
    /// 16-bit.
    Uint16(Vec<u16>),
    /// Floating point.
    Float32(Vec<f32>),
}

impl Pixels {
    /// An empty array of this depth.
    #[must_use]
    pub fn empty(depth: Depth) -> Self {
        match depth {
            Depth::Uint8 => Pixels::Uint8(Vec::new()),
            Depth::Uint16 => Pixels::Uint16(Vec::new()),
            Depth::Float32 => Pixels::Float32(Vec::new()),
        }
    }

    /// How the intensities are stored.
    #[must_use]
    pub fn depth(&self) -> Depth {
        match self {
            Pixels::Uint8(_) => Depth::Uint8,
            Pixels::Uint16(_) => Depth::Uint16,
            Pixels::Float32(_) => Depth::Float32,
        }
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Pixels::Uint8(v) => v.len(),
            Pixels::Uint16(v) => v.len(),
            Pixels::Float32(v) => v.len(),
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the values `start..start + out.len()` as floats into `out`, unscaled.
    pub fn copy_to(&self, start: usize, out: &mut [f32]) {
        let range = start..start + out.len();
        match self {
            Pixels::Uint8(v) => v[range].iter().zip(out).for_each(|(&a, b)| *b = f32::from(a)),
            Pixels::Uint16(v) => v[range].iter().zip(out).for_each(|(&a, b)| *b = f32::from(a)),
            Pixels::Float32(v) => out.copy_from_slice(&v[range]),
        }
    }

    /// Appends the values `range` of `other`.
    ///
    /// # Errors
    /// The two depths when they differ.
    pub fn extend_from(
        &mut self,
        other: &Pixels,
        range: std::ops::Range<usize>,
    ) -> Result<(), (Depth, Depth)> {
        match (self, other) {
            (Pixels::Uint8(a), Pixels::Uint8(b)) => a.extend_from_slice(&b[range]),
            (Pixels::Uint16(a), Pixels::Uint16(b)) => a.extend_from_slice(&b[range]),
            (Pixels::Float32(a), Pixels::Float32(b)) => a.extend_from_slice(&b[range]),
            (a, b) => return Err((a.depth(), b.depth())),
        }
        Ok(())
    }
}

/// A further fact of a cell: of one kind for all cells that have it, and perhaps missing.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// Words.
    Text(Option<String>),
    /// A whole number.
    Int(Option<i64>),
    /// A real number.
    Float(Option<f64>),
    /// A truth value.
    Bool(Option<bool>),
}

/// What is known of one cell besides its pixels.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// Unique in its set: file and member, or file and index, it was read from.
    pub name: String,
    /// Index in [`CellSet::classes`]; none for unlabelled cells.
    pub class: Option<usize>,
    /// Cells with the same group are relatives (one image, movie, track, well, donor) and never straddle a
    /// split. When nothing is known each cell is its own group, named as the cell.
    pub group: String,
    /// The part of the data its publishers put it in ("train", "val", …), when they did.
    pub split: Option<String>,
    /// The window touched the border of the image and was padded.
    pub flagged: bool,
    /// File the cell came from.
    pub source: String,
    /// Frame, counted from 0, when it came from a movie with coordinates.
    pub frame: Option<f64>,
    /// Row of the centre in its image, pixels, pixel centres at whole numbers.
    pub y: Option<f64>,
    /// Column of the centre in its image, pixels, pixel centres at whole numbers.
    pub x: Option<f64>,
    /// Whatever else its maker knows (well, focal plane, area, micrometres, …) by the name of its column.
    pub facts: Vec<(Arc<str>, Fact)>,
}

impl Cell {
    /// The fact called `name`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&Fact> {
        self.facts.iter().find(|(n, _)| **n == *name).map(|(_, fact)| fact)
    }
}

/// Crops of one shape and depth with a row of facts per cell. Invariant: `pixels.len() == cells.len() * shape.len()`,
/// `channels.len() == shape.c`, every class index below `classes.len()`, names unique.
#[derive(Debug, Clone, PartialEq)]
pub struct CellSet {
    /// Shape of each crop.
    pub shape: CropShape,
    /// Intensities, `[n, h, w, c]`.
    pub pixels: Pixels,
    /// One row per crop.
    pub cells: Vec<Cell>,
    /// Class names, in the order of their numbers.
    pub classes: Vec<String>,
    /// Channel names, `shape.c` of them.
    pub channels: Vec<String>,
    /// How the crops were made: sources, what was done to fit them, flags; free form, kept with the set.
    pub provenance: serde_json::Value,
}

impl CellSet {
    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The cells at `indices`, in that order; classes and channels stay as they are.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> CellSet {
        let size = self.shape.len();
        let mut pixels = Pixels::empty(self.pixels.depth());
        for &i in indices {
            let same_depth = pixels.extend_from(&self.pixels, i * size..(i + 1) * size);
            debug_assert!(same_depth.is_ok());
        }
        CellSet {
            shape: self.shape,
            pixels,
            cells: indices.iter().map(|&i| self.cells[i].clone()).collect(),
            classes: self.classes.clone(),
            channels: self.channels.clone(),
            provenance: self.provenance.clone(),
        }
    }
}

/// Where crops come from one at a time: memory, or a file read by position.
pub trait CropSource: Send + Sync {
    /// Shape of each crop.
    fn shape(&self) -> CropShape;

    /// Number of crops.
    fn len(&self) -> usize;

    /// Whether there is no crop.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of pixels kept in memory; 0 when crops are read from their file as they are needed.
    fn bytes_in_memory(&self) -> usize;

    /// Writes crop `index` as floats, unscaled, into `out` (`shape().len()` values, `[h, w, c]`).
    ///
    /// # Errors
    /// When the underlying file cannot be read.
    fn read(&self, index: usize, out: &mut [f32]) -> std::io::Result<()>;
}

impl CropSource for CellSet {
    fn shape(&self) -> CropShape {
        self.shape
    }

    fn len(&self) -> usize {
        self.cells.len()
    }

    fn bytes_in_memory(&self) -> usize {
        match &self.pixels {
            Pixels::Uint8(v) => size_of_val(v.as_slice()),
            Pixels::Uint16(v) => size_of_val(v.as_slice()),
            Pixels::Float32(v) => size_of_val(v.as_slice()),
        }
    }

    fn read(&self, index: usize, out: &mut [f32]) -> std::io::Result<()> {
        self.pixels.copy_to(index * self.shape.len(), out);
        Ok(())
    }
}

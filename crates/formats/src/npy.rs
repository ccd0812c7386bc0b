//! NumPy arrays, one per file.
//!
//! # Source
//! <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>, versions 1 to 3. Read here
//! because lengths that strangers wrote must be checked before allocating, crop sets are read by position, and class
//! names are arrays of text.

mod header;

use std::io::{Read, Write};
use std::path::Path;

use cells::{Cell, CellSet, CropShape, Depth, Pixels};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use header::{Header, Kind};

use crate::microscope::f32_from_f16;
use crate::{FormatError, channels, input};

/// Most channels that are told from rows without being told.
const MAX_CHANNELS: usize = 16;

/// Order of the axes of a stack of images with channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Axes {
    /// Cell, channel, row, column.
    Nchw,
    /// Cell, row, column, channel.
    Nhwc,
}

/// Values of an array in C order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values {
    /// 8-bit, 16-bit and floating-point numbers; what they were in the file when that is another type.
    Pixels(Pixels, Option<&'static str>),
    /// Other whole numbers.
    Int(Vec<i64>),
    /// Text.
    Text(Vec<String>),
}

/// An array as it was in a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub shape: Vec<usize>,
    pub values: Values,
}

/// Reads a stack of images of one class: `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]` of uint8, uint16 or float32. Other
/// numbers are stored as float32, which is recorded: float16 and float64, and whole numbers as far as that has them
/// exactly, up to 2²⁴ on both sides of 0; booleans as 0 and 1 in uint8. Cells are named `<file without ending>/<index>` and have no class.
///
/// # Errors
/// When it is not such a file, its length does not match its shape, or the order of its axes cannot be told and is
/// not given.
pub fn read(path: &Path, axes: Option<Axes>) -> Result<CellSet, FormatError> {
    let (file, len) = input::open(path)?;
    let mut reader = std::io::BufReader::new(file);
    let array = read_array(path, &mut reader, Some(len))?;
    stack(path, array, axes)
}

/// Reads the bytes of a `.npy` file as [`read`] does; `path` is for messages and names.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8], axes: Option<Axes>) -> Result<CellSet, FormatError> {
    let len = Some(bytes.len() as u64);
    stack(path, read_array(path, &mut &bytes[..], len)?, axes)
}

/// Cells without class from an array of images.
fn stack(path: &Path, array: Array, axes: Option<Axes>) -> Result<CellSet, FormatError> {
    let (shape, pixels, provenance) = images(path, array, axes)?;
    let (stem, source) = (input::file_stem(path), input::file_name(path));
    let cells = (0..pixels.len() / shape.len()).map(|i| {
        let name = format!("{stem}/{i}");
        Cell { group: name.clone(), name, source: source.clone(), ..Cell::default() }
    });
    let channels = channels::numbered(shape.c);
    Ok(CellSet { shape, cells: cells.collect(), pixels, classes: Vec::new(), channels, provenance })
}

/// Shape, values as `[n, h, w, c]`, and what was done to them.
pub(crate) fn images(
    path: &Path,
    array: Array,
    axes: Option<Axes>,
) -> Result<(CropShape, Pixels, Value), FormatError> {
    let (pixels, was) = match array.values {
        Values::Pixels(pixels, was) => (pixels, was),
        Values::Int(v) => (Pixels::Float32(exact(path, &v)?), Some("whole numbers")),
        Values::Text(_) => return Err(FormatError::new(path, "images of numbers", "text")),
    };
    let (shape, axes) = layout(path, &array.shape, axes)?;
    if pixels.is_empty() || shape.is_empty() {
        let found = format!("an array of shape {:?}", array.shape);
        return Err(FormatError::new(path, "at least one cell", found));
    }
    let pixels = match (axes, pixels) {
        (Some(Axes::Nchw), Pixels::Uint8(v)) => Pixels::Uint8(channels_last(&v, shape)),
        (Some(Axes::Nchw), Pixels::Uint16(v)) => Pixels::Uint16(channels_last(&v, shape)),
        (Some(Axes::Nchw), Pixels::Float32(v)) => Pixels::Float32(channels_last(&v, shape)),
        (_, pixels) => pixels,
    };
    let mut provenance = json!({});
    if let Some(was) = was {
        provenance["converted"] = json!(format!("{was} to float32"));
    }
    if let Some(axes) = axes {
        provenance["axes"] = json!(axes);
    }
    Ok((shape, pixels, provenance))
}

/// Whole numbers as floats that are equal to them.
fn exact(path: &Path, values: &[i64]) -> Result<Vec<f32>, FormatError> {
    const MOST: u64 = 1 << 24;
    let one = |&x: &i64| (x.unsigned_abs() <= MOST).then_some(x as f32).ok_or(x);
    values.iter().map(one).collect::<Result<_, _>>().map_err(|x| {
        let expected = format!("intensities from -{MOST} to {MOST}, which float32 has exactly");
        FormatError::new(path, expected, x.to_string())
    })
}

/// Which axis is what.
fn layout(
    path: &Path,
    shape: &[usize],
    axes: Option<Axes>,
) -> Result<(CropShape, Option<Axes>), FormatError> {
    // Channels are fewer than rows and columns by far.
    let told = |c: usize, h: usize, w: usize| c <= MAX_CHANNELS && 2 * c <= h.min(w);
    match (shape, axes) {
        (&[_, h, w], _) => Ok((CropShape { h, w, c: 1 }, None)),
        (&[_, c, h, w], Some(Axes::Nchw)) => Ok((CropShape { h, w, c }, Some(Axes::Nchw))),
        (&[_, h, w, c], Some(Axes::Nhwc)) => Ok((CropShape { h, w, c }, Some(Axes::Nhwc))),
        (&[_, c, h, w], None) if told(c, h, w) => Ok((CropShape { h, w, c }, Some(Axes::Nchw))),
        (&[_, h, w, c], None) if told(c, h, w) => Ok((CropShape { h, w, c }, Some(Axes::Nhwc))),
        (&[_, _, _, _], None) => {
            let expected = "axes that tell channels from rows (or the axes given: nchw, nhwc)";
            Err(FormatError::new(path, expected, format!("shape {shape:?}")))
        }
        _ => {
            let expected = "a stack of images [n, h, w], [n, h, w, c] or [n, c, h, w]";
            Err(FormatError::new(path, expected, format!("shape {shape:?}")))
        }
    }
}

/// `[n, c, h, w]` to `[n, h, w, c]`.
fn channels_last<T: Copy>(values: &[T], shape: CropShape) -> Vec<T> {
    let plane = shape.h * shape.w;
    let mut out = Vec::with_capacity(values.len());
    for image in values.chunks_exact(shape.len()) {
        for i in 0..plane {
            out.extend((0..shape.c).map(|ch| image[ch * plane + i]));
        }
    }
    out
}

/// Reads one array; `len` is the length of the file when it is known.
pub(crate) fn read_array(path: &Path, reader: &mut dyn Read, len: Option<u64>) -> Result<Array, FormatError> {
    let header = Header::read(path, reader)?;
    let n = header.n_values(path)?;
    if let Some(len) = len {
        header.check_length(path, n, len)?;
    }
    let mut s = Source { path, reader, n, width: header.kind.width(), big: header.big_endian };
    let values = match header.kind {
        Kind::Pixels(Depth::Uint8) => Values::Pixels(Pixels::Uint8(s.numbers(|b, _| b[0])?), None),
        Kind::Bool => Values::Pixels(Pixels::Uint8(s.numbers(|b, _| u8::from(b[0] != 0))?), None),
        Kind::Pixels(Depth::Uint16) => {
            let v = s.numbers(|b, big| unsigned(b, big) as u16)?;
            Values::Pixels(Pixels::Uint16(v), None)
        }
        Kind::Pixels(Depth::Float32) => {
            let v = s.numbers(|b, big| f32::from_bits(unsigned(b, big) as u32))?;
            Values::Pixels(Pixels::Float32(v), None)
        }
        Kind::Half => {
            let v = s.numbers(|b, big| f32_from_f16(unsigned(b, big) as u16))?;
            Values::Pixels(Pixels::Float32(v), Some("float16"))
        }
        Kind::Double => {
            let v = s.numbers(|b, big| f64::from_bits(unsigned(b, big)) as f32)?;
            Values::Pixels(Pixels::Float32(v), Some("float64"))
        }
        Kind::Unsigned(_) => Values::Int(whole(path, s.numbers(unsigned)?)?),
        Kind::Signed(_) => Values::Int(s.numbers(signed)?),
        Kind::Text(_) => Values::Text(s.texts(wide_text)?),
        Kind::Bytes(_) => Values::Text(s.texts(|b, _| std::str::from_utf8(b).ok().map(str::to_owned))?),
    };
    let values = if header.fortran { in_c_order(values, &header.shape) } else { values };
    Ok(Array { shape: header.shape, values })
}

/// The bytes of the values still to be read.
struct Source<'a> {
    path: &'a Path,
    reader: &'a mut dyn Read,
    n: usize,
    width: usize,
    big: bool,
}

impl Source<'_> {
    /// Reads all values; memory grows with what is there, not with what the header promises.
    fn numbers<T>(&mut self, one: impl Fn(&[u8], bool) -> T) -> Result<Vec<T>, FormatError> {
        let mut values = Vec::new();
        let per_block = (1 << 20) / self.width.max(1) + 1;
        let mut block = vec![0; per_block.min(self.n) * self.width];
        while values.len() < self.n {
            let bytes = (self.n - values.len()).min(per_block) * self.width;
            self.reader.read_exact(&mut block[..bytes]).map_err(|e| {
                let expected = format!("{} values of {} bytes", self.n, self.width);
                FormatError::io(self.path, expected, &e)
            })?;
            values.extend(block[..bytes].chunks_exact(self.width).map(|b| one(b, self.big)));
        }
        Ok(values)
    }

    fn texts(&mut self, one: impl Fn(&[u8], bool) -> Option<String>) -> Result<Vec<String>, FormatError> {
        let texts = self.numbers(|b, big| one(b, big).map(|s| s.trim_end_matches('\0').to_owned()))?;
        texts
            .into_iter()
            .collect::<Option<_>>()
            .ok_or_else(|| FormatError::new(self.path, "text", "bytes that are none"))
    }
}

/// Numbers below 2⁶³.
fn whole(path: &Path, values: Vec<u64>) -> Result<Vec<i64>, FormatError> {
    let one =
        |x: u64| i64::try_from(x).map_err(|_| FormatError::new(path, "numbers below 2^63", x.to_string()));
    values.into_iter().map(one).collect()
}

/// A number of one to eight bytes.
fn unsigned(bytes: &[u8], big: bool) -> u64 {
    let add = |sum: u64, &b: &u8| sum << 8 | u64::from(b);
    if big { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) }
}

/// A number of one to eight bytes with sign.
fn signed(bytes: &[u8], big: bool) -> i64 {
    let shift = 64 - 8 * bytes.len() as u32;
    ((unsigned(bytes, big) << shift) as i64) >> shift
}

/// UTF-32.
fn wide_text(bytes: &[u8], big: bool) -> Option<String> {
    bytes.chunks_exact(4).map(|b| char::from_u32(unsigned(b, big) as u32)).collect()
}

/// Values in Fortran order to C order.
fn in_c_order(values: Values, shape: &[usize]) -> Values {
    match values {
        Values::Pixels(Pixels::Uint8(v), f) => Values::Pixels(Pixels::Uint8(reorder(&v, shape)), f),
        Values::Pixels(Pixels::Uint16(v), f) => Values::Pixels(Pixels::Uint16(reorder(&v, shape)), f),
        Values::Pixels(Pixels::Float32(v), f) => Values::Pixels(Pixels::Float32(reorder(&v, shape)), f),
        Values::Int(v) => Values::Int(reorder(&v, shape)),
        Values::Text(v) => Values::Text(reorder(&v, shape)),
    }
}

fn reorder<T: Clone>(values: &[T], shape: &[usize]) -> Vec<T> {
    let strides: Vec<usize> = shape
        .iter()
        .scan(1, |stride, &n| {
            let s = *stride;
            *stride *= n;
            Some(s)
        })
        .collect();
    let mut index = vec![0; shape.len()];
    let mut out = Vec::with_capacity(values.len());
    for _ in 0..values.len() {
        let at: usize = index.iter().zip(&strides).map(|(i, s)| i * s).sum();
        out.push(values[at].clone());
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    out
}

/// Values as the bytes of a `.npy` file, C order.
#[must_use]
pub fn to_bytes(shape: &[usize], values: &Pixels) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = write(&mut bytes, shape, values);
    bytes
}

/// What a `.npy` file of float32 begins with, for arrays that are written a part at a time: their values follow in C order,
/// little endian.
#[must_use]
pub fn float32_header(shape: &[usize]) -> Vec<u8> {
    header::bytes(shape, Depth::Float32)
}

/// Writes pixels as a `.npy` file of version 1, C order, little endian.
pub(crate) fn write(out: &mut dyn Write, shape: &[usize], pixels: &Pixels) -> std::io::Result<()> {
    out.write_all(&header::bytes(shape, pixels.depth()))?;
    match pixels {
        Pixels::Uint8(v) => out.write_all(v),
        Pixels::Uint16(v) => write_blocks(out, v, |x| x.to_le_bytes()),
        Pixels::Float32(v) => write_blocks(out, v, |x| x.to_le_bytes()),
    }
}

/// Writes values as bytes, many at a time.
fn write_blocks<T: Copy, const N: usize>(
    out: &mut dyn Write,
    values: &[T],
    bytes: impl Fn(T) -> [u8; N],
) -> std::io::Result<()> {
    let mut block = Vec::new();
    for some in values.chunks(1 << 16) {
        block.clear();
        block.extend(some.iter().flat_map(|&x| bytes(x)));
        out.write_all(&block)?;
    }
    Ok(())
}

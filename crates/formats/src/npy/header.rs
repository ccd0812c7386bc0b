//! The header of a `.npy` file: a Python dictionary of type, order and shape.

use std::io::Read;
use std::path::Path;

use cells::Depth;

use crate::FormatError;
use crate::error::quote;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// Longest header that is read, in bytes.
const MAX_HEADER: usize = 1 << 16;
/// Most axes.
const MAX_AXES: usize = 32;
/// Longest text of one value, in bytes.
const MAX_WIDTH: usize = 1 << 16;

/// Type of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What pixels are stored as.
    Pixels(Depth),
    /// One byte that is 0 or not.
    Bool,
    /// 16-bit floating point.
    Half,
    /// 64-bit floating point.
    Double,
    /// Unsigned of 4 or 8 bytes.
    Unsigned(usize),
    /// Signed of 1 to 8 bytes.
    Signed(usize),
    /// UTF-32 of this many bytes.
    Text(usize),
    /// Bytes.
    Bytes(usize),
}

impl Kind {
    /// Bytes of one value.
    pub fn width(self) -> usize {
        match self {
            Kind::Pixels(Depth::Uint8) | Kind::Bool => 1,
            Kind::Pixels(Depth::Uint16) | Kind::Half => 2,
            Kind::Pixels(Depth::Float32) => 4,
            Kind::Double => 8,
            Kind::Unsigned(n) | Kind::Signed(n) | Kind::Text(n) | Kind::Bytes(n) => n,
        }
    }
}

/// What the header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub kind: Kind,
    pub big_endian: bool,
    pub fortran: bool,
    pub shape: Vec<usize>,
    /// Where the values begin, in bytes.
    pub offset: u64,
}

impl Header {
    /// # Errors
    /// When it is no header of a type that is read here.
    pub fn read(path: &Path, reader: &mut dyn Read) -> Result<Self, FormatError> {
        let mut start = [0; 8];
        let mut n_read = 0;
        while n_read < start.len() {
            match reader.read(&mut start[n_read..]) {
                Ok(0) => break,
                Ok(n) => n_read += n,
                Err(e) => return Err(FormatError::io(path, "a readable file", &e)),
            }
        }
        if n_read < start.len() || start[..6] != *MAGIC {
            return Err(FormatError::new(path, "a .npy header", quote(&start[..n_read])));
        }
        let short = |e: std::io::Error| FormatError::io(path, "a whole .npy header", &e);
        let (len, before) = match start[6] {
            1 => {
                let mut b = [0; 2];
                reader.read_exact(&mut b).map_err(short)?;
                (usize::from(u16::from_le_bytes(b)), 10)
            }
            2 | 3 => {
                let mut b = [0; 4];
                reader.read_exact(&mut b).map_err(short)?;
                (u32::from_le_bytes(b) as usize, 12)
            }
            v => return Err(FormatError::new(path, "version 1, 2 or 3 of .npy", v.to_string())),
        };
        if len > MAX_HEADER {
            let expected = format!("a .npy header of at most {MAX_HEADER} bytes");
            return Err(FormatError::new(path, expected, len.to_string()));
        }
        let mut text = vec![0; len];
        reader.read_exact(&mut text).map_err(short)?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(path, &text, (before + len) as u64)
    }

    fn parse(path: &Path, text: &str, offset: u64) -> Result<Self, FormatError> {
        let missing = |key: &str| FormatError::new(path, format!("{key} in the .npy header"), text.trim());
        let descr = value_of(text, "descr").ok_or_else(|| missing("'descr'"))?;
        let (kind, big_endian) = kind(descr).map_err(|found| {
            FormatError::new(path, "booleans, integers, floats of 16, 32 or 64 bits, or text", found)
        })?;
        let fortran = match value_of(text, "fortran_order") {
            Some(v) if v.starts_with("True") => true,
            Some(v) if v.starts_with("False") => false,
            _ => return Err(missing("'fortran_order' True or False")),
        };
        let shape = value_of(text, "shape").and_then(shape).ok_or_else(|| missing("'shape'"))?;
        Ok(Header { kind, big_endian, fortran, shape, offset })
    }

    /// Number of values.
    ///
    /// # Errors
    /// When their bytes cannot be counted.
    pub fn n_values(&self, path: &Path) -> Result<usize, FormatError> {
        let n = self.shape.iter().try_fold(1_usize, |n, &axis| n.checked_mul(axis));
        n.filter(|n| n.checked_mul(self.kind.width()).is_some())
            .ok_or_else(|| FormatError::new(path, "a shape that fits in memory", format!("{:?}", self.shape)))
    }

    /// # Errors
    /// When a file of `len` bytes does not hold exactly `n` values.
    pub fn check_length(&self, path: &Path, n: usize, len: u64) -> Result<(), FormatError> {
        let values = (n * self.kind.width()) as u64;
        if self.offset.checked_add(values) == Some(len) {
            return Ok(());
        }
        let expected = format!("{values} bytes of values for shape {:?}", self.shape);
        Err(FormatError::new(path, expected, len.saturating_sub(self.offset).to_string()))
    }
}

/// What follows `'key':`.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let quoted = [format!("'{key}'"), format!("\"{key}\"")];
    let rest = quoted.iter().find_map(|q| text.split_once(q.as_str()))?.1;
    rest.trim_start().strip_prefix(':').map(str::trim_start)
}

/// Type and whether the first byte is the highest; otherwise what the type is.
fn kind(descr: &str) -> Result<(Kind, bool), String> {
    let mut parts = descr.splitn(3, ['\'', '"']);
    let ("", Some(name)) = (parts.next().unwrap_or("?"), parts.next()) else {
        return Err("a structured type".to_owned());
    };
    let order = name.as_bytes().first().copied().unwrap_or(b'?');
    let body = name.strip_prefix(['<', '>', '|', '=']).unwrap_or(name);
    let unknown = || Err(format!("type {name:?}"));
    let Some((code, count)) = body.split_at_checked(1) else { return unknown() };
    let count = count.parse::<usize>().unwrap_or(0);
    let wide = |n: usize| (1..=MAX_WIDTH).contains(&n);
    let kind = match (code, count) {
        ("u", 1) => Kind::Pixels(Depth::Uint8),
        ("u", 2) => Kind::Pixels(Depth::Uint16),
        ("f", 4) => Kind::Pixels(Depth::Float32),
        ("f", 2) => Kind::Half,
        ("f", 8) => Kind::Double,
        ("b", 1) => Kind::Bool,
        ("u", 4 | 8) => Kind::Unsigned(count),
        ("i", 1 | 2 | 4 | 8) => Kind::Signed(count),
        ("U", n) if n <= MAX_WIDTH && wide(4 * n) => Kind::Text(4 * n),
        ("S", n) if wide(n) => Kind::Bytes(n),
        ("O", _) => return Err("Python objects (a pickle), which are not read".to_owned()),
        _ => return unknown(),
    };
    Ok((kind, order == b'>'))
}

/// `(2, 3)`, `(2,)` or `()`.
fn shape(text: &str) -> Option<Vec<usize>> {
    let inner = text.strip_prefix('(')?.split_once(')')?.0;
    let axes = inner.split(',').map(str::trim).filter(|s| !s.is_empty());
    let axes: Vec<usize> = axes.map(|s| s.parse().ok()).collect::<Option<_>>()?;
    (axes.len() <= MAX_AXES).then_some(axes)
}

/// A header of version 1, padded so that the values begin at a multiple of 64 bytes.
pub(super) fn bytes(shape: &[usize], depth: Depth) -> Vec<u8> {
    let descr = match depth {
        Depth::Uint8 => "|u1",
        Depth::Uint16 => "<u2",
        Depth::Float32 => "<f4",
    };
    let axes: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", axes.join(" "));
    let unpadded = MAGIC.len() + 4 + text.len() + 1;
    text.extend(std::iter::repeat_n(' ', unpadded.next_multiple_of(64) - unpadded));
    text.push('\n');
    let mut out = MAGIC.to_vec();
    out.extend([1, 0]);
    // At most 64 axes of 20 digits: far below the 65,535 that two bytes hold.
    out.extend((text.len() as u16).to_le_bytes());
    out.extend(text.into_bytes());
    out
}

//! HDF5 files: text attributes and arrays of floats, with a limit on what they may unfold to.
//!
//! # Source
//! <https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>, read by the crate `hdf5-pure`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hdf5_pure::{DType, Datatype, DatatypeByteOrder, File, Group};

use crate::FormatError;
use crate::microscope::f32_from_f16;

/// What every HDF5 file begins with.
pub(crate) const MAGIC: &[u8; 8] = b"\x89HDF\r\n\x1a\n";
/// Bytes that the arrays of any file may unfold to, whatever its size.
const FREE_BYTES: u64 = 64 << 20;
/// Further bytes per byte of the file: weights hardly compress.
const RATIO: u64 = 8;

/// An array of floats: lengths of the axes, values in C order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Floats {
    pub shape: Vec<usize>,
    pub values: Vec<f32>,
}

/// An open file.
pub(crate) struct Hdf5 {
    path: PathBuf,
    file: File,
    /// Bytes that may still be unfolded.
    left: Cell<u64>,
}

impl Hdf5 {
    /// Opens the bytes of a file; `path` is for messages.
    ///
    /// # Errors
    /// When it is not an HDF5 file.
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Hdf5, FormatError> {
        if !bytes.starts_with(MAGIC) {
            return Err(FormatError::new(path, "an HDF5 file", crate::error::quote(&bytes)));
        }
        let left = FREE_BYTES.saturating_add(RATIO.saturating_mul(bytes.len() as u64));
        let file = File::from_bytes(bytes)
            .map_err(|error| FormatError::new(path, "an HDF5 file", error.to_string()))?;
        Ok(Hdf5 { path: path.to_path_buf(), file, left: Cell::new(left) })
    }

    /// Whether there is a group at `place` (`a/b`; empty: the root).
    pub fn has_group(&self, place: &str) -> bool {
        self.group(place).is_ok()
    }

    /// The text of an attribute of a group, when it has one of that name.
    pub fn text(&self, group: &str, name: &str) -> Result<Option<String>, FormatError> {
        let Some(texts) = self.texts(group, name)? else { return Ok(None) };
        match <[String; 1]>::try_from(texts) {
            Ok([text]) => Ok(Some(text)),
            Err(texts) => Err(self.refuse("one text", format!("{}", texts.len())).at(attribute(group, name))),
        }
    }

    /// The texts of an attribute of a group; one that is too long for HDF5 is spread over `name0`, `name1`, ….
    pub fn texts(&self, group: &str, name: &str) -> Result<Option<Vec<String>>, FormatError> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let attributes = self.group(group)?.attrs().map_err(|error| {
            self.refuse("attributes that can be read", error.to_string()).at(group.to_owned())
        })?;
        for (key, value) in attributes {
            if !key.starts_with(name) {
                continue;
            }
            // An empty list is written as numbers.
            let texts = value.as_strings().map_or_else(Vec::new, <[String]>::to_vec);
            found.insert(key, texts);
        }
        if let Some(texts) = found.remove(name) {
            return Ok(Some(texts));
        }
        let parts = (0..).map_while(|part| found.remove(&format!("{name}{part}")));
        let all: Vec<Vec<String>> = parts.collect();
        Ok((!all.is_empty()).then(|| all.concat()))
    }

    /// Names of the groups in a group, in the order of their numbers where names end in one.
    pub fn groups(&self, place: &str) -> Result<Vec<String>, FormatError> {
        self.sorted(place, self.group(place)?.groups())
    }

    /// Names of the arrays in a group, ordered likewise.
    pub fn arrays(&self, place: &str) -> Result<Vec<String>, FormatError> {
        self.sorted(place, self.group(place)?.datasets())
    }

    /// The array at `place`, as 32-bit floats.
    ///
    /// # Errors
    /// When it is missing, not of floats, or larger than the file can honestly hold.
    pub fn floats(&self, place: &str) -> Result<Floats, FormatError> {
        let broken = |error: hdf5_pure::Error| {
            self.refuse("an array that can be read", error.to_string()).at(place.to_owned())
        };
        let array = self.file.dataset(place).map_err(broken)?;
        let kind = array.dtype().map_err(broken)?;
        let half = Half::of(&array.datatype().map_err(broken)?);
        if !matches!(kind, DType::F32 | DType::F64) && half.is_none() {
            return Err(self.refuse("floating-point numbers", kind.to_string()).at(place.to_owned()));
        }
        let shape = array.shape().map_err(broken)?;
        let size = shape.iter().try_fold(8_u64, |size, &n| size.checked_mul(n)).unwrap_or(u64::MAX);
        let Some(left) = self.left.get().checked_sub(size) else {
            let expected = "arrays that a file of this size can hold";
            return Err(self.refuse(expected, format!("a shape of {shape:?}")).at(place.to_owned()));
        };
        self.left.set(left);
        let values = match half {
            Some(half) => half.values(&array.read_raw().map_err(broken)?),
            None => array.read_f32().map_err(broken)?,
        };
        let shape: Vec<usize> = shape.into_iter().filter_map(|n| usize::try_from(n).ok()).collect();
        let n: usize = shape.iter().product();
        if values.len() != n {
            let found = format!("{} values", values.len());
            return Err(self.refuse(format!("{n} values"), found).at(place.to_owned()));
        }
        Ok(Floats { shape, values })
    }

    fn group(&self, place: &str) -> Result<Group, FormatError> {
        if place.is_empty() {
            return Ok(self.file.root());
        }
        let missing = |error: hdf5_pure::Error| self.refuse(format!("a group {place:?}"), error.to_string());
        self.file.group(place).map_err(missing)
    }

    fn sorted(
        &self,
        place: &str,
        names: Result<Vec<String>, hdf5_pure::Error>,
    ) -> Result<Vec<String>, FormatError> {
        let mut names = names.map_err(|error| {
            self.refuse("a group that can be read", error.to_string()).at(place.to_owned())
        })?;
        names.sort_by_cached_key(|name| {
            let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
            let number: u64 = name[stem.len()..].parse().unwrap_or(0);
            (stem.trim_end_matches('_').to_owned(), number)
        });
        Ok(names)
    }

    fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> FormatError {
        FormatError::new(&self.path, expected, found)
    }
}

/// How numbers of 16 bits are kept.
#[derive(Clone, Copy)]
struct Half {
    big_endian: bool,
    /// bfloat16: the upper half of a 32-bit float; else half precision.
    brain: bool,
}

impl Half {
    /// Of a type of floats. HDF5 has no name for bfloat16; Python stores it as two bytes of which nothing is said.
    fn of(kind: &Datatype) -> Option<Half> {
        match *kind {
            Datatype::FloatingPoint { size: 2, byte_order, layout } => Some(Half {
                big_endian: byte_order == DatatypeByteOrder::BigEndian,
                brain: match (layout.exponent_size, layout.mantissa_size) {
                    (5, 10) => false,
                    (8, 7) => true,
                    _ => return None,
                },
            }),
            Datatype::Opaque { size: 2, .. } => Some(Half { big_endian: false, brain: true }),
            _ => None,
        }
    }

    fn values(self, bytes: &[u8]) -> Vec<f32> {
        let bits =
            bytes.as_chunks::<2>().0.iter().map(|&pair| {
                if self.big_endian { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
            });
        let value = |bits: u16| match self.brain {
            true => f32::from_bits(u32::from(bits) << 16),
            false => f32_from_f16(bits),
        };
        bits.map(value).collect()
    }
}

fn attribute(group: &str, name: &str) -> String {
    if group.is_empty() { format!("attribute {name:?}") } else { format!("attribute {name:?} of {group:?}") }
}

//! A model file: named arrays of floats, and every fact about the model as text, in one safetensors file.
//!
//! # Source
//! <https://huggingface.co/docs/safetensors>: eight bytes of header length (little endian), a JSON header, the values.
//! Written here rather than with the crate `safetensors`, whose order of metadata changes from run to run;
//! read with it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;

use safetensors::{Dtype, SafeTensors};

use crate::error::quote;
use crate::{FormatError, atomic, input};

/// Largest header that is read, in bytes.
pub const MAX_HEADER: u64 = 64 << 20;
/// Largest model file that is read, in bytes.
pub const MAX_FILE: u64 = 8 << 30;

/// One array of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Unique in its file.
    pub name: String,
    /// Length of each axis; none for a single number.
    pub shape: Vec<usize>,
    /// Values in C order, the product of `shape` of them.
    pub values: Vec<f32>,
}

/// What a model file holds. The same content gives the same bytes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ModelFile {
    /// Arrays, in the order of the file.
    pub tensors: Vec<Tensor>,
    /// Facts about the model.
    pub metadata: BTreeMap<String, String>,
}

impl ModelFile {
    /// The array called `name`.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|t| t.name == name)
    }

    /// Reads a safetensors file of 32-bit floats.
    ///
    /// # Errors
    /// When it is not one: the header is missing, larger than [`MAX_HEADER`] or than the file, lengths do not match
    /// shapes, or an array is not of 32-bit floats.
    pub fn read(path: &Path) -> Result<Self, FormatError> {
        let (_, len) = input::open(path)?;
        check_header_length(path, &input::head(path, 8)?, len)?;
        Self::parse(path, &input::read(path, MAX_FILE)?)
    }

    /// Reads the bytes of a safetensors file; `path` is for messages.
    ///
    /// # Errors
    /// As [`ModelFile::read`].
    pub fn parse(path: &Path, bytes: &[u8]) -> Result<Self, FormatError> {
        check_header_length(path, bytes, bytes.len() as u64)?;
        let broken = |e| FormatError::new(path, "a safetensors file", format!("{e}"));
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let file = SafeTensors::deserialize(bytes).map_err(broken)?;
        let mut tensors = Vec::new();
        for name in header.offset_keys() {
            let view = file.tensor(&name).map_err(broken)?;
            if view.dtype() != Dtype::F32 {
                let found = format!("{:?}", view.dtype());
                return Err(FormatError::new(path, "32-bit floats (F32)", found).at(name));
            }
            let values = view.data().chunks_exact(4);
            let values = values.map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            tensors.push(Tensor { name, shape: view.shape().to_vec(), values });
        }
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        Ok(ModelFile { tensors, metadata })
    }

    /// Writes the file, atomically.
    ///
    /// # Errors
    /// When a name occurs twice, a length does not match its shape, or the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        let header = self.header(path)?;
        atomic::write_file(path, |out| self.write_to(&header, out))
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// As [`ModelFile::write`], but for the disk.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let path = Path::new("model");
        let header = self.header(path)?;
        let mut bytes = Vec::new();
        self.write_to(&header, &mut bytes).map_err(|e| FormatError::io(path, "room in memory", &e))?;
        Ok(bytes)
    }

    fn write_to(&self, header: &str, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&(header.len() as u64).to_le_bytes())?;
        out.write_all(header.as_bytes())?;
        let mut bytes = Vec::new();
        for tensor in &self.tensors {
            bytes.clear();
            bytes.extend(tensor.values.iter().flat_map(|v| v.to_le_bytes()));
            out.write_all(&bytes)?;
        }
        Ok(())
    }

    /// The JSON header, padded with blanks so that the values begin at a multiple of eight bytes.
    fn header(&self, path: &Path) -> Result<String, FormatError> {
        let mut names = BTreeSet::new();
        let mut entries = Vec::new();
        if !self.metadata.is_empty() {
            entries.push(format!("\"__metadata__\":{}", serde_json::json!(self.metadata)));
        }
        let mut offset = 0;
        for tensor in &self.tensors {
            let (n, expected) = (tensor.values.len(), tensor.shape.iter().product::<usize>());
            if n != expected {
                let expected = format!("{expected} values for shape {:?}", tensor.shape);
                return Err(FormatError::new(path, expected, format!("{n}")).at(&tensor.name));
            }
            if !names.insert(&tensor.name) || tensor.name == "__metadata__" {
                return Err(FormatError::new(path, "unique names of arrays", &tensor.name));
            }
            let entry = serde_json::json!({
                "dtype": "F32", "shape": tensor.shape, "data_offsets": [offset, offset + 4 * n],
            });
            entries.push(format!("{}:{entry}", serde_json::json!(tensor.name)));
            offset += 4 * n;
        }
        let mut header = format!("{{{}}}", entries.join(","));
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        Ok(header)
    }
}

/// Refuses a header that is longer than the file or than [`MAX_HEADER`] before anything is allocated for it.
fn check_header_length(path: &Path, bytes: &[u8], len: u64) -> Result<(), FormatError> {
    let Some(first) = bytes.first_chunk::<8>() else {
        return Err(FormatError::new(path, "a safetensors file", quote(bytes)));
    };
    let header = u64::from_le_bytes(*first);
    if header > MAX_HEADER || header > len.saturating_sub(8) {
        let expected = format!("a safetensors header of at most {MAX_HEADER} bytes inside a file of {len}");
        let found = format!("{} (a length of {header})", quote(bytes));
        return Err(FormatError::new(path, expected, found));
    }
    Ok(())
}

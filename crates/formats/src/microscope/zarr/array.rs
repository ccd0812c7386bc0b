//! An array: shape, chunks, type, and windows of its last two axes.

use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde_json::Value;

use super::super::bytes::Bytes;
use super::super::{Dtype, Values, Window};
use super::chain::{Chain, name_of};
use super::shard::Shards;
use crate::{FormatError, foreign};

/// Largest chunk, in bytes.
const MAX_CHUNK: usize = 1 << 30;
/// Most axes.
const MAX_AXES: usize = 16;

/// An array on disk. Chunks are read when they are needed.
#[derive(Debug, Clone)]
pub(super) struct Array {
    folder: PathBuf,
    pub shape: Vec<usize>,
    pub dtype: Dtype,
    /// Shape of what is decoded as a whole: a chunk, or a part of a shard.
    chunk: Vec<usize>,
    chain: Chain,
    shards: Option<Shards>,
    /// Value of what is not stored, in the byte order of this machine.
    fill: Vec<u8>,
    /// What stands before and between the numbers of a chunk's name.
    name: (&'static str, char),
}

impl Array {
    /// From the metadata of version 2, `.zarray`.
    pub fn of_v2(folder: &Path, json: &Value) -> Result<Self, FormatError> {
        let refuse = |found: String| FormatError::new(folder, "a Zarr array that is read", found);
        let said = json["dtype"].as_str().unwrap_or_default();
        let dtype = match said.trim_start_matches(['<', '>', '|', '=']) {
            "b1" | "u1" => Dtype::U8,
            "u2" => Dtype::U16,
            "u4" => Dtype::U32,
            "u8" => Dtype::U64,
            "i1" => Dtype::I8,
            "i2" => Dtype::I16,
            "i4" => Dtype::I32,
            "i8" => Dtype::I64,
            "f2" => Dtype::F16,
            "f4" => Dtype::F32,
            "f8" => Dtype::F64,
            _ => return Err(refuse(format!("values of type {}", json["dtype"]))),
        };
        let shape = sizes(&json["shape"]).ok_or_else(|| refuse(format!("the shape {}", json["shape"])))?;
        let chunk = sizes(&json["chunks"]).ok_or_else(|| refuse(format!("chunks {}", json["chunks"])))?;
        let chain = Chain::of_v2(json, shape.len(), said.starts_with('>')).map_err(refuse)?;
        let separator = if json["dimension_separator"] == "/" { '/' } else { '.' };
        let fill = fill(&json["fill_value"], dtype).map_err(refuse)?;
        let folder = folder.to_path_buf();
        Array { folder, shape, dtype, chunk, chain, shards: None, fill, name: ("", separator) }.checked()
    }

    /// From the metadata of version 3, `zarr.json`.
    pub fn of_v3(folder: &Path, json: &Value) -> Result<Self, FormatError> {
        let refuse = |found: String| FormatError::new(folder, "a Zarr array that is read", found);
        let said = json["data_type"].as_str().unwrap_or_default();
        let dtype =
            Dtype::ALL.into_iter().find(|d| d.name() == said).or((said == "bool").then_some(Dtype::U8));
        let dtype = dtype.ok_or_else(|| refuse(format!("values of type {}", json["data_type"])))?;
        let shape = sizes(&json["shape"]).ok_or_else(|| refuse(format!("the shape {}", json["shape"])))?;
        let grid = &json["chunk_grid"];
        let outer = sizes(&grid["configuration"]["chunk_shape"]).filter(|_| grid["name"] == "regular");
        let outer = outer.ok_or_else(|| refuse(format!("chunks {grid}")))?;
        let codecs = json["codecs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (chunk, chain, shards) = match codecs {
            [shard] if name_of(shard) == "sharding_indexed" => {
                let settings = &shard["configuration"];
                let inner =
                    sizes(&settings["chunk_shape"]).ok_or_else(|| refuse(format!("shards {settings}")))?;
                let codecs = settings["codecs"].as_array().map(Vec::as_slice).unwrap_or_default();
                let chain = Chain::of_v3(codecs, shape.len()).map_err(refuse)?;
                let shards = Shards::of(settings, &outer, &inner).map_err(refuse)?;
                (inner, chain, Some(shards))
            }
            _ => (outer, Chain::of_v3(codecs, shape.len()).map_err(refuse)?, None),
        };
        let keys = &json["chunk_key_encoding"];
        let separator = |usual| match keys["configuration"]["separator"].as_str() {
            Some("/") => '/',
            Some(".") => '.',
            _ => usual,
        };
        let name = if keys["name"] == "v2" { ("", separator('.')) } else { ("c", separator('/')) };
        let fill = fill(&json["fill_value"], dtype).map_err(refuse)?;
        let folder = folder.to_path_buf();
        Array { folder, shape, dtype, chunk, chain, shards, fill, name }.checked()
    }

    fn checked(self) -> Result<Self, FormatError> {
        let Array { shape, chunk, dtype, .. } = &self;
        let size = chunk.iter().try_fold(dtype.size(), |a, &b| a.checked_mul(b));
        let total = shape.iter().try_fold(dtype.size(), |a, &b| a.checked_mul(b));
        let is_empty = shape.contains(&0) || chunk.contains(&0);
        if shape.len() < 2
            || shape.len() > MAX_AXES
            || shape.len() != chunk.len()
            || is_empty
            || total.is_none()
        {
            let found = format!("shape {shape:?}, chunks {chunk:?}");
            return Err(FormatError::new(&self.folder, "an array with chunks of its number of axes", found));
        }
        if size.is_none_or(|n| n > MAX_CHUNK) {
            let expected = format!("chunks of at most {MAX_CHUNK} bytes");
            return Err(FormatError::new(&self.folder, expected, format!("{chunk:?}")));
        }
        Ok(self)
    }

    /// A window of the last two axes, where the others are `outer`.
    pub fn window(&self, outer: &[usize], window: Window) -> Result<Values, FormatError> {
        let [.., chunk_h, _] = self.chunk[..] else { return Ok(Values::zeros(self.dtype, 0)) };
        let mut values = Values::zeros(self.dtype, window.h * window.w);
        let row_size = window.w * self.dtype.size();
        let mut bands = Vec::new();
        let mut rest = values.bytes_mut();
        for row in window.y / chunk_h..(window.y + window.h).div_ceil(chunk_h) {
            let rows = (row * chunk_h).max(window.y)..((row + 1) * chunk_h).min(window.y + window.h);
            let (band, after) = rest.split_at_mut(rows.len() * row_size);
            rest = after;
            bands.push((row, rows, band));
        }
        bands.into_par_iter().try_for_each(|(row, rows, band)| self.band(outer, window, row, rows, band))?;
        Ok(values)
    }

    /// Fills the rows that a row of chunks and a window share.
    fn band(
        &self,
        outer: &[usize],
        window: Window,
        row: usize,
        rows: std::ops::Range<usize>,
        band: &mut [u8],
    ) -> Result<(), FormatError> {
        let n = self.chunk.len();
        let (chunk_h, chunk_w, size) = (self.chunk[n - 2], self.chunk[n - 1], self.dtype.size());
        // Where the plane begins in a chunk, counted in planes.
        let plane = outer.iter().zip(&self.chunk).fold(0, |sum, (i, n)| sum * n + i % n);
        for column in window.x / chunk_w..(window.x + window.w).div_ceil(chunk_w) {
            let mut at: Vec<usize> = outer.iter().zip(&self.chunk).map(|(i, n)| i / n).collect();
            at.extend([row, column]);
            let left = column * chunk_w;
            let columns = left.max(window.x)..(left + chunk_w).min(window.x + window.w);
            let values = self.chunk(&at)?;
            for (i, y) in rows.clone().enumerate() {
                let to = (i * window.w + columns.start - window.x) * size;
                let target = &mut band[to..to + columns.len() * size];
                match &values {
                    Some(values) => {
                        let row = plane * chunk_h + y - row * chunk_h;
                        let from = (row * chunk_w + columns.start - left) * size;
                        target.copy_from_slice(&values[from..from + target.len()]);
                    }
                    None => target.chunks_exact_mut(size).for_each(|v| v.copy_from_slice(&self.fill)),
                }
            }
        }
        Ok(())
    }

    /// Values of a chunk; none when it is not stored.
    fn chunk(&self, at: &[usize]) -> Result<Option<Vec<u8>>, FormatError> {
        let n = self.chunk.iter().product::<usize>() * self.dtype.size();
        let most = 2 * n + 65536;
        let file = match &self.shards {
            Some(shards) => self.file_of(&shards.shard(at)),
            None => self.file_of(at),
        };
        if !file.exists() {
            return Ok(None);
        }
        let bytes = Bytes::open(&file)?;
        let packed = match &self.shards {
            Some(shards) => match shards.find(&bytes, at)? {
                Some((start, len)) if len <= most as u64 => bytes.read(start, len as usize)?,
                Some((_, len)) => return Err(bytes.refuse(format!("at most {most} bytes"), len.to_string())),
                None => return Ok(None),
            },
            None if bytes.len() > most as u64 => {
                return Err(bytes.refuse(format!("at most {most} bytes"), bytes.len().to_string()));
            }
            None => bytes.read(0, bytes.len() as usize)?,
        };
        let expected = format!("a chunk of {n} bytes");
        foreign::decode(&file, &expected, || {
            let values = self.chain.decode(packed, &self.chunk, self.dtype.size());
            values.map_err(|found| bytes.refuse(expected.as_str(), found))
        })
        .map(Some)
    }

    fn file_of(&self, at: &[usize]) -> PathBuf {
        let (start, separator) = self.name;
        let numbers: Vec<String> = at.iter().map(ToString::to_string).collect();
        let name = numbers.join(&separator.to_string());
        self.folder.join(if start.is_empty() { name } else { format!("{start}{separator}{name}") })
    }
}

/// A list of sizes.
pub(super) fn sizes(json: &Value) -> Option<Vec<usize>> {
    json.as_array()?.iter().map(|n| usize::try_from(n.as_u64()?).ok()).collect()
}

/// Bytes of the value of what is not stored.
fn fill(json: &Value, dtype: Dtype) -> Result<Vec<u8>, String> {
    let refuse = || format!("the fill value {json}");
    let float = match json {
        Value::Null | Value::Bool(false) => 0.0,
        Value::Bool(true) => 1.0,
        Value::String(s) => match s.as_str() {
            "NaN" => f64::NAN,
            "Infinity" => f64::INFINITY,
            "-Infinity" => f64::NEG_INFINITY,
            // Java's writers have numbers as text.
            number => number.parse().ok().filter(|n: &f64| n.is_finite()).ok_or_else(refuse)?,
        },
        number => number.as_f64().ok_or_else(refuse)?,
    };
    let bytes = match dtype {
        Dtype::F64 => float.to_ne_bytes().to_vec(),
        Dtype::F32 => (float as f32).to_ne_bytes().to_vec(),
        Dtype::F16 if float == 0.0 => vec![0; 2],
        Dtype::F16 => return Err(refuse()),
        _ => {
            let whole = json.as_i64().map(i128::from).or(json.as_u64().map(i128::from));
            let whole = whole.or((float.fract() == 0.0).then_some(float as i128)).ok_or_else(refuse)?;
            let bytes = whole.to_le_bytes();
            let mut value = bytes[..dtype.size()].to_vec();
            if cfg!(target_endian = "big") {
                value.reverse();
            }
            value
        }
    };
    Ok(bytes)
}

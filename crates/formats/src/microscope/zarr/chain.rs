//! From the bytes of a chunk to its values: the codecs of Zarr 2 and 3.
//!
//! # Source
//! Zarr core specifications v2 and v3 (zarr-specs.readthedocs.io) with the codecs bytes, transpose, gzip, zstd, blosc,
//! crc32c and sharding_indexed; numcodecs for the names of version 2.

use std::io::Read;

use serde_json::Value;

use super::super::values::swap_bytes;
use super::blosc;

/// How the values of a chunk become bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    /// Order of the stored axes: axis `order[i]` of the array is stored as axis i. Empty for the usual order.
    pub order: Vec<usize>,
    pub big_endian: bool,
    /// In the order of writing.
    pub packers: Vec<Packer>,
}

/// A codec from bytes to bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Packer {
    Gzip,
    Zlib,
    Zstd,
    /// A length in four bytes, then a block.
    Lz4,
    Blosc,
    Crc32c,
}

impl Packer {
    /// Unpacks to at most `most` bytes.
    fn unpack(self, bytes: &[u8], most: usize) -> Result<Vec<u8>, String> {
        fn all(from: impl Read, most: usize) -> Result<Vec<u8>, String> {
            let mut out = Vec::new();
            from.take(most as u64 + 1).read_to_end(&mut out).map_err(|e| e.to_string())?;
            Ok(out)
        }
        match self {
            Packer::Gzip => all(flate2::read::MultiGzDecoder::new(bytes), most),
            Packer::Zlib => all(flate2::read::ZlibDecoder::new(bytes), most),
            Packer::Zstd => zstd(bytes, most),
            Packer::Blosc => blosc::decode(bytes, most),
            Packer::Lz4 => {
                let (size, block) =
                    bytes.split_first_chunk::<4>().ok_or("an LZ4 block without its length")?;
                let size = u32::from_le_bytes(*size) as usize;
                if size > most {
                    return Err(format!("an LZ4 block of {size} bytes"));
                }
                lz4_flex::block::decompress(block, size).map_err(|e| e.to_string())
            }
            Packer::Crc32c => {
                let (body, sum) = bytes.split_last_chunk::<4>().ok_or("a chunk without its checksum")?;
                if crc32c(body) == u32::from_le_bytes(*sum) {
                    return Ok(body.to_vec());
                }
                Err("a wrong checksum".to_owned())
            }
        }
    }

    /// By name and settings, of version 2 (`id`) or 3 (`name`).
    pub fn of(name: &str) -> Result<Self, String> {
        Ok(match name {
            "gzip" => Packer::Gzip,
            "zlib" | "numcodecs.zlib" => Packer::Zlib,
            "zstd" | "numcodecs.zstd" => Packer::Zstd,
            "lz4" | "numcodecs.lz4" => Packer::Lz4,
            "blosc" | "numcodecs.blosc" => Packer::Blosc,
            "crc32c" => Packer::Crc32c,
            other => return Err(format!("the codec {other:?}")),
        })
    }
}

/// Unpacks one frame of ZSTD to at most `most` bytes.
pub(super) fn zstd(bytes: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let decoder = ruzstd::decoding::StreamingDecoder::new(bytes).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    decoder.take(most as u64 + 1).read_to_end(&mut out).map_err(|e| e.to_string())?;
    Ok(out)
}

impl Chain {
    /// Version 2: one compressor, and the order of axes as a letter.
    pub fn of_v2(array: &Value, n_axes: usize, big_endian: bool) -> Result<Self, String> {
        if array["filters"].as_array().is_some_and(|f| !f.is_empty()) {
            return Err(format!("the filter {}", array["filters"][0]["id"]));
        }
        let packers = match &array["compressor"] {
            Value::Null => Vec::new(),
            compressor => vec![Packer::of(compressor["id"].as_str().unwrap_or_default())?],
        };
        let order = match array["order"].as_str() {
            Some("C") | None => Vec::new(),
            Some("F") => (0..n_axes).rev().collect(),
            Some(other) => return Err(format!("the order {other:?}")),
        };
        Ok(Chain { order, big_endian, packers })
    }

    /// Version 3: a list of codecs, without sharding.
    pub fn of_v3(codecs: &[Value], n_axes: usize) -> Result<Self, String> {
        let mut chain = Chain { order: Vec::new(), big_endian: false, packers: Vec::new() };
        let mut has_bytes = false;
        for codec in codecs {
            match name_of(codec) {
                "transpose" => {
                    let order =
                        codec["configuration"]["order"].as_array().map(Vec::as_slice).unwrap_or_default();
                    let order: Vec<usize> = order.iter().filter_map(|v| Some(v.as_u64()? as usize)).collect();
                    if !(0..n_axes).all(|i| order.contains(&i)) || order.len() != n_axes || has_bytes {
                        return Err(format!("the codec {codec}"));
                    }
                    // The second of two permutes what the first has made.
                    let before = if chain.order.is_empty() { (0..n_axes).collect() } else { chain.order };
                    chain.order = order.iter().map(|&i: &usize| before[i]).collect::<Vec<usize>>();
                }
                "bytes" | "endian" => {
                    chain.big_endian = codec["configuration"]["endian"] == "big";
                    has_bytes = true;
                }
                other => chain.packers.push(Packer::of(other)?),
            }
        }
        if !has_bytes {
            return Err("codecs without \"bytes\"".to_owned());
        }
        Ok(chain)
    }

    /// The bytes in a chunk, in which `n` are expected.
    pub fn unpack(&self, packed: Vec<u8>, n: usize) -> Result<Vec<u8>, String> {
        let mut bytes = packed;
        for (i, packer) in self.packers.iter().enumerate().rev() {
            // Compression of the compressed may add a little.
            let most = if i == 0 { n } else { n.saturating_mul(2) + 65536 };
            bytes = packer.unpack(&bytes, most)?;
        }
        if bytes.len() == n { Ok(bytes) } else { Err(format!("{} bytes", bytes.len())) }
    }

    /// The values of a chunk in C order of its axes, in the byte order of this machine.
    pub fn decode(&self, packed: Vec<u8>, shape: &[usize], size: usize) -> Result<Vec<u8>, String> {
        let mut bytes = self.unpack(packed, shape.iter().product::<usize>() * size)?;
        if self.big_endian != cfg!(target_endian = "big") {
            swap_bytes(&mut bytes, size);
        }
        if self.order.is_empty() || self.order.iter().enumerate().all(|(i, &axis)| i == axis) {
            return Ok(bytes);
        }
        Ok(transpose(&bytes, &self.order, shape, size))
    }
}

/// Puts stored values, whose axis i is axis `order[i]` of `shape`, into the order of `shape`.
fn transpose(bytes: &[u8], order: &[usize], shape: &[usize], size: usize) -> Vec<u8> {
    // Step in the stored values along each axis of the array.
    let mut steps = vec![0; shape.len()];
    let mut step = 1;
    for &axis in order.iter().rev() {
        steps[axis] = step;
        step *= shape[axis];
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = vec![0; shape.len()];
    for _ in 0..bytes.len() / size {
        let from: usize = at.iter().zip(&steps).map(|(i, s)| i * s).sum();
        out.extend_from_slice(&bytes[from * size..][..size]);
        for axis in (0..shape.len()).rev() {
            at[axis] += 1;
            if at[axis] < shape[axis] {
                break;
            }
            at[axis] = 0;
        }
    }
    out
}

/// The name of a codec of version 3, which may stand alone.
pub(super) fn name_of(codec: &Value) -> &str {
    codec["name"].as_str().or_else(|| codec.as_str()).unwrap_or_default()
}

/// CRC-32C (Castagnoli), RFC 3720 appendix B.4.
pub(super) fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, &byte: &u8| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 },
        )
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_of_the_standard() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn stored_axes_are_put_in_order() {
        // Shape 2 x 3, stored column by column.
        let bytes = [0, 3, 1, 4, 2, 5];
        assert_eq!(transpose(&bytes, &[1, 0], &[2, 3], 1), [0, 1, 2, 3, 4, 5]);
    }
}

//! Shards: files of many chunks, found by an index at the start or the end.
//!
//! # Source
//! Zarr extension `sharding_indexed` 1.0 (ZEP 2).

use serde_json::Value;

use super::super::bytes::Bytes;
use super::chain::{Chain, Packer, name_of};
use crate::FormatError;

/// Most chunks of a shard.
const MAX_CHUNKS: usize = 1 << 22;

/// How the shards of an array are made.
#[derive(Debug, Clone)]
pub(super) struct Shards {
    /// Chunks of a shard along each axis.
    counts: Vec<usize>,
    at_start: bool,
    index: Chain,
}

impl Shards {
    pub fn of(settings: &Value, outer: &[usize], inner: &[usize]) -> Result<Self, String> {
        let refuse = || format!("shards of {outer:?} with chunks of {inner:?}");
        let fits = |(a, b): (&usize, &usize)| *b > 0 && a % b == 0;
        if outer.len() != inner.len() || !outer.iter().zip(inner).all(fits) {
            return Err(refuse());
        }
        let counts: Vec<usize> = outer.iter().zip(inner).map(|(a, b)| a / b).collect();
        let n = counts.iter().try_fold(1usize, |a, &b| a.checked_mul(b));
        if n.is_none_or(|n| n == 0 || n > MAX_CHUNKS) {
            return Err(refuse());
        }
        let codecs = settings["index_codecs"].as_array().map(Vec::as_slice).unwrap_or_default();
        let index = Chain::of_v3(codecs, inner.len() + 1)?;
        // The place of the index is only known when its size is.
        if !index.order.is_empty() || index.packers.iter().any(|p| *p != Packer::Crc32c) {
            return Err(format!("an index with the codec {:?}", codecs.last().map(name_of)));
        }
        Ok(Shards { counts, at_start: settings["index_location"] == "start", index })
    }

    /// The shard that has a chunk.
    pub fn shard(&self, at: &[usize]) -> Vec<usize> {
        at.iter().zip(&self.counts).map(|(i, n)| i / n).collect()
    }

    /// Start and length of a chunk in its shard; none when it is not stored.
    pub fn find(&self, shard: &Bytes, at: &[usize]) -> Result<Option<(u64, u64)>, FormatError> {
        let n = self.counts.iter().product::<usize>() * 16;
        let stored = n + 4 * self.index.packers.len();
        let expected = format!("an index of {stored} bytes");
        let start = if self.at_start { Some(0) } else { shard.len().checked_sub(stored as u64) };
        let start = start.ok_or_else(|| shard.refuse(expected.as_str(), format!("{} bytes", shard.len())))?;
        let packed = shard.read(start, stored)?;
        let index = self.index.unpack(packed, n).map_err(|found| shard.refuse(expected, found))?;
        let i = at.iter().zip(&self.counts).fold(0, |sum, (i, n)| sum * n + i % n);
        let (entry, _) = index[16 * i..].as_chunks::<8>();
        let number =
            |b: [u8; 8]| if self.index.big_endian { u64::from_be_bytes(b) } else { u64::from_le_bytes(b) };
        let (start, len) = (number(entry[0]), number(entry[1]));
        Ok((start != u64::MAX || len != u64::MAX).then_some((start, len)))
    }
}

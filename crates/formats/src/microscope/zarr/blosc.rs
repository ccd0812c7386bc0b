//! Blosc 1: blocks of LZ4, ZSTD, zlib or BloscLZ, with bytes or bits shuffled.
//!
//! # Source
//! `README_CHUNK_FORMAT.rst` of c-blosc 1.21.

use super::chain::zstd;

/// Length of the header.
const HEADER: usize = 16;
/// Blocks are split by the bytes of a value when values have at most this many bytes,
const MAX_SPLITS: usize = 16;
/// and splits at least that many.
const MIN_SPLIT: usize = 128;

const SHUFFLED: u8 = 1;
const COPIED: u8 = 2;
const BITS_SHUFFLED: u8 = 4;
const NOT_SPLIT: u8 = 16;

/// Decodes a chunk of at most `most` bytes.
pub(super) fn decode(bytes: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let Some(&[2, _, flags, type_size, a, b, c, d, e, f, g, h, ..]) = bytes.get(..HEADER) else {
        return Err("no header of Blosc 1".to_owned());
    };
    let (n, block) = (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize);
    if n > most || (n > 0 && block == 0) {
        return Err(format!("Blosc of {n} bytes in blocks of {block}"));
    }
    if flags & COPIED != 0 {
        return bytes.get(HEADER..HEADER + n).map(<[u8]>::to_vec).ok_or_else(|| "too few bytes".to_owned());
    }
    let type_size = usize::from(type_size).max(1);
    let mut out = Vec::new();
    for i in 0..n.div_ceil(block.max(1)) {
        let start = number(bytes, HEADER + 4 * i)?;
        let size = block.min(n - i * block);
        let is_split = flags & NOT_SPLIT == 0
            && type_size <= MAX_SPLITS
            && block / type_size >= MIN_SPLIT
            && size == block;
        let n_splits = if is_split { type_size } else { 1 };
        let shuffled = read_block(bytes, start, size, n_splits, flags >> 5)?;
        out.extend(unshuffle(shuffled, type_size, flags));
    }
    Ok(out)
}

fn number(bytes: &[u8], at: usize) -> Result<usize, String> {
    let four = bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).ok_or("a Blosc chunk that is cut off")?;
    Ok(u32::from_le_bytes(*four) as usize)
}

/// The parts of a block, one after the other.
fn read_block(
    bytes: &[u8],
    start: usize,
    size: usize,
    n_splits: usize,
    codec: u8,
) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let mut at = start;
    for _ in 0..n_splits {
        let (len, n) = (number(bytes, at)?, size / n_splits);
        let packed = bytes.get(at + 4..).and_then(|rest| rest.get(..len));
        let packed = packed.ok_or("a Blosc block beyond the end")?;
        if len == n {
            out.extend_from_slice(packed);
        } else {
            let part = match codec {
                0 => blosc_lz(packed, n),
                1 => lz4_flex::block::decompress(packed, n).map_err(|e| e.to_string()),
                2 => Err("Snappy in Blosc (write it anew with LZ4 or ZSTD)".to_owned()),
                3 => {
                    let mut part = Vec::new();
                    let decoder = flate2::read::ZlibDecoder::new(packed);
                    let mut limited = std::io::Read::take(decoder, n as u64);
                    std::io::Read::read_to_end(&mut limited, &mut part).map_err(|e| e.to_string())?;
                    Ok(part)
                }
                4 => zstd(packed, n),
                other => Err(format!("codec {other} in Blosc")),
            }?;
            if part.len() != n {
                return Err(format!("a Blosc block of {} bytes instead of {n}", part.len()));
            }
            out.extend_from_slice(&part);
        }
        at += 4 + len;
    }
    Ok(out)
}

/// Bytes, or bits, of a block back to where they were.
fn unshuffle(block: Vec<u8>, type_size: usize, flags: u8) -> Vec<u8> {
    let n = block.len() / type_size;
    if flags & BITS_SHUFFLED != 0 {
        // Blocks of other sizes are stored as they are.
        if n == 0 || !n.is_multiple_of(8) {
            return block;
        }
        let mut out = vec![0; block.len()];
        for (row, bits) in block.chunks_exact(n / 8).take(8 * type_size).enumerate() {
            for i in 0..n {
                out[i * type_size + row / 8] |= (bits[i / 8] >> (i % 8) & 1) << (row % 8);
            }
        }
        let done = n * type_size;
        out[done..].copy_from_slice(&block[done..]);
        return out;
    }
    if flags & SHUFFLED == 0 || type_size == 1 {
        return block;
    }
    let mut out = block.clone();
    for (b, row) in block.chunks_exact(n.max(1)).take(type_size).enumerate() {
        row.iter().enumerate().for_each(|(i, &byte)| out[i * type_size + b] = byte);
    }
    out
}

/// Literals and matches of BloscLZ, a relative of FastLZ.
fn blosc_lz(packed: &[u8], n: usize) -> Result<Vec<u8>, String> {
    /// Distances from here on have two bytes of their own.
    const FAR: usize = 8191;
    let mut input = packed.iter().copied();
    let mut next = || input.next().map(usize::from).ok_or("a BloscLZ block that is cut off");
    let mut out: Vec<u8> = Vec::new();
    let mut control = next()? & 31;
    loop {
        if control >= 32 {
            let (mut len, mut distance) = ((control >> 5) + 2, (control & 31) << 8);
            if control >> 5 == 7 {
                loop {
                    let more = next()?;
                    len += more;
                    if more != 255 {
                        break;
                    }
                }
            }
            let low = next()?;
            distance = if low == 255 && distance == 31 << 8 {
                (next()? << 8) + next()? + FAR + 1
            } else {
                distance + low + 1
            };
            let start = out.len().checked_sub(distance).ok_or("a BloscLZ match before the start")?;
            if out.len() + len > n {
                return Err("a BloscLZ block that is too long".to_owned());
            }
            (start..start + len).for_each(|i| out.push(out[i]));
        } else {
            for _ in 0..=control {
                out.push(next()? as u8);
            }
        }
        if out.len() >= n {
            out.truncate(n);
            return Ok(out);
        }
        control = next()?;
    }
}

//! From the bytes of a decompressed piece to values in the order of this machine.

use super::super::Dtype;
use super::super::values::swap_bytes;
use super::page::Page;

/// Turns the bits of each byte around.
pub(super) fn reverse_bits(bytes: &mut [u8]) {
    bytes.iter_mut().for_each(|b| *b = b.reverse_bits());
}

/// Bytes of a row of `n` values in the file; rows begin at a byte.
pub(super) fn row_size(bits: u16, n: usize) -> usize {
    (n * usize::from(bits)).div_ceil(8)
}

/// Values of `rows` rows of `w` pixels: whole bytes each, in the order of this machine, without predictor.
pub(super) fn finish(page: &Page, mut raw: Vec<u8>, w: usize) -> Vec<u8> {
    let (k, size) = (page.kind.together(), page.kind.dtype.size());
    if page.predictor == 3 {
        raw.chunks_exact_mut(w * k * size).for_each(|row| undo_float_differences(row, k, size));
        return raw;
    }
    let bits = page.kind.bits;
    let mut values = if usize::from(bits) == 8 * size {
        if page.form.big_endian != cfg!(target_endian = "big") {
            swap_bytes(&mut raw, size);
        }
        raw
    } else if page.kind.dtype == Dtype::F32 {
        return raw.chunks_exact(3).flat_map(|b| float_of_24(page.form.number(b) as u32)).collect();
    } else {
        let mut out = Vec::with_capacity(raw.len() / row_size(bits, w * k) * w * k * size);
        for row in raw.chunks_exact(row_size(bits, w * k)) {
            unpack(page, row, w * k, &mut out);
        }
        out
    };
    if page.predictor == 2 {
        values.chunks_exact_mut(w * k * size).for_each(|row| undo_differences(row, k, size, bits));
    }
    values
}

/// Single precision from a sign, 7 bits of exponent and 16 of fraction.
///
/// # Source
/// Adobe Photoshop TIFF technical note 3 (2005).
fn float_of_24(bits: u32) -> [u8; 4] {
    let (sign, exponent, fraction) = (bits >> 23 & 1, bits >> 16 & 0x7f, bits & 0xffff);
    let positive = match exponent {
        // Steps of 2^-78 below the smallest normal number.
        0 => (fraction as f32 * f32::from_bits((127 - 78) << 23)).to_bits(),
        0x7f => 0xff << 23 | fraction << 7,
        _ => (exponent + 127 - 63) << 23 | fraction << 7,
    };
    (sign << 31 | positive).to_ne_bytes()
}

/// Widens `n` values of a row. Bits are stored highest first, whatever the byte order of the file.
fn unpack(page: &Page, row: &[u8], n: usize, out: &mut Vec<u8>) {
    let (bits, size) = (u32::from(page.kind.bits), page.kind.dtype.size());
    let mut push = |value: u32| match size {
        1 => out.push(value as u8),
        2 => out.extend_from_slice(&(value as u16).to_ne_bytes()),
        _ => out.extend_from_slice(&value.to_ne_bytes()),
    };
    let (mut held, mut n_held, mut bytes) = (0u64, 0, row.iter());
    for _ in 0..n {
        while n_held < bits {
            // A row has the bytes of all its values.
            held = held << 8 | u64::from(bytes.next().copied().unwrap_or(0));
            n_held += 8;
        }
        n_held -= bits;
        push((held >> n_held) as u32 & (u32::MAX >> (32 - bits)));
    }
}

/// Adds up neighbours of a row: each value was stored as its difference to the one before of the same sample.
fn undo_differences(row: &mut [u8], k: usize, size: usize, bits: u16) {
    macro_rules! add_up {
        ($number:ty) => {{
            let values = row.as_chunks_mut::<{ size_of::<$number>() }>().0;
            // Sums of narrow values wrap around at their own width.
            let mask = <$number>::MAX >> (8 * size - usize::from(bits));
            for i in k..values.len() {
                let before = <$number>::from_ne_bytes(values[i - k]);
                let sum = <$number>::from_ne_bytes(values[i]).wrapping_add(before) & mask;
                values[i] = sum.to_ne_bytes();
            }
        }};
    }
    match size {
        1 => add_up!(u8),
        2 => add_up!(u16),
        4 => add_up!(u32),
        _ => add_up!(u64),
    }
}

/// Adds up the bytes of a row, which are stored highest bytes of all values first, and puts values together.
///
/// # Source
/// Adobe Photoshop TIFF technical note 3 (2005).
fn undo_float_differences(row: &mut [u8], k: usize, size: usize) {
    for i in k..row.len() {
        row[i] = row[i].wrapping_add(row[i - k]);
    }
    let n = row.len() / size;
    let mut values = vec![0; row.len()];
    for (i, value) in values.chunks_exact_mut(size).enumerate() {
        for (b, byte) in value.iter_mut().enumerate() {
            let place = if cfg!(target_endian = "big") { b } else { size - 1 - b };
            *byte = row[place * n + i];
        }
    }
    row.copy_from_slice(&values);
}

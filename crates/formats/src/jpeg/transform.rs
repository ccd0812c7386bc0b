//! The inverse cosine transform of a block, to the bit as libjpeg's "slow integer" one.
//!
//! # Source
//! C. Loeffler, A. Ligtenberg and G. Moschytz (1989), doi:10.1109/ICASSP.1989.266596: eleven multiplications in each
//! direction. Constants have 13 bits; between the directions values are kept with 2 bits more than they need.

use std::num::Wrapping;

/// Places of coefficients in a block, `[vertical, horizontal]`, in the order of scans.
pub(super) const NATURAL: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Bits of the constants.
const BITS: u32 = 13;
/// Bits that values keep between the directions.
const KEPT: u32 = 2;

/// A constant with [`BITS`] bits.
const fn fixed(x: f64) -> Wrapping<i32> {
    Wrapping((x * (1 << BITS) as f64 + 0.5) as i32)
}

/// Samples of a block whose coefficients but the mean, which is stored eightfold, are 0; rows of `out` are `w` apart.
pub(super) fn flat(mean: i16, out: &mut [u8], w: usize) {
    let sample = sample((i32::from(mean) + 4) >> 3);
    out.chunks_mut(w).take(8).for_each(|row| row[..8].fill(sample));
}

/// Samples of a block of coefficients in natural order; rows of `out` are `w` apart.
pub(super) fn inverse(block: &[i16; 64], out: &mut [u8], w: usize) {
    let columns = pass::<{ BITS - KEPT }>(block);
    let rows = pass::<{ BITS + KEPT + 3 }>(&turned(&columns));
    let samples = turned(&rows);
    for (row, samples) in out.chunks_mut(w).zip(samples.as_chunks::<8>().0) {
        for (out, &value) in row[..8].iter_mut().zip(samples) {
            *out = sample(value.into());
        }
    }
}

/// Samples are stored less 128.
fn sample(value: i32) -> u8 {
    (value + 128).clamp(0, 255) as u8
}

fn turned(block: &[i16; 64]) -> [i16; 64] {
    std::array::from_fn(|i| block[i % 8 * 8 + i / 8])
}

/// Transforms all columns, side by side; the lowest `DROPPED` bits are rounded away.
///
/// Sums wrap and results saturate as in libjpeg's vectors; for images that a compressor made neither ever happens.
fn pass<const DROPPED: u32>(block: &[i16; 64]) -> [i16; 64] {
    let mut out = [0; 64];
    for x in 0..8 {
        let at = |y: usize| Wrapping(i32::from(block[8 * y + x]));
        let (even, odd) = (even_part(at(0), at(2), at(4), at(6)), odd_part(at(1), at(3), at(5), at(7)));
        for y in 0..4 {
            let half = Wrapping(1 << (DROPPED - 1));
            let rounded = |sum: Wrapping<i32>| ((sum + half).0 >> DROPPED).clamp(-32768, 32767) as i16;
            out[8 * y + x] = rounded(even[y] + odd[y]);
            out[8 * (7 - y) + x] = rounded(even[y] - odd[y]);
        }
    }
    out
}

type Number = Wrapping<i32>;

fn even_part(c0: Number, c2: Number, c4: Number, c6: Number) -> [Number; 4] {
    let turn = (c2 + c6) * fixed(0.541_196_100);
    let (low, high) = (turn - c6 * fixed(1.847_759_065), turn + c2 * fixed(0.765_366_865));
    let (sum, difference) = ((c0 + c4) << BITS as usize, (c0 - c4) << BITS as usize);
    [sum + high, difference + low, difference - low, sum - high]
}

fn odd_part(c1: Number, c3: Number, c5: Number, c7: Number) -> [Number; 4] {
    let all = (c7 + c3 + c5 + c1) * fixed(1.175_875_602);
    let z1 = (c7 + c1) * -fixed(0.899_976_223);
    let z2 = (c5 + c3) * -fixed(2.562_915_447);
    let z3 = all - (c7 + c3) * fixed(1.961_570_560);
    let z4 = all - (c5 + c1) * fixed(0.390_180_644);
    [
        c1 * fixed(1.501_321_110) + z1 + z4,
        c3 * fixed(3.072_711_026) + z2 + z3,
        c5 * fixed(2.053_119_869) + z2 + z4,
        c7 * fixed(0.298_631_336) + z1 + z3,
    ]
}

//! The inverse cosine transform of a block, to the bit as libjpeg's "slow integer" one.
//!
//! # Source
//! C. Loeffler, A. Ligtenberg and G. Moschytz (1989), doi:10.1109/ICASSP.1989.266596, as libjpeg's `jidctint.c`
//! rounds it: factors have 13 bits after the point, and between the directions values keep 2 bits more than they need.

/// Places of coefficients in a block, `[vertical, horizontal]`, in the order of scans.
pub(super) const NATURAL: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Bits of the factors after the point.
const BITS: u32 = 13;
/// Bits that values keep between the directions.
const KEPT: u32 = 2;

/// What coefficients 1, 3, 5 and 7 add to samples 0 to 3, and take from 7 to 4: sums of libjpeg's rounded factors.
const ODD: [[i32; 4]; 4] = [
    [11363, 9633, 6437, 2260],
    [9633, -2259, -11362, -6436],
    [6437, -11362, 2261, 9633],
    [2260, -6436, 9633, -11363],
];
/// What coefficients 2 and 6 add to samples 0 to 3, and to 7 to 4.
const EVEN: [[i32; 2]; 4] = [[10703, 4433], [4433, -10704], [-4433, 10704], [-10703, -4433]];

/// Samples of a block of coefficients in natural order, of which none after `last` in the order of scans differs from
/// 0; rows of `out` are `w` apart.
pub(super) fn inverse(block: &[i16; 64], last: usize, out: &mut [u8], w: usize) {
    match last {
        0 => {
            // The mean is stored eightfold.
            let sample = sample((i32::from(block[0]) + 4) >> 3);
            out.chunks_mut(w).take(8).for_each(|row| row[..8].fill(sample));
        }
        // The upper left quarter has them all.
        1..10 => both_ways::<4>(block, out, w),
        _ => both_ways::<8>(block, out, w),
    }
}

/// Transforms columns, then rows; only the first `N` of both are not 0.
fn both_ways<const N: usize>(block: &[i16; 64], out: &mut [u8], w: usize) {
    let columns = pass::<N, { BITS - KEPT }>(block);
    let rows = pass::<N, { BITS + KEPT + 3 }>(&turned(&columns));
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

/// Rows as columns: to shuffle the halves into each other three times turns the six bits of each place around.
fn turned(block: &[i16; 64]) -> [i16; 64] {
    shuffled(&shuffled(&shuffled(block)))
}

/// Values of both halves in turns.
#[inline(always)]
fn shuffled(block: &[i16; 64]) -> [i16; 64] {
    let mut out = [0; 64];
    let (low, high) = block.split_at(32);
    for ((pair, &a), &b) in out.as_chunks_mut().0.iter_mut().zip(low).zip(high) {
        *pair = [a, b];
    }
    out
}

/// Transforms all columns, side by side; the lowest `DROPPED` bits are rounded away.
///
/// No sum leaves 32 bits. Results saturate as in libjpeg's vectors, which what a compressor made never needs.
fn pass<const N: usize, const DROPPED: u32>(block: &[i16; 64]) -> [i16; 64] {
    let mut out = [0; 64];
    for x in 0..8 {
        let at = |y: usize| if y < N { i32::from(block[8 * y + x]) } else { 0 };
        let (c1, c2, c3, c5, c6, c7) = (at(1), at(2), at(3), at(5), at(6), at(7));
        let half = 1 << (DROPPED - 1);
        let (sum, difference) = (((at(0) + at(4)) << BITS) + half, ((at(0) - at(4)) << BITS) + half);
        for y in 0..4 {
            let (of_two, of_odd) = (EVEN[y], ODD[y]);
            let even = if matches!(y, 0 | 3) { sum } else { difference } + (of_two[0] * c2 + of_two[1] * c6);
            let odd = (of_odd[0] * c1 + of_odd[1] * c3) + (of_odd[2] * c5 + of_odd[3] * c7);
            let rounded = |sum: i32| (sum >> DROPPED).clamp(-32768, 32767) as i16;
            out[8 * y + x] = rounded(even + odd);
            out[8 * (7 - y) + x] = rounded(even - odd);
        }
    }
    out
}

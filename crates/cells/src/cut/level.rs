//! Whole-number intensities: 8 and 16 bits, each with the arithmetic that holds its sums.

use std::ops::{Add, Mul};

/// An unsigned intensity of a camera.
pub trait Level: Copy + Default + Ord + Into<u32> + Send + Sync + 'static {
    /// Holds 256 times the largest intensity, and half of 256 more.
    type Wide: Copy + Default + Add<Output = Self::Wide> + Mul<Output = Self::Wide> + From<Self> + From<u8>;

    /// A sum of intensities with weights of 256 in all, divided and rounded half up.
    fn from_sum(sum: Self::Wide) -> Self;

    /// The values of rank `k` and `k + 1`, counted from 0 at the smallest; the largest twice when `k` is the last rank. `values`
    /// is longer than `k`.
    fn of_rank(values: &[Self], k: usize) -> (Self, Self);

    /// The largest intensity that is not above `x`; none when all are.
    fn floor(x: f64) -> Option<Self>;
}

impl Level for u8 {
    type Wide = u16;

    #[inline(always)]
    fn from_sum(sum: u16) -> u8 {
        ((sum + 128) >> 8) as u8
    }

    fn of_rank(values: &[u8], k: usize) -> (u8, u8) {
        let counts = count(values, usize::from);
        let next = (k + 1).min(values.len() - 1);
        (place(&counts, k).0 as u8, place(&counts, next).0 as u8)
    }

    fn floor(x: f64) -> Option<u8> {
        (x >= 0.0).then_some(x as u8)
    }
}

impl Level for u16 {
    type Wide = u32;

    #[inline(always)]
    fn from_sum(sum: u32) -> u16 {
        ((sum + 128) >> 8) as u16
    }

    fn of_rank(values: &[u16], k: usize) -> (u16, u16) {
        // Upper bytes first, then lower bytes among those with the upper byte that was found.
        let upper = count(values, |v| usize::from(v >> 8));
        let lower = |byte: usize| {
            count(values, |v| if usize::from(v >> 8) == byte { usize::from(v & 0xff) } else { OTHERS })
        };
        let level =
            |(byte, rank): (usize, usize), counts: &Counts| (byte << 8 | place(counts, rank).0) as u16;
        let (low, high) = (place(&upper, k), place(&upper, (k + 1).min(values.len() - 1)));
        let counts = lower(low.0);
        if high.0 == low.0 {
            (level(low, &counts), level(high, &counts))
        } else {
            (level(low, &counts), level(high, &lower(high.0)))
        }
    }

    fn floor(x: f64) -> Option<u16> {
        (x >= 0.0).then_some(x as u16)
    }
}

/// How many values have each byte, and place [`OTHERS`] for what is left out.
type Counts = [usize; 257];
const OTHERS: usize = 256;

/// Counts values by a byte of theirs, below 257.
fn count<T: Copy>(values: &[T], byte: impl Fn(T) -> usize) -> Counts {
    // Four tables, so that runs of one value do not wait for each other.
    let mut tables = [[0u32; 257]; 4];
    let (fours, rest) = values.as_chunks::<4>();
    for four in fours {
        for (table, &v) in tables.iter_mut().zip(four) {
            table[byte(v)] += 1;
        }
    }
    rest.iter().for_each(|&v| tables[0][byte(v)] += 1);
    std::array::from_fn(|i| tables.iter().map(|table| table[i] as usize).sum())
}

/// The byte of the value of rank `k`, and its rank among the values with that byte.
fn place(counts: &Counts, k: usize) -> (usize, usize) {
    let mut below = 0;
    for (byte, &n) in counts.iter().enumerate() {
        if below + n > k {
            return (byte, k - below);
        }
        below += n;
    }
    (0, 0)
}

/// The `percent`-th percentile: linear between the two nearest ranks, in the arithmetic of `numpy.percentile`. `values` is not
/// empty, `percent` within 0 to 100.
///
/// ```
/// assert_eq!(cells::cut::level::percentile(&[10u8, 20, 30, 50], 50.0), 25.0);
/// assert_eq!(cells::cut::level::percentile(&[7u16], 5.0), 7.0);
/// ```
#[must_use]
pub fn percentile<T: Level>(values: &[T], percent: f64) -> f64 {
    let place = (values.len() - 1) as f64 * (percent / 100.0);
    let share = place - place.floor();
    let (low, high) = T::of_rank(values, place.floor() as usize);
    let (low, high) = (f64::from(low.into()), f64::from(high.into()));
    // numpy counts from the nearer end, which decides the last bit.
    if share >= 0.5 { high - (high - low) * (1.0 - share) } else { low + (high - low) * share }
}

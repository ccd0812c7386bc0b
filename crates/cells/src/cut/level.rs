//! Whole-number intensities: 8 and 16 bits, each with the arithmetic that holds its sums.

use std::ops::{Add, Mul};

/// An unsigned intensity of a camera.
pub trait Level: Copy + Default + Ord + Into<u32> + Send + Sync + 'static {
    /// Holds 256 times the largest intensity, and half of 256 more.
    type Wide: Copy + Default + Add<Output = Self::Wide> + Mul<Output = Self::Wide> + From<Self> + From<u8>;

    /// A sum of intensities with weights of 256 in all, divided and rounded half up.
    fn from_sum(sum: Self::Wide) -> Self;

    /// The values of rank `k` and `k + 1`, counted from 0 at the smallest; of the last rank twice at the end. `values` is not empty.
    fn of_rank(values: &[Self], k: usize) -> (Self, Self);

    /// The largest intensity that is not above `x`; none when all are.
    fn floor(x: f64) -> Option<Self>;
}

impl Level for u8 {
    type Wide = u16;

    fn from_sum(sum: u16) -> u8 {
        ((sum + 128) >> 8) as u8
    }

    fn of_rank(values: &[u8], k: usize) -> (u8, u8) {
        // Four tables, so that runs of one value do not wait for each other.
        let mut counts = [[0u32; 256]; 4];
        let [a, b, c, d] = &mut counts;
        let (fours, rest) = values.as_chunks::<4>();
        for v in fours {
            a[usize::from(v[0])] += 1;
            b[usize::from(v[1])] += 1;
            c[usize::from(v[2])] += 1;
            d[usize::from(v[3])] += 1;
        }
        rest.iter().for_each(|&v| a[usize::from(v)] += 1);
        let counts = (0..256).map(|i| (a[i] + b[i] + c[i] + d[i]) as usize);
        let (low, high) = ranks(counts, k, values.len());
        (low as u8, high as u8)
    }

    fn floor(x: f64) -> Option<u8> {
        (x >= 0.0).then_some(x as u8)
    }
}

/// Values above which a table of all 65,536 levels beats sorting.
const MANY: usize = 1 << 14;

impl Level for u16 {
    type Wide = u32;

    fn from_sum(sum: u32) -> u16 {
        ((sum + 128) >> 8) as u16
    }

    fn of_rank(values: &[u16], k: usize) -> (u16, u16) {
        if values.len() >= MANY {
            let mut counts = vec![0u32; 1 << 16];
            values.iter().for_each(|&v| counts[usize::from(v)] += 1);
            let (low, high) = ranks(counts.into_iter().map(|n| n as usize), k, values.len());
            return (low as u16, high as u16);
        }
        let mut values = values.to_vec();
        let k = k.min(values.len() - 1);
        let (_, &mut low, above) = values.select_nth_unstable(k);
        (low, above.iter().copied().min().unwrap_or(low))
    }

    fn floor(x: f64) -> Option<u16> {
        (x >= 0.0).then_some(x as u16)
    }
}

/// The levels of ranks `k` and `k + 1` of `n` values of which there are `counts` at each level.
fn ranks(counts: impl Iterator<Item = usize>, k: usize, n: usize) -> (usize, usize) {
    let last = n.saturating_sub(1);
    let (k, next) = (k.min(last), (k + 1).min(last));
    let (mut below, mut low) = (0, None);
    for (level, count) in counts.enumerate() {
        below += count;
        if low.is_none() && below > k {
            low = Some(level);
        }
        if below > next {
            return (low.unwrap_or(level), level);
        }
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

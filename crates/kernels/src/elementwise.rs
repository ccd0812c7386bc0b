//! Passes over plain slices: simple loops, which the compiler turns into vector code for each instruction set.

use crate::Kernels;
use crate::vector::{Operation, Simd};

impl Kernels {
    /// `y += x`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn add_assign(self, y: &mut [f32], x: &[f32]) {
        assert_eq!(x.len(), y.len());
        self.run(AddAssign { y, x });
    }

    /// Sum of squares, in a fixed order that is the same on every instruction set.
    #[must_use]
    pub fn sum_of_squares(self, x: &[f32]) -> f64 {
        self.run(SumOfSquares { x })
    }

    /// Inverted dropout in place: each value becomes 0 with probability `rate` in 0..1, the others are divided by
    /// `1 - rate`. Which ones is a hash of `key` and the position, the same on every instruction set: applied with
    /// the same key to the gradient it is its own backward pass. Give each slice of a batch its own key; keys may be
    /// neighbouring numbers.
    ///
    /// # Panics
    /// When `rate` is not in 0..1.
    pub fn dropout(self, rate: f32, key: u64, x: &mut [f32]) {
        assert!((0.0..1.0).contains(&rate), "dropout rate {rate} is not in 0..1");
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        self.run(Dropout { threshold, scale: 1.0 / (1.0 - rate), key: spread(key), x });
    }
}

struct AddAssign<'a> {
    y: &'a mut [f32],
    x: &'a [f32],
}

impl Operation for AddAssign<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        for (y, x) in self.y.iter_mut().zip(self.x) {
            *y += x;
        }
    }
}

struct SumOfSquares<'a> {
    x: &'a [f32],
}

impl Operation for SumOfSquares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<S: Simd>(self, _: S) -> f64 {
        let mut sums = [0.0; 16];
        let (groups, rest) = self.x.as_chunks::<16>();
        for group in groups {
            for (sum, &x) in sums.iter_mut().zip(group) {
                *sum += f64::from(x) * f64::from(x);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(rest) {
            *sum += f64::from(x) * f64::from(x);
        }
        sums.iter().sum()
    }
}

struct Dropout<'a> {
    /// Values whose hash is below become 0.
    threshold: u32,
    scale: f32,
    key: u64,
    x: &'a mut [f32],
}

impl Operation for Dropout<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let (low, high) = (self.key as u32, (self.key >> 32) as u32);
        for (i, x) in self.x.iter_mut().enumerate() {
            let hash = mix(mix((i as u32).wrapping_add(low)) ^ high);
            *x = if hash >= self.threshold { *x * self.scale } else { 0.0 };
        }
    }
}

/// The finaliser of SplitMix64, so that neighbouring keys have nothing in common.
fn spread(key: u64) -> u64 {
    let key = key.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// The finaliser of MurmurHash3.
#[inline(always)]
fn mix(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

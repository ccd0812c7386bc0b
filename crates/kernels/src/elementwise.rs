//! Passes over plain slices.

use crate::Kernels;

impl Kernels {
    /// `y += x`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn add_assign(self, y: &mut [f32], x: &[f32]) {
        assert_eq!(x.len(), y.len());
        for (y, x) in y.iter_mut().zip(x) {
            *y += x;
        }
    }

    /// Sum of squares, in a fixed order.
    #[must_use]
    pub fn sum_of_squares(self, x: &[f32]) -> f64 {
        x.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
    }

    /// Inverted dropout in place: each value becomes 0 with probability `rate` in 0..1, the others are divided by
    /// `1 - rate`. Which ones is a hash of `key` and the position, the same on every instruction set: applied with
    /// the same key to the gradient it is its own backward pass. Give each slice of a batch its own key.
    ///
    /// # Panics
    /// When `rate` is not in 0..1.
    pub fn dropout(self, rate: f32, key: u64, x: &mut [f32]) {
        assert!((0.0..1.0).contains(&rate), "dropout rate {rate} is not in 0..1");
        let threshold = (f64::from(rate) * 4_294_967_296.0) as u32;
        let scale = 1.0 / (1.0 - rate);
        for (i, x) in x.iter_mut().enumerate() {
            let kept = hash(key, i as u32) >= threshold;
            *x = if kept { *x * scale } else { 0.0 };
        }
    }
}

/// Two rounds of the finaliser of MurmurHash3, the second half of the key added between them.
fn hash(key: u64, i: u32) -> u32 {
    let h = mix(i.wrapping_add(key as u32));
    mix(h ^ (key >> 32) as u32)
}

fn mix(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
    h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35);
    h ^ (h >> 16)
}

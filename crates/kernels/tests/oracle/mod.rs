//! Seeded input, and the comparison of `f32` results with sums in `f64`.

#![allow(dead_code, reason = "each battery is a program of its own and uses a part of this")]

use kernels::{Kernels, LANES, Shape};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A generator for one case of a battery.
pub fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// `n` values in -1..1.
pub fn values(rng: &mut ChaCha8Rng, n: usize) -> Vec<f32> {
    (0..n).map(|_| rng.random_range(-1.0..1.0)).collect()
}

/// A result by the definition in `f64`, with the sum of the magnitudes that went into each value: the error of a sum
/// in `f32` is proportional to it.
pub struct Expected {
    pub values: Vec<f64>,
    pub magnitudes: Vec<f64>,
}

impl Expected {
    pub fn new(n: usize) -> Self {
        Expected { values: vec![0.0; n], magnitudes: vec![0.0; n] }
    }

    pub fn add(&mut self, at: usize, value: f64) {
        self.values[at] += value;
        self.magnitudes[at] += value.abs();
    }

    /// Fails unless each value found is within `2e-6` of the magnitudes that went into it (32 units in the last
    /// place: the sums are of up to some thousand terms, in parts).
    #[track_caller]
    pub fn assert_close(&self, found: &[f32], what: &str) {
        assert_eq!(found.len(), self.values.len(), "{what}");
        for (at, &found) in found.iter().enumerate() {
            let (expected, tolerance) = (self.values[at], 2e-6 * self.magnitudes[at] + 1e-30);
            assert!(
                (f64::from(found) - expected).abs() <= tolerance,
                "{what}: at {at} of {}: expected {expected}, found {found}, tolerance {tolerance}",
                self.values.len()
            );
        }
    }
}

/// Position of a value in a pack, `[h][c][w][16]`.
pub fn at(shape: Shape, y: usize, c: usize, x: usize, lane: usize) -> usize {
    ((y * shape.c + c) * shape.w + x) * LANES + lane
}

/// Runs `battery` on each instruction set of this CPU.
pub fn on_each_instruction_set(battery: impl Fn(Kernels)) {
    let available = Kernels::available();
    assert!(!available.is_empty());
    for kernels in available {
        battery(kernels);
    }
}

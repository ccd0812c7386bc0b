//! Seeded input, and the comparison of `f32` results with sums in `f64`.

#![allow(dead_code, reason = "each battery is a program of its own and uses a part of this")]

use kernels::{Activation, Kernels, LANES, Shape};
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

/// Share of the magnitudes that went into a sum: 32 units in the last place, as sums are of up to some thousand terms, in
/// parts.
pub const TOLERANCE: f64 = 2e-6;

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

    /// Where four neighbours of a row are computed from common products, the error of each is proportional to the
    /// largest of what went into them.
    pub fn in_fours(mut self, shape: Shape) -> Self {
        for row in self.magnitudes.chunks_exact_mut(shape.w * LANES) {
            for four in row.chunks_mut(4 * LANES) {
                for lane in 0..LANES {
                    let largest = four.iter().skip(lane).step_by(LANES).copied().fold(0.0, f64::max);
                    four.iter_mut().skip(lane).step_by(LANES).for_each(|magnitude| *magnitude = largest);
                }
            }
        }
        self
    }

    /// Fails unless each value found is within [`TOLERANCE`] of the magnitudes that went into it.
    #[track_caller]
    pub fn assert_close(&self, found: &[f32], what: &str) {
        self.assert_within(TOLERANCE, found, what);
    }

    /// Fails unless each value found is within `tolerance` of the magnitudes that went into it.
    #[track_caller]
    pub fn assert_within(&self, tolerance: f64, found: &[f32], what: &str) {
        assert_eq!(found.len(), self.values.len(), "{what}");
        for (at, &found) in found.iter().enumerate() {
            let (expected, tolerance) = (self.values[at], tolerance * self.magnitudes[at] + 1e-30);
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

/// Every activation.
pub const ACTIVATIONS: [Activation; 9] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Swish,
    Activation::Gelu,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.3 },
    Activation::Elu { alpha: 0.7 },
    Activation::ClippedRelu { limit: 1.503 },
];

/// Value and derivative of an activation, in `f64`.
pub fn activation(act: Activation, z: f64) -> (f64, f64) {
    match act {
        Activation::Identity => (z, 1.0),
        Activation::Relu => (z.max(0.0), f64::from(u8::from(z > 0.0))),
        Activation::Swish => {
            let s = 1.0 / (1.0 + (-z).exp());
            (z * s, s * (1.0 + z * (1.0 - s)))
        }
        Activation::Gelu => {
            let cdf = normal_cdf(z);
            (z * cdf, cdf + z * normal_density(z))
        }
        Activation::Sigmoid => {
            let s = 1.0 / (1.0 + (-z).exp());
            (s, s * (1.0 - s))
        }
        Activation::Tanh => (z.tanh(), 1.0 - z.tanh().powi(2)),
        Activation::LeakyRelu { slope } => {
            let slope = if z > 0.0 { 1.0 } else { f64::from(slope) };
            (slope * z, slope)
        }
        Activation::Elu { alpha } if z <= 0.0 => (f64::from(alpha) * z.exp_m1(), f64::from(alpha) * z.exp()),
        Activation::Elu { .. } => (z, 1.0),
        Activation::ClippedRelu { limit } => {
            let limit = f64::from(limit);
            (z.clamp(0.0, limit), f64::from(u8::from(z > 0.0 && z < limit)))
        }
    }
}

fn normal_density(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// By the series around 0, and by the continued fraction far from it.
fn normal_cdf(z: f64) -> f64 {
    if z.abs() < 4.0 {
        let (mut term, mut sum) = (z, z);
        for k in 1..100 {
            term *= z * z / f64::from(2 * k + 1);
            sum += term;
        }
        return 0.5 + normal_density(z) * sum;
    }
    let fraction = (1..60).rev().fold(z.abs(), |fraction, k| z.abs() + f64::from(k) / fraction);
    let tail = normal_density(z) / fraction;
    if z < 0.0 { tail } else { 1.0 - tail }
}

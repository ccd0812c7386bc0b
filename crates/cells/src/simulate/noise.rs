//! Random numbers of the shapes that biology and cameras need.

use std::f32::consts::TAU;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A generator of its own for each purpose and each object: no draw in one place changes another.
pub(super) fn stream(seed: u64, purpose: u32, object: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::from(purpose) << 32 | u64::from(object));
    rng
}

/// A standard normal number (Box and Muller).
pub(super) fn normal(rng: &mut ChaCha8Rng) -> f32 {
    let u: f32 = 1.0 - rng.random::<f32>();
    let v: f32 = rng.random();
    (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
}

/// A number around `median` whose logarithm is normal with deviation `spread`.
pub(super) fn lognormal(rng: &mut ChaCha8Rng, median: f32, spread: f32) -> f32 {
    median * (spread * normal(rng)).exp()
}

/// A number in `low..high`.
pub(super) fn uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

/// Whether something of probability `p` happens.
pub(super) fn chance(rng: &mut ChaCha8Rng, p: f32) -> bool {
    rng.random::<f32>() < p
}

/// An angle in `0..2π`.
pub(super) fn angle(rng: &mut ChaCha8Rng) -> f32 {
    uniform(rng, 0.0, TAU)
}

/// A smooth random function of the plane with deviation about 1: a sum of plane waves.
#[derive(Debug, Clone)]
pub(super) struct Waves(Vec<[f32; 3]>);

impl Waves {
    /// `n` waves with lengths between `short` and `long` pixels.
    pub(super) fn new(rng: &mut ChaCha8Rng, n: usize, short: f32, long: f32) -> Self {
        Waves(
            (0..n)
                .map(|_| {
                    let (sin, cos) = angle(rng).sin_cos();
                    let k = TAU / uniform(rng, short, long);
                    [k * sin, k * cos, angle(rng)]
                })
                .collect(),
        )
    }

    /// The function at a place.
    pub(super) fn at(&self, y: f32, x: f32) -> f32 {
        let sum: f32 = self.0.iter().map(|&[ky, kx, phase]| (ky * y + kx * x + phase).cos()).sum();
        sum * (2.0 / self.0.len() as f32).sqrt()
    }
}

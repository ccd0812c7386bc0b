//! Noise for SmoothGrad.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Adds normal noise of `deviation` times the range of the values; each stream of the seed is another draw.
pub fn add(values: &mut [f32], deviation: f64, seed: u64, stream: u64) {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sigma = deviation as f32 * (high - low);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    for pair in values.chunks_mut(2) {
        // Two independent normal numbers (Box and Muller 1958).
        let radius = (-2.0 * (1.0 - random.random::<f32>()).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * random.random::<f32>()).sin_cos();
        pair.iter_mut().zip([cos, sin]).for_each(|(v, part)| *v += sigma * radius * part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_its_deviation_and_streams_differ() {
        let mut flat = vec![0.0_f32; 20_001];
        flat[0] = 2.0;
        let mut other = flat.clone();
        add(&mut flat, 0.15, 5, 0);
        add(&mut other, 0.15, 5, 1);
        assert!(flat.iter().zip(&other).all(|(a, b)| a != b));
        let deviation = (flat[1..].iter().map(|v| f64::from(v * v)).sum::<f64>() / 20_000.0).sqrt();
        assert!((deviation / 0.3 - 1.0).abs() < 0.02, "{deviation}");
    }
}

//! Random tables to try properties on.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A table of `n` cells and `k` classes in which the true class is favoured.
pub struct Sample {
    pub truth: Vec<usize>,
    pub probabilities: Vec<f64>,
}

impl Sample {
    pub fn new(seed: u64, n: usize, k: usize) -> Sample {
        let mut rng = rng(seed);
        let truth: Vec<usize> = (0..n).map(|_| rng.random_range(0..k)).collect();
        let mut probabilities = Vec::new();
        for &class in &truth {
            let mut row: Vec<f64> = (0..k).map(|_| rng.random::<f64>() + 0.01).collect();
            row[class] += 0.5;
            let sum: f64 = row.iter().sum();
            probabilities.extend(row.iter().map(|p| p / sum));
        }
        Sample { truth, probabilities }
    }
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Class names "a", "b", ….
pub fn names(k: usize) -> Vec<String> {
    ('a'..).take(k).map(String::from).collect()
}

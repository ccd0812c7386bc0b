//! What bf16 promises: it is refused where the CPU has none; else it learns as `f32` does, and has `f32`'s promises.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;

use kernels::Kernels;
use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::spec::Shape;
use nn::train::{Trainer, TrainerSettings};
use nn::{Network, Precision, presets};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SIDE: Shape = Shape { h: 16, w: 16, c: 1 };

fn sample(i: usize, x: &mut [f32]) {
    let mut random = ChaCha8Rng::seed_from_u64(i as u64);
    x.iter_mut().for_each(|x| *x = random.random_range(-1.7..1.7));
}

fn trainer(precision: Precision) -> Result<Trainer, String> {
    let settings =
        TrainerSettings { optimizer: Optimizer::default(), clip: Clip::None, batch_size: 40, seed: 3 };
    let network = Network::new(presets::residual(SIDE, &[8, 12], 3), 1).unwrap();
    Trainer::new(network, settings).unwrap().with_precision(precision).map_err(|e| e.to_string())
}

/// Losses of some steps, and the network after them.
fn run(precision: Precision, threads: usize, steps: usize) -> (Vec<f64>, Network) {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let mut trainer = trainer(precision).unwrap();
        let mut batch = trainer.new_batch();
        let filled = batch.fill(|i, x, target| {
            sample(i, x);
            target[i % 3] = 1.0;
            Ok::<f32, Infallible>(1.0)
        });
        filled.unwrap();
        let losses = (0..steps).map(|_| trainer.step(&batch, 3e-3).unwrap().loss).collect();
        (losses, trainer.network().clone())
    })
}

fn has_bf16() -> bool {
    Kernels::detect().unwrap().require(kernels::Precision::Bf16).is_ok()
}

#[test]
fn bf16_is_refused_by_name_where_there_is_none() {
    let found = trainer(Precision::Bf16).err();
    let expected = "bf16 needs AVX-512-BF16; this CPU does not have it, or MORPHOTYPE_KERNELS asks for less";
    assert_eq!(found, (!has_bf16()).then(|| expected.to_owned()));
    assert!(trainer(Precision::F32).is_ok());
}

#[test]
fn bf16_learns_as_f32_does_on_any_number_of_threads() {
    if !has_bf16() {
        return bf16_is_refused_by_name_where_there_is_none();
    }
    let (single, _) = run(Precision::F32, 2, 60);
    let (pairs, network) = run(Precision::Bf16, 1, 60);
    // The first loss differs by rounding alone.
    assert!(single[0] != pairs[0] && (single[0] - pairs[0]).abs() < 0.02 * single[0], "{single:?} {pairs:?}");
    assert!(pairs[59] < 0.2 * pairs[0] && single[59] < 0.2 * single[0], "{single:?} {pairs:?}");
    assert!(run(Precision::Bf16, 2, 60) == (pairs, network));
}

#[test]
fn predictions_in_bf16_are_near_and_the_same_in_any_company() {
    if !has_bf16() {
        return bf16_is_refused_by_name_where_there_is_none();
    }
    let (_, network) = run(Precision::F32, 2, 20);
    let logits = |precision: Precision, n: usize| {
        let fill = |i: usize, x: &mut [f32]| {
            sample(i, x);
            Ok::<(), Infallible>(())
        };
        Predictor::with_precision(&network, precision).unwrap().logits(n, fill).unwrap()
    };
    let (single, pairs) = (logits(Precision::F32, 100), logits(Precision::Bf16, 100));
    let largest = single.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    let away = single.iter().zip(&pairs).fold(0.0_f32, |a, (x, y)| a.max((x - y).abs()));
    assert!(away > 0.0 && away < 0.05 * largest, "{away} of {largest}");
    for n in [1, 17, 50] {
        assert_eq!(logits(Precision::Bf16, n), pairs[..n * 3]);
    }
}

//! Three steps of two networks against another implementation of the same arithmetic.
//!
//! Tolerances: gradients 1e-4 of each array's norm, logits of step 0 1e-5; later figures have gone through optimiser
//! steps that enlarge rounding (Adam divides by tiny roots), so losses are compared to 1e-4 and weights to 1e-4 of the norm.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;

use kernels::Kernels;
use nn::Network;
use nn::batch::Batch;
use nn::optimizer::{Clip, Optimizer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{NetworkSpec, Op, Shape};
use nn::train::{Trainer, TrainerSettings};
use nn::weights::Weights;

const ADAM: Optimizer = Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 };
/// Its state after the first step is the gradient itself.
const GRADIENT_KEEPER: Optimizer =
    Optimizer::Adam { beta1: 0.0, beta2: 0.0, epsilon: 1.0, weight_decay: 0.0 };

struct Golden {
    arrays: BTreeMap<String, Vec<f32>>,
    spec: NetworkSpec,
}

impl Golden {
    fn read(name: &str, mut spec: NetworkSpec) -> Golden {
        let path = format!("{}/../../../shared/golden/train_step/{name}.npz", env!("CARGO_MANIFEST_DIR"));
        let file = File::open(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let mut archive = zip::ZipArchive::new(BufReader::new(file)).unwrap();
        let mut arrays = BTreeMap::new();
        for i in 0..archive.len() {
            let member = archive.by_index(i).unwrap();
            let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
            let array = npyz::NpyFile::new(member).unwrap();
            let values: Vec<f32> = if name == "y" {
                array.into_vec::<i64>().unwrap().into_iter().map(|y| y as f32).collect()
            } else {
                array.into_vec().unwrap()
            };
            arrays.insert(name, values);
        }
        spec.layers.retain(|layer| !matches!(layer.op, Op::Dropout { .. }));
        Golden { arrays, spec }
    }

    /// The arrays under a prefix, in their order.
    fn group(&self, prefix: &str) -> Vec<&Vec<f32>> {
        let start = format!("{prefix}/");
        self.arrays.iter().filter(|(name, _)| name.starts_with(&start)).map(|(_, array)| array).collect()
    }

    fn network(&self) -> Network {
        let fresh = Network::new(self.spec.clone(), 0).unwrap();
        let mut weights: Weights = fresh.weights().clone();
        let given = self.group("w0");
        assert_eq!(given.len(), weights.tensors.len());
        for (tensor, data) in weights.tensors.iter_mut().zip(given) {
            tensor.data.clone_from(data);
        }
        Network::from_weights(self.spec.clone(), weights).unwrap()
    }

    fn sample(&self, i: usize) -> &[f32] {
        let len = self.spec.input.len();
        &self.arrays["x"][i * len..(i + 1) * len]
    }

    fn batch(&self) -> Batch {
        let mut batch = Batch::new(self.spec.input, self.spec.outputs(), 16);
        let filled = batch.fill(|i, x, target| {
            x.copy_from_slice(self.sample(i));
            target[self.arrays["y"][i] as usize] = 1.0;
            Ok::<f32, Infallible>(1.0)
        });
        filled.unwrap();
        batch
    }
}

fn norm(x: impl Iterator<Item = f64>) -> f64 {
    x.map(|x| x * x).sum::<f64>().sqrt()
}

fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let difference = norm(found.iter().zip(expected).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    let size = norm(expected.iter().map(|&b| f64::from(b)));
    assert!(difference <= tolerance * size.max(1e-6), "{what}: off by {difference:e} of {size:e}");
}

fn assert_each_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} instead of {b}");
    }
}

fn check(golden: &Golden, kernels: Kernels, optimizer: Optimizer, clip: Clip, rate: f32) {
    let on = kernels.instruction_set();
    let batch = golden.batch();
    let settings = TrainerSettings { optimizer: GRADIENT_KEEPER, clip: Clip::None, batch_size: 16, seed: 0 };
    let mut keeper = Trainer::with_kernels(kernels, golden.network(), settings).unwrap();
    keeper.step(&batch, 0.0).unwrap();
    let state = keeper.state();
    let gradients: Vec<_> = state.tensors.iter().filter(|t| t.name.ends_with(".mean")).collect();
    let expected = golden.group("g0");
    assert_eq!(gradients.len(), expected.len());
    for (found, expected) in gradients.iter().zip(expected) {
        assert_close(&format!("{on}: gradient, {}", found.name), &found.data, expected, 1e-4);
    }

    let settings = TrainerSettings { optimizer, clip, ..settings };
    let mut trainer = Trainer::with_kernels(kernels, golden.network(), settings).unwrap();
    for step in 0..3 {
        let report = trainer.step(&batch, rate).unwrap();
        let expected = f64::from(golden.arrays[&format!("loss{step}")][0]);
        let tolerance = if step == 0 { 1e-6 } else { 1e-4 };
        assert!((report.loss - expected).abs() < tolerance, "{on}: loss {step}: {} {expected}", report.loss);
        let tolerance = if step == 0 { 1e-5 } else { 1e-3 };
        let logits = &golden.arrays[&format!("logits{step}")];
        assert_each_close(&format!("{on}: logits {step}"), &trainer.last_logits(), logits, tolerance);
        if step == 0 {
            for (tensor, expected) in trainer.network().weights().tensors.iter().zip(golden.group("w1")) {
                assert_close(&format!("{on}: after a step, {}", tensor.name), &tensor.data, expected, 1e-4);
            }
        }
    }
    let predictor = Predictor::with_kernels(kernels, trainer.network());
    let logits = predictor.logits(16, |i, x| {
        x.copy_from_slice(golden.sample(i));
        Ok::<(), Infallible>(())
    });
    let expected = &golden.arrays["logits_inference"];
    assert_each_close(&format!("{on}: inference"), &logits.unwrap(), expected, 1e-3);
}

#[test]
fn encoder_under_adam() {
    let golden = Golden::read("encoder_adam", presets::encoder(Shape { h: 32, w: 32, c: 1 }, 5));
    for kernels in Kernels::available() {
        check(&golden, kernels, ADAM, Clip::None, 1e-3);
    }
}

#[test]
fn phase_under_sgd_with_clipped_gradients() {
    let golden = Golden::read("sesmo_sgd", presets::phase(Shape { h: 26, w: 26, c: 3 }, 2));
    let sgd = Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    for kernels in Kernels::available() {
        check(&golden, kernels, sgd, Clip::PerVariable { norm: 1.0 }, 0.032);
    }
}

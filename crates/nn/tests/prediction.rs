//! What prediction promises: each sample on its own, the same bits in any company, equal to the layers one by one.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;

use kernels::Kernels;
use nn::Network;
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{Function, Layer, NetworkSpec, Op, Padding, Shape};
use nn::weights::Weights;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SIDE: Shape = Shape { h: 18, w: 16, c: 2 };

fn sample(i: usize, x: &mut [f32]) -> Result<(), Infallible> {
    let mut random = ChaCha8Rng::seed_from_u64(i as u64);
    x.iter_mut().for_each(|x| *x = random.random_range(-1.7..1.7));
    Ok(())
}

/// A network with weights, and moving statistics, all different.
fn network(spec: NetworkSpec) -> Network {
    let mut weights: Weights = Network::new(spec.clone(), 2).unwrap().weights().clone();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for tensor in &mut weights.tensors {
        tensor.data.iter_mut().for_each(|w| *w += random.random_range(-0.1..0.1));
    }
    Network::from_weights(spec, weights).unwrap()
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn company_and_threads_change_no_bit() {
    for spec in [presets::encoder(SIDE, 4), presets::phase(SIDE, 4), presets::residual(SIDE, &[8, 12], 4)] {
        let network = network(spec);
        for kernels in Kernels::available() {
            let predictor = Predictor::with_kernels(kernels, &network);
            let all = predictor.logits(150, sample).unwrap();
            assert_eq!(all.len(), 150 * 4);
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                assert_eq!(bits(&pool.install(|| predictor.logits(150, sample)).unwrap()), bits(&all));
            }
            for i in [0, 17, 77, 149] {
                let alone = predictor.logits(1, |_, x| sample(i, x)).unwrap();
                assert_eq!(bits(&alone), bits(&all[i * 4..(i + 1) * 4]));
            }
        }
    }
}

#[test]
fn folded_batch_norm_equals_the_layers_one_by_one() {
    let layer = |name: &str, op: Op| Layer { name: name.into(), op, inputs: Vec::new() };
    let conv = Op::Conv { filters: 6, kernel: [3, 3], stride: [1, 1], padding: Padding::Same, bias: true };
    let norm = Op::BatchNorm { epsilon: 1e-3, momentum: 0.9 };
    let with = |between: Option<Op>| {
        let mut layers = vec![layer("conv", conv.clone())];
        layers.extend(between.map(|op| layer("between", op)));
        layers.extend([
            layer("norm", norm.clone()),
            layer("swish", Op::Activation { function: Function::Swish }),
            layer("second", conv.clone()),
            layer("norm2", norm.clone()),
            layer("flatten", Op::Flatten),
            layer("logits", Op::Dense { units: 3, bias: true }),
        ]);
        NetworkSpec { input: SIDE, layers }
    };
    // A pool of one pixel changes nothing but keeps the norm away from the convolution.
    let folded = network(with(None));
    let apart = with(Some(Op::AveragePool { size: [1; 2], stride: [1; 2], padding: Padding::Valid }));
    let apart = Network::from_weights(apart, folded.weights().clone()).unwrap();
    let logits = [folded, apart].map(|n| Predictor::new(&n).unwrap().logits(40, sample).unwrap());
    let largest = logits[0].iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    for (a, b) in logits[0].iter().zip(&logits[1]) {
        assert!((a - b).abs() < 1e-5 * largest, "{a} {b}");
    }
}

#[test]
fn features_are_what_the_last_dense_layer_reads() {
    let network = network(presets::encoder(SIDE, 3));
    let predictor = Predictor::new(&network).unwrap();
    assert_eq!((predictor.outputs(), predictor.feature_count()), (3, 256));
    let features = predictor.features(20, sample).unwrap();
    let logits = predictor.logits(20, sample).unwrap();
    let [w, b] = ["logits.kernel", "logits.bias"].map(|name| &network.weights().get(name).unwrap().data);
    for i in 0..20 {
        for j in 0..3 {
            let z: f32 = b[j] + (0..256).map(|u| features[i * 256 + u] * w[u * 3 + j]).sum::<f32>();
            assert!((z - logits[i * 3 + j]).abs() < 1e-4 * z.abs().max(1.0));
        }
    }
}

#[test]
fn no_sample_is_no_logit_and_the_first_failure_is_told() {
    let predictor = Predictor::new(&network(presets::encoder(SIDE, 3))).unwrap();
    assert_eq!(predictor.logits(0, sample).unwrap(), Vec::<f32>::new());
    let failing = |i: usize, _: &mut [f32]| if i % 100 == 90 { Err(i) } else { Ok(()) };
    assert_eq!(predictor.logits(300, failing).unwrap_err(), 90);
}

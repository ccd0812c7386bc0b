//! Gradients of the outputs with respect to the input and to the output of a layer, against differences; what an
//! explanation promises; occlusion of a network whose answer is known.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;

use kernels::Kernels;
use nn::Network;
use nn::explain::{Explainer, Objective, Occlusion, feature_layer};
use nn::predict::Predictor;
use nn::presets;
use nn::spec::{Function, INPUT, Layer, NetworkSpec, Op, Padding, Shape};
use nn::weights::{Tensor, Weights};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const CLASSES: usize = 3;
/// One full pack and one with padding.
const N: usize = 19;

fn layer(name: &str, op: Op, inputs: &[&str]) -> Layer {
    Layer { name: name.into(), op, inputs: inputs.iter().map(|&s| s.into()).collect() }
}

fn conv(filters: usize, side: usize, stride: usize) -> Op {
    Op::Conv { filters, kernel: [side; 2], stride: [stride; 2], padding: Padding::Same, bias: true }
}

const NORM: Op = Op::BatchNorm { epsilon: 1e-3, momentum: 0.9 };
const SWISH: Op = Op::Activation { function: Function::Swish };

/// A network with weights, and moving statistics, all different.
fn network(spec: NetworkSpec) -> Network {
    let mut weights: Weights = Network::new(spec.clone(), 2).unwrap().weights().clone();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for tensor in &mut weights.tensors {
        tensor.data.iter_mut().for_each(|w| *w += random.random_range(-0.1..0.1));
    }
    Network::from_weights(spec, weights).unwrap()
}

fn samples(n: usize, shape: Shape) -> Vec<f32> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    (0..n * shape.len()).map(|_| random.random_range(-1.5..1.5)).collect()
}

/// Sample `i` asks for class `i % 3`.
fn target(i: usize) -> [f32; CLASSES] {
    std::array::from_fn(|j| if j == i % CLASSES { 1.0 } else { 0.0 })
}

/// Gradients of the input, and class activation when there is a layer.
fn explained(explainer: &mut Explainer, x: &[f32], objective: Objective) -> (Vec<f32>, Vec<f32>) {
    let mut batch = explainer.new_batch();
    let len = batch.input().len();
    let filled = batch.fill_part(x.len() / len, |i, sample, t| {
        sample.copy_from_slice(&x[i * len..(i + 1) * len]);
        t.copy_from_slice(&target(i));
        Ok::<f32, Infallible>(1.0)
    });
    filled.unwrap();
    explainer.explain(&batch, objective);
    (explainer.input_gradients(), explainer.class_activation().map(|(_, maps)| maps).unwrap_or_default())
}

/// What is explained of each sample.
fn values(kernels: Kernels, network: &Network, x: &[f32], objective: Objective) -> Vec<f64> {
    let len = network.spec().input.len();
    let logits = Predictor::with_kernels(kernels, network).logits(x.len() / len, |i, sample: &mut [f32]| {
        sample.copy_from_slice(&x[i * len..(i + 1) * len]);
        Ok::<(), Infallible>(())
    });
    let rows = logits.unwrap();
    rows.chunks_exact(CLASSES).enumerate().map(|(i, z)| objective.value(z, &target(i))).collect()
}

/// Along a random direction per sample the gradient is the central difference: f32 inside, so steps of 1e-2 of length and
/// a tolerance of 1 % of the larger of both, plus 2e-4. Networks are smooth: kinks would need shorter steps.
fn check(name: &str, spec: NetworkSpec) {
    let network = network(spec);
    let shape = network.spec().input;
    let x = samples(N, shape);
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let direction: Vec<f32> = x.iter().map(|_| random.random_range(-1.0..1.0)).collect();
    let lengths: Vec<f32> =
        direction.chunks_exact(shape.len()).map(|d| d.iter().map(|d| d * d).sum::<f32>().sqrt()).collect();
    for kernels in Kernels::available() {
        for objective in [Objective::Logits, Objective::Probabilities] {
            let mut explainer = Explainer::with_kernels(kernels, &network, None);
            let (gradient, _) = explained(&mut explainer, &x, objective);
            let moved = |h: f32| -> Vec<f64> {
                let step = |(i, (x, d)): (usize, (&f32, &f32))| x + h * d / lengths[i / shape.len()];
                let x: Vec<f32> = x.iter().zip(&direction).enumerate().map(step).collect();
                values(kernels, &network, &x, objective)
            };
            let (up, down) = (moved(1e-2), moved(-1e-2));
            for i in 0..N {
                let range = i * shape.len()..(i + 1) * shape.len();
                let along = gradient[range.clone()].iter().zip(&direction[range]);
                let analytic = along.map(|(g, d)| f64::from(g * d)).sum::<f64>() / f64::from(lengths[i]);
                let numeric = (up[i] - down[i]) / 2e-2;
                let allowed = 1e-2 * numeric.abs().max(analytic.abs()) + 2e-4;
                let set = kernels.instruction_set();
                assert!(
                    (numeric - analytic).abs() < allowed,
                    "{name} on {set}, {objective:?}, sample {i}: {analytic} by the chain rule, {numeric} by differences"
                );
            }
        }
    }
}

const IMAGE: Shape = Shape { h: 9, w: 7, c: 2 };

fn classified(input: Shape, mut layers: Vec<Layer>, head: Op) -> NetworkSpec {
    layers.push(layer("head", head, &[]));
    layers.push(layer("logits", Op::Dense { units: CLASSES, bias: true }, &[]));
    NetworkSpec { input, layers }
}

#[test]
fn input_gradients_are_differences() {
    for c in [1, 2, 3, 9] {
        let layers =
            vec![layer("conv", conv(5, 3, 1), &[]), layer("norm", NORM, &[]), layer("a", SWISH, &[])];
        check("first convolution", classified(Shape { c, ..IMAGE }, layers, Op::Flatten));
    }
    let strided = vec![layer("conv", conv(5, 5, 2), &[]), layer("a", SWISH, &[])];
    check("strided", classified(IMAGE, strided, Op::GlobalAveragePool));
    let first = vec![layer("norm", NORM, &[]), layer("conv", conv(4, 3, 1), &[])];
    check("norm on the input", classified(IMAGE, first, Op::Flatten));
    let several = vec![
        layer("conv", conv(2, 3, 1), &[]),
        layer("norm", NORM, &[]),
        layer("drop", Op::Dropout { rate: 0.5 }, &[]),
        layer("sum", Op::Add, &[INPUT, "drop", "norm"]),
        layer("a", SWISH, &[]),
        layer("pool", Op::AveragePool { size: [2; 2], stride: [2; 2], padding: Padding::Valid }, &[]),
        layer("again", Op::Add, &["pool", "pool"]),
    ];
    check("input read twice", classified(IMAGE, several, Op::Flatten));
    let beside = vec![
        layer("conv", conv(3, 3, 1), &[]),
        layer("both", Op::Concat, &["conv", INPUT, "conv"]),
        layer("norm", NORM, &[]),
        layer("pad", Op::Pad { rows: [1, 0], columns: [0, 2] }, &[]),
        layer("second", conv(4, 3, 1), &[]),
        layer("a", SWISH, &[]),
    ];
    check("input beside others", classified(IMAGE, beside, Op::Flatten));
    let depthwise = Op::DepthwiseConv {
        multiplier: 2,
        kernel: [3, 3],
        stride: [2, 1],
        padding: Padding::Same,
        bias: true,
    };
    let excited = vec![
        layer("scale", Op::Activation { function: Function::Affine { scale: 0.7, offset: -0.1 } }, &[]),
        layer("conv", depthwise, &[]),
        layer("norm", NORM, &[]),
        layer("a", SWISH, &[]),
        layer("crop", Op::Crop { rows: [1, 0], columns: [1, 1] }, &[]),
        layer(
            "squeeze",
            Op::AveragePool { size: [4, 5], stride: [4, 5], padding: Padding::Valid },
            &["crop"],
        ),
        layer("gate", Op::Activation { function: Function::Sigmoid }, &[]),
        layer("excite", Op::Multiply, &["crop", "gate"]),
    ];
    check("by channel, excited", classified(IMAGE, excited, Op::Flatten));
    let features = vec![
        layer("flatten", Op::Flatten, &[]),
        layer("dense", Op::Dense { units: 6, bias: true }, &[]),
        layer("norm", NORM, &[]),
        layer("a", SWISH, &[]),
    ];
    check("features", classified(IMAGE, features, Op::Dropout { rate: 0.2 }));
}

/// A network `tail` on top of `head` whose output is looked at: the same maps by the gradient of `tail`'s own input.
#[test]
fn class_activation_is_the_gradient_at_the_layer() {
    let head =
        vec![layer("conv1", conv(6, 3, 1), &[]), layer("norm1", NORM, &[]), layer("swish1", SWISH, &[])];
    let tail = vec![
        layer("pool", Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Valid }, &["swish1"]),
        layer("conv2", conv(4, 3, 1), &[]),
        layer("norm2", NORM, &[]),
        layer("sum", Op::Add, &["norm2", "conv2"]),
        layer("swish2", SWISH, &[]),
    ];
    let whole = classified(IMAGE, [head, tail.clone()].concat(), Op::Flatten);
    let whole = network(whole);
    let mut tail = tail;
    tail[0].inputs.clear();
    let features = Shape { c: 6, ..IMAGE };
    let own = |t: &Tensor| !t.name.starts_with("conv1.") && !t.name.starts_with("norm1.");
    let tensors = whole.weights().tensors.iter().filter(|t| own(t)).cloned().collect();
    let rest = Network::from_weights(classified(features, tail, Op::Flatten), Weights { tensors }).unwrap();

    let x = samples(N, IMAGE);
    let layer = feature_layer(whole.spec(), Some("swish1")).unwrap();
    assert_eq!(feature_layer(whole.spec(), Some("1")).unwrap(), layer);
    for kernels in Kernels::available() {
        let (_, maps) =
            explained(&mut Explainer::with_kernels(kernels, &whole, Some(layer)), &x, Objective::Logits);
        let between = first_layers(&whole, &x);
        let (gradients, _) =
            explained(&mut Explainer::with_kernels(kernels, &rest, None), &between, Objective::Logits);
        for i in 0..N {
            let sample = i * features.len()..(i + 1) * features.len();
            let (a, g) = (&between[sample.clone()], &gradients[sample]);
            let pixels = features.h * features.w;
            let weight = |c: usize| g.iter().skip(c).step_by(6).sum::<f32>() / pixels as f32;
            let weights: Vec<f32> = (0..6).map(weight).collect();
            for p in 0..pixels {
                let expected: f32 = (0..6).map(|c| weights[c] * a[p * 6 + c]).sum();
                let found = maps[i * pixels + p];
                assert!(
                    (found - expected).abs() < 1e-5,
                    "sample {i}, pixel {p}: {found}, expected {expected}"
                );
            }
        }
    }
}

/// What the first three layers of `network` give for each sample, `[n, h, w, 6]`, pixel by pixel.
fn first_layers(network: &Network, x: &[f32]) -> Vec<f32> {
    let get = |name: &str| &network.weights().get(name).unwrap().data;
    let (kernel, bias) = (get("conv1.kernel"), get("conv1.bias"));
    let [gamma, beta, mean, variance] =
        ["gamma", "beta", "moving_mean", "moving_variance"].map(|role| get(&format!("norm1.{role}")));
    let Shape { h, w, c } = IMAGE;
    let mut out = Vec::new();
    for sample in x.chunks_exact(IMAGE.len()) {
        for (y, x) in (0..h * w).map(|p| (p / w, p % w)) {
            for f in 0..6 {
                let mut z = bias[f];
                for (ky, kx, k) in (0..9 * c).map(|i| (i / (3 * c), i / c % 3, i % c)) {
                    let (sy, sx) = (y + ky, x + kx);
                    if (1..=h).contains(&sy) && (1..=w).contains(&sx) {
                        z +=
                            kernel[((ky * 3 + kx) * c + k) * 6 + f] * sample[((sy - 1) * w + sx - 1) * c + k];
                    }
                }
                let z = gamma[f] * (z - mean[f]) / (variance[f] + 1e-3).sqrt() + beta[f];
                out.push(z / (1.0 + (-z).exp()));
            }
        }
    }
    out
}

#[test]
fn company_and_threads_change_no_bit() {
    let side = Shape { h: 18, w: 16, c: 2 };
    for spec in [presets::encoder(side, 3), presets::phase(side, 3), presets::residual(side, &[8, 12], 3)] {
        let network = network(spec);
        let layer = feature_layer(network.spec(), None).unwrap();
        let x = samples(60, side);
        let bits = |(a, b): (Vec<f32>, Vec<f32>)| -> [Vec<u32>; 2] {
            [a, b].map(|x| x.iter().map(|v| v.to_bits()).collect())
        };
        for kernels in Kernels::available() {
            let mut explainer = Explainer::with_kernels(kernels, &network, Some(layer));
            let all = bits(explained(&mut explainer, &x, Objective::Probabilities));
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let again = pool.install(|| explained(&mut explainer, &x, Objective::Probabilities));
                assert!(bits(again) == all, "{threads} threads");
            }
            // Sample 3 asks for the same class as sample 0.
            let alone =
                bits(explained(&mut explainer, &x[3 * side.len()..4 * side.len()], Objective::Probabilities));
            let map = all[1].len() / 60;
            assert!(alone[0] == all[0][3 * side.len()..4 * side.len()]);
            assert!(alone[1] == all[1][3 * map..4 * map]);
        }
    }
}

#[test]
fn a_class_that_is_all_but_sure_still_has_gradients() {
    let spec = classified(Shape { h: 1, w: 1, c: 1 }, Vec::new(), Op::Flatten);
    let mut weights = Network::new(spec.clone(), 0).unwrap().weights().clone();
    weights.tensors[0].data = vec![60.0, 0.0, 0.0];
    let network = Network::from_weights(spec, weights).unwrap();
    let mut explainer = Explainer::new(&network, None).unwrap();
    let (gradient, _) = explained(&mut explainer, &[1.0], Objective::Probabilities);
    // d/dz of the first probability is 2 exp(-60) there.
    let expected = 60.0 * 2.0 * (-60.0_f64).exp();
    assert!((f64::from(gradient[0]) / expected - 1.0).abs() < 1e-5, "{} {expected}", gradient[0]);
}

#[test]
fn occlusion_finds_the_only_pixel_that_counts() {
    let shape = Shape { h: 8, w: 12, c: 1 };
    let spec = classified(shape, Vec::new(), Op::Flatten);
    let mut weights = Network::new(spec.clone(), 0).unwrap().weights().clone();
    weights.tensors[0].data.fill(0.0);
    let (y, x) = (2, 9);
    weights.tensors[0].data[(y * shape.w + x) * CLASSES] = 1.0;
    let predictor = Predictor::new(&Network::from_weights(spec, weights).unwrap()).unwrap();
    let mut sample = vec![0.0; shape.len()];
    sample[y * shape.w + x] = 96.0;
    let one = Occlusion { side: 1, stride: 1 };
    let map = one.map(&predictor, &sample, &target(0), Objective::Logits).unwrap();
    for (at, &loss) in map.iter().enumerate() {
        // Hidden behind the mean, which is 1.
        let expected = if at == y * shape.w + x { 95.0 } else { 0.0 };
        assert!((loss - expected).abs() < 1e-4, "{at}: {loss}");
    }
    let square =
        Occlusion { side: 4, stride: 2 }.map(&predictor, &sample, &target(0), Objective::Logits).unwrap();
    let best = (0..square.len()).max_by(|&a, &b| square[a].total_cmp(&square[b])).unwrap();
    assert!((best / shape.w).abs_diff(y) < 4 && (best % shape.w).abs_diff(x) < 4, "{best}");
    for wrong in
        [Occlusion { side: 9, stride: 1 }, Occlusion { side: 3, stride: 4 }, Occlusion { side: 0, stride: 0 }]
    {
        assert!(wrong.map(&predictor, &sample, &target(0), Objective::Logits).is_err());
    }
}

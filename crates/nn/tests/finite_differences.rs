//! The gradient of every kind of layer, and of combinations, against differences of the loss.
//!
//! A step with a rate of 0 changes nothing; with `beta1 = 0` the optimizer's mean is the gradient itself. For each array
//! of parameters the gradient along a random direction is compared with the central difference of the loss along it:
//! the loss is f32 inside, so steps of 1e-2 and a tolerance of 1e-2 of the larger of both, plus 2e-4.
//! Where the loss has kinks (ReLU, max-pool) the steps are shorter, so that few are crossed, and rounding is larger.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::convert::Infallible;

use kernels::Kernels;
use nn::Network;
use nn::batch::Batch;
use nn::optimizer::{Clip, Optimizer};
use nn::spec::{Function, INPUT, Layer, NetworkSpec, Op, Padding, Shape};
use nn::train::{Trainer, TrainerSettings};
use nn::weights::Weights;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// 19 samples: one full pack and one with padding.
const N: usize = 19;
const CLASSES: usize = 3;

fn layer(name: &str, op: Op, inputs: &[&str]) -> Layer {
    Layer { name: name.into(), op, inputs: inputs.iter().map(|&s| s.into()).collect() }
}

fn conv(filters: usize, kernel: [usize; 2], stride: [usize; 2], padding: Padding, bias: bool) -> Op {
    Op::Conv { filters, kernel, stride, padding, bias }
}

fn same(filters: usize) -> Op {
    conv(filters, [3, 3], [1, 1], Padding::Same, false)
}

const NORM: Op = Op::BatchNorm { epsilon: 1e-3, momentum: 0.9 };
const SWISH: Op = Op::Activation { function: Function::Swish };
const GELU: Op = Op::Activation { function: Function::Gelu };
const RELU: Op = Op::Activation { function: Function::Relu };

/// The layers, then flattened and classified.
fn network(input: Shape, layers: Vec<Layer>, head: Op) -> NetworkSpec {
    let mut layers = layers;
    layers.push(layer("head", head, &[]));
    layers.push(layer("logits", Op::Dense { units: CLASSES, bias: true }, &[]));
    NetworkSpec { input, layers }
}

fn random(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn batch(spec: &NetworkSpec) -> Batch {
    let mut batch = Batch::new(spec.input, CLASSES, 2 * 16);
    let filled = batch.fill_part(N, |i, x, target| {
        let mut random = random(100 + i as u64);
        x.iter_mut().for_each(|x| *x = random.random_range(-1.5..1.5));
        target[i % CLASSES] = 0.9;
        target[(i + 1) % CLASSES] = 0.1;
        Ok::<f32, Infallible>(0.5 + (i % 2) as f32)
    });
    filled.unwrap();
    batch
}

/// All weights moved off their initial values, so that no gradient vanishes by symmetry.
fn weights(spec: &NetworkSpec) -> Weights {
    let mut weights = Network::new(spec.clone(), 3).unwrap().weights().clone();
    let mut random = random(5);
    for tensor in weights.tensors.iter_mut().filter(|tensor| tensor.trainable) {
        tensor.data.iter_mut().for_each(|w| *w += random.random_range(-0.2..0.2));
    }
    weights
}

fn step(kernels: Kernels, spec: &NetworkSpec, weights: Weights, batch: &Batch) -> (f64, Trainer) {
    let optimizer = Optimizer::Adam { beta1: 0.0, beta2: 0.0, epsilon: 1.0, weight_decay: 0.0 };
    let settings = TrainerSettings { optimizer, clip: Clip::None, batch_size: 32, seed: 9 };
    let network = Network::from_weights(spec.clone(), weights).unwrap();
    let mut trainer = Trainer::with_kernels(kernels, network, settings).unwrap();
    let report = trainer.step(batch, 0.0).unwrap();
    (report.loss, trainer)
}

#[derive(Clone, Copy)]
struct Rule {
    h: f32,
    relative: f64,
    absolute: f64,
}

const SMOOTH: Rule = Rule { h: 1e-2, relative: 1e-2, absolute: 2e-4 };
const KINKED: Rule = Rule { h: 1e-3, relative: 4e-2, absolute: 1e-3 };
/// Where the largest of many values is taken and nothing smooth follows.
const STEEP: Rule = Rule { h: 1e-4, relative: 4e-2, absolute: 3e-3 };

fn check(name: &str, spec: &NetworkSpec, Rule { h, relative, absolute }: Rule) {
    spec.validate().unwrap();
    let batch = batch(spec);
    let weights = weights(spec);
    for kernels in Kernels::available() {
        let (_, trainer) = step(kernels, spec, weights.clone(), &batch);
        for (number, tensor) in weights.tensors.iter().enumerate().filter(|(_, tensor)| tensor.trainable) {
            let state = trainer.state();
            let gradient = state.tensors.iter().find(|t| t.name == format!("{}.mean", tensor.name)).unwrap();
            let mut random = random(number as u64);
            let direction: Vec<f32> = tensor.data.iter().map(|_| random.random_range(-1.0..1.0)).collect();
            let length = direction.iter().map(|d| d * d).sum::<f32>().sqrt();
            let loss = |h: f32| {
                let mut moved = weights.clone();
                let data = moved.tensors[number].data.iter_mut();
                data.zip(&direction).for_each(|(w, d)| *w += h * d / length);
                step(kernels, spec, moved, &batch).0
            };
            let numeric = (loss(h) - loss(-h)) / (2.0 * f64::from(h));
            let pairs = gradient.data.iter().zip(&direction);
            let analytic = pairs.map(|(g, d)| f64::from(*g) * f64::from(*d)).sum::<f64>() / f64::from(length);
            let allowed = relative * numeric.abs().max(analytic.abs()) + absolute;
            let set = kernels.instruction_set();
            assert!(
                (numeric - analytic).abs() < allowed,
                "{name} on {set}: {}: {analytic} by the chain rule, {numeric} by differences",
                tensor.name
            );
        }
    }
}

const IMAGE: Shape = Shape { h: 6, w: 7, c: 2 };

/// Norms within a sample, softmax and learned slopes, of images and of features.
#[test]
fn what_is_done_within_a_sample() {
    let group = |groups| Op::GroupNorm { groups, epsilon: 1e-3 };
    let pixel = Op::LayerNorm { epsilon: 1e-3 };
    let slopes = |shared| Op::PRelu { shared };
    for (name, op, rule) in [
        ("one group", group(1), SMOOTH),
        ("two groups", group(2), SMOOTH),
        ("a group for each channel", group(4), SMOOTH),
        ("norm of each pixel", pixel.clone(), SMOOTH),
        ("softmax of each pixel", Op::Softmax, SMOOTH),
        ("a slope for each channel", slopes(true), KINKED),
        ("a slope for each value", slopes(false), KINKED),
    ] {
        let layers = vec![
            layer("first", same(4), &[]),
            layer("op", op.clone(), &[]),
            layer("drop", Op::Dropout { rate: 0.2 }, &[]),
            layer("last", same(3), &[]),
        ];
        check(name, &network(IMAGE, layers, Op::Flatten), rule);
        if matches!(op, Op::GroupNorm { .. } | Op::PRelu { shared: true }) {
            continue;
        }
        let features = vec![
            layer("first", same(2), &[]),
            layer("flatten", Op::Flatten, &[]),
            layer("dense", Op::Dense { units: 9, bias: true }, &[]),
            layer("op", op, &[]),
        ];
        let drop = Op::Dropout { rate: 0.2 };
        check(&format!("{name}, features"), &network(IMAGE, features, drop), rule);
    }
    let first = vec![layer("op", pixel, &[]), layer("last", same(3), &[])];
    check("norm on the input", &network(IMAGE, first, Op::Flatten), SMOOTH);
}

#[test]
fn convolutions_of_all_shapes() {
    let two = |op: Op| {
        let layers = vec![layer("first", same(3), &[]), layer("a", GELU, &[]), layer("second", op, &[])];
        network(IMAGE, layers, Op::Flatten)
    };
    check("3x3 same", &two(same(5)), SMOOTH);
    check("3x3 valid, bias", &two(conv(4, [3, 3], [1, 1], Padding::Valid, true)), SMOOTH);
    check("1x1", &two(conv(4, [1, 1], [1, 1], Padding::Same, true)), SMOOTH);
    check("strided", &two(conv(4, [3, 3], [2, 2], Padding::Same, true)), SMOOTH);
    check("strided, valid", &two(conv(4, [3, 3], [2, 3], Padding::Valid, false)), SMOOTH);
    check("even kernel", &two(conv(4, [2, 4], [1, 1], Padding::Same, true)), SMOOTH);
    check("even kernel, strided", &two(conv(4, [4, 2], [2, 2], Padding::Same, true)), SMOOTH);
    check("5x5", &two(conv(4, [5, 5], [1, 1], Padding::Same, false)), SMOOTH);
}

#[test]
fn activations_on_images_and_features() {
    let of = |function: Function| Op::Activation { function };
    for (name, function, rule) in [
        ("swish", SWISH, SMOOTH),
        ("gelu", GELU, SMOOTH),
        ("relu", RELU, KINKED),
        ("sigmoid", of(Function::Sigmoid), SMOOTH),
        ("tanh", of(Function::Tanh), SMOOTH),
        ("leaky relu", of(Function::LeakyRelu { slope: 0.3 }), KINKED),
        ("elu", of(Function::Elu { alpha: 0.7 }), KINKED),
        ("clipped relu", of(Function::ClippedRelu { limit: 0.5 }), KINKED),
        ("softplus", of(Function::Softplus), SMOOTH),
        ("softsign", of(Function::Softsign), SMOOTH),
        ("exponential", of(Function::Exponential), SMOOTH),
        ("affine", of(Function::Affine { scale: -0.6, offset: 0.4 }), SMOOTH),
    ] {
        let image = vec![layer("conv", same(4), &[]), layer("a", function.clone(), &[])];
        check(name, &network(IMAGE, image, Op::Flatten), rule);
        let features = vec![
            layer("flatten", Op::Flatten, &[]),
            layer("dense", Op::Dense { units: 7, bias: true }, &[]),
            layer("a", function, &[]),
        ];
        check(name, &network(IMAGE, features, Op::Dropout { rate: 0.0 }), rule);
    }
}

#[test]
fn batch_norms_alone_and_in_chains() {
    let pool = Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Valid };
    let alone = vec![layer("conv", same(4), &[]), layer("norm", NORM, &[]), layer("second", same(3), &[])];
    check("norm", &network(IMAGE, alone, Op::Flatten), SMOOTH);
    let first = vec![layer("norm", NORM, &[]), layer("conv", same(4), &[]), layer("a", SWISH, &[])];
    check("norm on the input", &network(IMAGE, first, Op::Flatten), SMOOTH);
    let chain = vec![
        layer("conv", same(4), &[]),
        layer("norm", NORM, &[]),
        layer("a", SWISH, &[]),
        layer("pool", pool.clone(), &[]),
        layer("second", same(3), &[]),
    ];
    check("norm, swish, pool", &network(IMAGE, chain, Op::Flatten), KINKED);
    let features = vec![
        layer("flatten", Op::Flatten, &[]),
        layer("dense", Op::Dense { units: 7, bias: false }, &[]),
        layer("norm", NORM, &[]),
        layer("a", GELU, &[]),
    ];
    check("norm on features", &network(IMAGE, features, Op::Dropout { rate: 0.0 }), SMOOTH);
    let bare = vec![layer("conv", same(4), &[]), layer("a", SWISH, &[]), layer("pool", pool, &[])];
    check("swish, pool", &network(IMAGE, bare, Op::Flatten), KINKED);
    // Seven columns: the last squares are cut, which is not done in one pass.
    let cut = Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Same };
    let cut = vec![layer("conv", same(4), &[]), layer("a", SWISH, &[]), layer("pool", cut, &[])];
    check("swish, pool cut at the border", &network(IMAGE, cut, Op::Flatten), KINKED);
}

#[test]
fn pooling_and_dropout() {
    let with = |op: Op, head: Op| {
        let layers = vec![layer("conv", same(4), &[]), layer("op", op, &[]), layer("second", same(3), &[])];
        network(IMAGE, layers, head)
    };
    for padding in [Padding::Valid, Padding::Same] {
        let max = |size, stride| with(Op::MaxPool { size, stride, padding }, Op::Flatten);
        let mean = |size, stride| with(Op::AveragePool { size, stride, padding }, Op::Flatten);
        check("max-pool, overlapping", &max([3; 2], [2; 2]), STEEP);
        check("max-pool of squares side by side", &max([2; 2], [2; 2]), STEEP);
        check("max-pool of rectangles", &max([2, 1], [2, 1]), STEEP);
        check("max-pool, overlapping in rows", &max([3, 2], [1, 2]), STEEP);
        check("max-pool in other steps", &max([2; 2], [1, 3]), STEEP);
        check("average pool", &mean([2; 2], [2; 2]), SMOOTH);
        check("average pool, overlapping", &mean([3; 2], [1; 2]), SMOOTH);
        check("average pool of rectangles", &mean([1, 4], [2, 3]), SMOOTH);
    }
    check("global average pool", &with(SWISH, Op::GlobalAveragePool), SMOOTH);
    check("dropout", &with(Op::Dropout { rate: 0.4 }, Op::Flatten), SMOOTH);
    let features = vec![layer("flatten", Op::Flatten, &[]), layer("drop", Op::Dropout { rate: 0.5 }, &[])];
    check("dropout of features", &network(IMAGE, features, Op::Dense { units: 5, bias: true }), SMOOTH);
}

#[test]
fn zeros_around_and_channels_beside_each_other() {
    let pad = Op::Pad { rows: [2, 0], columns: [1, 3] };
    let padded = vec![layer("conv", same(4), &[]), layer("pad", pad, &[]), layer("second", same(3), &[])];
    check("zeros around", &network(IMAGE, padded, Op::Flatten), SMOOTH);
    let beside = vec![
        layer("stem", same(3), &[]),
        layer("left", same(2), &["stem"]),
        layer("right", same(4), &["stem"]),
        layer("beside", Op::Concat, &["left", "stem", "right", INPUT]),
        layer("a", SWISH, &[]),
        layer("last", same(3), &[]),
        layer("flat", Op::Flatten, &["last"]),
        layer("mean", Op::GlobalAveragePool, &["last"]),
        layer("dense", Op::Dense { units: 5, bias: true }, &["flat"]),
        layer("features", Op::Concat, &["dense", "mean", "dense"]),
    ];
    check("beside each other", &network(IMAGE, beside, Op::Dropout { rate: 0.0 }), SMOOTH);
}

#[test]
fn convolutions_by_channel() {
    let two = |multiplier, kernel, stride, padding, bias| {
        let op = Op::DepthwiseConv { multiplier, kernel, stride, padding, bias };
        let layers = vec![layer("first", same(3), &[]), layer("a", GELU, &[]), layer("second", op, &[])];
        network(IMAGE, layers, Op::Flatten)
    };
    check("3x3 same", &two(1, [3, 3], [1, 1], Padding::Same, false), SMOOTH);
    check("two of each, bias", &two(2, [3, 2], [1, 1], Padding::Valid, true), SMOOTH);
    check("strided", &two(1, [5, 3], [2, 3], Padding::Same, true), SMOOTH);
    check("a scale by channel", &two(1, [1, 1], [1, 1], Padding::Valid, true), SMOOTH);
    let by_channel = |name: &str| {
        let op = Op::DepthwiseConv {
            multiplier: 2,
            kernel: [3, 3],
            stride: [1, 1],
            padding: Padding::Same,
            bias: false,
        };
        layer(name, op, &[])
    };
    let mixed = vec![
        by_channel("first"),
        layer("norm", NORM, &[]),
        layer("conv", same(3), &[]),
        by_channel("second"),
        layer("a", SWISH, &[]),
        layer("last", conv(2, [1, 1], [1, 1], Padding::Valid, true), &[]),
    ];
    check("among others", &network(IMAGE, mixed, Op::GlobalAveragePool), SMOOTH);
}

#[test]
fn borders_left_out_and_constant_scales() {
    let crop = Op::Crop { rows: [2, 1], columns: [0, 3] };
    let cropped = vec![layer("conv", same(4), &[]), layer("crop", crop, &[]), layer("second", same(3), &[])];
    check("a border left out", &network(IMAGE, cropped, Op::Flatten), SMOOTH);
    let affine = |scale, offset| Op::Activation { function: Function::Affine { scale, offset } };
    let hard = Op::Activation { function: Function::ClippedRelu { limit: 1.0 } };
    let scaled = vec![
        layer("first", affine(0.5, -0.25), &[]),
        layer("conv", same(4), &[]),
        layer("shift", affine(1.0, 0.3), &[]),
        layer("gate", affine(0.25, 0.5), &[]),
        layer("hard", hard, &[]),
        layer("pool", Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Valid }, &[]),
        layer("norm", NORM, &[]),
        layer("last", affine(-2.0, 0.0), &[]),
    ];
    check("constant scales", &network(IMAGE, scaled, Op::Flatten), KINKED);
}

#[test]
fn products() {
    let sigmoid = Op::Activation { function: Function::Sigmoid };
    let one = |filters| conv(filters, [1, 1], [1, 1], Padding::Valid, true);
    let excite = vec![
        layer("stem", same(4), &[]),
        layer("norm", NORM, &[]),
        layer("a", SWISH, &[]),
        layer("squeeze", Op::AveragePool { size: [6, 7], stride: [6, 7], padding: Padding::Valid }, &[]),
        layer("reduce", one(2), &[]),
        layer("b", SWISH, &[]),
        layer("expand", one(4), &[]),
        layer("gate", sigmoid.clone(), &[]),
        layer("excite", Op::Multiply, &["a", "gate"]),
        layer("last", one(3), &[]),
    ];
    check("squeeze and excite", &network(IMAGE, excite, Op::Flatten), SMOOTH);
    let places = vec![
        layer("stem", same(3), &[]),
        layer("place", one(1), &[]),
        layer("gate", sigmoid, &[]),
        layer("seen", Op::Multiply, &["gate", "stem"]),
        layer("column", Op::AveragePool { size: [6, 1], stride: [1, 1], padding: Padding::Valid }, &["stem"]),
        layer("row", Op::AveragePool { size: [1, 7], stride: [1, 1], padding: Padding::Valid }, &["stem"]),
        layer("outer", Op::Multiply, &["column", "row"]),
        layer("all", Op::Multiply, &["outer", "seen"]),
        layer("square", Op::Multiply, &["all", "all"]),
        layer("with input", Op::Concat, &["square", INPUT]),
    ];
    check("gates by place, and a square", &network(IMAGE, places, Op::Flatten), SMOOTH);
    let features = vec![
        layer("flatten", Op::Flatten, &[]),
        layer("one", Op::Dense { units: 6, bias: true }, &[]),
        layer("two", Op::Dense { units: 6, bias: true }, &["flatten"]),
        layer("scale", Op::Dense { units: 1, bias: true }, &["flatten"]),
        layer("both", Op::Multiply, &["one", "two"]),
        layer("scaled", Op::Multiply, &["both", "scale"]),
    ];
    check("features", &network(IMAGE, features, Op::Dropout { rate: 0.0 }), SMOOTH);
}

#[test]
fn residual_graphs() {
    let block = vec![
        layer("stem", same(4), &[]),
        layer("stem_norm", NORM, &[]),
        layer("conv1", same(4), &["stem_norm"]),
        layer("norm1", NORM, &[]),
        layer("swish1", SWISH, &[]),
        layer("conv2", same(4), &[]),
        layer("norm2", NORM, &[]),
        layer("add", Op::Add, &["norm2", "stem_norm"]),
        layer("swish2", SWISH, &[]),
        layer("down", conv(5, [3, 3], [2, 2], Padding::Same, false), &[]),
    ];
    check("residual block", &network(IMAGE, block, Op::GlobalAveragePool), SMOOTH);
    let tangle = vec![
        layer("a", same(3), &[]),
        layer("norm", NORM, &["a"]),
        layer("drop", Op::Dropout { rate: 0.3 }, &["a"]),
        layer("sum", Op::Add, &["a", "norm", "drop", "a"]),
        layer("swish", SWISH, &["sum"]),
        layer("more", Op::Add, &["swish", "sum"]),
    ];
    check("one value read four ways", &network(IMAGE, tangle, Op::Flatten), SMOOTH);
    let input = vec![
        layer("conv", same(2), &[]),
        layer("sum", Op::Add, &[INPUT, "conv"]),
        layer("again", Op::Add, &["sum", INPUT]),
        layer("swish", SWISH, &[]),
    ];
    check("input added", &network(IMAGE, input, Op::Flatten), SMOOTH);
}

#[test]
fn features_added() {
    let layers = vec![
        layer("flatten", Op::Flatten, &[]),
        layer("one", Op::Dense { units: 6, bias: true }, &[]),
        layer("gelu", GELU, &[]),
        layer("two", Op::Dense { units: 6, bias: false }, &["gelu"]),
        layer("sum", Op::Add, &["two", "gelu"]),
    ];
    check("features added", &network(IMAGE, layers, Op::Dropout { rate: 0.2 }), SMOOTH);
}

//! Networks that are known to serve well.

use crate::spec::{Function, INPUT, Layer, NetworkSpec, Op, Padding, Shape};

/// Appends layers that read the one before, or others by name.
struct Builder(Vec<Layer>);

impl Builder {
    fn add(&mut self, name: impl Into<String>, op: Op) -> &mut Self {
        self.join(name, op, &[])
    }

    fn join(&mut self, name: impl Into<String>, op: Op, inputs: &[&str]) -> &mut Self {
        let inputs = inputs.iter().map(|&s| s.into()).collect();
        self.0.push(Layer { name: name.into(), op, inputs });
        self
    }

    /// 3x3 convolution without bias, batch norm and swish.
    fn block(&mut self, name: &str, filters: usize) -> &mut Self {
        self.add(format!("conv{name}"), conv(filters, 3, Padding::Same, false))
            .add(format!("norm{name}"), batch_norm())
            .add(format!("swish{name}"), activation(Function::Swish))
    }

    fn mean_and_logits(&mut self, classes: usize) -> &mut Self {
        self.add("pool", Op::GlobalAveragePool)
            .add("dropout", Op::Dropout { rate: 0.2 })
            .add("logits", Op::Dense { units: classes, bias: true })
    }
}

fn conv(filters: usize, side: usize, padding: Padding, bias: bool) -> Op {
    Op::Conv { filters, kernel: [side; 2], stride: [1; 2], padding, bias }
}

fn batch_norm() -> Op {
    Op::BatchNorm { epsilon: 1e-3, momentum: 0.99 }
}

fn activation(function: Function) -> Op {
    Op::Activation { function }
}

const HALVE: Op = Op::MaxPool { size: [2; 2], stride: [2; 2], padding: Padding::Valid };

/// The encoder of live-cell chromatin morphology: [`pyramid`] of 8, 16, 32, 64 and 128 filters. 624,813 parameters for
/// 64x64x1 and five classes.
///
/// # Source
/// Ulicna et al. 2022, doi:10.1007/978-1-0716-2221-6_3; Keras' defaults for all that is not stated.
#[must_use]
pub fn encoder(input: Shape, classes: usize) -> NetworkSpec {
    pyramid(input, &[8, 16, 32, 64, 128], classes)
}

/// Blocks of 3x3 convolution without bias, batch norm and swish, one per entry of `filters`, pooled between the blocks;
/// then 256 features, ReLU, dropout 0.2 and logits.
#[must_use]
pub fn pyramid(input: Shape, filters: &[usize], classes: usize) -> NetworkSpec {
    let mut layers = Builder(Vec::new());
    for (i, &filters) in (1..).zip(filters) {
        if i > 1 {
            layers.add(format!("pool{}", i - 1), HALVE);
        }
        layers.block(&i.to_string(), filters);
    }
    layers
        .add("flatten", Op::Flatten)
        .add("features", Op::Dense { units: 256, bias: true })
        .add("relu", activation(Function::Relu))
        .add("dropout", Op::Dropout { rate: 0.2 })
        .add("logits", Op::Dense { units: classes, bias: true });
    NetworkSpec { input, layers: layers.0 }
}

/// The network for crops of any size: [`encoder`] where the shorter side has 32 pixels or more, [`small`] below.
#[must_use]
pub fn fitting(input: Shape, classes: usize) -> NetworkSpec {
    let side = input.h.min(input.w);
    if side >= 32 {
        return encoder(input, classes);
    }
    let blocks = side.max(2).ilog2();
    let filters: Vec<usize> = (0..blocks).rev().map(|before_last| 128 >> before_last).collect();
    small(input, &filters, classes)
}

/// A [`pyramid`] for small crops: a second convolution before the first pooling, where small things are still told
/// apart, and the mean over the image in place of the 256 features, which pays for it.
#[must_use]
pub fn small(input: Shape, filters: &[usize], classes: usize) -> NetworkSpec {
    let mut layers = Builder(Vec::new());
    for (i, &filters) in (1..).zip(filters) {
        match i {
            1 => layers.block("1a", filters).block("1b", filters),
            _ => layers.add(format!("pool{}", i - 1), HALVE).block(&i.to_string(), filters),
        };
    }
    layers.mean_and_logits(classes);
    NetworkSpec { input, layers: layers.0 }
}

/// The classifier of a senescence screen in phase contrast: two stages of two 3x3 'valid' convolutions with ReLU (32,
/// 32, 64 and 128 filters), each pooled and followed by dropout 0.5; 256 features; logits.
/// 2,757,474 parameters for 50x50x3 and two classes.
///
/// # Source
/// Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0.
#[must_use]
pub fn phase(input: Shape, classes: usize) -> NetworkSpec {
    let mut layers = Builder(Vec::new());
    for (i, filters) in (1..).zip([32, 32, 64, 128]) {
        layers
            .add(format!("conv{i}"), conv(filters, 3, Padding::Valid, true))
            .add(format!("relu{i}"), activation(Function::Relu));
        if i % 2 == 0 {
            layers
                .add(format!("pool{}", i / 2), HALVE)
                .add(format!("dropout{}", i / 2), Op::Dropout { rate: 0.5 });
        }
    }
    layers
        .add("flatten", Op::Flatten)
        .add("features", Op::Dense { units: 256, bias: true })
        .add("relu5", activation(Function::Relu))
        .add("dropout3", Op::Dropout { rate: 0.5 })
        .add("logits", Op::Dense { units: classes, bias: true });
    NetworkSpec { input, layers: layers.0 }
}

/// A small residual network: a 3x3 stem, then one stage per entry of `filters`. From the second stage on the image is
/// halved by max-pooling, and a 1x1 convolution widens the shortcut when the number of channels changes. A stage is
/// one residual block: conv 3x3, batch norm, swish, conv 3x3, batch norm, plus the shortcut, swish. Then the mean over
/// the image, dropout 0.2 and logits: the size of the image does not change the number of parameters.
///
/// Pooling rather than strides halves the image: it costs no parameters, and all convolutions stay of the fast kind.
///
/// # Source
/// After He et al. 2016, doi:10.1109/CVPR.2016.90.
#[must_use]
pub fn residual(input: Shape, filters: &[usize], classes: usize) -> NetworkSpec {
    let mut layers = Builder(Vec::new());
    let mut width = filters.first().copied().unwrap_or(input.c);
    let mut trunk = INPUT.to_owned();
    if !filters.is_empty() {
        layers
            .add("stem.conv", conv(width, 3, Padding::Same, false))
            .add("stem.norm", batch_norm())
            .add("stem.swish", activation(Function::Swish));
        trunk = "stem.swish".into();
    }
    for (i, &next) in (1..).zip(filters) {
        if i > 1 {
            layers.add(format!("stage{i}.pool"), HALVE);
            trunk = format!("stage{i}.pool");
        }
        residual_block(&mut layers, &format!("stage{i}"), &mut trunk, width, next);
        width = next;
    }
    layers.mean_and_logits(classes);
    NetworkSpec { input, layers: layers.0 }
}

fn residual_block(layers: &mut Builder, stage: &str, trunk: &mut String, width: usize, filters: usize) {
    let name = |part: &str| format!("{stage}.{part}");
    layers
        .join(name("conv1"), conv(filters, 3, Padding::Same, false), &[trunk.as_str()])
        .add(name("norm1"), batch_norm())
        .add(name("swish1"), activation(Function::Swish))
        .add(name("conv2"), conv(filters, 3, Padding::Same, false))
        .add(name("norm2"), batch_norm());
    if width != filters {
        layers
            .join(name("widen"), conv(filters, 1, Padding::Same, false), &[trunk.as_str()])
            .add(name("widen_norm"), batch_norm());
        *trunk = name("widen_norm");
    }
    layers
        .join(name("add"), Op::Add, &[name("norm2").as_str(), trunk.as_str()])
        .add(name("swish2"), activation(Function::Swish));
    *trunk = name("swish2");
}

//! What each kind of operation does on the way forward and on the way back.

mod arrange;
mod conv;
mod curve;
mod dense;
mod elementwise;
mod flatten;
mod multiply;
mod norm;
mod pool;
mod slopes;
mod windows;
mod within;

pub(crate) use arrange::{Beside, Margin};
pub(crate) use conv::{Conv, ConvModel, KernelGradient};
pub(crate) use curve::Curve;
pub(crate) use dense::Dense;
pub(crate) use elementwise::{Dropout, scramble};
pub(crate) use flatten::Flatten;
pub(crate) use multiply::Multiply;
pub(crate) use norm::{Moments, NormModel, Normalize, Rescale, Statistics};
pub(crate) use pool::{Pool, PoolKind};
pub(crate) use slopes::Slopes;
pub(crate) use windows::{Depthwise, Rectangles, Windows};
pub(crate) use within::{PartNorm, Parts, Softmax};

use kernels::Kernels;

use crate::plan::Wires;
use crate::store::Store;
use crate::weights::Weights;

/// A kind of operation with its settings.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Conv(Conv),
    Depthwise(Depthwise),
    KernelGradient(KernelGradient),
    Moments(Moments),
    Statistics(Statistics),
    Rescale(Rescale),
    Normalize(Normalize),
    Curve(Curve),
    PartNorm(PartNorm),
    Softmax(Softmax),
    Slopes(Slopes),
    Pool(Pool),
    Rectangles(Rectangles),
    Dropout(Dropout),
    Add,
    Multiply(Multiply),
    Beside(Beside),
    Pad(Margin),
    Crop(Margin),
    /// Several readers of one value: forward nothing, backward the sum of their gradients.
    Fork,
    Flatten(Flatten),
    Dense(Dense),
}

/// What is the same for all packs while they are computed side by side.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) kernels: Kernels,
    pub(crate) convs: &'a [ConvModel],
    pub(crate) norms: &'a [NormModel],
    /// Of what reads them where they are.
    pub(crate) weights: &'a Weights,
    /// Key of this step's dropout; none: nothing is dropped.
    pub(crate) mask: Option<u64>,
}

impl Kind {
    /// Whether one store is all that it needs.
    pub(crate) fn is_local(&self) -> bool {
        !matches!(self, Kind::KernelGradient(_) | Kind::Statistics(_) | Kind::Flatten(_) | Kind::Dense(_))
    }

    /// Whether it takes images and gives features.
    pub(crate) fn is_flattening(&self) -> bool {
        matches!(self, Kind::Flatten(_))
    }

    /// Whether it needs the gradient of its output even when its input needs none.
    pub(crate) fn has_parameters(&self) -> bool {
        matches!(self, Kind::Conv(_) | Kind::Dense(_)) || self.shares().is_some()
    }

    /// Which of a store's shares of gradients are those of an operation that is not a convolution of all channels; the
    /// tensors that they are of, and their lengths.
    pub(crate) fn shares(&self) -> Option<(usize, Vec<(usize, usize)>)> {
        match self {
            Kind::Depthwise(conv) => {
                let bias = conv.bias.map(|bias| (bias, conv.filters()));
                let kernel = (conv.kernel, conv.weights());
                Some((conv.share, std::iter::once(kernel).chain(bias).collect()))
            }
            Kind::PartNorm(norm) => {
                let c = norm.parts.shape.c;
                Some((norm.share, vec![(norm.gamma, c), (norm.beta, c)]))
            }
            Kind::Slopes(slopes) => Some((slopes.share, vec![(slopes.alpha, slopes.weights())])),
            _ => None,
        }
    }

    /// Computes the output of a local operation.
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        match self {
            Kind::Conv(conv) => conv.forward(context, wires, store),
            Kind::Depthwise(conv) => conv.forward(context, wires, store),
            Kind::Moments(moments) => moments.forward(context, wires, store),
            Kind::Normalize(normalize) => normalize.forward(context, wires, store),
            Kind::Curve(curve) => curve.forward(wires, store),
            Kind::PartNorm(norm) => norm.forward(context, wires, store),
            Kind::Softmax(softmax) => softmax.forward(context, wires, store),
            Kind::Slopes(slopes) => slopes.forward(context, wires, store),
            Kind::Pool(pool) => pool.forward(context, wires, store),
            Kind::Rectangles(pool) => pool.forward(context, wires, store),
            Kind::Dropout(dropout) => dropout.forward(context, wires, store),
            Kind::Add => elementwise::add_forward(context, wires, store),
            Kind::Multiply(multiply) => multiply.forward(context, wires, store),
            Kind::Beside(beside) => beside.forward(wires, store),
            Kind::Pad(margin) => margin.add(wires, store),
            Kind::Crop(margin) => margin.remove(wires, store),
            Kind::Fork
            | Kind::Rescale(_)
            | Kind::KernelGradient(_)
            | Kind::Statistics(_)
            | Kind::Flatten(_)
            | Kind::Dense(_) => {}
        }
    }

    /// Computes the gradients of the inputs and parameters of a local operation.
    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        match self {
            Kind::Conv(conv) => conv.backward(context, wires, store),
            Kind::Depthwise(conv) => conv.backward(context, wires, store),
            Kind::Moments(moments) => moments.backward(context, wires, store),
            Kind::Rescale(rescale) => rescale.backward(context, wires, store),
            Kind::Normalize(normalize) => normalize.backward(context, wires, store),
            Kind::Curve(curve) => curve.backward(wires, store),
            Kind::PartNorm(norm) => norm.backward(context, wires, store),
            Kind::Softmax(softmax) => softmax.backward(context, wires, store),
            Kind::Slopes(slopes) => slopes.backward(context, wires, store),
            Kind::Pool(pool) => pool.backward(context, wires, store),
            Kind::Rectangles(pool) => pool.backward(context, wires, store),
            Kind::Dropout(dropout) => dropout.backward(context, wires, store),
            Kind::Add => elementwise::add_backward(wires, store),
            Kind::Multiply(multiply) => multiply.backward(context, wires, store),
            Kind::Beside(beside) => beside.backward(wires, store),
            Kind::Pad(margin) => margin.add_backward(wires, store),
            Kind::Crop(margin) => margin.remove_backward(wires, store),
            Kind::Fork => elementwise::fork_backward(context, wires, store),
            Kind::KernelGradient(_) | Kind::Statistics(_) | Kind::Flatten(_) | Kind::Dense(_) => {}
        }
    }
}

//! What to run in which order, and which buffers it reads and writes.
//!
//! Operations that work on one pack alone are *local*: the engine runs as many of them in a row as there are, pack by
//! pack. Where a sum over the batch or a product over all samples is needed (batch statistics, flattening, dense
//! layers) the packs wait for each other. Walking the list backwards gives the gradients.

mod build;
mod slots;

use kernels::Conv;

pub(crate) use build::plan;
pub(crate) use slots::Slots;

use crate::blocks::Kind;

/// What the plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// To learn: statistics of the batch, dropout, gradients of the parameters.
    Training,
    /// To apply: moving statistics, folded into the convolutions; no gradients.
    Inference,
    /// To ask what an output depends on: moving statistics, gradients of the input and of the output of one layer.
    Explaining { layer: Option<usize> },
}

/// Where a value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// An image per sample, in each pack's own store.
    Pack,
    /// Features of the whole batch, `[units][n]`.
    Flat,
}

/// The buffers of one operation, by number within its place.
#[derive(Debug, Clone)]
pub(crate) struct Wires {
    /// Values it reads.
    pub(crate) x: Vec<usize>,
    /// The value it writes, possibly the one that it reads.
    pub(crate) y: usize,
    /// Gradients that go with `x`, where they are wanted.
    pub(crate) dx: Vec<Option<usize>>,
    /// The gradient that goes with `y`.
    pub(crate) dy: Option<usize>,
}

/// One operation.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    /// Number of the (first) layer that it computes.
    pub(crate) layer: usize,
    /// Where its input is.
    pub(crate) place: Place,
    pub(crate) wires: Wires,
    pub(crate) kind: Kind,
}

/// Sizes of the buffers of a store.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    /// The values.
    pub(crate) values: Slots,
    /// The gradients.
    pub(crate) gradients: Slots,
    /// Channels of each norm.
    pub(crate) sums: Vec<usize>,
    /// Lengths of a pack's shares of the gradients of each convolution's kernel and bias.
    pub(crate) convs: Vec<[usize; 2]>,
}

/// A convolution, and 0 for its kernel's or 1 for its bias' gradient.
pub(crate) type Share = (usize, usize);

/// One convolution and where its parameters are among the tensors.
#[derive(Debug, Clone)]
pub(crate) struct ConvPlan {
    pub(crate) conv: Conv,
    pub(crate) kernel: usize,
    pub(crate) bias: Option<usize>,
    /// The batch norm that inference folds into it.
    pub(crate) folded: Option<BatchNormPlan>,
    /// Whether inference replaces what is below 0 by 0 in the same pass.
    pub(crate) rectified: bool,
}

/// One batch norm: where its parameters are among the tensors, and its settings.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchNormPlan {
    pub(crate) gamma: usize,
    pub(crate) beta: usize,
    pub(crate) mean: usize,
    pub(crate) variance: usize,
    pub(crate) epsilon: f32,
    pub(crate) momentum: f32,
}

/// One pass of normalising, activating and pooling.
#[derive(Debug, Clone)]
pub(crate) struct NormPlan {
    pub(crate) channels: usize,
    /// Values per channel and sample.
    pub(crate) pixels: usize,
    /// None: it scales by what is constant.
    pub(crate) batch_norm: Option<BatchNormPlan>,
    /// Scale and offset where there is no batch norm.
    pub(crate) constant: [f32; 2],
}

/// A network ready to be run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) mode: Mode,
    pub(crate) ops: Vec<Op>,
    pub(crate) packs: Layout,
    pub(crate) flat: Layout,
    pub(crate) convs: Vec<ConvPlan>,
    pub(crate) norms: Vec<NormPlan>,
    /// Per tensor: the shares whose sum over the packs is its gradient.
    pub(crate) shares: Vec<Option<Share>>,
    /// Flat value with the logits, and its gradient.
    pub(crate) output: usize,
    pub(crate) output_gradient: Option<usize>,
    /// Flat value that the last dense layer reads.
    pub(crate) features: usize,
    /// What explaining wants the gradient of.
    pub(crate) wanted: Wanted,
}

/// What explaining reads of each pack.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// Gradient of the input.
    pub(crate) input: Option<usize>,
    /// Output of the layer, and its gradient.
    pub(crate) layer: Option<(usize, usize)>,
}

//! Convolution, with or without bias.

use kernels::{ConvWeights, Kernels};
use rayon::prelude::*;

use super::Context;
use crate::Precision;
use crate::plan::{ConvPlan, Wires};
use crate::store::Store;
use crate::weights::Weights;

/// One convolution, by its number in the plan.
#[derive(Debug, Clone)]
pub(crate) struct Conv {
    pub(crate) conv: usize,
}

impl Conv {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let ConvModel { weights, bias, .. } = &context.convs[self.conv];
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        context.kernels.conv_forward(weights, bias.as_deref(), x, y);
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dy_number) = wires.dy else { return };
        let weights = &context.convs[self.conv].weights;
        let [kernel, bias] = &mut store.convs[self.conv];
        let dy = store.gradients.get(dy_number);
        if !kernel.is_empty() {
            kernel.fill(0.0);
            let x = store.values.get(wires.x[0]);
            context.kernels.conv_weight_gradient_in(weights.precision(), weights.conv(), x, dy, kernel);
        }
        if !bias.is_empty() {
            bias.fill(0.0);
            context.kernels.bias_gradient(weights.conv().output(), dy, bias);
        }
        if let Some(dx) = wires.dx[0] {
            let (dy, dx) = store.gradients.pair(dy_number, dx);
            context.kernels.conv_input_gradient(weights, dy, dx);
        }
    }
}

/// The gradient of a convolution's kernel where images are so small that it is better taken over all packs at once.
/// Comes before the convolution, so that on the way back all packs have their `dy`.
#[derive(Debug, Clone)]
pub(crate) struct KernelGradient {
    pub(crate) conv: kernels::Conv,
    pub(crate) kernel: usize,
}

/// Input channels that one task computes.
const CHANNELS: usize = 12;

impl KernelGradient {
    pub(crate) fn backward(&self, kernels: Kernels, wires: &Wires, packs: &[Store], dw: &mut [f32]) {
        let Some(dy) = wires.dy else { return };
        let conv = &self.conv;
        let pack = |p: usize| [packs[p].values.get(wires.x[0]), packs[p].gradients.get(dy)];
        dw.par_chunks_mut(conv.input.c * conv.filters).enumerate().for_each(|(tap, dw)| {
            let tap = [tap / conv.kernel[1], tap % conv.kernel[1]];
            dw.par_chunks_mut(CHANNELS * conv.filters).enumerate().for_each(|(block, dw)| {
                let first = block * CHANNELS;
                let range = first..first + dw.len() / conv.filters;
                kernels.conv_tap_gradient(conv, tap, range, packs.len(), pack, dw);
            });
        });
    }
}

/// Weights of a convolution as the kernels want them.
#[derive(Debug)]
pub(crate) struct ConvModel {
    weights: ConvWeights,
    bias: Option<Vec<f32>>,
    /// The kernel after folding.
    folded: Vec<f32>,
}

impl ConvModel {
    pub(crate) fn new(plan: &ConvPlan, precision: Precision) -> ConvModel {
        let has_bias = plan.bias.is_some() || plan.folded.is_some();
        let weights = ConvWeights::with_precision(plan.conv, precision.into());
        ConvModel {
            weights: if plan.rectified { weights.rectified() } else { weights },
            bias: has_bias.then(|| vec![0.0; plan.conv.filters]),
            folded: plan.folded.map(|_| vec![0.0; plan.conv.weights()]).unwrap_or_default(),
        }
    }

    /// Takes over the weights; a folded batch norm with scale `s` and shift `t` makes the kernel `s * kernel` and the
    /// bias `s * bias + t`.
    pub(crate) fn load(&mut self, plan: &ConvPlan, weights: &Weights) {
        let kernel = &weights.tensors[plan.kernel].data;
        if let Some(bias) = &mut self.bias {
            match plan.bias {
                Some(tensor) => bias.copy_from_slice(&weights.tensors[tensor].data),
                None => bias.fill(0.0),
            }
        }
        let Some(norm) = plan.folded else { return self.weights.set(kernel) };
        let affine = |c: usize| norm.moving_affine(weights, c);
        for (i, (folded, w)) in self.folded.iter_mut().zip(kernel).enumerate() {
            *folded = affine(i % plan.conv.filters).0 * w;
        }
        for (c, bias) in self.bias.iter_mut().flatten().enumerate() {
            let (scale, shift) = affine(c);
            *bias = scale * *bias + shift;
        }
        self.weights.set(&self.folded);
    }
}

//! Convolution, with or without bias.

use kernels::ConvWeights;

use super::Context;
use crate::plan::{ConvPlan, Wires};
use crate::store::Store;
use crate::weights::Weights;

/// One convolution, by its number in the plan.
#[derive(Debug, Clone)]
pub(crate) struct Conv {
    pub(crate) conv: usize,
    pub(crate) has_bias: bool,
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
        kernel.fill(0.0);
        context.kernels.conv_weight_gradient(weights.conv(), store.values.get(wires.x[0]), dy, kernel);
        if self.has_bias {
            bias.fill(0.0);
            context.kernels.bias_gradient(weights.conv().output(), dy, bias);
        }
        if let Some(dx) = wires.dx[0] {
            let (dy, dx) = store.gradients.pair(dy_number, dx);
            context.kernels.conv_input_gradient(weights, dy, dx);
        }
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
    pub(crate) fn new(plan: &ConvPlan) -> ConvModel {
        let has_bias = plan.bias.is_some() || plan.folded.is_some();
        ConvModel {
            weights: ConvWeights::new(plan.conv),
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

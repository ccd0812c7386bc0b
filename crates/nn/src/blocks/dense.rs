//! Dense layers, computed in fixed blocks of units.

use kernels::{Buffer, Kernels};
use rayon::prelude::*;

use crate::plan::Wires;
use crate::store::Store;
use crate::weights::Weights;

/// A dense layer and where its parameters are among the tensors.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    pub(crate) dense: kernels::Dense,
    pub(crate) kernel: usize,
    pub(crate) bias: Option<usize>,
}

/// Outputs, and inputs on the way back, that one task computes.
const OUTPUTS: usize = 64;
const INPUTS: usize = 32;

impl Dense {
    /// All outputs by the calling thread.
    pub(crate) fn forward_alone(&self, kernels: Kernels, wires: &Wires, weights: &Weights, flat: &mut Store) {
        let n = flat.lanes;
        let bias = self.bias.map(|bias| weights.tensors[bias].data.as_slice());
        let (x, y) = flat.values.pair(wires.x[0], wires.y);
        let w = &weights.tensors[self.kernel].data;
        kernels.dense_forward(self.dense, n, w, bias, x, 0..self.dense.outputs, y);
    }

    pub(crate) fn forward(&self, kernels: Kernels, wires: &Wires, weights: &Weights, flat: &mut Store) {
        let (dense, n) = (self.dense, flat.lanes);
        let w = &weights.tensors[self.kernel].data;
        let bias = self.bias.map(|bias| weights.tensors[bias].data.as_slice());
        let (x, y) = flat.values.pair(wires.x[0], wires.y);
        y.par_chunks_mut(OUTPUTS * n).enumerate().for_each(|(block, y)| {
            let first = block * OUTPUTS;
            kernels.dense_forward(dense, n, w, bias, x, first..first + y.len() / n, y);
        });
    }

    /// Gradients of the parameters, where `gradients` has room for them, and of the input.
    pub(crate) fn backward(
        &self,
        kernels: Kernels,
        wires: &Wires,
        weights: &Weights,
        flat: &mut Store,
        gradients: &mut [Buffer],
    ) {
        let Some(dy_number) = wires.dy else { return };
        let (dense, n) = (self.dense, flat.lanes);
        let (x, dy) = (flat.values.get(wires.x[0]), flat.gradients.get(dy_number));
        if let Some(bias) = self.bias.filter(|&bias| !gradients[bias].is_empty()) {
            gradients[bias].fill(0.0);
            kernels.dense_bias_gradient(n, dy, &mut gradients[bias]);
        }
        gradients[self.kernel].par_chunks_mut(INPUTS * dense.outputs).enumerate().for_each(|(block, dw)| {
            let first = block * INPUTS;
            kernels.dense_weight_gradient(dense, n, x, dy, first..first + dw.len() / dense.outputs, dw);
        });
        let Some(dx) = wires.dx[0] else { return };
        let w = &weights.tensors[self.kernel].data;
        let (dy, dx) = flat.gradients.pair(dy_number, dx);
        dx.par_chunks_mut(INPUTS * n).enumerate().for_each(|(block, dx)| {
            let first = block * INPUTS;
            kernels.dense_input_gradient(dense, n, w, dy, first..first + dx.len() / n, dx);
        });
    }
}

//! The elementwise functions between two layers.

use crate::Kernels;
use crate::generic::elementwise::{Apply, ApplyBackward};
use crate::generic::function::with_function;

/// A function applied to each value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Activation {
    /// `z`.
    Identity,
    /// `max(z, 0)`; the derivative at 0 is 0.
    Relu,
    /// `z / (1 + exp(-z))`, also named SiLU.
    Swish,
    /// `z * Phi(z)` with the normal distribution function `Phi`: the exact form, not the one with `tanh`.
    Gelu,
    /// `1 / (1 + exp(-z))`.
    Sigmoid,
    /// `tanh(z)`, as `2 / (1 + exp(-2 z)) - 1`: to 1e-7, not relative to small values.
    Tanh,
    /// `z` above 0, else `slope * z`.
    LeakyRelu {
        /// Slope below 0.
        slope: f32,
    },
    /// `z` above 0, else `alpha * (exp(z) - 1)`.
    Elu {
        /// Minus the limit below 0.
        alpha: f32,
    },
    /// `min(max(z, 0), limit)`; the derivative at 0 and at the limit is 0.
    ClippedRelu {
        /// Largest value.
        limit: f32,
    },
}

impl Kernels {
    /// `y = act(z)`, value by value.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn activation(self, act: Activation, z: &[f32], y: &mut [f32]) {
        assert_eq!(z.len(), y.len());
        with_function!(act, function => self.run(Apply { function, z, y }));
    }

    /// `dz = act'(z) * dy`, value by value.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn activation_backward(self, act: Activation, z: &[f32], dy: &[f32], dz: &mut [f32]) {
        assert_eq!(z.len(), dy.len());
        assert_eq!(z.len(), dz.len());
        with_function!(act, function => self.run(ApplyBackward { function, z, dy, dz }));
    }
}

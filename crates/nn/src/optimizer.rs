//! How weights follow gradients.

use kernels::Kernels;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The rule by which weights are changed. Weight decay is decoupled from the gradient and applies to kernels only: each
/// step takes off `learning rate * weight_decay` of the weight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// Adaptive moments. With `g` the gradient, at step `t` from 1: `m += (1 - beta1)(g - m)`,
    /// `v += (1 - beta2)(g^2 - v)`, `w -= rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)`, which is
    /// Keras' arithmetic.
    ///
    /// # Source
    /// Kingma & Ba 2015, arXiv:1412.6980; Loshchilov & Hutter 2019, arXiv:1711.05101 for the decay.
    Adam {
        /// Decay of the mean gradient, usually 0.9.
        beta1: f32,
        /// Decay of the mean squared gradient, usually 0.999.
        beta2: f32,
        /// Added to the root of the mean squared gradient, 1e-7 in Keras.
        epsilon: f32,
        /// Decoupled weight decay.
        weight_decay: f32,
    },
    /// Gradient descent, with momentum when it is above 0.
    Sgd {
        /// Share of the velocity that is kept.
        momentum: f32,
        /// Look ahead along the velocity (Nesterov).
        nesterov: bool,
        /// Decoupled weight decay.
        weight_decay: f32,
    },
}

impl Default for Optimizer {
    fn default() -> Self {
        Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 }
    }
}

/// How gradients that are too long are shortened.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Clip {
    /// Not at all.
    #[default]
    None,
    /// All gradients by one factor, so that their common Euclidean norm is at most `norm`.
    Global {
        /// Largest norm.
        norm: f32,
    },
    /// Each array by itself, so that its Euclidean norm is at most `norm`.
    PerVariable {
        /// Largest norm.
        norm: f32,
    },
}

impl Optimizer {
    /// All settings out of range, as text; empty when there is none.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut require = |met: bool, name: &str, range: &str, found: f32| {
            if !met {
                mistakes.push(format!("{name}: expected {range}, found {found}"));
            }
        };
        let share = |x: f32| (0.0..1.0).contains(&x);
        let decay = match *self {
            Optimizer::Adam { beta1, beta2, epsilon, weight_decay } => {
                require(share(beta1), "beta1", "0 up to but not including 1", beta1);
                require(share(beta2), "beta2", "0 up to but not including 1", beta2);
                require(epsilon.is_finite() && epsilon > 0.0, "epsilon", "above 0", epsilon);
                weight_decay
            }
            Optimizer::Sgd { momentum, weight_decay, .. } => {
                require(share(momentum), "momentum", "0 up to but not including 1", momentum);
                weight_decay
            }
        };
        require(decay.is_finite() && decay >= 0.0, "weight_decay", "0 or more", decay);
        mistakes
    }

    /// Names of the arrays of state kept per parameter.
    pub(crate) fn slots(&self) -> &'static [&'static str] {
        match self {
            Optimizer::Adam { .. } => &["mean", "square"],
            Optimizer::Sgd { .. } => &["velocity"],
        }
    }

    /// Changes one array of weights by its gradient; `slots` are its state.
    pub(crate) fn apply(&self, now: Moment, decays: bool, w: &mut [f32], g: &[f32], slots: &mut [Vec<f32>]) {
        let Moment { kernels, step, rate } = now;
        match (*self, slots) {
            (Optimizer::Adam { beta1, beta2, epsilon, weight_decay }, [m, v]) => {
                let t = i32::try_from(step).unwrap_or(i32::MAX);
                let correction = (1.0 - f64::from(beta2).powi(t)).sqrt() / (1.0 - f64::from(beta1).powi(t));
                let decay = if decays { rate * weight_decay } else { 0.0 };
                let rate = (f64::from(rate) * correction) as f32;
                let hyper = kernels::Adam { rate, beta1, beta2, epsilon, decay };
                let parts = (
                    w.par_chunks_mut(PART),
                    g.par_chunks(PART),
                    m.par_chunks_mut(PART),
                    v.par_chunks_mut(PART),
                );
                parts.into_par_iter().for_each(|(w, g, m, v)| kernels.adam(&hyper, w, g, m, v));
            }
            (Optimizer::Sgd { momentum, nesterov, weight_decay }, [velocity]) => {
                let decay = if decays { rate * weight_decay } else { 0.0 };
                let hyper = kernels::Sgd { rate, momentum, nesterov, decay };
                let parts = (w.par_chunks_mut(PART), g.par_chunks(PART), velocity.par_chunks_mut(PART));
                parts.into_par_iter().for_each(|(w, g, velocity)| kernels.sgd(&hyper, w, g, velocity));
            }
            _ => unreachable!("the state has the slots of its optimizer"),
        }
    }
}

/// When and where a step is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) kernels: Kernels,
    /// Number of the step, from 1.
    pub(crate) step: u64,
    /// The learning rate.
    pub(crate) rate: f32,
}

/// Values that one task handles where each is computed on its own.
pub(crate) const PART: usize = 1 << 13;

/// Values that one task adds up. Sums are taken per chunk and then in order, so it is part of the arithmetic.
pub(crate) const CHUNK: usize = 1 << 15;

//! One step of an optimiser on a slice of parameters.

use crate::Kernels;

/// Settings of one step of Adam.
///
/// # Source
/// Kingma & Ba, <https://arxiv.org/abs/1412.6980>, as Keras does it: the bias corrections are in the rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adam {
    /// Rate of this step `t`, counted from 1: `rate * sqrt(1 - beta2^t) / (1 - beta1^t)`.
    pub rate: f32,
    /// Decay of the mean gradient, in 0..1.
    pub beta1: f32,
    /// Decay of the mean squared gradient, in 0..1.
    pub beta2: f32,
    /// Added to the root of the mean squared gradient.
    pub epsilon: f32,
    /// Share of each weight that is taken off before the step (the uncorrected rate times the weight decay); 0 for plain Adam.
    pub decay: f32,
}

/// Settings of one step of stochastic gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sgd {
    /// Rate of this step.
    pub rate: f32,
    /// Share of the velocity that is kept, in 0..1.
    pub momentum: f32,
    /// Whether the gradient is looked at after the momentum's step.
    pub nesterov: bool,
    /// Share of each weight that is taken off before the step (the rate times the weight decay).
    pub decay: f32,
}

impl Kernels {
    /// `w -= decay w; m += (1 - beta1) (g - m); v += (1 - beta2) (g^2 - v); w -= rate m / (sqrt(v) + epsilon)`.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn adam(self, hyper: &Adam, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32]) {
        assert_eq!(w.len(), g.len());
        assert_eq!(w.len(), m.len());
        assert_eq!(w.len(), v.len());
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m += (g - *m) * (1.0 - hyper.beta1);
            *v += (g * g - *v) * (1.0 - hyper.beta2);
            *w -= *w * hyper.decay;
            *w -= hyper.rate * *m / (v.sqrt() + hyper.epsilon);
        }
    }

    /// `w -= decay w; velocity = momentum velocity - rate g; w += velocity`, or
    /// `w += momentum velocity - rate g` with Nesterov's momentum.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn sgd(self, hyper: &Sgd, w: &mut [f32], g: &[f32], velocity: &mut [f32]) {
        assert_eq!(w.len(), g.len());
        assert_eq!(w.len(), velocity.len());
        for ((w, &g), velocity) in w.iter_mut().zip(g).zip(velocity) {
            let step = hyper.rate * g;
            *velocity = hyper.momentum * *velocity - step;
            *w -= *w * hyper.decay;
            *w += if hyper.nesterov { hyper.momentum * *velocity - step } else { *velocity };
        }
    }
}

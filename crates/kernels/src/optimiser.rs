//! One step of an optimiser on a slice of parameters.

use crate::Kernels;
use crate::vector::{Operation, Simd};

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
        self.run(AdamStep { hyper: *hyper, w, g, m, v });
    }

    /// `w -= decay w; velocity = momentum velocity - rate g; w += velocity`, or
    /// `w += momentum velocity - rate g` with Nesterov's momentum.
    ///
    /// # Panics
    /// When the lengths differ.
    pub fn sgd(self, hyper: &Sgd, w: &mut [f32], g: &[f32], velocity: &mut [f32]) {
        assert_eq!(w.len(), g.len());
        assert_eq!(w.len(), velocity.len());
        self.run(SgdStep { hyper: *hyper, w, g, velocity });
    }
}

struct AdamStep<'a> {
    hyper: Adam,
    w: &'a mut [f32],
    g: &'a [f32],
    m: &'a mut [f32],
    v: &'a mut [f32],
}

impl Operation for AdamStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Adam { rate, beta1, beta2, epsilon, decay } = self.hyper;
        for (((w, &g), m), v) in self.w.iter_mut().zip(self.g).zip(self.m).zip(self.v) {
            *m += (g - *m) * (1.0 - beta1);
            *v += (g * g - *v) * (1.0 - beta2);
            *w -= *w * decay;
            *w -= rate * *m / (v.sqrt() + epsilon);
        }
    }
}

struct SgdStep<'a> {
    hyper: Sgd,
    w: &'a mut [f32],
    g: &'a [f32],
    velocity: &'a mut [f32],
}

impl Operation for SgdStep<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let Sgd { rate, momentum, nesterov, decay } = self.hyper;
        for ((w, &g), velocity) in self.w.iter_mut().zip(self.g).zip(self.velocity) {
            let step = rate * g;
            *velocity = momentum * *velocity - step;
            *w -= *w * decay;
            *w += if nesterov { momentum * *velocity - step } else { *velocity };
        }
    }
}

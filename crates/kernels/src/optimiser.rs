//! One step of an optimiser on a slice of parameters.

use crate::Kernels;
use crate::layout::{Lanes, padded};
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
    fn run<S: Simd>(self, simd: S) {
        let step = AdamLanes::new(simd, self.hyper);
        let ((w, w_rest), (g, g_rest)) = (self.w.as_chunks_mut(), self.g.as_chunks());
        let ((m, m_rest), (v, v_rest)) = (self.m.as_chunks_mut(), self.v.as_chunks_mut());
        for ((w, g), (m, v)) in w.iter_mut().zip(g).zip(m.iter_mut().zip(v)) {
            step.apply(simd, w, g, m, v);
        }
        let [mut w, mut m, mut v] = [padded(w_rest), padded(m_rest), padded(v_rest)];
        step.apply(simd, &mut w, &padded(g_rest), &mut m, &mut v);
        w_rest.copy_from_slice(&w[..w_rest.len()]);
        m_rest.copy_from_slice(&m[..m_rest.len()]);
        v_rest.copy_from_slice(&v[..v_rest.len()]);
    }
}

/// The settings of [`Adam`], each sixteen times.
struct AdamLanes<S: Simd> {
    rate: S::Vector,
    /// `1 - beta1` and `1 - beta2`.
    mean: S::Vector,
    square: S::Vector,
    epsilon: S::Vector,
    decay: S::Vector,
}

impl<S: Simd> AdamLanes<S> {
    #[inline(always)]
    fn new(simd: S, hyper: Adam) -> Self {
        let Adam { rate, beta1, beta2, epsilon, decay } = hyper;
        AdamLanes {
            rate: simd.splat(rate),
            mean: simd.splat(1.0 - beta1),
            square: simd.splat(1.0 - beta2),
            epsilon: simd.splat(epsilon),
            decay: simd.splat(decay),
        }
    }

    #[inline(always)]
    fn apply(&self, simd: S, w: &mut Lanes, g: &Lanes, m: &mut Lanes, v: &mut Lanes) {
        let (old, g) = (simd.load(w), simd.load(g));
        let (mean, square) = (simd.load(m), simd.load(v));
        let mean = simd.add(mean, simd.mul(simd.sub(g, mean), self.mean));
        let square = simd.add(square, simd.mul(simd.sub(simd.mul(g, g), square), self.square));
        let kept = simd.sub(old, simd.mul(old, self.decay));
        let step = simd.div(simd.mul(self.rate, mean), simd.add(simd.sqrt(square), self.epsilon));
        simd.store(mean, m);
        simd.store(square, v);
        simd.store(simd.sub(kept, step), w);
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

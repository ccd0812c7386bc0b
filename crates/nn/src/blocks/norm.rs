//! Batch norm in three operations, so that packs wait for each other only where they must.
//! By moving statistics or constants, [`Normalize`] is all there is on the way forward, and [`Rescale`] takes its gradient
//! back.
//!
//! | | forward | backward |
//! |---|---|---|
//! | [`Moments`], per pack | sums of `x` and `x^2` | `dx = a dz + b x + d` |
//! | [`Statistics`], all packs | mean and variance; scale and shift | gradients of gamma and beta; `a`, `b`, `d` |
//! | [`Normalize`], per pack | `y = pool(act(scale x + shift))` | `dz`, and sums of `dz` and `dz x` |
//!
//! With `N` values per channel, `r = sqrt(variance + epsilon)`, `s = gamma / r` and `x' = (x - mean) / r`:
//! `dbeta = sum dz`, `dgamma = sum dz x'` and `dx = s (dz - dbeta / N - x' dgamma / N)`.

use kernels::{Activation, Buffer, LANES, Shape};

use super::Context;
use crate::plan::{BatchNormPlan, NormPlan, Wires};
use crate::store::{Store, clear_padding};
use crate::weights::{Tensor, Weights};

/// Padding lanes are zero wherever sums are taken.
const ALL_LANES: [f32; LANES] = [1.0; LANES];

/// A store of features has one pixel per pack: `[units][n]` is an image `[1][units][packs][16]`.
fn across(shape: Shape, store: &Store) -> Shape {
    Shape { w: shape.w * (store.lanes / LANES), ..shape }
}

/// Sums for the statistics of the batch.
#[derive(Debug, Clone)]
pub(crate) struct Moments {
    pub(crate) norm: usize,
    pub(crate) shape: Shape,
}

impl Moments {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (shape, lanes, real) = (across(self.shape, store), store.lanes, store.real);
        let x = store.values.get_mut(wires.y);
        clear_padding(x, lanes, real);
        let sums = &mut store.sums[self.norm];
        sums.first.fill(0.0);
        sums.second.fill(0.0);
        context.kernels.channel_moments(shape, x, &ALL_LANES, &mut sums.first, &mut sums.second);
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dx) = wires.dx[0] else { return };
        let NormModel { a, b, d, .. } = &context.norms[self.norm];
        let (shape, lanes, real) = (across(self.shape, store), store.lanes, store.real);
        let dz = store.gradients.get_mut(dx);
        context.kernels.affine_combine(shape, store.values.get(wires.x[0]), a, b, d, dz);
        clear_padding(dz, lanes, real);
    }
}

/// The way back through a scale that does not depend on the batch: forward nothing, backward `dx = scale dz`.
#[derive(Debug, Clone)]
pub(crate) struct Rescale {
    pub(crate) norm: usize,
    pub(crate) shape: Shape,
}

impl Rescale {
    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dx) = wires.dx[0] else { return };
        let NormModel { scale, .. } = &context.norms[self.norm];
        let shape = across(self.shape, store);
        let dz = store.gradients.get_mut(dx);
        let w = shape.w * LANES;
        for (row, dz) in dz.chunks_exact_mut(w).enumerate() {
            dz.iter_mut().for_each(|dz| *dz *= scale[row % shape.c]);
        }
    }
}

/// One pass of scaling, activating and pooling.
#[derive(Debug, Clone)]
pub(crate) struct Normalize {
    pub(crate) norm: usize,
    pub(crate) shape: Shape,
    pub(crate) activation: Activation,
    /// Side of the max-pool's window; 1: none.
    pub(crate) pool: usize,
}

impl Normalize {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let NormModel { scale, shift, .. } = &context.norms[self.norm];
        let shape = across(self.shape, store);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        if self.pool > 1 {
            let kernels = context.kernels;
            kernels.affine_activation_max_pool(shape, x, scale, shift, self.activation, self.pool, y);
        } else {
            context.kernels.affine_activation(shape, x, scale, shift, self.activation, y);
        }
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dz)) = (wires.dy, wires.dx[0]) else { return };
        let NormModel { scale, shift, .. } = &context.norms[self.norm];
        let shape = across(self.shape, store);
        let (dy, dz) = store.gradients.pair(dy, dz);
        let sums = &mut store.sums[self.norm];
        sums.first.fill(0.0);
        sums.second.fill(0.0);
        context.kernels.affine_activation_backward(
            shape,
            store.values.get(wires.x[0]),
            scale,
            shift,
            self.activation,
            self.pool,
            dy,
            &ALL_LANES,
            dz,
            &mut sums.first,
            &mut sums.second,
        );
    }
}

/// The sums of all stores become statistics.
#[derive(Debug, Clone)]
pub(crate) struct Statistics {
    pub(crate) norm: usize,
}

/// Figures of one norm, per channel.
#[derive(Debug)]
pub(crate) struct NormModel {
    scale: Vec<f32>,
    shift: Vec<f32>,
    /// Statistics of the batch: mean, biased variance, number of values.
    pub(crate) mean: Vec<f64>,
    pub(crate) variance: Vec<f64>,
    pub(crate) count: f64,
    a: Vec<f32>,
    b: Vec<f32>,
    d: Vec<f32>,
}

impl NormModel {
    pub(crate) fn new(plan: &NormPlan) -> NormModel {
        let of = |value: f32| vec![value; plan.channels];
        NormModel {
            scale: of(plan.constant[0]),
            shift: of(plan.constant[1]),
            mean: vec![0.0; plan.channels],
            variance: vec![0.0; plan.channels],
            count: 0.0,
            a: of(0.0),
            b: of(0.0),
            d: of(0.0),
        }
    }

    /// Normalises by the moving statistics.
    pub(crate) fn load(&mut self, plan: &NormPlan, weights: &Weights) {
        let Some(norm) = plan.batch_norm else { return };
        for c in 0..plan.channels {
            (self.scale[c], self.shift[c]) = norm.moving_affine(weights, c);
        }
    }

    /// Mean and variance of the batch from the sums of `stores`, in their order, and what follows from them.
    pub(crate) fn forward(&mut self, norm: usize, plan: &NormPlan, weights: &Weights, stores: &[Store]) {
        let Some(BatchNormPlan { gamma, beta, epsilon, .. }) = plan.batch_norm else { return };
        self.count = (stores.iter().map(|store| store.real).sum::<usize>() * plan.pixels) as f64;
        for c in 0..plan.channels {
            let (sum, squares) = totals(norm, stores, c);
            let mean = sum / self.count;
            // Rounding may make it slightly negative; NaN stays NaN.
            let variance = (squares / self.count - mean * mean).clamp(0.0, f64::INFINITY);
            let scale = f64::from(weights.tensors[gamma].data[c]) / (variance + f64::from(epsilon)).sqrt();
            (self.mean[c], self.variance[c]) = (mean, variance);
            self.scale[c] = scale as f32;
            self.shift[c] = (f64::from(weights.tensors[beta].data[c]) - mean * scale) as f32;
        }
    }

    /// Gradients of gamma and beta from the sums of `stores`, in their order, and the coefficients of [`Moments`].
    pub(crate) fn backward(
        &mut self,
        norm: usize,
        plan: &NormPlan,
        weights: &Weights,
        stores: &[Store],
        gradients: &mut [Buffer],
    ) {
        let Some(BatchNormPlan { gamma, beta, epsilon, .. }) = plan.batch_norm else { return };
        for (c, (&mean, &variance)) in self.mean.iter().zip(&self.variance).enumerate() {
            let (sum_dz, sum_dz_x) = totals(norm, stores, c);
            let inverse = 1.0 / (variance + f64::from(epsilon)).sqrt();
            let scale = f64::from(weights.tensors[gamma].data[c]) * inverse;
            let dgamma = (sum_dz_x - mean * sum_dz) * inverse;
            gradients[gamma][c] = dgamma as f32;
            gradients[beta][c] = sum_dz as f32;
            let slope = -scale * inverse * dgamma / self.count;
            self.a[c] = scale as f32;
            self.b[c] = slope as f32;
            self.d[c] = (-scale * sum_dz / self.count - slope * mean) as f32;
        }
    }

    /// Moves the moving statistics towards those of the batch.
    pub(crate) fn update_moving(&self, plan: &NormPlan, tensors: &mut [Tensor]) {
        let Some(BatchNormPlan { mean, variance, momentum, .. }) = plan.batch_norm else { return };
        let unbiased = self.count / (self.count - 1.0).max(1.0);
        let step = 1.0 - f64::from(momentum);
        for c in 0..plan.channels {
            let follow = |moving: &mut f32, batch: f64| {
                *moving = (f64::from(*moving) + step * (batch - f64::from(*moving))) as f32;
            };
            follow(&mut tensors[mean].data[c], self.mean[c]);
            follow(&mut tensors[variance].data[c], self.variance[c] * unbiased);
        }
    }
}

fn totals(norm: usize, stores: &[Store], channel: usize) -> (f64, f64) {
    stores.iter().fold((0.0, 0.0), |(first, second), store| {
        let sums = &store.sums[norm];
        (first + sums.first[channel], second + sums.second[channel])
    })
}

impl BatchNormPlan {
    /// Scale and shift of a channel by the moving statistics.
    pub(crate) fn moving_affine(&self, weights: &Weights, channel: usize) -> (f32, f32) {
        let of = |tensor: usize| f64::from(weights.tensors[tensor].data[channel]);
        let scale = of(self.gamma) / (of(self.variance) + f64::from(self.epsilon)).sqrt();
        (scale as f32, (of(self.beta) - of(self.mean) * scale) as f32)
    }
}

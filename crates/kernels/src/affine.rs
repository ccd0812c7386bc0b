//! Batch norm, activation and max pooling in one pass over memory, forward and backward.

use crate::layout::{LANES, Lanes, Shape};
use crate::{Activation, Kernels};

impl Kernels {
    /// Adds, for each channel, the sum and the sum of squares over pixels and cells, each cell counted with its
    /// weight (0 for padding lanes).
    ///
    /// # Shapes
    /// `x` a pack of `shape`; `sum` and `sum_of_squares` `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn channel_moments(
        self,
        shape: Shape,
        x: &[f32],
        lane_weights: &Lanes,
        sum: &mut [f64],
        sum_of_squares: &mut [f64],
    ) {
        check(shape, x.len(), [sum.len(), sum_of_squares.len()]);
        for (i, x) in x.iter().enumerate() {
            let (c, x) = (channel(shape, i), f64::from(*x));
            let weight = f64::from(lane_weights[i % LANES]);
            sum[c] += weight * x;
            sum_of_squares[c] += weight * x * x;
        }
    }

    /// `y = act(x * scale[c] + shift[c])`.
    ///
    /// # Shapes
    /// `x` and `y` packs of `shape`; `scale` and `shift` `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn affine_activation(
        self,
        shape: Shape,
        x: &[f32],
        scale: &[f32],
        shift: &[f32],
        act: Activation,
        y: &mut [f32],
    ) {
        self.affine_activation_max_pool(shape, x, scale, shift, act, 1, y);
    }

    /// [`Kernels::affine_activation`], then the maximum of each square of `pool` by `pool` pixels; rows and columns
    /// that fill no square are left out.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` a pack of `{h / pool, w / pool, c}`; `scale` and `shift` `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    #[expect(clippy::too_many_arguments, reason = "the operands of one pass, each of its own kind")]
    pub fn affine_activation_max_pool(
        self,
        shape: Shape,
        x: &[f32],
        scale: &[f32],
        shift: &[f32],
        act: Activation,
        pool: usize,
        y: &mut [f32],
    ) {
        check(shape, x.len(), [scale.len(), shift.len()]);
        let output = pooled(shape, pool);
        assert_eq!(y.len(), output.pack_len(), "y");
        y.fill(f32::NEG_INFINITY);
        for (i, &x) in x.iter().enumerate() {
            let c = channel(shape, i);
            if let Some(to) = pooled_position(shape, output, pool, i) {
                y[to] = y[to].max(act.pair(x * scale[c] + shift[c]).0);
            }
        }
    }

    /// The backward pass of the two methods above: recomputes `z = x * scale[c] + shift[c]`, writes
    /// `dz = act'(z) * dy` (with `pool > 1` only at the first maximum of each square, 0 elsewhere) and adds, for each
    /// channel, the sums of `dz` and of `dz * x` over pixels and cells, each cell counted with its weight.
    ///
    /// # Shapes
    /// `x` and `dz` packs of `shape`, `dy` a pack of `{h / pool, w / pool, c}`; the others `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    #[expect(clippy::too_many_arguments, reason = "the operands of one pass, each of its own kind")]
    pub fn affine_activation_backward(
        self,
        shape: Shape,
        x: &[f32],
        scale: &[f32],
        shift: &[f32],
        act: Activation,
        pool: usize,
        dy: &[f32],
        lane_weights: &Lanes,
        dz: &mut [f32],
        sum_dz: &mut [f64],
        sum_dz_x: &mut [f64],
    ) {
        check(shape, x.len(), [scale.len(), shift.len()]);
        check(shape, dz.len(), [sum_dz.len(), sum_dz_x.len()]);
        let output = pooled(shape, pool);
        assert_eq!(dy.len(), output.pack_len(), "dy");
        dz.fill(0.0);
        for (at, &dy) in dy.iter().enumerate() {
            let (mut best, mut first) = (f32::NEG_INFINITY, None);
            let (oy, ox) = (at / LANES / (output.w * output.c), at / LANES % output.w);
            let c = channel(output, at);
            for k in 0..pool * pool {
                let from = shape.at(oy * pool + k / pool, c, ox * pool + k % pool) * LANES + at % LANES;
                let (value, slope) = act.pair(x[from] * scale[c] + shift[c]);
                if value > best {
                    (best, first) = (value, Some((from, slope)));
                }
            }
            if let Some((from, slope)) = first {
                dz[from] = slope * dy;
                let weighted = f64::from(lane_weights[at % LANES]) * f64::from(dz[from]);
                sum_dz[c] += weighted;
                sum_dz_x[c] += weighted * f64::from(x[from]);
            }
        }
    }

    /// `dz = a[c] * dz + b[c] * x + d[c]`: the second pass of batch norm's backward, in place.
    ///
    /// # Shapes
    /// `x` and `dz` packs of `shape`; the others `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn affine_combine(self, shape: Shape, x: &[f32], a: &[f32], b: &[f32], d: &[f32], dz: &mut [f32]) {
        check(shape, x.len(), [a.len(), b.len()]);
        check(shape, dz.len(), [d.len(), d.len()]);
        for (i, (dz, x)) in dz.iter_mut().zip(x).enumerate() {
            let c = channel(shape, i);
            *dz = a[c] * *dz + b[c] * x + d[c];
        }
    }
}

fn check(shape: Shape, pack: usize, channels: [usize; 2]) {
    assert_eq!(pack, shape.pack_len(), "pack");
    assert_eq!(channels, [shape.c; 2], "channels");
}

fn pooled(shape: Shape, pool: usize) -> Shape {
    assert!(pool > 0, "pool of 0 pixels");
    Shape { h: shape.h / pool, w: shape.w / pool, c: shape.c }
}

fn channel(shape: Shape, i: usize) -> usize {
    i / (shape.w * LANES) % shape.c
}

fn pooled_position(shape: Shape, output: Shape, pool: usize, i: usize) -> Option<usize> {
    let (y, x) = (i / LANES / (shape.w * shape.c) / pool, i / LANES % shape.w / pool);
    (y < output.h && x < output.w).then(|| output.at(y, channel(shape, i), x) * LANES + i % LANES)
}

//! Batch norm, activation and max pooling in one pass over memory, forward and backward.

use crate::generic::affine::{Affine, Backward, Combine, Forward, Moments};
use crate::generic::function::with_function;
use crate::layout::{Lanes, Shape, lanes, lanes_mut};
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
        self.run(Moments { shape, x: lanes(x), lane_weights, sum, sum_of_squares });
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
        with_function!(act, function => {
            let affine = Affine { shape, scale, shift, function };
            self.run(Forward { affine, pool, x: lanes(x), y: lanes_mut(y) });
        });
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
        let (x, dy, dz) = (lanes(x), lanes(dy), lanes_mut(dz));
        with_function!(act, function => {
            let affine = Affine { shape, scale, shift, function };
            self.run(Backward { affine, pool, x, dy, lane_weights, dz, sum_dz, sum_dz_x });
        });
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
        self.run(Combine { shape, x: lanes(x), a, b, d, dz: lanes_mut(dz) });
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

//! Pooling of one pack, without padding.

use crate::Kernels;
use crate::generic::pool::{
    Average, AverageBackward, GlobalAverage, GlobalAverageBackward, Max, MaxBackward, Squares,
};
use crate::layout::{LANES, Shape, lanes, lanes_mut};

/// Shape after pooling squares of `size` pixels, `stride` pixels apart; squares that reach over the border are left out.
#[must_use]
pub fn pooled(shape: Shape, size: usize, stride: usize) -> Shape {
    let out = |n: usize| if n < size { 0 } else { (n - size) / stride + 1 };
    Shape { h: out(shape.h), w: out(shape.w), c: shape.c }
}

impl Kernels {
    /// The maximum of each square of `size` by `size` pixels, `stride` apart.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` a pack of [`pooled`]`(shape, size, stride)`.
    ///
    /// # Panics
    /// When a length does not fit, `size` or `stride` is 0.
    pub fn max_pool(self, shape: Shape, size: usize, stride: usize, x: &[f32], y: &mut [f32]) {
        check(shape, size, stride, x.len(), y.len());
        self.run(Max { squares: squares(shape, size, stride), x: lanes(x), y: lanes_mut(y) });
    }

    /// The backward pass of [`Kernels::max_pool`]: the gradient of each square goes to its first maximum (in the order
    /// of rows, then columns); overwrites `dx`.
    ///
    /// # Shapes
    /// `x` and `dx` packs of `shape`, `dy` a pack of [`pooled`]`(shape, size, stride)`.
    ///
    /// # Panics
    /// When a length does not fit, `size` or `stride` is 0.
    pub fn max_pool_backward(
        self,
        shape: Shape,
        size: usize,
        stride: usize,
        x: &[f32],
        dy: &[f32],
        dx: &mut [f32],
    ) {
        check(shape, size, stride, x.len(), dy.len());
        check(shape, size, stride, dx.len(), dy.len());
        let squares = squares(shape, size, stride);
        self.run(MaxBackward { squares, x: lanes(x), dy: lanes(dy), dx: lanes_mut(dx) });
    }

    /// The mean of each square of `size` by `size` pixels, `stride` apart.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` a pack of [`pooled`]`(shape, size, stride)`.
    ///
    /// # Panics
    /// When a length does not fit, `size` or `stride` is 0.
    pub fn average_pool(self, shape: Shape, size: usize, stride: usize, x: &[f32], y: &mut [f32]) {
        check(shape, size, stride, x.len(), y.len());
        self.run(Average { squares: squares(shape, size, stride), x: lanes(x), y: lanes_mut(y) });
    }

    /// The backward pass of [`Kernels::average_pool`]; overwrites `dx`.
    ///
    /// # Shapes
    /// `dx` a pack of `shape`, `dy` a pack of [`pooled`]`(shape, size, stride)`.
    ///
    /// # Panics
    /// When a length does not fit, `size` or `stride` is 0.
    pub fn average_pool_backward(self, shape: Shape, size: usize, stride: usize, dy: &[f32], dx: &mut [f32]) {
        check(shape, size, stride, dx.len(), dy.len());
        let squares = squares(shape, size, stride);
        self.run(AverageBackward { squares, dy: lanes(dy), dx: lanes_mut(dx) });
    }

    /// The mean over all pixels, for each channel and cell.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` `[c][16]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn global_average_pool(self, shape: Shape, x: &[f32], y: &mut [f32]) {
        assert_eq!(x.len(), shape.pack_len(), "x");
        assert_eq!(y.len(), shape.c * LANES, "y");
        self.run(GlobalAverage { shape, x: lanes(x), y: lanes_mut(y) });
    }

    /// The backward pass of [`Kernels::global_average_pool`]; overwrites `dx`.
    ///
    /// # Shapes
    /// `dy` `[c][16]`, `dx` a pack of `shape`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn global_average_pool_backward(self, shape: Shape, dy: &[f32], dx: &mut [f32]) {
        assert_eq!(dx.len(), shape.pack_len(), "dx");
        assert_eq!(dy.len(), shape.c * LANES, "dy");
        self.run(GlobalAverageBackward { shape, dy: lanes(dy), dx: lanes_mut(dx) });
    }
}

fn squares(shape: Shape, size: usize, stride: usize) -> Squares {
    Squares { shape, output: pooled(shape, size, stride), size, stride }
}

fn check(shape: Shape, size: usize, stride: usize, x: usize, y: usize) {
    assert!(size > 0 && stride > 0, "squares of {size} pixels, {stride} apart");
    assert_eq!(x, shape.pack_len(), "x");
    assert_eq!(y, pooled(shape, size, stride).pack_len(), "y");
}

//! Pooling of one pack.

use crate::Kernels;
use crate::convolution::Padding;
use crate::generic::pool::{
    Average, AverageBackward, Cover, GlobalAverage, GlobalAverageBackward, Max, MaxBackward,
};
use crate::layout::{LANES, Shape, lanes, lanes_mut};

/// Squares of `size` by `size` pixels, `stride` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Squares {
    /// Side, pixels.
    pub size: usize,
    /// Step between squares along rows and columns.
    pub stride: usize,
    /// Whether squares that reach over the border are left out or cut there; with [`Padding::Same`] there are
    /// `ceil(length / stride)` along each axis, centred as well as whole pixels allow.
    pub padding: Padding,
}

impl Squares {
    /// Shape after pooling.
    #[must_use]
    pub fn output(self, shape: Shape) -> Shape {
        let out = |n: usize| match self.padding {
            Padding::Same => n.div_ceil(self.stride),
            Padding::Valid if n < self.size => 0,
            Padding::Valid => (n - self.size) / self.stride + 1,
        };
        Shape { h: out(shape.h), w: out(shape.w), c: shape.c }
    }

    /// How far the first squares reach over the border, rows and columns.
    fn before(self, shape: Shape) -> [usize; 2] {
        let output = self.output(shape);
        let along = |n: usize, out: usize| match self.padding {
            Padding::Same => ((out.max(1) - 1) * self.stride + self.size).saturating_sub(n) / 2,
            Padding::Valid => 0,
        };
        [along(shape.h, output.h), along(shape.w, output.w)]
    }
}

impl Kernels {
    /// The maximum of each square.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` a pack of [`Squares::output`]`(shape)`.
    ///
    /// # Panics
    /// When a length does not fit, or `size` or `stride` is 0.
    pub fn max_pool(self, shape: Shape, squares: Squares, x: &[f32], y: &mut [f32]) {
        check(shape, squares, x.len(), y.len());
        self.run(Max { cover: cover(shape, squares), x: lanes(x), y: lanes_mut(y) });
    }

    /// The backward pass of [`Kernels::max_pool`]: the gradient of each square goes to its first maximum (in the order
    /// of rows, then columns); overwrites `dx`.
    ///
    /// # Shapes
    /// `x` and `dx` packs of `shape`, `dy` a pack of [`Squares::output`]`(shape)`.
    ///
    /// # Panics
    /// When a length does not fit, or `size` or `stride` is 0.
    pub fn max_pool_backward(self, shape: Shape, squares: Squares, x: &[f32], dy: &[f32], dx: &mut [f32]) {
        check(shape, squares, x.len(), dy.len());
        check(shape, squares, dx.len(), dy.len());
        let cover = cover(shape, squares);
        self.run(MaxBackward { cover, x: lanes(x), dy: lanes(dy), dx: lanes_mut(dx) });
    }

    /// The mean of each square, of its pixels inside the image.
    ///
    /// # Shapes
    /// `x` a pack of `shape`, `y` a pack of [`Squares::output`]`(shape)`.
    ///
    /// # Panics
    /// When a length does not fit, or `size` or `stride` is 0.
    pub fn average_pool(self, shape: Shape, squares: Squares, x: &[f32], y: &mut [f32]) {
        check(shape, squares, x.len(), y.len());
        self.run(Average { cover: cover(shape, squares), x: lanes(x), y: lanes_mut(y) });
    }

    /// The backward pass of [`Kernels::average_pool`]; overwrites `dx`.
    ///
    /// # Shapes
    /// `dx` a pack of `shape`, `dy` a pack of [`Squares::output`]`(shape)`.
    ///
    /// # Panics
    /// When a length does not fit, or `size` or `stride` is 0.
    pub fn average_pool_backward(self, shape: Shape, squares: Squares, dy: &[f32], dx: &mut [f32]) {
        check(shape, squares, dx.len(), dy.len());
        let cover = cover(shape, squares);
        self.run(AverageBackward { cover, dy: lanes(dy), dx: lanes_mut(dx) });
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

fn cover(shape: Shape, squares: Squares) -> Cover {
    let Squares { size, stride, .. } = squares;
    Cover { shape, output: squares.output(shape), size, stride, before: squares.before(shape) }
}

fn check(shape: Shape, squares: Squares, x: usize, y: usize) {
    let Squares { size, stride, .. } = squares;
    assert!(size > 0 && stride > 0, "squares of {size} pixels, {stride} apart");
    assert_eq!(x, shape.pack_len(), "x");
    assert_eq!(y, squares.output(shape).pack_len(), "y");
}

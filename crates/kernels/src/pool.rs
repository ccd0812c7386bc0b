//! Pooling of one pack, without padding.

use crate::Kernels;
use crate::layout::{LANES, Shape};

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
        each_square(shape, size, stride, |at, square| {
            y[at] = square.fold(f32::NEG_INFINITY, |best, from| best.max(x[from]));
        });
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
        dx.fill(0.0);
        each_square(shape, size, stride, |at, square| {
            if let Some(first) = square.next() {
                let best = square.fold(first, |best, from| if x[from] > x[best] { from } else { best });
                dx[best] += dy[at];
            }
        });
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
        let share = 1.0 / (size * size) as f32;
        each_square(shape, size, stride, |at, square| {
            y[at] = square.map(|from| x[from]).sum::<f32>() * share;
        });
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
        let share = 1.0 / (size * size) as f32;
        dx.fill(0.0);
        each_square(shape, size, stride, |at, square| square.for_each(|from| dx[from] += share * dy[at]));
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
        let share = 1.0 / (shape.h * shape.w) as f32;
        y.fill(0.0);
        for (i, x) in x.iter().enumerate() {
            y[i / (shape.w * LANES) % shape.c * LANES + i % LANES] += x * share;
        }
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
        let share = 1.0 / (shape.h * shape.w) as f32;
        for (i, dx) in dx.iter_mut().enumerate() {
            *dx = dy[i / (shape.w * LANES) % shape.c * LANES + i % LANES] * share;
        }
    }
}

fn check(shape: Shape, size: usize, stride: usize, x: usize, y: usize) {
    assert!(size > 0 && stride > 0, "squares of {size} pixels, {stride} apart");
    assert_eq!(x, shape.pack_len(), "x");
    assert_eq!(y, pooled(shape, size, stride).pack_len(), "y");
}

/// Calls `f` with each output position and the input positions of its square.
fn each_square(
    shape: Shape,
    size: usize,
    stride: usize,
    mut f: impl FnMut(usize, &mut dyn Iterator<Item = usize>),
) {
    let output = pooled(shape, size, stride);
    for at in 0..output.pack_len() {
        let (group, lane) = (at / LANES, at % LANES);
        let (y, c, x) = (group / (output.w * output.c), group / output.w % output.c, group % output.w);
        f(
            at,
            &mut (0..size * size)
                .map(|k| shape.at(y * stride + k / size, c, x * stride + k % size) * LANES + lane),
        );
    }
}

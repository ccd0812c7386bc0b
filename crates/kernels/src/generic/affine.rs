//! Scale and shift per channel, activation and max pooling, in one pass over memory.

use std::ops::Range;

use crate::layout::{Lanes, Shape};
use crate::vector::{Operation, Simd};

use super::function::Function;
use super::sum::over_lanes;

/// Adds up values and squares per channel.
pub(crate) struct Moments<'a> {
    pub shape: Shape,
    pub x: &'a [Lanes],
    pub lane_weights: &'a Lanes,
    pub sum: &'a mut [f64],
    pub sum_of_squares: &'a mut [f64],
}

impl Operation for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let weights = simd.load(self.lane_weights);
        let Shape { h, w, c } = self.shape;
        for rows in groups_of_rows(h, w) {
            for channel in 0..c {
                let (mut sum, mut squares) = (simd.splat(0.0), simd.splat(0.0));
                for row in rows.clone() {
                    let from = self.shape.at(row, channel, 0);
                    for x in &self.x[from..from + w] {
                        let x = simd.load(x);
                        sum = simd.add(sum, x);
                        squares = simd.mul_add(x, x, squares);
                    }
                }
                self.sum[channel] += over_lanes(simd, simd.mul(sum, weights));
                self.sum_of_squares[channel] += over_lanes(simd, simd.mul(squares, weights));
            }
        }
    }
}

/// Rows of an image in groups of about 64 pixels: sums in `f32` are that long before they go on in `f64`, which for a
/// few pixels would take longer than the pixels themselves.
#[inline(always)]
fn groups_of_rows(h: usize, w: usize) -> impl Iterator<Item = Range<usize>> {
    let some = 64_usize.div_ceil(w.max(1));
    (0..h).step_by(some).map(move |first| first..h.min(first + some))
}

/// What is done to a value of channel `c`: `function(x * scale[c] + shift[c])`.
#[derive(Clone, Copy)]
pub(crate) struct Affine<'a, F> {
    pub shape: Shape,
    pub scale: &'a [f32],
    pub shift: &'a [f32],
    pub function: F,
}

impl<F> Affine<'_, F> {
    /// Scale and shift of a row of the image, rows being counted as `h * c`.
    #[inline(always)]
    fn of_row<S: Simd>(&self, simd: S, row: usize) -> (S::Vector, S::Vector) {
        let channel = row % self.shape.c;
        (simd.splat(self.scale[channel]), simd.splat(self.shift[channel]))
    }

    /// The shape after pooling squares of `pool` pixels.
    fn pooled(&self, pool: usize) -> Shape {
        let Shape { h, w, c } = self.shape;
        Shape { h: h / pool, w: w / pool, c }
    }
}

/// The forward pass, pooling squares of `pool` pixels.
pub(crate) struct Forward<'a, F> {
    pub affine: Affine<'a, F>,
    pub pool: usize,
    pub x: &'a [Lanes],
    pub y: &'a mut [Lanes],
}

impl<F: Function> Operation for Forward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.pool {
            1 => self.each(simd),
            2 => self.squares(simd, 2),
            pool => self.squares(simd, pool),
        }
    }
}

impl<F: Function> Forward<'_, F> {
    #[inline(always)]
    fn each<S: Simd>(self, simd: S) {
        let (affine, w) = (&self.affine, self.affine.shape.w.max(1));
        for (row, (x, y)) in self.x.chunks_exact(w).zip(self.y.chunks_exact_mut(w)).enumerate() {
            let (scale, shift) = affine.of_row(simd, row);
            for (x, y) in x.iter().zip(y) {
                let z = simd.mul_add(simd.load(x), scale, shift);
                simd.store(affine.function.value(simd, z), y);
            }
        }
    }

    #[inline(always)]
    fn squares<S: Simd>(mut self, simd: S, pool: usize) {
        let (affine, shape, output) = (&self.affine, self.affine.shape, self.affine.pooled(pool));
        let y = std::mem::take(&mut self.y);
        for (row, y) in y.chunks_exact_mut(output.w.max(1)).enumerate() {
            let (scale, shift) = affine.of_row(simd, row);
            let from = shape.at(row / shape.c * pool, row % shape.c, 0);
            for (column, y) in y.iter_mut().enumerate() {
                let mut best = self.at(simd, from + column * pool, scale, shift);
                for k in 1..pool * pool {
                    let at = from + k / pool * shape.c * shape.w + column * pool + k % pool;
                    best = simd.max(best, self.at(simd, at, scale, shift));
                }
                simd.store(best, y);
            }
        }
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, at: usize, scale: S::Vector, shift: S::Vector) -> S::Vector {
        let z = simd.mul_add(simd.load(&self.x[at]), scale, shift);
        self.affine.function.value(simd, z)
    }
}

/// The backward pass, through the first maximum of each square of `pool` pixels.
pub(crate) struct Backward<'a, F> {
    pub affine: Affine<'a, F>,
    pub pool: usize,
    pub x: &'a [Lanes],
    pub dy: &'a [Lanes],
    pub lane_weights: &'a Lanes,
    pub dz: &'a mut [Lanes],
    pub sum_dz: &'a mut [f64],
    pub sum_dz_x: &'a mut [f64],
}

impl<F: Function> Operation for Backward<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (shape, pool) = (self.affine.shape, self.pool);
        if !shape.h.is_multiple_of(pool) || !shape.w.is_multiple_of(pool) {
            self.dz.fill([0.0; 16]);
        }
        let output = self.affine.pooled(pool);
        let weights = simd.load(self.lane_weights);
        for rows in groups_of_rows(output.h, output.w) {
            for channel in 0..output.c {
                let mut sums = [simd.splat(0.0); 2];
                for row in rows.clone() {
                    let row = row * output.c + channel;
                    match pool {
                        1 => self.row(simd, row, &mut sums),
                        2 => self.row_of_squares(simd, row, 2, &mut sums),
                        pool => self.row_of_squares(simd, row, pool, &mut sums),
                    }
                }
                self.sum_dz[channel] += over_lanes(simd, simd.mul(sums[0], weights));
                self.sum_dz_x[channel] += over_lanes(simd, simd.mul(sums[1], weights));
            }
        }
    }
}

impl<F: Function> Backward<'_, F> {
    #[inline(always)]
    fn row<S: Simd>(&mut self, simd: S, row: usize, [sum, sum_x]: &mut [S::Vector; 2]) {
        let (scale, shift) = self.affine.of_row(simd, row);
        let w = self.affine.shape.w;
        let range = row * w..(row + 1) * w;
        let gradients = self.dy[range.clone()].iter().zip(&mut self.dz[range.clone()]);
        for (x, (dy, dz)) in self.x[range].iter().zip(gradients) {
            let x = simd.load(x);
            let (_, slope) = self.affine.function.value_and_slope(simd, simd.mul_add(x, scale, shift));
            let gradient = simd.mul(slope, simd.load(dy));
            simd.store(gradient, dz);
            *sum = simd.add(*sum, gradient);
            *sum_x = simd.mul_add(gradient, x, *sum_x);
        }
    }

    #[inline(always)]
    fn row_of_squares<S: Simd>(
        &mut self,
        simd: S,
        row: usize,
        pool: usize,
        [sum, sum_x]: &mut [S::Vector; 2],
    ) {
        let (shape, output) = (self.affine.shape, self.affine.pooled(pool));
        let from = shape.at(row / shape.c * pool, row % shape.c, 0);
        let next = shape.c * shape.w;
        for column in 0..output.w {
            let best = self.best(simd, row, from + column * pool, pool);
            let gradient = simd.mul(best.slope, simd.load(&self.dy[row * output.w + column]));
            *sum = simd.add(*sum, gradient);
            *sum_x = simd.mul_add(gradient, best.x, *sum_x);
            for k in 0..pool {
                let at = from + k * next + column * pool;
                for (i, dz) in self.dz[at..at + pool].iter_mut().enumerate() {
                    let away = simd.sub(best.position, simd.splat((k * pool + i) as f32));
                    let here =
                        simd.if_greater(simd.splat(0.25), simd.mul(away, away), gradient, simd.splat(0.0));
                    simd.store(here, dz);
                }
            }
        }
    }

    /// The first maximum of the square that begins at `from`.
    #[inline(always)]
    fn best<S: Simd>(&self, simd: S, row: usize, from: usize, pool: usize) -> Candidate<S> {
        let mut best = self.candidate(simd, row, from, 0.0);
        for k in 1..pool * pool {
            let at = from + k / pool * self.affine.shape.c * self.affine.shape.w + k % pool;
            best = best.or_greater(simd, self.candidate(simd, row, at, k as f32));
        }
        best
    }

    #[inline(always)]
    fn candidate<S: Simd>(&self, simd: S, row: usize, at: usize, position: f32) -> Candidate<S> {
        let (scale, shift) = self.affine.of_row(simd, row);
        let x = simd.load(&self.x[at]);
        let (value, slope) = self.affine.function.value_and_slope(simd, simd.mul_add(x, scale, shift));
        Candidate { position: simd.splat(position), value, slope, x }
    }
}

/// A pixel that may be the maximum of its square: its position there, its value and slope, and what it is made of.
struct Candidate<S: Simd> {
    position: S::Vector,
    value: S::Vector,
    slope: S::Vector,
    x: S::Vector,
}

impl<S: Simd> Candidate<S> {
    /// For each cell `other` where its value is greater.
    #[inline(always)]
    fn or_greater(self, simd: S, other: Candidate<S>) -> Candidate<S> {
        let (a, b) = (other.value, self.value);
        Candidate {
            position: simd.if_greater(a, b, other.position, self.position),
            value: simd.if_greater(a, b, other.value, self.value),
            slope: simd.if_greater(a, b, other.slope, self.slope),
            x: simd.if_greater(a, b, other.x, self.x),
        }
    }
}

/// `dz = a[c] dz + b[c] x + d[c]`.
pub(crate) struct Combine<'a> {
    pub shape: Shape,
    pub x: &'a [Lanes],
    pub a: &'a [f32],
    pub b: &'a [f32],
    pub d: &'a [f32],
    pub dz: &'a mut [Lanes],
}

impl Operation for Combine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let w = self.shape.w.max(1);
        for (row, (x, dz)) in self.x.chunks_exact(w).zip(self.dz.chunks_exact_mut(w)).enumerate() {
            let channel = row % self.shape.c;
            let (a, b) = (simd.splat(self.a[channel]), simd.splat(self.b[channel]));
            let d = simd.splat(self.d[channel]);
            for (x, dz) in x.iter().zip(dz) {
                let rest = simd.mul_add(simd.load(x), b, d);
                simd.store(simd.mul_add(simd.load(dz), a, rest), dz);
            }
        }
    }
}

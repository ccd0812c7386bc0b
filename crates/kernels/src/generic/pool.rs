//! Maxima and means of squares of pixels.

use crate::layout::{Lanes, Shape};
use crate::vector::{Operation, Simd};

/// Squares of `size` pixels, `stride` apart, in an image of `shape`.
#[derive(Clone, Copy)]
pub(crate) struct Squares {
    pub shape: Shape,
    pub output: Shape,
    pub size: usize,
    pub stride: usize,
}

impl Squares {
    /// The first pixel of the square that becomes output `at`.
    #[inline(always)]
    fn first(self, at: usize) -> usize {
        let Shape { w, c, .. } = self.output;
        self.shape.at(at / (w * c) * self.stride, at / w % c, at % w * self.stride)
    }

    /// The pixel `k` of the square that begins at `first`, row by row.
    #[inline(always)]
    fn pixel(self, first: usize, k: usize) -> usize {
        first + k / self.size * self.shape.c * self.shape.w + k % self.size
    }

    /// The share of one pixel in the mean.
    #[inline(always)]
    fn share<S: Simd>(self, simd: S) -> S::Vector {
        simd.splat(1.0 / (self.size * self.size) as f32)
    }
}

/// The maximum of each square.
pub(crate) struct Max<'a> {
    pub squares: Squares,
    pub x: &'a [Lanes],
    pub y: &'a mut [Lanes],
}

impl Operation for Max<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Squares { size, .. } = self.squares;
        for (at, y) in self.y.iter_mut().enumerate() {
            let first = self.squares.first(at);
            let mut best = simd.load(&self.x[first]);
            for k in 1..size * size {
                best = simd.max(best, simd.load(&self.x[self.squares.pixel(first, k)]));
            }
            simd.store(best, y);
        }
    }
}

/// The gradient of each square goes to its first maximum.
pub(crate) struct MaxBackward<'a> {
    pub squares: Squares,
    pub x: &'a [Lanes],
    pub dy: &'a [Lanes],
    pub dx: &'a mut [Lanes],
}

impl Operation for MaxBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.dx.fill([0.0; 16]);
        let pixels = self.squares.size * self.squares.size;
        for (at, dy) in self.dy.iter().enumerate() {
            let (first, dy) = (self.squares.first(at), simd.load(dy));
            let (mut best, mut position) = (simd.load(&self.x[first]), simd.splat(0.0));
            for k in 1..pixels {
                let x = simd.load(&self.x[self.squares.pixel(first, k)]);
                position = simd.if_greater(x, best, simd.splat(k as f32), position);
                best = simd.if_greater(x, best, x, best);
            }
            for k in 0..pixels {
                let dx = &mut self.dx[self.squares.pixel(first, k)];
                let away = simd.sub(position, simd.splat(k as f32));
                let here = simd.if_greater(simd.splat(0.25), simd.mul(away, away), dy, simd.splat(0.0));
                simd.store(simd.add(simd.load(dx), here), dx);
            }
        }
    }
}

/// The mean of each square.
pub(crate) struct Average<'a> {
    pub squares: Squares,
    pub x: &'a [Lanes],
    pub y: &'a mut [Lanes],
}

impl Operation for Average<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Squares { size, .. } = self.squares;
        for (at, y) in self.y.iter_mut().enumerate() {
            let first = self.squares.first(at);
            let mut sum = simd.splat(0.0);
            for k in 0..size * size {
                sum = simd.add(sum, simd.load(&self.x[self.squares.pixel(first, k)]));
            }
            simd.store(simd.mul(sum, self.squares.share(simd)), y);
        }
    }
}

/// The gradient of each square goes in equal parts to its pixels.
pub(crate) struct AverageBackward<'a> {
    pub squares: Squares,
    pub dy: &'a [Lanes],
    pub dx: &'a mut [Lanes],
}

impl Operation for AverageBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.dx.fill([0.0; 16]);
        let Squares { size, .. } = self.squares;
        for (at, dy) in self.dy.iter().enumerate() {
            let first = self.squares.first(at);
            let part = simd.mul(simd.load(dy), self.squares.share(simd));
            for k in 0..size * size {
                let dx = &mut self.dx[self.squares.pixel(first, k)];
                simd.store(simd.add(simd.load(dx), part), dx);
            }
        }
    }
}

/// The mean of each channel.
pub(crate) struct GlobalAverage<'a> {
    pub shape: Shape,
    pub x: &'a [Lanes],
    /// `[c]`.
    pub y: &'a mut [Lanes],
}

impl Operation for GlobalAverage<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let share = simd.splat(1.0 / (self.shape.h * self.shape.w) as f32);
        self.y.fill([0.0; 16]);
        for (row, x) in self.x.chunks_exact(self.shape.w.max(1)).enumerate() {
            let mut sum = simd.splat(0.0);
            for x in x {
                sum = simd.add(sum, simd.load(x));
            }
            let y = &mut self.y[row % self.shape.c];
            simd.store(simd.mul_add(sum, share, simd.load(y)), y);
        }
    }
}

/// The gradient of each channel goes in equal parts to its pixels.
pub(crate) struct GlobalAverageBackward<'a> {
    pub shape: Shape,
    /// `[c]`.
    pub dy: &'a [Lanes],
    pub dx: &'a mut [Lanes],
}

impl Operation for GlobalAverageBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let share = simd.splat(1.0 / (self.shape.h * self.shape.w) as f32);
        for (row, dx) in self.dx.chunks_exact_mut(self.shape.w.max(1)).enumerate() {
            let part = simd.mul(simd.load(&self.dy[row % self.shape.c]), share);
            for dx in dx {
                simd.store(part, dx);
            }
        }
    }
}

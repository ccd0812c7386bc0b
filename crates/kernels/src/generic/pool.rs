//! Maxima and means of squares of pixels.

use crate::layout::{Lanes, Shape};
use crate::vector::{Operation, Simd};

/// Squares of `size` pixels, `stride` apart, the first of them `before` the image's first row and column.
#[derive(Clone, Copy)]
pub(crate) struct Cover {
    pub shape: Shape,
    pub output: Shape,
    pub size: usize,
    pub stride: usize,
    pub before: [usize; 2],
}

/// The part of a square that lies inside the image, in one channel.
#[derive(Clone, Copy)]
struct Square {
    shape: Shape,
    channel: usize,
    rows: [usize; 2],
    columns: [usize; 2],
}

impl Cover {
    /// The square that becomes output `at`.
    #[inline(always)]
    fn square(self, at: usize) -> Square {
        let Shape { w, c, .. } = self.output;
        let along = |position: usize, before: usize, n: usize| {
            let first = position * self.stride;
            [first.saturating_sub(before), (first + self.size - before).min(n)]
        };
        Square {
            shape: self.shape,
            channel: at / w % c,
            rows: along(at / (w * c), self.before[0], self.shape.h),
            columns: along(at % w, self.before[1], self.shape.w),
        }
    }
}

impl Square {
    /// Positions of its pixels, row by row.
    #[inline(always)]
    fn pixels(self) -> impl Iterator<Item = usize> {
        let Square { shape, channel, rows: [top, bottom], columns: [left, right] } = self;
        (top..bottom).flat_map(move |y| (left..right).map(move |x| shape.at(y, channel, x)))
    }

    /// The share of one pixel in the mean.
    #[inline(always)]
    fn share<S: Simd>(self, simd: S) -> S::Vector {
        let [rows, columns] = [self.rows, self.columns].map(|[first, end]| end - first);
        simd.splat(1.0 / (rows * columns) as f32)
    }
}

/// The maximum of each square.
pub(crate) struct Max<'a> {
    pub cover: Cover,
    pub x: &'a [Lanes],
    pub y: &'a mut [Lanes],
}

impl Operation for Max<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (at, y) in self.y.iter_mut().enumerate() {
            let mut best = simd.splat(f32::NEG_INFINITY);
            for pixel in self.cover.square(at).pixels() {
                best = simd.max(best, simd.load(&self.x[pixel]));
            }
            simd.store(best, y);
        }
    }
}

/// The gradient of each square goes to its first maximum.
pub(crate) struct MaxBackward<'a> {
    pub cover: Cover,
    pub x: &'a [Lanes],
    pub dy: &'a [Lanes],
    pub dx: &'a mut [Lanes],
}

impl Operation for MaxBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.dx.fill([0.0; 16]);
        for (at, dy) in self.dy.iter().enumerate() {
            let (square, dy) = (self.cover.square(at), simd.load(dy));
            let (mut best, mut position) = (simd.splat(f32::NEG_INFINITY), simd.splat(0.0));
            for (k, pixel) in square.pixels().enumerate() {
                let x = simd.load(&self.x[pixel]);
                position = simd.if_greater(x, best, simd.splat(k as f32), position);
                best = simd.if_greater(x, best, x, best);
            }
            for (k, pixel) in square.pixels().enumerate() {
                let dx = &mut self.dx[pixel];
                let away = simd.sub(position, simd.splat(k as f32));
                let here = simd.if_greater(simd.splat(0.25), simd.mul(away, away), dy, simd.splat(0.0));
                simd.store(simd.add(simd.load(dx), here), dx);
            }
        }
    }
}

/// The mean of each square.
pub(crate) struct Average<'a> {
    pub cover: Cover,
    pub x: &'a [Lanes],
    pub y: &'a mut [Lanes],
}

impl Operation for Average<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        for (at, y) in self.y.iter_mut().enumerate() {
            let square = self.cover.square(at);
            let mut sum = simd.splat(0.0);
            for pixel in square.pixels() {
                sum = simd.add(sum, simd.load(&self.x[pixel]));
            }
            simd.store(simd.mul(sum, square.share(simd)), y);
        }
    }
}

/// The gradient of each square goes in equal parts to its pixels.
pub(crate) struct AverageBackward<'a> {
    pub cover: Cover,
    pub dy: &'a [Lanes],
    pub dx: &'a mut [Lanes],
}

impl Operation for AverageBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.dx.fill([0.0; 16]);
        for (at, dy) in self.dy.iter().enumerate() {
            let square = self.cover.square(at);
            let part = simd.mul(simd.load(dy), square.share(simd));
            for pixel in square.pixels() {
                let dx = &mut self.dx[pixel];
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

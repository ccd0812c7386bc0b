//! Windows that move over an image, each channel on its own: pools that are not square, and convolutions by channel.

use std::ops::Range;

use kernels::{LANES, PlainCode, Shape};

use super::Context;
use crate::plan::Wires;
use crate::spec::Padding;
use crate::store::Store;

/// The same pixel and channel of all samples of a pack.
type Lanes = [f32; LANES];

/// Windows over images of `shape`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Windows {
    pub(crate) shape: Shape,
    /// Rows and columns of a window.
    size: [usize; 2],
    stride: [usize; 2],
    /// How many windows there are along rows and columns.
    count: [usize; 2],
    /// How far the first ones reach over the border.
    before: [usize; 2],
}

impl Windows {
    /// `count`: rows and columns of what comes out.
    pub(crate) fn new(
        shape: Shape,
        (size, stride): ([usize; 2], [usize; 2]),
        padding: Padding,
        count: [usize; 2],
    ) -> Windows {
        let lengths = [shape.h, shape.w];
        let before = [0, 1].map(|axis| match padding {
            Padding::Same => {
                ((count[axis] - 1) * stride[axis] + size[axis]).saturating_sub(lengths[axis]) / 2
            }
            Padding::Valid => 0,
        });
        Windows { shape, size, stride, count, before }
    }

    /// Rows (axis 0) or columns (axis 1) of window number `at` that lie in the image, and which of the window's the first
    /// of them is.
    #[inline(always)]
    fn inside(&self, axis: usize, at: usize) -> (Range<usize>, usize) {
        let length = if axis == 0 { self.shape.h } else { self.shape.w };
        let (start, before) = (at * self.stride[axis], self.before[axis]);
        let first = start.saturating_sub(before);
        let end = (start + self.size[axis]).saturating_sub(before).min(length);
        (first..end, (first + before) - start)
    }

    /// Row or column of the image under row or column `tap` of window number `at`.
    #[inline(always)]
    fn tapped(&self, axis: usize, at: usize, tap: usize) -> Option<usize> {
        let length = if axis == 0 { self.shape.h } else { self.shape.w };
        (at * self.stride[axis] + tap).checked_sub(self.before[axis]).filter(|&position| position < length)
    }

    /// For each window of output channel `channel`: its place in the output, and the rows and columns that it covers.
    #[inline(always)]
    fn each(
        &self,
        channels: usize,
        channel: usize,
    ) -> impl Iterator<Item = (usize, [(Range<usize>, usize); 2])> {
        let [h, w] = self.count;
        (0..h * w).map(move |at| {
            let (y, x) = (at / w, at % w);
            ((y * channels + channel) * w + x, [self.inside(0, y), self.inside(1, x)])
        })
    }

    /// Place of a pixel of the image.
    #[inline(always)]
    fn pixel(&self, y: usize, channel: usize, x: usize) -> usize {
        (y * self.shape.c + channel) * self.shape.w + x
    }
}

/// A pool of windows that are not square.
#[derive(Debug, Clone)]
pub(crate) struct Rectangles {
    pub(crate) windows: Windows,
    /// Whether the mean is taken, not the largest value.
    pub(crate) mean: bool,
}

impl Rectangles {
    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        context.kernels.run_plain(Pooled { pool: self, x: x.as_chunks().0, y: y.as_chunks_mut().0 });
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let (Some(dy), Some(dx)) = (wires.dy, wires.dx[0]) else { return };
        let x = store.values.get(wires.x[0]).as_chunks().0;
        let (dy, dx) = store.gradients.pair(dy, dx);
        let (dy, dx) = (dy.as_chunks().0, dx.as_chunks_mut().0);
        context.kernels.run_plain(PooledBackward { pool: self, x, dy, dx });
    }
}

struct Pooled<'a> {
    pool: &'a Rectangles,
    x: &'a [Lanes],
    y: &'a mut [Lanes],
}

impl PlainCode for Pooled<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rectangles { windows, mean } = self.pool;
        let c = windows.shape.c;
        for (channel, (at, [(rows, _), (columns, _)])) in
            (0..c).flat_map(|channel| windows.each(c, channel).map(move |window| (channel, window)))
        {
            let mut y = if *mean { [0.0; LANES] } else { [f32::NEG_INFINITY; LANES] };
            let share = 1.0 / (rows.len() * columns.len()) as f32;
            for row in rows {
                for column in columns.clone() {
                    let x = &self.x[windows.pixel(row, channel, column)];
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = if *mean { *y + x } else { y.max(*x) };
                    }
                }
            }
            if *mean {
                y.iter_mut().for_each(|y| *y *= share);
            }
            self.y[at] = y;
        }
    }
}

/// The gradient of each window goes to its first largest value, or in equal parts to all.
struct PooledBackward<'a> {
    pool: &'a Rectangles,
    x: &'a [Lanes],
    dy: &'a [Lanes],
    dx: &'a mut [Lanes],
}

impl PlainCode for PooledBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Rectangles { windows, mean } = self.pool;
        let c = windows.shape.c;
        self.dx.fill([0.0; LANES]);
        for (channel, (at, [(rows, _), (columns, _)])) in
            (0..c).flat_map(|channel| windows.each(c, channel).map(move |window| (channel, window)))
        {
            let dy = &self.dy[at];
            let share = 1.0 / (rows.len() * columns.len()) as f32;
            let pixels = rows.flat_map(|row| columns.clone().map(move |column| (row, column)));
            let pixels = pixels.map(|(row, column)| windows.pixel(row, channel, column));
            if *mean {
                for pixel in pixels {
                    self.dx[pixel].iter_mut().zip(dy).for_each(|(dx, dy)| *dx += share * dy);
                }
                continue;
            }
            let mut best = [(f32::NEG_INFINITY, 0); LANES];
            for pixel in pixels {
                for (best, x) in best.iter_mut().zip(&self.x[pixel]) {
                    if *x > best.0 {
                        *best = (*x, pixel);
                    }
                }
            }
            for (lane, (largest, pixel)) in best.into_iter().enumerate() {
                if largest > f32::NEG_INFINITY {
                    self.dx[pixel][lane] += dy[lane];
                }
            }
        }
    }
}

/// A convolution of each channel with kernels of its own, and where its parameters are among the tensors.
#[derive(Debug, Clone)]
pub(crate) struct Depthwise {
    pub(crate) windows: Windows,
    pub(crate) multiplier: usize,
    pub(crate) kernel: usize,
    pub(crate) bias: Option<usize>,
    /// Which of a pack's shares of gradients are its own.
    pub(crate) share: usize,
}

impl Depthwise {
    /// Channels of the output.
    pub(crate) fn filters(&self) -> usize {
        self.windows.shape.c * self.multiplier
    }

    /// Values of the kernel.
    pub(crate) fn weights(&self) -> usize {
        let [rows, columns] = self.windows.size;
        rows * columns * self.filters()
    }

    pub(crate) fn forward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let kernel = &context.weights.tensors[self.kernel].data;
        let bias = self.bias.map(|bias| &context.weights.tensors[bias].data[..]);
        let (x, y) = store.values.pair(wires.x[0], wires.y);
        let (x, y) = (x.as_chunks().0, y.as_chunks_mut().0);
        context.kernels.run_plain(Filtered { conv: self, kernel, bias, x, y });
    }

    pub(crate) fn backward(&self, context: &Context, wires: &Wires, store: &mut Store) {
        let Some(dy_number) = wires.dy else { return };
        let [kernel, bias] = &mut store.convs[self.share];
        let dy = store.gradients.get(dy_number);
        if !kernel.is_empty() {
            let (x, dy) = (store.values.get(wires.x[0]).as_chunks().0, dy.as_chunks().0);
            context.kernels.run_plain(KernelGradient { conv: self, x, dy, dw: kernel });
        }
        if !bias.is_empty() {
            let [h, w] = self.windows.count;
            bias.fill(0.0);
            context.kernels.bias_gradient(Shape { h, w, c: self.filters() }, dy, bias);
        }
        if let Some(dx) = wires.dx[0] {
            let kernel = &context.weights.tensors[self.kernel].data;
            let (dy, dx) = store.gradients.pair(dy_number, dx);
            let (dy, dx) = (dy.as_chunks().0, dx.as_chunks_mut().0);
            context.kernels.run_plain(InputGradient { conv: self, kernel, dy, dx });
        }
    }

    /// Place in the kernel of a tap for an output channel.
    #[inline(always)]
    fn weight(&self, row: usize, column: usize, filter: usize) -> usize {
        (row * self.windows.size[1] + column) * self.filters() + filter
    }
}

struct Filtered<'a> {
    conv: &'a Depthwise,
    /// `[rows, columns, c, multiplier]`.
    kernel: &'a [f32],
    bias: Option<&'a [f32]>,
    x: &'a [Lanes],
    y: &'a mut [Lanes],
}

impl PlainCode for Filtered<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Depthwise { windows, multiplier, .. } = self.conv;
        let filters = self.conv.filters();
        for filter in 0..filters {
            let (channel, bias) = (filter / multiplier, self.bias.map_or(0.0, |bias| bias[filter]));
            for (at, [(rows, top), (columns, left)]) in windows.each(filters, filter) {
                let mut y = [bias; LANES];
                for (tap, row) in (top..).zip(rows) {
                    for (along, column) in (left..).zip(columns.clone()) {
                        let w = self.kernel[self.conv.weight(tap, along, filter)];
                        let x = &self.x[windows.pixel(row, channel, column)];
                        y.iter_mut().zip(x).for_each(|(y, x)| *y += w * x);
                    }
                }
                self.y[at] = y;
            }
        }
    }
}

struct InputGradient<'a> {
    conv: &'a Depthwise,
    kernel: &'a [f32],
    dy: &'a [Lanes],
    dx: &'a mut [Lanes],
}

impl PlainCode for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Depthwise { windows, multiplier, .. } = self.conv;
        let filters = self.conv.filters();
        self.dx.fill([0.0; LANES]);
        for filter in 0..filters {
            let channel = filter / multiplier;
            for (at, [(rows, top), (columns, left)]) in windows.each(filters, filter) {
                let dy = &self.dy[at];
                for (tap, row) in (top..).zip(rows) {
                    for (along, column) in (left..).zip(columns.clone()) {
                        let w = self.kernel[self.conv.weight(tap, along, filter)];
                        let dx = &mut self.dx[windows.pixel(row, channel, column)];
                        dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += w * dy);
                    }
                }
            }
        }
    }
}

struct KernelGradient<'a> {
    conv: &'a Depthwise,
    x: &'a [Lanes],
    dy: &'a [Lanes],
    dw: &'a mut [f32],
}

impl PlainCode for KernelGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Depthwise { windows, multiplier, .. } = self.conv;
        let (filters, [h, w]) = (self.conv.filters(), windows.count);
        for filter in 0..filters {
            for tap in 0..windows.size[0] * windows.size[1] {
                let tap = [tap / windows.size[1], tap % windows.size[1]];
                let mut sum = [0.0; LANES];
                for y in 0..h {
                    let Some(row) = windows.tapped(0, y, tap[0]) else { continue };
                    for x in 0..w {
                        let Some(column) = windows.tapped(1, x, tap[1]) else { continue };
                        let dy = &self.dy[(y * filters + filter) * w + x];
                        let x = &self.x[windows.pixel(row, filter / multiplier, column)];
                        sum.iter_mut().zip(x).zip(dy).for_each(|((sum, x), dy)| *sum += x * dy);
                    }
                }
                self.dw[self.conv.weight(tap[0], tap[1], filter)] = sum.iter().sum();
            }
        }
    }
}

//! Correlation of one pack with a kernel: the convolution's forward pass, and its input gradient.
//!
//! A register tile is `R` output channels by `P` output pixels of one row. Around it run, from the outside in: kernel
//! rows, kernel columns (all three at once for kernels of three columns), input channels; for each of them the weights
//! are broadcast and each pixel is loaded once for all `R` channels. Kernel rows outside the image are not visited;
//! only tiles that hang over the left or right border look at each pixel before they use it.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

/// Pixels (of sixteen cells) that are kept in the first-level cache while the tiles of all filters pass over them:
/// 16 KB, about half of it.
const CACHED: usize = 256;

/// Output channels whose weights lie side by side.
pub(crate) const BLOCK: usize = 4;

/// One axis of a correlation: output `o` takes tap `k` from input `(o * stride + k - before) / up` where that is a
/// whole number inside the input. `stride` or `up` is 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Axis {
    pub input: usize,
    pub output: usize,
    pub taps: usize,
    pub stride: usize,
    pub up: usize,
    pub before: usize,
}

impl Axis {
    /// The outputs for which `taps` taps from `first` on are all inside the input, where `up` is 1.
    #[inline(always)]
    pub(crate) fn outputs(self, first: usize, taps: usize) -> Range<usize> {
        let Axis { input, output, stride, before, .. } = self;
        let start = before.saturating_sub(first).div_ceil(stride).min(output);
        let end = (input + before + 1).saturating_sub(first + taps).div_ceil(stride).min(output);
        start..end.max(start)
    }

    /// The first tap that outputs `o`, `o + up`, … take, the others being `up` apart, and its input.
    #[inline(always)]
    fn first_tap(self, o: usize) -> (usize, isize) {
        let at = (o * self.stride) as isize - self.before as isize;
        if self.up == 1 {
            return (0, at);
        }
        let tap = (-at).rem_euclid(self.up as isize);
        (tap as usize, (at + tap) / self.up as isize)
    }
}

/// A correlation and its weights, `[filters / 4][rows][channels][columns][4]`, the last block filled up with 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Correlation {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
    pub filters: usize,
    pub weights: Vec<[f32; BLOCK]>,
}

impl Correlation {
    /// All weights 0.
    pub(crate) fn new(rows: Axis, columns: Axis, channels: usize, filters: usize) -> Self {
        let blocks = filters.div_ceil(BLOCK) * rows.taps * columns.taps * channels;
        Correlation { rows, columns, channels, filters, weights: vec![[0.0; BLOCK]; blocks] }
    }

    /// Takes each weight from where `from` says it is in `weights`.
    pub(crate) fn set(&mut self, weights: &[f32], from: Strides) {
        let (rows, columns, channels) = (self.rows.taps, self.columns.taps, self.channels);
        let blocks = self.weights.chunks_exact_mut((rows * columns * channels).max(1));
        for (block, to) in blocks.enumerate() {
            let filter = block * BLOCK;
            let filters = BLOCK.min(self.filters - filter);
            let mut to = to.iter_mut();
            for row in 0..rows {
                for channel in 0..channels {
                    for (column, to) in (0..columns).zip(&mut to) {
                        let at = from.at(row, column, channel, filter);
                        if filters == BLOCK {
                            *to = std::array::from_fn(|i| weights[at + i * from.filter]);
                        } else {
                            let at = (at..).step_by(from.filter);
                            to[..filters].iter_mut().zip(at).for_each(|(to, at)| *to = weights[at]);
                        }
                    }
                }
            }
        }
    }
}

/// Where weights are in memory: the first one, and how far apart neighbours are along each axis.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strides {
    pub first: usize,
    /// Backwards where the kernel is turned around.
    pub row: isize,
    pub column: isize,
    pub channel: usize,
    pub filter: usize,
}

impl Strides {
    pub(crate) fn at(self, row: usize, column: usize, channel: usize, filter: usize) -> usize {
        let tap = row as isize * self.row + column as isize * self.column;
        self.first.wrapping_add_signed(tap) + channel * self.channel + filter * self.filter
    }
}

/// Correlates a pack.
pub(crate) struct Correlate<'a> {
    pub with: &'a Correlation,
    pub bias: Option<&'a [f32]>,
    /// The lowest output: what is below becomes this.
    pub floor: f32,
    /// `[rows.input][channels][columns.input]`.
    pub x: &'a [Lanes],
    /// `[rows.output][filters][columns.output]`.
    pub y: &'a mut [Lanes],
}

impl Operation for Correlate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let (rows, columns) = (self.with.rows, self.with.columns);
        assert_eq!(self.x.len(), rows.input * self.with.channels * columns.input);
        assert_eq!(self.y.len(), rows.output * self.with.filters * columns.output);
        for row in 0..rows.output {
            for phase in 0..columns.up.min(columns.output) {
                let mut left = (columns.output - phase).div_ceil(columns.up);
                let mut column = phase;
                for tiles in (1..=left.div_ceil(S::COLUMNS)).rev() {
                    let pixels = left.div_ceil(tiles);
                    self.all_filters(simd, pixels, row, column);
                    column += pixels * columns.up;
                    left -= pixels;
                }
            }
        }
    }
}

impl Correlate<'_> {
    /// The tiles of all filters on the same pixels, some input channels at a time.
    #[inline(always)]
    fn all_filters<S: Simd>(&mut self, simd: S, pixels: usize, row: usize, column: usize) {
        let Correlation { rows, columns, channels, filters, .. } = *self.with;
        let seen = rows.taps * (pixels * columns.stride + columns.taps);
        let chunk = channels.div_ceil((seen * channels).div_ceil(CACHED).max(1));
        for channel in (0..channels).step_by(chunk.max(1)) {
            let end = channels.min(channel + chunk);
            for filter in (0..filters).step_by(S::ROWS) {
                self.tile(simd, pixels, Place { row, filter, column, channel, end });
            }
        }
    }

    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, pixels: usize, place: Place) {
        match (S::ROWS, self.with.columns.taps, self.with.columns.up) {
            (4, 3, 1) => self.tile_of::<S, 4, 3>(simd, pixels, place),
            (4, _, _) => self.tile_of::<S, 4, 1>(simd, pixels, place),
            (_, 3, 1) => self.tile_of::<S, 2, 3>(simd, pixels, place),
            _ => self.tile_of::<S, 2, 1>(simd, pixels, place),
        }
    }

    #[inline(always)]
    fn tile_of<S: Simd, const R: usize, const K: usize>(&mut self, simd: S, pixels: usize, place: Place) {
        let Correlate { with, bias, floor, x, .. } = *self;
        let y = &mut *self.y;
        match pixels.min(S::COLUMNS) {
            1 => simd.call(Tile::<R, 1, K> { with, bias, floor, x, y, place }),
            2 => simd.call(Tile::<R, 2, K> { with, bias, floor, x, y, place }),
            3 => simd.call(Tile::<R, 3, K> { with, bias, floor, x, y, place }),
            4 => simd.call(Tile::<R, 4, K> { with, bias, floor, x, y, place }),
            5 => simd.call(Tile::<R, 5, K> { with, bias, floor, x, y, place }),
            _ => simd.call(Tile::<R, 6, K> { with, bias, floor, x, y, place }),
        }
    }
}

/// The first output channel and pixel of a tile, and the input channels to add up.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    filter: usize,
    column: usize,
    channel: usize,
    end: usize,
}

/// `R` output channels by `P` pixels, `columns.up` apart, by `K` kernel columns at a time.
struct Tile<'a, const R: usize, const P: usize, const K: usize> {
    with: &'a Correlation,
    bias: Option<&'a [f32]>,
    floor: f32,
    x: &'a [Lanes],
    y: &'a mut [Lanes],
    place: Place,
}

impl<const R: usize, const P: usize, const K: usize> Operation for Tile<'_, R, P, K> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Correlation { rows, columns, channels, .. } = *self.with;
        let mut sums = self.start(simd);
        let (mut tap_row, mut input_row) = rows.first_tap(self.place.row);
        let (first_tap, first_column) = columns.first_tap(self.place.column);
        while tap_row < rows.taps {
            if (0..rows.input as isize).contains(&input_row) {
                let row = input_row as usize * channels * columns.input;
                let (mut tap, mut column) = (first_tap, first_column);
                while tap < columns.taps {
                    self.add_taps(simd, row, tap_row, tap, column, &mut sums);
                    tap += K * columns.up;
                    column += K as isize;
                }
            }
            tap_row += rows.up;
            input_row += 1;
        }
        self.finish(simd, &sums);
    }
}

impl<const R: usize, const P: usize, const K: usize> Tile<'_, R, P, K> {
    #[inline(always)]
    fn start<S: Simd>(&self, simd: S) -> [[S::Vector; R]; P] {
        if self.place.channel > 0 {
            return self.resume(simd);
        }
        let mut first = [simd.splat(0.0); R];
        if let Some(bias) = self.bias {
            for (first, &bias) in first.iter_mut().zip(&bias[self.place.filter..]) {
                *first = simd.splat(bias);
            }
        }
        [first; P]
    }

    /// What the channels before this one added up to.
    #[inline(always)]
    fn resume<S: Simd>(&self, simd: S) -> [[S::Vector; R]; P] {
        let mut sums = [[simd.splat(0.0); R]; P];
        for (r, at) in self.outputs().enumerate() {
            for (p, sums) in sums.iter_mut().enumerate() {
                sums[r] = simd.load(&self.y[at + p * self.with.columns.up]);
            }
        }
        sums
    }

    /// Where the first pixel of each output channel is.
    #[inline(always)]
    fn outputs(&self) -> impl Iterator<Item = usize> + use<R, P, K> {
        let Correlation { columns, filters, .. } = *self.with;
        let Place { row, filter, column, .. } = self.place;
        (0..R.min(filters - filter)).map(move |r| (row * filters + filter + r) * columns.output + column)
    }

    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: &[[S::Vector; R]; P]) {
        let is_last = self.place.end == self.with.channels;
        let floor = simd.splat(if is_last { self.floor } else { f32::NEG_INFINITY });
        for (r, at) in self.outputs().enumerate() {
            for (p, sums) in sums.iter().enumerate() {
                simd.store(simd.max(floor, sums[r]), &mut self.y[at + p * self.with.columns.up]);
            }
        }
    }

    /// For each tap, a bit for each pixel: whether it is inside the image, the first being at `column`.
    #[inline(always)]
    fn inside(&self, column: isize) -> [u32; K] {
        let Axis { input, stride, .. } = self.with.columns;
        let mut inside = [0; K];
        for (k, inside) in inside.iter_mut().enumerate() {
            for p in 0..P {
                let column = column + (k + p * stride) as isize;
                *inside |= u32::from((0..input as isize).contains(&column)) << p;
            }
        }
        inside
    }

    /// Adds `K` neighbouring taps of one kernel row, the first of which finds the tile's first pixel at `column`.
    #[inline(always)]
    fn add_taps<S: Simd>(
        &self,
        simd: S,
        row: usize,
        tap_row: usize,
        tap: usize,
        column: isize,
        sums: &mut [[S::Vector; R]; P],
    ) {
        let Correlation { rows, columns, channels, .. } = *self.with;
        let Place { channel, end, .. } = self.place;
        let block = self.place.filter / BLOCK * rows.taps + tap_row;
        let weights = &self.with.weights[block * channels * columns.taps..][..channels * columns.taps];
        let last = column + ((P - 1) * columns.stride + K - 1) as isize;
        let all_inside = column >= 0 && last < columns.input as isize;
        let inside = if all_inside { [u32::MAX; K] } else { self.inside(column) };
        let taps = Taps {
            x: self.x,
            at: ((row + channel * columns.input) as isize + column) as usize,
            width: columns.input,
            step: columns.stride,
            inside,
            weights: &weights[channel * columns.taps + tap..],
            next_weights: columns.taps,
            first_weight: self.place.filter % BLOCK,
        };
        match (columns.stride, all_inside) {
            (1, true) => taps.add::<S, R, P, true, true>(simd, end - channel, sums),
            (1, false) => taps.add::<S, R, P, true, false>(simd, end - channel, sums),
            _ => taps.add::<S, R, P, false, false>(simd, end - channel, sums),
        }
    }
}

/// `K` neighbouring taps of one kernel row, for all input channels.
struct Taps<'a, const K: usize> {
    x: &'a [Lanes],
    /// Where the first tap finds the first pixel in channel 0; it may be outside the image.
    at: usize,
    /// From one channel to the next.
    width: usize,
    /// From one pixel to the next.
    step: usize,
    /// For each tap, a bit for each pixel: whether it is inside the image.
    inside: [u32; K],
    weights: &'a [[f32; BLOCK]],
    /// From one channel to the next.
    next_weights: usize,
    /// Position in a block of the tile's first output channel.
    first_weight: usize,
}

impl<const K: usize> Taps<'_, K> {
    #[inline(always)]
    fn add<S: Simd, const R: usize, const P: usize, const UNIT: bool, const INSIDE: bool>(
        &self,
        simd: S,
        channels: usize,
        sums: &mut [[S::Vector; R]; P],
    ) {
        let step = if UNIT { 1 } else { self.step };
        for channel in 0..channels {
            let at = self.at.wrapping_add(channel * self.width);
            for k in 0..K {
                // SAFETY: the caller's slice of weights holds `channels` groups, the last with `K` taps from here.
                let block = unsafe { self.weights.get_unchecked(channel * self.next_weights + k) };
                let mut weights = [simd.splat(0.0); R];
                for (r, weight) in weights.iter_mut().enumerate() {
                    *weight = simd.splat(block[(self.first_weight + r) % BLOCK]);
                }
                for (p, sums) in sums.iter_mut().enumerate() {
                    if !INSIDE && self.inside[k] >> p & 1 == 0 {
                        continue;
                    }
                    // SAFETY: the pixel is inside its row, the row and the channel are inside the image, and the
                    // slice holds the whole image.
                    let x = simd.load(unsafe { self.x.get_unchecked(at.wrapping_add(k + p * step)) });
                    for (sum, &weight) in sums.iter_mut().zip(&weights) {
                        *sum = simd.mul_add(weight, x, *sum);
                    }
                }
            }
        }
    }
}

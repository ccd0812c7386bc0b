//! The convolution's gradient with respect to its weights: for each weight a sum over pixels and cells.
//!
//! A register tile is `K` taps of one kernel row by `I` input by four output channels. It is summed over the pixels of
//! some rows, as many as stay in the cache while all tiles pass over them, then over the sixteen cells at once.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

use super::correlation::Axis;
use super::gradient::{FILTERS, Gradient};

/// Pixels that a tile sums up at least, unless the image has fewer: the total over the cells costs about as much as
/// three pixels.
const PIXELS: usize = 64;

/// Adds the gradient of one pack.
pub(crate) struct WeightGradient<'a>(pub Gradient<'a>);

impl Operation for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        self.0.check();
        let some = PIXELS.div_ceil(self.0.columns.output.max(1));
        for first in (0..self.0.rows.output).step_by(some) {
            let rows = first..self.0.rows.output.min(first + some);
            for filter in (0..self.0.filters).step_by(FILTERS) {
                let mut channel = 0;
                while channel < self.0.channels {
                    let pair = S::SUMMED == 2 && channel + 1 < self.0.channels;
                    for tap_row in 0..self.0.rows.taps {
                        let place = Place { rows: rows.clone(), filter, tap_row, tap: 0, channel };
                        self.kernel_row(simd, place, pair);
                    }
                    channel += 1 + usize::from(pair);
                }
            }
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn kernel_row<S: Simd>(&mut self, simd: S, mut place: Place, pair: bool) {
        match (self.0.columns.taps, pair) {
            (3, true) => self.tile::<S, 3, 2>(simd, &place),
            (3, false) => self.tile::<S, 3, 1>(simd, &place),
            (_, true) => self.taps::<S, 2>(simd, &mut place),
            (_, false) => self.taps::<S, 1>(simd, &mut place),
        }
    }

    #[inline(always)]
    fn taps<S: Simd, const I: usize>(&mut self, simd: S, place: &mut Place) {
        for tap in 0..self.0.columns.taps {
            place.tap = tap;
            self.tile::<S, 1, I>(simd, place);
        }
    }

    #[inline(always)]
    fn tile<S: Simd, const K: usize, const I: usize>(&mut self, simd: S, place: &Place) {
        simd.call(Tile::<K, I> {
            rows: self.0.rows,
            columns: self.0.columns,
            channels: self.0.channels,
            filters: self.0.filters,
            x: self.0.x,
            dy: self.0.dy,
            dw: self.0.dw,
            place,
        });
    }
}

/// The output rows to sum up, and the first weight of a tile.
struct Place {
    rows: Range<usize>,
    filter: usize,
    tap_row: usize,
    tap: usize,
    channel: usize,
}

struct Tile<'a, const K: usize, const I: usize> {
    rows: Axis,
    columns: Axis,
    channels: usize,
    filters: usize,
    x: &'a [Lanes],
    dy: &'a [Lanes],
    dw: &'a mut [f32],
    place: &'a Place,
}

/// `[tap][input channel][output channel]`.
type Sums<S, const K: usize, const I: usize> = [[[<S as Simd>::Sum; FILTERS]; I]; K];

impl<const K: usize, const I: usize> Operation for Tile<'_, K, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sums = [[[simd.no_sum(); FILTERS]; I]; K];
        let inside = self.columns.outputs(self.place.tap, K);
        for row in self.place.rows.clone() {
            let from = (row * self.rows.stride + self.place.tap_row).wrapping_sub(self.rows.before);
            if from < self.rows.input {
                let row = Row {
                    x: (from * self.channels + self.place.channel) * self.columns.input,
                    dy: (row * self.filters + self.place.filter) * self.columns.output,
                };
                self.add::<S, false>(simd, &row, 0..inside.start, &mut sums);
                self.add::<S, true>(simd, &row, inside.clone(), &mut sums);
                self.add::<S, false>(simd, &row, inside.end..self.columns.output, &mut sums);
            }
        }
        self.finish(simd, sums);
    }
}

/// Where a tile's first input and first output channel begin in one row.
struct Row {
    x: usize,
    dy: usize,
}

impl<const K: usize, const I: usize> Tile<'_, K, I> {
    #[inline(always)]
    fn add<S: Simd, const INSIDE: bool>(
        &self,
        simd: S,
        row: &Row,
        columns: Range<usize>,
        sums: &mut Sums<S, K, I>,
    ) {
        let Axis { input, output, stride, before, .. } = self.columns;
        let filters = (self.filters - self.place.filter).min(FILTERS) - 1;
        for column in columns {
            let mut dy = [simd.splat(0.0); FILTERS];
            for (o, dy) in dy.iter_mut().enumerate() {
                // Past the last channel the tile repeats it, and drops the sums.
                let at = row.dy + o.min(filters) * output + column;
                // SAFETY: row, channel and column are inside the image, and the slice holds the whole image.
                *dy = simd.load(unsafe { self.dy.get_unchecked(at) });
            }
            let from = (column * stride + self.place.tap).wrapping_sub(before);
            for (k, sums) in sums.iter_mut().enumerate() {
                if !INSIDE && from.wrapping_add(k) >= input {
                    continue;
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    let at = row.x + i * input + from.wrapping_add(k);
                    // SAFETY: row, channel and column are inside the image, and the slice holds the whole image.
                    let x = simd.load(unsafe { self.x.get_unchecked(at) });
                    for (sum, &dy) in sums.iter_mut().zip(&dy) {
                        *sum = simd.add_products(x, dy, *sum);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn finish<S: Simd>(self, simd: S, sums: Sums<S, K, I>) {
        let Place { filter, tap_row, tap, channel, .. } = *self.place;
        for (k, sums) in sums.into_iter().enumerate() {
            let tap = tap_row * self.columns.taps + tap + k;
            for (i, sums) in sums.into_iter().enumerate() {
                let at = (tap * self.channels + channel + i) * self.filters + filter;
                let end = (at + FILTERS).min(at - filter + self.filters);
                let (dw, totals) = (&mut self.dw[at..end], simd.totals(sums));
                if let Some(dw) = dw.first_chunk_mut::<FILTERS>() {
                    *dw = std::array::from_fn(|o| dw[o] + totals[o]);
                } else {
                    dw.iter_mut().zip(totals).for_each(|(dw, total)| *dw += total);
                }
            }
        }
    }
}

//! The convolution's gradient with respect to its weights in bf16: two neighbouring pixels go into one product.
//!
//! A register tile is `K` taps of one kernel row by `I` input by four output channels, as in `f32`.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{PairOperation, PairSimd};

use super::correlation::Axis;
use super::gradient::{FILTERS, Gradient};

/// Pixels that a tile sums up at least, unless the image has fewer.
const PIXELS: usize = 96;

/// Adds the gradient of one pack, where strides are 1.
pub(crate) struct PairGradient<'a>(pub Gradient<'a>);

impl PairOperation for PairGradient<'_> {
    #[inline(always)]
    fn run<S: PairSimd>(mut self, simd: S) {
        self.0.check();
        let some = PIXELS.div_ceil(self.0.columns.output.max(1));
        for first in (0..self.0.rows.output).step_by(some) {
            let rows = first..self.0.rows.output.min(first + some);
            for filter in (0..self.0.filters).step_by(FILTERS) {
                for channel in (0..self.0.channels).step_by(2) {
                    for tap_row in 0..self.0.rows.taps {
                        let place = Place { rows: rows.clone(), filter, tap_row, tap: 0, channel };
                        self.kernel_row(simd, place);
                    }
                }
            }
        }
    }
}

impl PairGradient<'_> {
    #[inline(always)]
    fn kernel_row<S: PairSimd>(&mut self, simd: S, mut place: Place) {
        let pair = place.channel + 1 < self.0.channels;
        let three = self.0.columns.taps == 3;
        for tap in (0..self.0.columns.taps).step_by(if three { 3 } else { 1 }) {
            place.tap = tap;
            match (three, pair) {
                (true, true) => simd.call_pairs(Tile::<3, 2> { of: &mut self.0, place: &place }),
                (true, false) => simd.call_pairs(Tile::<3, 1> { of: &mut self.0, place: &place }),
                (false, true) => simd.call_pairs(Tile::<1, 2> { of: &mut self.0, place: &place }),
                (false, false) => simd.call_pairs(Tile::<1, 1> { of: &mut self.0, place: &place }),
            }
        }
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

struct Tile<'t, 'a, const K: usize, const I: usize> {
    of: &'t mut Gradient<'a>,
    place: &'t Place,
}

/// `[tap][input channel][output channel]`.
type Sums<S, const K: usize, const I: usize> = [[[<S as crate::vector::Simd>::Sum; FILTERS]; I]; K];

impl<const K: usize, const I: usize> PairOperation for Tile<'_, '_, K, I> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let Gradient { rows, columns, channels, filters, .. } = *self.of;
        let Place { filter, tap_row, tap, channel, .. } = *self.place;
        let mut sums = [[[simd.no_sum(); FILTERS]; I]; K];
        let inside = columns.outputs(tap, K);
        // Whole pairs of pixels for which all taps, and their right neighbours, are inside.
        let inside = inside.start..inside.start + inside.len() / 2 * 2;
        for row in self.place.rows.clone() {
            let from = (row + tap_row).wrapping_sub(rows.before);
            if from < rows.input {
                let x = &self.of.x[(from * channels + channel) * columns.input..][..I * columns.input];
                let some = (filters - filter).min(FILTERS);
                let dy = &self.of.dy[(row * filters + filter) * columns.output..][..some * columns.output];
                self.add::<S, false>(simd, x, dy, 0..inside.start, &mut sums);
                self.add::<S, true>(simd, x, dy, inside.clone(), &mut sums);
                self.add::<S, false>(simd, x, dy, inside.end..columns.output, &mut sums);
            }
        }
        for (k, sums) in sums.into_iter().enumerate() {
            for (i, sums) in sums.into_iter().enumerate() {
                let tap = tap_row * columns.taps + tap + k;
                let at = (tap * channels + channel + i) * filters + filter;
                let dw = &mut self.of.dw[at..(at + FILTERS).min(at - filter + filters)];
                dw.iter_mut().zip(simd.totals(sums)).for_each(|(dw, total)| *dw += total);
            }
        }
    }
}

impl<const K: usize, const I: usize> Tile<'_, '_, K, I> {
    /// Adds some pixels of one row, two at a time; what is outside of `columns` or of the image is 0.
    #[inline(always)]
    fn add<S: PairSimd, const INSIDE: bool>(
        &self,
        simd: S,
        x: &[Lanes],
        dy: &[Lanes],
        outputs: Range<usize>,
        sums: &mut Sums<S, K, I>,
    ) {
        let Axis { input, output, before, .. } = self.of.columns;
        let more = (dy.len() / output.max(1)).saturating_sub(1);
        let load = |all: &[Lanes], at: usize, is_inside: bool| {
            if !INSIDE && !is_inside {
                return simd.splat(0.0);
            }
            // SAFETY: where `INSIDE`, both pixels and all their taps are inside the image, else they are looked at; the
            // slices hold one row of the tile's channels.
            simd.load(unsafe { all.get_unchecked(at) })
        };
        for column in outputs.clone().step_by(2) {
            let dy: [S::Pairs; FILTERS] = std::array::from_fn(|o| {
                // Past the last channel the tile repeats it, and drops the sums.
                let at = o.min(more) * output + column;
                simd.any_pairs(load(dy, at, true), load(dy, at + 1, column + 1 < outputs.end))
            });
            let from = (column + self.place.tap).wrapping_sub(before);
            for i in 0..I {
                let x = |k: usize| {
                    let column = from.wrapping_add(k);
                    load(x, (i * input).wrapping_add(column), column < input)
                };
                for (k, sums) in sums.iter_mut().enumerate() {
                    let x = simd.any_pairs(x(k), x(k + 1));
                    for (sum, &dy) in sums[i].iter_mut().zip(&dy) {
                        *sum = simd.sum_pairs(x, dy, *sum);
                    }
                }
            }
        }
    }
}

//! The convolution's gradient with respect to kernels of 3 by 3 in bf16 in half the products: as
//! [`super::winograd_gradient`], with what is transformed rounded to bf16 and two neighbouring tiles in one product.

use crate::precision::PairLanes;
use crate::vector::{PairOperation, PairSimd};

use super::correlation::Axis;
use super::gradient::{FILTERS, Gradient};
use super::winograd::{INPUTS, OUTPUTS, WEIGHTS, pixels, tiles, transform_gradient, transform_inputs};
use super::winograd_gradient::{Part, Portion, TRANSFORMED};

/// Adds the gradient of one pack, where that of [`super::winograd_gradient`] suits.
pub(crate) struct PairGradientOfTiles<'a>(pub Gradient<'a>);

/// Pairs of tiles of a row.
fn pairs(columns: Axis) -> usize {
    tiles(columns).div_ceil(2)
}

impl PairOperation for PairGradientOfTiles<'_> {
    #[inline(always)]
    fn run<S: PairSimd>(mut self, simd: S) {
        let Gradient { rows, columns, channels, filters, .. } = self.0;
        self.0.check();
        let (mut x, mut dy) = ([[0; 16]; TRANSFORMED], [[0; 16]; TRANSFORMED]);
        let some = Portion::of(rows, pairs(columns), channels, filters);
        for row in (0..rows.output).step_by(some.rows) {
            for channel in (0..channels).step_by(some.channels) {
                for position in 0..INPUTS {
                    let rows = row..rows.output.min(row + some.rows);
                    let channels = channel..channels.min(channel + some.channels);
                    let part = Part { position, rows, channels, filters: 0..0 };
                    match position {
                        0 => self.at::<S, 0>(simd, part, some.filters, &mut x, &mut dy),
                        1 => self.at::<S, 1>(simd, part, some.filters, &mut x, &mut dy),
                        2 => self.at::<S, 2>(simd, part, some.filters, &mut x, &mut dy),
                        3 => self.at::<S, 3>(simd, part, some.filters, &mut x, &mut dy),
                        4 => self.at::<S, 4>(simd, part, some.filters, &mut x, &mut dy),
                        _ => self.at::<S, 5>(simd, part, some.filters, &mut x, &mut dy),
                    }
                }
            }
        }
    }
}

impl PairGradientOfTiles<'_> {
    /// One position of a part, `some_filters` at a time; `x` and `dy` are room for what is transformed.
    #[inline(always)]
    fn at<S: PairSimd, const POSITION: usize>(
        &mut self,
        simd: S,
        mut part: Part,
        some_filters: usize,
        x: &mut [PairLanes],
        dy: &mut [PairLanes],
    ) {
        simd.call_pairs(Inputs::<POSITION> { of: &self.0, part: &part, to: x });
        for filter in (0..self.0.filters).step_by(some_filters) {
            part.filters = filter..self.0.filters.min(filter + some_filters);
            simd.call_pairs(Gradients::<POSITION> { of: &self.0, part: &part, to: dy });
            self.multiply(simd, &part, x, dy);
        }
    }

    #[inline(always)]
    fn multiply<S: PairSimd>(&mut self, simd: S, part: &Part, x: &[PairLanes], dy: &[PairLanes]) {
        let mut channel = 0;
        let mut left = part.channels.len();
        for blocks in (1..=left.div_ceil(3 * S::SUMMED)).rev() {
            let n_channels = left.div_ceil(blocks);
            for tap in 0..self.0.rows.taps {
                for filter in (0..part.filters.len()).step_by(FILTERS) {
                    let products = Products { of: &mut self.0, part, x, dy, tap, channel, filter };
                    match n_channels {
                        1 => simd.call_pairs(Tile::<1>(products)),
                        2 => simd.call_pairs(Tile::<2>(products)),
                        3 => simd.call_pairs(Tile::<3>(products)),
                        4 => simd.call_pairs(Tile::<4>(products)),
                        5 => simd.call_pairs(Tile::<5>(products)),
                        _ => simd.call_pairs(Tile::<6>(products)),
                    }
                }
            }
            channel += n_channels;
            left -= n_channels;
        }
    }
}

/// Inputs at one position, `[channel][row][pair of tiles]`, with the rows that the kernel reaches over the part's.
struct Inputs<'a, const POSITION: usize> {
    of: &'a Gradient<'a>,
    part: &'a Part,
    to: &'a mut [PairLanes],
}

impl<const POSITION: usize> PairOperation for Inputs<'_, POSITION> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let Gradient { rows, columns, channels, x, .. } = *self.of;
        let n_rows = self.part.rows.len() + rows.taps - 1;
        let to = self.to.chunks_exact_mut(pairs(columns)).take(n_rows * self.part.channels.len());
        for (i, to) in to.enumerate() {
            let row = (self.part.rows.start + i % n_rows).wrapping_sub(rows.before);
            if row >= rows.input {
                to.fill([0; 16]);
                continue;
            }
            let at = (row * channels + self.part.channels.start + i / n_rows) * columns.input;
            let x = &x[at..at + columns.input];
            for (pair, to) in to.iter_mut().enumerate() {
                let first = (2 * pair * OUTPUTS).wrapping_sub(columns.before);
                let second = first.wrapping_add(OUTPUTS);
                let a = transform_inputs(simd, pixels(simd, x, first))[POSITION];
                let b = transform_inputs(simd, pixels(simd, x, second))[POSITION];
                simd.store_pairs(simd.any_pairs(a, b), to);
            }
        }
    }
}

/// Gradients of outputs at one position, `[filter][row][pair of tiles]`; 0 past the last tile.
struct Gradients<'a, const POSITION: usize> {
    of: &'a Gradient<'a>,
    part: &'a Part,
    to: &'a mut [PairLanes],
}

impl<const POSITION: usize> PairOperation for Gradients<'_, POSITION> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let Gradient { columns, filters, dy, .. } = *self.of;
        let n_rows = self.part.rows.len();
        let to = self.to.chunks_exact_mut(pairs(columns)).take(n_rows * self.part.filters.len());
        for (i, to) in to.enumerate() {
            let row = self.part.rows.start + i % n_rows;
            let at = (row * filters + self.part.filters.start + i / n_rows) * columns.output;
            let dy = &dy[at..at + columns.output];
            for (pair, to) in to.iter_mut().enumerate() {
                let first = 2 * pair * OUTPUTS;
                let a = transform_gradient(simd, pixels(simd, dy, first))[POSITION];
                let b = transform_gradient(simd, pixels(simd, dy, first + OUTPUTS))[POSITION];
                simd.store_pairs(simd.any_pairs(a, b), to);
            }
        }
    }
}

/// The sums at one position for one kernel row.
struct Products<'t, 'a> {
    of: &'t mut Gradient<'a>,
    part: &'t Part,
    x: &'t [PairLanes],
    dy: &'t [PairLanes],
    tap: usize,
    /// The first of the part's.
    channel: usize,
    filter: usize,
}

/// `I` input by four output channels.
struct Tile<'t, 'a, const I: usize>(Products<'t, 'a>);

impl<const I: usize> PairOperation for Tile<'_, '_, I> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let Products { of, part, x, dy, tap, channel, filter } = self.0;
        let Gradient { rows, columns, channels, filters, .. } = *of;
        let n_pairs = pairs(columns);
        let (n, next) = (part.rows.len() * n_pairs, (part.rows.len() + rows.taps - 1) * n_pairs);
        let x = &x[channel * next + tap * n_pairs..][..(I - 1) * next + n];
        // Past the last channel the tile repeats it, and drops the sums.
        let more = (part.filters.len() - filter).min(FILTERS) - 1;
        let dy = &dy[filter * n..][..(more + 1) * n];
        let mut sums = [[simd.no_sum(); FILTERS]; I];
        for pair in 0..n {
            let mut vectors = [simd.splat_pair(0); FILTERS];
            for (o, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: the slice holds `n` pairs of each of the output channels, as cut above.
                *vector = simd.load_pairs(unsafe { dy.get_unchecked(o.min(more) * n + pair) });
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the slice holds `n` pairs of the last input channel, `next` after those before.
                let x = simd.load_pairs(unsafe { x.get_unchecked(i * next + pair) });
                for (sum, &dy) in sums.iter_mut().zip(&vectors) {
                    *sum = simd.sum_pairs(x, dy, *sum);
                }
            }
        }
        for (i, sums) in sums.into_iter().enumerate() {
            let totals = &simd.totals(sums)[..=more];
            for (column, weight) in WEIGHTS[part.position].into_iter().enumerate() {
                let channel = part.channels.start + channel + i;
                let at = ((tap * columns.taps + column) * channels + channel) * filters;
                let dw = &mut of.dw[at + part.filters.start + filter..];
                dw.iter_mut().zip(totals).for_each(|(dw, total)| *dw += weight * total);
            }
        }
    }
}

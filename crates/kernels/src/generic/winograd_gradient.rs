//! The convolution's gradient with respect to kernels of 3 by 3 in 6 products for every 4 outputs of a row
//! instead of 12: with the transforms of [`super::winograd`],
//!
//! ```text
//! dg = G' [sum over rows, tiles and cells of (A dy) * (B' d)]
//! ```
//!
//! For each position and kernel row that is a product of matrices, `[channels][tiles]` by `[tiles][filters]`. The tiles
//! of some rows are transformed for one position at a time, side by side; a kernel row further down begins as many
//! tiles later. A register tile is `I` input by four output channels.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

use super::correlation::Axis;
use super::gradient::{FILTERS, Gradient};
use super::winograd::{INPUTS, OUTPUTS, WEIGHTS, pixels, suits, tiles, transform_gradient, transform_inputs};

/// Tiles that a register tile sums up at least, unless the image has fewer: the total over the cells costs about as much
/// as five of them.
const TILES: usize = 48;

/// Tiles of an image below which the totals take more than fewer products save.
const FEWEST: usize = 16;

/// Transformed values of one position, of inputs or of outputs' gradients: 144 KB.
pub(crate) const TRANSFORMED: usize = 2304;

/// Adds the gradient of one pack.
pub(crate) struct GradientOfTiles<'a>(pub Gradient<'a>);

/// What is transformed and summed up at a time.
pub(crate) struct Part {
    pub position: usize,
    pub rows: Range<usize>,
    pub channels: Range<usize>,
    pub filters: Range<usize>,
}

impl GradientOfTiles<'_> {
    /// Whether this is faster than plain sums.
    pub(crate) fn suits([rows, columns]: [Axis; 2], channels: usize, filters: usize) -> bool {
        let n_tiles = tiles(columns);
        rows.output * n_tiles >= FEWEST
            && FILTERS * n_tiles <= TRANSFORMED
            && suits([rows, columns], channels, filters)
    }
}

impl Operation for GradientOfTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Gradient { rows, columns, channels, filters, .. } = self.0;
        self.0.check();
        let (mut x, mut dy) = ([[0.0; 16]; TRANSFORMED], [[0.0; 16]; TRANSFORMED]);
        let some = Portion::of(rows, tiles(columns), channels, filters);
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

/// How much is transformed at a time.
pub(crate) struct Portion {
    pub rows: usize,
    pub channels: usize,
    /// Whole register tiles.
    pub filters: usize,
}

impl Portion {
    /// So much that [`TRANSFORMED`] values hold the inputs, and also the gradients, of rows of `n` values.
    #[inline(always)]
    pub(crate) fn of(rows: Axis, n: usize, channels: usize, filters: usize) -> Self {
        let some_rows = even(rows.output, TILES.div_ceil(n).min(TRANSFORMED / n - rows.taps + 1));
        let of_rows = FILTERS * n * some_rows;
        Portion {
            rows: some_rows,
            channels: even(channels, TRANSFORMED / (n * (some_rows + rows.taps - 1))),
            filters: even(filters.div_ceil(FILTERS), TRANSFORMED / of_rows) * FILTERS,
        }
    }
}

/// The length of parts of about the same length, at most `most`, that `n` is divided into.
fn even(n: usize, most: usize) -> usize {
    n.div_ceil(n.div_ceil(most).max(1)).max(1)
}

impl GradientOfTiles<'_> {
    /// One position of a part, `some_filters` at a time; `x` and `dy` are room for what is transformed.
    #[inline(always)]
    fn at<S: Simd, const POSITION: usize>(
        &mut self,
        simd: S,
        mut part: Part,
        some_filters: usize,
        x: &mut [Lanes],
        dy: &mut [Lanes],
    ) {
        simd.call(Inputs::<POSITION> { of: &self.0, part: &part, to: x });
        for filter in (0..self.0.filters).step_by(some_filters) {
            part.filters = filter..self.0.filters.min(filter + some_filters);
            simd.call(Gradients::<POSITION> { of: &self.0, part: &part, to: dy });
            self.multiply(simd, &part, x, dy);
        }
    }

    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S, part: &Part, x: &[Lanes], dy: &[Lanes]) {
        let mut channel = 0;
        let mut left = part.channels.len();
        for blocks in (1..=left.div_ceil(3 * S::SUMMED)).rev() {
            let n_channels = left.div_ceil(blocks);
            for tap in 0..self.0.rows.taps {
                for filter in (0..part.filters.len()).step_by(FILTERS) {
                    let products = Products { of: &mut self.0, part, x, dy, tap, channel, filter };
                    match n_channels {
                        1 => simd.call(Tile::<1>(products)),
                        2 => simd.call(Tile::<2>(products)),
                        3 => simd.call(Tile::<3>(products)),
                        4 => simd.call(Tile::<4>(products)),
                        5 => simd.call(Tile::<5>(products)),
                        _ => simd.call(Tile::<6>(products)),
                    }
                }
            }
            channel += n_channels;
            left -= n_channels;
        }
    }
}

/// Inputs at one position, `[channel][row][tile]`, with the rows that the kernel reaches over the part's.
struct Inputs<'a, const POSITION: usize> {
    of: &'a Gradient<'a>,
    part: &'a Part,
    to: &'a mut [Lanes],
}

impl<const POSITION: usize> Operation for Inputs<'_, POSITION> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Gradient { rows, columns, channels, x, .. } = *self.of;
        let n_rows = self.part.rows.len() + rows.taps - 1;
        let to = self.to.chunks_exact_mut(tiles(columns)).take(n_rows * self.part.channels.len());
        for (i, to) in to.enumerate() {
            let row = (self.part.rows.start + i % n_rows).wrapping_sub(rows.before);
            if row >= rows.input {
                to.fill([0.0; 16]);
                continue;
            }
            let at = (row * channels + self.part.channels.start + i / n_rows) * columns.input;
            let x = &x[at..at + columns.input];
            for (tile, to) in to.iter_mut().enumerate() {
                let d = pixels(simd, x, (tile * OUTPUTS).wrapping_sub(columns.before));
                simd.store(transform_inputs(simd, d)[POSITION], to);
            }
        }
    }
}

/// Gradients of outputs at one position, `[filter][row][tile]`.
struct Gradients<'a, const POSITION: usize> {
    of: &'a Gradient<'a>,
    part: &'a Part,
    to: &'a mut [Lanes],
}

impl<const POSITION: usize> Operation for Gradients<'_, POSITION> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Gradient { columns, filters, dy, .. } = *self.of;
        let n_rows = self.part.rows.len();
        let to = self.to.chunks_exact_mut(tiles(columns)).take(n_rows * self.part.filters.len());
        for (i, to) in to.enumerate() {
            let row = self.part.rows.start + i % n_rows;
            let at = (row * filters + self.part.filters.start + i / n_rows) * columns.output;
            let dy = &dy[at..at + columns.output];
            for (tile, to) in to.iter_mut().enumerate() {
                simd.store(transform_gradient(simd, pixels(simd, dy, tile * OUTPUTS))[POSITION], to);
            }
        }
    }
}

/// The sums at one position for one kernel row.
struct Products<'t, 'a> {
    of: &'t mut Gradient<'a>,
    part: &'t Part,
    x: &'t [Lanes],
    dy: &'t [Lanes],
    tap: usize,
    /// The first of the part's.
    channel: usize,
    filter: usize,
}

/// `I` input by four output channels.
struct Tile<'t, 'a, const I: usize>(Products<'t, 'a>);

impl<const I: usize> Operation for Tile<'_, '_, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Products { of, part, x, dy, tap, channel, filter } = self.0;
        let Gradient { rows, columns, channels, filters, .. } = *of;
        let n_tiles = tiles(columns);
        let (n, next) = (part.rows.len() * n_tiles, (part.rows.len() + rows.taps - 1) * n_tiles);
        let x = &x[channel * next + tap * n_tiles..][..(I - 1) * next + n];
        // Past the last channel the tile repeats it, and drops the sums.
        let more = (part.filters.len() - filter).min(FILTERS) - 1;
        let dy = &dy[filter * n..][..(more + 1) * n];
        let mut sums = [[simd.no_sum(); FILTERS]; I];
        for tile in 0..n {
            let mut vectors = [simd.splat(0.0); FILTERS];
            for (o, vector) in vectors.iter_mut().enumerate() {
                // SAFETY: the slice holds `n` tiles of each of the output channels, as cut above.
                *vector = simd.load(unsafe { dy.get_unchecked(o.min(more) * n + tile) });
            }
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: the slice holds `n` tiles of the last input channel, `next` after those before.
                let x = simd.load(unsafe { x.get_unchecked(i * next + tile) });
                for (sum, &dy) in sums.iter_mut().zip(&vectors) {
                    *sum = simd.add_products(x, dy, *sum);
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

//! The gradient with respect to the weights of one tap, summed over several packs at once.
//!
//! Where images are small, adding up the sixteen cells would cost more than the few pixels of one pack. A register tile
//! is `I` input by four output channels.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

use super::correlation::Axis;

/// Output channels of a tile.
const FILTERS: usize = 4;

/// Pixels that a tile sums up before it adds up the cells: as many as stay in the first-level cache.
const PIXELS: usize = 48;

/// Sums up `dw` of one tap and some input channels.
pub(crate) struct TapGradient<'a, P> {
    pub axes: [Axis; 2],
    pub channels: usize,
    pub filters: usize,
    /// Row and column of the tap.
    pub tap: [usize; 2],
    /// The input channels.
    pub range: Range<usize>,
    pub n_packs: usize,
    /// `x` and `dy` of a pack.
    pub packs: P,
    /// `[range.len()][filters]`.
    pub dw: &'a mut [f32],
}

impl<'p, P: Fn(usize) -> [&'p [Lanes]; 2]> Operation for TapGradient<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert_eq!(self.dw.len(), self.range.len() * self.filters);
        assert!(self.range.end <= self.channels);
        self.dw.fill(0.0);
        let [rows, columns] = [0, 1].map(|i| self.axes[i].outputs(self.tap[i], 1));
        let pixels = rows.len() * columns.len();
        if pixels == 0 {
            return;
        }
        let at_once = self.n_packs.div_ceil((self.n_packs * pixels).div_ceil(PIXELS).max(1)).max(1);
        for first in (0..self.n_packs).step_by(at_once) {
            let packs = first..self.n_packs.min(first + at_once);
            for channel in self.range.clone().step_by(3 * S::SUMMED) {
                for filter in (0..self.filters).step_by(FILTERS) {
                    let (packs, rows, columns) = (packs.clone(), rows.clone(), columns.clone());
                    self.tile(simd, Place { packs, rows, columns, channel, filter });
                }
            }
        }
    }
}

/// What a tile sums up, and its first channels.
struct Place {
    packs: Range<usize>,
    rows: Range<usize>,
    columns: Range<usize>,
    channel: usize,
    filter: usize,
}

impl<'p, P: Fn(usize) -> [&'p [Lanes]; 2]> TapGradient<'_, P> {
    #[inline(always)]
    fn tile<S: Simd>(&mut self, simd: S, place: Place) {
        let channels = self.range.end - place.channel;
        match channels.min(3 * S::SUMMED) {
            1 => simd.call(Tile::<P, 1> { of: self, place }),
            2 => simd.call(Tile::<P, 2> { of: self, place }),
            3 => simd.call(Tile::<P, 3> { of: self, place }),
            4 => simd.call(Tile::<P, 4> { of: self, place }),
            5 => simd.call(Tile::<P, 5> { of: self, place }),
            _ => simd.call(Tile::<P, 6> { of: self, place }),
        }
    }
}

/// `I` input by four output channels.
struct Tile<'t, 'a, P, const I: usize> {
    of: &'t mut TapGradient<'a, P>,
    place: Place,
}

impl<'p, P: Fn(usize) -> [&'p [Lanes]; 2], const I: usize> Operation for Tile<'_, '_, P, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let mut sums = [[simd.no_sum(); FILTERS]; I];
        for pack in self.place.packs.clone() {
            let [x, dy] = (self.of.packs)(pack);
            self.add(simd, x, dy, &mut sums);
        }
        let Place { channel, filter, .. } = self.place;
        for (i, sums) in sums.into_iter().enumerate() {
            let at = (channel - self.of.range.start + i) * self.of.filters + filter;
            let end = (at + FILTERS).min(at - filter + self.of.filters);
            let dw = &mut self.of.dw[at..end];
            dw.iter_mut().zip(simd.totals(sums)).for_each(|(dw, total)| *dw += total);
        }
    }
}

impl<P, const I: usize> Tile<'_, '_, P, I> {
    /// Adds the pixels of one pack.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, x: &[Lanes], dy: &[Lanes], sums: &mut [[S::Sum; FILTERS]; I]) {
        let TapGradient { axes: [rows, columns], channels, filters, tap, .. } = *self.of;
        let Place { channel, filter, .. } = self.place;
        assert_eq!(x.len(), rows.input * channels * columns.input);
        assert_eq!(dy.len(), rows.output * filters * columns.output);
        let more = (filters - filter).min(FILTERS) - 1;
        for row in self.place.rows.clone() {
            let from = row * rows.stride + tap[0] - rows.before;
            let x_row = (from * channels + channel) * columns.input;
            let dy_row = (row * filters + filter) * columns.output;
            for column in self.place.columns.clone() {
                let from = x_row + column * columns.stride + tap[1] - columns.before;
                let mut vectors = [simd.splat(0.0); FILTERS];
                for (o, vector) in vectors.iter_mut().enumerate() {
                    // Past the last channel the tile repeats it, and drops the sums.
                    let at = dy_row + o.min(more) * columns.output + column;
                    // SAFETY: row, channel and column are inside the image, and the slice holds the whole image.
                    *vector = simd.load(unsafe { dy.get_unchecked(at) });
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: as above: the rows and columns are those for which the tap is inside the image, and
                    // there are `I` channels from the tile's first.
                    let x = simd.load(unsafe { x.get_unchecked(from + i * columns.input) });
                    for (sum, &dy) in sums.iter_mut().zip(&vectors) {
                        *sum = simd.add_products(x, dy, *sum);
                    }
                }
            }
        }
    }
}

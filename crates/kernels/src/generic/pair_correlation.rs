//! Correlation of one pack in bf16: values and weights are rounded to bf16, products are added up in `f32`.
//!
//! Two input channels go into one product. The pixels that a tile of one row needs are rounded, paired and laid side by
//! side once, with zeros outside the image, and read by the tiles of all filters.

use crate::layout::Lanes;
use crate::precision::{PairLanes, pair_of_bf16};
use crate::vector::{PairOperation, PairSimd};

use super::correlation::{Axis, BLOCK, Strides};

/// Pixels that are laid side by side at once: 16 KB, half of the first-level cache.
const CACHED: usize = 256;

/// Pixels of a tile.
const COLUMNS: usize = 6;

/// A correlation and its weights, `[filters / 4][rows][channels / 2][columns][4]` pairs, filled up with 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PairCorrelation {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
    pub filters: usize,
    weights: Vec<[u32; BLOCK]>,
}

impl PairCorrelation {
    /// All weights 0; none where pairs bring nothing: few channels, large or strided kernels.
    pub(crate) fn new(rows: Axis, columns: Axis, channels: usize, filters: usize) -> Option<Self> {
        let seen = rows.taps * (COLUMNS + columns.taps - 1);
        let dense = [rows, columns].iter().all(|axis| axis.stride == 1 && axis.up == 1);
        let blocks = filters.div_ceil(BLOCK) * rows.taps * columns.taps * channels.div_ceil(2);
        let suits = dense && channels >= BLOCK && seen <= CACHED;
        suits.then(|| PairCorrelation { rows, columns, channels, filters, weights: vec![[0; BLOCK]; blocks] })
    }

    /// Takes each weight from where `from` says it is in `weights`.
    pub(crate) fn set(&mut self, weights: &[f32], from: Strides) {
        let (rows, columns, pairs) = (self.rows.taps, self.columns.taps, self.channels.div_ceil(2));
        for (block, to) in self.weights.chunks_exact_mut(rows * columns * pairs).enumerate() {
            let filter = block * BLOCK;
            let filters = BLOCK.min(self.filters - filter);
            let mut to = to.iter_mut();
            for row in 0..rows {
                for channel in (0..self.channels).step_by(2) {
                    let has_second = channel + 1 < self.channels;
                    for (column, to) in (0..columns).zip(&mut to) {
                        let at = from.at(row, column, channel, filter);
                        for (i, to) in to[..filters].iter_mut().enumerate() {
                            let at = at + i * from.filter;
                            let second = if has_second { weights[at + from.channel] } else { 0.0 };
                            *to = pair_of_bf16(weights[at], second);
                        }
                    }
                }
            }
        }
    }
}

/// Correlates a pack.
pub(crate) struct PairCorrelate<'a> {
    pub with: &'a PairCorrelation,
    pub bias: Option<&'a [f32]>,
    /// The lowest output: what is below becomes this.
    pub floor: f32,
    /// `[rows.input][channels][columns.input]`.
    pub x: &'a [Lanes],
    /// `[rows.output][filters][columns.output]`.
    pub y: &'a mut [Lanes],
}

impl PairOperation for PairCorrelate<'_> {
    #[inline(always)]
    fn run<S: PairSimd>(mut self, simd: S) {
        let PairCorrelation { rows, columns, channels, filters, .. } = *self.with;
        assert_eq!(self.x.len(), rows.input * channels * columns.input);
        assert_eq!(self.y.len(), rows.output * filters * columns.output);
        let mut side_by_side = [[0; 16]; CACHED];
        for row in 0..rows.output {
            let (mut left, mut column) = (columns.output, 0);
            for tiles in (1..=left.div_ceil(COLUMNS)).rev() {
                let pixels = left.div_ceil(tiles);
                self.all_filters(simd, pixels, row, column, &mut side_by_side);
                column += pixels;
                left -= pixels;
            }
        }
    }
}

impl PairCorrelate<'_> {
    /// The tiles of all filters on the same pixels, some pairs of input channels at a time.
    #[inline(always)]
    fn all_filters<S: PairSimd>(
        &mut self,
        simd: S,
        pixels: usize,
        row: usize,
        column: usize,
        cached: &mut [PairLanes; CACHED],
    ) {
        let PairCorrelation { rows, columns, channels, filters, .. } = *self.with;
        let (pairs, width) = (channels.div_ceil(2), pixels + columns.taps - 1);
        // Kernel rows that are inside the image.
        let taps =
            rows.before.saturating_sub(row)..rows.taps.min((rows.input + rows.before).saturating_sub(row));
        let taps = taps.start.min(taps.end)..taps.end;
        let chunk = pairs.div_ceil(pairs.div_ceil(CACHED / (rows.taps * width)));
        for pair in (0..pairs).step_by(chunk) {
            let end = pairs.min(pair + chunk);
            let mut to = cached.iter_mut();
            for tap in taps.clone() {
                for pair in pair..end {
                    self.lay(simd, row + tap - rows.before, pair, column, to.by_ref().take(width));
                }
            }
            for filter in (0..filters).step_by(BLOCK) {
                let place = Place { row, filter, column, pair, end, taps: [taps.start, taps.end] };
                self.tile(simd, pixels, place, cached);
            }
        }
    }

    /// Rounds and pairs the pixels of a tile in one input row.
    #[inline(always)]
    fn lay<'c, S: PairSimd>(
        &self,
        simd: S,
        row: usize,
        pair: usize,
        column: usize,
        to: impl Iterator<Item = &'c mut PairLanes>,
    ) {
        let PairCorrelation { columns, channels, .. } = *self.with;
        let at = (row * channels + 2 * pair) * columns.input;
        let low = &self.x[at..at + columns.input];
        let high = if 2 * pair + 1 < channels { &self.x[at + columns.input..][..columns.input] } else { &[] };
        for (k, to) in to.enumerate() {
            let from = (column + k).wrapping_sub(columns.before);
            let [low, high] = [low, high].map(|x| x.get(from).map_or(simd.splat(0.0), |x| simd.load(x)));
            simd.store_pairs(simd.pair(low, high), to);
        }
    }

    #[inline(always)]
    fn tile<S: PairSimd>(&mut self, simd: S, pixels: usize, place: Place, x: &[PairLanes; CACHED]) {
        let PairCorrelate { with, bias, floor, .. } = *self;
        let y = &mut *self.y;
        match pixels {
            1 => simd.call_pairs(Tile::<1> { with, bias, floor, x, y, place }),
            2 => simd.call_pairs(Tile::<2> { with, bias, floor, x, y, place }),
            3 => simd.call_pairs(Tile::<3> { with, bias, floor, x, y, place }),
            4 => simd.call_pairs(Tile::<4> { with, bias, floor, x, y, place }),
            5 => simd.call_pairs(Tile::<5> { with, bias, floor, x, y, place }),
            _ => simd.call_pairs(Tile::<6> { with, bias, floor, x, y, place }),
        }
    }
}

/// The first output channel and pixel of a tile, and the pairs of input channels and the kernel rows to add up.
#[derive(Clone, Copy)]
struct Place {
    row: usize,
    filter: usize,
    column: usize,
    pair: usize,
    end: usize,
    taps: [usize; 2],
}

/// Four output channels by `P` pixels.
struct Tile<'a, const P: usize> {
    with: &'a PairCorrelation,
    bias: Option<&'a [f32]>,
    floor: f32,
    /// `[kernel rows inside][pairs][P + columns.taps - 1]`.
    x: &'a [PairLanes; CACHED],
    y: &'a mut [Lanes],
    place: Place,
}

impl<const P: usize> PairOperation for Tile<'_, P> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let PairCorrelation { rows, columns, channels, .. } = *self.with;
        let Place { filter, pair, end, taps: [first, last], .. } = self.place;
        let (pairs, width) = (channels.div_ceil(2), P + columns.taps - 1);
        assert!((last - first) * (end - pair) * width <= CACHED);
        let mut sums = self.start(simd);
        let mut x = self.x.as_slice();
        for tap_row in first..last {
            let block = ((filter / BLOCK * rows.taps + tap_row) * pairs + pair) * columns.taps;
            let weights = &self.with.weights[block..block + (end - pair) * columns.taps];
            for weights in weights.chunks_exact(columns.taps) {
                for (k, weights) in weights.iter().enumerate() {
                    let weights = weights.map(|pair| simd.splat_pair(pair));
                    for (p, sums) in sums.iter_mut().enumerate() {
                        // SAFETY: `width` pixels are left for each pair and kernel row, as asserted above.
                        let x = simd.load_pairs(unsafe { x.get_unchecked(k + p) });
                        for (sum, &weight) in sums.iter_mut().zip(&weights) {
                            *sum = simd.add_pairs(weight, x, *sum);
                        }
                    }
                }
                x = &x[width..];
            }
        }
        let floor = simd.splat(if end == pairs { self.floor } else { f32::NEG_INFINITY });
        for (o, at) in self.outputs().enumerate() {
            for (p, sums) in sums.iter().enumerate() {
                simd.store(simd.max(floor, sums[o]), &mut self.y[at + p]);
            }
        }
    }
}

impl<const P: usize> Tile<'_, P> {
    /// The bias, or what the pairs before these added up to.
    #[inline(always)]
    fn start<S: PairSimd>(&self, simd: S) -> [[S::Vector; BLOCK]; P] {
        let mut sums = [[simd.splat(0.0); BLOCK]; P];
        for (o, at) in self.outputs().enumerate() {
            let bias = simd.splat(self.bias.map_or(0.0, |bias| bias[self.place.filter + o]));
            for (p, sums) in sums.iter_mut().enumerate() {
                sums[o] = if self.place.pair > 0 { simd.load(&self.y[at + p]) } else { bias };
            }
        }
        sums
    }

    /// Where the first pixel of each output channel is.
    #[inline(always)]
    fn outputs(&self) -> impl Iterator<Item = usize> + use<P> {
        let PairCorrelation { columns, filters, .. } = *self.with;
        let Place { row, filter, column, .. } = self.place;
        (0..BLOCK.min(filters - filter)).map(move |o| (row * filters + filter + o) * columns.output + column)
    }
}

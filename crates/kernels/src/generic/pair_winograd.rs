//! Correlation in bf16 in half the products: as [`super::winograd`], with transformed values and weights rounded to
//! bf16 and two input channels in one product.
//!
//! The error is 2.5 times that of rounding values and weights themselves.

use crate::layout::Lanes;
use crate::precision::{PairLanes, pair_of_bf16};
use crate::vector::{PairOperation, PairSimd};

use super::correlation::{Axis, BLOCK, Strides};
use super::winograd::{CHANNELS, INPUTS, Outputs, Part, ROWS};
use super::winograd::{pixels, suits, transform_inputs, transform_weights};

/// `[input row][pair of channels][position]`.
type Transformed = [[[PairLanes; INPUTS]; CHANNELS]; ROWS + 2];

/// A correlation and its transformed weights, `[filters / 4][kernel row][channels / 2][position][4]` pairs, filled up
/// with 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PairWinograd {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
    pub filters: usize,
    weights: Vec<[[u32; BLOCK]; INPUTS]>,
}

impl PairWinograd {
    /// All weights 0; none where this would not be faster.
    pub(crate) fn new(rows: Axis, columns: Axis, channels: usize, filters: usize) -> Option<Self> {
        let blocks = filters.div_ceil(BLOCK) * rows.taps * channels.div_ceil(2);
        let weights = || vec![[[0; BLOCK]; INPUTS]; blocks];
        suits([rows, columns], channels, filters).then(|| PairWinograd {
            rows,
            columns,
            channels,
            filters,
            weights: weights(),
        })
    }

    /// Takes each weight from where `from` says it is in `weights`.
    pub(crate) fn set(&mut self, weights: &[f32], from: Strides) {
        let (rows, pairs) = (self.rows.taps, self.channels.div_ceil(2));
        for (block, to) in self.weights.chunks_exact_mut(rows * pairs).enumerate() {
            let filter = block * BLOCK;
            let filters = BLOCK.min(self.filters - filter);
            for (i, to) in to.iter_mut().enumerate() {
                let (row, channel) = (i / pairs, i % pairs * 2);
                let transformed = |channel: usize| {
                    let mut g = [[0.0; BLOCK]; 3];
                    for (column, taps) in g.iter_mut().enumerate().filter(|_| channel < self.channels) {
                        let at = from.at(row, column, channel, filter);
                        taps[..filters]
                            .iter_mut()
                            .enumerate()
                            .for_each(|(i, to)| *to = weights[at + i * from.filter]);
                    }
                    transform_weights(g)
                };
                let (low, high) = (transformed(channel), transformed(channel + 1));
                *to = std::array::from_fn(|j| std::array::from_fn(|i| pair_of_bf16(low[j][i], high[j][i])));
            }
        }
    }
}

/// Correlates a pack.
pub(crate) struct CorrelatePairTiles<'a> {
    pub with: &'a PairWinograd,
    /// `[rows.input][channels][columns.input]`.
    pub x: &'a [Lanes],
    pub to: Outputs<'a>,
}

impl PairOperation for CorrelatePairTiles<'_> {
    #[inline(always)]
    fn run<S: PairSimd>(mut self, simd: S) {
        let PairWinograd { rows, columns, channels, filters, .. } = *self.with;
        assert_eq!(self.x.len(), rows.input * channels * columns.input);
        assert_eq!(self.to.y.len(), rows.output * filters * columns.output);
        let mut transformed: Transformed = [[[[0; 16]; INPUTS]; CHANNELS]; ROWS + 2];
        for part in Part::all(rows, columns, channels.div_ceil(2)) {
            simd.call_pairs(Transform { with: self.with, x: self.x, part: &part, to: &mut transformed });
            simd.call_pairs(Products { with: self.with, x: &transformed, part: &part, to: &mut self.to });
        }
    }
}

/// The transformed inputs of a part.
struct Transform<'a> {
    with: &'a PairWinograd,
    x: &'a [Lanes],
    part: &'a Part,
    to: &'a mut Transformed,
}

impl PairOperation for Transform<'_> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let PairWinograd { rows, channels, .. } = *self.with;
        for (i, row) in self.part.input_rows(rows) {
            for pair in self.part.channels.clone() {
                let low = self.transformed(simd, i, row, 2 * pair);
                // Past the last channel its weight is 0.
                let high = self.transformed(simd, i, row, (2 * pair + 1).min(channels - 1));
                let to = &mut self.to[i][pair - self.part.channels.start];
                for (j, to) in to.iter_mut().enumerate() {
                    simd.store_pairs(simd.pair(low[j], high[j]), to);
                }
            }
        }
    }
}

impl Transform<'_> {
    /// One channel of the `i`-th input row that the part sees.
    #[inline(always)]
    fn transformed<S: PairSimd>(&self, simd: S, i: usize, row: usize, channel: usize) -> [S::Vector; INPUTS] {
        let PairWinograd { columns, channels, .. } = *self.with;
        let at = (row * channels + channel) * columns.input;
        let below = at + ROWS * channels * columns.input;
        self.part.prefetch(simd, i, self.x.get(below..).unwrap_or_default());
        let left = self.part.column.wrapping_sub(columns.before);
        transform_inputs(simd, pixels(simd, &self.x[at..at + columns.input], left))
    }
}

/// Adds a part to the outputs, four output channels at a time.
struct Products<'t, 'a> {
    with: &'t PairWinograd,
    x: &'t Transformed,
    part: &'t Part,
    to: &'t mut Outputs<'a>,
}

impl PairOperation for Products<'_, '_> {
    #[inline(always)]
    fn run<S: PairSimd>(self, simd: S) {
        let PairWinograd { rows, channels, filters, .. } = *self.with;
        let pairs = channels.div_ceil(2);
        let blocks = self.with.weights.chunks_exact(rows.taps * pairs);
        for (first, weights) in (0..filters).step_by(BLOCK).zip(blocks) {
            for row in 0..self.part.rows.len() {
                let mut sums = [[simd.splat(0.0); INPUTS]; BLOCK];
                for tap in 0..3 {
                    if (self.part.rows.start + row + tap).wrapping_sub(rows.before) >= rows.input {
                        continue;
                    }
                    let weights = &weights[tap * pairs..][self.part.channels.clone()];
                    for (weights, x) in weights.iter().zip(&self.x[row + tap]) {
                        for (j, (weights, x)) in weights.iter().zip(x).enumerate() {
                            let x = simd.load_pairs(x);
                            for (sums, &weight) in sums.iter_mut().zip(weights) {
                                sums[j] = simd.add_pairs(simd.splat_pair(weight), x, sums[j]);
                            }
                        }
                    }
                }
                for (filter, sums) in (first..filters).zip(sums) {
                    self.to.add(simd, self.part, row, filter, sums);
                }
            }
        }
    }
}

//! Correlation with kernels of 3 by 3 in 6 products for every 4 outputs of a row instead of 12.
//!
//! The outputs are the coefficients of a product of polynomials, taken from its values at 0, a, -a, b, -b and infinity.
//! With the 6 inputs `d` that 4 neighbouring outputs see and a row `g` of the kernel,
//!
//! ```text
//! y = A' [sum over input channels and kernel rows of (G g) * (B' d)]
//!
//! B' = a²b²    0   -a²-b²   0      1  0    G = 1/(a²b²)            * ( 1  0  0  )    A' = 1  1   1  1   1  0
//!       0   -ab²    -b²     a      1  0        1/(2a²(a²-b²))      * ( 1  a  a² )         0  a  -a  b  -b  0
//!       0    ab²    -b²    -a      1  0        1/(2a²(a²-b²))      * ( 1 -a  a² )         0  a²  a² b²  b² 0
//!       0   -a²b    -a²     b      1  0        1/(2b²(b²-a²))      * ( 1  b  b² )         0  a³ -a³ b³ -b³ 1
//!       0    a²b    -a²    -b      1  0        1/(2b²(b²-a²))      * ( 1 -b  b² )
//!       0    a²b²    0   -a²-b²    0  1                              ( 0  0  1  )
//! ```
//!
//! with a = 3/4 and b = 3/2: all factors of values are exact in `f32`, and the error is 1.5 times that of plain sums
//! (2.1 times with the customary 1 and 2). A value that is not finite spreads over its 4 outputs.
//!
//! # Source
//! Winograd 1980, doi:10.1137/1.9781611970364; Lavin and Gray 2016, doi:10.1109/CVPR.2016.435; points of evaluation:
//! Barabasz et al. 2020, doi:10.1145/3412380.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

use super::correlation::{Axis, BLOCK, Strides};

/// Outputs of a tile.
pub(crate) const OUTPUTS: usize = 4;

/// Inputs of a tile, and products.
pub(crate) const INPUTS: usize = 6;

/// Output rows and input channels at a time: their transformed inputs take 48 KB.
pub(crate) const ROWS: usize = 2;
pub(crate) const CHANNELS: usize = 32;

/// `[input row][channel][position]`.
type Transformed = [[[Lanes; INPUTS]; CHANNELS]; ROWS + 2];

/// The points of evaluation, and their squares.
const A: f32 = 0.75;
const B: f32 = 1.5;
const A2: f32 = A * A;
const B2: f32 = B * B;

/// `G`.
pub(crate) const WEIGHTS: [[f32; 3]; INPUTS] = {
    let (of_a, of_b) = (1.0 / (2.0 * A2 * (A2 - B2)), 1.0 / (2.0 * B2 * (B2 - A2)));
    [
        [1.0 / (A2 * B2), 0.0, 0.0],
        [of_a, A * of_a, A2 * of_a],
        [of_a, -A * of_a, A2 * of_a],
        [of_b, B * of_b, B2 * of_b],
        [of_b, -B * of_b, B2 * of_b],
        [0.0, 0.0, 1.0],
    ]
};

/// A correlation and its transformed weights, `[filters / 4][kernel row][channel][position][4]`, filled up with 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Winograd {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
    pub filters: usize,
    weights: Vec<[[f32; BLOCK]; INPUTS]>,
}

impl Winograd {
    /// All weights 0; none where this would not be faster.
    pub(crate) fn new(rows: Axis, columns: Axis, channels: usize, filters: usize) -> Option<Self> {
        let blocks = filters.div_ceil(BLOCK) * rows.taps * channels;
        let weights = || vec![[[0.0; BLOCK]; INPUTS]; blocks];
        suits([rows, columns], channels, filters).then(|| Winograd {
            rows,
            columns,
            channels,
            filters,
            weights: weights(),
        })
    }

    /// Takes each weight from where `from` says it is in `weights`.
    pub(crate) fn set(&mut self, weights: &[f32], from: Strides) {
        let (rows, channels) = (self.rows.taps, self.channels);
        for (block, to) in self.weights.chunks_exact_mut(rows * channels).enumerate() {
            let filter = block * BLOCK;
            let filters = BLOCK.min(self.filters - filter);
            for (i, to) in to.iter_mut().enumerate() {
                let (row, channel) = (i / channels, i % channels);
                let tap = |column| {
                    let at = from.at(row, column, channel, filter);
                    let mut taps = [0.0; BLOCK];
                    taps[..filters]
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, to)| *to = weights[at + i * from.filter]);
                    taps
                };
                *to = transform_weights([tap(0), tap(1), tap(2)]);
            }
        }
    }
}

/// Whether these products are so many fewer that transforms pay.
pub(crate) fn suits([rows, columns]: [Axis; 2], channels: usize, filters: usize) -> bool {
    let plain: usize = (0..columns.taps).map(|tap| columns.outputs(tap, 1).len()).sum();
    channels.min(filters) >= 8
        && [rows, columns].iter().all(|axis| axis.taps == 3 && axis.stride == 1 && axis.up == 1)
        && 5 * INPUTS * tiles(columns) < 4 * plain
}

/// Tiles of a row.
pub(crate) fn tiles(columns: Axis) -> usize {
    columns.output.div_ceil(OUTPUTS)
}

/// `G g`.
pub(crate) fn transform_weights(g: [[f32; BLOCK]; 3]) -> [[f32; BLOCK]; INPUTS] {
    WEIGHTS.map(|[a, b, c]| std::array::from_fn(|i| a * g[0][i] + b * g[1][i] + c * g[2][i]))
}

/// `N` pixels of a row from `first` on; 0 outside.
#[inline(always)]
pub(crate) fn pixels<S: Simd, const N: usize>(simd: S, row: &[Lanes], first: usize) -> [S::Vector; N] {
    match row.get(first..).and_then(|row| row.first_chunk::<N>()) {
        Some(all) => std::array::from_fn(|k| simd.load(&all[k])),
        None => std::array::from_fn(|k| {
            row.get(first.wrapping_add(k)).map_or(simd.splat(0.0), |pixel| simd.load(pixel))
        }),
    }
}

/// `B' d`.
#[inline(always)]
pub(crate) fn transform_inputs<S: Simd>(simd: S, d: [S::Vector; INPUTS]) -> [S::Vector; INPUTS] {
    let add = |factor: f32, x, to| simd.mul_add(simd.splat(factor), x, to);
    let [even_a, odd_a] = [add(-B2, d[2], d[4]), add(-B2, d[1], d[3])];
    let [even_b, odd_b] = [add(-A2, d[2], d[4]), add(-A2, d[1], d[3])];
    [
        add(A2 * B2, d[0], add(-A2 - B2, d[2], d[4])),
        add(A, odd_a, even_a),
        add(-A, odd_a, even_a),
        add(B, odd_b, even_b),
        add(-B, odd_b, even_b),
        add(A2 * B2, d[1], add(-A2 - B2, d[3], d[5])),
    ]
}

/// `A' m`.
#[inline(always)]
fn transform_sums<S: Simd>(simd: S, m: [S::Vector; INPUTS]) -> [S::Vector; OUTPUTS] {
    let weighted = |a: f32, x, b: f32, y| simd.mul_add(simd.splat(a), x, simd.mul(simd.splat(b), y));
    let [even_a, odd_a] = [simd.add(m[1], m[2]), simd.sub(m[1], m[2])];
    let [even_b, odd_b] = [simd.add(m[3], m[4]), simd.sub(m[3], m[4])];
    [
        simd.add(m[0], simd.add(even_a, even_b)),
        weighted(A, odd_a, B, odd_b),
        weighted(A2, even_a, B2, even_b),
        simd.add(m[5], weighted(A2 * A, odd_a, B2 * B, odd_b)),
    ]
}

/// `A dy`.
#[inline(always)]
pub(crate) fn transform_gradient<S: Simd>(simd: S, dy: [S::Vector; OUTPUTS]) -> [S::Vector; INPUTS] {
    let add = |factor: f32, x, to| simd.mul_add(simd.splat(factor), x, to);
    let [even_a, odd_a] = [add(A2, dy[2], dy[0]), add(A2, dy[3], dy[1])];
    let [even_b, odd_b] = [add(B2, dy[2], dy[0]), add(B2, dy[3], dy[1])];
    [
        dy[0],
        add(A, odd_a, even_a),
        add(-A, odd_a, even_a),
        add(B, odd_b, even_b),
        add(-B, odd_b, even_b),
        dy[3],
    ]
}

/// Where outputs go.
pub(crate) struct Outputs<'a> {
    pub columns: Axis,
    pub filters: usize,
    pub bias: Option<&'a [f32]>,
    /// The lowest output: what is below becomes this.
    pub floor: f32,
    /// `[rows.output][filters][columns.output]`.
    pub y: &'a mut [Lanes],
}

impl Outputs<'_> {
    /// Adds the sums of a tile at each position; the first ones to the bias.
    #[inline(always)]
    pub(crate) fn add<S: Simd>(
        &mut self,
        simd: S,
        part: &Part,
        row: usize,
        filter: usize,
        sums: [S::Vector; INPUTS],
    ) {
        let width = self.columns.output;
        let at = ((part.rows.start + row) * self.filters + filter) * width;
        let bias = self.bias.map_or(0.0, |bias| bias[filter]);
        let floor = simd.splat(if part.is_last { self.floor } else { f32::NEG_INFINITY });
        for (y, value) in self.y[at + part.column..at + width].iter_mut().zip(transform_sums(simd, sums)) {
            let before = if part.channels.start == 0 { simd.splat(bias) } else { simd.load(y) };
            simd.store(simd.max(floor, simd.add(before, value)), y);
        }
    }
}

/// What is computed at a time: a tile of some rows, and the input channels (or pairs of them) to add up.
pub(crate) struct Part {
    pub rows: Range<usize>,
    /// The first.
    pub column: usize,
    pub channels: Range<usize>,
    /// Whether these are the last channels.
    pub is_last: bool,
}

impl Part {
    /// The parts of a pack in the order in which to compute them.
    #[inline(always)]
    pub(crate) fn all(rows: Axis, columns: Axis, channels: usize) -> impl Iterator<Item = Part> {
        let chunk = channels.div_ceil(channels.div_ceil(CHANNELS));
        (0..rows.output).step_by(ROWS).flat_map(move |row| {
            (0..columns.output).step_by(OUTPUTS).flat_map(move |column| {
                (0..channels).step_by(chunk).map(move |channel| Part {
                    rows: row..rows.output.min(row + ROWS),
                    column,
                    channels: channel..channels.min(channel + chunk),
                    is_last: channel + chunk >= channels,
                })
            })
        })
    }

    /// The input rows that it sees, with their numbers from the first on; not those outside the image.
    #[inline(always)]
    pub(crate) fn input_rows(&self, rows: Axis) -> impl Iterator<Item = (usize, usize)> + use<> {
        let first = self.rows.start;
        let inside = move |i: usize| (first + i).checked_sub(rows.before).filter(|&row| row < rows.input);
        (0..self.rows.len() + 2).filter_map(move |i| Some((i, inside(i)?)))
    }

    /// Asks for the pixels of `row`, of its channels, that the rows below this part will need, if it is the `i`-th that
    /// the part sees.
    #[inline(always)]
    pub(crate) fn prefetch<S: Simd>(&self, simd: S, i: usize, row: &[Lanes]) {
        if i >= 2 {
            row.iter().skip(self.column).take(OUTPUTS).for_each(|pixel| simd.prefetch(pixel));
        }
    }
}

/// Correlates a pack.
pub(crate) struct CorrelateTiles<'a> {
    pub with: &'a Winograd,
    /// `[rows.input][channels][columns.input]`.
    pub x: &'a [Lanes],
    pub to: Outputs<'a>,
}

impl Operation for CorrelateTiles<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        let Winograd { rows, columns, channels, filters, .. } = *self.with;
        assert_eq!(self.x.len(), rows.input * channels * columns.input);
        assert_eq!(self.to.y.len(), rows.output * filters * columns.output);
        let mut transformed: Transformed = [[[[0.0; 16]; INPUTS]; CHANNELS]; ROWS + 2];
        for part in Part::all(rows, columns, channels) {
            simd.call(Transform { with: self.with, x: self.x, part: &part, to: &mut transformed });
            let (with, x, part, to) = (self.with, &transformed, &part, &mut self.to);
            if S::ROWS == 4 {
                simd.call(Products::<4> { with, x, part, to });
            } else {
                simd.call(Products::<1> { with, x, part, to });
            }
        }
    }
}

/// The transformed inputs of a part.
struct Transform<'a> {
    with: &'a Winograd,
    x: &'a [Lanes],
    part: &'a Part,
    to: &'a mut Transformed,
}

impl Operation for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Winograd { rows, columns, channels, .. } = *self.with;
        let left = self.part.column.wrapping_sub(columns.before);
        for (i, row) in self.part.input_rows(rows) {
            for (channel, to) in self.part.channels.clone().zip(&mut self.to[i]) {
                let row_of = |row: usize| (row * channels + channel) * columns.input;
                let x = &self.x[row_of(row)..][..columns.input];
                self.part.prefetch(simd, i, self.x.get(row_of(row + ROWS)..).unwrap_or_default());
                for (value, to) in transform_inputs(simd, pixels(simd, x, left)).into_iter().zip(to) {
                    simd.store(value, to);
                }
            }
        }
    }
}

/// Adds a part to the outputs, `R` output channels at a time.
struct Products<'t, 'a, const R: usize> {
    with: &'t Winograd,
    x: &'t Transformed,
    part: &'t Part,
    to: &'t mut Outputs<'a>,
}

impl<const R: usize> Operation for Products<'_, '_, R> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Winograd { rows, channels, filters, .. } = *self.with;
        let block = rows.taps * channels;
        for (first, weights) in (0..filters).step_by(BLOCK).zip(self.with.weights.chunks_exact(block)) {
            for row in 0..self.part.rows.len() {
                for lane in (0..BLOCK.min(filters - first)).step_by(R) {
                    let sums = self.sums(simd, row, weights, lane);
                    for (filter, sums) in (first + lane..filters).zip(sums) {
                        self.to.add(simd, self.part, row, filter, sums);
                    }
                }
            }
        }
    }
}

impl<const R: usize> Products<'_, '_, R> {
    /// Of the output channels from `lane` of the block of `weights` on, at each position.
    #[inline(always)]
    fn sums<S: Simd>(
        &self,
        simd: S,
        row: usize,
        weights: &[[[f32; BLOCK]; INPUTS]],
        lane: usize,
    ) -> [[S::Vector; INPUTS]; R] {
        let Winograd { rows, channels, .. } = *self.with;
        let mut sums = [[simd.splat(0.0); INPUTS]; R];
        for tap in 0..3 {
            if (self.part.rows.start + row + tap).wrapping_sub(rows.before) >= rows.input {
                continue;
            }
            let weights = &weights[tap * channels..][self.part.channels.clone()];
            for (weights, x) in weights.iter().zip(&self.x[row + tap]) {
                for (j, (weights, x)) in weights.iter().zip(x).enumerate() {
                    let x = simd.load(x);
                    for (r, sums) in sums.iter_mut().enumerate() {
                        sums[j] = simd.mul_add(simd.splat(weights[(lane + r) % BLOCK]), x, sums[j]);
                    }
                }
            }
        }
        sums
    }
}

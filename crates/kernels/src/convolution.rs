//! Convolution of one pack: forward, and the gradients with respect to input, weights and bias.

use std::ops::Range;

use crate::generic::correlation::{Axis, Correlate, Correlation, Strides};
use crate::generic::elementwise::RowSums;
use crate::generic::gradient::Gradient;
use crate::generic::pair_correlation::{PairCorrelate, PairCorrelation};
use crate::generic::pair_gradient::PairGradient;
use crate::generic::pair_winograd::{CorrelatePairTiles, PairWinograd};
use crate::generic::pair_winograd_gradient::PairGradientOfTiles;
use crate::generic::tap_gradient::TapGradient;
use crate::generic::weight_gradient::WeightGradient;
use crate::generic::winograd::{CorrelateTiles, Outputs, Winograd};
use crate::generic::winograd_gradient::GradientOfTiles;
use crate::layout::{Shape, lanes, lanes_mut};
use crate::{Kernels, Precision};

/// What is outside the image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros around the image so that the output has `ceil(n / stride)` rows and columns; when their number is odd,
    /// the smaller half is at the top and left, as Keras does it.
    Same,
    /// Nothing: the kernel stays inside the image.
    Valid,
}

/// The sizes of a convolution (in the sense of neural networks: correlation).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv {
    /// Shape of the images that come in.
    pub input: Shape,
    /// Channels that go out.
    pub filters: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Rows and columns from one output pixel to the next.
    pub stride: [usize; 2],
    /// What is outside the image.
    pub padding: Padding,
}

impl Conv {
    /// Shape of the images that go out.
    #[must_use]
    pub fn output(&self) -> Shape {
        let size = |n: usize, axis: usize| match self.padding {
            Padding::Same => n.div_ceil(self.stride[axis]),
            Padding::Valid if n < self.kernel[axis] => 0,
            Padding::Valid => (n - self.kernel[axis]) / self.stride[axis] + 1,
        };
        Shape { h: size(self.input.h, 0), w: size(self.input.w, 1), c: self.filters }
    }

    /// Rows of zeros above and columns of zeros left of the image.
    #[must_use]
    pub fn padding_before(&self) -> [usize; 2] {
        let output = self.output();
        let before = |n: usize, out: usize, axis: usize| match self.padding {
            Padding::Same => {
                (out.saturating_sub(1) * self.stride[axis] + self.kernel[axis]).saturating_sub(n) / 2
            }
            Padding::Valid => 0,
        };
        [before(self.input.h, output.h, 0), before(self.input.w, output.w, 1)]
    }

    /// Rows and columns of the forward pass.
    fn axes(&self) -> [Axis; 2] {
        self.check();
        let (input, output, before) = (self.input, self.output(), self.padding_before());
        let axis = |axis: usize, input, output| Axis {
            input,
            output,
            taps: self.kernel[axis],
            stride: self.stride[axis],
            up: 1,
            before: before[axis],
        };
        [axis(0, input.h, output.h), axis(1, input.w, output.w)]
    }

    fn check(&self) {
        assert!(self.kernel.iter().chain(&self.stride).all(|&n| n > 0), "empty kernel or stride: {self:?}");
    }

    /// Whether images are so small that the gradient with respect to the weights is better taken over all packs at once
    /// ([`Kernels::conv_tap_gradient`]) than pack by pack ([`Kernels::conv_weight_gradient`]).
    #[must_use]
    pub fn is_small(&self) -> bool {
        let output = self.output();
        output.h * output.w <= 32
    }

    /// Number of weights, `kh * kw * input.c * filters`.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.input.c * self.filters
    }
}

/// The weights of a convolution, in the orders that the kernels read them.
#[derive(Debug, Clone, PartialEq)]
pub struct ConvWeights {
    conv: Conv,
    precision: Precision,
    /// The lowest output.
    floor: f32,
    forward: Table,
    /// From the output's gradient to the input's: channels swapped, kernel turned around.
    backward: Table,
}

/// The weights of a correlation.
#[derive(Debug, Clone, PartialEq)]
enum Table {
    Single(Correlation),
    Tiles(Winograd),
    Pairs(PairCorrelation),
    PairTiles(PairWinograd),
}

impl Table {
    fn new(precision: Precision, [rows, columns]: [Axis; 2], channels: usize, filters: usize) -> Table {
        let faster = match precision {
            Precision::F32 => Winograd::new(rows, columns, channels, filters).map(Table::Tiles),
            Precision::Bf16 => PairWinograd::new(rows, columns, channels, filters)
                .map(Table::PairTiles)
                .or_else(|| PairCorrelation::new(rows, columns, channels, filters).map(Table::Pairs)),
        };
        faster.unwrap_or_else(|| Table::Single(Correlation::new(rows, columns, channels, filters)))
    }

    fn set(&mut self, weights: &[f32], from: Strides) {
        match self {
            Table::Single(correlation) => correlation.set(weights, from),
            Table::Tiles(correlation) => correlation.set(weights, from),
            Table::Pairs(correlation) => correlation.set(weights, from),
            Table::PairTiles(correlation) => correlation.set(weights, from),
        }
    }

    fn run(&self, kernels: Kernels, bias: Option<&[f32]>, floor: f32, x: &[f32], y: &mut [f32]) {
        let (x, y) = (lanes(x), lanes_mut(y));
        match self {
            Table::Single(with) => kernels.run(Correlate { with, bias, floor, x, y }),
            Table::Tiles(with) => {
                let to = Outputs { columns: with.columns, filters: with.filters, bias, floor, y };
                kernels.run(CorrelateTiles { with, x, to });
            }
            Table::Pairs(with) => kernels.run_pairs(PairCorrelate { with, bias, floor, x, y }),
            Table::PairTiles(with) => {
                let to = Outputs { columns: with.columns, filters: with.filters, bias, floor, y };
                kernels.run_pairs(CorrelatePairTiles { with, x, to });
            }
        }
    }
}

impl ConvWeights {
    /// Weights that are all 0.
    ///
    /// # Panics
    /// When a stride or a side of the kernel is 0.
    #[must_use]
    pub fn new(conv: Conv) -> Self {
        ConvWeights::with_precision(conv, Precision::F32)
    }

    /// Weights that are all 0, for products of this precision. Fewer than four input channels, strides and kernels
    /// larger than 13 by 13 pixels stay in `f32`, where bf16 would bring nothing.
    ///
    /// # Panics
    /// When a stride or a side of the kernel is 0.
    #[must_use]
    pub fn with_precision(conv: Conv, precision: Precision) -> Self {
        let (axes, output) = (conv.axes(), conv.output());
        let backward = |axis: Axis| Axis {
            input: axis.output,
            output: axis.input,
            stride: 1,
            up: axis.stride,
            before: axis.taps - 1 - axis.before,
            ..axis
        };
        ConvWeights {
            conv,
            precision,
            floor: f32::NEG_INFINITY,
            forward: Table::new(precision, axes, conv.input.c, output.c),
            backward: Table::new(precision, axes.map(backward), output.c, conv.input.c),
        }
    }

    /// The same weights, with outputs below 0 replaced by 0, so that a rectifier behind takes no pass of its own. The
    /// gradients do not know of it.
    #[must_use]
    pub fn rectified(self) -> Self {
        ConvWeights { floor: 0.0, ..self }
    }

    /// Takes over the weights `[kh][kw][in][out]`; allocates nothing.
    ///
    /// # Panics
    /// When the length is not `conv.weights()`.
    pub fn set(&mut self, hwio: &[f32]) {
        assert_eq!(hwio.len(), self.conv.weights(), "weights");
        let Conv { input, filters, kernel: [_, kernel_w], .. } = self.conv;
        let tap = input.c * filters;
        let [row, column] = [(kernel_w * tap) as isize, tap as isize];
        self.forward.set(hwio, Strides { first: 0, row, column, channel: filters, filter: 1 });
        let (first, row, column) = (hwio.len().saturating_sub(tap), -row, -column);
        self.backward.set(hwio, Strides { first, row, column, channel: 1, filter: filters });
    }

    /// The precision of the products.
    #[must_use]
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The sizes that these weights are for.
    #[must_use]
    pub fn conv(&self) -> &Conv {
        &self.conv
    }
}

impl Kernels {
    /// `y[h][o][w] = bias[o] + sum over kernel positions and input channels of w * x`; overwrites `y`. Where the
    /// weights are [rectified](ConvWeights::rectified), what is below 0 becomes 0.
    ///
    /// # Shapes
    /// `x` a pack of `conv.input`, `y` a pack of `conv.output()`, `bias` `[filters]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn conv_forward(self, w: &ConvWeights, bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
        check(&w.conv, x.len(), y.len());
        assert!(bias.is_none_or(|bias| bias.len() == w.conv.filters), "bias");
        w.forward.run(self, bias, w.floor, x, y);
    }

    /// The gradient with respect to the input, given the gradient `dy` with respect to the output; overwrites `dx`.
    ///
    /// # Shapes
    /// `dy` a pack of `conv.output()`, `dx` a pack of `conv.input`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn conv_input_gradient(self, w: &ConvWeights, dy: &[f32], dx: &mut [f32]) {
        check(&w.conv, dx.len(), dy.len());
        w.backward.run(self, None, f32::NEG_INFINITY, dy, dx);
    }

    /// Adds the gradient with respect to the weights, summed over the sixteen cells, to `dw`. Padding lanes must be 0
    /// in `dy`.
    ///
    /// # Shapes
    /// `x` a pack of `conv.input`, `dy` a pack of `conv.output()`, `dw` `[kh][kw][in][out]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn conv_weight_gradient(self, conv: &Conv, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        self.conv_weight_gradient_in(Precision::F32, conv, x, dy, dw);
    }

    /// [`Kernels::conv_weight_gradient`] with products of this precision; fewer than four input channels and strides
    /// stay in `f32`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn conv_weight_gradient_in(
        self,
        precision: Precision,
        conv: &Conv,
        x: &[f32],
        dy: &[f32],
        dw: &mut [f32],
    ) {
        check(conv, x.len(), dy.len());
        assert_eq!(dw.len(), conv.weights(), "dw");
        let [rows, columns] = conv.axes();
        let (channels, filters) = (conv.input.c, conv.filters);
        let of = Gradient { rows, columns, channels, filters, x: lanes(x), dy: lanes(dy), dw };
        let in_pairs = precision == Precision::Bf16 && conv.stride == [1, 1] && channels >= 4;
        match (in_pairs, GradientOfTiles::suits([rows, columns], channels, filters)) {
            (true, true) => self.run_pairs(PairGradientOfTiles(of)),
            (true, false) => self.run_pairs(PairGradient(of)),
            (false, true) => self.run(GradientOfTiles(of)),
            (false, false) => self.run(WeightGradient(of)),
        }
    }

    /// The gradient with respect to the weights of one tap, `[row, column]`, and of the input channels in `range`,
    /// summed over all packs; overwrites `dw`. For small images faster than [`Kernels::conv_weight_gradient`].
    /// Padding lanes must be 0 in `dy`.
    ///
    /// # Shapes
    /// `packs(p)` gives `[x, dy]` of pack `p < n_packs`: a pack of `conv.input` and one of `conv.output()`; `dw` is
    /// `[range.len()][out]`.
    ///
    /// # Panics
    /// When a length does not fit or there is no such tap or channel.
    pub fn conv_tap_gradient<'p>(
        self,
        conv: &Conv,
        tap: [usize; 2],
        range: Range<usize>,
        n_packs: usize,
        packs: impl Fn(usize) -> [&'p [f32]; 2],
        dw: &mut [f32],
    ) {
        assert!(tap[0] < conv.kernel[0] && tap[1] < conv.kernel[1], "tap {tap:?} of {conv:?}");
        let (axes, channels, filters) = (conv.axes(), conv.input.c, conv.filters);
        let packs = |pack| packs(pack).map(lanes);
        self.run(TapGradient { axes, channels, filters, tap, range, n_packs, packs, dw });
    }

    /// Adds the gradient with respect to the bias, the sum of `dy` over pixels and cells, to `db`. Padding lanes must
    /// be 0 in `dy`.
    ///
    /// # Shapes
    /// `dy` a pack of `shape`, `db` `[c]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn bias_gradient(self, shape: Shape, dy: &[f32], db: &mut [f32]) {
        assert_eq!(dy.len(), shape.pack_len(), "dy");
        assert_eq!(db.len(), shape.c, "db");
        self.run(RowSums { w: shape.w, x: lanes(dy), sums: db });
    }
}

fn check(conv: &Conv, x: usize, y: usize) {
    conv.check();
    assert_eq!(x, conv.input.pack_len(), "input pack");
    assert_eq!(y, conv.output().pack_len(), "output pack");
}

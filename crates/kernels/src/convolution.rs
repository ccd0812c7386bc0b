//! Convolution of one pack: forward, and the gradients with respect to input, weights and bias.

use crate::Kernels;
use crate::layout::{LANES, Shape};

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
    hwio: Vec<f32>,
}

impl ConvWeights {
    /// Weights that are all 0.
    #[must_use]
    pub fn new(conv: Conv) -> Self {
        ConvWeights { conv, hwio: vec![0.0; conv.weights()] }
    }

    /// Takes over the weights `[kh][kw][in][out]`; allocates nothing.
    ///
    /// # Panics
    /// When the length is not `conv.weights()`.
    pub fn set(&mut self, hwio: &[f32]) {
        assert_eq!(hwio.len(), self.conv.weights(), "weights");
        self.hwio.copy_from_slice(hwio);
    }

    /// The sizes that these weights are for.
    #[must_use]
    pub fn conv(&self) -> &Conv {
        &self.conv
    }
}

impl Kernels {
    /// `y[h][o][w] = bias[o] + sum over kernel positions and input channels of w * x`; overwrites `y`.
    ///
    /// # Shapes
    /// `x` a pack of `conv.input`, `y` a pack of `conv.output()`, `bias` `[filters]`.
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn conv_forward(self, w: &ConvWeights, bias: Option<&[f32]>, x: &[f32], y: &mut [f32]) {
        let conv = &w.conv;
        check(conv, x.len(), y.len());
        assert!(bias.is_none_or(|bias| bias.len() == conv.filters), "bias");
        let output = conv.output();
        for (i, y) in y.chunks_exact_mut(LANES).enumerate() {
            y.fill(bias.map_or(0.0, |bias| bias[i / output.w % output.c]));
        }
        products(conv, |x_at, y_at, w_at| {
            for lane in 0..LANES {
                y[y_at * LANES + lane] += w.hwio[w_at] * x[x_at * LANES + lane];
            }
        });
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
        dx.fill(0.0);
        products(&w.conv, |x_at, y_at, w_at| {
            for lane in 0..LANES {
                dx[x_at * LANES + lane] += w.hwio[w_at] * dy[y_at * LANES + lane];
            }
        });
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
        check(conv, x.len(), dy.len());
        assert_eq!(dw.len(), conv.weights(), "dw");
        products(conv, |x_at, y_at, w_at| {
            for lane in 0..LANES {
                dw[w_at] += x[x_at * LANES + lane] * dy[y_at * LANES + lane];
            }
        });
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
        for (i, dy) in dy.chunks_exact(LANES).enumerate() {
            db[i / shape.w % shape.c] += dy.iter().sum::<f32>();
        }
    }
}

fn check(conv: &Conv, x: usize, y: usize) {
    assert!(conv.stride[0] > 0 && conv.stride[1] > 0, "strides {:?}", conv.stride);
    assert_eq!(x, conv.input.pack_len(), "input pack");
    assert_eq!(y, conv.output().pack_len(), "output pack");
}

/// Calls `f` with the positions of each product (input, output, weight).
fn products(conv: &Conv, mut f: impl FnMut(usize, usize, usize)) {
    let (input, output, [top, left]) = (conv.input, conv.output(), conv.padding_before());
    let [kernel_h, kernel_w] = conv.kernel;
    for y in 0..output.h * output.w {
        let (oy, ox) = (y / output.w, y % output.w);
        for k in 0..kernel_h * kernel_w {
            let iy = (oy * conv.stride[0] + k / kernel_w).wrapping_sub(top);
            let ix = (ox * conv.stride[1] + k % kernel_w).wrapping_sub(left);
            if iy >= input.h || ix >= input.w {
                continue;
            }
            for i in 0..input.c {
                for o in 0..output.c {
                    f(input.at(iy, i, ix), output.at(oy, o, ox), (k * input.c + i) * output.c + o);
                }
            }
        }
    }
}

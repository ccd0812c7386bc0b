//! What a network is made of, as data: a list of named layers that form a graph.

mod extent;
mod sides;

use serde::{Deserialize, Serialize};

use crate::graph::Graph;
pub use extent::Extent;

/// Name under which layers refer to the network's input.
pub const INPUT: &str = "input";

/// Height, width and channels of one sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Channels.
    pub c: usize,
}

impl Shape {
    /// Number of values in one sample, `h * w * c`; the largest number where there are more.
    #[must_use]
    pub fn len(self) -> usize {
        self.h.saturating_mul(self.w).saturating_mul(self.c)
    }

    /// Whether a sample of this shape holds no value.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}x{}x{}", self.h, self.w, self.c)
    }
}

impl From<Shape> for kernels::Shape {
    fn from(Shape { h, w, c }: Shape) -> Self {
        kernels::Shape { h, w, c }
    }
}

/// How a convolution or pool treats the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Zeros around, so that the output has `ceil(size / stride)` rows and columns; the odd zero goes to the end. Pools
    /// have no zeros but windows that are cut at the border.
    Same,
    /// No zeros: only windows that lie inside.
    #[default]
    Valid,
}

impl From<Padding> for kernels::Padding {
    fn from(padding: Padding) -> Self {
        match padding {
            Padding::Same => kernels::Padding::Same,
            Padding::Valid => kernels::Padding::Valid,
        }
    }
}

impl Padding {
    fn is_valid(&self) -> bool {
        *self == Padding::Valid
    }
}

/// A function applied to each value.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Function {
    /// `max(x, 0)`.
    Relu,
    /// `x / (1 + exp(-x))`.
    Swish,
    /// `x * (1 + erf(x / sqrt 2)) / 2`.
    Gelu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `tanh(x)`.
    Tanh,
    /// `ln(1 + exp(x))`.
    Softplus,
    /// `x / (1 + |x|)`.
    Softsign,
    /// `exp(x)`.
    Exponential,
    /// `x` above 0, `slope * x` below.
    LeakyRelu {
        /// Slope below 0.
        slope: f32,
    },
    /// `x` above 0, `alpha * (exp(x) - 1)` below.
    Elu {
        /// What it falls to, negated.
        alpha: f32,
    },
    /// `min(max(x, 0), limit)`.
    ClippedRelu {
        /// Largest value, above 0.
        limit: f32,
    },
    /// `scale * x + offset`; both are as they are, no parameters.
    Affine {
        /// What values are multiplied by.
        scale: f32,
        /// What is added then.
        offset: f32,
    },
}

/// What a layer computes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Op {
    /// Two-dimensional convolution (cross-correlation, as everywhere in deep learning).
    Conv {
        /// Number of output channels.
        filters: usize,
        /// Rows and columns of the kernel.
        kernel: [usize; 2],
        /// Step between rows and between columns.
        stride: [usize; 2],
        /// Treatment of the border.
        padding: Padding,
        /// Whether a number per filter is added.
        bias: bool,
    },
    /// Per channel: `gamma * (x - mean) / sqrt(variance + epsilon) + beta`; statistics of the batch in training
    /// (biased variance), moving statistics otherwise.
    BatchNorm {
        /// Added to the variance.
        epsilon: f32,
        /// Share of the moving statistics kept at each step; the rest comes from the batch (mean, unbiased variance).
        momentum: f32,
    },
    /// A function of each value.
    Activation {
        /// Which.
        function: Function,
    },
    /// Each channel filtered by kernels of its own: output channel `c * multiplier + m` is channel `c` with its kernel
    /// number `m`.
    DepthwiseConv {
        /// Number of kernels of each channel.
        multiplier: usize,
        /// Rows and columns of a kernel.
        kernel: [usize; 2],
        /// Step between rows and between columns.
        stride: [usize; 2],
        /// Treatment of the border.
        padding: Padding,
        /// Whether a number per output channel is added.
        bias: bool,
    },
    /// Per group of channels of a sample: `gamma * (x - mean) / sqrt(variance + epsilon) + beta` with the mean and the
    /// biased variance of the group over the image; gamma and beta are those of each channel.
    GroupNorm {
        /// Number of groups, channels next to each other in each.
        groups: usize,
        /// Added to the variance.
        epsilon: f32,
    },
    /// The same per pixel over its channels, or over the features of a sample.
    LayerNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// `exp(x)` over the sum of it, per pixel over its channels or over the features of a sample.
    Softmax,
    /// `x` above 0, `alpha * x` below, with alphas that are learned.
    PRelu {
        /// Whether all pixels of a channel have one alpha; else each has its own.
        shared: bool,
    },
    /// Largest value of each window.
    MaxPool {
        /// Rows and columns of the window; as text one number where they are the same.
        #[serde(with = "sides")]
        size: [usize; 2],
        /// Step between windows, rows and columns.
        #[serde(with = "sides")]
        stride: [usize; 2],
        /// Treatment of the border.
        #[serde(default, skip_serializing_if = "Padding::is_valid")]
        padding: Padding,
    },
    /// Mean of each window, of what is inside the image.
    AveragePool {
        /// Rows and columns of the window; as text one number where they are the same.
        #[serde(with = "sides")]
        size: [usize; 2],
        /// Step between windows, rows and columns.
        #[serde(with = "sides")]
        stride: [usize; 2],
        /// Treatment of the border.
        #[serde(default, skip_serializing_if = "Padding::is_valid")]
        padding: Padding,
    },
    /// Zeros around the image.
    Pad {
        /// Rows before the first and after the last.
        rows: [usize; 2],
        /// Columns before the first and after the last.
        columns: [usize; 2],
    },
    /// The image without its border.
    Crop {
        /// Rows left out before and after.
        rows: [usize; 2],
        /// Columns left out before and after.
        columns: [usize; 2],
    },
    /// Mean of each channel over the image: an image becomes `c` features.
    GlobalAveragePool,
    /// An image becomes `h * w * c` features, in that order.
    Flatten,
    /// Every output is a weighted sum of all inputs.
    Dense {
        /// Number of outputs.
        units: usize,
        /// Whether a number per output is added.
        bias: bool,
    },
    /// In training, sets a random share `rate` of the values to zero and divides the others by `1 - rate`.
    Dropout {
        /// Share of values dropped, 0 up to but not including 1.
        rate: f32,
    },
    /// Sum of two or more inputs of the same shape.
    Add,
    /// Product of two inputs, value by value; one that has 1 row, column or channel is repeated along that axis.
    Multiply,
    /// Channels, or features, of two or more inputs one after the other.
    Concat,
}

/// One layer of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layer {
    /// Unique name; parameters are called `<name>.kernel` and so on.
    pub name: String,
    /// What it computes.
    pub op: Op,
    /// Layers it reads, by name ([`INPUT`] is the network's input); empty: the layer before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
}

/// A network: the shape of a sample and the layers, each after all that it reads. The last layer gives the output,
/// one number (logit) per class.
///
/// ```
/// use nn::spec::{Layer, NetworkSpec, Op, Shape};
/// let layer = |name: &str, op| Layer { name: name.into(), op, inputs: Vec::new() };
/// let spec = NetworkSpec {
///     input: Shape { h: 8, w: 8, c: 1 },
///     layers: vec![layer("flatten", Op::Flatten), layer("logits", Op::Dense { units: 3, bias: true })],
/// };
/// assert_eq!(spec.validate(), Ok(()));
/// assert_eq!((spec.outputs(), spec.parameter_count()), (3, 64 * 3 + 3));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkSpec {
    /// Shape of one sample.
    pub input: Shape,
    /// The layers in order.
    pub layers: Vec<Layer>,
}

/// Something wrong with a specification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("layer '{layer}': {mistake}")]
pub struct SpecMistake {
    /// Name of the layer, or [`INPUT`].
    pub layer: String,
    /// What was expected and what was found.
    pub mistake: String,
}

impl NetworkSpec {
    /// Checks everything that can be checked without data.
    ///
    /// # Errors
    /// All mistakes, in the order of the layers.
    pub fn validate(&self) -> Result<(), Vec<SpecMistake>> {
        Graph::resolve(self).map(|_| ())
    }

    /// Number of outputs; 0 when the specification is not valid.
    #[must_use]
    pub fn outputs(&self) -> usize {
        Graph::resolve(self).map_or(0, |graph| graph.outputs())
    }

    /// Number of parameters, moving statistics included; 0 when the specification is not valid.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.count(|_| true)
    }

    /// Number of parameters that training changes by gradients; 0 when the specification is not valid.
    #[must_use]
    pub fn trainable_count(&self) -> usize {
        self.count(|parameter| parameter.trainable)
    }

    fn count(&self, wanted: impl Fn(&crate::graph::Parameter) -> bool) -> usize {
        let Ok(graph) = Graph::resolve(self) else { return 0 };
        let parameters = graph.parameters(self);
        parameters.iter().filter(|&p| wanted(p)).map(|p| p.shape.iter().product::<usize>()).sum()
    }
}

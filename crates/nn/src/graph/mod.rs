//! A specification with its references resolved and its shapes worked out, or all that is wrong with it.

mod resolve;
mod settings;

use crate::spec::{Extent, NetworkSpec, Op, Shape, SpecMistake};

/// What a layer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The network's input.
    Input,
    /// The output of the layer with this number.
    Layer(usize),
}

/// One layer, resolved.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) inputs: Vec<Source>,
    pub(crate) extent: Extent,
}

/// One array of numbers that a layer owns.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) layer: usize,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) trainable: bool,
}

/// What a parameter is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Kernel,
    Bias,
    Gamma,
    Beta,
    MovingMean,
    MovingVariance,
    Alpha,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Role::Kernel => "kernel",
            Role::Bias => "bias",
            Role::Gamma => "gamma",
            Role::Beta => "beta",
            Role::MovingMean => "moving_mean",
            Role::MovingVariance => "moving_variance",
            Role::Alpha => "alpha",
        }
    }
}

/// The layers of a valid specification, resolved, in its order.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    pub(crate) input: Shape,
    pub(crate) nodes: Vec<Node>,
}

impl Graph {
    /// Resolves names and shapes, or lists all mistakes.
    pub(crate) fn resolve(spec: &NetworkSpec) -> Result<Graph, Vec<SpecMistake>> {
        let nodes = resolve::nodes(spec)?;
        Ok(Graph { input: spec.input, nodes })
    }

    /// What a source gives.
    pub(crate) fn extent(&self, source: Source) -> Extent {
        match source {
            Source::Input => Extent::Image(self.input),
            Source::Layer(i) => self.nodes[i].extent,
        }
    }

    /// Number of outputs of the last layer.
    pub(crate) fn outputs(&self) -> usize {
        match self.nodes.last().map(|node| node.extent) {
            Some(Extent::Flat(units)) => units,
            _ => 0,
        }
    }

    /// Layers that read `source`, in order; twice when they read it twice.
    pub(crate) fn readers(&self, source: Source) -> Vec<usize> {
        let reads = |node: &Node| node.inputs.iter().filter(|&&s| s == source).count();
        self.nodes.iter().enumerate().flat_map(|(i, node)| std::iter::repeat_n(i, reads(node))).collect()
    }

    /// All parameters in the order of the layers.
    pub(crate) fn parameters(&self, spec: &NetworkSpec) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for (layer, (node, described)) in self.nodes.iter().zip(&spec.layers).enumerate() {
            let mut push = |role: Role, shape: Vec<usize>| {
                let trainable = !matches!(role, Role::MovingMean | Role::MovingVariance);
                let name = format!("{}.{}", described.name, role.name());
                parameters.push(Parameter { layer, role, name, shape, trainable });
            };
            let extent = self.extent(node.inputs[0]);
            let channels = extent.channels();
            match described.op {
                Op::Conv { filters, kernel: [kh, kw], bias, .. } => {
                    push(Role::Kernel, vec![kh, kw, channels, filters]);
                    bias.then(|| push(Role::Bias, vec![filters]));
                }
                Op::DepthwiseConv { multiplier, kernel: [kh, kw], bias, .. } => {
                    push(Role::Kernel, vec![kh, kw, channels, multiplier]);
                    bias.then(|| push(Role::Bias, vec![channels * multiplier]));
                }
                Op::Dense { units, bias } => {
                    push(Role::Kernel, vec![channels, units]);
                    bias.then(|| push(Role::Bias, vec![units]));
                }
                Op::BatchNorm { .. } => {
                    for role in [Role::Gamma, Role::Beta, Role::MovingMean, Role::MovingVariance] {
                        push(role, vec![channels]);
                    }
                }
                Op::GroupNorm { .. } | Op::LayerNorm { .. } => {
                    push(Role::Gamma, vec![channels]);
                    push(Role::Beta, vec![channels]);
                }
                Op::PRelu { shared } => match extent {
                    Extent::Image(Shape { c, .. }) if shared => push(Role::Alpha, vec![1, 1, c]),
                    Extent::Image(Shape { h, w, c }) => push(Role::Alpha, vec![h, w, c]),
                    Extent::Flat(units) => push(Role::Alpha, vec![units]),
                },
                _ => {}
            }
        }
        parameters
    }
}

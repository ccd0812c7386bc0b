//! Operations with parameters that are light: each store has a share of their gradients, as of those of convolutions.

use super::{Builder, image};
use crate::blocks::{Depthwise, Kind, PartNorm, Parts, Slopes};
use crate::graph::Role;
use crate::spec::{self, Layer};

impl Builder<'_> {
    /// Number of the next share; those of the convolutions come first.
    fn next_share(&self) -> usize {
        let is_conv = |layer: &&Layer| matches!(layer.op, spec::Op::Conv { .. });
        let n_convs = self.spec.layers.iter().filter(is_conv).count();
        n_convs + self.ops.iter().filter(|op| op.kind.shares().is_some()).count()
    }

    fn parameter(&self, layer: usize, role: Role) -> usize {
        self.tensors[&(layer, role as usize)]
    }

    pub(super) fn add_depthwise(&mut self, layer: usize) {
        let spec::Op::DepthwiseConv { multiplier, kernel, stride, padding, .. } = self.spec.layers[layer].op
        else {
            return;
        };
        let conv = Depthwise {
            windows: self.windows(layer, (kernel, stride), padding),
            multiplier,
            kernel: self.parameter(layer, Role::Kernel),
            bias: self.tensor(layer, Role::Bias),
            share: self.next_share(),
        };
        self.add_local(layer, Kind::Depthwise(conv));
    }

    /// `groups`: of channels over the image; none: the channels of each pixel.
    pub(super) fn add_part_norm(&mut self, layer: usize, groups: Option<usize>, epsilon: f32) {
        let norm = PartNorm {
            parts: Parts { shape: image(self.graph.nodes[layer].extent), groups },
            epsilon,
            gamma: self.parameter(layer, Role::Gamma),
            beta: self.parameter(layer, Role::Beta),
            share: self.next_share(),
        };
        self.add_local(layer, Kind::PartNorm(norm));
    }

    pub(super) fn add_slopes(&mut self, layer: usize, shared: bool) {
        let slopes = Slopes {
            shape: image(self.graph.nodes[layer].extent),
            shared,
            alpha: self.parameter(layer, Role::Alpha),
            share: self.next_share(),
        };
        self.add_local(layer, Kind::Slopes(slopes));
    }
}

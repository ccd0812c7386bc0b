//! From a graph of layers to a list of operations.

mod light;

use std::collections::{BTreeMap, VecDeque};

use super::{BatchNormPlan, ConvPlan, Layout, Mode, NormPlan, Op, Place, Plan, Share, Slots, Wanted, Wires};
use crate::blocks::{
    Beside, Conv, Curve, Dense, Dropout, Flatten, KernelGradient, Kind, Margin, Moments, Multiply, Normalize,
    Parts, Pool, PoolKind, Rectangles, Rescale, Softmax, Statistics, Windows,
};
use crate::graph::{Graph, Role, Source};
use crate::spec::{self, Extent, Function, NetworkSpec, Padding};

/// Plans a network. `graph` must be that of `spec`.
pub(crate) fn plan(spec: &NetworkSpec, graph: &Graph, mode: Mode) -> Plan {
    let tensors =
        graph.parameters(spec).iter().enumerate().map(|(i, p)| ((p.layer, p.role as usize), i)).collect();
    let builder = Builder {
        spec,
        graph,
        mode,
        tensors,
        outlets: BTreeMap::new(),
        units: Default::default(),
        ops: Vec::new(),
        convs: Vec::new(),
        norms: Vec::new(),
        done: vec![false; spec.layers.len()],
        wanted: Wanted::default(),
    };
    builder.run()
}

/// A value that layers read.
#[derive(Debug, Clone)]
struct Outlet {
    place: Place,
    value: usize,
    /// One gradient for each reader, in order.
    gradients: VecDeque<Option<usize>>,
}

/// Layers computed in one pass.
struct Chain {
    batch_norm: Option<BatchNormPlan>,
    /// Scale and offset where there is no batch norm.
    constant: [f32; 2],
    activation: kernels::Activation,
    /// Side of the max-pool's window; 1: none.
    pool: usize,
    /// The layer whose output it gives.
    last: usize,
}

/// Units of the values and gradients of one place.
#[derive(Debug, Default)]
struct Units {
    values: Vec<usize>,
    gradients: Vec<usize>,
}

struct Builder<'a> {
    spec: &'a NetworkSpec,
    graph: &'a Graph,
    mode: Mode,
    /// Number of the tensor of a layer's role.
    tensors: BTreeMap<(usize, usize), usize>,
    outlets: BTreeMap<Source, Outlet>,
    units: [Units; 2],
    ops: Vec<Op>,
    convs: Vec<ConvPlan>,
    norms: Vec<NormPlan>,
    /// Layers that are part of an operation already.
    done: Vec<bool>,
    wanted: Wanted,
}

fn push(list: &mut Vec<usize>, units: usize) -> usize {
    list.push(units);
    list.len() - 1
}

impl Builder<'_> {
    fn run(mut self) -> Plan {
        let input = push(&mut self.units[Place::Pack as usize].values, self.graph.input.len());
        let is_explaining = matches!(self.mode, Mode::Explaining { .. });
        self.wanted.input = self.new_gradient(Place::Pack, self.graph.input.len(), is_explaining);
        self.publish(Source::Input, Place::Pack, input, self.wanted.input);
        for layer in 0..self.spec.layers.len() {
            if !self.done[layer] {
                self.add(layer);
            }
        }
        let last = self.outlets[&Source::Layer(self.spec.layers.len() - 1)].clone();
        let dense = self.ops.iter().rfind(|op| matches!(op.kind, Kind::Dense(_)));
        let features = dense.map_or(last.value, |op| op.wires.x[0]);
        let ([convs, flat], shares) = self.shares();
        Plan {
            mode: self.mode,
            packs: Layout { convs, ..self.layout(Place::Pack) },
            flat: Layout { convs: flat, ..self.layout(Place::Flat) },
            output: last.value,
            output_gradient: last.gradients.front().copied().flatten(),
            features,
            ops: self.ops,
            convs: self.convs,
            norms: self.norms,
            shares,
            wanted: self.wanted,
        }
    }

    /// Which gradients each pack, and the store of features, has a share of: per convolution the lengths of those of its
    /// kernel and bias, and per tensor where they are.
    fn shares(&self) -> ([Vec<[usize; 2]>; 2], Vec<Option<Share>>) {
        let mut lengths = vec![[0; 2]; self.convs.len()];
        let mut shares = vec![None; self.tensors.len()];
        if self.mode == Mode::Training {
            for (number, ConvPlan { conv, kernel, bias, .. }) in self.convs.iter().enumerate() {
                if !conv.is_small() {
                    (lengths[number][0], shares[*kernel]) = (conv.weights(), Some((number, 0)));
                }
                if let Some(bias) = bias {
                    (lengths[number][1], shares[*bias]) = (conv.filters, Some((number, 1)));
                }
            }
        }
        let mut flat = vec![[0; 2]; lengths.len()];
        for op in &self.ops {
            let Some((share, tensors)) = op.kind.shares() else { continue };
            lengths.resize(share + 1, [0; 2]);
            flat.resize(share + 1, [0; 2]);
            let lengths = if op.place == Place::Pack { &mut lengths } else { &mut flat };
            let learned = tensors.into_iter().enumerate().filter(|_| self.mode == Mode::Training);
            for (part, (tensor, length)) in learned {
                (lengths[share][part], shares[tensor]) = (length, Some((share, part)));
            }
        }
        ([lengths, flat], shares)
    }

    /// Shares buffers: gradients always, values only when no gradient needs them later. Flat arrays are small.
    fn layout(&self, place: Place) -> Layout {
        let units = &self.units[place as usize];
        let sums = self.norms.iter().map(|norm| norm.channels).collect();
        let convs = Vec::new();
        if place == Place::Flat {
            let (values, gradients) = (Slots::separate(&units.values), Slots::separate(&units.gradients));
            return Layout { values, gradients, sums, convs };
        }
        let (mut reads, mut touches) = (vec![(0, 0)], Vec::new());
        for (time, op) in self.ops.iter().enumerate().filter(|(_, op)| op.place == place) {
            reads.extend(op.wires.x.iter().map(|&x| (time, x)));
            reads.extend(op.kind.is_local().then_some((time, op.wires.y)));
        }
        for (time, op) in self.ops.iter().rev().enumerate().filter(|(_, op)| op.place == place) {
            touches.extend(op.wires.dx.iter().flatten().map(|&dx| (time, dx)));
            touches.extend(op.wires.dy.filter(|_| !op.kind.is_flattening()).map(|dy| (time, dy)));
        }
        // What explaining wants is read when all is done.
        let wanted = self.wanted.input.into_iter().chain(self.wanted.layer.map(|(_, gradient)| gradient));
        touches.extend(wanted.map(|gradient| (self.ops.len(), gradient)));
        let values = match self.mode {
            Mode::Training | Mode::Explaining { .. } => Slots::separate(&units.values),
            Mode::Inference => Slots::shared(&units.values, &reads),
        };
        Layout { values, gradients: Slots::shared(&units.gradients, &touches), sums, convs }
    }

    /// Whether explaining wants what this layer gives.
    fn is_wanted(&self, layer: usize) -> bool {
        self.mode == Mode::Explaining { layer: Some(layer) }
    }

    /// Makes a value readable. On the way back each reader gets a gradient of its own; a fork adds them up.
    fn publish(&mut self, source: Source, place: Place, value: usize, gradient: Option<usize>) {
        if let (Source::Layer(layer), Some(gradient)) = (source, gradient)
            && self.is_wanted(layer)
        {
            self.wanted.layer = Some((value, gradient));
        }
        let readers = self.graph.readers(source).len();
        let mut gradients: VecDeque<Option<usize>> = VecDeque::from([gradient]);
        if let Some(dy) = gradient
            && readers > 1
        {
            let units = self.units[place as usize].gradients[dy];
            let others: Vec<Option<usize>> =
                (1..readers).map(|_| Some(push(&mut self.units[place as usize].gradients, units))).collect();
            gradients.extend(&others);
            let layer = if let Source::Layer(layer) = source { layer } else { 0 };
            let wires = Wires { x: Vec::new(), y: value, dx: others, dy: gradient };
            self.ops.push(Op { layer, place, wires, kind: Kind::Fork });
        } else {
            gradients.resize(readers.max(1), gradient);
        }
        self.outlets.insert(source, Outlet { place, value, gradients });
    }

    /// Takes the value that a layer reads, with the gradient that this reader has to give.
    fn take(&mut self, source: Source) -> (Place, usize, Option<usize>) {
        let outlet = self.outlets.get_mut(&source).expect("a layer reads what comes before it");
        (outlet.place, outlet.value, outlet.gradients.pop_front().flatten())
    }

    fn new_value(&mut self, place: Place, units: usize) -> usize {
        push(&mut self.units[place as usize].values, units)
    }

    fn new_gradient(&mut self, place: Place, units: usize, wanted: bool) -> Option<usize> {
        let wanted = wanted && self.mode != Mode::Inference;
        wanted.then(|| push(&mut self.units[place as usize].gradients, units))
    }

    fn tensor(&self, layer: usize, role: Role) -> Option<usize> {
        self.tensors.get(&(layer, role as usize)).copied()
    }

    fn add(&mut self, layer: usize) {
        match self.spec.layers[layer].op {
            spec::Op::Conv { .. } => self.add_conv(layer),
            spec::Op::Dense { units, .. } => self.add_dense(layer, units),
            spec::Op::Activation { function } if let Some(curve) = Curve::of(function) => {
                self.add_local(layer, Kind::Curve(curve));
            }
            spec::Op::BatchNorm { .. } | spec::Op::Activation { .. } => self.add_norm(layer),
            spec::Op::DepthwiseConv { .. } => self.add_depthwise(layer),
            spec::Op::GroupNorm { groups, epsilon } => self.add_part_norm(layer, Some(groups), epsilon),
            spec::Op::LayerNorm { epsilon } => self.add_part_norm(layer, None, epsilon),
            spec::Op::Softmax => {
                let parts = Parts { shape: image(self.graph.nodes[layer].extent), groups: None };
                self.add_local(layer, Kind::Softmax(Softmax { parts }));
            }
            spec::Op::PRelu { shared } => self.add_slopes(layer, shared),
            spec::Op::MaxPool { size, stride, padding } | spec::Op::AveragePool { size, stride, padding } => {
                self.add_windows(layer, (size, stride), padding);
            }
            spec::Op::Pad { rows, columns } => {
                let shape = image(self.graph.extent(self.graph.nodes[layer].inputs[0]));
                self.add_local(layer, Kind::Pad(Margin { shape, sides: [rows, columns] }));
            }
            spec::Op::Crop { rows, columns } => {
                let shape = image(self.graph.nodes[layer].extent);
                self.add_local(layer, Kind::Crop(Margin { shape, sides: [rows, columns] }));
            }
            spec::Op::GlobalAveragePool => self.add_pool(layer, PoolKind::Global),
            spec::Op::Flatten => {
                let source = self.graph.nodes[layer].inputs[0];
                let (_, x, dx) = self.take(source);
                self.add_flatten(layer, image(self.graph.extent(source)), x, dx);
            }
            spec::Op::Dropout { rate } => self.add_dropout(layer, rate),
            spec::Op::Add => self.add_sum(layer),
            spec::Op::Multiply => self.add_product(layer),
            spec::Op::Concat => self.add_concat(layer),
        }
    }

    fn single(&mut self, layer: usize) -> (Source, Place, usize, Option<usize>) {
        let source = self.graph.nodes[layer].inputs[0];
        let (place, x, dx) = self.take(source);
        (source, place, x, dx)
    }

    /// Adds an operation with one input and a new output of `units`, and publishes the output as that of `last`.
    fn emit(
        &mut self,
        layer: usize,
        last: usize,
        from: (Place, usize, Option<usize>),
        units: usize,
        kind: Kind,
    ) {
        let (place, x, dx) = from;
        let to = if kind.is_flattening() { Place::Flat } else { place };
        let y = self.new_value(to, units);
        let dy = self.new_gradient(to, units, dx.is_some() || kind.has_parameters());
        self.ops.push(Op { layer, place, wires: Wires { x: vec![x], y, dx: vec![dx], dy }, kind });
        self.publish(Source::Layer(last), to, y, dy);
    }

    fn add_conv(&mut self, layer: usize) {
        let (source, place, x, dx) = self.single(layer);
        let spec::Op::Conv { filters, kernel, stride, padding, .. } = self.spec.layers[layer].op else {
            return;
        };
        let input = image(self.graph.extent(source));
        let conv = kernels::Conv { input, filters, kernel, stride, padding: padding.into() };
        let bias = self.tensor(layer, Role::Bias);
        let kernel = self.tensors[&(layer, Role::Kernel as usize)];
        let kind = Kind::Conv(Conv { conv: self.convs.len() });
        self.convs.push(ConvPlan { conv, kernel, bias, folded: None, rectified: false });
        self.emit(layer, layer, (place, x, dx), conv.output().units(), kind);
        if self.mode == Mode::Training && conv.is_small() {
            self.add_kernel_gradient(layer, KernelGradient { conv, kernel });
        }
    }

    /// Right after the last operation for which packs wait for each other anyway.
    fn add_kernel_gradient(&mut self, layer: usize, gradient: KernelGradient) {
        let of_layer = self.ops.iter().rfind(|op| op.layer == layer && matches!(op.kind, Kind::Conv(_)));
        let Some(Op { place, wires, .. }) = of_layer else { return };
        let wires = Wires { dx: Vec::new(), ..wires.clone() };
        let op = Op { layer, place: *place, wires, kind: Kind::KernelGradient(gradient) };
        let at = self.ops.iter().rposition(|op| !op.kind.is_local()).map_or(0, |last| last + 1);
        self.ops.insert(at, op);
    }

    fn add_dense(&mut self, layer: usize, outputs: usize) {
        let (source, place, x, dx) = self.single(layer);
        let dense = kernels::Dense { inputs: self.graph.extent(source).len(), outputs };
        let kernel = self.tensors[&(layer, Role::Kernel as usize)];
        let bias = self.tensor(layer, Role::Bias);
        self.emit(layer, layer, (place, x, dx), outputs, Kind::Dense(Dense { dense, kernel, bias }));
    }

    /// Windows of `sizes`, rows and columns and the steps between them, over what `layer` reads.
    fn windows(&self, layer: usize, sizes: ([usize; 2], [usize; 2]), padding: Padding) -> Windows {
        let node = &self.graph.nodes[layer];
        let output = image(node.extent);
        Windows::new(image(self.graph.extent(node.inputs[0])), sizes, padding, [output.h, output.w])
    }

    fn add_windows(&mut self, layer: usize, sizes: ([usize; 2], [usize; 2]), padding: Padding) {
        let mean = matches!(self.spec.layers[layer].op, spec::Op::AveragePool { .. });
        let ([size, columns], [stride, across]) = sizes;
        if (size, stride) != (columns, across) {
            let windows = self.windows(layer, sizes, padding);
            return self.add_local(layer, Kind::Rectangles(Rectangles { windows, mean }));
        }
        let squares = kernels::Squares { size, stride, padding: padding.into() };
        self.add_pool(layer, if mean { PoolKind::Average(squares) } else { PoolKind::Max(squares) });
    }

    /// An operation with one input and nothing special.
    fn add_local(&mut self, layer: usize, kind: Kind) {
        let (_, place, x, dx) = self.single(layer);
        let units = self.graph.nodes[layer].extent.len();
        self.emit(layer, layer, (place, x, dx), units, kind);
    }

    fn add_pool(&mut self, layer: usize, kind: PoolKind) {
        let (source, place, x, dx) = self.single(layer);
        let shape = image(self.graph.extent(source));
        let pool = Kind::Pool(Pool { shape, kind });
        if kind == PoolKind::Global {
            let y = self.new_value(place, shape.c);
            let dy = self.new_gradient(place, shape.c, dx.is_some());
            self.ops.push(Op { layer, place, wires: Wires { x: vec![x], y, dx: vec![dx], dy }, kind: pool });
            self.add_flatten(layer, kernels::Shape { h: 1, w: 1, c: shape.c }, y, dy);
        } else {
            let units = self.graph.nodes[layer].extent.len();
            self.emit(layer, layer, (place, x, dx), units, pool);
        }
    }

    fn add_flatten(&mut self, layer: usize, shape: kernels::Shape, x: usize, dx: Option<usize>) {
        self.emit(layer, layer, (Place::Pack, x, dx), shape.units(), Kind::Flatten(Flatten { shape }));
    }

    /// In place when nobody else reads the input; nothing at all but in training.
    fn add_dropout(&mut self, layer: usize, rate: f32) {
        let (source, place, x, dx) = self.single(layer);
        let shared = self.graph.readers(source).len() > 1;
        if self.mode != Mode::Training || rate == 0.0 {
            return self.publish(Source::Layer(layer), place, x, dx);
        }
        let y = if shared { self.new_value(place, self.graph.extent(source).len()) } else { x };
        let wires = Wires { x: vec![x], y, dx: vec![dx], dy: dx };
        self.ops.push(Op { layer, place, wires, kind: Kind::Dropout(Dropout { rate, layer: layer as u64 }) });
        self.publish(Source::Layer(layer), place, y, dx);
    }

    /// The gradient of the sum is that of each input: the first one takes over its buffer.
    fn add_sum(&mut self, layer: usize) {
        let taken: Vec<_> = self.graph.nodes[layer].inputs.iter().map(|&source| self.take(source)).collect();
        let place = taken[0].0;
        let y = self.new_value(place, self.graph.nodes[layer].extent.len());
        let dx: Vec<Option<usize>> = taken.iter().map(|&(_, _, dx)| dx).collect();
        let dy = dx.iter().flatten().next().copied();
        let wires = Wires { x: taken.iter().map(|&(_, x, _)| x).collect(), y, dx, dy };
        self.ops.push(Op { layer, place, wires, kind: Kind::Add });
        self.publish(Source::Layer(layer), place, y, dy);
    }

    fn add_concat(&mut self, layer: usize) {
        let sources = &self.graph.nodes[layer].inputs;
        let rows = image(self.graph.nodes[layer].extent).h;
        let widths = sources.iter().map(|&source| self.graph.extent(source).len() / rows).collect();
        self.add_joint(layer, Kind::Beside(Beside { rows, widths }));
    }

    fn add_product(&mut self, layer: usize) {
        let sources = &self.graph.nodes[layer].inputs;
        let inputs = [0, 1].map(|number| image(self.graph.extent(sources[number])));
        self.add_joint(layer, Kind::Multiply(Multiply { inputs }));
    }

    /// An operation with several inputs and a new output.
    fn add_joint(&mut self, layer: usize, kind: Kind) {
        let taken: Vec<_> = self.graph.nodes[layer].inputs.iter().map(|&source| self.take(source)).collect();
        let (place, units) = (taken[0].0, self.graph.nodes[layer].extent.len());
        let y = self.new_value(place, units);
        let dx: Vec<Option<usize>> = taken.iter().map(|&(_, _, dx)| dx).collect();
        let dy = self.new_gradient(place, units, dx.iter().any(Option::is_some));
        let wires = Wires { x: taken.iter().map(|&(_, x, _)| x).collect(), y, dx, dy };
        self.ops.push(Op { layer, place, wires, kind });
        self.publish(Source::Layer(layer), place, y, dy);
    }

    /// The one layer that reads `layer`, when there is exactly one and nobody else wants it.
    fn only_reader(&self, layer: usize) -> Option<usize> {
        match self.graph.readers(Source::Layer(layer))[..] {
            [reader] if !self.is_wanted(layer) => Some(reader),
            _ => None,
        }
    }

    /// What can be done in one pass from `layer` on: batch norm, activation and max-pool, as far as they follow each
    /// other and nobody else reads what is between.
    fn chain(&mut self, layer: usize) -> Chain {
        let activation = kernels::Activation::Identity;
        let (batch_norm, constant) = (self.batch_norm(layer), self.constant(layer));
        let mut chain = Chain { batch_norm, constant, activation, pool: 1, last: layer };
        if let Some(activation) = self.activation(layer) {
            chain.activation = activation;
        } else if let Some(next) = self.only_reader(layer)
            && let Some(activation) = self.activation(next)
        {
            (chain.activation, chain.last) = (activation, next);
            self.done[next] = true;
        }
        if let Some(next) = self.only_reader(chain.last)
            && let spec::Op::MaxPool { size, stride, padding } = self.spec.layers[next].op
            && let [side, other] = size
            && side == other
            && size == stride
            && (padding == Padding::Valid || self.divides(side, chain.last))
        {
            (chain.pool, chain.last) = (side, next);
            self.done[next] = true;
        }
        chain
    }

    /// Whether squares of `size` fill the image that `layer` gives.
    fn divides(&self, size: usize, layer: usize) -> bool {
        let shape = image(self.graph.nodes[layer].extent);
        shape.h.is_multiple_of(size) && shape.w.is_multiple_of(size)
    }

    /// Scale and offset of a layer that does nothing else.
    fn constant(&self, layer: usize) -> [f32; 2] {
        match self.spec.layers[layer].op {
            spec::Op::Activation { function: Function::Affine { scale, offset } } => [scale, offset],
            _ => [1.0, 0.0],
        }
    }

    /// The function of an activation; none of a layer that only scales, or is another.
    fn activation(&self, layer: usize) -> Option<kernels::Activation> {
        let spec::Op::Activation { function } = self.spec.layers[layer].op else { return None };
        Some(match function {
            Function::Relu => kernels::Activation::Relu,
            Function::Swish => kernels::Activation::Swish,
            Function::Gelu => kernels::Activation::Gelu,
            Function::Sigmoid => kernels::Activation::Sigmoid,
            Function::Tanh => kernels::Activation::Tanh,
            Function::LeakyRelu { slope } => kernels::Activation::LeakyRelu { slope },
            Function::Elu { alpha } => kernels::Activation::Elu { alpha },
            Function::ClippedRelu { limit } => kernels::Activation::ClippedRelu { limit },
            Function::Affine { .. } | Function::Softplus | Function::Softsign | Function::Exponential => {
                return None;
            }
        })
    }

    /// Adds the operations of such a chain.
    fn add_norm(&mut self, layer: usize) {
        let (source, place, x, dx) = self.single(layer);
        let extent = self.graph.extent(source);
        let Chain { batch_norm, constant, mut activation, pool, last } = self.chain(layer);
        let folded = constant == [1.0, 0.0] && self.fold(source, batch_norm, &mut activation);
        let units = self.graph.nodes[last].extent.len();
        if folded && activation == kernels::Activation::Identity && pool == 1 {
            return self.publish(Source::Layer(last), place, x, dx);
        }
        let batch_norm = if folded { None } else { batch_norm };
        let norm = self.norms.len();
        let (shape, pixels) = match extent {
            Extent::Image(shape) => (shape.into(), shape.h * shape.w),
            Extent::Flat(c) => (kernels::Shape { h: 1, w: 1, c }, 1),
        };
        self.norms.push(NormPlan { channels: shape.c, pixels, batch_norm, constant });
        // Only sums over the gradient are wanted where the input itself needs none, yet they go by way of it.
        let wanted = batch_norm.is_some();
        let dx = dx.or_else(|| self.new_gradient(place, shape.units(), wanted));
        if batch_norm.is_some() && self.mode == Mode::Training {
            let wires = Wires { x: vec![x], y: x, dx: vec![dx], dy: dx };
            let moments = Kind::Moments(Moments { norm, shape });
            self.ops.push(Op { layer, place, wires: wires.clone(), kind: moments });
            self.ops.push(Op { layer, place, wires, kind: Kind::Statistics(Statistics { norm }) });
        } else if (batch_norm.is_some() || constant[0] != 1.0) && self.mode != Mode::Inference {
            let wires = Wires { x: Vec::new(), y: x, dx: vec![dx], dy: dx };
            self.ops.push(Op { layer, place, wires, kind: Kind::Rescale(Rescale { norm, shape }) });
        }
        let kind = Kind::Normalize(Normalize { norm, shape, activation, pool });
        self.emit(layer, last, (place, x, dx), units, kind);
    }

    fn batch_norm(&self, layer: usize) -> Option<BatchNormPlan> {
        let spec::Op::BatchNorm { epsilon, momentum } = self.spec.layers[layer].op else { return None };
        Some(BatchNormPlan {
            gamma: self.tensor(layer, Role::Gamma)?,
            beta: self.tensor(layer, Role::Beta)?,
            mean: self.tensor(layer, Role::MovingMean)?,
            variance: self.tensor(layer, Role::MovingVariance)?,
            epsilon,
            momentum,
        })
    }

    /// In inference, puts a batch norm, and a rectifier behind it, into the convolution before; whether it could.
    fn fold(
        &mut self,
        source: Source,
        batch_norm: Option<BatchNormPlan>,
        activation: &mut kernels::Activation,
    ) -> bool {
        let Source::Layer(before) = source else { return false };
        let is_conv = matches!(self.spec.layers[before].op, spec::Op::Conv { .. });
        let alone = self.graph.readers(source).len() == 1;
        if self.mode != Mode::Inference || !is_conv || !alone {
            return false;
        }
        let of_layer = self.ops.iter().rfind(|op| op.layer == before);
        let Some(Kind::Conv(conv)) = of_layer.map(|op| &op.kind) else { return false };
        let plan = &mut self.convs[conv.conv];
        plan.folded = batch_norm;
        if *activation == kernels::Activation::Relu {
            plan.rectified = true;
            *activation = kernels::Activation::Identity;
        }
        true
    }
}

fn image(extent: Extent) -> kernels::Shape {
    match extent {
        Extent::Image(shape) => shape.into(),
        Extent::Flat(c) => kernels::Shape { h: 1, w: 1, c },
    }
}

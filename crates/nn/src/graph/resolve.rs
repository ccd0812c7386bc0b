//! Names to numbers, shapes from layer to layer, and every mistake on the way.

use std::collections::BTreeMap;

use super::{Node, Source};
use crate::spec::{Extent, Function, INPUT, NetworkSpec, Op, SpecMistake};

/// The layers of `spec`, resolved, or all its mistakes.
pub(super) fn nodes(spec: &NetworkSpec) -> Result<Vec<Node>, Vec<SpecMistake>> {
    let mut resolver = Resolver { spec, numbers: BTreeMap::new(), extents: Vec::new(), mistakes: Vec::new() };
    let nodes = resolver.run();
    if resolver.mistakes.is_empty() {
        Ok(nodes.into_iter().flatten().collect())
    } else {
        Err(resolver.mistakes)
    }
}

struct Resolver<'a> {
    spec: &'a NetworkSpec,
    numbers: BTreeMap<&'a str, usize>,
    /// Of the layers so far; none where a mistake hides it.
    extents: Vec<Option<Extent>>,
    mistakes: Vec<SpecMistake>,
}

impl<'a> Resolver<'a> {
    fn run(&mut self) -> Vec<Option<Node>> {
        if self.spec.input.is_empty() {
            self.note(INPUT, format!("expected at least 1x1x1, found {}", self.spec.input));
        }
        if self.spec.layers.is_empty() {
            self.note(INPUT, "expected at least one layer, found none".into());
        }
        let mut nodes = Vec::new();
        for (i, layer) in self.spec.layers.iter().enumerate() {
            let inputs = self.sources(i);
            for mistake in setting_mistakes(&layer.op) {
                self.note(&layer.name, mistake);
            }
            let extents: Option<Vec<Extent>> = inputs.iter().map(|&source| self.extent(source)).collect();
            let extent =
                extents.filter(|e| !e.is_empty()).and_then(|extents| match layer.op.output(&extents) {
                    Ok(extent) => Some(extent),
                    Err(mistake) => {
                        self.note(&layer.name, mistake);
                        None
                    }
                });
            self.extents.push(extent);
            nodes.push(extent.map(|extent| Node { inputs: inputs.clone(), extent }));
            self.register(i);
        }
        self.check_ends(&nodes);
        nodes
    }

    fn note(&mut self, layer: &str, mistake: String) {
        self.mistakes.push(SpecMistake { layer: layer.into(), mistake });
    }

    fn extent(&self, source: Source) -> Option<Extent> {
        match source {
            Source::Input => Some(Extent::Image(self.spec.input)),
            Source::Layer(i) => self.extents[i],
        }
    }

    fn register(&mut self, i: usize) {
        let name = self.spec.layers[i].name.as_str();
        if name.is_empty() {
            self.note(name, format!("layer number {i} has no name"));
        } else if name == INPUT {
            self.note(name, format!("the name '{INPUT}' is reserved for the network's input"));
        } else if let Some(first) = self.numbers.insert(name, i) {
            self.note(name, format!("the name is used by the layers number {first} and {i}"));
        }
    }

    fn sources(&mut self, i: usize) -> Vec<Source> {
        let layer = &self.spec.layers[i];
        let before = if i == 0 { Source::Input } else { Source::Layer(i - 1) };
        if layer.inputs.is_empty() {
            return vec![before];
        }
        let mut sources = Vec::new();
        for name in &layer.inputs {
            if name == INPUT {
                sources.push(Source::Input);
            } else if let Some(&number) = self.numbers.get(name.as_str()) {
                sources.push(Source::Layer(number));
            } else {
                self.note(&layer.name, format!("reads '{name}', which is not a layer before it"));
            }
        }
        if sources.len() == layer.inputs.len() { sources } else { Vec::new() }
    }

    /// Every output is read, and the last one is flat.
    fn check_ends(&mut self, nodes: &[Option<Node>]) {
        let complete: Vec<&Node> = nodes.iter().flatten().collect();
        if complete.len() < nodes.len() {
            return;
        }
        for (i, layer) in self.spec.layers.iter().enumerate() {
            let last = i + 1 == nodes.len();
            let read = complete.iter().any(|node| node.inputs.contains(&Source::Layer(i)));
            if !last && !read {
                self.note(&layer.name, "its output is not read by any layer".into());
            }
            if last && let Extent::Image(shape) = complete[i].extent {
                self.note(&layer.name, format!("the last layer must give features, found an image {shape}"));
            }
        }
    }
}

/// Most zeros on one side of an image.
const MAX_PAD: usize = 1 << 16;

/// Mistakes in the settings of one layer.
fn setting_mistakes(op: &Op) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut require = |met: bool, text: String| {
        if !met {
            mistakes.push(text);
        }
    };
    match *op {
        Op::Conv { filters, kernel, stride, .. } => {
            require(filters > 0, "filters: expected at least 1, found 0".into());
            require(!kernel.contains(&0), format!("kernel: expected at least 1, found {kernel:?}"));
            require(!stride.contains(&0), format!("stride: expected at least 1, found {stride:?}"));
        }
        Op::BatchNorm { epsilon, momentum } => {
            let positive = epsilon.is_finite() && epsilon > 0.0;
            require(positive, format!("epsilon: expected above 0, found {epsilon}"));
            require((0.0..=1.0).contains(&momentum), format!("momentum: expected 0 to 1, found {momentum}"));
        }
        Op::MaxPool { size, stride, .. } | Op::AveragePool { size, stride, .. } => {
            require(size > 0, "size: expected at least 1, found 0".into());
            require(stride > 0, "stride: expected at least 1, found 0".into());
        }
        Op::Dense { units, .. } => require(units > 0, "units: expected at least 1, found 0".into()),
        Op::Dropout { rate } => {
            require(
                (0.0..1.0).contains(&rate),
                format!("rate: expected 0 up to but not including 1, found {rate}"),
            );
        }
        Op::Activation { function } => {
            let (name, value) = match function {
                Function::LeakyRelu { slope } => ("slope", slope),
                Function::Elu { alpha } => ("alpha", alpha),
                Function::ClippedRelu { limit } => ("limit", limit),
                _ => return mistakes,
            };
            let limits = matches!(function, Function::ClippedRelu { .. });
            let met = value.is_finite() && !(limits && value <= 0.0);
            let expected = if limits { "above 0" } else { "a number" };
            require(met, format!("{name}: expected {expected}, found {value}"));
        }
        Op::Pad { rows, columns } => {
            let most = rows.into_iter().chain(columns).max().unwrap_or(0);
            require(most <= MAX_PAD, format!("zeros around: expected at most {MAX_PAD}, found {most}"));
        }
        Op::GlobalAveragePool | Op::Flatten | Op::Add | Op::Concat => {}
    }
    mistakes
}

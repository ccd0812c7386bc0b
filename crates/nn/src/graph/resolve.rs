//! Names to numbers, shapes from layer to layer, and every mistake on the way.

use std::collections::BTreeMap;

use super::settings::setting_mistakes;
use super::{Node, Source};
use crate::spec::{Extent, INPUT, NetworkSpec, Op, SpecMistake};

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
                extents.filter(|e| !e.is_empty()).and_then(|extents| match bounded(&layer.op, &extents) {
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

/// Most values of what a layer without weights gives that makes more of what it reads.
const MAX_GROWN: usize = 1 << 25;

/// What a layer gives; a file of a few bytes asks for no more memory than a computer has.
fn bounded(op: &Op, inputs: &[Extent]) -> Result<Extent, String> {
    let extent = op.output(inputs)?;
    let grows = matches!(op, Op::Pad { .. } | Op::Concat | Op::Multiply);
    if grows && extent.len() > MAX_GROWN {
        return Err(format!("expected at most {MAX_GROWN} values, found {extent}"));
    }
    Ok(extent)
}

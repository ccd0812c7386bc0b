//! Features that are made an image of one pixel again, as squeeze-and-excite does.
//!
//! Features are of the whole batch and images of a pack, and there is no way back from the former. What leads from a
//! global pool to `Reshape((1, 1, c))`, or to a product with an image, is therefore kept as images of one pixel all
//! the way: a dense layer is a convolution there.

use std::collections::{BTreeMap, BTreeSet};

use formats::keras::{INPUT, KerasLayer};
use serde_json::Value;

use super::merge;

/// Which layers give what.
pub(super) struct Features<'a> {
    /// Axes of what each layer gives: 3 of an image, 1 of features.
    ranks: BTreeMap<&'a str, usize>,
    /// Layers whose features are kept as images of one pixel.
    kept: BTreeSet<&'a str>,
}

impl<'a> Features<'a> {
    /// Of the layers of a model, each after all that it reads.
    pub fn of(layers: &'a [KerasLayer]) -> Features<'a> {
        let mut ranks = BTreeMap::from([(INPUT, 3)]);
        for layer in layers {
            let before = layer.inputs.iter().filter_map(|name| ranks.get(name.as_str()).copied()).max();
            ranks.insert(&layer.name, rank(layer, before.unwrap_or(3)));
        }
        let mut features = Features { ranks, kept: BTreeSet::new() };
        let by_name: BTreeMap<&str, &KerasLayer> =
            layers.iter().map(|layer| (layer.name.as_str(), layer)).collect();
        for layer in layers.iter().filter(|layer| layer.class == "Reshape" || merge::is_merge(layer)) {
            if features.ranks[layer.name.as_str()] == 3 {
                features.keep(&layer.inputs, &by_name);
            }
        }
        features
    }

    /// Keeps what gives the features among `inputs`, and what they are made of, as images.
    fn keep(&mut self, inputs: &'a [String], layers: &BTreeMap<&'a str, &'a KerasLayer>) {
        let mut waiting: Vec<&'a str> = inputs.iter().map(String::as_str).collect();
        while let Some(name) = waiting.pop() {
            if self.ranks.get(name) == Some(&1) && self.kept.insert(name) {
                let inputs = layers.get(name).into_iter().flat_map(|layer| &layer.inputs);
                waiting.extend(inputs.map(String::as_str));
            }
        }
    }

    /// Whether the features that a layer gives are kept as an image.
    pub fn is_kept(&self, layer: &str) -> bool {
        self.kept.contains(layer)
    }

    /// Whether a layer must see features where `input` was kept as an image.
    pub fn flattens(&self, layer: &KerasLayer, input: &str) -> bool {
        self.is_kept(input) && !self.is_kept(&layer.name) && self.ranks.get(layer.name.as_str()) == Some(&1)
    }
}

/// Axes of what a layer gives that reads so many.
fn rank(layer: &KerasLayer, before: usize) -> usize {
    let keeps = layer.config.get("keepdims").and_then(Value::as_bool).unwrap_or(false);
    match layer.class.as_str() {
        "Flatten" => 1,
        "GlobalAveragePooling2D" | "GlobalMaxPooling2D" if !keeps => 1,
        "Reshape" => layer.config.get("target_shape").and_then(Value::as_array).map_or(before, Vec::len),
        _ => before,
    }
}

//! A model as layers of Keras: the network on one view of images that are prepared already.

use std::collections::{BTreeMap, BTreeSet};

use formats::keras::{self, Dialect, KerasArray, KerasLayer, KerasModel};
use nn::spec::{Extent, Function, INPUT, Layer, Op, Padding};
use serde_json::{Value, json};

use crate::Model;

/// Layers, and the shape of what each gives. The output is a softmax: logits are divided by the temperature before it.
pub(super) fn layers(model: &Model) -> (KerasModel, Vec<Vec<usize>>) {
    let spec = model.network.spec();
    let mut graph = Graph {
        model,
        names: BTreeSet::from([keras::INPUT.to_owned()]),
        outlets: BTreeMap::from([(INPUT.to_owned(), (keras::INPUT.to_owned(), Extent::Image(spec.input)))]),
        layers: Vec::new(),
        shapes: Vec::new(),
    };
    let mut before = INPUT.to_owned();
    for layer in &spec.layers {
        let inputs = if layer.inputs.is_empty() { vec![before] } else { layer.inputs.clone() };
        graph.add(layer, &inputs);
        before = layer.name.clone();
    }
    graph.finish(&before);
    let Graph { layers, shapes, .. } = graph;
    let input = [spec.input.h, spec.input.w, spec.input.c].map(Some).to_vec();
    (KerasModel { input, layers, dialect: Dialect::Keras3 }, shapes)
}

struct Graph<'a> {
    model: &'a Model,
    /// Those that are taken.
    names: BTreeSet<String>,
    /// Of each of our layers: the layer of Keras that has its output, and what that is.
    outlets: BTreeMap<String, (String, Extent)>,
    layers: Vec<KerasLayer>,
    shapes: Vec<Vec<usize>>,
}

impl Graph<'_> {
    fn add(&mut self, layer: &Layer, inputs: &[String]) {
        let read: Vec<(String, Extent)> =
            inputs.iter().filter_map(|name| self.outlets.get(name).cloned()).collect();
        let extents: Vec<Extent> = read.iter().map(|(_, extent)| *extent).collect();
        // The specification of a network is valid.
        let Ok(extent) = layer.op.output(&extents) else { return };
        let (class, config, roles) = described(&layer.op);
        let weights = roles.iter().filter_map(|role| self.array(&layer.name, role)).collect();
        let name = self.free_name(&layer.name);
        let inputs = read.into_iter().map(|(name, _)| name).collect();
        let (class, numbers) = (class.to_owned(), Vec::new());
        self.push(
            KerasLayer { name: name.clone(), class, config, inputs, numbers, call: Value::Null, weights },
            extent,
        );
        self.outlets.insert(layer.name.clone(), (name, extent));
    }

    /// Divides by the temperature: a dense layer at the end takes it into its weights; then the softmax.
    fn finish(&mut self, last: &str) {
        let Some((name, extent)) = self.outlets.get(last).cloned() else { return };
        let factor = 1.0 / self.model.temperature;
        let mut logits = name;
        match self.layers.last_mut() {
            Some(layer) if layer.class == "Dense" => scale(layer, factor),
            _ => {
                let units = extent.channels();
                let mut values = vec![0.0; units * units];
                values.iter_mut().step_by(units + 1).for_each(|value| *value = factor as f32);
                let kernel = KerasArray { role: "kernel".to_owned(), shape: vec![units; 2], values };
                let name = self.free_name("temperature");
                let config = json!({ "units": units, "use_bias": false });
                let (class, inputs, numbers) = ("Dense".to_owned(), vec![logits], Vec::new());
                let weights = vec![kernel];
                let layer = KerasLayer {
                    name: name.clone(),
                    class,
                    config,
                    inputs,
                    numbers,
                    call: Value::Null,
                    weights,
                };
                self.push(layer, extent);
                logits = name;
            }
        }
        let name = self.free_name("probabilities");
        let class = "Softmax".to_owned();
        let layer = KerasLayer {
            name,
            class,
            config: json!({ "axis": -1 }),
            inputs: vec![logits],
            numbers: Vec::new(),
            call: Value::Null,
            weights: Vec::new(),
        };
        self.push(layer, extent);
    }

    fn push(&mut self, layer: KerasLayer, extent: Extent) {
        self.layers.push(layer);
        self.shapes.push(match extent {
            Extent::Image(shape) => vec![shape.h, shape.w, shape.c],
            Extent::Flat(units) => vec![units],
        });
    }

    fn array(&self, layer: &str, role: &str) -> Option<KerasArray> {
        let tensor = self.model.network.weights().get(&format!("{layer}.{role}"))?;
        Some(KerasArray { role: role.to_owned(), shape: tensor.shape.clone(), values: tensor.data.clone() })
    }

    /// A name that Keras allows and no other layer has.
    fn free_name(&mut self, wanted: &str) -> String {
        let plain = wanted.replace('/', "_");
        let numbered = (1..).map(|number| format!("{plain}_{number}"));
        let mut free =
            std::iter::once(plain.clone()).chain(numbered).filter(|name| !self.names.contains(name));
        let name = free.next().unwrap_or(plain);
        self.names.insert(name.clone());
        name
    }
}

fn scale(layer: &mut KerasLayer, factor: f64) {
    for value in layer.weights.iter_mut().flat_map(|array| &mut array.values) {
        *value = (f64::from(*value) * factor) as f32;
    }
}

/// Class and settings of Keras' layer, and the roles of its arrays in Keras' order.
fn described(op: &Op) -> (&'static str, Value, &'static [&'static str]) {
    let border = |padding: Padding| match padding {
        Padding::Same => "same",
        Padding::Valid => "valid",
    };
    match *op {
        Op::Conv { filters, kernel, stride, padding, bias } => (
            "Conv2D",
            json!({
                "filters": filters, "kernel_size": kernel, "strides": stride, "padding": border(padding),
                "data_format": "channels_last", "activation": "linear", "use_bias": bias,
            }),
            &["kernel", "bias"],
        ),
        Op::DepthwiseConv { multiplier, kernel, stride, padding, bias } => (
            "DepthwiseConv2D",
            json!({
                "depth_multiplier": multiplier, "kernel_size": kernel, "strides": stride,
                "padding": border(padding), "data_format": "channels_last", "activation": "linear",
                "use_bias": bias,
            }),
            &["kernel", "bias"],
        ),
        Op::BatchNorm { epsilon, momentum } => (
            "BatchNormalization",
            json!({ "axis": -1, "epsilon": epsilon, "momentum": momentum }),
            &["gamma", "beta", "moving_mean", "moving_variance"],
        ),
        Op::GroupNorm { .. } | Op::LayerNorm { .. } | Op::Softmax | Op::PRelu { .. } => within(op),
        Op::Activation { function } => {
            let (class, config) = activation(function);
            (class, config, &[])
        }
        Op::MaxPool { size, stride, padding } | Op::AveragePool { size, stride, padding } => (
            if matches!(op, Op::MaxPool { .. }) { "MaxPooling2D" } else { "AveragePooling2D" },
            json!({
                "pool_size": size, "strides": stride, "padding": border(padding),
                "data_format": "channels_last",
            }),
            &[],
        ),
        Op::Pad { rows, columns } => {
            ("ZeroPadding2D", json!({ "padding": [rows, columns], "data_format": "channels_last" }), &[])
        }
        Op::Crop { rows, columns } => {
            ("Cropping2D", json!({ "cropping": [rows, columns], "data_format": "channels_last" }), &[])
        }
        Op::GlobalAveragePool => {
            ("GlobalAveragePooling2D", json!({ "data_format": "channels_last", "keepdims": false }), &[])
        }
        Op::Flatten => ("Flatten", json!({ "data_format": "channels_last" }), &[]),
        Op::Dense { units, bias } => (
            "Dense",
            json!({ "units": units, "activation": "linear", "use_bias": bias }),
            &["kernel", "bias"],
        ),
        Op::Dropout { rate } => ("Dropout", json!({ "rate": rate }), &[]),
        Op::Add => ("Add", json!({}), &[]),
        Op::Multiply => ("Multiply", json!({}), &[]),
        Op::Concat => ("Concatenate", json!({ "axis": -1 }), &[]),
    }
}

/// The same of what is done within each sample.
fn within(op: &Op) -> (&'static str, Value, &'static [&'static str]) {
    match *op {
        Op::GroupNorm { groups, epsilon } => (
            "GroupNormalization",
            json!({ "groups": groups, "axis": -1, "epsilon": epsilon }),
            &["gamma", "beta"],
        ),
        Op::LayerNorm { epsilon } => {
            ("LayerNormalization", json!({ "axis": -1, "epsilon": epsilon }), &["gamma", "beta"])
        }
        Op::PRelu { shared } => {
            ("PReLU", json!({ "shared_axes": if shared { json!([1, 2]) } else { Value::Null } }), &["alpha"])
        }
        _ => ("Softmax", json!({ "axis": -1 }), &[]),
    }
}

fn activation(function: Function) -> (&'static str, Value) {
    let named = |name: &str| ("Activation", json!({ "activation": name }));
    match function {
        Function::Relu => named("relu"),
        Function::Swish => named("silu"),
        Function::Gelu => named("gelu"),
        Function::Sigmoid => named("sigmoid"),
        Function::Tanh => named("tanh"),
        Function::Softplus => named("softplus"),
        Function::Softsign => named("softsign"),
        Function::Exponential => named("exponential"),
        Function::LeakyRelu { slope } => ("LeakyReLU", json!({ "negative_slope": slope })),
        Function::Elu { alpha } => ("ELU", json!({ "alpha": alpha })),
        Function::ClippedRelu { limit } => ("ReLU", json!({ "max_value": limit })),
        Function::Affine { scale, offset } => ("Rescaling", json!({ "scale": scale, "offset": offset })),
    }
}

//! Activations, as layers and as settings of layers.

use formats::keras::Dialect;
use nn::spec::{Extent, Function, Op, Shape};
use serde_json::Value;

use super::builder::{Builder, Ending};
use super::layers::Step;
use super::merge::is_pixel;

/// What is said of an activation that is something else.
const EXPECTED: &str = "expected relu, relu6, leaky_relu, elu, celu, selu, swish, gelu, sigmoid, hard_sigmoid, \
    hard_swish, tanh, hard_tanh, mish, softplus, softsign or exponential as activation";
/// Klambauer et al. 2017, doi:10.48550/arXiv.1706.02515.
const SELU: (f32, f32) = (1.673_263_2, 1.050_701);

impl Step<'_> {
    /// Adds the activation that a layer has as a setting.
    pub(super) fn activated(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let value = self.layer.config.get("activation").unwrap_or(&Value::Null);
        self.named(builder, &format!("{input}/activation"), input, function_name(value)?)
    }

    /// Adds a layer that is an activation.
    pub(super) fn activation(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let name = &self.layer.name;
        let function = match self.layer.class.as_str() {
            "ReLU" => return self.relu(builder, input),
            "LeakyReLU" => {
                let slope = self.number("negative_slope").or(self.number("alpha")).unwrap_or(0.3);
                Function::LeakyRelu { slope: slope as f32 }
            }
            "ELU" => Function::Elu { alpha: self.number("alpha").unwrap_or(1.0) as f32 },
            "PReLU" => return self.learned_slopes(builder, input),
            "Softmax" => return self.named(builder, name, input, "softmax"),
            _ => {
                let value = self.layer.config.get("activation").unwrap_or(&Value::Null);
                return self.named(builder, name, input, function_name(value)?);
            }
        };
        builder.op(name, &[input], Op::Activation { function })
    }

    fn relu(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let (name, slope) = (&self.layer.name, self.number("negative_slope").unwrap_or(0.0) as f32);
        if self.number("threshold").is_some_and(|threshold| threshold != 0.0) {
            return Err("expected a ReLU that begins at 0, found one with a threshold".to_owned());
        }
        let function = match self.number("max_value") {
            None if slope == 0.0 => Function::Relu,
            None => Function::LeakyRelu { slope },
            Some(limit) if slope == 0.0 => Function::ClippedRelu { limit: limit as f32 },
            Some(limit) => {
                // The limit less what is missing to it: `limit - relu(limit - leaky(x))`.
                let (leaky, limit) = (Function::LeakyRelu { slope }, limit as f32);
                let apply = |builder: &mut Builder, part: &str, input: String, function: Function| {
                    builder.op(&format!("{name}/{part}"), &[input], Op::Activation { function })
                };
                let outlet = apply(builder, "leaky", input, leaky)?;
                let below = builder.affine(&format!("{name}/below"), outlet, -1.0, limit)?;
                let missing = apply(builder, "missing", below, Function::Relu)?;
                return builder.affine(name, missing, -1.0, limit);
            }
        };
        builder.op(name, &[input], Op::Activation { function })
    }

    /// A slope below 0 for each channel, or for each value.
    fn learned_slopes(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let (stored, name) = (self.arrays.one("alpha")?, &self.layer.name);
        let (shared, shape) = match (builder.extent(&input), stored.values.len()) {
            (Extent::Image(Shape { c, .. }), n) if n == c => (true, vec![1, 1, c]),
            (Extent::Image(shape), n) if n == shape.len() && !builder.first => {
                (false, vec![shape.h, shape.w, shape.c])
            }
            (Extent::Flat(units), n) if n == units => (false, vec![units]),
            (found, _) => {
                let expected = "expected a slope for each channel (shared_axes [1, 2]) or for each value";
                return Err(format!("{expected}, found {:?} for {found}", stored.shape));
            }
        };
        let outlet = builder.op(name, &[input], Op::PRelu { shared })?;
        builder.tensor(name, "alpha", &shape, stored.values.clone())?;
        Ok(outlet)
    }

    fn named(&self, builder: &mut Builder, name: &str, input: String, which: &str) -> Result<String, String> {
        let function = match which {
            "linear" => return Ok(input),
            // What `tf.nn.softmax` calls itself.
            "softmax_v2" => return self.named(builder, name, input, "softmax"),
            "softmax" | "sigmoid" if self.last => return ending(builder, input, which),
            "softmax" => {
                self.last_axis(builder, &input)?;
                if builder.first && matches!(builder.extent(&input), Extent::Image(_)) {
                    return Err(
                        "expected a softmax over channels that come last, found one over columns".to_owned()
                    );
                }
                return builder.op(name, &[input], Op::Softmax);
            }
            "selu" => {
                let function = Function::Elu { alpha: SELU.0 };
                let outlet = builder.op(&format!("{name}/elu"), &[input], Op::Activation { function })?;
                return builder.affine(name, outlet, SELU.1, 0.0);
            }
            "hard_sigmoid" => return self.hard_sigmoid(builder, name, input),
            "hard_silu" | "hard_swish" => {
                let gate = self.hard_sigmoid(builder, &format!("{name}/gate"), input.clone())?;
                return builder.op(name, &[input, gate], Op::Multiply);
            }
            "mish" => {
                let softplus = Op::Activation { function: Function::Softplus };
                let gate = builder.op(&format!("{name}/softplus"), std::slice::from_ref(&input), softplus)?;
                let tanh = Op::Activation { function: Function::Tanh };
                let gate = builder.op(&format!("{name}/gate"), &[gate], tanh)?;
                return builder.op(name, &[input, gate], Op::Multiply);
            }
            "hard_tanh" => {
                let shifted = builder.affine(&format!("{name}/shifted"), input, 1.0, 1.0)?;
                let clipped = Op::Activation { function: Function::ClippedRelu { limit: 2.0 } };
                let clipped = builder.op(&format!("{name}/clipped"), &[shifted], clipped)?;
                return builder.affine(name, clipped, 1.0, -1.0);
            }
            _ => function(which).ok_or_else(|| format!("{EXPECTED}, found {which}"))?,
        };
        builder.op(name, &[input], Op::Activation { function })
    }

    /// A line between 0 and 1: of slope 1/5 in Keras 2, of 1/6 in Keras 3.
    fn hard_sigmoid(&self, builder: &mut Builder, name: &str, input: String) -> Result<String, String> {
        let slope = if self.dialect == Dialect::Keras2 { 0.2 } else { 1.0 / 6.0 };
        let line = builder.affine(&format!("{name}/line"), input, slope, 0.5)?;
        builder.op(name, &[line], Op::Activation { function: Function::ClippedRelu { limit: 1.0 } })
    }
}

/// The last activation, which is left out: what comes before it are logits.
fn ending(builder: &mut Builder, input: String, which: &str) -> Result<String, String> {
    let units = match builder.extent(&input) {
        Extent::Flat(units) => units,
        extent if is_pixel(extent) => extent.channels(),
        Extent::Image(shape) => return Err(format!("expected features, found an image {shape}")),
    };
    builder.ending = match (which, units) {
        ("softmax", 2..) => Ending::Logits,
        ("sigmoid", 1) => Ending::Sigmoid,
        ("sigmoid", 2..) => return sigmoids(builder, input),
        _ => {
            let expected = "a softmax of several classes or one sigmoid for two";
            return Err(format!("expected {expected}, found {which} of {units}"));
        }
    };
    Ok(input)
}

/// A sigmoid for each class: the softmax of their logarithms, `-softplus(-x)`, is each over the sum of all.
fn sigmoids(builder: &mut Builder, input: String) -> Result<String, String> {
    builder.ending = Ending::Sigmoids;
    let negative = builder.affine("sigmoids/negative", input, -1.0, 0.0)?;
    let softplus = Op::Activation { function: Function::Softplus };
    let rising = builder.op("sigmoids/softplus", &[negative], softplus)?;
    builder.affine("sigmoids", rising, -1.0, 0.0)
}

/// The function of an activation without settings.
pub(super) fn function(name: &str) -> Option<Function> {
    Some(match name {
        "relu" => Function::Relu,
        "relu6" => Function::ClippedRelu { limit: 6.0 },
        "leaky_relu" => Function::LeakyRelu { slope: 0.2 },
        "elu" | "celu" => Function::Elu { alpha: 1.0 },
        "swish" | "silu" => Function::Swish,
        "gelu" => Function::Gelu,
        "sigmoid" => Function::Sigmoid,
        "tanh" => Function::Tanh,
        "softplus" => Function::Softplus,
        "softsign" => Function::Softsign,
        "exponential" => Function::Exponential,
        _ => return None,
    })
}

/// Name of an activation: text, or the class of an object.
pub(super) fn function_name(value: &Value) -> Result<&str, String> {
    match value {
        Value::Null => Ok("linear"),
        Value::String(name) => Ok(name),
        Value::Object(fields) => {
            let inner = fields.get("config");
            let name = inner.and_then(Value::as_str).or(fields.get("class_name").and_then(Value::as_str));
            name.ok_or_else(|| "expected an activation by its name, found an object".to_owned())
        }
        other => Err(format!("expected an activation by its name, found {other}")),
    }
}

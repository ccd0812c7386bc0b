//! Operations of Keras 3 (`Relu`) and TensorFlow (`tf.nn.relu`, a `TFOpLambda`) as the layers of Keras that do the same.
//!
//! What has no such layer is left as it is, and refused later by its own name.

use formats::keras::KerasLayer;
use serde_json::{Value, json};

/// Functions of each value: what operations are called, in small letters, and the activation.
const FUNCTIONS: [(&str, &str); 16] = [
    ("elu", "elu"),
    ("exp", "exponential"),
    ("gelu", "gelu"),
    ("hardsigmoid", "hard_sigmoid"),
    ("hardsilu", "hard_silu"),
    ("mish", "mish"),
    ("relu", "relu"),
    ("relu6", "relu6"),
    ("selu", "selu"),
    ("sigmoid", "sigmoid"),
    ("silu", "silu"),
    ("softmax", "softmax"),
    ("softplus", "softplus"),
    ("softsign", "softsign"),
    ("swish", "swish"),
    ("tanh", "tanh"),
];

/// Operations on two inputs.
const MERGES: [(&str, &str); 13] = [
    ("add", "Add"),
    ("addv2", "Add"),
    ("biasadd", "Add"),
    ("divide", "Divide"),
    ("maximum", "Maximum"),
    ("minimum", "Minimum"),
    ("mul", "Multiply"),
    ("multiply", "Multiply"),
    ("realdiv", "Divide"),
    ("sub", "Subtract"),
    ("subtract", "Subtract"),
    ("truediv", "Divide"),
    ("truedivide", "Divide"),
];

/// Classes of Keras 3 that are operations, and not layers of the same name.
const OWN: [&str; 22] = [
    "Elu",
    "Exp",
    "Gelu",
    "GetItem",
    "HardSigmoid",
    "HardSilu",
    "Max",
    "Mean",
    "Mish",
    "Pad",
    "Relu",
    "Relu6",
    "Reshape",
    "Selu",
    "Sigmoid",
    "Silu",
    "Softplus",
    "Softsign",
    "Stack",
    "Swish",
    "Tanh",
    "TrueDivide",
];

/// Makes a layer of an operation.
pub(super) fn as_layer(layer: &mut KerasLayer) {
    let Some(name) = operation(layer) else { return };
    let settings = settings(layer);
    let find = |table: &[(&str, &'static str)]| {
        table.iter().find(|(known, _)| *known == name).map(|(_, meaning)| *meaning)
    };
    let found = if let Some(activation) = find(&FUNCTIONS) {
        Some(("Activation", json!({ "activation": activation })))
    } else if let Some(class) = find(&MERGES) {
        Some((class, Value::Null))
    } else {
        let arranged = arranged(&name, &settings);
        // They were settings, such as an axis.
        arranged.iter().for_each(|_| layer.numbers.clear());
        arranged
    };
    if let Some((class, config)) = found {
        (layer.class, layer.config) = (class.to_owned(), config);
    }
}

/// The operation that a layer is, in small letters.
fn operation(layer: &mut KerasLayer) -> Option<String> {
    let name = match layer.class.as_str() {
        "TFOpLambda" | "SlicingOpLambda" => layer.config.get("function")?.as_str()?.to_owned(),
        "TensorFlowOpLayer" => {
            let node = node(layer);
            constants(layer);
            node.get("op")?.as_str()?.to_owned()
        }
        "Reshape" if layer.config.get("newshape").is_none() => return None,
        class if OWN.contains(&class) => class.to_owned(),
        _ => return None,
    };
    let name = name.rsplit('.').next().unwrap_or_default();
    Some(name.to_lowercase().replace('_', ""))
}

/// The node of TensorFlow's graph, which is written as it is or as text.
fn node(layer: &KerasLayer) -> Value {
    match layer.config.get("node_def") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        node => node.cloned().unwrap_or_default(),
    }
}

/// Takes over the constants of a node: what an input is, by its place.
fn constants(layer: &mut KerasLayer) {
    let Some(constants) = layer.config.get("constants").and_then(Value::as_object) else { return };
    let numbers = |value: &Value| match value {
        Value::Array(values) => values.iter().filter_map(Value::as_f64).collect(),
        value => Vec::from_iter(value.as_f64()),
    };
    layer.numbers =
        constants.iter().filter_map(|(place, value)| Some((place.parse().ok()?, numbers(value)))).collect();
}

/// What an operation was told: settings of Keras 3, arguments of TensorFlow by name, or the constants of a node.
fn settings(layer: &mut KerasLayer) -> Value {
    match layer.class.as_str() {
        "TFOpLambda" | "SlicingOpLambda" => layer.call.clone(),
        "TensorFlowOpLayer" => of_node(&node(layer), std::mem::take(&mut layer.config["constants"])),
        "GetItem" => json!({ "slice_spec": layer.call.get(1) }),
        _ => layer.config.clone(),
    }
}

/// The constants of a node under the names that they have as arguments.
fn of_node(node: &Value, constants: Value) -> Value {
    let attribute = |name: &str, kind: &str| node.get("attr").and_then(|a| a.get(name)?.get(kind)).cloned();
    let mask = |name: &str| attribute(name, "i").unwrap_or_default();
    let reversed = mask("ellipsis_mask") == "1" && mask("begin_mask") == "2" && mask("end_mask") == "2";
    let spec = reversed.then(|| json!([{ "class_name": "__ellipsis__" }, { "step": constants["3"].get(1) }]));
    let last = constants.as_object().and_then(|all| all.values().next_back()).cloned();
    json!({
        "axis": last, "shape": constants.get("1"), "paddings": constants.get("1"),
        "keepdims": attribute("keep_dims", "b"), "slice_spec": spec,
    })
}

/// Operations that arrange values in another way.
fn arranged(name: &str, settings: &Value) -> Option<(&'static str, Value)> {
    let setting = |names: [&str; 2]| names.into_iter().find_map(|name| settings.get(name)).cloned();
    match name {
        "mean" | "reducemean" | "max" | "reducemax" => {
            let axes = settings.get("axis")?.as_array()?;
            let both = axes.iter().map(Value::as_i64).collect::<Option<Vec<i64>>>()?;
            let class = if name.ends_with("mean") { "GlobalAveragePooling2D" } else { "GlobalMaxPooling2D" };
            let keeps = setting(["keepdims", "keep_dims"]).and_then(|keeps| keeps.as_bool());
            let config = json!({ "keepdims": keeps.unwrap_or(false), "data_format": "channels_last" });
            matches!(both[..], [1, 2] | [2, 1] | [-3, -2]).then_some((class, config))
        }
        "concat" | "concatv2" => Some(("Concatenate", json!({ "axis": settings.get("axis")? }))),
        "stack" => (settings.get("axis")? == -1).then(|| ("Concatenate", json!({ "axis": -1 }))),
        "reshape" => {
            let shape = setting(["newshape", "shape"])?;
            Some(("Reshape", json!({ "target_shape": shape.as_array()?.get(1..)? })))
        }
        "pad" | "padv2" => {
            let zeros = settings.get("mode").is_none_or(|mode| *mode == "CONSTANT" || *mode == "constant");
            let zeros = zeros && settings.get("constant_values").is_none_or(|v| v.is_null() || *v == 0);
            let sides = setting(["paddings", "pad_width"])?;
            let sides: Vec<[usize; 2]> = serde_json::from_value(sides).ok()?;
            match sides[..] {
                [[0, 0], rows, columns, [0, 0]] if zeros => {
                    Some(("ZeroPadding2D", json!({ "padding": [rows, columns] })))
                }
                _ => None,
            }
        }
        "getitem" | "stridedslice" => {
            let channels = channels(settings.get("slice_spec")?.as_array()?)?;
            Some(("GetItem", json!({ "channels": channels })))
        }
        "cast" => Some(("Identity", Value::Null)),
        _ => None,
    }
}

/// What `x[..., i]` or `x[..., ::-1]` takes of the channels: the number of one, or all of them backwards.
fn channels(spec: &[Value]) -> Option<Value> {
    // Keras 3 has the ends and the step of a slice one deeper.
    let bare = |spec: &Value| match spec.get("class_name") {
        Some(class) if *class == "__slice__" => spec.get("config").cloned().unwrap_or_default(),
        _ => spec.clone(),
    };
    let spec: Vec<Value> = spec.iter().map(bare).collect();
    let [others @ .., last] = &spec[..] else { return None };
    let all = |spec: &Value| ["start", "stop", "step"].iter().all(|k| spec.get(k).is_none_or(Value::is_null));
    let ellipsis = |spec: &Value| spec.get("class_name").is_some_and(|class| class == "__ellipsis__");
    let whole = match others {
        [one] if ellipsis(one) => true,
        others => others.len() == 3 && others.iter().all(|one| one.is_object() && all(one)),
    };
    let ends = ["start", "stop"].iter().all(|key| last.get(key).is_none_or(Value::is_null));
    match last {
        Value::Number(number) if whole => number.as_u64().map(Value::from),
        Value::Object(slice) if whole && ends && slice.get("step")? == -1 => Some(json!("backwards")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(class: &str, config: Value, call: Value) -> (String, Value, Vec<(usize, Vec<f64>)>) {
        let mut layer = KerasLayer {
            name: "here".to_owned(),
            class: class.to_owned(),
            config,
            inputs: Vec::new(),
            numbers: Vec::new(),
            call,
            weights: Vec::new(),
        };
        as_layer(&mut layer);
        (layer.class, layer.config, layer.numbers)
    }

    fn tensorflow(function: &str, call: Value) -> (String, Value) {
        let (class, config, _) = layer("TFOpLambda", json!({ "function": function }), call);
        (class, config)
    }

    #[test]
    fn operations_are_layers() {
        assert_eq!(
            layer("Relu", json!({}), Value::Null),
            ("Activation".to_owned(), json!({ "activation": "relu" }), vec![])
        );
        let pooled = json!({ "keepdims": false, "data_format": "channels_last" });
        assert_eq!(
            tensorflow("math.reduce_mean", json!({ "axis": [1, 2] })),
            ("GlobalAveragePooling2D".to_owned(), pooled)
        );
        assert_eq!(tensorflow("__operators__.add", json!({})).0, "Add");
        let padded = json!({ "padding": [[1, 1], [2, 0]] });
        let sides = json!({ "paddings": [[0, 0], [1, 1], [2, 0], [0, 0]], "mode": "CONSTANT" });
        assert_eq!(tensorflow("compat.v1.pad", sides), ("ZeroPadding2D".to_owned(), padded));
        // A mean over channels, another border and what is unknown stay what they are.
        assert_eq!(tensorflow("math.reduce_mean", json!({ "axis": [3] })).0, "TFOpLambda");
        let mirrored = json!({ "paddings": [[0, 0], [1, 1], [2, 0], [0, 0]], "mode": "REFLECT" });
        assert_eq!(tensorflow("pad", mirrored).0, "TFOpLambda");
        assert_eq!(tensorflow("os.system", json!({})).0, "TFOpLambda");
    }

    #[test]
    fn nodes_have_constants() {
        let config = json!({ "node_def": { "op": "RealDiv" }, "constants": { "1": 127.5 } });
        let (class, _, numbers) = layer("TensorFlowOpLayer", config, Value::Null);
        assert_eq!((class.as_str(), numbers), ("Divide", vec![(1, vec![127.5])]));
        let config = json!({ "node_def": "{\"op\": \"BiasAdd\"}", "constants": { "1": [1.0, 2.0] } });
        assert_eq!(layer("TensorFlowOpLayer", config, Value::Null).2, [(1, vec![1.0, 2.0])]);
    }

    #[test]
    fn channels_are_taken_by_number_or_backwards() {
        let dots = json!({ "class_name": "__ellipsis__", "config": {} });
        let back = json!({ "start": null, "stop": null, "step": -1 });
        let all = json!({ "start": null, "stop": null, "step": null });
        assert_eq!(channels(&[dots.clone(), json!(2)]), Some(json!(2)));
        assert_eq!(channels(&[dots.clone(), back.clone()]), Some(json!("backwards")));
        let deeper = json!({ "class_name": "__slice__", "config": back });
        assert_eq!(channels(&[dots.clone(), deeper]), Some(json!("backwards")));
        assert_eq!(
            channels(&[all.clone(), all.clone(), all.clone(), back.clone()]),
            Some(json!("backwards"))
        );
        assert_eq!(channels(&[all, back.clone()]), None);
        assert_eq!(channels(&[back, dots]), None);
    }
}

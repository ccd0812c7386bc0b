//! A `.keras` file, written: `config.json`, `metadata.json` and `model.weights.h5` in a zip, as Keras 3 saves models.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::place::Numbers;
use super::{INPUT, KerasLayer, KerasModel};
use crate::hdf5_write::{Array, Group};
use crate::{FormatError, atomic, zip_of};

/// Version of Keras whose files these are.
const VERSION: &str = "3.8.0";

impl KerasModel {
    /// Writes a `.keras` file, atomically. `shapes` are those of one sample of what each layer gives; `name` is the
    /// model's; `facts` are kept beside Keras' own in `metadata.json`, under `morphotype`.
    ///
    /// Settings that `config` does not have are Keras' defaults. Names of layers may not have a `/`. The same model gives
    /// the same bytes.
    ///
    /// # Errors
    /// When a name is not one of Keras', occurs twice or is not there, or the file cannot be written.
    pub fn write(
        &self,
        path: &Path,
        name: &str,
        shapes: &[Vec<usize>],
        facts: &Value,
    ) -> Result<(), FormatError> {
        let unwritable = |e: std::io::Error| FormatError::io(path, "a model that Keras can hold", &e);
        let config = self.config(path, name, shapes)?;
        let metadata = json!({ "keras_version": VERSION, "morphotype": facts });
        let mut weights = Vec::new();
        self.weights().write(&mut weights).map_err(unwritable)?;
        let members = [
            ("metadata.json", metadata.to_string().into_bytes()),
            ("config.json", config.to_string().into_bytes()),
            ("model.weights.h5", weights),
        ];
        let zip = zip_of(&members.map(|(name, bytes)| (name.to_owned(), bytes))).map_err(unwritable)?;
        atomic::write_file(path, |out| out.write_all(&zip))
    }

    /// The architecture: a graph of layers from one input to one output.
    fn config(&self, path: &Path, name: &str, shapes: &[Vec<usize>]) -> Result<Value, FormatError> {
        let sample: Vec<Value> = self.input.iter().map(|n| json!(n)).collect();
        let mut outlets = Map::from_iter([(INPUT.to_owned(), batch(sample))]);
        let mut layers = vec![json!({
            "module": "keras.layers",
            "class_name": "InputLayer",
            "config": { "name": INPUT, "batch_shape": outlets[INPUT], "dtype": "float32", "sparse": false },
            "registered_name": null,
            "name": INPUT,
            "inbound_nodes": [],
        })];
        for (layer, shape) in self.layers.iter().zip(shapes) {
            layers.push(entry(path, layer, &outlets)?);
            let shape = batch(shape.iter().map(|n| json!(n)).collect());
            if layer.name.contains('/') || outlets.insert(layer.name.clone(), shape).is_some() {
                let found = format!("{:?}", layer.name);
                return Err(FormatError::new(path, "unique names of layers without \"/\"", found));
            }
        }
        let last = self.layers.last().map_or(INPUT, |layer| &layer.name);
        Ok(json!({
            "module": "keras.src.models.functional",
            "class_name": "Functional",
            "config": {
                "name": name,
                "trainable": true,
                "layers": layers,
                "input_layers": [[INPUT, 0, 0]],
                "output_layers": [[last, 0, 0]],
            },
            "registered_name": "Functional",
            "build_config": { "input_shape": outlets[INPUT] },
        }))
    }

    /// The arrays, numbered in a group of each layer, which is called after its kind.
    fn weights(&self) -> Group<'_> {
        let named = |name: &str| Group::default().attribute("name", name);
        let mut numbers = Numbers::default();
        let input = Group::default().group("vars", named(INPUT));
        let mut layers = Group::default().group(&numbers.next("InputLayer"), input);
        for layer in &self.layers {
            let vars = layer.weights.iter().enumerate().fold(named(&layer.name), |vars, (number, array)| {
                vars.array(&number.to_string(), Array::new(&array.shape, array.values.as_slice()))
            });
            layers = layers.group(&numbers.next(&layer.class), Group::default().group("vars", vars));
        }
        Group::default().group("layers", layers).group("vars", Group::default())
    }
}

/// One layer of the architecture; `outlets` are the shapes of what the layers before it give.
fn entry(path: &Path, layer: &KerasLayer, outlets: &Map<String, Value>) -> Result<Value, FormatError> {
    let mut tensors = Vec::new();
    for input in &layer.inputs {
        let Some(shape) = outlets.get(input) else {
            return Err(FormatError::new(path, "layers that read those before them", format!("{input:?}")));
        };
        tensors.push(json!({
            "class_name": "__keras_tensor__",
            "config": { "shape": shape, "dtype": "float32", "keras_history": [input, 0, 0] },
        }));
    }
    let argument = match <[Value; 1]>::try_from(tensors) {
        Ok([tensor]) => tensor,
        Err(tensors) => Value::Array(tensors),
    };
    let mut config = Map::from_iter([
        ("name".to_owned(), json!(layer.name)),
        ("trainable".to_owned(), json!(true)),
        ("dtype".to_owned(), json!("float32")),
    ]);
    config.extend(layer.config.as_object().cloned().unwrap_or_default());
    Ok(json!({
        "module": "keras.layers",
        "class_name": layer.class,
        "config": config,
        "registered_name": null,
        "build_config": { "input_shape": layer.inputs.first().and_then(|input| outlets.get(input)) },
        "name": layer.name,
        "inbound_nodes": [{ "args": [argument], "kwargs": {} }],
    }))
}

/// The shape of a batch of any number of samples.
fn batch(mut sample: Vec<Value>) -> Value {
    sample.insert(0, Value::Null);
    Value::Array(sample)
}

//! A `.keras` file, written: `config.json`, `metadata.json` and `model.weights.h5` in a zip, as Keras 3 saves models.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
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
        for number in self.listed() {
            let (layer, shape) = (&self.layers[number], shapes.get(number).map_or(&[][..], Vec::as_slice));
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

    /// Numbers of the layers in the order in which Keras lists and numbers them, whatever the order they are given in: the
    /// farther from the output the earlier; of equally far ones first what is met first on the way from the output to
    /// the input. Each comes after all that it reads.
    fn listed(&self) -> Vec<usize> {
        let place: BTreeMap<&str, usize> =
            self.layers.iter().enumerate().map(|(number, layer)| (layer.name.as_str(), number)).collect();
        let inputs = |number: usize| {
            let names = self.layers[number].inputs.iter();
            names.filter_map(|name| place.get(name.as_str()).copied()).collect::<Vec<usize>>()
        };
        let mut far = vec![0; self.layers.len()];
        for number in (0..far.len()).rev() {
            for input in inputs(number) {
                far[input] = far[input].max(far[number] + 1);
            }
        }
        let (mut met, mut waiting) = (BTreeMap::new(), Vec::from_iter(self.layers.len().checked_sub(1)));
        while let Some(number) = waiting.pop() {
            let next = met.len();
            if let Entry::Vacant(place) = met.entry(number) {
                place.insert(next);
                waiting.extend(inputs(number).into_iter().rev());
            }
        }
        let mut listed: Vec<usize> = (0..far.len()).collect();
        listed.sort_by_key(|number| (Reverse(far[*number]), met.get(number).copied()));
        listed
    }

    /// The arrays, numbered in a group of each layer, which is called after its kind.
    fn weights(&self) -> Group<'_> {
        let named = |name: &str| Group::default().attribute("name", name);
        let mut numbers = Numbers::default();
        let input = Group::default().group("vars", named(INPUT));
        let mut layers = Group::default().group(&numbers.next("InputLayer"), input);
        for number in self.listed() {
            let layer = &self.layers[number];
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
    let (mut tensors, mut shapes) = (Vec::new(), Vec::new());
    for input in &layer.inputs {
        let Some(shape) = outlets.get(input) else {
            return Err(FormatError::new(path, "layers that read those before them", format!("{input:?}")));
        };
        tensors.push(json!({
            "class_name": "__keras_tensor__",
            "config": { "shape": shape, "dtype": "float32", "keras_history": [input, 0, 0] },
        }));
        shapes.push(shape.clone());
    }
    // One by itself, several as a list.
    let listed = |values: Vec<Value>| match <[Value; 1]>::try_from(values) {
        Ok([value]) => value,
        Err(values) => Value::Array(values),
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
        "build_config": { "input_shape": listed(shapes) },
        "name": layer.name,
        "inbound_nodes": [{ "args": [listed(tensors)], "kwargs": {} }],
    }))
}

/// The shape of a batch of any number of samples.
fn batch(mut sample: Vec<Value>) -> Value {
    sample.insert(0, Value::Null);
    Value::Array(sample)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keras::Dialect;

    /// Two branches between `a` and `sum`, the first of them longer; the order is that of Keras 3.15.
    #[test]
    fn layers_are_listed_as_keras_lists_them() {
        let layer = |name: &str, inputs: &[&str]| KerasLayer {
            name: name.to_owned(),
            class: "Flatten".to_owned(),
            config: Value::Null,
            inputs: inputs.iter().map(|&input| input.to_owned()).collect(),
            numbers: Vec::new(),
            call: Value::Null,
            weights: Vec::new(),
        };
        let layers = vec![
            layer("a", &[INPUT]),
            layer("right", &["a"]),
            layer("left1", &["a"]),
            layer("left2", &["left1"]),
            layer("sum", &["left2", "right"]),
        ];
        let model = KerasModel { input: vec![None; 3], layers, dialect: Dialect::Keras3 };
        let names: Vec<&str> = model.listed().iter().map(|&n| model.layers[n].name.as_str()).collect();
        assert_eq!(names, ["a", "left1", "left2", "right", "sum"]);
    }
}

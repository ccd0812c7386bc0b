//! From an architecture to one graph of layers, models inside models unfolded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::place::{Numbers, Place};
use super::weights::Weights;
use super::{Dialect, INPUT, KerasLayer, KerasModel, elder};
use crate::FormatError;
use crate::error::list;

/// Most layers of a model; the largest of the published ones have about a thousand.
const MAX_LAYERS: usize = 10_000;
/// Longest name, bytes: that of a model is part of the place of each of its layers.
const MAX_NAME: usize = 256;
/// Most applications of layers and of models inside models: a few bytes may ask for any number.
const MAX_STEPS: usize = 4 * MAX_LAYERS;
/// Classes that are graphs of layers.
const MODELS: [&str; 3] = ["Sequential", "Functional", "Model"];

/// Unfolds an architecture and finds the weights of its layers; `path` is for messages.
pub(super) fn unfold(
    path: &Path,
    config: &Value,
    dialect: Dialect,
    weights: &Weights,
) -> Result<KerasModel, FormatError> {
    let mut unfolder =
        Unfolder { path, weights, input: None, layers: Vec::new(), names: BTreeSet::new(), left: MAX_STEPS };
    let class = text(config, "class_name").unwrap_or_default();
    if !MODELS.contains(&class) {
        let expected = format!("an architecture of class {}", list(MODELS));
        let found = format!("{class:?}, which is code that the file does not have");
        return Err(FormatError::new(path, expected, found).at("class_name"));
    }
    let root = text(config.get("config").unwrap_or(&Value::Null), "name").unwrap_or_default();
    if root.len() > MAX_NAME {
        let found = format!("{} bytes", root.len());
        return Err(FormatError::new(path, format!("a name of at most {MAX_NAME} bytes"), found).at("config"));
    }
    let root = Place { root: root.to_owned(), ..Place::default() };
    unfolder.model(class, config, &root, INPUT.to_owned())?;
    let Some(input) = unfolder.input else {
        return Err(FormatError::new(path, "the shape of the input", "none in the architecture"));
    };
    Ok(KerasModel { input, layers: unfolder.layers, dialect })
}

struct Unfolder<'a> {
    path: &'a Path,
    weights: &'a Weights,
    input: Option<Vec<Option<usize>>>,
    layers: Vec<KerasLayer>,
    names: BTreeSet<String>,
    /// Steps that may still be taken.
    left: usize,
}

/// One entry of an architecture's list of layers.
struct Entry<'a> {
    class: &'a str,
    value: &'a Value,
    place: Place,
}

impl Unfolder<'_> {
    /// Adds the layers of a model that reads `source`; gives the name of the layer with its output.
    fn model(
        &mut self,
        class: &str,
        value: &Value,
        at: &Place,
        source: String,
    ) -> Result<String, FormatError> {
        let config = value.get("config").unwrap_or(&Value::Null);
        let entries = self.entries(config, at)?;
        if at.names.is_empty() {
            self.input = self.find_input(value, &entries)?;
        }
        if class == "Sequential" {
            entries.iter().try_fold(source, |source, entry| self.add(entry, 0, vec![source], Vec::new()))
        } else {
            self.functional(config, &entries, at, source)
        }
    }

    fn entries<'v>(&self, config: &'v Value, at: &Place) -> Result<Vec<Entry<'v>>, FormatError> {
        let layers = config.get("layers").unwrap_or(config).as_array();
        let layers = layers.ok_or_else(|| self.refuse(at, "a list of layers", "none"))?;
        if layers.len() > MAX_LAYERS {
            return Err(self.refuse(at, format!("at most {MAX_LAYERS} layers"), layers.len().to_string()));
        }
        let mut numbers = Numbers::default();
        let mut entries = Vec::new();
        for (number, value) in layers.iter().enumerate() {
            let inner = value.get("config").unwrap_or(&Value::Null);
            let (Some(class), Some(name)) =
                (text(value, "class_name"), text(inner, "name").or(text(value, "name")))
            else {
                let found = format!("neither in layer number {number}");
                return Err(self.refuse(at, "layers with a class and a name", found));
            };
            if name.len() > MAX_NAME {
                let found = format!("{} bytes in layer number {number}", name.len());
                return Err(self.refuse(at, format!("names of at most {MAX_NAME} bytes"), found));
            }
            // What others registered is called `<package>><class>`; of keras' own, `module` says so.
            let registered = text(value, "registered_name").unwrap_or(class);
            let class = registered.rsplit_once('>').map_or(class, |(_, class)| class);
            let place = at.inside(name, self.weights.folder(), &numbers.next(class));
            if self.weights.counts_twice(&place)? {
                numbers.next(class);
            }
            let foreign = registered.contains('>') && !registered.starts_with("keras");
            let class = if foreign && !OWN_BLOCKS.contains(&class) { registered } else { class };
            entries.push(Entry { class, value, place });
        }
        Ok(entries)
    }

    /// The shape of a sample that the outermost model reads.
    fn find_input(
        &self,
        value: &Value,
        entries: &[Entry],
    ) -> Result<Option<Vec<Option<usize>>>, FormatError> {
        let config = value.get("config").unwrap_or(&Value::Null);
        let inputs: Vec<&Entry> = entries.iter().filter(|entry| entry.class == "InputLayer").collect();
        if inputs.len() > 1 {
            let found = list(inputs.iter().map(|entry| entry.place.name()));
            return Err(self.refuse(&Place::default(), "one input", found));
        }
        let first = inputs.first().or(entries.first().as_ref()).map(|entry| entry.value);
        let inner = first.and_then(|value| value.get("config"));
        let built = first.and_then(|value| value.get("build_config"));
        let shape = [
            inner.and_then(|config| config.get("batch_input_shape")),
            inner.and_then(|config| config.get("batch_shape")),
            config.get("build_input_shape"),
            built.and_then(|built| built.get("input_shape")),
            value.get("build_config").and_then(|built| built.get("input_shape")),
        ];
        let shape = shape.into_iter().flatten().find_map(Value::as_array);
        let nested = first.filter(|value| MODELS.contains(&text(value, "class_name").unwrap_or_default()));
        match (shape, nested) {
            (Some(shape), _) => {
                let length = |n: &Value| n.as_u64().and_then(|n| usize::try_from(n).ok());
                Ok(Some(shape.iter().skip(1).map(length).collect()))
            }
            (None, Some(value)) => {
                let config = value.get("config").unwrap_or(&Value::Null);
                self.find_input(value, &self.entries(config, &Place::default())?)
            }
            (None, None) => Ok(None),
        }
    }

    fn functional(
        &mut self,
        config: &Value,
        entries: &[Entry],
        at: &Place,
        source: String,
    ) -> Result<String, FormatError> {
        let numbers: BTreeMap<&str, usize> = entries
            .iter()
            .enumerate()
            .filter_map(|(i, e)| Some((e.place.names.last()?.as_str(), i)))
            .collect();
        let (input, _) = self.end(config, "input_layers", at)?;
        let output = self.end(config, "output_layers", at)?;
        let missing = |name: &str| self.refuse(at, "a layer that is listed", format!("{name:?}"));
        let last = self.last_applications(entries, output);
        // A layer and which of its applications. Those of a model inside the model begin with its own, which is not listed.
        let find = |(name, time): (&str, usize)| {
            let number = *numbers.get(name)?;
            let n_listed = nodes(&entries[number]).len();
            let own = last.get(name).map_or(0, |last| (last + 1).saturating_sub(n_listed));
            Some((number, time.saturating_sub(own)))
        };
        let output = find(output).ok_or_else(|| missing(output.0))?;
        let mut done: BTreeMap<(usize, usize), String> = BTreeMap::new();
        done.insert(find((input, 0)).ok_or_else(|| missing(input))?, source);
        let mut waiting = vec![output];
        let mut open = BTreeSet::new();
        while let Some(&(number, time)) = waiting.last() {
            if done.contains_key(&(number, time)) {
                waiting.pop();
                continue;
            }
            let entry = &entries[number];
            let Arguments { names, numbers } = self.inbound(entry, time)?;
            let inputs: Option<Vec<(usize, usize)>> = names.iter().map(|&name| find(name)).collect();
            let inputs =
                inputs.ok_or_else(|| self.refuse(&entry.place, "inputs that are layers", "others"))?;
            let todo: Vec<_> = inputs.iter().copied().filter(|i| !done.contains_key(i)).collect();
            if todo.is_empty() {
                let inputs = inputs.iter().map(|i| done[i].clone()).collect();
                done.insert((number, time), self.add(entry, time, inputs, numbers)?);
            } else if open.insert((number, time)) {
                waiting.extend(todo);
            } else {
                return Err(self.refuse(
                    &entry.place,
                    "a graph without circles",
                    "a layer that reads itself",
                ));
            }
        }
        Ok(done.remove(&output).unwrap_or_default())
    }

    /// The largest number of an application of each layer that is read, or is the output.
    fn last_applications<'v>(&self, entries: &[Entry<'v>], output: Source<'v>) -> BTreeMap<&'v str, usize> {
        let mut last = BTreeMap::from([output]);
        for entry in entries {
            let times = (0..nodes(entry).len()).filter_map(|time| self.inbound(entry, time).ok());
            for (name, time) in times.flat_map(|arguments| arguments.names) {
                let known = last.entry(name).or_insert(time);
                *known = time.max(*known);
            }
        }
        last
    }

    /// The only layer that `key` (`input_layers`, `output_layers`) lists, and which of its applications.
    fn end<'v>(&self, config: &'v Value, key: &str, at: &Place) -> Result<Source<'v>, FormatError> {
        let listed = config.get(key).and_then(Value::as_array).map(Vec::as_slice);
        let listed = match listed {
            Some([one]) => source(one),
            Some([name, time, _]) => name.as_str().map(|name| (name, application(time))),
            _ => None,
        };
        let found =
            || config.get(key).map_or("none".to_owned(), |v| v.to_string().chars().take(200).collect());
        listed.ok_or_else(|| self.refuse(at, format!("one layer in {key:?}"), found()))
    }

    /// What an entry reads where it is applied for the time number `time`, from 0.
    fn inbound<'v>(&self, entry: &Entry<'v>, time: usize) -> Result<Arguments<'v>, FormatError> {
        let nodes = nodes(entry);
        let Some(node) = nodes.get(time) else {
            let expected = if nodes.is_empty() { "an input" } else { "applications that are listed" };
            return Err(self.refuse(&entry.place, expected, "none"));
        };
        let (mut arguments, mut others) = (Arguments::default(), Vec::new());
        if let Some(given) = node.get("args") {
            for (place, value) in given.as_array().into_iter().flatten().enumerate() {
                arguments.numbers.extend(value.as_f64().map(|number| (place, number)));
            }
            histories(given, &mut arguments.names);
        } else if node.get(0).is_some_and(Value::is_string) {
            arguments.add(node);
            arguments.second(node.get(3).and_then(|named| named.get("y")));
        } else {
            let inputs = node.as_array().into_iter().flatten();
            arguments.names.extend(inputs.filter_map(source));
        }
        node.get("kwargs").into_iter().for_each(|named| histories(named, &mut others));
        if arguments.names.is_empty() || !others.is_empty() {
            return Err(self.refuse(&entry.place, "inputs that are the outputs of layers", "others"));
        }
        Ok(arguments)
    }

    /// Adds the layer of an entry, or the layers of the model that it is, applied for the time number `time`, from 0.
    fn add(
        &mut self,
        entry: &Entry,
        time: usize,
        mut inputs: Vec<String>,
        numbers: Vec<(usize, f64)>,
    ) -> Result<String, FormatError> {
        let Entry { class, value, .. } = entry;
        let place = &entry.place.applied(time);
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            self.refuse(place, format!("at most {MAX_STEPS} applications of layers"), "more")
        })?;
        if MODELS.contains(class) {
            if inputs.len() != 1 {
                return Err(self.refuse(place, "one input", inputs.len().to_string()));
            }
            return self.model(class, value, place, inputs.remove(0));
        }
        if *class == "InputLayer" {
            return Ok(inputs.remove(0));
        }
        let name = place.name();
        if !self.names.insert(name.clone()) || self.layers.len() == MAX_LAYERS {
            let expected = format!("layers with unique names, at most {MAX_LAYERS}");
            return Err(self.refuse(place, expected, "the name again"));
        }
        let (class, config) = elder::modern(class, value.get("config").cloned().unwrap_or(Value::Null));
        let weights = self.weights.layer(place, &class, &config)?;
        let name = if name == INPUT { format!("{INPUT}_") } else { name };
        self.layers.push(KerasLayer { name: name.clone(), class, config, inputs, numbers, weights });
        Ok(name)
    }

    fn refuse(&self, at: &Place, expected: impl Into<String>, found: impl Into<String>) -> FormatError {
        let error = FormatError::new(self.path, expected, found);
        if at.names.is_empty() { error } else { error.at(format!("layer {:?}", at.name())) }
    }
}

/// A layer's name and which of its applications, from 0.
type Source<'v> = (&'v str, usize);

/// The applications of a layer.
fn nodes<'v>(entry: &Entry<'v>) -> &'v [Value] {
    entry.value.get("inbound_nodes").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// `[name, application, …]`.
fn source(value: &Value) -> Option<Source<'_>> {
    let name = value.get(0).and_then(Value::as_str)?;
    Some((name, value.get(1).map_or(0, application)))
}

fn application(value: &Value) -> usize {
    value.as_u64().and_then(|time| usize::try_from(time).ok()).unwrap_or(0)
}

/// What a layer reads: layers, and numbers with their places.
#[derive(Default)]
struct Arguments<'v> {
    names: Vec<Source<'v>>,
    numbers: Vec<(usize, f64)>,
}

impl<'v> Arguments<'v> {
    /// What Keras 2 writes for an operator: `[layer, 0, 0, …]`, or a number as `["_CONSTANT_VALUE", -1, number, …]`.
    fn add(&mut self, value: &'v Value) {
        let place = self.names.len() + self.numbers.len();
        match (source(value), value.get(2).and_then(Value::as_f64)) {
            (Some(("_CONSTANT_VALUE", _)), number) => {
                self.numbers.extend(number.map(|number| (place, number)))
            }
            (Some(layer), _) => self.names.push(layer),
            (None, _) => {}
        }
    }

    /// Its second argument, which has a name.
    fn second(&mut self, value: Option<&'v Value>) {
        match value {
            Some(Value::Number(number)) => self.numbers.extend(number.as_f64().map(|number| (1, number))),
            Some(value) => self.add(value),
            None => {}
        }
    }
}

/// Classes by others whose arithmetic is published and known here (doi:10.1007/978-1-0716-2221-6_3).
pub(super) const OWN_BLOCKS: [&str; 3] = ["Encoder2D", "ConvBlock2D", "ResidualBlock2D"];

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Layers whose outputs occur anywhere in the arguments of a call.
fn histories<'v>(value: &'v Value, names: &mut Vec<Source<'v>>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| histories(value, names)),
        Value::Object(fields) => match fields.get("keras_history").and_then(source) {
            Some(layer) => names.push(layer),
            None => fields.values().for_each(|value| histories(value, names)),
        },
        _ => {}
    }
}

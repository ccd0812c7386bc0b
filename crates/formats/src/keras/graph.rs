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

/// Unfolds an architecture and finds the weights of its layers; `path` is for messages, `head` names one of several
/// outputs.
pub(super) fn unfold(
    path: &Path,
    config: &Value,
    dialect: Dialect,
    (weights, head): (&Weights, Option<&str>),
) -> Result<KerasModel, FormatError> {
    let mut unfolder = Unfolder {
        path,
        weights,
        head,
        input: None,
        layers: Vec::new(),
        names: BTreeSet::new(),
        left: MAX_STEPS,
    };
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
    /// Name of the output that is wanted.
    head: Option<&'a str>,
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
            let reads = |source| Reads { inputs: vec![source], ..Reads::default() };
            entries.iter().try_fold(source, |source, entry| self.add(entry, 0, reads(source)))
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
                (text(value, "class_name"), text(value, "name").or(text(inner, "name")))
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
            let Arguments { names, numbers, call } = self.inbound(entry, time)?;
            let inputs: Option<Vec<(usize, usize)>> = names.iter().map(|&name| find(name)).collect();
            let inputs =
                inputs.ok_or_else(|| self.refuse(&entry.place, "inputs that are layers", "others"))?;
            let todo: Vec<_> = inputs.iter().copied().filter(|i| !done.contains_key(i)).collect();
            if todo.is_empty() {
                let inputs = inputs.iter().map(|i| done[i].clone()).collect();
                let reads = Reads { inputs, numbers, call };
                done.insert((number, time), self.add(entry, time, reads)?);
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

    /// The layer that `key` (`input_layers`, `output_layers`) lists, and which of its applications: the only one, or of
    /// several outputs the one that is wanted.
    fn end<'v>(&self, config: &'v Value, key: &str, at: &Place) -> Result<Source<'v>, FormatError> {
        let listed = ends(config.get(key).unwrap_or(&Value::Null));
        let head = self.head.filter(|_| at.names.is_empty() && key == "output_layers");
        let found = || list(listed.iter().map(|(name, _)| name));
        match (&listed[..], head) {
            (&[(_, one)], None) => Ok(one),
            (_, Some(head)) => {
                let wanted = listed.iter().find(|(name, _)| *name == head).map(|(_, source)| *source);
                wanted.ok_or_else(|| self.refuse(at, format!("an output called {head:?}"), found()))
            }
            ([], None) => Err(self.refuse(at, format!("one layer in {key:?}"), "none")),
            _ if at.names.is_empty() && key == "output_layers" => {
                Err(self.refuse(at, "one output, or the name of the one that is wanted (--head)", found()))
            }
            _ => Err(self.refuse(at, format!("one layer in {key:?}"), found())),
        }
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
            arguments.listed(given);
        } else if node.get(0).is_some_and(Value::is_string) {
            arguments.add(node);
            arguments.call = node.get(3).cloned().unwrap_or_default();
            let second = ["y", "bias"].into_iter().find_map(|name| node.get(3)?.get(name));
            arguments.second(second);
        } else {
            let inputs = node.as_array().into_iter().flatten();
            arguments.names.extend(inputs.filter_map(source));
            arguments.call = node.get(0).and_then(|first| first.get(3)).cloned().unwrap_or_default();
        }
        node.get("kwargs").into_iter().for_each(|named| histories(named, &mut others));
        if arguments.names.is_empty() || !others.is_empty() {
            return Err(self.refuse(&entry.place, "inputs that are the outputs of layers", "others"));
        }
        Ok(arguments)
    }

    /// Adds the layer of an entry, or the layers of the model that it is, applied for the time number `time`, from 0.
    fn add(&mut self, entry: &Entry, time: usize, reads: Reads) -> Result<String, FormatError> {
        let Entry { class, value, .. } = entry;
        let Reads { mut inputs, numbers, call } = reads;
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
        self.layers.push(KerasLayer { name: name.clone(), class, config, inputs, numbers, call, weights });
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

/// What a list of inputs or outputs has, each with its name: one by itself, a list, or some by name.
fn ends(listed: &Value) -> Vec<(&str, Source<'_>)> {
    let of_layer = |value| source(value).map(|source| (source.0, source));
    match listed {
        Value::Array(_) if of_layer(listed).is_some() => of_layer(listed).into_iter().collect(),
        Value::Array(values) => values.iter().filter_map(of_layer).collect(),
        Value::Object(named) => {
            named.iter().filter_map(|(name, value)| Some((name.as_str(), source(value)?))).collect()
        }
        _ => Vec::new(),
    }
}

/// What a layer reads where it is added.
#[derive(Default)]
struct Reads {
    inputs: Vec<String>,
    numbers: Vec<(usize, Vec<f64>)>,
    call: Value,
}

/// What a layer reads: layers, numbers with their places, and all that it was called with.
#[derive(Default)]
struct Arguments<'v> {
    names: Vec<Source<'v>>,
    numbers: Vec<(usize, Vec<f64>)>,
    call: Value,
}

impl<'v> Arguments<'v> {
    /// What Keras 3 writes: numbers, arrays of them, and what layers give.
    fn listed(&mut self, given: &'v Value) {
        for (place, value) in given.as_array().into_iter().flatten().enumerate() {
            let constant = matches!(text(value, "class_name"), Some("__tensor__" | "__numpy__"));
            let array = value.get("config").and_then(|config| config.get("value")).filter(|_| constant);
            let several = array.map(numbers_in).or_else(|| Some(vec![value.as_f64()?]));
            self.numbers.extend(several.map(|numbers| (place, numbers)));
        }
        histories(given, &mut self.names);
        self.call = given.clone();
    }

    /// What Keras 2 writes for an operator: `[layer, 0, 0, …]`, or a number as `["_CONSTANT_VALUE", -1, number, …]`.
    fn add(&mut self, value: &'v Value) {
        let place = self.names.len() + self.numbers.len();
        match (source(value), value.get(2)) {
            (Some(("_CONSTANT_VALUE", _)), Some(number)) => self.numbers.push((place, numbers_in(number))),
            (Some(layer), _) => self.names.push(layer),
            (None, _) => {}
        }
    }

    /// Its second argument, which has a name.
    fn second(&mut self, value: Option<&'v Value>) {
        let Some(value) = value else { return };
        match numbers_in(value) {
            numbers if numbers.is_empty() || source(value).is_some() => self.add(value),
            numbers => self.numbers.push((1, numbers)),
        }
    }
}

/// All numbers in lists of lists of them.
fn numbers_in(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(values) => values.iter().flat_map(numbers_in).collect(),
        value => value.as_f64().into_iter().collect(),
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

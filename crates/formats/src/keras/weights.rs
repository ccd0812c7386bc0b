//! The arrays of a layer, in either of the layouts that Keras writes.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::KerasArray;
use super::place::Place;
use crate::FormatError;
use crate::hdf5::Hdf5;

/// Arrays that networks are made of; generators of random numbers and counters are not.
const ROLES: [&str; 12] = [
    "kernel",
    "bias",
    "gamma",
    "beta",
    "moving_mean",
    "moving_variance",
    "depthwise_kernel",
    "pointwise_kernel",
    "mean",
    "variance",
    "alpha",
    "embeddings",
];
/// Deepest part of a layer that is looked into.
const MAX_DEPTH: usize = 8;
/// Most parts of all layers together: a group that holds itself has any number of them.
const MAX_PARTS: usize = 30_000;

/// An open file of weights.
pub(super) struct Weights {
    path: PathBuf,
    file: Hdf5,
    layout: Layout,
    /// Parts that may still be looked into.
    left: Cell<usize>,
}

/// How layers find their arrays.
enum Layout {
    /// A group for each layer by its name, in the group of this name; the attribute `weight_names` lists its arrays.
    Named(String),
    /// A group for each layer by its kind and number; arrays are numbered in `vars`.
    Numbered,
}

impl Weights {
    /// Finds out the layout.
    pub fn of(path: &Path, file: Hdf5) -> Result<Weights, FormatError> {
        let layout = if file.has_group("model_weights") {
            Layout::Named("model_weights/".to_owned())
        } else if file.texts("", "layer_names")?.is_some() {
            Layout::Named(String::new())
        } else if file.has_group("layers") {
            Layout::Numbered
        } else {
            let expected = "weights that Keras wrote (\"model_weights\", \"layer_names\" or \"layers\")";
            return Err(FormatError::new(path, expected, "none of them"));
        };
        Ok(Weights { path: path.to_path_buf(), file, layout, left: Cell::new(MAX_PARTS) })
    }

    /// All arrays of the layer at `place`; none when it has none.
    pub fn layer(&self, place: &Place, class: &str, config: &Value) -> Result<Vec<KerasArray>, FormatError> {
        match &self.layout {
            Layout::Named(root) => self.named(root, place),
            Layout::Numbered => {
                let mut arrays = Vec::new();
                self.numbered(&place.numbered, class, config, 0, &mut arrays)?;
                Ok(arrays)
            }
        }
    }

    /// Arrays of a model inside the model are all in the group of the outermost, called `<layer>/…/<role>:0` there, with
    /// or without the names of models before.
    fn named(&self, root: &str, place: &Place) -> Result<Vec<KerasArray>, FormatError> {
        let [top, ..] = &place.names[..] else { return Ok(Vec::new()) };
        let group = format!("{root}{top}");
        if !self.file.has_group(&group) {
            return Ok(Vec::new());
        }
        let inside = place.names.last().filter(|_| place.names.len() > 1);
        let around = place.names.iter().rev().skip(1).chain([&place.root]);
        let models: BTreeSet<&str> = around.map(String::as_str).collect();
        let mut arrays = Vec::new();
        for name in self.file.texts(&group, "weight_names")?.unwrap_or_default() {
            let mut parts = name.split('/').skip_while(|part| models.contains(part));
            if inside.is_some_and(|layer| parts.next() != Some(layer)) {
                continue;
            }
            let last = name.rsplit('/').next().unwrap_or_default();
            let role = last.split(':').next().unwrap_or_default();
            if ROLES.contains(&role) {
                arrays.push(self.array(&format!("{group}/{name}"), role)?);
            }
        }
        Ok(arrays)
    }

    fn numbered(
        &self,
        group: &str,
        class: &str,
        config: &Value,
        depth: usize,
        arrays: &mut Vec<KerasArray>,
    ) -> Result<(), FormatError> {
        if !self.file.has_group(group) {
            return Ok(());
        }
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or(0));
        if depth > MAX_DEPTH || left.is_none() {
            let expected =
                format!("parts of layers, at most {MAX_DEPTH} inside each other and {MAX_PARTS} in all");
            return Err(FormatError::new(&self.path, expected, "more").at(group.to_owned()));
        }
        for part in self.file.groups(group)? {
            let inner = format!("{group}/{part}");
            if part != "vars" {
                let kind = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
                self.numbered(&inner, kind, &Value::Null, depth + 1, arrays)?;
                continue;
            }
            let names = self.file.arrays(&inner)?;
            for (name, role) in names.iter().zip(roles(class, config, names.len())) {
                arrays.push(self.array(&format!("{inner}/{name}"), role)?);
            }
        }
        Ok(())
    }

    fn array(&self, place: &str, role: &str) -> Result<KerasArray, FormatError> {
        let floats = self.file.floats(place)?;
        Ok(KerasArray { role: role.to_owned(), shape: floats.shape, values: floats.values })
    }
}

/// What the numbered arrays of a layer are. Parts of layers are known by their number of arrays alone: one for a
/// convolution without bias, four for a batch norm.
fn roles(class: &str, config: &Value, n: usize) -> Vec<&'static str> {
    let has = |key: &str| config.get(key).and_then(Value::as_bool).unwrap_or(true);
    match class {
        "BatchNormalization" => {
            let scale = has("scale").then_some("gamma");
            let shift = has("center").then_some("beta");
            scale.into_iter().chain(shift).chain(["moving_mean", "moving_variance"]).collect()
        }
        "SeparableConv2D" => vec!["depthwise_kernel", "pointwise_kernel", "bias"],
        "Normalization" => vec!["mean", "variance"],
        "PReLU" => vec!["alpha"],
        class if class.contains("seed") => Vec::new(),
        _ if n == 4 => vec!["gamma", "beta", "moving_mean", "moving_variance"],
        _ if n <= 2 => vec!["kernel", "bias"],
        _ => Vec::new(),
    }
}

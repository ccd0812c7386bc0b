//! The arrays of a layer, in either of the layouts that Keras writes.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::place::Place;
use super::{KerasArray, elder};
use crate::FormatError;
use crate::hdf5::Hdf5;

/// Arrays that networks are made of; generators of random numbers and counters are not.
const ROLES: [&str; 13] = [
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
    "variable",
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
    /// The library that computed for Keras, where the file says it.
    backend: Option<String>,
    /// Parts that may still be looked into.
    left: Cell<usize>,
}

/// How layers find their arrays.
enum Layout {
    /// A group for each layer by its name, in the group of this name; the attribute `weight_names` lists its arrays.
    Named(String),
    /// A group for each layer by its kind and number, in the group of this name; arrays are numbered in `vars`.
    Numbered(&'static str),
}

/// Groups that hold the layers of a model: of Keras 3 and 2.14, and of 2.12 and 2.13.
const FOLDERS: [&str; 2] = ["layers", "_layer_checkpoint_dependencies"];

impl Weights {
    /// Finds out the layout.
    pub fn of(path: &Path, file: Hdf5) -> Result<Weights, FormatError> {
        let layout = if file.has_group("model_weights") {
            Layout::Named("model_weights/".to_owned())
        } else if file.texts("", "layer_names")?.is_some() {
            Layout::Named(String::new())
        } else {
            let groups = file.groups("")?;
            let holds = |folder: &&str| groups.iter().any(|group| group.split('\\').next() == Some(*folder));
            let Some(folder) = FOLDERS.into_iter().find(holds) else {
                let expected = "weights that Keras wrote (\"model_weights\", \"layer_names\" or \"layers\")";
                return Err(FormatError::new(path, expected, "none of them"));
            };
            Layout::Numbered(folder)
        };
        let backend = file.text("", "backend")?;
        Ok(Weights { path: path.to_path_buf(), file, layout, backend, left: Cell::new(MAX_PARTS) })
    }

    /// Name of the group that holds the layers of a model.
    pub fn folder(&self) -> &'static str {
        match self.layout {
            Layout::Numbered(folder) => folder,
            Layout::Named(_) => FOLDERS[0],
        }
    }

    /// Whether the layer at `place` takes two numbers of its kind: Keras 2.12 and 2.13 list layers that have weights twice.
    pub fn counts_twice(&self, place: &Place) -> Result<bool, FormatError> {
        if self.folder() == FOLDERS[0] {
            return Ok(false);
        }
        let Some(group) = self.group(&place.numbered) else { return Ok(false) };
        self.holds_arrays(&group, 0)
    }

    fn holds_arrays(&self, group: &str, depth: usize) -> Result<bool, FormatError> {
        self.enter(group, depth)?;
        if !self.file.arrays(group)?.is_empty() {
            return Ok(true);
        }
        let mut parts = self.file.groups(group)?.into_iter();
        parts.try_fold(false, |found, part| {
            Ok(found || self.holds_arrays(&format!("{group}/{part}"), depth + 1)?)
        })
    }

    /// A group as the file calls it: on Windows, names of groups inside others were joined with `\`.
    fn group(&self, place: &str) -> Option<String> {
        let joined = place.replace('/', "\\");
        [place, &joined].into_iter().find(|place| self.file.has_group(place)).map(str::to_owned)
    }

    /// Counts a part that is looked into.
    fn enter(&self, group: &str, depth: usize) -> Result<(), FormatError> {
        let left = self.left.get().checked_sub(1);
        self.left.set(left.unwrap_or(0));
        if depth > MAX_DEPTH || left.is_none() {
            let expected =
                format!("parts of layers, at most {MAX_DEPTH} inside each other and {MAX_PARTS} in all");
            return Err(FormatError::new(&self.path, expected, "more").at(group.to_owned()));
        }
        Ok(())
    }

    /// All arrays of the layer at `place`; none when it has none.
    pub fn layer(&self, place: &Place, class: &str, config: &Value) -> Result<Vec<KerasArray>, FormatError> {
        match &self.layout {
            Layout::Named(root) => self.named(root, place, config),
            Layout::Numbered(_) => {
                let mut arrays = Vec::new();
                if let Some(group) = self.group(&place.numbered) {
                    self.numbered(&group, class, config, 0, &mut arrays)?;
                }
                Ok(arrays)
            }
        }
    }

    /// Arrays of a model inside the model are all in the group of the outermost, called `<layer>/…/<role>:0` there, with
    /// or without the names of models before; Keras 1 gave every layer a group of its own.
    fn named(&self, root: &str, place: &Place, config: &Value) -> Result<Vec<KerasArray>, FormatError> {
        let ([top, ..], Some(layer)) = (&place.names[..], place.names.last()) else { return Ok(Vec::new()) };
        let group = format!("{root}{top}");
        if !self.file.has_group(&group) {
            let own = Place { names: vec![layer.clone()], ..place.clone() };
            let apart = place.names.len() > 1 && self.file.has_group(&format!("{root}{layer}"));
            return if apart { self.named(root, &own, config) } else { Ok(Vec::new()) };
        }
        let inside = place.names.len() > 1;
        let around = place.names.iter().rev().skip(1).chain([&place.root]);
        let models: BTreeSet<&str> = around.map(String::as_str).collect();
        let mut arrays = Vec::new();
        for name in self.file.texts(&group, "weight_names")?.unwrap_or_default() {
            let mut rest = name.as_str();
            while let Some((_, inner)) = rest.split_once('/').filter(|(first, _)| models.contains(first)) {
                rest = inner;
            }
            // Names of layers may have a slash themselves, as in DenseNet.
            let own = rest.strip_prefix(layer.as_str()).is_some_and(|rest| rest.starts_with('/'));
            let last = name.rsplit('/').next().unwrap_or_default();
            let role = last.split(':').next().unwrap_or_default();
            // What has no name of its own is numbered.
            let role = if role.starts_with("variable") { "variable" } else { role };
            let place = format!("{group}/{name}");
            match elder::role(role) {
                Some(known) if !ROLES.contains(&role) && (!inside || role.starts_with(layer.as_str())) => {
                    arrays.push(self.elder(&place, known, config, !last.contains(':'))?);
                }
                _ if inside && !own => {}
                _ if ROLES.contains(&role) => {
                    let array = self.array(&place, role)?;
                    let theano = self.backend.as_deref() == Some("theano") && role == "kernel";
                    arrays.push(if theano { elder::turned(array) } else { array });
                }
                _ => {}
            }
        }
        Ok(arrays)
    }

    /// An array of Keras 1; `bare`: its name is not one of TensorFlow's, which end with `:0`.
    fn elder(&self, place: &str, role: &str, config: &Value, bare: bool) -> Result<KerasArray, FormatError> {
        let array = self.array(place, role)?;
        if role != "kernel" {
            return Ok(array);
        }
        let first = config.get("data_format").and_then(Value::as_str) == Some("channels_first");
        let array = if first { elder::filters_last(array) } else { array };
        let theano = self.backend.as_deref().map_or(bare, |backend| backend == "theano");
        Ok(if theano { elder::turned(array) } else { array })
    }

    fn numbered(
        &self,
        group: &str,
        class: &str,
        config: &Value,
        depth: usize,
        arrays: &mut Vec<KerasArray>,
    ) -> Result<(), FormatError> {
        self.enter(group, depth)?;
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
        "LayerNormalization" | "GroupNormalization" => {
            has("scale").then_some("gamma").into_iter().chain(has("center").then_some("beta")).collect()
        }
        "LayerScale" => vec!["variable"],
        "SeparableConv2D" => vec!["depthwise_kernel", "pointwise_kernel", "bias"],
        "Normalization" => vec!["mean", "variance"],
        "PReLU" => vec!["alpha"],
        class if class.contains("seed") => Vec::new(),
        _ if n == 4 => vec!["gamma", "beta", "moving_mean", "moving_variance"],
        _ if n <= 2 => vec!["kernel", "bias"],
        _ => Vec::new(),
    }
}

//! Models that Keras wrote or reads: what their layers are and their weights. Nothing in a file is ever run.
//!
//! | file | architecture | weights |
//! |---|---|---|
//! | `.h5` of `model.save` | attribute `model_config` | `model_weights/<layer>/…` |
//! | `.json` of `to_json` and `.h5` of `save_weights` | the JSON | `<layer>/…`, or `layers/…` in `.weights.h5` |
//! | `.keras` (a zip) | `config.json` | `model.weights.h5`, `layers/<kind>_<number>/vars/<number>` |
//!
//! Models inside models are unfolded, and a layer that is applied again is there again: what comes out is one graph of
//! layers in an order in which each comes after all that it reads. What a layer means is not known here; its settings
//! are kept as they are written.
//!
//! # Source
//! <https://keras.io/guides/serialization_and_saving/>; the HDF5 layout is that of `keras.src.legacy.saving`.

mod archive;
mod elder;
mod graph;
mod place;
mod weights;
mod write;

use std::path::Path;

use serde_json::Value;

use crate::hdf5::{self, Hdf5};
use crate::{FormatError, foreign, input};
use weights::Weights;

/// Largest file that is read, in bytes.
pub const MAX_FILE: u64 = 4 << 30;
/// Largest architecture that is read, in bytes.
const MAX_CONFIG: u64 = 64 << 20;
/// Name under which layers refer to the model's input.
pub const INPUT: &str = "input";

/// A model as its file tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasModel {
    /// Lengths of the axes of one sample (of images: rows, columns, channels), none where any will do.
    pub input: Vec<Option<usize>>,
    /// The layers; the last one gives the output.
    pub layers: Vec<KerasLayer>,
    /// The version of Keras that wrote it, as far as it matters: some functions changed with Keras 3.
    pub dialect: Dialect,
}

/// What names of functions mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Of Keras 1 and 2.
    Keras2,
    /// Of Keras 3.
    Keras3,
}

impl Dialect {
    /// Of a version such as `2.15.0`; Keras 3 does not always say it.
    fn of(version: Option<&str>) -> Dialect {
        match version {
            Some(version) if version.starts_with(['1', '2']) => Dialect::Keras2,
            _ => Dialect::Keras3,
        }
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasLayer {
    /// Unique: layers of a model inside the model are called `<model>/<layer>`.
    pub name: String,
    /// Keras' class, `Conv2D` for instance.
    pub class: String,
    /// Its settings, as written.
    pub config: Value,
    /// What it reads: names of layers before it, or [`INPUT`].
    pub inputs: Vec<String>,
    /// Numbers among what it reads, and their place: `3 - x` reads the number 3 at place 0. Several are one for each
    /// channel.
    pub numbers: Vec<(usize, Vec<f64>)>,
    /// What it was called with, as written: by name in Keras 2, a list in Keras 3, which also has what it reads.
    pub call: Value,
    /// Its arrays, those of its parts included, in the order of the file.
    pub weights: Vec<KerasArray>,
}

/// One array of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct KerasArray {
    /// `kernel`, `bias`, `gamma`, `beta`, `moving_mean`, `moving_variance`, …; empty where the file does not tell.
    pub role: String,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Values in C order.
    pub values: Vec<f32>,
}

/// Reads a model from a `.h5`, `.keras` or `.json` file; `weights` is a second file with the weights, needed when the first has
/// none, and preferred when it has. `head` is the name of an output, needed when there are several.
///
/// # Errors
/// When a file is broken or made to do harm, a part is missing, or the model cannot be unfolded: several inputs, no
/// output of that name, an architecture that is code.
pub fn read(path: &Path, weights: Option<&Path>, head: Option<&str>) -> Result<KerasModel, FormatError> {
    let bytes = input::read(path, MAX_FILE)?;
    let second = weights.map(|path| Ok((path, input::read(path, MAX_FILE)?))).transpose()?;
    parse(path, bytes, second, head)
}

/// Reads the bytes of a model, as [`read`]; paths are for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(
    path: &Path,
    bytes: Vec<u8>,
    weights: Option<(&Path, Vec<u8>)>,
    head: Option<&str>,
) -> Result<KerasModel, FormatError> {
    foreign::decode(path, "a model of Keras", || decode(path, bytes, weights, head))
}

fn decode(
    path: &Path,
    bytes: Vec<u8>,
    weights: Option<(&Path, Vec<u8>)>,
    head: Option<&str>,
) -> Result<KerasModel, FormatError> {
    let (config, version, mut own) = if bytes.starts_with(hdf5::MAGIC) {
        let file = Hdf5::parse(path, bytes)?;
        let Some(text) = file.text("", "model_config")? else {
            if Weights::of(path, file).is_err() {
                let found = "an HDF5 file with neither an architecture nor weights of Keras";
                return Err(FormatError::new(path, "a Keras model", found));
            }
            let expected = "a model with its architecture (the attribute \"model_config\"); \
                give the .json of the architecture, and this file as its weights";
            return Err(FormatError::new(path, expected, "weights alone"));
        };
        // What does not say it is older than the first that does.
        let version = file.text("", "keras_version")?.unwrap_or_else(|| "1".to_owned());
        (json(path, text.as_bytes())?, Some(version), Some(Weights::of(path, file)?))
    } else if bytes.starts_with(b"PK") {
        let parts = archive::parse(path, bytes)?;
        // Only Keras 3, and the last of Keras 2, write such files; the latter say so.
        let facts = parts.metadata.map(|bytes| json(path, &bytes)).transpose()?;
        let version = facts.and_then(|facts| Some(facts.get("keras_version")?.as_str()?.to_owned()));
        (json(path, &parts.config)?, version, Some(Weights::of(path, Hdf5::parse(path, parts.weights)?)?))
    } else if bytes.trim_ascii_start().starts_with(b"{") {
        let config = json(path, &bytes)?;
        let version = config.get("keras_version").and_then(Value::as_str).map(str::to_owned);
        (config, version, None)
    } else {
        let expected = "a Keras model: .h5, .keras or .json";
        return Err(FormatError::new(path, expected, crate::error::quote(&bytes)));
    };
    if let Some((path, bytes)) = weights {
        own = Some(Weights::of(path, Hdf5::parse(path, bytes)?)?);
    }
    let Some(own) = own else {
        let expected = "the weights of this architecture in a second file";
        return Err(FormatError::new(path, expected, "an architecture alone"));
    };
    graph::unfold(path, &config, Dialect::of(version.as_deref()), (&own, head))
}

fn json(path: &Path, bytes: &[u8]) -> Result<Value, FormatError> {
    let expected = "an architecture in JSON";
    if bytes.len() as u64 > MAX_CONFIG {
        let found = format!("{} bytes", bytes.len());
        return Err(FormatError::new(path, format!("{expected} of at most {MAX_CONFIG} bytes"), found));
    }
    serde_json::from_slice(bytes).map_err(|error| FormatError::new(path, expected, error.to_string()))
}

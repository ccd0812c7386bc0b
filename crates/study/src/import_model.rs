//! `import-model`: networks that were trained elsewhere, as models of this program.
//!
//! Only numbers and the names of layers are taken over; a layer that is code (`Lambda`, classes by others) is refused by
//! name and place. A Keras file does not say how its images were prepared: that must be told.

mod activations;
mod axes;
mod blocks;
mod builder;
mod features;
mod layers;
mod merge;
mod operations;
mod preparation;
mod scale;
mod weights;
mod windows;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cells::Depth;
use formats::keras::{self, KerasModel};
use nn::{Network, Precision};

use crate::model::Manifest;
use crate::{Model, StudyError, contract::Contract, settings::Views};

pub use preparation::Preparation;

/// What is to be imported, and what its file does not say.
#[derive(Debug, Clone)]
pub struct ImportModel {
    /// `.h5`, `.keras`, or the `.json` of an architecture.
    pub model: PathBuf,
    /// A second file that has the weights.
    pub weights: Option<PathBuf>,
    /// Name of the output that is wanted of several.
    pub head: Option<String>,
    /// How intensities were prepared.
    pub preparation: Preparation,
    /// Names of the channels in order.
    pub channels: Vec<String>,
    /// Names of the classes in the order of the outputs; none: their numbers from 0.
    pub classes: Vec<String>,
    /// How intensities are stored in the images that the model is for.
    pub depth: Depth,
    /// Rows and columns of an image, for networks that take any.
    pub size: Option<[usize; 2]>,
    /// Size of a pixel, micrometres, when known.
    pub pixel_size_um: Option<f64>,
}

/// Reads the network. Beside the model, what the user should know of it, in lines.
///
/// # Errors
/// When a file is broken, a layer is not known or does what this program cannot, or the model contradicts what was told
/// of it.
pub fn import_model(request: &ImportModel) -> Result<(Model, Vec<String>), StudyError> {
    let mut keras = keras::read(&request.model, request.weights.as_deref(), request.head.as_deref())?;
    keras.layers.iter_mut().for_each(operations::as_layer);
    let place = &request.model;
    layers::check(&keras.layers).map_err(|what| refused(place, what))?;
    let first = axes::channels_first(&keras.layers).map_err(|what| refused(place, what))?;
    let input = input_shape(place, &input_axes(place, &keras, first)?, request)?;
    let built = builder::build(place, &keras, input, first)?;
    let network = Network::from_weights(built.spec, built.weights).map_err(|e| refused(place, e))?;
    let n_classes = network.spec().outputs();
    let classes = if request.classes.is_empty() {
        (0..n_classes).map(|number| number.to_string()).collect()
    } else {
        request.classes.clone()
    };
    let unique: std::collections::BTreeSet<&String> = classes.iter().collect();
    if classes.len() != n_classes || unique.len() != n_classes {
        let names = classes.join(", ");
        return Err(refused(
            place,
            format!("expected {n_classes} different names of classes, found {names}"),
        ));
    }
    let contract = Contract {
        height: input.h,
        width: input.w,
        channels: request.channels.clone(),
        depth: request.depth,
        pixel_size_um: request.pixel_size_um,
        normalise: request.preparation.normalise(input.c),
        views: Views::One,
        cut: serde_json::Value::Null,
    };
    let mistakes = contract.normalise.validate(contract.shape()).err().unwrap_or_default();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes.iter().map(ToString::to_string).collect()));
    }
    let manifest = Manifest {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        data_sha256: String::new(),
        training_cells: BTreeMap::new(),
        split: "trained elsewhere".to_owned(),
        settings: String::new(),
        epoch: 0,
        choices: built.notes.clone(),
        complete: true,
    };
    let model = Model {
        network,
        classes,
        contract,
        temperature: 1.0,
        manifest,
        validation: serde_json::Value::Null,
        precision: Precision::F32,
    };
    Ok((model, built.notes))
}

/// What was imported, in lines for people.
#[must_use]
pub fn summary(model: &Model) -> Vec<String> {
    let spec = model.network.spec();
    let contract = &model.contract;
    vec![
        format!("{} with {} parameters", crate::plural(spec.layers.len(), "layer"), spec.parameter_count()),
        format!("images {}, channels {}, {}", contract.shape(), contract.channels.join(", "), contract.depth),
        format!("classes {}", model.classes.join(", ")),
    ]
}

/// Rows, columns and channels of the images that a network reads; without an axis for it there is one channel.
fn input_axes(path: &Path, keras: &KerasModel, first: bool) -> Result<[Option<usize>; 3], StudyError> {
    let axes = windows::made_image(keras).unwrap_or_else(|| keras.input.clone());
    match axes[..] {
        [c, h, w] if first => Ok([h, w, c]),
        [h, w, c] => Ok([h, w, c]),
        [h, w] if !first => Ok([h, w, Some(1)]),
        _ => {
            let axes: Vec<String> =
                axes.iter().map(|n| n.map_or("any".to_owned(), |n| n.to_string())).collect();
            let found = if axes.len() == 1 { "vectors of" } else { "arrays of" };
            let expected = "expected images as input (rows, columns, channels)";
            Err(refused(path, format!("{expected}, found {found} {} numbers", axes.join("x"))))
        }
    }
}

fn input_shape(
    path: &Path,
    found: &[Option<usize>; 3],
    request: &ImportModel,
) -> Result<nn::spec::Shape, StudyError> {
    let size = request.size.map_or([None; 2], |size| size.map(Some));
    let given = [size[0], size[1], Some(request.channels.len())];
    let mut shape = [0; 3];
    for (axis, name) in ["rows", "columns", "channels"].into_iter().enumerate() {
        shape[axis] = match (found[axis], given[axis]) {
            (Some(found), Some(given)) if found != given => {
                return Err(refused(path, format!("expected {found} {name}, found {given}")));
            }
            (Some(n), _) | (None, Some(n)) => n,
            (None, None) => {
                return Err(refused(
                    path,
                    format!("expected --size, since its images have any number of {name}"),
                ));
            }
        };
    }
    let [h, w, c] = shape;
    let values = h.checked_mul(w).and_then(|n| n.checked_mul(c)).unwrap_or(usize::MAX);
    if values == 0 || values > MAX_VALUES {
        let expected = format!("expected images of 1 to {MAX_VALUES} values");
        return Err(refused(path, format!("{expected}, found {h}x{w}x{c}")));
    }
    Ok(nn::spec::Shape { h, w, c })
}

/// Most values of an image: 2048x2048 in four channels.
const MAX_VALUES: usize = 1 << 24;

fn refused(path: &Path, what: impl std::fmt::Display) -> StudyError {
    StudyError::Refused(format!("{}: {what}", path.display()))
}

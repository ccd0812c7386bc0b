//! Where a fit begins: at fresh weights, or at those of a model.

use cells::CropSource;
use nn::{Network, spec::Op, weights::Tensor};
use sha2::{Digest, Sha256};

use super::fit::spec_mistakes;
use crate::{Dataset, Model, StudyError, settings::TrainSettings};

/// The network before the first step: that of the settings with fresh weights, or that of the model `start` for the
/// classes of `data`.
///
/// # Errors
/// When the settings do not fit the cells, or the model's last layer cannot be made anew for other classes.
pub(super) fn network(
    start: Option<&Model>,
    data: &Dataset,
    settings: &TrainSettings,
) -> Result<Network, StudyError> {
    match start {
        None => {
            let spec = settings.network.network(data.shape(), data.classes.len());
            Network::new(spec, settings.seed).map_err(spec_mistakes)
        }
        Some(model) if model.classes == data.classes => Ok(model.network.clone()),
        Some(model) => with_classes(model, &data.classes, settings.seed),
    }
}

/// The model's network with a last layer for other classes: those that the model knows keep their weights, the others
/// begin with fresh ones.
fn with_classes(model: &Model, classes: &[String], seed: u64) -> Result<Network, StudyError> {
    let mut spec = model.network.spec().clone();
    let Some((last, Op::Dense { units, .. })) = spec.layers.last_mut().map(|last| (&last.name, &mut last.op))
    else {
        return Err(StudyError::Refused(format!(
            "the model to begin with does not end in a dense layer, which could be made anew: expected its classes {}, \
             found {}",
            model.classes.join(", "),
            classes.join(", ")
        )));
    };
    *units = classes.len();
    let of_last = format!("{last}.");
    let known: Vec<Option<usize>> =
        classes.iter().map(|class| model.classes.iter().position(|name| name == class)).collect();
    let mut fresh = Network::new(spec.clone(), seed).map_err(spec_mistakes)?.weights().clone();
    for tensor in &mut fresh.tensors {
        let Some(before) = model.network.weights().get(&tensor.name) else { continue };
        if tensor.name.starts_with(&of_last) {
            keep_columns(tensor, before, &known);
        } else {
            tensor.data.clone_from(&before.data);
        }
    }
    Network::from_weights(spec, fresh).map_err(|e| StudyError::Refused(e.to_string()))
}

/// Copies the numbers of each class that was known `before`.
fn keep_columns(tensor: &mut Tensor, before: &Tensor, known: &[Option<usize>]) {
    let n_before = before.shape.last().copied().unwrap_or(1).max(1);
    let rows = tensor.data.chunks_exact_mut(known.len()).zip(before.data.chunks_exact(n_before));
    for (row, before) in rows {
        for (value, &column) in row.iter_mut().zip(known) {
            if let Some(column) = column {
                *value = before[column];
            }
        }
    }
}

/// Refuses a model that the cells do not fit, or that has learned from these very cells when figures are to be taken on
/// some of them.
///
/// # Errors
/// What differs, or that the figures would be too good.
pub(super) fn check(
    model: &Model,
    data: &Dataset,
    hash: &str,
    (judged, allow_leakage): (bool, bool),
) -> Result<(), StudyError> {
    model.contract.check(data)?;
    if judged && !allow_leakage && model.manifest.data_sha256 == hash {
        return Err(StudyError::Refused(
            "the model to begin with has learned from these very cells, so that figures on some of them would be too good: \
             expected other cells, --validation 0 without folds, or --allow-leakage"
                .to_owned(),
        ));
    }
    Ok(())
}

/// What the manifest says of the model that training began with.
pub(super) fn words(model: &Model) -> String {
    let cells = match model.manifest.data_sha256.as_str() {
        "" => "trained elsewhere".to_owned(),
        hash => format!("trained on cells {hash}"),
    };
    format!("begun with the weights of a model of {}, {cells}", model.classes.join(", "))
}

/// Tells models apart whose weights or scaling of intensities differ.
pub(super) fn fingerprint(model: &Model) -> String {
    let mut hash = Sha256::new();
    hash.update(format!("{:?}", model.contract.normalise));
    for tensor in &model.network.weights().tensors {
        hash.update(tensor.name.as_bytes());
        tensor.data.iter().for_each(|value| hash.update(value.to_le_bytes()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

//! Learning on from a model.

use study::train::{Judge, TrainRequest};
use study::{Dataset, Model, StudyError, TrainSettings};

use crate::made::{data, request, run, settings};

fn plain() -> TrainSettings {
    settings("normalise = { kind = \"per_image\" }\nviews = \"one\"")
}

/// A model of cells of two classes.
fn begun(data: &Dataset) -> Model {
    let folder = tempfile::tempdir().expect("a folder");
    let done = run(data, &request(&plain(), Judge::Validation, folder.path()), u64::MAX).0;
    done.expect("a model").model
}

/// Learns on at a rate of nearly nothing, so that the weights stay where they began.
fn learned_on(data: &Dataset, model: &Model, more: &str) -> Result<Model, StudyError> {
    let folder = tempfile::tempdir().expect("a folder");
    let slow = "normalise = { kind = \"range\", low = 0.0, high = 9.0 }\nlearning_rate = 1e-20\nweight_average = 0.0\n";
    let request = request(&settings(&format!("{slow}{more}")), Judge::Validation, folder.path());
    let request = TrainRequest { start: Some(model.clone()), ..request };
    run(data, &request, u64::MAX).0.map(|trained| trained.model)
}

/// Arrays that gradients change; the statistics of batch norms follow the batches at any rate.
fn weights(model: &Model, name: &str) -> Vec<f32> {
    model.network.weights().get(name).expect("an array of that name").data.clone()
}

#[test]
fn network_scaling_and_weights_are_those_of_the_model() {
    let model = begun(&data(40, 2, 12));
    let other = data(36, 2, 12);
    let on = learned_on(&other, &model, "").expect("a model");
    assert_eq!(on.network.spec(), model.network.spec());
    assert_eq!(on.contract.normalise, model.contract.normalise);
    for tensor in model.network.weights().tensors.iter().filter(|tensor| tensor.trainable) {
        let found = weights(&on, &tensor.name);
        let worst = tensor.data.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-6, "{}: {worst}", tensor.name);
    }
    assert!(on.manifest.choices.iter().any(|choice| choice.contains("begun with the weights")));
}

#[test]
fn classes_that_the_model_knows_keep_their_weights() {
    let model = begun(&data(40, 2, 12));
    let mut other = data(60, 3, 12);
    // The second class of the model is the third here.
    other.classes = vec!["class 0".to_owned(), "new".to_owned(), "class 1".to_owned()];
    let on = learned_on(&other, &model, "").expect("a model");
    let last = &model.network.spec().layers.last().expect("a layer").name;
    let (before, after) =
        (weights(&model, &format!("{last}.kernel")), weights(&on, &format!("{last}.kernel")));
    assert_eq!(on.network.spec().outputs(), 3);
    for (before, after) in before.chunks(2).zip(after.chunks(3)) {
        assert!((before[0] - after[0]).abs() < 1e-6 && (before[1] - after[2]).abs() < 1e-6);
    }
}

#[test]
fn what_does_not_fit_or_would_flatter_is_refused() {
    let cells = data(40, 2, 12);
    let model = begun(&cells);
    let refused =
        |data: &Dataset, more: &str| learned_on(data, &model, more).map_err(|e| e.to_string()).err();
    assert!(refused(&data(36, 2, 16), "").is_some_and(|said| said.contains("16x16")), "another size");
    assert!(refused(&cells, "").is_some_and(|said| said.contains("too good")), "its own cells");
    assert_eq!(refused(&cells, "validation = 0.0"), None);
    assert_eq!(refused(&cells, "allow_leakage = true"), None);
}

//! The published networks, through the model file.

use cells::CropShape;
use formats::model::ModelFile;
use study::train::Judge;
use study::{Dataset, Model, Preset, TrainSettings, settings::Stains};

use crate::made::{request, run, set, settings};

/// Parameters of the network in a model file of `preset`, as its metadata and as its arrays have them.
fn parameters(preset: Preset, shape: CropShape, n_classes: usize) -> (usize, usize) {
    let data = Dataset::from(set(2 * n_classes, n_classes, shape));
    let settings = TrainSettings {
        epochs: 1,
        steps_per_epoch: 1,
        batch: 4,
        validation: 0.0,
        ..TrainSettings::preset(preset)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let request = request(&settings, Judge::Validation, folder.path());
    run(&data, &request, u64::MAX).0.expect("a model");
    let model = Model::load(&request.output).expect("a model");
    let arrays = ModelFile::read(&request.output).expect("a model file").tensors;
    (model.network.spec().parameter_count(), arrays.iter().map(|t| t.values.len()).sum())
}

#[test]
fn the_encoder_has_as_many_parameters_as_published() {
    let shape = CropShape { h: 64, w: 64, c: 1 };
    assert_eq!(parameters(Preset::Encoder, shape, 5), (624_813, 624_813));
}

#[test]
fn the_phase_network_has_as_many_parameters_as_published() {
    let shape = CropShape { h: 50, w: 50, c: 3 };
    assert_eq!(parameters(Preset::Phase, shape, 2), (2_757_474, 2_757_474));
}

#[test]
fn every_preset_learns_from_crops_that_are_not_square() {
    let shape = CropShape { h: 40, w: 56, c: 1 };
    for preset in [Preset::Default, Preset::Encoder, Preset::Phase] {
        let (in_metadata, in_arrays) = parameters(preset, shape, 2);
        assert!(in_metadata > 0 && in_metadata == in_arrays, "{preset:?}");
    }
}

#[test]
fn colours_are_varied_for_photographs_of_cells_in_groups_alone() {
    let stained = |channels: [&str; 3], stains: Stains| {
        let mut cells = set(16, 2, CropShape { h: 8, w: 8, c: 3 });
        cells.channels = channels.map(str::to_owned).to_vec();
        let settings = TrainSettings { stains, ..settings("normalise = { kind = \"data_set\" }") };
        let folder = tempfile::tempdir().expect("a folder");
        let request = request(&settings, Judge::Validation, folder.path());
        let trained = run(&Dataset::from(cells), &request, u64::MAX).0.expect("a model");
        (trained.model.manifest.settings, trained.model.network.weights().clone())
    };
    let photograph = ["red", "green", "blue"];
    let (said, varied) = stained(photograph, Stains::Auto);
    assert!(said.contains("stains = \"vary\""), "{said}");
    assert_ne!(stained(photograph, Stains::Alike).1, varied);
    let fluorescence = ["DNA", "actin", "tubulin"];
    assert_eq!(stained(fluorescence, Stains::Auto).1, stained(fluorescence, Stains::Alike).1);
}

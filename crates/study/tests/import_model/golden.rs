//! Against Keras' own outputs.

use study::export_model::{ModelExport, export_model};
use study::import_model::ImportModel;
use study::{Model, model::softmax};

use crate::sample::{arrays, assert_close, import, logits, own, probabilities, request, second, shared};

#[test]
fn the_published_encoder_with_its_custom_layer() {
    let golden = arrays(&shared("golden/keras/cellx_expected.npz"));
    let model = import(&request(shared("golden/keras/cellx_model.h5"), "none", 1)).unwrap();
    assert_eq!(model.network.spec().parameter_count(), 624_813);
    assert_close("logits", &logits(&model, &golden["x"]), &golden["logits"], 1e-5);
}

#[test]
fn architecture_and_weights_apart() {
    let golden = arrays(&shared("golden/keras/sesmo_expected.npz"));
    let request = ImportModel {
        weights: Some(shared("golden/keras/sesmo.h5")),
        ..request(shared("golden/keras/sesmo.json"), "none", 3)
    };
    let model = import(&request).unwrap();
    assert_close("probabilities", &probabilities(&model, &golden["x"]), &golden["probs"], 1e-5);
}

#[test]
fn a_residual_network_with_one_sigmoid() {
    let golden = arrays(&shared("golden/keras/amaanrzv_expected.npz"));
    let model =
        import(&request(shared("data/models/malaria_amaanrzv/malaria_model.h5"), "divide=255", 3)).unwrap();
    // Two of the sixteen: they are large.
    let n = 2 * 224 * 224 * 3;
    let found = second(&probabilities(&model, &golden["x"][..n]));
    assert_close("probabilities", &found, &golden["output"][..2], 1e-4);
}

#[test]
fn old_list_of_layers() {
    let request = ImportModel {
        weights: Some(shared("data/models/hls4ml/keras/KERAS_conv2d_model_weights.h5")),
        ..request(shared("data/models/hls4ml/keras/KERAS_conv2d_model.json"), "none", 1)
    };
    assert_eq!(import(&request).unwrap().classes.len(), 10);
}

/// Models of the tests, and their number of channels.
const MODELS: [(&str, usize); 10] = [
    ("functional", 3),
    ("sequential", 3),
    ("wide", 3),
    ("blocks", 3),
    ("lenet", 1),
    ("branches", 3),
    ("mobile", 3),
    ("excite", 3),
    ("shapes", 1),
    ("merges", 3),
];

/// The models of `data/make.py`, `data/blocks.py`, `data/others.py` and `data/gates.py`, in every kind of file.
#[test]
fn every_layer_in_every_file() {
    for (name, n_channels) in MODELS {
        for keras in ["k2", "k3"] {
            let golden = arrays(&own(&format!("{keras}_{name}.npz")));
            let files: &[&str] = if keras == "k2" { &["h5"] } else { &["h5", "keras", "json"] };
            for file in files {
                let path = own(&format!("{keras}_{name}.{file}"));
                let weights = (*file == "json").then(|| own(&format!("{keras}_{name}.weights.h5")));
                let model = import(&ImportModel { weights, ..request(path, "none", n_channels) }).unwrap();
                let found = match name {
                    "wide" | "shapes" => second(&probabilities(&model, &golden["x"])),
                    _ => probabilities(&model, &golden["x"]),
                };
                assert_close(&format!("{keras} {name} {file}"), &found, &golden["y"], 1e-5);
            }
        }
    }
}

/// The models of `data/layouts.py` and `data/slashes.py`.
#[test]
fn every_layout_of_files_and_axes() {
    for (names, files, n_channels) in [
        (&["k3_shared"][..], &["h5", "keras"][..], 2),
        (&["k2_shared"], &["h5"], 2),
        (&["k213_shared"], &["keras"], 2),
        (&["k3_pixel"], &["h5", "keras"], 2),
        (&["k2_pixel"], &["h5"], 2),
        (&["k3_plain"], &["h5", "keras"], 1),
        (&["k2_plain"], &["h5"], 1),
        (&["k3_first_as_is", "k3_first_turned"], &["h5", "keras"], 3),
        (&["k3_pixel_f2", "k3_pixel_f2_big", "k3_pixel_bfloat16", "k3_pixel_f8_big"], &["h5"], 2),
        (&["k1_theano", "k1_tensorflow"], &["h5"], 2),
        (&["k26_slashes"], &["h5"], 3),
    ] {
        for (name, file) in names.iter().flat_map(|name| files.iter().map(move |file| (name, file))) {
            let golden = arrays(&own(&format!("{name}.npz")));
            let model = import(&request(own(&format!("{name}.{file}")), "none", n_channels)).unwrap();
            let found = probabilities(&model, &golden["x"]);
            assert_close(&format!("{name} {file}"), &found, &golden["y"], 1e-5);
        }
    }
    let golden = arrays(&own("k213_shared.npz"));
    let windows = import(&request(own("k213_shared_windows.keras"), "none", 2)).unwrap();
    assert_close("names joined on Windows", &probabilities(&windows, &golden["x"]), &golden["y"], 1e-5);
}

/// The models of `data/within.py`.
#[test]
fn norms_within_a_sample_and_operations() {
    for name in ["within", "sigmoids", "prepared", "heads"] {
        for (keras, files) in [("k3", &["h5", "keras"][..]), ("k26", &["h5"])] {
            let golden = arrays(&own(&format!("{keras}_{name}.npz")));
            for file in files {
                let path = own(&format!("{keras}_{name}.{file}"));
                let head = (name == "heads").then(|| "kind".to_owned());
                let model = import(&ImportModel { head, ..request(path, "none", 3) }).unwrap();
                let found = probabilities(&model, &golden["x"]);
                assert_close(&format!("{keras} {name} {file}"), &found, &golden["y"], 1e-5);
            }
        }
    }
}

#[test]
fn a_saved_model_says_the_same_and_goes_out_again() {
    let golden = arrays(&shared("golden/keras/cellx_expected.npz"));
    let imported = import(&request(shared("golden/keras/cellx_model.h5"), "per_image=4", 1)).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.safetensors");
    imported.save(&path).unwrap();
    let loaded = Model::load(&path).unwrap();
    assert_eq!(logits(&loaded, &golden["x"]), logits(&imported, &golden["x"]));
    let export = ModelExport::Onnx { preparation: true };
    let files = ["a.onnx", "b.onnx"].map(|name| {
        let path = dir.path().join(name);
        export_model(&loaded, &export, &path).unwrap();
        std::fs::read(path).unwrap()
    });
    assert!(files[0] == files[1], "the same model gives the same bytes");
    // All weights are in it, as 32-bit floats.
    assert!(files[0].len() > 4 * 624_813);
}

/// What Keras wrote, taken over, written for Keras and taken over again. That Keras itself reads it is seen by
/// `cargo xtask interop`.
#[test]
fn keras_to_keras() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("model.keras");
    for (name, n_channels) in MODELS.into_iter().chain([("within", 3), ("sigmoids", 3)]) {
        let golden = arrays(&own(&format!("k3_{name}.npz")));
        let imported = import(&request(own(&format!("k3_{name}.keras")), "none", n_channels)).unwrap();
        let expected = probabilities(&imported, &golden["x"]);
        let warm = Model { temperature: 2.0, ..imported.clone() };
        for (model, temperature) in [(imported, 1.0), (warm, 2.0)] {
            export_model(&model, &ModelExport::Keras, &path).unwrap();
            let again = import(&request(path.clone(), "none", n_channels)).unwrap();
            let found = logits(&again, &golden["x"]).iter().map(|l| l * temperature).collect::<Vec<f32>>();
            let found: Vec<f32> =
                softmax(&found, model.classes.len(), 1.0).into_iter().map(|p| p as f32).collect();
            assert_close(name, &found, &expected, 1e-5);
        }
    }
}

//! Grad-CAM, saliency, SmoothGrad.

use nn::explain::{Explainer, Objective, feature_layer};
use study::explain::{MapSettings, Mapper, Method, Of, rectified};
use study::{Dataset, Model, Silent};

use crate::sample::{arrays, assert_close, data, encoder, own, phase, shared};

const TOLERANCE: f32 = 1e-4;

/// Maps of all cells for these classes.
fn maps(model: &Model, data: &Dataset, method: Method, of: Of, classes: &[usize]) -> Vec<f32> {
    let settings = MapSettings { methods: vec![method], of, n_copies: 1, ..MapSettings::default() };
    let mut mapper = Mapper::new(model, data, settings, &Silent).unwrap();
    let everyone: Vec<usize> = (0..classes.len()).collect();
    mapper.maps(&[method], &everyone, classes).unwrap().concat()
}

/// Class activation as the layer has it, [n, h, w], not rectified.
fn coarse(model: &Model, layer: Option<&str>, x: &[f32], classes: &[usize]) -> (usize, Vec<f32>) {
    let spec = model.network.spec();
    let layer = feature_layer(spec, layer).unwrap();
    let mut explainer = Explainer::new(&model.network, Some(layer)).unwrap();
    let mut batch = explainer.new_batch();
    let filled = batch.fill_part(classes.len(), |i, sample, target| {
        sample.copy_from_slice(&x[i * spec.input.len()..(i + 1) * spec.input.len()]);
        target[classes[i]] = 1.0;
        Ok::<f32, std::convert::Infallible>(1.0)
    });
    filled.unwrap();
    explainer.explain(&batch, Objective::Probabilities);
    let (shape, maps) = explainer.class_activation().unwrap();
    (shape.h * shape.w, maps)
}

/// The likeliest class of each cell.
fn likeliest(model: &Model, data: &Dataset) -> Vec<usize> {
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let probabilities = model.probabilities(data, &everyone, &Silent).unwrap();
    probabilities.chunks_exact(model.classes.len()).map(study::evaluate::winner).collect()
}

#[test]
fn grad_cam_of_the_phase_network_is_that_of_keras() {
    let golden = arrays(&shared("golden/explain/explain.npz"));
    let model = phase();
    let x = &golden["gradcam_x"];
    let classes = likeliest(&model, &data(&model, x));
    assert_eq!(classes, [0; 4]);
    let (len, maps) = coarse(&model, None, x, &classes);
    assert_eq!(len, 19 * 19, "the fourth convolution");
    let scaled = |map: &[f32]| rectified(&map.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
    let found: Vec<f32> = maps.chunks_exact(len).flat_map(scaled).collect();
    assert_close("grad-cam", &found, &golden["gradcam"], TOLERANCE);
}

#[test]
fn saliency_of_the_encoder_is_that_of_keras() {
    let golden = arrays(&shared("golden/explain/explain.npz"));
    let model = encoder();
    let data = data(&model, &golden["saliency_x"]);
    // The sum of all logits has no class.
    let found = maps(&model, &data, Method::Saliency, Of::AllLogits, &[0, 1, 2, 3]);
    assert_close("saliency", &found, &golden["saliency"], TOLERANCE);
    let single = maps(&model, &data, Method::SmoothGrad, Of::AllLogits, &[0; 4]);
    assert!(single == found, "one copy has no noise");
}

#[test]
fn the_encoder_is_explained_as_by_pytorch() {
    let golden = arrays(&own("encoder.npz"));
    let model = encoder();
    let x = &arrays(&shared("golden/keras/cellx_expected.npz"))["x"][..4 * 64 * 64];
    let data = data(&model, x);
    let classes = likeliest(&model, &data);
    let cams = maps(&model, &data, Method::GradCam, Of::Probability, &classes);
    assert_close("grad-cam", &cams, &golden["grad_cam"], TOLERANCE);
    let saliency = maps(&model, &data, Method::Saliency, Of::Logit, &[1; 4]);
    assert_close("saliency", &saliency, &golden["saliency"], TOLERANCE);

    // At a layer by its name, between others that would else be computed in one pass.
    let mut norms =
        model.network.spec().layers.iter().filter(|l| matches!(l.op, nn::spec::Op::BatchNorm { .. }));
    let norm = norms.next_back().unwrap().name.as_str();
    let (len, raw) = coarse(&model, Some(norm), x, &classes);
    assert_eq!(len, 4 * 4);
    let largest = golden["grad_cam_norm"].iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert_close("grad-cam at the norm", &raw, &golden["grad_cam_norm"], TOLERANCE * largest);
}

#[test]
fn smooth_grad_with_given_noise_is_that_of_pytorch() {
    let golden = arrays(&own("encoder.npz"));
    let model = encoder();
    let x = &arrays(&shared("golden/keras/cellx_expected.npz"))["x"][..4 * 64 * 64];
    let data = data(&model, x);
    let settings =
        MapSettings { methods: vec![Method::SmoothGrad], of: Of::AllLogits, ..MapSettings::default() };
    let mut mapper = Mapper::new(&model, &data, settings, &Silent).unwrap();
    // The noise of `data/make.py`.
    let disturb = |cell: usize, copy: usize, values: &mut [f32]| {
        for (p, v) in values.iter_mut().enumerate() {
            let number = 7919 * (p + 1) + 104_729 * (copy + 1) + 1_299_709 * (cell + 1);
            *v += ((number % 1000) as f32 / 500.0 - 1.0) * 0.5;
        }
    };
    let found = mapper.smoothed(&[0, 1, 2, 3], &[0; 4], 3, &disturb).unwrap();
    assert_close("smooth-grad", &found, &golden["smooth_grad"], TOLERANCE);
}

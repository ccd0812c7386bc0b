//! Models and what they should say.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use nn::predict::Predictor;
use study::import_model::{ImportModel, import_model};
use study::source::Depth;
use study::{Model, StudyError, model::softmax};

/// A path in the data beside the project.
pub fn shared(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    assert!(path.exists(), "{} is missing: the data sets lie beside the project", path.display());
    path
}

/// A path among the models of these tests.
pub fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/import_model/data").join(name)
}

/// What is to be imported, with as many channels.
pub fn request(model: PathBuf, normalise: &str, n_channels: usize) -> ImportModel {
    ImportModel {
        model,
        weights: None,
        head: None,
        preparation: normalise.parse().unwrap(),
        channels: (0..n_channels).map(|c| format!("channel {c}")).collect(),
        classes: Vec::new(),
        depth: Depth::Float32,
        size: None,
        pixel_size_um: None,
    }
}

/// The model.
pub fn import(request: &ImportModel) -> Result<Model, StudyError> {
    import_model(request).map(|(model, _)| model)
}

/// The arrays of a `.npz`, as floats.
pub fn arrays(path: &Path) -> BTreeMap<String, Vec<f32>> {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).unwrap();
    let mut arrays = BTreeMap::new();
    for i in 0..archive.len() {
        let member = archive.by_index(i).unwrap();
        let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
        let array = npyz::NpyFile::new(member).unwrap();
        let values = match array.dtype().descr().as_str() {
            "'<f4'" => array.into_vec::<f32>().unwrap(),
            "'|u1'" => array.into_vec::<u8>().unwrap().into_iter().map(f32::from).collect(),
            _ => continue,
        };
        arrays.insert(name, values);
    }
    arrays
}

/// Logits of images, prepared as the model says.
pub fn logits(model: &Model, images: &[f32]) -> Vec<f32> {
    let shape = model.contract.shape();
    let predictor = Predictor::new(&model.network).unwrap();
    let fill = |i: usize, image: &mut [f32]| {
        image.copy_from_slice(&images[i * shape.len()..(i + 1) * shape.len()]);
        model.contract.normalise.apply(shape, image).unwrap();
        Ok::<(), Infallible>(())
    };
    predictor.logits(images.len() / shape.len(), fill).unwrap()
}

/// Probabilities of images.
pub fn probabilities(model: &Model, images: &[f32]) -> Vec<f32> {
    let logits = logits(model, images);
    softmax(&logits, model.classes.len(), 1.0).into_iter().map(|p| p as f32).collect()
}

/// The second of each two numbers.
pub fn second(pairs: &[f32]) -> Vec<f32> {
    pairs.chunks_exact(2).map(|pair| pair[1]).collect()
}

/// Asserts that numbers agree to `tolerance` of the largest, or of 1 where all are smaller.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1.0_f32, |scale, x| scale.max(x.abs()));
    let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst <= tolerance * scale, "{what}: {worst} apart, of {scale}");
}

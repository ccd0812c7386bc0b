//! Models, cells and what is expected of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use cells::{Cell, CellSet, CropShape, Pixels};
use study::import_model::{ImportModel, import_model};
use study::source::Depth;
use study::{Dataset, Model};

/// A path in the data beside the project.
pub fn shared(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(name);
    assert!(path.exists(), "{} is missing: the data sets lie beside the project", path.display());
    path
}

/// A file beside these tests.
pub fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/explain/data").join(name)
}

/// The published encoder, trained.
pub fn encoder() -> Model {
    import(shared("golden/keras/cellx_model.h5"), None, 1)
}

/// The published phase-contrast network, trained.
pub fn phase() -> Model {
    import(shared("golden/keras/sesmo.json"), Some(shared("golden/keras/sesmo.h5")), 3)
}

fn import(model: PathBuf, weights: Option<PathBuf>, n_channels: usize) -> Model {
    let request = ImportModel {
        model,
        weights,
        head: None,
        preparation: "none".parse().unwrap(),
        channels: (0..n_channels).map(|c| format!("channel {c}")).collect(),
        classes: Vec::new(),
        depth: Depth::Float32,
        size: None,
        pixel_size_um: None,
    };
    import_model(&request).unwrap().0
}

/// Cells with these values, as the model wants them.
pub fn data(model: &Model, values: &[f32]) -> Dataset {
    let shape: CropShape = model.contract.shape();
    let cell = |i: usize| Cell { name: format!("cell {i}"), ..Cell::default() };
    Dataset::from(CellSet {
        shape,
        pixels: Pixels::Float32(values.to_vec()),
        cells: (0..values.len() / shape.len()).map(cell).collect(),
        classes: Vec::new(),
        channels: model.contract.channels.clone(),
        provenance: serde_json::Value::Null,
    })
}

/// The float32 arrays of a `.npz`.
pub fn arrays(path: &Path) -> BTreeMap<String, Vec<f32>> {
    let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).unwrap();
    let mut arrays = BTreeMap::new();
    for i in 0..archive.len() {
        let member = archive.by_index(i).unwrap();
        let name = member.name().unwrap().trim_end_matches(".npy").to_owned();
        let array = npyz::NpyFile::new(member).unwrap();
        if array.dtype().descr() == "'<f4'" {
            arrays.insert(name, array.into_vec().unwrap());
        }
    }
    arrays
}

/// Each value within `tolerance` of the expected one.
pub fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let furthest = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(furthest <= tolerance, "{what}: off by {furthest}");
}

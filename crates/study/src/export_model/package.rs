//! A model as a package of the BioImage Model Zoo: ONNX weights, how images are prepared for it, cells to test it with.

use cells::{CropSource, Depth, Pixels, normalise::Normalise};
use formats::bioimage_package::{FORMAT_VERSION, Node};
use formats::{npy, onnx::OPSET};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{onnx, words};
use crate::report::montage;
use crate::report::picture::{Contrast, Viewer};
use crate::{Dataset, Model, Silent, StudyError, model::logits};

/// What a package says of a model that the model does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// What it is called: at least five letters, digits, blanks, `_`, `+`, `-`, `(` or `)`.
    pub name: String,
    /// Who made it.
    pub authors: Vec<String>,
    /// Under which terms: an SPDX identifier such as `CC-BY-4.0`.
    pub licence: String,
    /// DOIs of what is to be cited.
    pub cite: Vec<String>,
}

/// Names and contents.
type Files = Vec<(String, Vec<u8>)>;

/// Cells that go into the package.
const N_TESTED: usize = 4;
/// Rows and columns of the picture on the cover.
const COVER: usize = 6;

/// The description and the files that it names.
pub(super) fn content(model: &Model, data: &Dataset, package: &Package) -> Result<(Node, Files), StudyError> {
    check(package)?;
    model.contract.check(data)?;
    let drawn = |n: usize| montage::draw_some(&(0..data.len()).collect::<Vec<_>>(), n, 0, 0);
    let tested = drawn(N_TESTED);
    if tested.is_empty() {
        return Err(StudyError::Refused("expected cells to test the package with, found none".to_owned()));
    }
    let n = tested.len();
    let logits = logits(&model.network, model.precision, &model.contract, data, &tested)?;
    let probabilities = model.probabilities(data, &tested, &Silent)?;
    let probabilities = probabilities.into_iter().map(|p| p as f32).collect();
    let side = (1..=COVER).rev().find(|side| side * side <= data.len()).unwrap_or(1);
    let files = [
        ("weights.onnx", onnx::graph(model, false).to_bytes()),
        ("test_image.npy", test_image(data, &tested)?),
        ("test_logits.npy", npy::to_bytes(&[n, model.classes.len()], &Pixels::Float32(logits))),
        ("test_probabilities.npy", npy::to_bytes(&[n, model.classes.len()], &Pixels::Float32(probabilities))),
        ("cover.png", cover(data, &drawn(side * side))?),
        ("README.md", words::readme(model, package).into_bytes()),
    ];
    let description = describe(model, package, &files);
    Ok((description, files.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec()))
}

/// Refuses what the zoo would.
fn check(package: &Package) -> Result<(), StudyError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+- ()".contains(c);
    let mut mistakes = Vec::new();
    if !(5..=128).contains(&package.name.len()) || !package.name.chars().all(allowed) {
        let expected = "5 to 128 letters, digits, blanks, _, +, -, ( or )";
        mistakes.push(format!("name: expected {expected}, found {:?}", package.name));
    }
    if package.authors.is_empty() || package.authors.iter().any(|author| author.trim().is_empty()) {
        mistakes.push("authors: expected at least one name, found none".to_owned());
    }
    for doi in package.cite.iter().filter(|doi| !doi.starts_with("10.") || !doi.contains('/')) {
        mistakes.push(format!("cite: expected a DOI as 10.1038/s41586-020-2649-2, found {doi:?}"));
    }
    if mistakes.is_empty() { Ok(()) } else { Err(StudyError::Settings(mistakes)) }
}

fn describe(model: &Model, package: &Package, files: &[(&str, Vec<u8>)]) -> Node {
    let file = |name: &str| {
        let bytes = files.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, bytes)| bytes);
        let hash: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        vec![("source".to_owned(), Node::from(name)), ("sha256".to_owned(), hash.into())]
    };
    let mut weights = file("weights.onnx");
    weights.push(("opset_version".to_owned(), OPSET.into()));
    let output = |id: &str, test: &str, description: &str| {
        Node::map([
            ("id", id.into()),
            ("description", description.into()),
            ("axes", Node::List(vec![batch(), channels(&model.classes)])),
            ("test_tensor", Node::Map(file(test))),
        ])
    };
    let authors = package.authors.iter().map(|name| Node::map([("name", name.as_str().into())]));
    let tags = ["classification", "single-cell", "microscopy", "2d", "morphotype"];
    let contract = serde_json::to_value(&model.contract).unwrap_or(Value::Null);
    Node::map([
        ("format_version", FORMAT_VERSION.into()),
        ("type", "model".into()),
        ("name", package.name.as_str().into()),
        ("description", words::sentence(model).into()),
        ("authors", Node::List(authors.collect())),
        ("license", package.licence.as_str().into()),
        ("cite", Node::List(words::citations(model, package))),
        ("documentation", "README.md".into()),
        ("covers", Node::List(vec!["cover.png".into()])),
        ("tags", Node::List(tags.map(Node::from).to_vec())),
        ("inputs", Node::List(vec![input(model, Node::Map(file("test_image.npy")))])),
        (
            "outputs",
            Node::List(vec![
                output("logits", "test_logits.npy", "Scores before the softmax."),
                output("probabilities", "test_probabilities.npy", "Calibrated probability of each class."),
            ]),
        ),
        ("weights", Node::map([("onnx", Node::Map(weights))])),
        (
            "config",
            Node::map([("morphotype", json!({ "classes": model.classes, "contract": contract }).into())]),
        ),
    ])
}

fn input(model: &Model, test: Node) -> Node {
    let shape = model.contract.shape();
    let along = |id: &str, size: usize| {
        Node::map([("type", "space".into()), ("id", id.into()), ("size", size.into())])
    };
    let axes = vec![batch(), channels(&model.contract.channels), along("y", shape.h), along("x", shape.w)];
    Node::map([
        ("id", "image".into()),
        ("description", "Crops of single cells, intensities as stored in the images.".into()),
        ("axes", Node::List(axes)),
        ("data", Node::map([("type", model.contract.depth.to_string().into())])),
        ("test_tensor", test),
        ("preprocessing", Node::List(preparation(&model.contract.normalise))),
    ])
}

fn batch() -> Node {
    Node::map([("type", "batch".into())])
}

/// Names there are those of variables in Python.
fn channels(names: &[String]) -> Node {
    let plain = |(number, name): (usize, &String)| {
        let word: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let begins = word.starts_with(|c: char| c.is_ascii_alphabetic());
        let twice = names[..number].contains(name);
        Node::from(if begins && !twice { word } else { format!("c{number}_{word}") })
    };
    let names = names.iter().enumerate().map(plain).collect();
    Node::map([("type", "channel".into()), ("id", "channel".into()), ("channel_names", Node::List(names))])
}

/// The scaling of intensities as operations of the zoo.
fn preparation(normalise: &Normalise) -> Vec<Node> {
    let operation = |id: &str, kwargs: Value| Node::map([("id", id.into()), ("kwargs", kwargs.into())]);
    // Where the deviation of a crop is not nearly 0 the added one changes nothing that can be seen.
    let standard = |axes: &[&str]| operation("zero_mean_unit_variance", json!({ "axes": axes, "eps": 1e-9 }));
    let (scaled, clip) = match normalise {
        Normalise::PerImage { clip } => (Some(standard(&["channel", "y", "x"])), *clip),
        Normalise::PerImageChannel { clip } => (Some(standard(&["y", "x"])), *clip),
        Normalise::DataSet { mean, std, clip } => {
            let untouched = mean.iter().all(|&m| m == 0.0) && std.iter().all(|&s| s == 1.0);
            let kwargs = match (&mean[..], &std[..]) {
                ([mean], [std]) => json!({ "mean": mean, "std": std }),
                _ => json!({ "mean": mean, "std": std, "axis": "channel" }),
            };
            ((!untouched).then(|| operation("fixed_zero_mean_unit_variance", kwargs)), *clip)
        }
        Normalise::Range { low, high } => {
            let gain = 2.0 / (f64::from(*high) - f64::from(*low));
            let offset = -1.0 - gain * f64::from(*low);
            let untouched = gain == 1.0 && offset == 0.0;
            let kwargs = json!({ "gain": gain, "offset": offset });
            ((!untouched).then(|| operation("scale_linear", kwargs)), None)
        }
    };
    let clip = clip.map(|clip| operation("clip", json!({ "min": -clip, "max": clip })));
    let float = operation("ensure_dtype", json!({ "dtype": "float32" }));
    scaled.into_iter().chain(clip).chain([float]).collect()
}

/// Crops as stored, `[n, c, h, w]`.
fn test_image(data: &Dataset, indices: &[usize]) -> Result<Vec<u8>, StudyError> {
    let shape = data.shape();
    let (mut crop, mut planes) = (vec![0.0; shape.len()], Vec::new());
    for &index in indices {
        data.read_crop(index, &mut crop)?;
        planes.extend((0..shape.c).flat_map(|c| crop.iter().skip(c).step_by(shape.c).copied()));
    }
    let pixels = match data.depth {
        Depth::Uint8 => Pixels::Uint8(planes.iter().map(|&x| x as u8).collect()),
        Depth::Uint16 => Pixels::Uint16(planes.iter().map(|&x| x as u16).collect()),
        Depth::Float32 => Pixels::Float32(planes),
    };
    Ok(npy::to_bytes(&[indices.len(), shape.c, shape.h, shape.w], &pixels))
}

fn cover(data: &Dataset, shown: &[usize]) -> Result<Vec<u8>, StudyError> {
    let refuse = |e: montage::MontageError| StudyError::Refused(format!("cover: {e}"));
    let viewer = Viewer::new(data, &data.channels, Contrast::Shared, shown).map_err(|e| refuse(e.into()))?;
    Ok(montage::sheet(&viewer, shown, 96).map_err(refuse)?.0)
}

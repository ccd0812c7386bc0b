//! `export-model`: models in the formats of others.

mod keras;
mod onnx;
mod package;
mod words;

use std::path::Path;

use serde_json::json;

use crate::{Dataset, Model, StudyError, settings::Views};

pub use package::Package;

/// What other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFormat {
    /// ONNX, opset 17.
    Onnx,
    /// `.keras` of Keras 3.
    Keras,
    /// A package of the BioImage Model Zoo, `.zip`.
    BioImage,
}

impl ModelFormat {
    /// The format that the ending of a file stands for.
    #[must_use]
    pub fn of(path: &Path) -> Option<ModelFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "onnx" => Some(ModelFormat::Onnx),
            "keras" => Some(ModelFormat::Keras),
            "zip" => Some(ModelFormat::BioImage),
            _ => None,
        }
    }
}

impl std::str::FromStr for ModelFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "onnx" => Ok(ModelFormat::Onnx),
            "keras" => Ok(ModelFormat::Keras),
            "bioimage" => Ok(ModelFormat::BioImage),
            _ => Err(format!("expected onnx, keras or bioimage, found {name:?}")),
        }
    }
}

/// What goes into the file.
pub enum ModelExport<'a> {
    /// A graph of ONNX; with `preparation` it takes intensities as they are in the images and does the rest itself.
    Onnx {
        /// Whether the scaling of intensities is part of the graph.
        preparation: bool,
    },
    /// Layers of Keras, which take one view of images that are prepared.
    Keras,
    /// A package with cells to test it with.
    BioImage {
        /// What the model does not know of itself.
        package: &'a Package,
        /// The cells.
        cells: &'a Dataset,
    },
}

/// Writes the model for others; what they have to know of it, in lines.
///
/// # Errors
/// When the file cannot be written, or the format cannot hold the model.
pub fn export_model(model: &Model, export: &ModelExport, output: &Path) -> Result<Vec<String>, StudyError> {
    match export {
        ModelExport::Onnx { preparation } => onnx::graph(model, *preparation).write(output)?,
        ModelExport::Keras => {
            let (layers, shapes) = keras::layers(model);
            let facts = json!({ "classes": model.classes, "contract": model.contract });
            layers.write(output, "morphotype", &shapes, &facts)?;
        }
        ModelExport::BioImage { package, cells } => {
            let (description, files) = package::content(model, cells, package)?;
            formats::bioimage_package::write(output, &description, files)?;
        }
    }
    Ok(lines(model, export))
}

fn lines(model: &Model, export: &ModelExport) -> Vec<String> {
    let shape = model.contract.shape();
    let input = match export {
        ModelExport::Keras => {
            format!("input: [n, {}, {}, {}] (samples, rows, columns, channels)", shape.h, shape.w, shape.c)
        }
        _ => format!("input: [n, {}, {}, {}] (samples, channels, rows, columns)", shape.c, shape.h, shape.w),
    };
    let prepared = match export {
        ModelExport::Onnx { preparation: true } => "intensities as stored in the images".to_owned(),
        ModelExport::BioImage { .. } => {
            "intensities as stored in the images, prepared as rdf.yaml says".to_owned()
        }
        _ => format!("prepared first: {:?}", model.contract.normalise),
    };
    let views = matches!(export, ModelExport::Keras) && model.contract.views == Views::Dihedral;
    let views = views.then(|| {
        "one view: the model itself takes the mean of the logits of all mirrored and turned views".to_owned()
    });
    let output =
        format!("output: probabilities [n, {}] of {}", model.classes.len(), model.classes.join(", "));
    [format!("{input}, 32-bit floats"), prepared].into_iter().chain(views).chain([output]).collect()
}

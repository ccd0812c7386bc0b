//! `export-model`: models in the formats of others.

mod onnx;

use std::path::Path;

use crate::{Model, StudyError};

/// What other programs read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFormat {
    /// ONNX, opset 17.
    Onnx,
}

impl std::str::FromStr for ModelFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "onnx" => Ok(ModelFormat::Onnx),
            _ => Err(format!("expected onnx, found {name:?}")),
        }
    }
}

/// What goes into the file beside the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelExport {
    /// Kind of file.
    pub format: ModelFormat,
    /// Whether the network takes intensities as they are in the images, and does the rest itself.
    pub preparation: bool,
}

/// Writes the model for others; what they have to know of it, in lines.
///
/// # Errors
/// When the file cannot be written, or the format cannot hold the model.
pub fn export_model(model: &Model, export: ModelExport, output: &Path) -> Result<Vec<String>, StudyError> {
    match export.format {
        ModelFormat::Onnx => onnx::graph(model, export.preparation).write(output)?,
    }
    let shape = model.contract.shape();
    let input = format!(
        "input: [n, {}, {}, {}] (samples, channels, rows, columns), 32-bit floats",
        shape.c, shape.h, shape.w
    );
    let prepared = if export.preparation {
        "intensities as stored in the images".to_owned()
    } else {
        format!("prepared first: {:?}", model.contract.normalise)
    };
    Ok(vec![
        input,
        prepared,
        format!("output: probabilities [n, {}] of {}", model.classes.len(), model.classes.join(", ")),
    ])
}

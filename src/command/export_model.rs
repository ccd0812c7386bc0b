//! `morphotype export-model`.

use std::path::PathBuf;

use study::{
    StudyError,
    export_model::{ModelExport, ModelFormat, export_model},
};

use crate::out;

/// Write a model for other programs: ONNX
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportModel {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// What other programs read: onnx
    #[arg(long, value_name = "FORMAT", default_value = "onnx")]
    format: ModelFormat,

    /// Leave the scaling of intensities to the program that uses the file
    #[arg(long)]
    without_preparation: bool,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype export-model nuclei.safetensors -o nuclei.onnx
  morphotype export-model nuclei.safetensors --without-preparation -o nuclei.onnx";

impl ExportModel {
    /// Exports.
    pub fn run(self) -> Result<(), StudyError> {
        study::Model::check_output(&self.output)?;
        let model = study::Model::load(&self.model)?;
        let export = ModelExport { format: self.format, preparation: !self.without_preparation };
        let mut lines = export_model(&model, export, &self.output)?;
        lines.push(format!("model: {}", self.output.display()));
        out::print(lines)
    }
}

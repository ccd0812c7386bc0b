//! `morphotype export-model`.

use std::path::PathBuf;

use study::{
    StudyError,
    export_model::{ModelExport, ModelFormat, Package, export_model},
    source::Request,
};

use crate::{bar::Bar, out};

/// Write a model for other programs: ONNX, Keras 3, or a package of the BioImage Model Zoo
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ExportModel {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    /// What other programs read: onnx, keras, bioimage; without it the ending of the file says so (.onnx, .keras, .zip)
    #[arg(long, value_name = "FORMAT")]
    format: Option<ModelFormat>,

    /// ONNX: leave the scaling of intensities to the program that uses the file
    #[arg(long)]
    without_preparation: bool,

    /// Package: cells to test it with and to show on its cover, whatever train reads
    #[arg(long, value_name = "CELLS")]
    cells: Vec<PathBuf>,

    /// Package: what the model is called, at least five letters
    #[arg(long, value_name = "NAME", default_value = "Single cell classifier")]
    name: String,

    /// Package: who made the model; may be given several times
    #[arg(long, value_name = "NAME")]
    author: Vec<String>,

    /// Package: under which terms others may use it, an SPDX identifier
    #[arg(long, value_name = "SPDX", default_value = "CC-BY-4.0")]
    licence: String,

    /// Package: DOI of what is to be cited; may be given several times
    #[arg(long, value_name = "DOI")]
    cite: Vec<String>,

    /// The file to write
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype export-model nuclei.safetensors -o nuclei.onnx
  morphotype export-model nuclei.safetensors --without-preparation -o nuclei.onnx
  morphotype export-model nuclei.safetensors -o nuclei.keras
  morphotype export-model nuclei.safetensors --cells nuclei.crops --author 'Ada Lovelace' --name 'Phases of nuclei' -o nuclei.zip";

impl ExportModel {
    /// Exports.
    pub fn run(self) -> Result<(), StudyError> {
        study::Model::check_output(&self.output)?;
        let model = study::Model::load(&self.model)?;
        let mut lines = match self.format.or(ModelFormat::of(&self.output)) {
            Some(ModelFormat::Onnx) => {
                let export = ModelExport::Onnx { preparation: !self.without_preparation };
                export_model(&model, &export, &self.output)?
            }
            Some(ModelFormat::Keras) => export_model(&model, &ModelExport::Keras, &self.output)?,
            Some(ModelFormat::BioImage) => self.package(&model)?,
            None => {
                let expected = "expected an ending .onnx, .keras or .zip, or --format";
                return Err(StudyError::Refused(format!("{}: {expected}", self.output.display())));
            }
        };
        lines.push(format!("model: {}", self.output.display()));
        out::print(lines)
    }

    fn package(&self, model: &study::Model) -> Result<Vec<String>, StudyError> {
        if self.cells.is_empty() {
            let expected = "a package needs some cells to be tested with and shown: expected --cells";
            return Err(StudyError::Refused(expected.to_owned()));
        }
        let cells = Request { sources: self.cells.clone(), ..Request::default() }.open(&Bar::new())?;
        let package = Package {
            name: self.name.clone(),
            authors: self.author.clone(),
            licence: self.licence.clone(),
            cite: self.cite.clone(),
        };
        export_model(model, &ModelExport::BioImage { package: &package, cells: &cells }, &self.output)
    }
}

//! `morphotype import-model`.

use std::path::PathBuf;

use study::{
    StudyError,
    import_model::{ImportModel as Request, Preparation, import_model, summary},
};

use crate::out;

/// Take over a network that was trained with Keras: .h5, .keras, or .json with --weights
///
/// Only numbers and names of layers are read; nothing in the file is run. The file does not say how images were
/// prepared for it: that must be told.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ImportModel {
    /// The network: .h5 or .keras, or the .json of its architecture
    #[arg(value_name = "FILE")]
    model: PathBuf,

    /// The .h5 with the weights, when they are in a file of their own
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,

    /// The output that is wanted, for networks of several: its name, or that of its layer
    #[arg(long, value_name = "NAME")]
    head: Option<String>,

    /// How intensities were prepared: none, divide=255, range=0,255 (to -1..1), per_image or per_image=4 (limited to ±4), per_image_channel, mean_std=MEAN,…/STD,…
    #[arg(long, value_name = "HOW")]
    normalise: Preparation,

    /// Names of the channels in order
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', required = true)]
    channels: Vec<String>,

    /// Names of the classes in the order of the outputs; without it they are called 0, 1, …
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    classes: Vec<String>,

    /// How intensities are stored in the images that it is for
    #[arg(long, value_name = "TYPE", default_value = "uint8", value_parser = ["uint8", "uint16", "float32"])]
    depth: String,

    /// Rows and columns of an image, for networks that take any
    #[arg(long, value_name = "HxW", value_parser = size)]
    size: Option<[usize; 2]>,

    /// Size of a pixel, micrometres, when known
    #[arg(long, value_name = "UM")]
    pixel_size: Option<f64>,

    /// The model to write, .safetensors
    #[arg(short, long, value_name = "MODEL")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype import-model model.h5 --normalise per_image=4 --channels GFP --classes Interphase,Prometaphase,Metaphase,Anaphase,Apoptosis -o nuclei.safetensors
  morphotype import-model malaria.h5 --normalise divide=255 --channels red,green,blue --classes parasitised,uninfected -o malaria.safetensors
  morphotype import-model net.json --weights net.h5 --normalise range=0,255 --channels phase,phase,phase -o phase.safetensors";

impl ImportModel {
    /// Imports.
    pub fn run(self) -> Result<(), StudyError> {
        study::Model::check_output(&self.output)?;
        let request = Request {
            model: self.model,
            weights: self.weights,
            head: self.head,
            preparation: self.normalise,
            channels: self.channels,
            classes: self.classes,
            depth: match self.depth.as_str() {
                "uint16" => study::source::Depth::Uint16,
                "float32" => study::source::Depth::Float32,
                _ => study::source::Depth::Uint8,
            },
            size: self.size,
            pixel_size_um: self.pixel_size,
        };
        let (model, notes) = import_model(&request)?;
        model.save(&self.output)?;
        let mut lines = summary(&model);
        lines.extend(notes);
        lines.push(format!("model: {}", self.output.display()));
        out::print(lines)
    }
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let parts = text.split_once('x').map(|(h, w)| (h.parse(), w.parse()));
    match parts {
        Some((Ok(h), Ok(w))) => Ok([h, w]),
        _ => Err(format!("expected rows and columns as 64x64, found {text:?}")),
    }
}

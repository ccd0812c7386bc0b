//! `morphotype annotate`.

use std::path::PathBuf;
use std::sync::Arc;

use server::Open;
use study::StudyError;
use study::label::{LabelRequest, Labelling, folder_for};

use super::cutting::detection;
use super::serving::Serving;
use crate::out;

/// Label cells of images in the browser; every click is on the disk before it shows as saved
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Annotate {
    /// Images and movies (TIFF, OME-TIFF, OME-Zarr, ImageJ, PNG, JPEG), or folders of frames
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// Folder that keeps the labels [default: NAME.study beside the first image]
    #[arg(long, value_name = "DIR")]
    study: Option<PathBuf>,

    /// A model whose guesses are shown as pale marks, the unsure ones first
    #[arg(long, value_name = "MODEL")]
    model: Option<PathBuf>,

    /// What kind of picture it is, for finding the cells to guess
    #[arg(long, value_name = "KIND", value_parser = ["phase", "fluorescence"], default_value = "fluorescence")]
    modality: String,

    /// Diameter of a usual cell, pixels, for finding the cells to guess [default: phase 60, fluorescence 22]
    #[arg(long, value_name = "PIXELS")]
    diameter: Option<f64>,

    #[command(flatten)]
    serving: Serving,
}

const EXAMPLES: &str = "\
Examples:
  morphotype annotate movie.tif
  morphotype annotate movie.tif --model nuclei.safetensors
  morphotype annotate control.tif stress.tif --study labels
  morphotype annotate movie.tif --bind 192.168.1.20 --password-file secret.txt";

impl Annotate {
    /// Serves the page until it is interrupted.
    pub fn run(self) -> Result<(), StudyError> {
        self.serving.check()?;
        let labelling = Labelling::open(&LabelRequest {
            folder: self.study.clone().unwrap_or_else(|| folder_for(&self.images[0])),
            images: self.images,
            labeller: self.serving.labeller(),
            detect: detection(&self.modality, self.diameter),
            model: self.model,
        })?;
        labelling.notes().iter().for_each(out::tell);
        let folder = labelling.folder().to_path_buf();
        self.serving.serve(Open::Images(Arc::new(labelling)), &folder)
    }
}

//! `morphotype export`.

use std::path::PathBuf;

use study::StudyError;
use study::label::{Choice, ExportFormat, Labelling};

use crate::out;

/// Write the labels of a study: annotation zip, crop set, CSV, ImageJ ROI zip, napari CSV, COCO JSON
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// Folder of the study, whose labels are not changed
    #[arg(value_name = "STUDY")]
    study: PathBuf,

    /// annotation, crops, csv, fiji, napari or coco
    #[arg(long, value_name = "FORMAT")]
    format: ExportFormat,

    /// The file to write; a folder NAME.crops for crops
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,

    /// Where the labelled images lie now [default: where they lay]
    #[arg(long, value_name = "IMAGE", num_args = 1..)]
    images: Vec<PathBuf>,

    /// Only these channels, by number from 0, in this order
    #[arg(long, value_name = "CHANNEL,…", value_delimiter = ',')]
    channels: Vec<usize>,

    /// Only cells of these classes
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    classes: Vec<String>,

    /// Also cells whose window hangs over the border of their image; zeros fill it
    #[arg(long)]
    flagged: bool,
}

const EXAMPLES: &str = "\
Examples:
  morphotype export movie.study --format annotation -o annotation_11-22-2026--10-00-00.zip
  morphotype export movie.study --format crops -o nuclei.crops
  morphotype export movie.study --format fiji --flagged -o rois.zip";

impl Export {
    /// Exports.
    pub fn run(self) -> Result<(), StudyError> {
        let labelling = Labelling::reopen(&self.study, &self.images)?;
        let choice = Choice {
            channels: self.channels,
            images: Vec::new(),
            classes: self.classes,
            flagged: self.flagged,
        };
        labelling.export(self.format, &choice, &self.output)?;
        out::print([format!("{}: {}", self.format, self.output.display())])
    }
}

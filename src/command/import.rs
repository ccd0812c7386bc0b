//! `morphotype import`.

use std::path::{Path, PathBuf};

use study::StudyError;
use study::label::{Imported, OnDuplicate, import_file};

use super::sources::Sources;
use crate::{bar::Bar, out};

/// Make a crop set or a TFRecord file from labelled cells: annotation zips, class folders, .npy stacks, .npz, TFRecord, crop sets; or add labels to a study
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    #[command(flatten)]
    sources: Sources,

    /// The crop set to write, a folder NAME.crops; a file NAME.tfrecord becomes TFRecord
    #[arg(short, long, value_name = "NAME.crops", required_unless_present = "study")]
    output: Option<PathBuf>,

    /// Lay labelled points (annotation zip, CSV or Parquet, also of other programs, ImageJ ROI zip, COCO JSON) on an image of this study
    /// instead
    #[arg(long, value_name = "DIR", conflicts_with_all = ["output", "class"])]
    study: Option<PathBuf>,

    /// The study's image, by name or number, when it has several
    #[arg(long, value_name = "NAME", requires = "study")]
    image: Option<String>,

    /// What is done with a point where there is a label within 3 pixels
    #[arg(long, value_name = "HOW", value_parser = ["skip", "add"], default_value = "skip", requires = "study")]
    on_duplicate: String,

    /// Who labelled, when the file does not say
    #[arg(long, value_name = "NAME", default_value = "import", requires = "study")]
    labeller: String,

    /// Side of a pixel in micrometres, for points in micrometres
    #[arg(long, value_name = "MICRONS", requires = "study")]
    micron: Option<f64>,
}

const EXAMPLES: &str = "\
Examples:
  morphotype import annotations/ -o nuclei.crops
  morphotype import --class control=a.npy --class stress=b.npy -o stress.crops
  morphotype import smears/ --fit resize --size 64 --group-pattern '^(C\\d+)' -o smears.crops
  morphotype import annotation_1.zip --study movie.study
  morphotype import nuclei.crops -o nuclei.tfrecord
  morphotype import cells.npz --keys images=x,labels=y --axes nchw -o cells.crops";

impl Import {
    /// Imports.
    pub fn run(self) -> Result<(), StudyError> {
        let output = match (&self.study, &self.output) {
            (Some(study), _) => return self.lay_on(study),
            (None, Some(output)) => output,
            (None, None) => {
                return Err(StudyError::Refused("expected --output or --study, found neither".into()));
            }
        };
        study::import::check_output(output)?;
        let cells = self.sources.read(&Bar::new())?;
        let mut lines = study::import::import(&cells, output)?;
        lines.push(format!("{}: {}", study::import::kind(output), output.display()));
        out::print(lines)
    }

    /// Labels of files onto an image.
    fn lay_on(&self, study: &Path) -> Result<(), StudyError> {
        let how = if self.on_duplicate == "add" { OnDuplicate::Add } else { OnDuplicate::Skip };
        let lay = |file: &PathBuf| {
            let done = import_file(study, self.image.as_deref(), file, how, &self.labeller, self.micron)?;
            let Imported { added, skipped, outside, .. } = done;
            let file = file.display();
            Ok(format!("{file}: {added} added, {skipped} there already, {outside} outside of the image"))
        };
        out::print(self.sources.paths().iter().map(lay).collect::<Result<Vec<_>, StudyError>>()?)
    }
}

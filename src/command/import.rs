//! `morphotype import`.

use std::path::PathBuf;

use study::StudyError;

use super::sources::Sources;
use crate::out;

/// Make a crop set from labelled cells: annotation zips, class folders, .npy stacks, .npz, crop sets
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    #[command(flatten)]
    sources: Sources,

    /// The crop set to write, a folder NAME.crops
    #[arg(short, long, value_name = "NAME.crops")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype import annotations/ -o nuclei.crops
  morphotype import --class control=a.npy --class stress=b.npy -o stress.crops
  morphotype import smears/ --fit resize --size 64 --group-pattern '^(C\\d+)' -o smears.crops
  morphotype import cells.npz --keys images=x,labels=y --axes nchw -o cells.crops";

impl Import {
    /// Imports.
    pub fn run(self) -> Result<(), StudyError> {
        study::import::check_output(&self.output)?;
        let cells = self.sources.read()?;
        let mut lines = study::import::import(&cells, &self.output)?;
        lines.push(format!("crop set: {}", self.output.display()));
        out::print(lines)
    }
}

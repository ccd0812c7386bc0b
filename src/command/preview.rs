//! `morphotype preview`.

use std::path::PathBuf;

use study::{StudyError, preview::PreviewSettings};

use super::sources::Sources;
use crate::{bar::Bar, out};

/// Look at labelled cells before training: counts, montage, and what will spoil the training
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Preview {
    #[command(flatten)]
    sources: Sources,

    /// Folder for preview.html, pictures and findings
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// Random cells per class in the montage
    #[arg(long, value_name = "N", default_value_t = 10)]
    per_class: usize,

    /// Start of the random choice
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

const EXAMPLES: &str = "\
Examples:
  morphotype preview annotations/ --flagged -o preview
  morphotype preview cells.npz -o preview --per-class 20";

impl Preview {
    /// Looks.
    pub fn run(self) -> Result<(), StudyError> {
        study::preview::check_output(&self.output)?;
        let cells = self.sources.read(&Bar::new())?;
        let settings =
            PreviewSettings { n_per_class: self.per_class, seed: self.seed, ..PreviewSettings::default() };
        let seen = study::preview::preview(&cells, &settings, &self.output)?;
        let mut lines = seen.lines();
        lines.push(format!("preview: {}", self.output.join("preview.html").display()));
        out::print(lines)
    }
}

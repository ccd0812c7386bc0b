//! `morphotype predict`.

use std::path::PathBuf;

use study::{Progress, StudyError, settings::Precision};

use super::sources::Sources;
use crate::bar::Bar;
use crate::out;

/// Class probabilities of cells, as a table
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Predict {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    #[command(flatten)]
    sources: Sources,

    /// How precisely convolutions multiply: f32, or bf16, which is faster and needs a CPU with AVX-512-BF16
    #[arg(long, value_name = "KIND", default_value = "f32")]
    precision: Precision,

    /// The table to write, .csv or .parquet: one row per cell
    #[arg(short, long, value_name = "TABLE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype predict nuclei.safetensors new.crops -o cells.csv
  morphotype predict blood.safetensors smears/ -o cells.parquet";

impl Predict {
    /// Predicts.
    pub fn run(self) -> Result<(), StudyError> {
        study::predict::check_output(&self.output)?;
        let bar = Bar::new();
        let model = study::Model { precision: self.precision, ..study::Model::load(&self.model)? };
        let data = self.sources.open(&bar)?;
        model.contract.note(&data).iter().for_each(|note| bar.say(note));
        let n = study::predict::predict(&model, &data, &self.output)?;
        out::print([format!("{}: {}", study::plural(n, "cell"), self.output.display())])
    }
}

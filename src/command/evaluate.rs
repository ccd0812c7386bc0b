//! `morphotype evaluate`.

use std::path::PathBuf;

use study::{Progress, StudyError, evaluate::EvaluateRequest, settings::Precision};

use super::sources::Sources;
use crate::bar::Bar;
use crate::out;

/// Judge a model on labelled cells: figures, curves, mistakes, one report
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Evaluate {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    #[command(flatten)]
    sources: Sources,

    /// Judge conditions one by one too: cells of one source (file), folder (of the file), group, split, or a column of the cells (well, donor, …)
    #[arg(long, value_name = "WHAT")]
    by: Option<String>,

    /// How precisely convolutions multiply: f32, or bf16, which is faster and needs a CPU with AVX-512-BF16
    #[arg(long, value_name = "KIND", default_value = "f32")]
    precision: Precision,

    /// Folder for report.html, metrics.json, tables and figures
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype evaluate nuclei.safetensors annotation_new.zip -o judged
  morphotype evaluate blood.safetensors pbc_28.npz --split val -o judged
  morphotype evaluate stress.safetensors new.crops --by well -o judged";

impl Evaluate {
    /// Judges.
    pub fn run(self) -> Result<(), StudyError> {
        study::evaluate::check_output(&self.output)?;
        let bar = Bar::new();
        let model = study::Model { precision: self.precision, ..study::Model::load(&self.model)? };
        let data = self.sources.open(&bar)?;
        model.contract.note(&data).iter().for_each(|note| bar.say(note));
        let without = self.by.as_deref().and_then(|by| study::evaluate::without_condition(&data, by));
        without.iter().for_each(|note| bar.say(note));
        let history = study::train::history_of_model(&self.model)?;
        let request = EvaluateRequest { by: self.by, history };
        let metrics = study::evaluate::evaluate(&model, data, &request, &self.output, &bar)?;
        let mut lines = study::evaluate::summary(&metrics);
        lines.push(format!("report: {}", self.output.join("report.html").display()));
        out::print(lines)
    }
}

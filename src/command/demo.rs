//! `morphotype demo`.

use std::path::PathBuf;

use study::StudyError;

use crate::bar::Bar;

/// The whole job on simulated movies: crops, preview, model, report
#[derive(clap::Args)]
pub struct Demo {
    /// Folder for everything; what an earlier demo left there is replaced
    #[arg(short, long, value_name = "DIR", default_value = "demo")]
    output: PathBuf,

    /// Another seed is other movies
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
}

impl Demo {
    /// Shows the whole job.
    pub fn run(self) -> Result<(), StudyError> {
        let demo = study::demo::demo(&self.output, self.seed, &Bar::new())?;
        println!("\ncells to learn from, cut out of simulated movies around clicked points:");
        demo.findings.iter().for_each(|line| println!("  {line}"));
        println!("\nthe model on a movie that it never saw:");
        study::evaluate::summary(&demo.metrics).iter().for_each(|line| println!("  {line}"));
        println!("\npreview: {}", demo.preview.display());
        println!("model:   {}", demo.model.display());
        println!("report:  {}", demo.report.display());
        Ok(())
    }
}

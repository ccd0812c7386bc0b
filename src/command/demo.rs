//! `morphotype demo`.

use std::path::PathBuf;

use study::StudyError;

use crate::{bar::Bar, out};

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
        let indented = |lines: Vec<String>| lines.into_iter().map(|line| format!("  {line}"));
        let mut lines =
            vec!["\ncells to learn from, cut out of simulated movies around clicked points:".to_owned()];
        lines.extend(indented(demo.findings));
        lines.push("\nthe model on a movie that it never saw:".to_owned());
        lines.extend(indented(study::evaluate::summary(&demo.metrics)));
        lines.push(format!("\npreview: {}", demo.preview.display()));
        lines.push(format!("model:   {}", demo.model.display()));
        lines.push(format!("report:  {}", demo.report.display()));
        out::print(lines)
    }
}

//! `morphotype man`.

use std::path::PathBuf;

use clap::CommandFactory;
use study::StudyError;

use crate::out;

/// Write manual pages: morphotype.1 and one for each subcommand
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Man {
    /// Folder for the pages; it is made when it is missing
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype man ~/.local/share/man/man1
  man morphotype-train";

impl Man {
    /// Writes them.
    pub fn run(self) -> Result<(), StudyError> {
        let written = std::fs::create_dir_all(&self.folder)
            .and_then(|()| clap_mangen::generate_to(crate::Arguments::command(), &self.folder));
        written.map_err(|e| {
            let folder = self.folder.display();
            StudyError::Refused(format!("{folder}: expected a folder that can be written to, found {e}"))
        })?;
        out::print([format!("manual pages: {}", self.folder.display())])
    }
}

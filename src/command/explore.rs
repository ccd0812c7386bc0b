//! `morphotype explore`.

use std::path::PathBuf;
use std::sync::Arc;

use server::Open;
use study::StudyError;
use study::explore::{ExploreRequest, Exploring};
use study::label::folder_for;

use super::serving::Serving;
use super::sources::Sources;
use crate::out;

/// Look at a map that embed wrote in the browser: colour, choose, label anew, export
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("sources", |arg| arg.required_unless_present("folder")))]
pub struct Explore {
    /// A folder that embed wrote
    #[arg(value_name = "DIR", required = true)]
    folder: PathBuf,

    #[command(flatten)]
    sources: Sources,

    /// Folder that keeps the new labels [default: DIR.study beside the map]
    #[arg(long, value_name = "STUDY")]
    study: Option<PathBuf>,

    #[command(flatten)]
    serving: Serving,
}

const EXAMPLES: &str = "\
Examples:
  morphotype explore nuclei_map
  morphotype explore nuclei_map moved/nuclei.crops
  morphotype explore nuclei_map --study labels --no-open";

impl Explore {
    /// Serves the page until it is interrupted.
    pub fn run(self) -> Result<(), StudyError> {
        self.serving.check()?;
        let map = Exploring::open(&ExploreRequest {
            study: self.study.unwrap_or_else(|| folder_for(&self.folder)),
            folder: self.folder,
            cells: self.sources.named(),
            labeller: self.serving.labeller(),
        })?;
        map.notes().iter().for_each(out::tell);
        let study = map.labelling().folder().to_path_buf();
        self.serving.serve(Open::Map(Arc::new(map)), &study)
    }
}

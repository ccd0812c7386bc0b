//! One file per subcommand; each turns words into a call of `study`.

mod annotate;
mod cluster;
mod completions;
mod crop;
mod cutting;
mod demo;
mod embed;
mod evaluate;
mod explain;
mod explore;
mod export;
mod export_model;
mod import;
mod import_model;
mod info;
mod man;
mod predict;
mod preview;
mod score;
mod serving;
mod simulate;
mod sources;
mod train;

use study::StudyError;

/// What to do; each subcommand says in its own file what it is for.
#[derive(clap::Subcommand)]
pub enum Command {
    Annotate(annotate::Annotate),
    Crop(crop::Crop),
    Export(export::Export),
    ExportModel(export_model::ExportModel),
    Import(import::Import),
    ImportModel(import_model::ImportModel),
    Info(info::Info),
    Preview(preview::Preview),
    Train(train::Train),
    Evaluate(evaluate::Evaluate),
    Predict(predict::Predict),
    Explain(explain::Explain),
    Cluster(cluster::Cluster),
    Embed(embed::Embed),
    Explore(explore::Explore),
    Score(score::Score),
    Simulate(simulate::Simulate),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<(), StudyError> {
        match self {
            Command::Annotate(c) => c.run(),
            Command::Crop(c) => c.run(),
            Command::Export(c) => c.run(),
            Command::ExportModel(c) => c.run(),
            Command::Import(c) => c.run(),
            Command::ImportModel(c) => c.run(),
            Command::Info(c) => c.run(),
            Command::Preview(c) => c.run(),
            Command::Train(c) => c.run(),
            Command::Evaluate(c) => c.run(),
            Command::Predict(c) => c.run(),
            Command::Explain(c) => c.run(),
            Command::Cluster(c) => c.run(),
            Command::Embed(c) => c.run(),
            Command::Explore(c) => c.run(),
            Command::Score(c) => c.run(),
            Command::Simulate(c) => c.run(),
            Command::Demo(c) => c.run(),
            Command::Completions(c) => c.run(),
            Command::Man(c) => c.run(),
        }
    }
}

//! One file per subcommand; each turns words into a call of `study`.

mod annotate;
mod cluster;
mod completions;
mod crop;
mod cutting;
mod demo;
mod embed;
mod evaluate;
mod export;
mod export_model;
mod import;
mod import_model;
mod info;
mod man;
mod predict;
mod preview;
mod score;
mod simulate;
mod sources;
mod train;

use study::StudyError;

/// What to do.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Label cells of images in the browser; every click is on the disk before it shows as saved
    Annotate(annotate::Annotate),
    /// Cut cells out of images: around points, by contours, from masks, or detected
    Crop(crop::Crop),
    /// Write the labels of a study: annotation zip, crop set, CSV, ImageJ ROI zip, napari CSV, COCO JSON
    Export(export::Export),
    /// Write a model for other programs: ONNX
    ExportModel(export_model::ExportModel),
    /// Make a crop set from labelled cells: annotation zips, class folders, .npy stacks, .npz, crop sets
    Import(import::Import),
    /// Take over a network that was trained with Keras: .h5, .keras, or .json with --weights
    ImportModel(import_model::ImportModel),
    /// What is in an image: axes, channels, type, sizes, units, intensities
    Info(info::Info),
    /// Look at labelled cells before training: counts, montage, and what will spoil the training
    Preview(preview::Preview),
    /// Train a classifier, or judge the recipe by cross-validation
    Train(train::Train),
    /// Judge a model on labelled cells: figures, curves, mistakes, one report
    Evaluate(evaluate::Evaluate),
    /// Class probabilities of cells, as a table
    Predict(predict::Predict),
    /// Group cells by their features, without labels
    Cluster(cluster::Cluster),
    /// A map of cells by what a model makes of them, or of features made elsewhere
    Embed(embed::Embed),
    /// Conditions and plates: fractions, scores, controls, hits, doses
    Score(score::Score),
    /// Make movies of nuclei or phase-contrast fields with known truth
    Simulate(simulate::Simulate),
    /// The whole job on simulated movies: crops, preview, model, report
    Demo(demo::Demo),
    /// What a shell needs to complete words of this program
    Completions(completions::Completions),
    /// Write manual pages: morphotype.1 and one for each subcommand
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
            Command::Cluster(c) => c.run(),
            Command::Embed(c) => c.run(),
            Command::Score(c) => c.run(),
            Command::Simulate(c) => c.run(),
            Command::Demo(c) => c.run(),
            Command::Completions(c) => c.run(),
            Command::Man(c) => c.run(),
        }
    }
}

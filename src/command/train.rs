//! `morphotype train`.

use std::path::PathBuf;

use study::{
    Preset, StudyError, TrainSettings,
    train::{Judge, TrainRequest, train},
};

use super::sources::Sources;
use crate::{bar::Bar, out};

/// Train a classifier, or judge the recipe by cross-validation
///
/// Settings come from a preset, then the --config file, then the flags given here.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("sources", |arg| arg.required_unless_present("print_config")))]
pub struct Train {
    #[command(flatten)]
    sources: Sources,

    /// The model file to write, .safetensors; history.csv is written beside it (NAME.history.csv where another model lies there)
    #[arg(short, long, value_name = "MODEL", default_value = "model.safetensors")]
    output: PathBuf,

    /// Begin with this model's weights, .safetensors, as train or import-model wrote it: its network and scaling of intensities are kept; classes that it does not know begin anew
    #[arg(long, value_name = "MODEL")]
    from: Option<PathBuf>,

    /// Starting point of the settings: default, encoder (Ulicna et al. 2022), phase (Kusumoto et al. 2021)
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,

    /// Settings as TOML; --print-config shows all of them
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Print the settings as they would be used and stop
    #[arg(long)]
    print_config: bool,

    /// Passes over the training cells (a preset may count its epochs in steps instead; --steps-per-epoch does)
    #[arg(long, value_name = "N")]
    epochs: Option<u32>,

    /// Optimiser steps that make an epoch; 0: one pass over the training cells
    #[arg(long, value_name = "N")]
    steps_per_epoch: Option<u64>,

    /// Cells per optimiser step
    #[arg(long, value_name = "N")]
    batch: Option<usize>,

    /// How precisely convolutions multiply; bf16 is faster and needs a CPU with AVX-512-BF16
    #[arg(long, value_name = "KIND", value_parser = ["f32", "bf16"])]
    precision: Option<String>,

    /// Peak learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f32>,

    /// Start of every random sequence
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Share of the cells held out to watch the training, whole groups; 0: learn from all
    #[arg(long, value_name = "SHARE")]
    validation: Option<f64>,

    /// Weight of each class in the loss
    #[arg(long, value_name = "KIND", value_parser = ["none", "balanced", "square_root"])]
    class_weights: Option<String>,

    /// Whether slides of other colours shall be recognised too; auto: for photographs of cells in groups
    #[arg(long, value_name = "KIND", value_parser = ["auto", "vary", "alike"])]
    stains: Option<String>,

    /// Stop after so many epochs without a better validation figure; 0: never
    #[arg(long, value_name = "EPOCHS")]
    patience: Option<u32>,

    /// Judge the recipe by so many folds of whole groups first, then fit on all cells
    #[arg(long, value_name = "N", conflicts_with = "leave_one_group_out")]
    folds: Option<usize>,

    /// Judge the recipe by leaving out each group once, then fit on all cells
    #[arg(long)]
    leave_one_group_out: bool,

    /// Let cells of one group stand on both sides of a split; the report says so
    #[arg(long)]
    allow_leakage: bool,

    /// Folder for TensorBoard, written while the training goes on: curves, confusion matrix, mistakes, embedding projector
    #[arg(long, value_name = "DIR")]
    tensorboard: Option<PathBuf>,

    /// Go on where an interrupted run of the same command stopped
    #[arg(long)]
    resume: bool,
}

const EXAMPLES: &str = "\
Examples:
  morphotype train annotation_*.zip -o nuclei.safetensors
  morphotype train cells.npz --preset encoder --epochs 25 --folds 5 -o judged.safetensors
  morphotype train --class control=a.npy --class stress=b.npy --preset phase -o stress.safetensors
  morphotype train mine.crops --from published.safetensors --epochs 20 --learning-rate 0.0001 -o mine.safetensors
  morphotype train nuclei.crops --tensorboard logs -o nuclei.safetensors   # then: tensorboard --logdir logs
  morphotype train --print-config --preset encoder > settings.toml";

impl Train {
    /// Trains.
    pub fn run(self) -> Result<(), StudyError> {
        let settings = self.settings()?;
        if self.print_config {
            return out::print([settings.to_toml().trim_end()]);
        }
        study::Model::check_output(&self.output)?;
        let bar = Bar::new();
        let data = self.sources.open(&bar)?;
        let judge = match (self.folds, self.leave_one_group_out) {
            (Some(n), _) => Judge::Folds(n),
            (None, true) => Judge::LeaveOneGroupOut,
            (None, false) => Judge::Validation,
        };
        let request = TrainRequest {
            settings,
            judge,
            output: self.output.clone(),
            start: self.from.as_deref().map(study::Model::load).transpose()?,
            resume: self.resume,
            tensorboard: self.tensorboard.clone(),
        };
        let trained = train(&data, &request, &bar)?;
        let mut lines = study::train::summary(&trained);
        lines.push(format!("model: {}", self.output.display()));
        lines
            .extend(trained.report.map(|folder| format!("report: {}", folder.join("report.html").display())));
        out::print(lines)
    }

    fn settings(&self) -> Result<TrainSettings, StudyError> {
        let mut table = match &self.config {
            None => toml::Table::new(),
            Some(path) => study::settings::read_table(path)?,
        };
        let mut set = |key: &str, value: Option<toml::Value>| {
            if let Some(value) = value {
                table.insert(key.to_owned(), value);
            }
        };
        set("preset", self.preset.map(|p| p.name().into()));
        set("epochs", self.epochs.map(|n| i64::from(n).into()));
        // A number of epochs on the command line means passes, whatever the preset counts in.
        let steps = self.steps_per_epoch.or(self.epochs.map(|_| 0));
        set("steps_per_epoch", steps.map(|n| i64::try_from(n).unwrap_or(i64::MAX).into()));
        set("batch", self.batch.map(|n| i64::try_from(n).unwrap_or(i64::MAX).into()));
        set("precision", self.precision.clone().map(Into::into));
        set("learning_rate", self.learning_rate.map(|r| f64::from(r).into()));
        set("seed", self.seed.map(|n| i64::try_from(n).unwrap_or(i64::MAX).into()));
        set("validation", self.validation.map(Into::into));
        set("class_weights", self.class_weights.clone().map(Into::into));
        set("stains", self.stains.clone().map(Into::into));
        set("patience", self.patience.map(|n| i64::from(n).into()));
        set("allow_leakage", self.allow_leakage.then_some(true.into()));
        TrainSettings::from_table(&table)
    }
}

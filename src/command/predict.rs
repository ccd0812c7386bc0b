//! `morphotype predict`.

use std::path::PathBuf;

use study::crop::{CropRequest, Group};
use study::predict::{ImagesRequest, beside, check_output, predict, predict_images};
use study::{Model, Progress, StudyError, settings::Precision};

use super::cutting::Cutting;
use super::sources::Sources;
use crate::bar::Bar;
use crate::out;

/// Class probabilities of cells, as a table; with --method, --points or --labels of the cells in images, which are also marked
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Predict {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    #[command(flatten)]
    sources: Sources,

    #[command(flatten, next_help_heading = "Cells in images")]
    cutting: Cutting,

    /// Keep the cells that were cut out of images as a crop set
    #[arg(long, value_name = "NAME.crops", requires = "how", help_heading = "Cells in images")]
    crops: Option<PathBuf>,

    /// Folder for the images with a mark on each cell [default: the table's name with _marked]
    #[arg(long, value_name = "DIR", requires = "how", help_heading = "Cells in images")]
    marked: Option<PathBuf>,

    /// How precisely convolutions multiply: f32, or bf16, which is faster and needs a CPU with AVX-512-BF16
    #[arg(long, value_name = "KIND", default_value = "f32")]
    precision: Precision,

    /// Also write what the network sees in each cell, .csv or .parquet, with the columns that pycytominer expects (Metadata_Plate, Cells_Network_0, …)
    #[arg(long, value_name = "TABLE", conflicts_with = "how")]
    profiles: Option<PathBuf>,

    /// The table to write, .csv or .parquet: one row per cell
    #[arg(short, long, value_name = "TABLE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  morphotype predict nuclei.safetensors new.crops -o cells.csv
  morphotype predict blood.safetensors smears/ -o cells.parquet
  morphotype predict nuclei.safetensors plate.crops -o cells.csv --profiles profiles.parquet
  morphotype predict stress.safetensors fields/ --method percentile -o cells.csv
  morphotype predict nuclei.safetensors movie.tif --points clicks.csv -o cells.csv --marked movie_marked";

impl Predict {
    /// Predicts.
    pub fn run(self) -> Result<(), StudyError> {
        check_output(&self.output)?;
        let bar = Bar::new();
        let model = Model { precision: self.precision, ..Model::load(&self.model)? };
        if self.cutting.is_said() {
            return self.images(&model, &bar);
        }
        let data = self.sources.open(&bar)?;
        model.contract.note(&data).iter().for_each(|note| bar.say(note));
        let n = predict(&model, &data, &self.output, self.profiles.as_deref(), &bar)?;
        out::print([format!("{}: {}", study::plural(n, "cell"), self.output.display())])
    }

    /// Predicts cells in images.
    fn images(&self, model: &Model, bar: &Bar) -> Result<(), StudyError> {
        self.cutting.check_one_percent()?;
        let crops = self.crops.clone().unwrap_or_else(|| beside(&self.output));
        // The model says the size.
        let mut crop: CropRequest =
            self.cutting.request(self.sources.paths(), crops, self.cutting.usual_half())?;
        if let Some(pattern) = self.sources.group_pattern() {
            crop.group = Group::Path(pattern.to_owned());
        }
        let name =
            self.output.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let marked =
            self.marked.clone().unwrap_or_else(|| self.output.with_file_name(format!("{name}_marked")));
        let (keep_crops, table) = (self.crops.is_some(), self.output.clone());
        let request = ImagesRequest { crop, keep_crops, table, marked };
        let done = predict_images(model, &request, bar)?;
        let written =
            [format!("table: {}", self.output.display()), format!("marked: {}", request.marked.display())];
        out::print(done.lines.into_iter().chain(written))?;
        if done.failed.is_empty() { Ok(()) } else { Err(StudyError::SomeFailed(done.failed)) }
    }
}

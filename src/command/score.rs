//! `morphotype score`.

use std::path::PathBuf;

use clap::ValueEnum;
use study::crop::CropRequest;
use study::predict::beside;
use study::score::{
    ColumnNames, Direction, HitRule, Input, Reference, RoleNames, Scale, ScoreRequest, Statistic,
    condition_folders, score, score_images,
};
use study::{Model, StudyError};

use super::cutting::Cutting;
use crate::{bar::Bar, out};

/// From cells to wells, conditions and hits: controls, plates, replicates, doses
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("input").args(["model", "cells", "wells", "screen"]).required(true)))]
pub struct Score {
    /// The model, .safetensors, for cells in images
    #[arg(value_name = "MODEL", requires = "images")]
    model: Option<PathBuf>,

    /// Images, or folders of them: a folder per condition, or wells by --pattern
    #[arg(value_name = "IMAGES", requires = "how")]
    images: Vec<PathBuf>,

    /// A row per cell with columns p_CLASS, as predict writes it
    #[arg(long, value_name = "TABLE")]
    cells: Option<PathBuf>,

    /// A row per well with columns plate, well, score (and sd, n_cells, n_called where known); or plates as plate readers
    /// write them, a file each
    #[arg(long, value_name = "TABLE", num_args = 1..)]
    wells: Vec<PathBuf>,

    /// A folder of cellHTS2: Platelist.txt, its files, Plateconf.txt, Screenlog.txt
    #[arg(long, value_name = "DIR")]
    screen: Option<PathBuf>,

    /// What is in the wells: a tidy table, grids, a cellHTS2 folder, or barcode_platemap.csv
    #[arg(long, value_name = "FILE")]
    plate_map: Option<PathBuf>,

    /// Words of the plate map (role, content or compound) that stand for negative controls
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    negative: Vec<String>,

    /// Words that stand for positive controls
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    positive: Vec<String>,

    /// Words that stand for empty wells
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    empty: Vec<String>,

    /// Go on although measured wells are not in the plate map
    #[arg(long)]
    allow_lost: bool,

    /// The class whose probability is the score [default: the second of two]
    #[arg(long, value_name = "CLASS")]
    class: Option<String>,

    /// What of its cells is the score of a well
    #[arg(long, value_enum, default_value_t = By::Mean)]
    by: By,

    /// How values of different plates become comparable
    #[arg(long, value_enum, default_value_t = Normalise::RobustZ)]
    normalise: Normalise,

    /// The wells that others are related to [default: negative where every plate has four, else samples]
    #[arg(long, value_enum)]
    reference: Option<Refer>,

    /// A hit is at least so far from 0 on the normalised scale
    #[arg(long, value_name = "SCORE", default_value_t = 3.0)]
    threshold: f64,

    /// In so many replicates [default: 2, or 1 where there is one]
    #[arg(long, value_name = "N")]
    replicates: Option<usize>,

    /// Which way hits go
    #[arg(long, value_enum, default_value_t = Way::Both)]
    direction: Way,

    /// Largest rate of false discoveries against the negative controls
    #[arg(long, value_name = "RATE", default_value_t = 0.05)]
    fdr: f64,

    /// Fewer cells than this share of the negative controls' are toxicity
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    toxic_below: f64,

    /// Wells of fewer cells do not count
    #[arg(long, value_name = "N", default_value_t = 20)]
    min_cells: u64,

    #[command(flatten, next_help_heading = "Columns of tables made elsewhere")]
    columns: Columns,

    #[command(flatten, next_help_heading = "Cells in images")]
    cutting: Cutting,

    /// Keep the cells that were cut out of images as a crop set
    #[arg(long, value_name = "NAME.crops", requires = "how", help_heading = "Cells in images")]
    crops: Option<PathBuf>,

    /// Go on where an interrupted run of the same command stopped
    #[arg(long, requires = "how", help_heading = "Cells in images")]
    resume: bool,

    /// Write the four published tables too (Kusumoto et al. 2021)
    #[arg(long, conflicts_with_all = ["wells", "screen"])]
    published_tables: bool,

    /// Tables as csv or parquet
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,

    /// Seed of the intervals by bootstrap
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Folder to write
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Names of columns
#[derive(clap::Args)]
struct Columns {
    /// Plate or barcode
    #[arg(long, value_name = "NAME")]
    plate_column: Option<String>,

    /// Well
    #[arg(long, value_name = "NAME")]
    well_column: Option<String>,

    /// What a cell was given, without plate map [default: condition, or the folder in source]
    #[arg(long, value_name = "NAME")]
    condition_column: Option<String>,

    /// Score of a well
    #[arg(long, value_name = "NAME")]
    score_column: Option<String>,

    /// Standard deviation of its cells' scores
    #[arg(long, value_name = "NAME")]
    sd_column: Option<String>,

    /// Number of its cells
    #[arg(long, value_name = "NAME")]
    count_column: Option<String>,

    /// Number of its cells that are of the class
    #[arg(long, value_name = "NAME")]
    called_column: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum By {
    Mean,
    Fraction,
}

#[derive(Clone, Copy, ValueEnum)]
enum Normalise {
    PercentOfControl,
    PercentInhibition,
    Z,
    RobustZ,
    Ratio,
    Difference,
    BScore,
}

#[derive(Clone, Copy, ValueEnum)]
enum Refer {
    Negative,
    Samples,
    Positive,
}

#[derive(Clone, Copy, ValueEnum)]
enum Way {
    Up,
    Down,
    Both,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

const EXAMPLES: &str = "\
Examples:
  morphotype score stress.safetensors fields/ --method percentile -o scores
  morphotype score stress.safetensors plate/ --method percentile --pattern '{well}_s{field}.tif' --plate-map map.csv -o hits
  morphotype score --cells cells.csv -o scores
  morphotype score --cells cells.parquet --plate-map map.csv --negative DMSO -o hits
  morphotype score --wells wells.csv --plate-map map.csv --score-column sen_score -o hits
  morphotype score --screen KcViab -o viability --direction down";

impl Score {
    /// Scores.
    pub fn run(self) -> Result<(), StudyError> {
        let bar = Bar::new();
        let output = self.output.clone();
        let written = [format!("written: {}", output.display())];
        let Some(model) = self.model.clone() else {
            return out::print(score(&self.request()?, &output, &bar)?.into_iter().chain(written));
        };
        let model = Model::load(&model)?;
        let folders =
            if self.cutting.is_by_pattern() { self.images.clone() } else { condition_folders(&self.images)? };
        let crops = self.crops.clone().unwrap_or_else(|| beside(&output));
        self.cutting.check_one_percent()?;
        let crop = self.cutting.request(&folders, crops, self.cutting.usual_half())?;
        let crop = CropRequest { resume: self.resume, ..crop };
        let keep_crops = self.crops.is_some();
        let done = score_images(&model, &crop, keep_crops, &self.request()?, &output, &bar)?;
        out::print(done.lines.into_iter().chain(written))?;
        if done.failed.is_empty() { Ok(()) } else { Err(StudyError::SomeFailed(done.failed)) }
    }

    fn request(self) -> Result<ScoreRequest, StudyError> {
        let input = match (self.cells, self.screen) {
            (Some(path), _) => Input::Cells(path),
            (_, Some(path)) => Input::Screen(path),
            (None, None) if !self.wells.is_empty() => Input::Wells(self.wells),
            (None, None) => Input::Images,
        };
        let rule = HitRule {
            threshold: self.threshold,
            n_needed: self.replicates,
            direction: match self.direction {
                Way::Up => Direction::Up,
                Way::Down => Direction::Down,
                Way::Both => Direction::Both,
            },
            fdr: self.fdr,
            toxic_below: self.toxic_below,
            min_cells: self.min_cells,
        };
        let columns = ColumnNames {
            plate: self.columns.plate_column,
            well: self.columns.well_column,
            condition: self.columns.condition_column,
            score: self.columns.score_column,
            sd: self.columns.sd_column,
            count: self.columns.count_column,
            called: self.columns.called_column,
        };
        Ok(ScoreRequest {
            plate_map: self.plate_map,
            roles: RoleNames { negative: self.negative, positive: self.positive, empty: self.empty },
            allow_lost: self.allow_lost,
            columns,
            class: self.class,
            statistic: match self.by {
                By::Mean => Statistic::Mean,
                By::Fraction => Statistic::Fraction,
            },
            scale: self.normalise.scale(),
            reference: self.reference.map(|reference| match reference {
                Refer::Negative => Reference::Negative,
                Refer::Samples => Reference::Samples,
                Refer::Positive => Reference::Positive,
            }),
            rule,
            published_tables: self.published_tables,
            parquet: matches!(self.format, Format::Parquet),
            seed: self.seed,
            ..ScoreRequest::new(input)
        })
    }
}

impl Normalise {
    fn scale(self) -> Scale {
        match self {
            Normalise::PercentOfControl => Scale::PercentOfControl,
            Normalise::PercentInhibition => Scale::PercentInhibition,
            Normalise::Z => Scale::Z,
            Normalise::RobustZ => Scale::RobustZ,
            Normalise::Ratio => Scale::Ratio,
            Normalise::Difference => Scale::Difference,
            Normalise::BScore => Scale::BScore,
        }
    }
}

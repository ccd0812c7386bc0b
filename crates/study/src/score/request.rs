//! What `score` is asked for.

use std::path::PathBuf;

use formats::plate_map::RoleNames;
use stats::hit::Direction;
use stats::plate::{Location, Normalisation, Reference};

/// Where the values come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// A row per cell with class probabilities: what `predict` writes, or any classifier.
    Cells(PathBuf),
    /// Tables with a row per well and a score, or plates as plate readers write them.
    Wells(Vec<PathBuf>),
    /// The files of a cellHTS2 `Platelist`, which is the plate map too.
    Screen(PathBuf),
    /// Cells that a model predicts in images: [`score_images`](super::score_images).
    Images,
}

/// Names of columns, where they are not the usual ones.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ColumnNames {
    /// Plate or barcode.
    pub plate: Option<String>,
    /// Well.
    pub well: Option<String>,
    /// What a cell or well was given, when there is no plate map.
    pub condition: Option<String>,
    /// Score of a well.
    pub score: Option<String>,
    /// Standard deviation of the scores of its cells.
    pub sd: Option<String>,
    /// Number of its cells.
    pub count: Option<String>,
    /// How many of them are of the class.
    pub called: Option<String>,
}

/// What of its cells is the score of a well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Statistic {
    /// Mean probability of the class.
    #[default]
    Mean,
    /// Share of cells called so.
    Fraction,
}

/// How values of different plates become comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Percent of control.
    PercentOfControl,
    /// 0 as the negative, 100 as the positive controls.
    PercentInhibition,
    /// By mean and standard deviation.
    Z,
    /// By median and MAD.
    RobustZ,
    /// Over the median.
    Ratio,
    /// Less the median.
    Difference,
    /// Median polish.
    BScore,
}

impl Scale {
    /// With the wells that others are related to.
    #[must_use]
    pub fn to(self, reference: Reference) -> Normalisation {
        match self {
            Scale::PercentOfControl => Normalisation::PercentOfControl(reference),
            Scale::PercentInhibition => Normalisation::PercentInhibition,
            Scale::Z => Normalisation::Z(reference, Location::Mean),
            Scale::RobustZ => Normalisation::Z(reference, Location::Median),
            Scale::Ratio => Normalisation::Ratio(reference),
            Scale::Difference => Normalisation::Difference(reference),
            Scale::BScore => Normalisation::BScore,
        }
    }
}

/// When a treatment is a hit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HitRule {
    /// The normalised score must be at least so far from 0.
    pub threshold: f64,
    /// In so many replicates; None: in two, or in the only one.
    pub n_needed: Option<usize>,
    /// Which way.
    pub direction: Direction,
    /// Largest rate of false discoveries against the negative controls.
    pub fdr: f64,
    /// Fewer cells than this share of the negative controls' are toxicity.
    pub toxic_below: f64,
    /// Wells of fewer cells do not count.
    pub min_cells: u64,
}

impl Default for HitRule {
    fn default() -> Self {
        HitRule {
            threshold: 3.0,
            n_needed: None,
            direction: Direction::Both,
            fdr: 0.05,
            toxic_below: 0.5,
            min_cells: 20,
        }
    }
}

/// What `score` is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreRequest {
    /// Where the values come from.
    pub input: Input,
    /// What is in the wells.
    pub plate_map: Option<PathBuf>,
    /// Words that stand for roles in it.
    pub roles: RoleNames,
    /// Go on although measured wells are not in the map.
    pub allow_lost: bool,
    /// Names of columns.
    pub columns: ColumnNames,
    /// The class whose probability is the score; of two the second when none is named.
    pub class: Option<String>,
    /// What of its cells is the score of a well.
    pub statistic: Statistic,
    /// Normalisation.
    pub scale: Scale,
    /// What it refers to; None: the negative controls where all plates have enough, else the samples.
    pub reference: Option<Reference>,
    /// When a treatment is a hit.
    pub rule: HitRule,
    /// Write the four published tables too.
    pub published_tables: bool,
    /// Tables as Parquet instead of CSV.
    pub parquet: bool,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl ScoreRequest {
    /// Of an input with the usual settings.
    #[must_use]
    pub fn new(input: Input) -> ScoreRequest {
        ScoreRequest {
            input,
            plate_map: None,
            roles: RoleNames::default(),
            allow_lost: false,
            columns: ColumnNames::default(),
            class: None,
            statistic: Statistic::default(),
            scale: Scale::RobustZ,
            reference: None,
            rule: HitRule::default(),
            published_tables: false,
            parquet: false,
            seed: 0,
        }
    }

    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let rule = &self.rule;
        let mut mistakes = Vec::new();
        if !(rule.threshold >= 0.0 && rule.threshold.is_finite()) {
            mistakes.push(format!("threshold of at least 0, not {}", rule.threshold));
        }
        if !(rule.fdr > 0.0 && rule.fdr < 1.0) {
            mistakes.push(format!("fdr between 0 and 1, not {}", rule.fdr));
        }
        if !(0.0..1.0).contains(&rule.toxic_below) {
            mistakes.push(format!("toxic_below from 0 to below 1, not {}", rule.toxic_below));
        }
        if rule.n_needed == Some(0) {
            mistakes.push("n_needed of at least 1, not 0".to_owned());
        }
        mistakes
    }
}

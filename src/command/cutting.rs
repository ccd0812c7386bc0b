//! The words by which every verb is told how cells are cut out of images.

use std::path::PathBuf;
use std::str::FromStr;

use study::StudyError;
use study::crop::{
    AutoSettings, Border, CropRequest, EightBit, Focus, Group, Method, Modality, PercentileSettings,
    PointUnit, Rounding, Side, WindowSettings, images,
};

/// How cells are found and cut
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("how").args(["method", "points", "labels"])))]
pub struct Cutting {
    /// percentile: dark (or bright) contours as published (Kusumoto et al. 2021); auto: detection that leaves empty fields empty
    #[arg(long, value_name = "METHOD", value_parser = ["percentile", "auto"])]
    method: Option<String>,

    /// Points to cut around: a table with y, x (and image, frame, z, class, group where known), or of TrackMate, CellProfiler,
    /// QuPath, scikit-image, napari or ImageJ; an annotation zip, ImageJ selections, COCO
    #[arg(long, value_name = "FILE")]
    points: Option<PathBuf>,

    /// points: unit of a table, when it is another than what its program writes
    #[arg(long, value_name = "UNIT", requires = "points")]
    points_unit: Option<Unit>,

    /// Masks by any segmenter: a label image per image in the same order, or a folder with files of the same names
    #[arg(long, value_name = "FILE", num_args = 1..)]
    labels: Vec<PathBuf>,

    /// The channel in which cells are looked for, by name or number from 0
    #[arg(long, value_name = "CHANNEL", default_value = "0")]
    channel: String,

    /// Channels that the crops have, by name or number [default: all]
    #[arg(long, value_name = "CHANNEL,…", value_delimiter = ',')]
    channels: Vec<String>,

    /// percentile: threshold, 0 to 100; a range such as 1..10 only draws the choice into --check
    #[arg(long, value_name = "PERCENT", default_value = "5")]
    percent: Percent,

    /// percentile: cells are brighter than the ground (use --percent 90 to 99)
    #[arg(long, conflicts_with = "dark")]
    bright: bool,

    /// percentile: cells are darker than the ground (the default)
    #[arg(long)]
    dark: bool,

    /// Smallest area of a cell, pixels [default: percentile 50, labels 1]
    #[arg(long, value_name = "PIXELS")]
    min_area: Option<f64>,

    /// auto: what kind of picture it is
    #[arg(long, value_name = "KIND", value_parser = ["phase", "fluorescence"], default_value = "phase")]
    modality: String,

    /// auto: diameter of a usual cell, pixels [default: phase 60, fluorescence 22]
    #[arg(long, value_name = "PIXELS")]
    diameter: Option<f64>,

    /// labels: each connected piece of one value is a cell
    #[arg(long)]
    pieces: bool,

    /// labels: everything outside of the cell becomes the median of the ground
    #[arg(long)]
    blank: bool,

    /// points, labels, auto: how a centre becomes a whole pixel
    #[arg(long, value_name = "HOW", value_parser = ["nearest", "floor"], default_value = "nearest")]
    round: String,

    /// What is done with windows over the border: zeros and a flag, the mirrored image and a flag, or dropped
    /// [default: points flag-zero, else drop]
    #[arg(long, value_name = "HOW", value_parser = ["flag-zero", "reflect", "drop"])]
    border: Option<String>,

    /// Focal plane: a number from 0, or max for the largest value over all
    #[arg(long, value_name = "Z", value_parser = focus)]
    z: Option<Focus>,

    /// Convert to 8 bits first: these intensities become 0 and 255; full is 0..65535
    #[arg(long, value_name = "LOW..HIGH", value_parser = eight_bit)]
    eight_bit: Option<EightBit>,

    /// Divide by the shading that all images have in common
    #[arg(long)]
    illumination: bool,

    /// Side of a pixel in micrometres, when the image does not say
    #[arg(long, value_name = "MICRONS")]
    micron: Option<f64>,

    /// What the names of files in a folder mean: imagexpress, operetta, or such as {well}_s{field}_w{c}.tif
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<String>,
}

/// The unit of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Unit {
    Pixel,
    Micron,
}

impl From<Unit> for PointUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Pixel => Self::Pixel,
            Unit::Micron => Self::Micron,
        }
    }
}

/// One threshold, or several to choose from.
#[derive(Debug, Clone)]
enum Percent {
    One(f64),
    Several(Vec<f64>),
}

impl FromStr for Percent {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |t: &str| t.trim().parse::<f64>().map_err(|_| format!("expected 5 or 1..10, found {text:?}"));
        let Some((low, high)) = text.split_once("..") else { return number(text).map(Percent::One) };
        let (low, high) = (number(low)?, number(high)?);
        if !(low < high && (0.0..=100.0).contains(&low) && high - low <= 50.0) {
            return Err(format!("expected a range of at most 50 within 0 to 100, found {text:?}"));
        }
        Ok(Percent::Several((0..).map(|k| low + f64::from(k)).take_while(|p| *p <= high).collect()))
    }
}

/// Half of rows and columns: `25` or `25,20`.
pub fn half(text: &str) -> Result<(usize, usize), String> {
    let number = |t: &str| t.trim().parse().map_err(|_| format!("expected 25 or 25,20, found {text:?}"));
    match text.split_once(',') {
        Some((h, w)) => Ok((number(h)?, number(w)?)),
        None => number(text).map(|half| (half, half)),
    }
}

fn focus(text: &str) -> Result<Focus, String> {
    match text {
        "max" => Ok(Focus::Max),
        _ => text
            .parse()
            .map(Focus::Plane)
            .map_err(|_| format!("expected a number from 0, or max, found {text:?}")),
    }
}

fn eight_bit(text: &str) -> Result<EightBit, String> {
    if text == "full" {
        return Ok(EightBit { low: 0.0, high: 65_535.0 });
    }
    let ends = text.split_once("..").and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    ends.map(|(low, high)| EightBit { low, high })
        .ok_or_else(|| format!("expected full or two intensities such as 0..4095, found {text:?}"))
}

impl Cutting {
    /// Whether it is said how cells are found.
    pub fn is_said(&self) -> bool {
        self.method.is_some() || self.points.is_some() || !self.labels.is_empty()
    }

    /// The percentiles to choose from.
    pub fn choice(&self) -> Option<&[f64]> {
        match &self.percent {
            Percent::Several(percents) => Some(percents),
            Percent::One(_) => None,
        }
    }

    /// Refuses several percentiles where cells are cut in earnest.
    pub fn check_one_percent(&self) -> Result<(), StudyError> {
        match self.choice() {
            None => Ok(()),
            Some(_) => Err(StudyError::Refused(
                "expected one --percent, found a range, which only crop draws".into(),
            )),
        }
    }

    /// Whether cells are found by the published method.
    pub fn is_published(&self) -> bool {
        self.method.as_deref() == Some("percentile")
    }

    /// Whether names of files in a folder are said to mean something.
    pub fn is_by_pattern(&self) -> bool {
        self.pattern.is_some()
    }

    /// Half of the rows and columns when nobody says.
    pub fn usual_half(&self) -> (usize, usize) {
        if self.points.is_some() { (32, 32) } else { (25, 25) }
    }

    /// What is asked for, with windows of this size; cells of a field are a group.
    pub fn request(
        &self,
        paths: &[PathBuf],
        output: PathBuf,
        (half_h, half_w): (usize, usize),
    ) -> Result<CropRequest, StudyError> {
        let border = match self.border.as_deref() {
            Some("flag-zero") => Border::FlagZero,
            Some("reflect") => Border::Reflect,
            None if self.points.is_some() => Border::FlagZero,
            _ => Border::Drop,
        };
        let is_floor = self.is_published() || self.round == "floor";
        let round = if is_floor { Rounding::Floor } else { Rounding::Nearest };
        Ok(CropRequest {
            images: images(paths, self.pattern.as_deref())?,
            pattern: self.pattern.clone(),
            output,
            method: self.how((half_h, half_w)),
            window: WindowSettings { half_h, half_w, round, border },
            channels: self.channels.clone(),
            channel: self.channel.clone(),
            focus: self.z.unwrap_or_default(),
            eight_bit: self.eight_bit,
            illumination: self.illumination,
            micron_per_pixel: self.micron,
            group: Group::Field,
            resume: false,
            check: None,
        })
    }

    fn how(&self, (half_h, half_w): (usize, usize)) -> Method {
        let side = if self.bright { Side::Bright } else { Side::Dark };
        let percent = if let Percent::One(percent) = self.percent { percent } else { 5.0 };
        match (&self.points, self.method.as_deref()) {
            (Some(file), _) => {
                let unit = self.points_unit.map(PointUnit::from);
                Method::Points { file: file.clone(), unit }
            }
            (None, Some("percentile")) => {
                let min_area = self.min_area.unwrap_or(50.0);
                Method::Percentile(PercentileSettings { percent, min_area, half_h, half_w, side })
            }
            (None, Some(_)) => Method::Auto(detection(&self.modality, self.diameter)),
            (None, None) => Method::Labels {
                files: self.labels.clone(),
                pieces: self.pieces,
                blank: self.blank,
                min_area: self.min_area.unwrap_or(1.0).ceil().max(0.0) as usize,
            },
        }
    }
}

/// How cells are found by themselves: the modality's usual settings, with the diameter that was said.
pub fn detection(modality: &str, diameter: Option<f64>) -> AutoSettings {
    let usual = AutoSettings::of(if modality == "phase" { Modality::Phase } else { Modality::Fluorescence });
    AutoSettings { diameter: diameter.unwrap_or(usual.diameter), ..usual }
}

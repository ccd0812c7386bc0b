//! What `crop` is asked for.

use std::path::PathBuf;

use cells::cut::auto::AutoSettings;
use cells::cut::percentile::PercentileSettings;
use cells::cut::window::WindowSettings;
use formats::point_table::PointUnit;
use serde::{Deserialize, Serialize};

/// How cells are found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "name", rename_all = "kebab-case")]
pub enum Method {
    /// Around points: a table of any program ([`formats::point_table`]), an annotation zip, selections of `ImageJ`, COCO key points.
    Points {
        /// The table or zip.
        #[serde(skip)]
        file: PathBuf,
        /// The unit of a table, when it is another than usual for its kind.
        #[serde(skip_serializing_if = "Option::is_none")]
        unit: Option<PointUnit>,
    },
    /// The published contour method.
    Percentile(PercentileSettings),
    /// From label images, one for each image in the same order, or one folder with files of the same names without ending.
    Labels {
        /// Files, or one folder.
        #[serde(skip)]
        files: Vec<PathBuf>,
        /// Each connected piece of one value is a cell.
        pieces: bool,
        /// Everything outside of the cell becomes the median of the ground.
        blank: bool,
        /// Smallest cell, pixels.
        min_area: usize,
    },
    /// Detection.
    Auto(AutoSettings),
}

impl Method {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Method::Points { .. } => "points",
            Method::Percentile(_) => "percentile",
            Method::Labels { .. } => "labels",
            Method::Auto(_) => "auto",
        }
    }
}

/// Which focal plane is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Focus {
    /// The only one; with several it must be said. Points with a `z` have their own.
    #[default]
    Only,
    /// This one, from 0.
    Plane(usize),
    /// The largest value over all of them.
    Max,
}

/// Intensities that become 0 and 255 when cells are cut in 8 bits: `floor((v - low) / (high - low) * 255 + 0.5)`, clipped.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EightBit {
    /// Becomes 0.
    pub low: f64,
    /// Becomes 255.
    pub high: f64,
}

/// Which cells are relatives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Those of one field of one image.
    #[default]
    Field,
    /// Those of one image, whatever fields it has.
    Image,
    /// Those of one well.
    Well,
    /// Those of one plate.
    Plate,
    /// Those for whose image this regular expression finds the same in its path.
    Path(String),
}

/// What `crop` is asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CropRequest {
    /// Images, in the order of the result.
    #[serde(skip)]
    pub images: Vec<PathBuf>,
    /// What the names of files in a folder mean: `imagexpress`, `operetta`, or such as `{well}_s{field}_w{c}.tif`; then a folder
    /// is one image.
    pub pattern: Option<String>,
    /// The crop set to write.
    #[serde(skip)]
    pub output: PathBuf,
    /// How cells are found.
    pub method: Method,
    /// Size of the crops, and how they lie around the centres.
    pub window: WindowSettings,
    /// Channels that are kept, by name or number from 0; empty: all.
    pub channels: Vec<String>,
    /// The channel in which cells are looked for, by name or number.
    pub channel: String,
    /// Which focal plane is used.
    pub focus: Focus,
    /// Conversion to 8 bits before anything else.
    pub eight_bit: Option<EightBit>,
    /// Divide by the shading that all images have in common.
    pub illumination: bool,
    /// Side of a pixel in micrometres, when the image does not say or says it wrong.
    pub micron_per_pixel: Option<f64>,
    /// Which cells are relatives. Points may have groups of their own.
    pub group: Group,
    /// Go on where an interrupted run of the same command stopped.
    #[serde(skip)]
    pub resume: bool,
    /// Folder for pictures of what was cut.
    #[serde(skip)]
    pub check: Option<PathBuf>,
}

impl CropRequest {
    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut mistakes = self.window.validate();
        match &self.method {
            Method::Percentile(settings) => mistakes.extend(settings.validate()),
            Method::Auto(settings) => mistakes.extend(settings.validate()),
            Method::Points { .. } | Method::Labels { .. } => {}
        }
        if let Some(EightBit { low, high }) = self.eight_bit
            && !(low.is_finite() && high.is_finite() && low < high)
        {
            mistakes.push(format!("eight_bit from a lower to a higher intensity, not {low} to {high}"));
        }
        if let Some(micron) = self.micron_per_pixel
            && !(micron > 0.0 && micron.is_finite())
        {
            mistakes.push(format!("micron_per_pixel above 0, not {micron}"));
        }
        if self.images.is_empty() {
            mistakes.push("at least one image".to_owned());
        }
        mistakes.sort();
        mistakes.dedup();
        mistakes
    }
}

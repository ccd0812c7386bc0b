//! Cutting single cells out of images: where they are, and the windows around them.
//!
//! Functions here take one plane, `[h, w]` in C order, and answer with [`Found`] cells, or with why a candidate was
//! dropped; nothing vanishes without being counted. Rows are y, columns x, counted from 0 at the centre of the upper left
//! pixel.
//!
//! * [`percentile`]: the published contour method, equal to it to the bit;
//! * [`auto`]: detection without its faults;
//! * [`labels`]: cells that any segmenter has drawn;
//! * [`window`]: the pixels around a point, with what to do at the border.

pub mod auto;
pub mod blur;
pub mod contour;
pub mod distance;
pub mod labels;
pub mod level;
pub mod percentile;
pub mod plane;
pub mod score;
pub mod smooth;
pub mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use plane::Plane;

/// A cell in an image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// Row of the centre, pixels.
    pub y: f64,
    /// Column of the centre, pixels.
    pub x: f64,
    /// Area, pixels, as its method measures it.
    pub area: Option<f64>,
    /// Its number in a label image, when it comes from one.
    pub label: Option<u32>,
}

/// Why a candidate is not a cell in the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its area is below the smallest that is asked for.
    Small,
    /// Its window crosses the border of the image.
    Border,
    /// Binarised on its own, its crop holds too little foreground.
    NothingInside,
    /// Its centre is outside of the image.
    Outside,
}

impl Reason {
    /// The reason in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Reason::Small => "smaller than the smallest area",
            Reason::Border => "window crosses the border",
            Reason::NothingInside => "too little foreground in its crop",
            Reason::Outside => "centre outside of the image",
        }
    }
}

/// Cells of one plane, and how many candidates were dropped for what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Finding {
    /// Cells, from the top to the bottom of the image.
    pub cells: Vec<Found>,
    /// Candidates that were dropped.
    pub dropped: BTreeMap<Reason, usize>,
}

impl Finding {
    /// Counts a candidate that is dropped.
    pub fn drop(&mut self, reason: Reason) {
        *self.dropped.entry(reason).or_insert(0) += 1;
    }
}

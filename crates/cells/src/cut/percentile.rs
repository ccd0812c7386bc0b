//! The published contour method: dark (or bright) blobs of a phase-contrast field.
//!
//! # Source
//! Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0, as its notebooks do it with OpenCV; all settings reproduce the
//! reference, to the bit, in 8 bits. In 16 bits it is the same method on finer levels.
//!
//! Its faults are kept: a share of every image is foreground, so that an empty field has "cells"; touching cells are one.

use serde::{Deserialize, Serialize};

use super::blur::blur;
use super::contour::{Contour, Mask};
use super::level::{self, Level};
use super::{Finding, Found, Plane, Reason};

/// What is foreground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is below the percentile: phase contrast.
    #[default]
    Dark,
    /// What is above it: fluorescence.
    Bright,
}

/// How cells are told from the ground.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PercentileSettings {
    /// Percentile of the blurred image that is the threshold, 0 to 100; useful are 1 to 10 for dark cells, 90 to 99 for bright ones.
    pub percent: f64,
    /// Smallest area of a contour, and of all contours inside of a crop, pixels.
    pub min_area: f64,
    /// Half of the rows of a window, pixels.
    pub half_h: usize,
    /// Half of its columns.
    pub half_w: usize,
    /// What is foreground.
    pub side: Side,
}

impl Default for PercentileSettings {
    fn default() -> Self {
        PercentileSettings { percent: 5.0, min_area: 50.0, half_h: 25, half_w: 25, side: Side::Dark }
    }
}

impl PercentileSettings {
    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if !(0.0..=100.0).contains(&self.percent) {
            mistakes.push(format!("percent within 0 to 100, not {}", self.percent));
        }
        if !(self.min_area >= 0.0 && self.min_area.is_finite()) {
            mistakes.push(format!("min_area at least 0, not {}", self.min_area));
        }
        for (name, half) in [("half_h", self.half_h), ("half_w", self.half_w)] {
            if !(1..=super::window::MAX_HALF).contains(&half) {
                mistakes.push(format!("{name} from 1 to {}, not {half}", super::window::MAX_HALF));
            }
        }
        mistakes
    }
}

/// Buffers for one field and its crops. Who has many fields keeps them: fresh memory takes up to a third of the time.
#[derive(Debug, Clone, Default)]
pub struct Room<T> {
    blurred: Vec<T>,
    mask: Mask,
}

/// Foreground of a plane: below (or above) the percentile of its blurred version.
pub fn binarise<'a, T: Level>(
    plane: Plane<'_, T>,
    percent: f64,
    side: Side,
    room: &'a mut Room<T>,
) -> &'a mut Mask {
    let Room { blurred, mask } = room;
    blur(plane, blurred);
    let threshold = level::percentile(blurred, percent);
    let (h, w) = (plane.h(), plane.w());
    // Of whole numbers, those above t are above floor(t), and those below t are below ceil(t).
    match side {
        Side::Bright => match T::floor(threshold) {
            Some(limit) => mask.set(blurred, h, w, |v| v > limit),
            None => mask.set(blurred, h, w, |_| true),
        },
        Side::Dark => match T::floor(threshold.ceil() - 1.0) {
            Some(limit) => mask.set(blurred, h, w, |v| v <= limit),
            None => mask.set(blurred, h, w, |_| false),
        },
    }
    mask
}

/// Cells by the published method. Their centres are the means of their border pixels; their windows are
/// `[floor(y) - half_h, floor(y) + half_h)` by `[floor(x) - half_w, floor(x) + half_w)` and lie inside of the image.
///
/// ```
/// use cells::cut::{Plane, percentile::{PercentileSettings, Room, find}};
/// let image: Vec<u8> = (0..100 * 100).map(|i| {
///     let (y, x) = ((i / 100) as f64 - 40.0, (i % 100) as f64 - 60.0);
///     (50.0 + 8.0 * y.hypot(x)).min(180.0) as u8
/// }).collect();
/// let settings = PercentileSettings { percent: 4.0, min_area: 50.0, ..Default::default() };
/// let finding = find(Plane::new(&image, 100, 100).unwrap(), &settings, &mut Room::default());
/// assert_eq!((finding.cells[0].y, finding.cells[0].x), (40.0, 60.0));
/// ```
#[must_use]
pub fn find<T: Level>(plane: Plane<'_, T>, settings: &PercentileSettings, room: &mut Room<T>) -> Finding {
    let PercentileSettings { percent, min_area, half_h, half_w, side } = *settings;
    let mut finding = Finding::default();
    let contours: Vec<Contour> = binarise(plane, percent, side, room).contours().collect();
    for contour in contours {
        match judge(plane, settings, &contour) {
            Some(reason) => finding.drop(reason),
            None => {
                let (y, x) = contour.centre();
                let inside = plane.cut(y as usize - half_h, x as usize - half_w, 2 * half_h, 2 * half_w);
                let crop = Plane::new(&inside, 2 * half_h, 2 * half_w);
                if !crop.is_some_and(|crop| holds(binarise(crop, percent, side, room), min_area)) {
                    finding.drop(Reason::NothingInside);
                } else {
                    finding.cells.push(Found { y, x, area: Some(contour.area()), label: None });
                }
            }
        }
    }
    finding
}

/// Whether the contours of `mask` have `least` area in all; no more of them are followed than it takes.
fn holds(mask: &mut Mask, least: f64) -> bool {
    let mut area = 0.0;
    least <= 0.0
        || mask.contours().any(|contour| {
            area += contour.area();
            area >= least
        })
}

/// Why a contour is dropped before one looks into its crop.
fn judge<T: Copy>(plane: Plane<'_, T>, settings: &PercentileSettings, contour: &Contour) -> Option<Reason> {
    if contour.area() < settings.min_area {
        return Some(Reason::Small);
    }
    let outside =
        |centre: f64, half: usize, n: usize| centre < half as f64 || centre > n as f64 - half as f64;
    let (y, x) = contour.centre();
    let crosses = outside(y, settings.half_h, plane.h()) || outside(x, settings.half_w, plane.w());
    crosses.then_some(Reason::Border)
}

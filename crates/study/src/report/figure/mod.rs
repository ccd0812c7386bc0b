//! One figure per file, each a function from plain numbers to a [`Scene`].
//!
//! All are colour-blind-safe, hold their text in one type scale, and draw what is undefined as absent, never as NaN.

pub mod axes;
pub mod calibration;
pub mod confusion;
pub mod counts;
pub mod coverage;
pub mod curves;
pub mod f1;
pub mod history;
pub mod legend;
pub mod map;
pub mod share;

pub use calibration::calibration;
pub use confusion::confusion;
pub use counts::class_counts;
pub use coverage::coverage;
pub use curves::{Curve, precision_recall, roc};
pub use f1::{ClassF1, f1};
pub use history::{Epoch, history};
pub use map::map;
pub use share::{SourceCounts, shares};

use super::scene::{Scene, Type};

/// Space between the border of a figure and its content, pixels.
const MARGIN: f64 = 20.0;

/// Height of the title and its remark, pixels.
const HEAD: f64 = 62.0;

/// Writes the title and the remark below it; the content begins at [`HEAD`].
fn head(scene: &mut Scene, title: &str, remark: &str) {
    let limit = scene.w - 2.0 * MARGIN;
    scene.elided((MARGIN, 27.0), Type::TITLE, title, 0.93 * limit);
    scene.elided((MARGIN, 46.0), Type::SMALL, remark, limit);
}

/// Width for a column of labels: that of the longest, at most `limit` pixels.
fn label_width<'a>(labels: impl IntoIterator<Item = &'a str>, limit: f64) -> f64 {
    let widest = labels.into_iter().map(|l| super::text::width(l, Type::LABEL.size)).fold(0.0, f64::max);
    (widest + 1.0).min(limit)
}

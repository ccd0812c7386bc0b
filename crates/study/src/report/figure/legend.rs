//! Which colour stands for what.

use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::{elide, width};

/// One line of a legend: what is drawn, and a figure in its last column.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Line that is explained.
    pub stroke: Stroke,
    /// What it stands for.
    pub label: String,
    /// A figure, or nothing.
    pub figure: String,
}

/// Height of one line, pixels.
pub const LINE: f64 = 20.0;

/// A column of entries `w` pixels wide from the corner (`x`, `y`) down, under a heading for the figures.
pub fn column(scene: &mut Scene, (x, y): (f64, f64), w: f64, heading: &str, entries: &[Entry]) {
    scene.text((x + w, y + 4.0), Type::SMALL.end(), heading);
    for (i, entry) in entries.iter().enumerate() {
        let y = y + LINE * (i + 1) as f64;
        scene.line((x, y), (x + 20.0, y), Stroke { width: 3.0, ..entry.stroke });
        let figure = width(&entry.figure, Type::LABEL.size);
        scene.elided((x + 28.0, y + 4.0), Type::LABEL, &entry.label, w - 36.0 - figure);
        scene.text((x + w, y + 4.0), Type::LABEL.end(), &entry.figure);
    }
}

/// Boxes with labels in lines of at most `w` pixels; where each begins, and the height of all.
#[must_use]
pub fn flow(labels: &[String], w: f64) -> (Vec<(f64, f64, String)>, f64) {
    let (mut x, mut y) = (0.0, 0.0);
    let mut places = Vec::with_capacity(labels.len());
    for label in labels {
        let label = elide(label, Type::LABEL.size, 200.0);
        let step = 18.0 + width(&label, Type::LABEL.size) + 18.0;
        if x > 0.0 && x + step > w {
            (x, y) = (0.0, y + LINE);
        }
        places.push((x, y, label));
        x += step;
    }
    (places, y + LINE)
}

//! How well each class is recognised, in one figure per class.

use super::axes::{Axes, ticks};
use super::{HEAD, MARGIN, head, label_width};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::thousands;

/// F1 of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassF1 {
    /// Class.
    pub name: String,
    /// F1, from 0 to 1; none when there is neither a true nor a predicted cell.
    pub f1: Option<f64>,
    /// Bounds of its interval at 95 %.
    pub interval: Option<[f64; 2]>,
    /// Number of true cells.
    pub n: usize,
}

const BAND: f64 = 32.0;
const W: f64 = 720.0;
/// Room for the numbers at the right, pixels.
const NUMBERS: f64 = 220.0;

/// F1 per class as bars with intervals.
#[must_use]
pub fn f1(rows: &[ClassF1]) -> Scene {
    let h = BAND * rows.len().max(1) as f64;
    let mut scene =
        Scene::new("f1", format!("F1 of each of {} classes", rows.len()), W, HEAD + h + 48.0 + MARGIN);
    let remark =
        "Harmonic mean of precision and recall; lines are 95% intervals over groups of related cells.";
    head(&mut scene, "F1 per class", remark);
    let labels = label_width(rows.iter().map(|r| r.name.as_str()), 190.0).max(40.0);
    let left = MARGIN + labels + 10.0;
    let axes = Axes { area: [left, HEAD, W - left - NUMBERS, h], x: [0.0, 1.0], y: [0.0, 1.0] };
    axes.grid_x(&mut scene, &ticks(0.0, 1.0, 5), "F1");
    for (i, row) in rows.iter().enumerate() {
        let y = HEAD + BAND * i as f64;
        let middle = y + 0.5 * BAND;
        scene.elided((left - 10.0, middle + 4.0), Type::LABEL.end(), &row.name, labels);
        let Some(f1) = row.f1 else {
            scene.text(
                (left + 8.0, middle + 4.0),
                Type::SMALL,
                "undefined: neither true nor predicted cells",
            );
            continue;
        };
        let hint = Some(format!("{}: {f1:.3}", row.name));
        scene.bar([left, y + 7.0, axes.px(f1) - left, BAND - 14.0], Paint::Series(0), 0.85, hint);
        if let Some([low, high]) = row.interval {
            whisker(&mut scene, &axes, middle, [low, high]);
        }
        let x = W - NUMBERS + 18.0;
        scene.text((x, middle + 4.0), Type::LABEL.bold(), format!("{f1:.2}"));
        let range = row.interval.map_or(String::new(), |[low, high]| format!("{low:.2}–{high:.2}"));
        scene.text((x + 36.0, middle + 4.0), Type::SMALL, range);
        scene.text((W - MARGIN, middle + 4.0), Type::SMALL.end(), format!("n = {}", thousands(row.n)));
    }
    scene.line((left, HEAD), (left, HEAD + h), Stroke::AXIS);
    scene
}

fn whisker(scene: &mut Scene, axes: &Axes, y: f64, [low, high]: [f64; 2]) {
    let (low, high) = (axes.px(low), axes.px(high));
    let stroke = Stroke { paint: Paint::Ink, width: 1.5, dashed: false };
    scene.line((low, y), (high, y), stroke);
    for x in [low, high] {
        scene.line((x, y - 4.0), (x, y + 4.0), stroke);
    }
}

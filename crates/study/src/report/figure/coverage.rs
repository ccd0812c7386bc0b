//! What is gained by leaving out the cells that the model is unsure of.

use super::axes::{Axes, percent_ticks};
use super::{HEAD, MARGIN, head};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::percent;

/// Width, pixels: beside the calibration curve on a page.
const W: f64 = 550.0;
/// Parts of the cells for which the accuracy is written out.
const MARKS: [f64; 4] = [1.0, 0.9, 0.8, 0.5];

/// Accuracy of the surest cells against the part of the cells that they are: points (coverage, accuracy), coverage
/// rising to 1.
#[must_use]
pub fn coverage(points: &[(f64, f64)]) -> Scene {
    let mut scene = Scene::new("coverage", "Accuracy against the share of cells kept", W, HEAD + 344.0);
    let remark = "The cells with the least confidence are left out first.";
    head(&mut scene, "Accuracy when unsure cells are left out", remark);
    // The first few cells alone say little: the range follows the marks and what lies between them.
    let least = points.iter().filter(|p| p.0 >= 0.2 || p.0 == 1.0).map(|p| p.1).fold(1.0, f64::min);
    let low = ((least * 10.0 - 0.2).floor() / 10.0).clamp(0.0, 0.9);
    let axes = Axes { area: [76.0, HEAD, 310.0, 280.0], x: [0.0, 1.0], y: [low, 1.0] };
    axes.grid_x(&mut scene, &percent_ticks(0.0, 1.0, 5), "Share of cells kept");
    axes.grid_y(&mut scene, &percent_ticks(low, 1.0, 5), "Accuracy of these");
    let points: Vec<(f64, f64)> = points.iter().map(|&(x, y)| (x, y.max(low))).collect();
    let line = axes.trace(points.iter().copied());
    if line.len() > 1 {
        scene.path(line, Stroke::series(0));
    }
    let (x, mut y) = (76.0 + 310.0 + 28.0, HEAD + 10.0);
    scene.text((x, y), Type::SMALL, "Kept");
    scene.text((W - MARGIN, y), Type::SMALL.end(), "Accuracy");
    for mark in MARKS {
        let Some(&(kept, accuracy)) = points.iter().find(|p| p.0 >= mark - 1e-9) else { continue };
        y += 20.0;
        scene.disc((axes.px(kept), axes.py(accuracy)), 4.5, Paint::Series(0), None);
        scene.text((x, y), Type::LABEL, percent(kept));
        scene.text((W - MARGIN, y), Type::LABEL.bold().end(), percent(accuracy));
    }
    scene
}

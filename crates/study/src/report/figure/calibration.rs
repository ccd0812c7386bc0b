//! Whether a probability means what it says.

use stats::calibration::ReliabilityBin;

use super::axes::{Axes, percent_ticks};
use super::{HEAD, MARGIN, head};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::{counted, percent};

const SIDE: f64 = 380.0;
const HISTOGRAM: f64 = 80.0;

/// Accuracy against confidence per bin, with the calibration error, above the histogram of the confidence.
#[must_use]
pub fn calibration(bins: &[ReliabilityBin], ece: f64) -> Scene {
    let h = HEAD + SIDE * 0.85 + 30.0 + HISTOGRAM + 48.0 + MARGIN;
    let mut scene =
        Scene::new("calibration", "Accuracy against confidence, with a histogram of confidence", 480.0, h);
    let remark = format!("On the diagonal a confidence of 80% is right 8 times in 10. ECE = {ece:.3}.");
    head(&mut scene, "Calibration", &remark);
    let axes = Axes { area: [76.0, HEAD, SIDE, SIDE * 0.85], x: [0.0, 1.0], y: [0.0, 1.0] };
    for (x, _) in percent_ticks(0.0, 1.0, 5) {
        scene.line((axes.px(x), axes.py(0.0)), (axes.px(x), axes.py(1.0)), Stroke::GRID);
    }
    axes.grid_y(&mut scene, &percent_ticks(0.0, 1.0, 5), "Accuracy");
    scene.line((axes.px(0.0), axes.py(0.0)), (axes.px(1.0), axes.py(0.0)), Stroke::AXIS);
    let ideal = Stroke { paint: Paint::Muted, width: 1.0, dashed: true };
    scene.line((axes.px(0.0), axes.py(0.0)), (axes.px(1.0), axes.py(1.0)), ideal);
    curve(&mut scene, &axes, bins);
    histogram(&mut scene, &axes, bins);
    scene
}

fn curve(scene: &mut Scene, axes: &Axes, bins: &[ReliabilityBin]) {
    let seen: Vec<(f64, f64, u64)> =
        bins.iter().filter_map(|b| Some((b.confidence?, b.accuracy?, b.n))).collect();
    let most = seen.iter().map(|b| b.2).max().unwrap_or(1) as f64;
    scene.path(
        seen.iter().map(|&(x, y, _)| (axes.px(x), axes.py(y))).collect(),
        Stroke { width: 1.5, ..Stroke::series(0) },
    );
    for (x, y, n) in seen {
        let cells = counted(n as usize, "cell", "cells");
        let hint = format!("confidence {}, accuracy {}: {cells}", percent(x), percent(y));
        let radius = 3.0 + 5.0 * (n as f64 / most).sqrt();
        scene.disc((axes.px(x), axes.py(y)), (radius * 10.0).round() / 10.0, Paint::Series(0), Some(hint));
    }
}

fn histogram(scene: &mut Scene, above: &Axes, bins: &[ReliabilityBin]) {
    let n_all: u64 = bins.iter().map(|b| b.n).sum();
    let share = |n: u64| if n_all == 0 { 0.0 } else { n as f64 / n_all as f64 };
    let most = bins.iter().map(|b| share(b.n)).fold(0.0, f64::max);
    let most = f64::max((most * 10.0).ceil() / 10.0, 0.1);
    let top = above.area[1] + above.area[3] + 30.0;
    let axes = Axes { area: [above.area[0], top, above.area[2], HISTOGRAM], x: [0.0, 1.0], y: [0.0, most] };
    axes.grid_y(scene, &percent_ticks(0.0, most, 2), "Cells");
    axes.grid_x(scene, &percent_ticks(0.0, 1.0, 5), "Confidence (probability of the predicted class)");
    for bin in bins.iter().filter(|b| b.n > 0) {
        let (left, right, y) = (axes.px(bin.low), axes.px(bin.high), axes.py(share(bin.n)));
        let cells = counted(bin.n as usize, "cell", "cells");
        let hint = format!("{} to {}: {cells}", percent(bin.low), percent(bin.high));
        scene.bar(
            [left + 1.0, y, right - left - 2.0, top + HISTOGRAM - y],
            Paint::Series(0),
            0.6,
            Some(hint),
        );
    }
    if n_all == 0 {
        scene.text((axes.px(0.5), top + 0.5 * HISTOGRAM), Type::SMALL.middle(), "no cells");
    }
}

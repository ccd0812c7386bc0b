//! How well the probability of each class tells it from all others: ROC and precision-recall curves.

use super::axes::{Axes, percent_ticks};
use super::legend::{self, Entry};
use super::{HEAD, MARGIN, head};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke};

/// The curve of one class; without points when it is undefined (the class is absent, or alone).
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Class.
    pub name: String,
    /// Points in order, both coordinates from 0 to 1.
    pub points: Vec<(f64, f64)>,
    /// Area under the curve, or average precision.
    pub area: Option<f64>,
}

const SIDE: f64 = 360.0;
const LEGEND: f64 = 230.0;

/// Receiver operating characteristic, one class against the rest: points (false positive rate, true positive rate).
#[must_use]
pub fn roc(curves: &[Curve]) -> Scene {
    let mut scene = empty("roc", "ROC curves of each class against the rest", curves.len());
    head(&mut scene, "ROC curves", "Each class against the rest; the diagonal is guessing.");
    let axes =
        axes(&mut scene, "False positives (share of the other cells)", "True positives (share of the class)");
    let guess = Stroke { paint: Paint::Muted, width: 1.0, dashed: true };
    scene.line((axes.px(0.0), axes.py(0.0)), (axes.px(1.0), axes.py(1.0)), guess);
    for (k, curve) in curves.iter().enumerate() {
        draw(&mut scene, &axes, k, curve.points.iter().copied());
    }
    explain(&mut scene, &axes, "AUC", curves);
    scene
}

/// Precision against recall, one class against the rest: points (recall, precision), recall falling. Drawn in steps,
/// since points of this curve must not be joined by straight lines.
///
/// # Source
/// Davis & Goadrich 2006, doi:10.1145/1143844.1143874.
#[must_use]
pub fn precision_recall(curves: &[Curve]) -> Scene {
    let mut scene = empty("pr", "Precision-recall curves of each class against the rest", curves.len());
    head(&mut scene, "Precision and recall", "Each class against the rest, as the threshold moves.");
    let axes =
        axes(&mut scene, "Recall (share of the class that is found)", "Precision (share that is right)");
    for (k, curve) in curves.iter().enumerate() {
        let steps = curve.points.windows(2).flat_map(|p| [p[0], (p[1].0, p[0].1), p[1]]);
        draw(&mut scene, &axes, k, steps);
    }
    explain(&mut scene, &axes, "Average precision", curves);
    scene
}

fn empty(name: &str, caption: &str, n: usize) -> Scene {
    let content = f64::max(SIDE + 44.0, legend::LINE * (n + 2) as f64);
    Scene::new(name, caption, 72.0 + SIDE + 28.0 + LEGEND + MARGIN, HEAD + content + MARGIN)
}

fn axes(scene: &mut Scene, x: &str, y: &str) -> Axes {
    let axes = Axes { area: [72.0, HEAD, SIDE, SIDE], x: [0.0, 1.0], y: [0.0, 1.0] };
    axes.grid_x(scene, &percent_ticks(0.0, 1.0, 5), x);
    axes.grid_y(scene, &percent_ticks(0.0, 1.0, 5), y);
    axes
}

fn draw(scene: &mut Scene, axes: &Axes, k: usize, points: impl IntoIterator<Item = (f64, f64)>) {
    let points = axes.trace(points);
    if points.len() > 1 {
        scene.path(points, Stroke::series(k));
    }
}

fn explain(scene: &mut Scene, axes: &Axes, heading: &str, curves: &[Curve]) {
    let entries: Vec<Entry> = curves
        .iter()
        .enumerate()
        .map(|(k, curve)| Entry {
            stroke: Stroke::series(k),
            label: curve.name.clone(),
            figure: curve.area.map_or("undefined".into(), |area| format!("{area:.3}")),
        })
        .collect();
    let x = axes.area[0] + axes.area[2] + 28.0;
    legend::column(scene, (x, axes.area[1] + 6.0), LEGEND, heading, &entries);
}

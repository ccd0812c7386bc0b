//! How the training went.

use super::axes::{Axes, ticks, whole_ticks};
use super::{HEAD, MARGIN, head};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};

/// Figures at the end of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Epoch {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Loss on the training cells.
    pub loss: f64,
    /// Accuracy on the training cells.
    pub accuracy: f64,
    /// Loss on the validation cells, when there are any.
    pub validation_loss: Option<f64>,
    /// Accuracy on the validation cells.
    pub validation_accuracy: Option<f64>,
}

const PANEL: [f64; 2] = [320.0, 230.0];
const TRAINING: usize = 0;
const VALIDATION: usize = 1;

/// Loss and accuracy over the epochs, on training and validation cells; `best` is the number of the epoch that was
/// kept. Figures that are not finite are left out.
#[must_use]
pub fn history(epochs: &[Epoch], best: Option<usize>) -> Scene {
    let step = 72.0 + PANEL[0] + 20.0;
    let mut scene =
        Scene::new("history", "Loss and accuracy over the epochs", 2.0 * step, HEAD + 18.0 + PANEL[1] + 62.0);
    let remark =
        best.map_or(String::new(), |best| format!("The dashed line is the epoch that was kept, {best}."));
    head(&mut scene, "Training history", &remark);
    let x = scene.w - MARGIN - 200.0;
    for (i, (k, label)) in [(TRAINING, "training"), (VALIDATION, "validation")].into_iter().enumerate() {
        let x = x + 100.0 * i as f64;
        scene.line((x, 42.0), (x + 20.0, 42.0), Stroke { width: 3.0, ..Stroke::series(k) });
        scene.text((x + 26.0, 46.0), Type::LABEL, label);
    }
    let loss = |e: &Epoch| [Some(e.loss), e.validation_loss];
    let accuracy = |e: &Epoch| [Some(e.accuracy), e.validation_accuracy];
    panel(&mut scene, 72.0, "Loss", &series(epochs, loss), best, false);
    panel(&mut scene, 72.0 + step, "Accuracy", &series(epochs, accuracy), best, true);
    scene
}

type Series = [Vec<(f64, f64)>; 2];

fn series(epochs: &[Epoch], figures: impl Fn(&Epoch) -> [Option<f64>; 2]) -> Series {
    [TRAINING, VALIDATION].map(|k| {
        let value = |e: &Epoch| figures(e)[k].filter(|v| v.is_finite()).map(|v| (e.epoch as f64, v));
        epochs.iter().filter_map(value).collect()
    })
}

fn panel(scene: &mut Scene, left: f64, label: &str, series: &Series, best: Option<usize>, share: bool) {
    let all = || series.iter().flatten();
    let last = all().map(|p| p.0).fold(2.0, f64::max);
    let least = all().map(|p| p.1).fold(f64::INFINITY, f64::min);
    let most = all().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
    let y = match (share, least.is_finite()) {
        (_, false) => [0.0, 1.0],
        (true, true) => [((least * 10.0).floor() / 10.0).clamp(0.0, 0.9), 1.0],
        (false, true) => [0.0, if most > 0.0 { 1.05 * most } else { 1.0 }],
    };
    let axes = Axes { area: [left, HEAD + 18.0, PANEL[0], PANEL[1]], x: [1.0, last], y };
    axes.grid_x(scene, &whole_ticks(1.0, last, 6), "Epoch");
    axes.grid_y(scene, &ticks(y[0], y[1], 5), label);
    if let Some(best) = best.map(|b| b as f64).filter(|b| (1.0..=last).contains(b)) {
        let stroke = Stroke { paint: Paint::Muted, width: 1.0, dashed: true };
        scene.line((axes.px(best), axes.py(y[0])), (axes.px(best), axes.py(y[1])), stroke);
    }
    for (k, points) in series.iter().enumerate() {
        if let &[(x, y)] = &points[..] {
            scene.disc((axes.px(x), axes.py(y)), 3.0, Paint::Series(k), None);
        } else if points.len() > 1 {
            scene.path(axes.trace(points.iter().copied()), Stroke::series(k));
        }
    }
}

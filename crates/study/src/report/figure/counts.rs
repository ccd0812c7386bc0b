//! How many cells each class has.

use super::axes::{Axes, whole_ticks};
use super::{HEAD, MARGIN, head, label_width};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::{percent, thousands};

const BAND: f64 = 34.0;

/// Cells per class as bars, and beside them how many of these are flagged (cut at the border of their image).
/// `counts` holds (all cells, flagged cells among them) of each class.
#[must_use]
pub fn class_counts(classes: &[String], counts: &[(usize, usize)]) -> Scene {
    let any_flagged = counts.iter().any(|c| c.1 > 0);
    let labels = label_width(classes.iter().map(String::as_str), 190.0).max(40.0);
    let n_all: usize = counts.iter().map(|c| c.0).sum();
    let top = HEAD + if any_flagged { 12.0 } else { 0.0 };
    let h = BAND * classes.len().max(1) as f64;
    let caption = format!("Number of cells of each of {} classes", classes.len());
    let mut scene = Scene::new("class_counts", caption, 680.0, top + h + 48.0 + MARGIN);
    head(&mut scene, "Cells per class", &format!("{} cells in all.", thousands(n_all)));
    let left = MARGIN + labels + 10.0;
    let most = counts.iter().map(|c| c.0).max().unwrap_or(0).max(1) as f64;
    let axes = Axes { area: [left, top, 680.0 - left - 130.0, h], x: [0.0, most], y: [0.0, 1.0] };
    axes.grid_x(&mut scene, &whole_ticks(0.0, most, 5), "Cells");
    for (i, (class, &(n, n_flagged))) in classes.iter().zip(counts).enumerate() {
        let y = top + BAND * i as f64;
        scene.elided((left - 10.0, y + 0.5 * BAND + 4.0), Type::LABEL.end(), class, labels);
        let thick = if any_flagged { 16.0 } else { 22.0 };
        let hint = Some(format!("{class}: {}", thousands(n)));
        scene.bar([left, y + 5.0, axes.px(n as f64) - left, thick], Paint::Series(0), 1.0, hint);
        if any_flagged {
            let hint = Some(format!("{class}: {} flagged", thousands(n_flagged)));
            scene.bar([left, y + 22.0, axes.px(n_flagged as f64) - left, 6.0], Paint::Series(1), 1.0, hint);
        }
        let end = axes.px(n as f64) + 6.0;
        scene.text((end, y + 0.5 * thick + 9.0), Type::LABEL, thousands(n));
        let share = if n_all == 0 { 0.0 } else { n as f64 / n_all as f64 };
        let x = end + crate::report::text::width(&thousands(n), Type::LABEL.size) + 6.0;
        scene.text((x, y + 0.5 * thick + 9.0), Type::SMALL, percent(share));
    }
    scene.line((left, top), (left, top + h), Stroke::AXIS);
    if any_flagged {
        key(&mut scene, left);
    }
    scene
}

/// What the two bars are.
fn key(scene: &mut Scene, left: f64) {
    scene.rect([left, 58.0, 12.0, 9.0], Paint::Series(0));
    scene.text((left + 18.0, 67.0), Type::SMALL, "all cells");
    scene.rect([left + 86.0, 60.0, 12.0, 6.0], Paint::Series(1));
    scene.text((left + 104.0, 67.0), Type::SMALL, "flagged (cut at the border of the image)");
}

//! Points of a map in the colours of their classes.

use super::axes::{Axes, ticks};
use super::legend;
use super::{HEAD, MARGIN, head};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Type};
use crate::report::text::thousands;

const SIDE: f64 = 560.0;
const LEGEND: f64 = 200.0;
/// Most points that are drawn; more make a file that no page shows fluently.
const DRAWN: usize = 20_000;

/// A map with a disc per point; `of` is the class of each.
#[must_use]
pub fn map(classes: &[String], of: &[Option<usize>], positions: &[[f32; 2]]) -> Scene {
    let step = positions.len().div_ceil(DRAWN).max(1);
    let remark = match step {
        1 => format!("{} cells; near each other are those with like features.", thousands(positions.len())),
        _ => format!("Every {step}th of {} cells.", thousands(positions.len())),
    };
    let mut scene =
        Scene::new("map", "Map of the cells", 72.0 + SIDE + 28.0 + LEGEND, HEAD + SIDE + 44.0 + MARGIN);
    head(&mut scene, "Map of the cells", &remark);
    let axes = axes(positions);
    let label = |axis: usize, range: [f64; 2]| (ticks(range[0], range[1], 6), format!("umap_{axis}"));
    let (x, y) = (label(1, axes.x), label(2, axes.y));
    axes.grid_x(&mut scene, &x.0, &x.1);
    axes.grid_y(&mut scene, &y.0, &y.1);
    let radius = (60.0 / (positions.len().min(DRAWN) as f64).sqrt()).clamp(1.0, 4.0);
    for (position, class) in positions.iter().zip(of).step_by(step) {
        let paint = class.map_or(Paint::Muted, Paint::Series);
        let at = (axes.px(f64::from(position[0])), axes.py(f64::from(position[1])));
        scene.disc(at, radius, paint, None);
    }
    names(&mut scene, &axes, classes, of);
    // Colours repeat; names where the classes lie do not.
    for (k, name) in classes.iter().enumerate() {
        if let Some(at) = middle(&axes, positions, of, k) {
            scene.text(at, Type::LABEL.middle().bold(), name.as_str());
        }
    }
    scene
}

/// Where most of a class lies: the median along each axis, in pixels.
fn middle(axes: &Axes, positions: &[[f32; 2]], of: &[Option<usize>], class: usize) -> Option<(f64, f64)> {
    let median = |axis: usize| {
        let own = positions.iter().zip(of).filter(|(_, of)| **of == Some(class));
        let mut values: Vec<f32> = own.map(|(position, _)| position[axis]).collect();
        values.sort_unstable_by(f32::total_cmp);
        values.get(values.len() / 2).copied().map(f64::from)
    };
    Some((axes.px(median(0)?), axes.py(median(1)?)))
}

fn axes(positions: &[[f32; 2]]) -> Axes {
    let range = |axis: usize| {
        let values = positions.iter().map(|p| f64::from(p[axis]));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let margin = if high > low { 0.03 * (high - low) } else { 1.0 };
        [low - margin, high + margin]
    };
    Axes { area: [72.0, HEAD, SIDE, SIDE], x: range(0), y: range(1) }
}

/// Colour, name and number of each class.
fn names(scene: &mut Scene, axes: &Axes, classes: &[String], of: &[Option<usize>]) {
    let left = axes.area[0] + axes.area[2] + 28.0;
    for (k, name) in classes.iter().enumerate() {
        let y = axes.area[1] + 12.0 + legend::LINE * k as f64;
        let n = of.iter().filter(|class| **class == Some(k)).count();
        scene.disc((left + 5.0, y - 4.0), 5.0, Paint::Series(k), None);
        scene.elided((left + 18.0, y), Type::LABEL, &format!("{name} ({})", thousands(n)), LEGEND - 30.0);
    }
}

//! The figures of the page: controls over plates, treatments by effect and certainty, conditions, dose series.

use stats::dose::NoCurve;
use stats::hit::Direction;

use super::conditions::Condition;
use super::dose::DoseRow;
use super::hits::Treatment;
use super::plates::{PlateReport, Plates, Standing};
use super::wells::WellRow;
use crate::report::figure::axes::{Axes, percent_ticks, ticks, whole_ticks};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use formats::plate_map::Role;

const W: f64 = 1030.0;
const LEFT: f64 = 90.0;
const HEAD: f64 = 58.0;
/// Most points of a figure; more only cover each other and make the page slow.
const MAX_POINTS: usize = 6000;

fn scene(name: &str, title: &str, remark: &str, h: f64) -> Scene {
    let mut scene = Scene::new(name, title, W, HEAD + h + 60.0);
    scene.text((20.0, 22.0), Type::TITLE, title);
    scene.text((20.0, 41.0), Type::SMALL, remark);
    scene
}

/// Range of values with a margin; of none 0 to 1.
fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low > high {
        return [0.0, 1.0];
    }
    let margin = if high > low { 0.05 * (high - low) } else { low.abs().max(1.0) * 0.1 };
    [low - margin, high + margin]
}

/// Scores of the controls, and the middle of the samples, plate by plate; with the row of each disc in the table of wells.
pub fn controls(rows: &[WellRow], plates: &[PlateReport], placed: &Plates) -> (Scene, Vec<usize>) {
    let remark = "Blue: negative controls; orange: positive controls; line: median of the samples.";
    let mut scene = scene("controls", "Controls, plate by plate", remark, 260.0);
    let counts = |i: &usize| placed.wells[*i].standing == Standing::Counts;
    let points: Vec<(f64, f64, usize)> = plates
        .iter()
        .enumerate()
        .flat_map(|(k, plate)| plate.rows.iter().filter(|i| counts(i)).map(move |&i| (k, i)))
        .filter(|(_, i)| matches!(rows[*i].content.role, Role::Negative | Role::Positive))
        .filter_map(|(k, i)| Some((k as f64, rows[i].score?, i)))
        .collect();
    let middles: Vec<(f64, f64)> =
        plates.iter().enumerate().filter_map(|(k, plate)| Some((k as f64, plate.medians[0]?))).collect();
    let y = range(points.iter().map(|p| p.1).chain(middles.iter().map(|m| m.1)));
    let axes = Axes { area: [LEFT, HEAD, W - LEFT - 20.0, 260.0], x: [-0.5, plates.len() as f64 - 0.5], y };
    axes.grid_y(&mut scene, &ticks(y[0], y[1], 5), "Score");
    axes.grid_x(
        &mut scene,
        &whole_ticks(0.0, plates.len().saturating_sub(1) as f64, 8),
        "Plate, in the order of the table",
    );
    scene.path(axes.trace(middles), Stroke { paint: Paint::Muted, width: 1.5, dashed: false });
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    let mut drawn = Vec::new();
    for (x, y, i) in points.into_iter().step_by(step) {
        let role = rows[i].content.role;
        let hint = format!("{} {}: {}", rows[i].plate, rows[i].well, role.name());
        drawn.push(i);
        let (paint, shift) =
            if role == Role::Negative { (Paint::Series(0), -0.12) } else { (Paint::Series(1), 0.12) };
        scene.disc((axes.px(x + shift), axes.py(y)), 2.5, paint, Some(hint));
    }
    (scene, drawn)
}

/// Every treatment: how far from the controls, and how surely. Hits in orange, toxic ones in pink. With the number of the treatment
/// of each disc.
pub fn volcano(treatments: &[Treatment], threshold: f64) -> (Scene, Vec<usize>) {
    let point = |(k, t): (usize, &Treatment)| Some((k, t.score?, -t.p?.max(1e-30).log10()));
    let points: Vec<(usize, f64, f64)> = treatments.iter().enumerate().filter_map(point).collect();
    let remark = "Orange: hits; pink: toxic; blue: negative, green: positive controls; grey: the rest. Lines: the threshold.";
    let mut scene = scene("volcano", "Effect and certainty of every treatment", remark, 360.0);
    let x = range(points.iter().map(|p| p.1).chain([-threshold, threshold]));
    let y = range(points.iter().map(|p| p.2).chain([0.0]));
    let axes = Axes { area: [LEFT, HEAD, W - LEFT - 20.0, 360.0], x, y: [0.0, y[1].max(1.0)] };
    axes.grid_x(&mut scene, &ticks(x[0], x[1], 9), "Normalised score, median of replicates");
    axes.grid_y(&mut scene, &ticks(0.0, axes.y[1], 6), "-log10 p");
    for at in [-threshold, threshold] {
        let line = Stroke { paint: Paint::Muted, width: 1.0, dashed: true };
        scene.line((axes.px(at), HEAD), (axes.px(at), HEAD + 360.0), line);
    }
    // Hits come first in the table and are drawn last, over the others.
    let step = points.len().div_ceil(MAX_POINTS).max(1);
    let mut drawn = Vec::new();
    for (i, (k, x, y)) in points.iter().enumerate().rev() {
        let treatment = &treatments[*k];
        if i % step != 0 && treatment.hit.is_none() {
            continue;
        }
        drawn.push(*k);
        let paint = match (treatment.hit, treatment.role) {
            (Some(_), _) => Paint::Series(1),
            (None, Role::Negative) => Paint::Series(0),
            (None, Role::Positive) => Paint::Series(2),
            _ if treatment.verdict.starts_with("toxic") => Paint::Series(3),
            _ => Paint::Muted,
        };
        let radius = if treatment.hit.is_some() { 4.0 } else { 2.5 };
        scene.disc(
            (axes.px(*x), axes.py(*y)),
            radius,
            paint,
            Some(format!("{}: {x:.2}, {}", treatment.name, treatment.verdict)),
        );
    }
    (scene, drawn)
}

/// Share of cells of a class in each condition, with intervals.
pub fn fractions(conditions: &[Condition], class: usize, name: &str) -> Scene {
    const MAX_BARS: usize = 60;
    const BAND: f64 = 26.0;
    let shown = &conditions[..conditions.len().min(MAX_BARS)];
    let h = BAND * shown.len().max(1) as f64;
    let more = if conditions.len() > MAX_BARS {
        format!(" The first {MAX_BARS} of {}.", conditions.len())
    } else {
        String::new()
    };
    let remark = format!(
        "Bars: share of cells called {name}; lines: 95% intervals over wells or fields; disc: mean probability.{more}"
    );
    let mut scene = scene("fractions", &format!("{name}, condition by condition"), &remark, h);
    let left = 260.0;
    let highest = shown.iter().flat_map(|c| {
        let class = &c.classes[class];
        [class.fraction, class.mean, class.fraction_interval.map_or(0.0, |i| i[1])]
    });
    let top = highest.fold(0.05, f64::max).min(1.0);
    let axes = Axes { area: [left, HEAD, W - left - 140.0, h], x: [0.0, top], y: [0.0, 1.0] };
    axes.grid_x(&mut scene, &percent_ticks(0.0, top, 6), "Share of cells, or mean probability");
    for (i, condition) in shown.iter().enumerate() {
        let middle = HEAD + BAND * (i as f64 + 0.5);
        let class = &condition.classes[class];
        let label = if condition.name.is_empty() { "all" } else { &condition.name };
        scene.elided((left - 10.0, middle + 4.0), Type::LABEL.end(), label, left - 40.0);
        let hint = Some(format!("{label}: {:.3}", class.fraction));
        scene.bar([left, middle - 8.0, axes.px(class.fraction) - left, 16.0], Paint::Series(0), 0.85, hint);
        if let Some([low, high]) = class.fraction_interval {
            let stroke = Stroke { paint: Paint::Ink, width: 1.5, dashed: false };
            scene.line((axes.px(low), middle), (axes.px(high), middle), stroke);
        }
        scene.disc(
            (axes.px(class.mean), middle),
            3.5,
            Paint::Series(1),
            Some(format!("mean probability {:.3}", class.mean)),
        );
        let cells = crate::report::text::counted(condition.n_cells as usize, "cell", "cells");
        scene.text((W - 20.0, middle + 4.0), Type::SMALL.end(), cells);
    }
    scene
}

/// Dose series long enough for a curve, those with one first, at most 24; None when there is none.
pub fn doses(rows: &[DoseRow]) -> Option<Scene> {
    const COLUMNS: usize = 4;
    const CELL: (f64, f64) = (247.0, 190.0);
    let is_long = |row: &&DoseRow| !matches!(row.fit, Err(NoCurve::FewDoses { .. }));
    let mut rows: Vec<&DoseRow> = rows.iter().filter(is_long).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by_key(|row| row.fit.is_err());
    rows.truncate(24);
    let h = CELL.1 * rows.len().div_ceil(COLUMNS) as f64;
    let remark = "Discs: wells; line: logistic curve of four parameters, where the data determine one.";
    let mut scene = scene("doses", "Dose and response", remark, h);
    for (k, row) in rows.iter().enumerate() {
        let corner = (20.0 + CELL.0 * (k % COLUMNS) as f64, HEAD + CELL.1 * (k / COLUMNS) as f64);
        one_dose(&mut scene, row, corner, CELL);
    }
    Some(scene)
}

fn one_dose(scene: &mut Scene, row: &DoseRow, (left, top): (f64, f64), (w, h): (f64, f64)) {
    let points: Vec<(f64, f64)> =
        row.points.iter().filter(|p| p.0 > 0.0).map(|p| (p.0.log10(), p.1)).collect();
    scene.elided((left + 36.0, top + 14.0), Type::LABEL.bold(), &row.compound, w - 50.0);
    let (x, y) = (range(points.iter().map(|p| p.0)), range(points.iter().map(|p| p.1)));
    let axes = Axes { area: [left + 36.0, top + 22.0, w - 56.0, h - 72.0], x, y };
    axes.grid_x(scene, &ticks(x[0], x[1], 4), &format!("log10 {}", row.unit));
    for (value, text) in ticks(y[0], y[1], 3) {
        scene.text((axes.area[0] - 4.0, axes.py(value) + 4.0), Type::SMALL.end(), text);
    }
    if let Ok(fit) = &row.fit {
        let steps = (0..=60).map(|i| x[0] + (x[1] - x[0]) * f64::from(i) / 60.0);
        scene.path(axes.trace(steps.map(|x| (x, fit.curve.at(x)))), Stroke::series(0));
    }
    let paint = if row.fit.is_ok() { Paint::Series(0) } else { Paint::Muted };
    for (x, y) in points {
        scene.disc((axes.px(x), axes.py(y)), 2.5, paint, None);
    }
}

/// `up` or `down`.
pub fn way(direction: Direction) -> &'static str {
    if direction == Direction::Up { "up" } else { "down" }
}

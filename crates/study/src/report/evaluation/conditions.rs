//! The figures condition by condition: one table, one drawing, and the whole report of each in a folder of its own.

use formats::table::{Column, Table};
use serde::Serialize;
use stats::metrics::Metrics;

use crate::report::figure::axes::{Axes, percent_ticks};
use crate::report::paint::Paint;
use crate::report::scene::{Scene, Stroke, Type};
use crate::report::text::{counted, percent};

/// Cells of one condition, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Its name, as the cells have it.
    pub name: String,
    /// Where its own report lies, beside that of all cells.
    pub folder: String,
    /// Its figures.
    pub metrics: Metrics,
}

/// A condition as the page shows it.
#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    page: String,
    n: usize,
    n_groups: usize,
    accuracy: String,
    accuracy_range: String,
    macro_f1: String,
    note: String,
}

pub(super) fn rows(conditions: &[Condition]) -> Vec<Row> {
    let row = |condition: &Condition| {
        let m = &condition.metrics;
        let range =
            m.intervals.get("accuracy").map(|[low, high]| format!("{} to {}", percent(*low), percent(*high)));
        Row {
            name: condition.name.clone(),
            page: format!("{}/report.html", condition.folder),
            n: m.n,
            n_groups: m.n_groups,
            accuracy: percent(m.accuracy),
            accuracy_range: range.unwrap_or_default(),
            macro_f1: format!("{:.3}", m.macro_f1),
            note: note(m),
        }
    };
    conditions.iter().map(row).collect()
}

/// What a reader must know of the figures.
fn note(metrics: &Metrics) -> String {
    let absent: Vec<&str> = metrics
        .classes
        .iter()
        .filter(|name| metrics.per_class.get(*name).is_none_or(|class| class.support == 0))
        .map(String::as_str)
        .collect();
    let mut notes = Vec::new();
    if !absent.is_empty() {
        notes.push(format!("no cell of {}", absent.join(", ")));
    }
    if metrics.n_groups < 2 {
        notes.push("one group: no interval".to_owned());
    }
    notes.join("; ")
}

/// A row per condition.
pub(super) fn table(conditions: &[Condition]) -> Table {
    let text = |get: &dyn Fn(&Condition) -> String| {
        Column::Text(conditions.iter().map(|c| Some(get(c)).filter(|t| !t.is_empty())).collect())
    };
    let count = |get: &dyn Fn(&Metrics) -> usize| {
        Column::Int(conditions.iter().map(|c| i64::try_from(get(&c.metrics)).ok()).collect())
    };
    let real = |get: &dyn Fn(&Metrics) -> Option<f64>| {
        Column::Float(conditions.iter().map(|c| get(&c.metrics).filter(|v| v.is_finite())).collect())
    };
    let mut table = Table::default();
    table.push("condition", text(&|c| c.name.clone()));
    table.push("n_cells", count(&|m| m.n));
    table.push("n_groups", count(&|m| m.n_groups));
    type Figure = (&'static str, fn(&Metrics) -> f64);
    let figures: [Figure; 3] = [
        ("accuracy", |m| m.accuracy),
        ("balanced_accuracy", |m| m.balanced_accuracy),
        ("macro_f1", |m| m.macro_f1),
    ];
    for (name, figure) in figures {
        table.push(name, real(&|m| Some(figure(m))));
        for (end, bound) in ["low", "high"].into_iter().enumerate() {
            table.push(format!("{name}_{bound}"), real(&|m| m.intervals.get(name).map(|range| range[end])));
        }
    }
    table.push("log_loss", real(&|m| Some(m.log_loss)));
    table.push("ece", real(&|m| Some(m.ece)));
    table.push("folder", text(&|c| c.folder.clone()));
    table.push("note", text(&|c| note(&c.metrics)));
    table
}

/// Accuracy of each condition with its interval.
pub(super) fn scene(conditions: &[Condition]) -> Scene {
    const MOST: usize = 60;
    const BAND: f64 = 26.0;
    const W: f64 = 1030.0;
    const LEFT: f64 = 260.0;
    const HEAD: f64 = 58.0;
    let shown = &conditions[..conditions.len().min(MOST)];
    let h = BAND * shown.len().max(1) as f64;
    let mut scene = Scene::new("conditions", "Accuracy, condition by condition", W, HEAD + h + 60.0);
    let more = if conditions.len() > MOST {
        format!(" The first {MOST} of {}.", conditions.len())
    } else {
        String::new()
    };
    scene.text((20.0, 22.0), Type::TITLE, "Accuracy, condition by condition");
    scene.text(
        (20.0, 41.0),
        Type::SMALL,
        format!("Bars: share of cells called right; lines: 95% intervals over groups.{more}"),
    );
    let axes = Axes { area: [LEFT, HEAD, W - LEFT - 140.0, h], x: [0.0, 1.0], y: [0.0, 1.0] };
    axes.grid_x(&mut scene, &percent_ticks(0.0, 1.0, 6), "Share of cells called right");
    for (i, condition) in shown.iter().enumerate() {
        let (middle, m) = (HEAD + BAND * (i as f64 + 0.5), &condition.metrics);
        scene.elided((LEFT - 10.0, middle + 4.0), Type::LABEL.end(), &condition.name, LEFT - 40.0);
        let hint = Some(format!("{}: {}", condition.name, percent(m.accuracy)));
        scene.bar([LEFT, middle - 8.0, axes.px(m.accuracy) - LEFT, 16.0], Paint::Series(0), 0.85, hint);
        if let Some([low, high]) = m.intervals.get("accuracy") {
            let stroke = Stroke { paint: Paint::Ink, width: 1.5, dashed: false };
            scene.line((axes.px(*low), middle), (axes.px(*high), middle), stroke);
        }
        scene.text((W - 20.0, middle + 4.0), Type::SMALL.end(), counted(m.n, "cell", "cells"));
    }
    scene
}

//! What part of each source every class makes up.

use super::{HEAD, MARGIN, head, label_width, legend};
use crate::report::paint::{Paint, Rgb};
use crate::report::scene::{Scene, Type};
use crate::report::text::{counted, percent, thousands};

/// Cells of each class in one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCounts {
    /// File the cells come from, or what stands for several.
    pub source: String,
    /// Cells per class, in the order of the classes.
    pub counts: Vec<usize>,
}

const BAND: f64 = 30.0;
const BAR: f64 = 420.0;

/// Shares of the classes as bars of equal length, one per row.
#[must_use]
pub fn shares(classes: &[String], rows: &[SourceCounts]) -> Scene {
    let labels = label_width(rows.iter().map(|r| r.source.as_str()), 260.0).max(40.0);
    let left = MARGIN + labels + 10.0;
    let w = left + BAR + 90.0 + MARGIN;
    let (places, legend_h) = legend::flow(classes, w - 2.0 * MARGIN);
    let top = HEAD + legend_h + 12.0;
    let caption = format!("Share of each of {} classes", classes.len());
    let mut scene = Scene::new("shares", caption, w, top + BAND * rows.len() as f64 + MARGIN);
    head(&mut scene, "Share of each class", "By the file that the cells come from.");
    for (k, (x, y, label)) in places.into_iter().enumerate() {
        scene.bar([MARGIN + x, HEAD + y, 12.0, 12.0], Paint::Series(k), opacity(k), None);
        scene.text((MARGIN + x + 18.0, HEAD + y + 10.0), Type::LABEL, label);
    }
    for (i, row) in rows.iter().enumerate() {
        let y = top + BAND * i as f64;
        scene.elided((left - 10.0, y + 17.0), Type::LABEL.end(), &row.source, labels);
        stack(&mut scene, (left, y), classes, &row.counts);
        let n: usize = row.counts.iter().sum();
        scene.text((left + BAR + 10.0, y + 17.0), Type::SMALL, counted(n, "cell", "cells"));
    }
    scene
}

/// One bar of stacked shares.
fn stack(scene: &mut Scene, (left, y): (f64, f64), classes: &[String], counts: &[usize]) {
    let n_all: usize = counts.iter().sum();
    let mut x = left;
    for (k, (&n, class)) in counts.iter().zip(classes).enumerate().filter(|(_, (n, _))| **n > 0) {
        let share = n as f64 / n_all as f64;
        let w = BAR * share;
        let hint = format!("{class}: {} ({})", thousands(n), percent(share));
        // A gap between neighbours, unless the piece is thinner than the gap.
        scene.bar(
            [x, y + 2.0, if w > 3.0 { w - 1.5 } else { w }, BAND - 8.0],
            Paint::Series(k),
            opacity(k),
            Some(hint),
        );
        if w > 40.0 {
            scene.text((x + 0.5 * w, y + 17.0), Type::SMALL.middle().in_paint(ink(k)), percent(share));
        }
        x += w;
    }
}

/// Colours repeat paler.
fn opacity(k: usize) -> f64 {
    if (k / Paint::N_SERIES).is_multiple_of(2) { 1.0 } else { 0.5 }
}

/// What is read best on series colour `k`: white on blue, black on the others, the page's ink on pale ones.
fn ink(k: usize) -> Paint {
    match k {
        0 => Paint::Fixed(Rgb(255, 255, 255)),
        k if k < Paint::N_SERIES => Paint::Fixed(Rgb(0x10, 0x13, 0x16)),
        _ => Paint::Ink,
    }
}

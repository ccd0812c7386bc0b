//! Which class is taken for which.

use super::{HEAD, MARGIN, head, label_width};
use crate::report::paint::{Paint, Rgb};
use crate::report::scene::{Scene, Type};
use crate::report::text::{elide, percent, thousands, width};

const RIGHT: Paint = Paint::Series(0);
const WRONG: Paint = Paint::Series(1);

/// The confusion matrix: rows are the truth, columns the prediction; the colour is the share of the row, blue where
/// right, orange where wrong. `counts` is `[k, k]`; missing rows or columns count as 0.
#[must_use]
pub fn confusion(classes: &[String], counts: &[Vec<u64>]) -> Scene {
    let k = classes.len();
    let side = match k {
        0..=2 => 108.0,
        3..=4 => 84.0,
        5..=6 => 68.0,
        7..=9 => 56.0,
        10..=16 => 46.0,
        _ => 22.0,
    };
    let rows = label_width(classes.iter().map(String::as_str), 170.0).max(60.0);
    let columns = Columns::new(classes, side);
    let left = MARGIN + 24.0 + rows + 10.0;
    let span = side * k as f64;
    let w = f64::max(left + span + MARGIN, 460.0);
    let mut scene = Scene::new(
        "confusion",
        format!("Confusion matrix of {k} classes, rows are the true class"),
        w,
        HEAD + span + columns.height + 34.0 + MARGIN,
    );
    head(&mut scene, "Confusion matrix", "Cells, and share of each true class. Blue: right. Orange: wrong.");
    for (row, class) in classes.iter().enumerate() {
        let y = HEAD + side * row as f64;
        let none = Vec::new();
        let cells = counts.get(row).unwrap_or(&none);
        let n_row: u64 = cells.iter().sum();
        scene.elided((left - 10.0, y + 0.5 * side + 1.0), Type::LABEL.end(), class, rows);
        if side > 30.0 {
            let n = format!("n = {}", thousands(n_row as usize));
            scene.text((left - 10.0, y + 0.5 * side + 15.0), Type::SMALL.end(), n);
        }
        for (column, other) in classes.iter().enumerate() {
            let corner = (left + side * column as f64, y);
            let n = cells.get(column).copied().unwrap_or(0);
            let hint = format!(
                "{} of {} true “{class}” called “{other}”",
                thousands(n as usize),
                thousands(n_row as usize)
            );
            cell(&mut scene, corner, side, (n, n_row), row == column, hint);
        }
    }
    let middle = HEAD + 0.5 * span;
    scene.text((MARGIN + 10.0, middle), Type::LABEL.bold().middle().turned(-90.0), "True class");
    columns.write(&mut scene, (left, HEAD + span), side);
    let below = HEAD + span + columns.height + 24.0;
    scene.text((left + 0.5 * span, below), Type::LABEL.bold().middle(), "Predicted class");
    scene
}

/// One cell of the matrix: `n` of the `n_row` cells of its row.
fn cell(scene: &mut Scene, (x, y): (f64, f64), side: f64, (n, n_row): (u64, u64), right: bool, hint: String) {
    let share = if n_row == 0 { 0.0 } else { n as f64 / n_row as f64 };
    let paint = if right { RIGHT } else { WRONG };
    // A faint ground even at 0 keeps the grid visible; a single mistake must still be seen.
    let opacity = if n == 0 { 0.035 } else { 0.10 + 0.90 * share };
    scene.bar([x + 1.0, y + 1.0, side - 2.0, side - 2.0], paint, opacity, Some(hint));
    if side < 30.0 || n_row == 0 {
        return;
    }
    let middle = (x + 0.5 * side, y + 0.5 * side);
    if n == 0 {
        return scene.text((middle.0, middle.1 + 4.0), Type::SMALL.middle(), "0");
    }
    let ink = if opacity > 0.75 { Paint::Fixed(Rgb(255, 255, 255)) } else { Paint::Ink };
    let size = if side > 60.0 { 16.0 } else { 12.5 };
    let style = Type { size, ..Type::LABEL.bold().middle().in_paint(ink) };
    scene.text(middle, style, thousands(n as usize));
    let small = Type { size: if side > 50.0 { 11.0 } else { 10.0 }, ..Type::SMALL.middle().in_paint(ink) };
    scene.text((middle.0, middle.1 + 14.0), small, percent(share));
}

/// Labels below the columns, slanted when they are wider than a column.
struct Columns {
    labels: Vec<String>,
    slanted: bool,
    height: f64,
}

impl Columns {
    fn new(classes: &[String], side: f64) -> Columns {
        let size = Type::LABEL.size;
        let slanted = classes.iter().any(|c| width(c, size) > side - 4.0);
        let labels: Vec<String> = classes.iter().map(|c| elide(c, size, 150.0)).collect();
        let widest = labels.iter().map(|l| width(l, size)).fold(0.0, f64::max);
        let height = if slanted { 14.0 + widest * 40f64.to_radians().sin() } else { 20.0 };
        Columns { labels, slanted, height }
    }

    fn write(&self, scene: &mut Scene, (left, top): (f64, f64), side: f64) {
        for (i, label) in self.labels.iter().enumerate() {
            let x = left + side * (i as f64 + 0.5);
            if self.slanted {
                scene.text((x + 4.0, top + 16.0), Type::LABEL.end().turned(-40.0), label);
            } else {
                scene.text((x, top + 18.0), Type::LABEL.middle(), label);
            }
        }
    }
}

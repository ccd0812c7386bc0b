//! Classes with too few cells.

use super::{Finding, Rule, Severity, View, count};

pub(super) fn look(view: &View) -> Option<Finding> {
    let sizes = view.class_sizes();
    if sizes.iter().all(|&n| n == 0) {
        return None;
    }
    let enough = view.settings.min_cells_per_class;
    let few: Vec<usize> = (0..sizes.len()).filter(|&c| sizes[c] < enough).collect();
    if few.is_empty() {
        return None;
    }
    let lines: Vec<String> = few
        .iter()
        .map(|&c| format!("{} has {}", view.set.classes[c], count(sizes[c], "cell", "cells")))
        .collect();
    let summary = format!("{}: fewer than {enough} are hardly enough to learn and judge.", lines.join(", "));
    let is_few = |&i: &usize| view.set.cells[i].class.is_some_and(|c| few.contains(&c));
    let cells = (0..view.set.len()).filter(is_few).collect();
    let severity = if few.iter().any(|&c| sizes[c] < 2) { Severity::Problem } else { Severity::Warning };
    Some(Finding { rule: Rule::FewCells, severity, summary, details: view.shorten(lines), cells })
}

//! The same cell under two classes.

use std::collections::BTreeSet;

use super::same::{Pair, clusters};
use super::{Finding, Rule, Severity, View, count};

pub(super) fn look(view: &View, identical: &[Vec<usize>], shifted: &[Pair]) -> Option<Finding> {
    let cell = |i: usize| &view.set.cells[i];
    let contradicts =
        |same: &Vec<usize>| same.iter().filter_map(|&i| cell(i).class).collect::<BTreeSet<_>>().len() > 1;
    let mut contradictions = clusters(view.set.len(), identical, shifted);
    contradictions.retain(contradicts);
    if contradictions.is_empty() {
        return None;
    }
    let line = |same: &Vec<usize>| {
        let views = same.iter().map(|&i| format!("{} is {}", cell(i).name, view.class_name(cell(i).class)));
        views.collect::<Vec<_>>().join(", ")
    };
    let details = view.shorten(contradictions.iter().map(line).collect());
    let summary = format!(
        "{} under two classes: no classifier can be right about both.",
        count(contradictions.len(), "cell is", "cells are"),
    );
    let mut cells: Vec<usize> = contradictions.into_iter().flatten().collect();
    cells.sort_unstable();
    Some(Finding { rule: Rule::TwoClasses, severity: Severity::Problem, summary, details, cells })
}

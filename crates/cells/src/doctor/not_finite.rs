//! Pixels that are NaN or infinite.

use super::{Finding, Rule, Severity, View, count};

pub(super) fn look(view: &View) -> Option<Finding> {
    let cells: Vec<usize> = (0..view.set.len()).filter(|&i| !view.portraits[i].finite).collect();
    if cells.is_empty() {
        return None;
    }
    let summary = format!(
        "{} pixels that are not numbers (NaN or infinite): training stops at the first.",
        count(cells.len(), "cell has", "cells have"),
    );
    Some(view.finding(Rule::NotFinite, Severity::Problem, summary, cells))
}

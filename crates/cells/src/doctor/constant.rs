//! A channel that is the same everywhere, in all cells or in some of them.

use super::{Finding, Rule, Severity, View, count};

pub(super) fn look(view: &View) -> Option<Finding> {
    let flat = |i: usize, c: usize| {
        let p = &view.portraits[i];
        p.finite && p.channels[c].min == p.channels[c].max
    };
    let (mut lines, mut cells) = (Vec::new(), Vec::new());
    let mut everywhere = false;
    for (c, name) in view.set.channels.iter().enumerate() {
        let constant: Vec<usize> = (0..view.set.len()).filter(|&i| flat(i, c)).collect();
        if constant.len() == view.set.len() {
            everywhere = true;
            lines.push(format!("channel {name} has one value per cell in all cells"));
        } else if !constant.is_empty() {
            lines.push(format!(
                "channel {name} has one value throughout in {}",
                count(constant.len(), "cell", "cells")
            ));
        }
        cells.extend(constant);
    }
    if lines.is_empty() {
        return None;
    }
    cells.sort_unstable();
    cells.dedup();
    let severity = if everywhere { Severity::Problem } else { Severity::Warning };
    let summary = format!("Nothing to see: {}.", lines.join("; "));
    Some(view.finding(Rule::Constant, severity, summary, cells))
}

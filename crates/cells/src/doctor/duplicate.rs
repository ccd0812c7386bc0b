//! The same pixels twice, and the same cell cut out again some pixels away.

use super::same::{Pair, clusters};
use super::{Finding, Rule, Severity, View, count};

pub(super) fn exact(view: &View, identical: &[Vec<usize>]) -> Option<Finding> {
    if identical.is_empty() {
        return None;
    }
    let cells = sorted(identical.iter().flatten().copied());
    let summary = format!(
        "{} exactly the same pixels as another: when one trains and the other judges, the figures flatter.",
        count(cells.len(), "cell has", "cells have"),
    );
    let line = |same: &Vec<usize>| names(view, same).join(" = ");
    let details = view.shorten(identical.iter().map(line).collect());
    Some(Finding { rule: Rule::Duplicate, severity: Severity::Warning, summary, details, cells })
}

pub(super) fn shifted(view: &View, shifted: &[Pair]) -> Option<Finding> {
    if shifted.is_empty() {
        return None;
    }
    let cells = sorted(shifted.iter().flat_map(|pair| [pair.a, pair.b]));
    let n_seen = clusters(view.set.len(), &[], shifted).len();
    let summary = format!(
        "{} cut out again some pixels away ({} in all): give them one group, or the figures flatter.",
        count(n_seen, "cell was", "cells were"),
        count(cells.len(), "patch", "patches"),
    );
    let line = |pair: &Pair| {
        let names = names(view, &[pair.a, pair.b]);
        format!("{} ~ {} ({} rows, {} columns away)", names[0], names[1], pair.dy.abs(), pair.dx.abs())
    };
    let details = view.shorten(shifted.iter().map(line).collect());
    Some(Finding { rule: Rule::ShiftedDuplicate, severity: Severity::Warning, summary, details, cells })
}

fn names<'a>(view: &'a View, cells: &[usize]) -> Vec<&'a str> {
    cells.iter().map(|&i| view.set.cells[i].name.as_str()).collect()
}

fn sorted(cells: impl Iterator<Item = usize>) -> Vec<usize> {
    cells.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

//! The same pixels twice, and the same cell cut out again some pixels away. No split parts cells of one group, so
//! that between them neither flatters: copies are then a note, and another view of a cell is not spoken of.

use super::same::{Pair, clusters};
use super::{Finding, Rule, Severity, View, count};

pub(super) fn exact(view: &View, identical: &[Vec<usize>]) -> Option<Finding> {
    if identical.is_empty() {
        return None;
    }
    let cells = sorted(identical.iter().flatten().copied());
    let leaks = identical.iter().any(|same| same.iter().any(|&i| group(view, i) != group(view, same[0])));
    let (severity, so) = if leaks {
        (Severity::Warning, "when one trains and the other judges, the figures flatter")
    } else {
        (Severity::Note, "they are of one group, so that no figure flatters, but count twice")
    };
    let summary = format!(
        "{} exactly the same pixels as another: {so}.",
        count(cells.len(), "cell has", "cells have"),
    );
    let line = |same: &Vec<usize>| names(view, same).join(" = ");
    let details = view.shorten(identical.iter().map(line).collect());
    Some(Finding { rule: Rule::Duplicate, severity, summary, details, cells })
}

pub(super) fn shifted(view: &View, shifted: &[Pair]) -> Option<Finding> {
    let parted: Vec<Pair> =
        shifted.iter().filter(|pair| group(view, pair.a) != group(view, pair.b)).copied().collect();
    if parted.is_empty() {
        return None;
    }
    let cells = sorted(parted.iter().flat_map(|pair| [pair.a, pair.b]));
    let n_seen = clusters(view.set.len(), &[], &parted).len();
    let summary = format!(
        "{} cut out again some pixels away ({} in all): give them one group, or the figures flatter.",
        count(n_seen, "cell was", "cells were"),
        count(cells.len(), "patch", "patches"),
    );
    let line = |pair: &Pair| {
        let names = names(view, &[pair.a, pair.b]);
        format!("{} ~ {} ({} rows, {} columns away)", names[0], names[1], pair.dy.abs(), pair.dx.abs())
    };
    let details = view.shorten(parted.iter().map(line).collect());
    Some(Finding { rule: Rule::ShiftedDuplicate, severity: Severity::Warning, summary, details, cells })
}

fn group<'a>(view: &View<'a>, cell: usize) -> &'a str {
    &view.set.cells[cell].group
}

fn names<'a>(view: &'a View, cells: &[usize]) -> Vec<&'a str> {
    cells.iter().map(|&i| view.set.cells[i].name.as_str()).collect()
}

fn sorted(cells: impl Iterator<Item = usize>) -> Vec<usize> {
    cells.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

//! Patches without a cell: nothing but noise.

use super::portrait::quantile;
use super::{Finding, Rule, Severity, View, count};

/// An empty patch spans less than this share of what patches with much contrast do, and less than the geometric mean
/// of that and what white noise would: noise of neighbouring pixels may be alike, and backgrounds may slope.
const MAX_OF_TYPICAL: f32 = 0.5;
/// Single pixels of an empty patch spread hardly more than its noise; a small cell of fine texture does.
const MAX_SPREAD: f32 = 2.5;

pub(super) fn look(view: &View) -> Option<Finding> {
    let finite = || view.portraits.iter().filter(|p| p.finite);
    let mut contrasts: Vec<f32> = finite().map(|p| p.contrast).collect();
    let typical = quantile(&mut contrasts, 0.75);
    let is_empty = |&i: &usize| {
        let p = &view.portraits[i];
        let like_noise = p.contrast * p.contrast <= typical * p.noise_contrast;
        p.finite && p.contrast < MAX_OF_TYPICAL * typical && like_noise && p.spread < MAX_SPREAD
    };
    let cells: Vec<usize> = (0..view.set.len()).filter(is_empty).collect();
    if cells.is_empty() {
        return None;
    }
    let mostly: Vec<String> =
        view.by_class(&cells).into_iter().filter(|(share, _)| *share > 0.5).map(|(_, text)| text).collect();
    let (severity, where_) = match &mostly[..] {
        [] => (Severity::Warning, String::new()),
        classes => (Severity::Problem, format!(", among them {}", classes.join(" and "))),
    };
    let summary =
        format!("{} no cell, only noise{where_}.", count(cells.len(), "patch shows", "patches show"));
    Some(view.finding(Rule::Empty, severity, summary, cells))
}

//! Pixels at the upper end of the camera's range: structure that is lost.

use super::{Finding, Rule, Severity, View, count};

pub(super) fn look(view: &View) -> Option<Finding> {
    let n_pixels = (view.set.shape.h * view.set.shape.w) as f32;
    let mut saturated = vec![Vec::new(); view.set.shape.c];
    for (c, cells) in saturated.iter_mut().enumerate() {
        let finite = || view.portraits.iter().enumerate().filter(|(_, p)| p.finite);
        let ceiling = finite().map(|(_, p)| p.channels[c].max).fold(f32::NEG_INFINITY, f32::max);
        let clipped = |i: &usize| {
            let channel = &view.portraits[*i].channels[c];
            let share = channel.n_max as f32 / n_pixels;
            channel.max == ceiling && channel.min < ceiling && share > view.settings.max_saturated
        };
        cells.extend(finite().map(|(i, _)| i).filter(clipped));
    }
    let mut cells: Vec<usize> = saturated.iter().flatten().copied().collect();
    cells.sort_unstable();
    cells.dedup();
    if cells.is_empty() {
        return None;
    }
    let names = saturated.iter().zip(&view.set.channels).filter(|(cells, _)| !cells.is_empty());
    let channels: Vec<&str> = names.map(|(_, name)| name.as_str()).collect();
    let summary = format!(
        "{} saturated pixels in channel {}: their structure is lost, expose less.",
        count(cells.len(), "cell has", "cells have"),
        channels.join(", "),
    );
    Some(view.finding(Rule::Saturated, Severity::Warning, summary, cells))
}

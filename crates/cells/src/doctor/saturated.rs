//! Pixels at the upper end of the camera's range: structure that is lost.

use super::{Finding, Rule, Severity, View, count, portrait::ChannelPortrait};

pub(super) fn look(view: &View) -> Option<Finding> {
    let found: Vec<Channel> = (0..view.set.shape.c).filter_map(|c| look_at(view, c)).collect();
    let severity = found.iter().map(|channel| channel.severity).max()?;
    let worst = || found.iter().filter(|channel| channel.severity == severity);
    let mut cells: Vec<usize> = worst().flat_map(|channel| channel.cells.iter().copied()).collect();
    cells.sort_unstable();
    cells.dedup();
    let channels: Vec<&str> = worst().map(|channel| channel.name).collect();
    let advice = match severity {
        Severity::Note => "mostly beside the cells, where little is lost",
        _ => "their structure is lost, expose less",
    };
    let summary = format!(
        "{} saturated pixels in channel {}: {advice}.",
        count(cells.len(), "cell has", "cells have"),
        channels.join(", "),
    );
    Some(view.finding(Rule::Saturated, severity, summary, cells))
}

struct Channel<'a> {
    name: &'a str,
    severity: Severity,
    cells: Vec<usize>,
}

fn look_at<'a>(view: &'a View, c: usize) -> Option<Channel<'a>> {
    let finite: Vec<usize> = (0..view.set.len()).filter(|&i| view.portraits[i].finite).collect();
    let of = |i: &usize| &view.portraits[*i].channels[c];
    let ceiling = finite.iter().map(|i| of(i).max).fold(f32::NEG_INFINITY, f32::max);
    let n_pixels = (view.set.shape.h * view.set.shape.w) as f32;
    let clipped = |i: &usize, n: fn(&ChannelPortrait) -> usize| {
        let channel = of(i);
        let share = n(channel) as f32 / n_pixels;
        channel.max == ceiling && channel.min < ceiling && share > view.settings.max_saturated
    };
    let cells: Vec<usize> = finite.iter().copied().filter(|i| clipped(i, |p| p.n_max)).collect();
    if cells.is_empty() {
        return None;
    }
    // A white background is at the ceiling in most crops, but not in their middle.
    let n_middle = finite.iter().filter(|i| clipped(i, |p| p.n_max_middle)).count();
    let background = 2 * cells.len() > finite.len() && 2 * n_middle <= finite.len();
    let severity = if background { Severity::Note } else { Severity::Warning };
    Some(Channel { name: &view.set.channels[c], severity, cells })
}

//! Intensity that tells the class because each class comes from its own groups, which differ in intensity.
//!
//! When every class was recorded on its own day, nobody can tell whether a classifier learned the cells or the
//! lamp. Three figures decide, each 0 for guessing and 1 for always right, classes counting alike: how well the
//! group tells the class, how well one intensity does, and how much of the latter is left within groups, where it can
//! only be biology.

use std::collections::BTreeMap;

use super::{Finding, Rule, Severity, View};

/// How well the group must tell the class.
const MIN_BY_GROUP: f64 = 0.4;
/// How well the background must tell it; it should not at all.
const MIN_BY_RIM: f64 = 0.5;
/// How well the mean must tell it; cells of different classes may well differ in brightness.
const MIN_BY_MEAN: f64 = 0.8;
/// How much less the intensity must tell within groups.
const MIN_LOSS_WITHIN: f64 = 0.3;
/// Groups hold so many cells on average, or they are no groups.
const MIN_CELLS_PER_GROUP: usize = 3;

pub(super) fn look(view: &View) -> Option<Finding> {
    let labelled: Vec<usize> = (0..view.set.len())
        .filter(|&i| view.set.cells[i].class.is_some() && view.portraits[i].finite)
        .collect();
    let classes: Vec<usize> = labelled.iter().filter_map(|&i| view.set.cells[i].class).collect();
    let (column, groups) = groups(view, &labelled)?;
    if by_group(&classes, &groups) < MIN_BY_GROUP {
        return None;
    }
    let mut lines = Vec::new();
    for (c, channel) in view.set.channels.iter().enumerate() {
        let of = |i: usize| view.portraits[i].channels[c];
        let rim: Vec<f64> = labelled.iter().map(|&i| f64::from(of(i).rim)).collect();
        let mean: Vec<f64> = labelled.iter().map(|&i| f64::from(of(i).mean)).collect();
        for (values, what, least) in [(rim, "background", MIN_BY_RIM), (mean, "mean", MIN_BY_MEAN)] {
            let told = by_intensity(&classes, &values);
            let within = by_intensity(&classes, &less_group_mean(&values, &groups));
            if told >= least && told - within >= MIN_LOSS_WITHIN {
                lines.push(format!("{what} of channel {channel}: {}", class_means(view, &classes, &values)));
            }
        }
    }
    if lines.is_empty() {
        return None;
    }
    let summary = format!(
        "Intensity alone gives the class away, because each class comes from its own {column}s, which differ in \
         brightness: a classifier may learn the recording instead of the cells."
    );
    let details = view.shorten(lines);
    Some(Finding {
        rule: Rule::GroupIntensity,
        severity: Severity::Warning,
        summary,
        details,
        cells: Vec::new(),
    })
}

/// The column that groups cells, and the number of each cell's group: `group`, else `source`.
fn groups(view: &View, labelled: &[usize]) -> Option<(&'static str, Vec<usize>)> {
    let cell = |i: usize| &view.set.cells[i];
    let columns: [(_, Vec<&str>); 2] = [
        ("group", labelled.iter().map(|&i| cell(i).group.as_str()).collect()),
        ("source", labelled.iter().map(|&i| cell(i).source.as_str()).collect()),
    ];
    for (column, names) in columns {
        let mut numbers: BTreeMap<&str, usize> = names.iter().map(|&name| (name, 0)).collect();
        numbers.values_mut().enumerate().for_each(|(k, number)| *number = k);
        if numbers.len() > 1 && names.len() >= MIN_CELLS_PER_GROUP * numbers.len() {
            return Some((column, names.iter().map(|name| numbers[name]).collect()));
        }
    }
    None
}

/// How well the other cells of its group tell a cell's class.
fn by_group(classes: &[usize], groups: &[usize]) -> f64 {
    let mut counts: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    for (&class, &group) in classes.iter().zip(groups) {
        *counts.entry(group).or_default().entry(class).or_default() += 1;
    }
    let right = |(&class, group): (&usize, &usize)| {
        let own = counts[group][&class] - 1;
        let others = counts[group].iter().filter(|(other, _)| **other != class).map(|(_, &n)| n);
        own > others.max().unwrap_or(0)
    };
    above_chance(classes, &classes.iter().zip(groups).map(right).collect::<Vec<_>>())
}

/// How well the neighbours in intensity tell a cell's class: the commonest class, relative to its size, among the
/// ten cells above and the ten below.
fn by_intensity(classes: &[usize], values: &[f64]) -> f64 {
    const REACH: usize = 10;
    let mut sizes = vec![0usize; classes.iter().max().map_or(0, |c| c + 1)];
    classes.iter().for_each(|&c| sizes[c] += 1);
    let mut order: Vec<usize> = (0..classes.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut right = vec![false; classes.len()];
    for (rank, &i) in order.iter().enumerate() {
        let around = rank.saturating_sub(REACH)..(rank + REACH + 1).min(order.len());
        let mut weight = vec![0.0; sizes.len()];
        for &j in order[around].iter().filter(|&&j| j != i) {
            weight[classes[j]] += 1.0 / sizes[classes[j]] as f64;
        }
        let own = weight[classes[i]];
        right[i] = weight.iter().enumerate().all(|(c, &w)| c == classes[i] || w < own);
    }
    above_chance(classes, &right)
}

/// Mean over classes of the share that is right, 0 for one class always told and 1 for all right.
fn above_chance(classes: &[usize], right: &[bool]) -> f64 {
    let mut per_class: BTreeMap<usize, (usize, usize)> = BTreeMap::new();
    for (&class, &right) in classes.iter().zip(right) {
        let (n_right, n) = per_class.entry(class).or_default();
        *n_right += usize::from(right);
        *n += 1;
    }
    let k = per_class.len() as f64;
    if k < 2.0 {
        return 0.0;
    }
    let mean = per_class.values().map(|&(n_right, n)| n_right as f64 / n as f64).sum::<f64>() / k;
    (mean - 1.0 / k) / (1.0 - 1.0 / k)
}

fn less_group_mean(values: &[f64], groups: &[usize]) -> Vec<f64> {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (&value, &group) in values.iter().zip(groups) {
        let (sum, n) = sums.entry(group).or_default();
        *sum += value;
        *n += 1.0;
    }
    values.iter().zip(groups).map(|(value, group)| value - sums[group].0 / sums[group].1).collect()
}

fn class_means(view: &View, classes: &[usize], values: &[f64]) -> String {
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (&class, &value) in classes.iter().zip(values) {
        let (sum, n) = sums.entry(class).or_default();
        *sum += value;
        *n += 1.0;
    }
    let text = |(&class, &(sum, n)): (&usize, &(f64, f64))| {
        format!("{} {:.4}", view.class_name(Some(class)), sum / n)
    };
    sums.iter().map(text).collect::<Vec<_>>().join(", ")
}

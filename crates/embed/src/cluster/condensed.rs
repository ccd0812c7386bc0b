//! From a spanning tree to clusters: merge by length, forget small splits, choose what lasts.

use std::collections::BTreeMap;

use super::Clusters;
use super::hdbscan::Edge;

/// A merge of two groups; groups below `n` are points, others are earlier merges.
struct Merge {
    parts: [usize; 2],
    length: f32,
    size: usize,
}

/// A group of at least the smallest size, on its way down to ever higher density.
struct Branch {
    parent: Option<usize>,
    birth: f64,
    /// Sum over its points of the density that they leave it at, above that of its birth.
    stability: f64,
    children: Vec<usize>,
    /// Points that leave it one by one.
    points: Vec<usize>,
}

/// Clusters of `n` points joined by `edges`.
pub fn clusters(n: usize, mut edges: Vec<Edge>, smallest: usize) -> Clusters {
    edges.sort_by(|a, b| a.0.total_cmp(&b.0));
    let merges = merged(n, &edges);
    let branches = condensed(n, &merges, smallest);
    let chosen = chosen(&branches);
    let mut of = vec![None; n];
    for &branch in &chosen {
        let mut open = vec![branch];
        while let Some(b) = open.pop() {
            branches[b].points.iter().for_each(|&point| of[point] = Some(branch));
            open.extend(&branches[b].children);
        }
    }
    let mut names = BTreeMap::new();
    let mut named = Vec::with_capacity(n);
    for branch in of {
        let next = names.len() as u32;
        named.push(branch.map(|b| *names.entry(b).or_insert(next)));
    }
    Clusters { of: named, count: names.len() as u32 }
}

fn merged(n: usize, edges: &[Edge]) -> Vec<Merge> {
    let mut group: Vec<usize> = (0..2 * n).collect();
    let mut merges: Vec<Merge> = Vec::with_capacity(edges.len());
    for &(length, a, b) in edges {
        let parts = [find(&mut group, a as usize), find(&mut group, b as usize)];
        let size = parts.iter().map(|&p| size(&merges, n, p)).sum();
        parts.iter().for_each(|&p| group[p] = n + merges.len());
        merges.push(Merge { parts, length, size });
    }
    merges
}

fn find(group: &mut [usize], mut i: usize) -> usize {
    while group[i] != i {
        group[i] = group[group[i]];
        i = group[i];
    }
    i
}

fn size(merges: &[Merge], n: usize, group: usize) -> usize {
    if group < n { 1 } else { merges[group - n].size }
}

/// Density at which a merge comes apart.
fn density(length: f32) -> f64 {
    if length > 0.0 { 1.0 / f64::from(length) } else { f64::INFINITY }
}

/// The tree of merges with only those splits whose two parts are both large enough.
fn condensed(n: usize, merges: &[Merge], smallest: usize) -> Vec<Branch> {
    let new = |parent, birth| Branch { parent, birth, stability: 0.0, children: vec![], points: vec![] };
    let mut branches = vec![new(None, 0.0)];
    let Some(root) = merges.len().checked_sub(1) else {
        branches[0].points = (0..n).collect();
        return branches;
    };
    let mut open = vec![(n + root, 0)];
    while let Some((group, branch)) = open.pop() {
        let merge = &merges[group - n];
        let density = density(merge.length);
        let large = merge.parts.map(|p| size(merges, n, p) >= smallest);
        for (part, is_large) in merge.parts.into_iter().zip(large) {
            let gained = |birth: f64| if density > birth { density - birth } else { 0.0 };
            let birth = branches[branch].birth;
            if large == [true, true] {
                branches[branch].stability += gained(birth) * size(merges, n, part) as f64;
                let child = branches.len();
                branches.push(new(Some(branch), density));
                branches[branch].children.push(child);
                descend(&mut open, &mut branches, n, part, child);
            } else if is_large {
                descend(&mut open, &mut branches, n, part, branch);
            } else {
                let points = points(merges, n, part);
                branches[branch].stability += gained(birth) * points.len() as f64;
                branches[branch].points.extend(points);
            }
        }
    }
    branches
}

fn descend(open: &mut Vec<(usize, usize)>, branches: &mut [Branch], n: usize, part: usize, branch: usize) {
    if part < n {
        branches[branch].points.push(part);
    } else {
        open.push((part, branch));
    }
}

/// All points of a group.
fn points(merges: &[Merge], n: usize, group: usize) -> Vec<usize> {
    let (mut open, mut points) = (vec![group], Vec::new());
    while let Some(group) = open.pop() {
        if group < n {
            points.push(group);
        } else {
            open.extend(merges[group - n].parts);
        }
    }
    points
}

/// Branches that last longer than what they split into, none inside another; the root is none.
fn chosen(branches: &[Branch]) -> Vec<usize> {
    let mut kept = vec![0.0; branches.len()];
    let mut is_chosen = vec![false; branches.len()];
    // Children come after their parents.
    for b in (1..branches.len()).rev() {
        let below: f64 = branches[b].children.iter().map(|&c| kept[c]).sum();
        is_chosen[b] = branches[b].children.is_empty() || branches[b].stability >= below;
        kept[b] = if is_chosen[b] { branches[b].stability } else { below };
    }
    let free = |b: usize| {
        let mut above = branches[b].parent;
        while let Some(parent) = above {
            if is_chosen[parent] {
                return false;
            }
            above = branches[parent].parent;
        }
        true
    };
    (1..branches.len()).filter(|&b| is_chosen[b] && free(b)).collect()
}

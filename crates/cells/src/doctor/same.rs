//! Which cells show the same thing, found without comparing every pair.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::portrait::Portrait;
use crate::{CellSet, Pixels};

/// Share of bits that two views of one cell have in common, at least. Unrelated pictures share half.
const MIN_AGREEMENT: f32 = 0.85;
/// Bits compared, at least, as a share of the crop (at most 64 x 64 of it).
const MIN_OVERLAP: f32 = 0.25;
/// A landmark's pattern may differ in so many of its 64 bits.
const MAX_PATTERN_BITS: u32 = 10;
/// Patterns that agree in a quarter of their bits are sorted; each is compared with so many that follow.
const N_FOLLOWERS: usize = 24;

/// Two crops of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    pub(super) a: usize,
    pub(super) b: usize,
    /// What is at `(y, x)` in `b` is at `(y + dy, x + dx)` in `a`.
    pub(super) dy: i32,
    pub(super) dx: i32,
}

/// Sets of cells with equal pixels, ascending. Crops of one value are left out: they show nothing.
pub(super) fn identical(set: &CellSet, portraits: &[Portrait]) -> Vec<Vec<usize>> {
    let shows_something = |&i: &usize| {
        portraits[i].finite && portraits[i].channels.iter().any(|channel| channel.min < channel.max)
    };
    let mut by_hash: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let hashes: Vec<u64> = (0..set.len()).into_par_iter().map(|i| hash(set, i)).collect();
    for i in (0..set.len()).filter(shows_something) {
        by_hash.entry(hashes[i]).or_default().push(i);
    }
    let mut found = Vec::new();
    for mut candidates in by_hash.into_values() {
        while candidates.len() > 1 {
            let first = candidates[0];
            let (same, others) = candidates.into_iter().partition(|&i| equal(set, first, i));
            found.push(same);
            candidates = others;
        }
    }
    found.retain(|same: &Vec<usize>| same.len() > 1);
    found.sort();
    found
}

fn hash(set: &CellSet, i: usize) -> u64 {
    let range = i * set.shape.len()..(i + 1) * set.shape.len();
    let mut hasher = DefaultHasher::new();
    match &set.pixels {
        Pixels::Uint8(v) => v[range].hash(&mut hasher),
        Pixels::Uint16(v) => v[range].hash(&mut hasher),
        Pixels::Float32(v) => v[range].iter().for_each(|x| (x + 0.0).to_bits().hash(&mut hasher)),
    }
    hasher.finish()
}

fn equal(set: &CellSet, a: usize, b: usize) -> bool {
    let range = |i: usize| i * set.shape.len()..(i + 1) * set.shape.len();
    match &set.pixels {
        Pixels::Uint8(v) => v[range(a)] == v[range(b)],
        Pixels::Uint16(v) => v[range(a)] == v[range(b)],
        Pixels::Float32(v) => v[range(a)] == v[range(b)],
    }
}

/// Pairs of crops that show the same cell at most a quarter of the crop's side apart, `a` below `b`, ascending. Of
/// identical crops only the first takes part.
pub(super) fn shifted(set: &CellSet, portraits: &[Portrait], identical: &[Vec<usize>]) -> Vec<Pair> {
    let repeats: BTreeSet<usize> = identical.iter().flat_map(|same| same[1..].iter().copied()).collect();
    let farthest = (set.shape.h.min(set.shape.w) / 4) as i32;
    let side = super::fingerprint::SIDE;
    let least = (MIN_OVERLAP * (set.shape.h.min(side) * set.shape.w.min(side)) as f32) as u32;
    let candidates = candidates(portraits, &repeats, farthest);
    let verify = |&(a, b, dy, dx): &(usize, usize, i32, i32)| {
        let (share, n) = portraits[a].fingerprint.agreement(&portraits[b].fingerprint, dy, dx);
        (share >= MIN_AGREEMENT && n >= least).then_some((a, b, share, dy, dx))
    };
    let verified: Vec<_> = candidates.par_iter().filter_map(verify).collect();
    let mut best: BTreeMap<(usize, usize), (f32, Pair)> = BTreeMap::new();
    for (a, b, share, dy, dx) in verified {
        let entry = best.entry((a, b)).or_insert((share, Pair { a, b, dy, dx }));
        if share > entry.0 {
            *entry = (share, Pair { a, b, dy, dx });
        }
    }
    best.into_values().map(|(_, pair)| pair).collect()
}

/// Pairs with a landmark in common, and by how much they are shifted if it is the same.
fn candidates(
    portraits: &[Portrait],
    repeats: &BTreeSet<usize>,
    farthest: i32,
) -> BTreeSet<(usize, usize, i32, i32)> {
    let mut marks: Vec<(u64, usize, i32, i32)> = Vec::new();
    for (i, portrait) in portraits.iter().enumerate().filter(|(i, _)| !repeats.contains(i)) {
        let mark = |l: &super::fingerprint::Landmark| (l.pattern, i, i32::from(l.y), i32::from(l.x));
        marks.extend(portrait.fingerprint.landmarks.iter().map(mark));
    }
    let mut found = BTreeSet::new();
    for quarter in 0..4 {
        let key = |pattern: u64| pattern.rotate_left(16 * quarter);
        marks.par_sort_unstable_by_key(|&(pattern, i, y, x)| (key(pattern), i, y, x));
        for (at, &(pattern, i, y, x)) in marks.iter().enumerate() {
            let same_quarter = |m: &&(u64, usize, i32, i32)| key(m.0) >> 48 == key(pattern) >> 48;
            for &(other, j, v, u) in marks[at + 1..].iter().take(N_FOLLOWERS).take_while(same_quarter) {
                let near = (y - v).abs() <= farthest && (x - u).abs() <= farthest;
                if i != j && near && (pattern ^ other).count_ones() <= MAX_PATTERN_BITS {
                    found.insert(if i < j { (i, j, y - v, x - u) } else { (j, i, v - y, u - x) });
                }
            }
        }
    }
    found
}

/// Sets of cells connected by being the same, ascending.
pub(super) fn clusters(n: usize, identical: &[Vec<usize>], shifted: &[Pair]) -> Vec<Vec<usize>> {
    let mut parent: Vec<usize> = (0..n).collect();
    let links = identical.iter().flat_map(|same| same[1..].iter().map(|&i| (same[0], i)));
    for (a, b) in links.chain(shifted.iter().map(|pair| (pair.a, pair.b))) {
        let (a, b) = (root(&mut parent, a), root(&mut parent, b));
        parent[a.max(b)] = a.min(b);
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for i in 0..n {
        members.entry(root(&mut parent, i)).or_default().push(i);
    }
    members.into_values().filter(|m| m.len() > 1).collect()
}

fn root(parent: &mut [usize], mut i: usize) -> usize {
    while parent[i] != i {
        parent[i] = parent[parent[i]];
        i = parent[i];
    }
    i
}

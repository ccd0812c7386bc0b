//! Which cells show the same thing, found without comparing every pair.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::portrait::Portrait;
use crate::{CellSet, Pixels};

/// Share of bits that two views of one cell have in common, at least. Unrelated pictures share half.
const MIN_AGREEMENT: f32 = 0.9;
/// What is left of the variance when one view is taken from the other, at most; the mean over channels.
const MAX_RESIDUAL: f64 = 0.05;
/// Bits compared, at least, as a share of the crop (at most 64 x 64 of it).
const MIN_OVERLAP: f32 = 0.25;
/// A landmark's pattern may differ in so many of its 64 bits.
const MAX_PATTERN_BITS: u32 = 6;
/// Patterns that agree in a quarter of their bits are sorted; each is compared with so many that follow.
const N_FOLLOWERS: usize = 24;

/// Two crops of one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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
    let agrees = |pair: &&Pair| {
        let (share, n) = agreement(portraits, pair);
        share >= MIN_AGREEMENT && n >= least
    };
    let mut found: Vec<Pair> = candidates
        .par_iter()
        .filter(agrees)
        .filter(|pair| residual(set, portraits, pair) <= MAX_RESIDUAL)
        .copied()
        .collect();
    // Of several shifts of one pair the best comes first and stays.
    found.sort_by(|p, q| {
        let best = agreement(portraits, q).0.total_cmp(&agreement(portraits, p).0);
        (p.a, p.b).cmp(&(q.a, q.b)).then(best).then((p.dy, p.dx).cmp(&(q.dy, q.dx)))
    });
    found.dedup_by_key(|pair| (pair.a, pair.b));
    found
}

fn agreement(portraits: &[Portrait], pair: &Pair) -> (f32, u32) {
    portraits[pair.a].fingerprint.agreement(&portraits[pair.b].fingerprint, pair.dy, pair.dx)
}

/// Half the mean square difference where both crops are image, over the variance there; the mean over channels.
fn residual(set: &CellSet, portraits: &[Portrait], pair: &Pair) -> f64 {
    let shape = set.shape;
    let (mut crop_a, mut crop_b) = (vec![0.0; shape.len()], vec![0.0; shape.len()]);
    set.pixels.copy_to(pair.a * shape.len(), &mut crop_a);
    set.pixels.copy_to(pair.b * shape.len(), &mut crop_b);
    let (part_a, part_b) = (portraits[pair.a].valid, portraits[pair.b].valid);
    let mut residuals = Vec::new();
    for c in 0..shape.c {
        let (mut n, mut sum, mut squares, mut differences) = (0.0, 0.0, 0.0, 0.0);
        for y in part_b.top..part_b.bottom {
            for x in part_b.left..part_b.right {
                let (Some(v), Some(u)) =
                    (y.checked_add_signed(pair.dy as isize), x.checked_add_signed(pair.dx as isize))
                else {
                    continue;
                };
                if (part_a.top..part_a.bottom).contains(&v) && (part_a.left..part_a.right).contains(&u) {
                    let a = f64::from(crop_a[(v * shape.w + u) * shape.c + c]);
                    let b = f64::from(crop_b[(y * shape.w + x) * shape.c + c]);
                    n += 2.0;
                    sum += a + b;
                    squares += a * a + b * b;
                    differences += (a - b) * (a - b);
                }
            }
        }
        let variance = squares - sum * sum / n;
        if variance > 1e-9 * squares {
            residuals.push(differences / variance);
        }
    }
    if residuals.is_empty() { 1.0 } else { residuals.iter().sum::<f64>() / residuals.len() as f64 }
}

/// Pairs with a landmark in common, and by how much they are shifted if it is the same.
fn candidates(portraits: &[Portrait], repeats: &BTreeSet<usize>, farthest: i32) -> Vec<Pair> {
    let mut marks: Vec<(u64, usize, i32, i32)> = Vec::new();
    for (i, portrait) in portraits.iter().enumerate().filter(|(i, _)| !repeats.contains(i)) {
        let mark = |l: &super::fingerprint::Landmark| (l.pattern, i, i32::from(l.y), i32::from(l.x));
        marks.extend(portrait.fingerprint.landmarks.iter().map(mark));
    }
    let mut found = Vec::new();
    for quarter in 0..4 {
        let key = |pattern: u64| pattern.rotate_left(16 * quarter);
        marks.par_sort_unstable_by_key(|&(pattern, i, y, x)| (key(pattern), i, y, x));
        for (at, &(pattern, i, y, x)) in marks.iter().enumerate() {
            let same_quarter = |m: &&(u64, usize, i32, i32)| key(m.0) >> 48 == key(pattern) >> 48;
            for &(other, j, v, u) in marks[at + 1..].iter().take(N_FOLLOWERS).take_while(same_quarter) {
                let near = (y - v).abs() <= farthest && (x - u).abs() <= farthest;
                if i != j && near && (pattern ^ other).count_ones() <= MAX_PATTERN_BITS {
                    let (dy, dx) = (y - v, x - u);
                    found.push(if i < j {
                        Pair { a: i, b: j, dy, dx }
                    } else {
                        Pair { a: j, b: i, dy: -dy, dx: -dx }
                    });
                }
            }
        }
    }
    found.par_sort_unstable();
    found.dedup();
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

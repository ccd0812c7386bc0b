//! Which cells show the same thing, found without comparing every pair.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;

use super::portrait::{Portrait, channel_scales, grey};
use crate::{CellSet, Pixels};

/// Share of bits that two views of one cell have in common, at least. Unrelated pictures share half.
const MIN_AGREEMENT: f32 = 0.9;
/// Mean square difference of two views, at most, as a share of their variance: whatever the noise …
const MAX_DIFFERENCE: f64 = 0.1;
/// … and in units of what independent noise in both makes, which is measured where a crop is calm, …
const MAX_DIFFERENCE_OF_NOISE: f64 = 4.0;
/// … unless it is negligible.
const NEGLIGIBLE_DIFFERENCE: f64 = 0.002;
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
    let scales = channel_scales(set);
    let mut found: Vec<Pair> = candidates
        .par_iter()
        .filter(agrees)
        .filter(|pair| same_pixels(set, portraits, &scales, pair))
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

/// Whether the two crops differ by noise only where both are image.
fn same_pixels(set: &CellSet, portraits: &[Portrait], scales: &[f32], pair: &Pair) -> bool {
    let (a, b) = (&portraits[pair.a], &portraits[pair.b]);
    let picture = |i: usize| {
        let mut crop = vec![0.0; set.shape.len()];
        set.pixels.copy_to(i * set.shape.len(), &mut crop);
        grey(set.shape, &crop, portraits[i].valid, scales)
    };
    let (picture_a, picture_b) = (picture(pair.a), picture(pair.b));
    let (mut n, mut sum, mut squares, mut differences) = (0.0, 0.0, 0.0, 0.0);
    for y in b.valid.top..b.valid.bottom {
        for x in b.valid.left..b.valid.right {
            let there = (y as i64 + i64::from(pair.dy), x as i64 + i64::from(pair.dx));
            let Some(at_a) = a.valid.index(there.0, there.1) else { continue };
            let at_b = (y - b.valid.top) * b.valid.w() + x - b.valid.left;
            let (p, q) = (f64::from(picture_a[at_a]), f64::from(picture_b[at_b]));
            n += 1.0;
            sum += p + q;
            squares += p * p + q * q;
            differences += (p - q) * (p - q);
        }
    }
    let variance = (squares - sum * sum / (2.0 * n)) / (2.0 * n);
    let difference = differences / n;
    let noise = f64::from(a.noise).powi(2) + f64::from(b.noise).powi(2);
    n > 0.0
        && difference <= MAX_DIFFERENCE * variance
        && difference <= (MAX_DIFFERENCE_OF_NOISE * noise).max(NEGLIGIBLE_DIFFERENCE * variance)
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

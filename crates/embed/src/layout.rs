//! The optimisation of the map: points that belong together attract, points drawn at random repel.
//!
//! The published loop moves both ends of an edge at once, which cannot be done on several threads without races. Here
//! a point moves only itself. The points are dealt into rounds; in a round every point starts from where the others
//! stood when the round began, so the order of its points does not matter and they can be moved in parallel; what is
//! drawn at random depends only on seed, epoch and point. Sixteen points move side by side, one per lane of a vector.

mod due;
mod forces;
mod random;

use kernels::{Kernels, PlainCode};
use rayon::prelude::*;

use crate::curve::Curve;
use crate::graph::Graph;
use due::{Due, Edges, Share};
use forces::{Forces, LANES, NOBODY, Places};
use random::Random;

/// Points that repel for each that attracts.
const REPELLING: usize = 5;
/// Rounds of an epoch. More rounds use newer positions, fewer leave more to do in parallel.
const ROUNDS: usize = 16;
/// Packs of sixteen points that a thread takes at once.
const TOGETHER: usize = 4;

/// How long and how fast points move.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub kernels: Kernels,
    pub curve: Curve,
    pub epochs: usize,
    pub rate: f32,
    pub seed: u64,
}

impl Pace {
    /// Falls evenly to 0.
    fn rate_at(&self, epoch: usize) -> f32 {
        self.rate * (1.0 - epoch as f32 / self.epochs as f32)
    }
}

/// Moves `positions` so that the points of `graph` that belong together come near each other. `each` hears of every
/// epoch done, and stops the work by answering false.
pub fn optimise(graph: &Graph, positions: &mut [[f32; 2]], pace: &Pace, each: &mut dyn FnMut(usize) -> bool) {
    let unit = 1.0 / graph.strongest().max(f32::MIN_POSITIVE);
    let shares: Vec<Vec<Share>> = (0..graph.len())
        .map(|i| graph.row(i).1.iter().map(|weight| Share::new(weight * unit)).collect())
        .collect();
    let edges = |i: u32| Edges { ids: graph.row(i as usize).0, shares: &shares[i as usize] };
    let forces = Forces::new(pace.curve);
    let rounds = rounds(&shares);
    for epoch in 0..pace.epochs {
        let rate = pace.rate_at(epoch);
        for round in &rounds {
            let packs = round.par_chunks(LANES).with_min_len(TOGETHER);
            let moved: Vec<Places> = packs
                .map(|pack| {
                    let start = Places::of(positions, pack);
                    let due = Due::new(pack.iter().map(|&i| edges(i)), epoch);
                    let random = Random::new(pace.seed, epoch, pack);
                    pace.kernels.run_plain(Move {
                        forces: &forces,
                        positions,
                        start,
                        due,
                        random,
                        rate,
                        pulls: 2,
                    })
                })
                .collect();
            for (pack, moved) in round.chunks(LANES).zip(moved) {
                pack.iter().enumerate().for_each(|(lane, &i)| positions[i as usize] = moved.at(lane));
            }
        }
        if !each(epoch) {
            return;
        }
    }
}

/// Moves new points among `positions`, which stay: `ids` and `weights` are the `k` neighbours of each new point.
pub fn place(
    positions: &[[f32; 2]],
    ids: &[u32],
    weights: &[f32],
    k: usize,
    new: &mut [[f32; 2]],
    pace: &Pace,
) {
    let forces = Forces::new(pace.curve);
    let shares: Vec<Share> = weights.iter().map(|&weight| Share::new(weight)).collect();
    new.par_chunks_mut(LANES).enumerate().for_each(|(part, new)| {
        let pack: Vec<u32> = (0..new.len() as u32).map(|lane| (part * LANES) as u32 + lane).collect();
        let lanes: Vec<u32> = (0..new.len() as u32).collect();
        let mut here = Places::of(new, &lanes);
        for epoch in 0..pace.epochs {
            let edges = pack.iter().map(|&i| {
                let range = i as usize * k..(i as usize + 1) * k;
                Edges { ids: &ids[range.clone()], shares: &shares[range] }
            });
            let due = Due::new(edges, epoch);
            let random = Random::new(pace.seed, epoch, &pack);
            let (rate, start) = (pace.rate_at(epoch), here);
            here = pace.kernels.run_plain(Move {
                forces: &forces,
                positions,
                start,
                due,
                random,
                rate,
                pulls: 1,
            });
        }
        new.iter_mut().enumerate().for_each(|(lane, new)| *new = here.at(lane));
    });
}

/// Points in rounds. Within a round points with as many uses of edges stand together, so that the lanes of a pack have
/// the same to do; neighbours on the map seldom meet in one round.
fn rounds(shares: &[Vec<Share>]) -> Vec<Vec<u32>> {
    let uses = |i: u32| shares[i as usize].iter().map(|share| share.uses()).sum::<u64>();
    let mut order: Vec<u32> = (0..shares.len() as u32).collect();
    order.sort_by_cached_key(|&i| (uses(i), i));
    let count = ROUNDS.min(order.len());
    (0..count).map(|round| order.iter().skip(round).step_by(count).copied().collect()).collect()
}

/// The moves of a pack of points in an epoch.
struct Move<'a> {
    forces: &'a Forces,
    positions: &'a [[f32; 2]],
    start: Places,
    due: Due,
    random: Random,
    rate: f32,
    /// How often each edge attracts: in the published loop an edge between two points of the map moves each of them as
    /// its head and as its tail.
    pulls: usize,
}

impl PlainCode for Move<'_> {
    /// Where the points are then.
    type Output = Places;

    #[inline(always)]
    fn run(mut self) -> Places {
        let Move { forces, positions, rate, .. } = self;
        let mut here = self.start;
        for ids in self.due.steps() {
            let there = here.replaced(ids, positions);
            forces.attract(&mut here, &there, rate);
            for _ in 0..REPELLING {
                let mut drawn = self.random.draw(positions.len() as u32);
                for (drawn, &id) in drawn.iter_mut().zip(ids) {
                    *drawn = if id == NOBODY { NOBODY } else { *drawn };
                }
                let other = here.replaced(&drawn, positions);
                forces.repel(&mut here, &other, rate);
            }
            for _ in 1..self.pulls {
                let there = here.replaced(ids, positions);
                forces.attract(&mut here, &there, rate);
            }
        }
        here
    }
}

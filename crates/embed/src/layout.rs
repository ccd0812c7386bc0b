//! The optimisation of the map: points that belong together attract, points drawn at random repel.
//!
//! The published loop goes through the edges one by one, each seeing where the last left the points, which cannot be done
//! on several threads without races. Here the points are dealt into rounds. In a round every point goes through its edges
//! from where all stood when the round began; both ends of an edge move, the far end when the round is over. So the order
//! within a round does not matter and its points can be moved in parallel; what is drawn at random depends only on seed,
//! epoch and pack. The points of a pack move side by side, one per lane of a vector.

mod due;
mod forces;
mod plane;
mod random;

use kernels::{Kernels, PlainCode};
use rayon::prelude::*;

use crate::curve::Curve;
use crate::graph::Graph;
use due::{Due, Edges};
use forces::Forces;
use plane::{LANES, NOBODY, Places, Plane};
use random::Random;

/// Points that repel for each that attracts.
const REPELLING: usize = 5;
/// Rounds of an epoch. More rounds use newer positions, fewer leave more to do in parallel.
const ROUNDS: usize = 16;
/// Uses of edges are set out for so many epochs at once, times points: some forty bytes each.
const AHEAD: usize = 2_000_000;
/// Beyond so many epochs nothing more is gained.
const MOST_AHEAD: usize = 16;

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
pub fn optimise(
    graph: &Graph,
    positions: &mut [[f32; 2]],
    pace: &Pace,
    each: &mut (dyn FnMut(usize) -> bool + Send),
) {
    let forces = Forces::new(pace.curve);
    let mut plane = Plane::new(positions);
    let mut rounds = rounds(graph);
    let ahead = (AHEAD / positions.len()).clamp(1, MOST_AHEAD);
    for epoch in 0..pace.epochs {
        if epoch % ahead == 0 {
            let epochs = epoch..(epoch + ahead).min(pace.epochs);
            let packs = rounds.par_iter_mut().flat_map(|round| round.par_iter_mut());
            packs.for_each(|pack| pack.due = pack.edges.due(epochs.clone()));
        }
        for round in &rounds {
            let moved: Vec<Moved> = (round.par_iter())
                .map(|pack| {
                    let start = plane.of(&pack.points);
                    let random = Random::new(pace.seed, epoch, pack.points[0]);
                    let (steps, rate) = (pack.due.steps(epoch), pace.rate_at(epoch));
                    let (forces, plane) = (&forces, &plane);
                    pace.kernels.run_plain(Move { forces, plane, start, steps, random, rate })
                })
                .collect();
            for (pack, moved) in round.iter().zip(moved) {
                moved.apply(&mut plane, &pack.points, pack.due.steps(epoch));
            }
            plane.close();
        }
        if !each(epoch) {
            break;
        }
    }
    positions.iter_mut().enumerate().for_each(|(i, position)| *position = plane.at(i));
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
    let plane = Plane::new(positions);
    let packs = new.par_chunks_mut(LANES).zip(ids.par_chunks(LANES * k)).zip(weights.par_chunks(LANES * k));
    packs.enumerate().for_each(|(pack, ((new, ids), weights))| {
        let mut here = Places::default();
        new.iter().enumerate().for_each(|(lane, new)| [here.x[lane], here.y[lane]] = *new);
        let due = Edges::new(ids.chunks(k).zip(weights.chunks(k)), 1.0).due(0..pace.epochs);
        for epoch in 0..pace.epochs {
            let random = Random::new(pace.seed, epoch, (pack * LANES) as u32);
            let (start, steps, rate) = (here, due.steps(epoch), pace.rate_at(epoch));
            let (forces, plane) = (&forces, &plane);
            here = pace.kernels.run_plain(Move { forces, plane, start, steps, random, rate }).end;
        }
        new.iter_mut().enumerate().for_each(|(lane, new)| *new = here.at(lane));
    });
}

/// Points that move side by side.
struct Pack {
    points: [u32; LANES],
    edges: Edges,
    due: Due,
}

/// All points in packs, the packs in rounds. Within a round points with as many uses of edges stand together, so that the
/// lanes of a pack have the same to do; neighbours on the map seldom meet in one round.
fn rounds(graph: &Graph) -> Vec<Vec<Pack>> {
    let unit = 1.0 / graph.strongest().max(f32::MIN_POSITIVE);
    let uses: Vec<f32> = (0..graph.len()).map(|i| graph.row(i).1.iter().sum()).collect();
    let mut order: Vec<u32> = (0..graph.len() as u32).collect();
    order.sort_by(|&i, &j| uses[i as usize].total_cmp(&uses[j as usize]).then(i.cmp(&j)));
    let pack = |some: &[u32]| {
        let mut points = [NOBODY; LANES];
        points[..some.len()].copy_from_slice(some);
        let edges = Edges::new(some.iter().map(|&i| graph.row(i as usize)), unit);
        Pack { points, edges, due: Due::default() }
    };
    let count = ROUNDS.min(order.len());
    let round = |round: usize| -> Vec<u32> { order.iter().skip(round).step_by(count).copied().collect() };
    (0..count).into_par_iter().map(|i| round(i).chunks(LANES).map(pack).collect()).collect()
}

/// The moves of a pack of points in an epoch.
struct Move<'a> {
    forces: &'a Forces,
    plane: &'a Plane,
    start: Places,
    steps: &'a [[u32; LANES]],
    random: Random,
    rate: f32,
}

impl PlainCode for Move<'_> {
    type Output = Moved;

    #[inline(always)]
    fn run(mut self) -> Moved {
        let Move { forces, plane, .. } = self;
        let mut here = self.start.clone();
        let mut pulls = Vec::with_capacity(self.steps.len());
        for ids in self.steps {
            // Who meets nobody stays.
            let mut rates = [0.0; LANES];
            rates
                .iter_mut()
                .zip(ids)
                .for_each(|(own, &id)| *own = if id == NOBODY { 0.0 } else { self.rate });
            let pull = forces.attract(&here, &plane.of(ids), &rates);
            here.shift(&pull);
            pulls.push(pull);
            for _ in 0..REPELLING {
                // Each meets a point as likely as any other. That those met by a pack stand in a row in memory, which is
                // many times quicker to read, makes no difference to any of them.
                let others = plane.from(self.random.draw(plane.len()));
                let push = forces.repel(&here, &others, &rates);
                here.shift(&push);
            }
        }
        Moved { start: self.start, end: here, pulls }
    }
}

/// What the moves of a pack of points come to.
struct Moved {
    start: Places,
    end: Places,
    /// By how much each was pulled in each step: whom it met is pulled as far the other way.
    pulls: Vec<Places>,
}

impl Moved {
    /// Moves the points of the pack, and those whom they met in `steps`.
    fn apply(&self, plane: &mut Plane, points: &[u32; LANES], steps: &[[u32; LANES]]) {
        for (lane, &i) in points.iter().enumerate().filter(|(_, i)| **i != NOBODY) {
            let (from, to) = (self.start.at(lane), self.end.at(lane));
            plane.shift(i, [to[0] - from[0], to[1] - from[1]]);
        }
        for (ids, pulls) in steps.iter().zip(&self.pulls) {
            for (lane, &id) in ids.iter().enumerate().filter(|(_, id)| **id != NOBODY) {
                plane.shift(id, pulls.at(lane).map(|pull| -pull));
            }
        }
    }
}

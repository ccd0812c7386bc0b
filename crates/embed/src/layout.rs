//! The optimisation of the map: points that belong together attract, points drawn at random repel.
//!
//! The published loop goes through the edges one by one, each seeing where the last left the points, which cannot be done
//! on several threads without races. Here the points are dealt into rounds. In a round every point goes through its edges
//! from where all stood when the round began, and nobody else moves it: so the order within a round does not matter and its
//! points can be moved in parallel. What is drawn at random depends only on seed, epoch and pack. The points of a pack move
//! side by side, one per lane of a vector.

mod forces;
mod plane;
mod random;
mod schedule;

use kernels::{Kernels, PlainCode};
use rayon::prelude::*;

use crate::curve::Curve;
use crate::graph::Graph;
use forces::Forces;
use plane::{LANES, NOBODY, Places, Plane};
use random::Random;
use schedule::{Schedule, Step};

/// Points that repel for each that attracts.
const REPELLING: usize = 5;
/// Rounds of an epoch. More rounds use newer positions, fewer leave more to do in parallel.
const ROUNDS: usize = 8;

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
    /// Falls to 0 with the square of what is left, where umap-learn's falls evenly: the map is found while steps are long
    /// and is finished by short ones, of which there are more this way.
    fn rate_at(&self, epoch: usize) -> f32 {
        self.rate * (1.0 - epoch as f32 / self.epochs as f32).powi(2)
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
    let rounds = rounds(graph);
    for epoch in 0..pace.epochs {
        for round in &rounds {
            let moved = |pack: &Pack| {
                let steps = pack.schedule.steps(epoch);
                let random = Random::new(pace.seed, epoch, pack.points[0]);
                // An edge moves both of its ends, and stands in the schedule of both: its use by the other one moves this
                // one too.
                let rates = Rates { pull: 2.0 * pace.rate_at(epoch), push: pace.rate_at(epoch) };
                let here = plane.of(&pack.points);
                pace.kernels.run_plain(Move { forces: &forces, plane: &plane, here, steps, random, rates })
            };
            let moved: Vec<Places> = round.par_iter().map(moved).collect();
            round.iter().zip(moved).for_each(|(pack, moved)| plane.put(&pack.points, &moved));
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
        let schedule = Schedule::new(ids.chunks(k).zip(weights.chunks(k)), 1.0);
        for epoch in 0..pace.epochs {
            let random = Random::new(pace.seed, epoch, (pack * LANES) as u32);
            let rates = Rates { pull: pace.rate_at(epoch), push: pace.rate_at(epoch) };
            let steps = schedule.steps(epoch);
            let (forces, plane) = (&forces, &plane);
            here = pace.kernels.run_plain(Move { forces, plane, here, steps, random, rates });
        }
        new.iter_mut().enumerate().for_each(|(lane, new)| *new = here.at(lane));
    });
}

/// Points that move side by side.
struct Pack {
    points: [u32; LANES],
    schedule: Schedule,
}

/// All points in packs, the packs in rounds. Points with as many uses of edges stand together, so that the lanes of a pack
/// have the same to do.
fn rounds(graph: &Graph) -> Vec<Vec<Pack>> {
    let unit = 1.0 / graph.strongest().max(f32::MIN_POSITIVE);
    let uses: Vec<f32> = (0..graph.len()).map(|i| graph.row(i).1.iter().sum()).collect();
    let mut order: Vec<u32> = (0..graph.len() as u32).collect();
    order.sort_by(|&i, &j| uses[i as usize].total_cmp(&uses[j as usize]).then(i.cmp(&j)));
    let pack = |some: &[u32]| {
        let mut points = [NOBODY; LANES];
        points[..some.len()].copy_from_slice(some);
        Pack { points, schedule: Schedule::new(some.iter().map(|&i| graph.row(i as usize)), unit) }
    };
    let chunks: Vec<&[u32]> = order.chunks(LANES).collect();
    let round = |round: usize| chunks.iter().skip(round).step_by(ROUNDS).map(|some| pack(some)).collect();
    (0..ROUNDS.min(chunks.len())).into_par_iter().map(round).collect()
}

/// By how much of a force points move.
struct Rates {
    pull: f32,
    push: f32,
}

/// The moves of a pack of points in an epoch: from where they are, to where they come.
struct Move<'a> {
    forces: &'a Forces,
    plane: &'a Plane,
    here: Places,
    steps: &'a [Step],
    random: Random,
    rates: Rates,
}

impl PlainCode for Move<'_> {
    type Output = Places;

    #[inline(always)]
    fn run(self) -> Places {
        let Move { forces, plane, mut here, steps, mut random, rates } = self;
        for step in steps {
            let pulls = step.weights.map(|weight| weight * rates.pull);
            here.shift(&forces.attract(&here, &plane.of(&step.ids), &pulls));
            let pushes = step.weights.map(|weight| weight * rates.push);
            for _ in 0..REPELLING {
                // Each meets a point as likely as any other. That those met by a pack stand in a row in memory, which is
                // many times quicker to read, makes no difference to any of them.
                let others = plane.from(random.draw(plane.len()));
                here.shift(&forces.repel(&here, &others, &pushes));
            }
        }
        here
    }
}

//! Who lives where and in which state: birth, wandering, division, death. No pixels here.

use std::f32::consts::PI;

use rand_chacha::ChaCha8Rng;

use super::noise::{angle, chance, lognormal, normal, stream, uniform};
use super::nuclei::{NucleiSettings, State};

/// What a cell is doing, and how far it is, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stage {
    /// Interphase.
    Resting,
    /// Prometaphase: chromosomes have condensed and gather.
    Gathering,
    /// Metaphase: they stand in a plate.
    Aligned,
    /// Anaphase: two plates part, both still seen as one cell.
    Parting,
    /// Anaphase, late: a daughter's plate on its way.
    Leaving,
    /// Apoptosis.
    Dying,
}

impl Stage {
    /// The class an annotator gives it.
    pub(super) fn state(self) -> State {
        match self {
            Stage::Resting => State::Interphase,
            Stage::Gathering => State::Prometaphase,
            Stage::Aligned => State::Metaphase,
            Stage::Parting | Stage::Leaving => State::Anaphase,
            Stage::Dying => State::Apoptosis,
        }
    }
}

/// One cell in one frame.
#[derive(Debug, Clone)]
pub(super) struct Pose {
    pub cell: u32,
    pub parent: Option<u32>,
    pub founder: u32,
    pub y: f32,
    pub x: f32,
    pub stage: Stage,
    /// Share of the stage that is over.
    pub progress: f32,
    /// Direction of the spindle and of the nucleus' long axis, radians from the columns' axis towards the rows'.
    pub azimuth: f32,
    /// Angle of the spindle out of the picture's plane.
    pub tilt: f32,
    /// Radius of the resting nucleus, pixels.
    pub radius: f32,
    /// Light per cell relative to the movie's usual.
    pub expression: f32,
    /// Distance of the daughters' plates from each other at the hand-over, pixels.
    pub separation: f32,
}

#[derive(Debug, Clone)]
struct Life {
    pose: Pose,
    rng: ChaCha8Rng,
    velocity: [f32; 2],
    /// Frames spent in the stage and frames it lasts.
    age: f32,
    span: f32,
    /// Radius at full growth.
    grown: f32,
}

const LINEAGE: u32 = 1;
/// Pixels beyond the border where cells still live, so that some are cut by it.
const MARGIN: f32 = 14.0;
/// A dish with a cell per so many pixels is full: nobody enters mitosis any more.
const PIXELS_PER_CELL: usize = 700;
/// Largest dish, and cells after whom no mitosis begins: all numbers fit into 16-bit masks, for each of at most
/// `MOST_ALIVE` cells in mitosis adds two.
const MOST_ALIVE: usize = 6000;
const MAX_CELLS: u32 = 50_000;
/// Probability per frame that a cell dies which waits for room.
const DEATH_IN_CROWD: f32 = 0.01;

/// The poses of all living cells, frame by frame.
pub(super) fn lineage(settings: &NucleiSettings) -> Vec<Vec<Pose>> {
    let mut n_cells = settings.n_cells as u32;
    let mut alive: Vec<Life> = (1..=n_cells).map(|cell| founder(settings, cell)).collect();
    // Founders start at random places: let them push each other apart before anybody looks.
    for _ in 0..30 {
        wander(settings, &mut alive);
    }
    let room = (settings.height * settings.width / PIXELS_PER_CELL).min(MOST_ALIVE);
    let mut frames = Vec::with_capacity(settings.n_frames);
    for _ in 0..settings.n_frames {
        frames.push(alive.iter().map(|life| life.pose.clone()).collect());
        wander(settings, &mut alive);
        let crowded = alive.len() >= room || n_cells > MAX_CELLS;
        alive =
            alive.into_iter().flat_map(|life| grow_older(settings, life, crowded, &mut n_cells)).collect();
    }
    frames
}

fn founder(settings: &NucleiSettings, cell: u32) -> Life {
    let mut rng = stream(settings.seed, LINEAGE, cell);
    let grown = lognormal(&mut rng, 13.5, 0.15).clamp(10.0, 19.0);
    let span = rest(settings, &mut rng);
    let age = span * uniform(&mut rng, 0.0, 1.0);
    let pose = Pose {
        cell,
        parent: None,
        founder: cell,
        y: uniform(&mut rng, -MARGIN, settings.height as f32 + MARGIN),
        x: uniform(&mut rng, -MARGIN, settings.width as f32 + MARGIN),
        stage: Stage::Resting,
        progress: age / span,
        azimuth: angle(&mut rng),
        tilt: 0.0,
        radius: grown,
        expression: lognormal(&mut rng, 1.0, 0.4).clamp(0.45, 2.6),
        separation: 0.0,
    };
    Life { pose, rng, velocity: [0.0; 2], age, span, grown }
}

/// Length of interphase in frames.
fn rest(settings: &NucleiSettings, rng: &mut ChaCha8Rng) -> f32 {
    lognormal(rng, settings.interphase_frames, 0.5).max(3.0)
}

/// A step of all cells: a persistent random walk, and pushing where nuclei would overlap.
fn wander(settings: &NucleiSettings, alive: &mut [Life]) {
    let places: Vec<[f32; 3]> = alive.iter().map(|l| [l.pose.y, l.pose.x, l.pose.radius]).collect();
    let limit = [settings.height as f32 + MARGIN, settings.width as f32 + MARGIN];
    for (i, life) in alive.iter_mut().enumerate() {
        let mut push = [0.0f32; 2];
        for (_, other) in places.iter().enumerate().filter(|(j, _)| *j != i) {
            let d = [places[i][0] - other[0], places[i][1] - other[1]];
            let distance = d[0].hypot(d[1]).max(0.1);
            let overlap = 0.98 * (places[i][2] + other[2]) - distance;
            // Sisters that leave each other are moved by their spindle.
            if overlap > 0.0 && life.pose.stage != Stage::Leaving {
                push[0] += 0.4 * overlap * d[0] / distance;
                push[1] += 0.4 * overlap * d[1] / distance;
            }
        }
        let calm = if life.pose.stage == Stage::Resting { 1.0 } else { 0.4 };
        let mut place = [life.pose.y, life.pose.x];
        for axis in 0..2 {
            life.velocity[axis] = 0.7 * life.velocity[axis] + 0.5 * normal(&mut life.rng);
            let step = calm * life.velocity[axis] + push[axis].clamp(-4.0, 4.0);
            place[axis] = (place[axis] + step).clamp(-MARGIN, limit[axis]);
        }
        [life.pose.y, life.pose.x] = place;
        life.pose.azimuth += calm * 0.03 * normal(&mut life.rng);
    }
}

/// One frame later: the cell, its two daughters, or nothing.
fn grow_older(settings: &NucleiSettings, mut life: Life, crowded: bool, n_cells: &mut u32) -> Vec<Life> {
    life.age += 1.0;
    if life.pose.stage == Stage::Leaving {
        // The daughter's plate goes on along the spindle.
        let (sin, cos) = life.pose.azimuth.sin_cos();
        let speed = 2.2 * (1.0 - life.pose.progress);
        life.pose.y += speed * sin;
        life.pose.x += speed * cos;
    }
    if life.age < life.span {
        life.pose.progress = life.age / life.span;
        if life.pose.stage == Stage::Resting {
            life.pose.radius += 0.06 * (life.grown - life.pose.radius);
        }
        return vec![life];
    }
    let rng = &mut life.rng;
    let (stage, span) = match life.pose.stage {
        Stage::Resting if crowded && !chance(rng, DEATH_IN_CROWD) => {
            life.pose.progress = 1.0;
            return vec![life];
        }
        Stage::Resting if crowded => (Stage::Dying, uniform(rng, 4.0, 9.0)),
        Stage::Resting if chance(rng, settings.p_apoptosis) => (Stage::Dying, uniform(rng, 4.0, 9.0)),
        Stage::Resting => (Stage::Gathering, uniform(rng, 2.5, 6.0)),
        Stage::Gathering => (Stage::Aligned, uniform(rng, 2.5, 6.0)),
        Stage::Aligned => (Stage::Parting, uniform(rng, 1.6, 3.4)),
        Stage::Leaving => (Stage::Resting, 2.0 * rest(settings, rng)),
        Stage::Dying => return Vec::new(),
        Stage::Parting => return divide(settings, &mut life, n_cells),
    };
    if stage == Stage::Gathering {
        life.pose.azimuth = angle(rng);
        // Spindles of cells on a surface mostly lie in its plane.
        let spread = if chance(rng, 0.06) { 0.6 } else { 0.16 };
        life.pose.tilt = (spread * normal(rng)).clamp(-1.1, 1.1);
        life.pose.separation = uniform(rng, 15.0, 22.0);
    }
    life.pose.stage = stage;
    life.span = span;
    // Frames fall anywhere in a stage: it began some time before this one.
    life.age = uniform(&mut life.rng, 0.0, 0.9);
    life.pose.progress = life.age / life.span;
    vec![life]
}

fn divide(settings: &NucleiSettings, mother: &mut Life, n_cells: &mut u32) -> Vec<Life> {
    let reach = 0.5 * mother.pose.separation * mother.pose.tilt.cos();
    let mut daughters = Vec::with_capacity(2);
    for side in [0.0, PI] {
        *n_cells += 1;
        let mut rng = stream(settings.seed, LINEAGE, *n_cells);
        let azimuth = mother.pose.azimuth + side;
        let grown = (mother.grown * lognormal(&mut rng, 1.0, 0.1)).clamp(10.0, 19.0);
        let span = uniform(&mut rng, 1.5, 3.5);
        let age = uniform(&mut rng, 0.0, 0.6);
        let pose = Pose {
            cell: *n_cells,
            parent: Some(mother.pose.cell),
            y: mother.pose.y + reach * azimuth.sin(),
            x: mother.pose.x + reach * azimuth.cos(),
            stage: Stage::Leaving,
            progress: age / span,
            azimuth,
            radius: 0.7 * grown,
            expression: mother.pose.expression,
            ..mother.pose.clone()
        };
        daughters.push(Life { pose, rng, velocity: [0.0; 2], age, span, grown });
    }
    daughters
}

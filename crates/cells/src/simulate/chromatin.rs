//! What the chromatin of one cell looks like: a nucleus with texture and nucleoli, or chromosomes in space.
//!
//! Condensed chromosomes have places in three dimensions relative to a spindle that points anywhere; seen from above
//! this gives plates edge-on, tilted and face-on, rings, pairs and everything between without a case for each.

use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::lineage::{Pose, Stage};
use super::noise::{Waves, angle, chance, lognormal, normal, stream, uniform};

/// Side of the canvas that one cell is drawn on, pixels.
const SIDE: usize = 84;
/// Light of a whole (4N) genome at usual expression.
const GENOME: f32 = 62_000.0;
/// Chromosomes that can be told apart, and grains along each.
const N_CHROMOSOMES: usize = 38;
const N_GRAINS: usize = 3;
const TRAITS: u32 = 2;
const JITTER: u32 = 1000;

/// A cell's own light on a small canvas whose first pixel is (`top`, `left`) of the frame.
#[derive(Debug)]
pub(super) struct Stamp {
    pub top: i32,
    pub left: i32,
    pub canvas: Canvas,
}

/// What stays the same in a cell as long as it lives.
struct Traits {
    aspect: f32,
    /// Amplitude and phase of the outline's deviation from an ellipse, for 2 to 5 waves around.
    outline: [[f32; 2]; 4],
    texture: Waves,
    contrast: f32,
    /// Row, column (both relative to the radius), size in pixels, depth.
    nucleoli: Vec<[f32; 4]>,
    chromosomes: Vec<Chromosome>,
    /// Direction (two angles), distance, radius and share of the light of each apoptotic body.
    bodies: Vec<[f32; 5]>,
    /// Deviation of the blur of this cell, pixels.
    focus: f32,
    /// How the spindle first stood, -1 to 1 of about a right angle.
    turn: f32,
}

/// One chromosome: where it is in the nucleus and where its place in the plate is, in units of their radii.
struct Chromosome {
    ball: [f32; 3],
    /// Thickness direction, distance from the spindle axis (area-uniform), angle around it.
    plate: [f32; 3],
    arm: [f32; 3],
    late: f32,
    light: f32,
}

impl Traits {
    fn of(seed: u64, pose: &Pose, movie_focus: f32) -> Self {
        let mut rng = stream(seed, TRAITS, pose.cell);
        let rng = &mut rng;
        let outline = [2.0, 3.0, 4.0, 5.0].map(|k: f32| [0.11 / k * normal(rng), angle(rng)]);
        let n_nucleoli = uniform(rng, 0.0, 4.99) as usize;
        let n_bodies = uniform(rng, 3.0, 8.0) as usize;
        Traits {
            aspect: uniform(rng, 1.05, 1.65),
            outline,
            texture: Waves::new(rng, 14, 3.5, 13.0),
            contrast: uniform(rng, 0.05, 0.16),
            nucleoli: (0..n_nucleoli).map(|_| nucleolus(rng)).collect(),
            chromosomes: (0..N_CHROMOSOMES).map(|_| Chromosome::new(rng)).collect(),
            bodies: (0..n_bodies).map(|_| body(rng)).collect(),
            turn: if chance(rng, 0.5) { 1.0 } else { -1.0 } * uniform(rng, 0.4, 1.0),
            focus: movie_focus
                + if chance(rng, 0.04) { uniform(rng, 1.0, 2.0) } else { 0.35 * normal(rng).abs() },
        }
    }

    /// Distance from the centre at which the outline lies in a direction, relative to the radius.
    fn reach(&self, direction: f32) -> f32 {
        let bumps = self.outline.iter().zip([2.0f32, 3.0, 4.0, 5.0]);
        1.0 + bumps.map(|([a, phase], k)| a * (k * direction + phase).cos()).sum::<f32>()
    }
}

fn nucleolus(rng: &mut ChaCha8Rng) -> [f32; 4] {
    let distance = 0.65 * uniform(rng, 0.0, 1.0).sqrt();
    let (sin, cos) = angle(rng).sin_cos();
    [distance * sin, distance * cos, uniform(rng, 1.3, 2.6), uniform(rng, 0.2, 0.5)]
}

fn body(rng: &mut ChaCha8Rng) -> [f32; 5] {
    let radius = lognormal(rng, 2.7, 0.4).clamp(1.2, 5.0);
    let light = radius.powi(3) * lognormal(rng, 1.0, 0.3);
    [angle(rng), uniform(rng, -1.0, 1.0), uniform(rng, 0.4, 1.0), radius, light]
}

impl Chromosome {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        let direction = sphere(rng);
        // Most chromosomes lie near the nuclear envelope.
        let depth = uniform(rng, 0.05, 1.0).powf(0.28);
        Chromosome {
            ball: direction.map(|v| v * depth),
            // Each goes to the part of the plate that is nearest.
            plate: [normal(rng), uniform(rng, 0.0, 1.0), direction[1].atan2(direction[2])],
            arm: sphere(rng),
            late: uniform(rng, 0.0, 1.0),
            light: lognormal(rng, 1.0, 0.45),
        }
    }
}

/// A random direction in space.
fn sphere(rng: &mut ChaCha8Rng) -> [f32; 3] {
    let z = uniform(rng, -1.0, 1.0);
    let (sin, cos) = angle(rng).sin_cos();
    let r = (1.0 - z * z).sqrt();
    [r * sin, r * cos, z]
}

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Draws a cell as the microscope would show it without neighbours and noise.
pub(super) fn stamp(seed: u64, frame: u32, pose: &Pose, movie_focus: f32) -> Stamp {
    let traits = Traits::of(seed, pose, movie_focus);
    let mut rng = stream(seed, JITTER + frame, pose.cell);
    let (top, left) = (pose.y.floor() as i32 - SIDE as i32 / 2, pose.x.floor() as i32 - SIDE as i32 / 2);
    let centre = [pose.y - top as f32, pose.x - left as f32];
    let mut drawing = Drawing { canvas: Canvas::new(SIDE, SIDE), centre, pose, traits: &traits };
    match pose.stage {
        Stage::Resting => drawing.nucleus(pose.radius, 1.0, traits.contrast),
        Stage::Dying => drawing.apoptosis(),
        _ => drawing.chromosomes(&mut rng),
    }
    let mut canvas = drawing.canvas;
    let content = match pose.stage {
        Stage::Resting => 0.5 + 0.5 * pose.progress,
        Stage::Leaving => 0.5,
        Stage::Dying => 0.85 - 0.3 * pose.progress,
        _ => 1.0,
    };
    let scale = GENOME * pose.expression * content / canvas.sum().max(1e-6);
    canvas.values.iter_mut().for_each(|v| *v *= scale);
    Stamp { top, left, canvas }
}

struct Drawing<'a> {
    canvas: Canvas,
    /// Row and column of the cell's centre on the canvas.
    centre: [f32; 2],
    pose: &'a Pose,
    traits: &'a Traits,
}

impl Drawing<'_> {
    /// A nucleus of `radius` holding `light`, with a texture of relative deviation `contrast`.
    fn nucleus(&mut self, radius: f32, light: f32, contrast: f32) {
        let mut canvas = Canvas::new(SIDE, SIDE);
        let (sin, cos) = self.pose.azimuth.sin_cos();
        // A dying nucleus rounds up.
        let round = self.pose.stage == Stage::Dying;
        let stretch = if round { 1.04 } else { self.traits.aspect.sqrt() };
        for row in 0..SIDE {
            for column in 0..SIDE {
                let (dy, dx) = (row as f32 - self.centre[0], column as f32 - self.centre[1]);
                // Along and across the spindle; nuclei are longer across it.
                let (along, across) = (dx * cos + dy * sin, dy * cos - dx * sin);
                let (a, b) = (along * stretch / radius, across / (stretch * radius));
                let ellipse = a.hypot(b);
                // No outline reaches further than this.
                if ellipse > 1.6 {
                    continue;
                }
                let distance = ellipse / self.traits.reach(b.atan2(a));
                if distance < 1.0 {
                    let thick = (1.0 - distance * distance).powf(0.3);
                    let grain = 1.0 + contrast * self.traits.texture.at(along, across);
                    canvas.values[row * SIDE + column] = thick * grain * self.holes(along, across, radius);
                }
            }
        }
        canvas.blur(self.traits.focus);
        let scale = light / canvas.sum().max(1e-6);
        self.canvas.values.iter_mut().zip(&canvas.values).for_each(|(a, b)| *a += scale * b);
    }

    /// What nucleoli leave of the light at a place of the nucleus.
    fn holes(&self, along: f32, across: f32, radius: f32) -> f32 {
        let dark = self.traits.nucleoli.iter().map(|&[y, x, size, depth]| {
            let (dy, dx) = (along - y * radius, across - x * radius);
            1.0 - depth * (-0.5 * (dy * dy + dx * dx) / (size * size)).exp()
        });
        dark.product()
    }

    /// Shrunk, smooth and dense first; then round bodies that drift apart.
    fn apoptosis(&mut self) {
        let progress = self.pose.progress;
        let broken = smooth(progress / 0.25);
        self.nucleus(self.pose.radius * (0.56 - 0.3 * broken), 1.0 - 0.85 * broken, 0.02);
        let all: f32 = self.traits.bodies.iter().map(|b| b[4]).sum();
        for &[direction, height, distance, radius, light] in &self.traits.bodies {
            let far = self.pose.radius * distance * (0.6 + 0.7 * progress);
            let (sin, cos) = direction.sin_cos();
            let focus = self.traits.focus.hypot(0.12 * height * far);
            let y = self.centre[0] + far * sin;
            let x = self.centre[1] + far * cos;
            self.canvas.add_spot(y, x, focus.hypot(0.45 * radius), (0.04 + 0.96 * broken) * light / all);
        }
    }

    /// Condensed chromosomes wherever the spindle has them.
    fn chromosomes(&mut self, rng: &mut ChaCha8Rng) {
        for i in 0..self.traits.chromosomes.len() {
            let chromosome = &self.traits.chromosomes[i];
            let sides: &[f32] = if self.pose.stage == Stage::Parting { &[1.0, -1.0] } else { &[1.0] };
            for &side in sides {
                let shake: [f32; 3] = std::array::from_fn(|_| 0.5 * normal(rng));
                let place = self.place(chromosome, side);
                for grain in 0..N_GRAINS {
                    let k = grain as f32 - 0.5 * (N_GRAINS as f32 - 1.0);
                    let arm = self.arm(chromosome, side, k);
                    let at = std::array::from_fn(|axis| place[axis] + arm[axis] + shake[axis]);
                    self.grain(at, chromosome.light);
                }
            }
        }
    }

    /// Where a chromosome's middle is: along the spindle and in the two directions across it.
    fn place(&self, chromosome: &Chromosome, side: f32) -> [f32; 3] {
        let pose = self.pose;
        let [thick, area, around] = chromosome.plate;
        // Early plates are rings around the spindle; later they fill.
        let hollow = match pose.stage {
            Stage::Gathering => 0.5,
            Stage::Aligned => 0.2 - 0.2 * pose.progress,
            _ => 0.1,
        };
        let size = match pose.stage {
            Stage::Gathering => 0.95 * pose.radius,
            Stage::Aligned => 0.9 * pose.radius,
            Stage::Parting => (0.8 - 0.15 * pose.progress) * pose.radius,
            // The nucleus of a daughter is smaller, its plate is not.
            _ => (1.1 - 0.12 * pose.progress) * pose.radius,
        };
        let across = size * (hollow + (1.0 - hollow) * area.sqrt());
        let lag = 0.16 * across * across / size;
        let along = match pose.stage {
            Stage::Parting => {
                let half = 0.5 * (8.0 + (pose.separation - 8.0) * smooth(0.15 + 0.85 * pose.progress));
                side * (half - lag) + 0.9 * thick
            }
            Stage::Leaving => (1.0 + 0.5 * pose.progress) * thick - lag + 0.08 * size,
            _ => 2.1 * thick,
        };
        let (sin, cos) = around.sin_cos();
        let plate = [along, across * sin, across * cos];
        let gathered = match pose.stage {
            Stage::Gathering => 0.45 * smooth(1.25 * pose.progress - 0.45 * chromosome.late),
            Stage::Aligned if chromosome.late > 0.96 => smooth(0.4 + pose.progress),
            _ => 1.0,
        };
        let nuclear = chromosome.ball.map(|v| 0.9 * pose.radius * v);
        std::array::from_fn(|axis| nuclear[axis] + gathered * (plate[axis] - nuclear[axis]))
    }

    /// Where grain `k` of a chromosome lies from its middle; arms trail behind when plates part.
    fn arm(&self, chromosome: &Chromosome, side: f32, k: f32) -> [f32; 3] {
        let mut arm = chromosome.arm.map(|v| 2.0 * k * v);
        if matches!(self.pose.stage, Stage::Parting | Stage::Leaving) {
            arm = arm.map(|v| 0.5 * v);
            arm[0] -= side * (k + 1.0) * 0.5 * (1.0 - 0.6 * chromosome.late);
        }
        arm
    }

    /// Angle of the spindle out of the picture's plane: it turns from wherever it was while chromosomes gather.
    fn tilt(&self) -> f32 {
        match self.pose.stage {
            Stage::Gathering => {
                let first = 1.5 * self.traits.turn;
                first + 0.45 * (self.pose.tilt - first) * smooth(self.pose.progress)
            }
            _ => self.pose.tilt,
        }
    }

    /// Puts a grain at a place relative to the spindle on the canvas; what is off the focal plane is blurred.
    fn grain(&mut self, [along, u, v]: [f32; 3], light: f32) {
        let (sin, cos) = self.pose.azimuth.sin_cos();
        let (sin_tilt, cos_tilt) = self.tilt().sin_cos();
        let shown = along * cos_tilt - v * sin_tilt;
        let height = along * sin_tilt + v * cos_tilt;
        let y = self.centre[0] + shown * sin + u * cos;
        let x = self.centre[1] + shown * cos - u * sin;
        let condensed = if self.pose.stage == Stage::Leaving { 1.0 + 0.8 * self.pose.progress } else { 1.0 };
        let sigma = (condensed * condensed + self.traits.focus.powi(2) + (0.13 * height).powi(2)).sqrt();
        self.canvas.add_spot(y, x, sigma, light);
    }
}

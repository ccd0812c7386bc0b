//! The outline and thickness of one spread cell: a body with processes, a nucleus, granules.

use std::f32::consts::TAU;

use rand_chacha::ChaCha8Rng;

use super::noise::{Waves, angle, chance, lognormal, normal, uniform};
use super::phase::Condition;

/// One cell on its support; lengths in pixels, thickness in units of phase.
#[derive(Debug)]
pub(super) struct Shape {
    /// Row and column of the body's centre.
    pub centre: [f32; 2],
    /// No pixel of the cell is further away than this.
    pub reach: f32,
    limbs: Vec<Limb>,
    ruffle: Waves,
    texture: Waves,
    /// Radius within which parts of the outline flow together.
    web: f32,
    thickness: f32,
    edge: f32,
    /// Grains of matter above (dark) or below (bright) the cell's: row, column, size, phase.
    pub grains: Vec<[f32; 4]>,
    nucleus: [f32; 4],
}

/// A tapered capsule: two ends and the radii there.
#[derive(Debug)]
struct Limb {
    from: [f32; 2],
    to: [f32; 2],
    radii: [f32; 2],
}

impl Limb {
    /// Signed distance to the outline, negative inside (exact for equal radii, close for others).
    fn distance(&self, y: f32, x: f32) -> f32 {
        let d = [self.to[0] - self.from[0], self.to[1] - self.from[1]];
        let p = [y - self.from[0], x - self.from[1]];
        let length = (d[0] * d[0] + d[1] * d[1]).max(1e-6);
        let t = ((p[0] * d[0] + p[1] * d[1]) / length).clamp(0.0, 1.0);
        let away = (p[0] - t * d[0]).hypot(p[1] - t * d[1]);
        away - (self.radii[0] + t * (self.radii[1] - self.radii[0]))
    }
}

/// How cells of a condition differ; all are medians of wide distributions that overlap.
struct Habit {
    body: f32,
    processes: [f32; 2],
    length: f32,
    thickness: f32,
    edge: f32,
    granules: f32,
    nucleus: f32,
}

impl Habit {
    fn of(condition: Condition) -> Self {
        match condition {
            Condition::Control => Habit {
                body: 1.0,
                processes: [2.0, 4.99],
                length: 2.6,
                thickness: 1.0,
                edge: 0.12,
                granules: 9.0,
                nucleus: 0.62,
            },
            Condition::Senescent => Habit {
                body: 1.75,
                processes: [3.0, 6.99],
                length: 1.9,
                thickness: 0.66,
                edge: 0.2,
                granules: 36.0,
                nucleus: 0.52,
            },
        }
    }
}

impl Shape {
    /// Draws a cell of a condition at a place; `unit` is the median body radius of control cells.
    pub(super) fn new(rng: &mut ChaCha8Rng, condition: Condition, centre: [f32; 2], unit: f32) -> Self {
        let habit = Habit::of(condition);
        let body = lognormal(rng, habit.body * unit, 0.2);
        // Cells about to divide let go and become spheres; senescent ones never do.
        if condition == Condition::Control && chance(rng, 0.05) {
            return Self::sphere(rng, centre, 0.75 * body);
        }
        let limbs = limbs(rng, &habit, centre, body);
        let farthest = limbs.iter().map(|l| (l.to[0] - centre[0]).hypot(l.to[1] - centre[1]));
        let reach = farthest.fold(0.0, f32::max) + 1.5 * body + 6.0;
        let lean = angle(rng);
        let off = uniform(rng, 0.0, 0.25) * body;
        let nucleus = [
            centre[0] + off * lean.sin(),
            centre[1] + off * lean.cos(),
            lognormal(rng, habit.nucleus * body, 0.1),
            lean,
        ];
        let mut shape = Shape {
            centre,
            reach,
            limbs,
            ruffle: Waves::new(rng, 9, 5.0, 22.0),
            texture: Waves::new(rng, 16, 2.5, 16.0),
            web: 0.9 * body,
            thickness: lognormal(rng, habit.thickness, 0.22),
            edge: habit.edge * body,
            grains: Vec::new(),
            nucleus,
        };
        let n_granules = lognormal(rng, habit.granules, 0.45);
        shape.fill(rng, n_granules, body);
        shape
    }

    /// A rounded cell.
    fn sphere(rng: &mut ChaCha8Rng, centre: [f32; 2], radius: f32) -> Self {
        Shape {
            centre,
            reach: radius + 6.0,
            limbs: vec![Limb { from: centre, to: centre, radii: [radius, radius] }],
            ruffle: Waves::new(rng, 4, 20.0, 40.0),
            texture: Waves::new(rng, 8, 3.0, 6.0),
            web: 1.0,
            thickness: uniform(rng, 3.5, 6.0),
            edge: 0.6 * radius,
            grains: Vec::new(),
            nucleus: [centre[0], centre[1], 0.0, 0.0],
        }
    }

    /// Puts nucleoli in the nucleus, dark granules around it and now and then bright droplets.
    fn fill(&mut self, rng: &mut ChaCha8Rng, n_granules: f32, body: f32) {
        let [y, x, radius, _] = self.nucleus;
        for _ in 0..uniform(rng, 1.0, 4.99) as usize {
            let (sin, cos) = angle(rng).sin_cos();
            let far = 0.55 * radius * uniform(rng, 0.0, 1.0).sqrt();
            let size = uniform(rng, 0.09, 0.16) * radius + 0.5;
            self.grains.push([y + far * sin, x + far * cos, size, uniform(rng, 0.5, 1.2)]);
        }
        let droplets = if chance(rng, 0.2) { uniform(rng, 1.0, 6.0) as usize } else { 0 };
        for i in 0..n_granules as usize + droplets {
            let (sin, cos) = angle(rng).sin_cos();
            let far = radius + 0.55 * body * normal(rng).abs();
            let place = [y + far * sin, x + far * cos];
            if self.depth(place[0], place[1]) < 1.0 {
                continue;
            }
            let (size, phase) = if i < n_granules as usize {
                (uniform(rng, 0.6, 1.2), uniform(rng, 0.25, 0.9))
            } else {
                (uniform(rng, 0.9, 1.6), -uniform(rng, 1.0, 2.2))
            };
            self.grains.push([place[0], place[1], size, phase]);
        }
    }

    /// How deep a place lies inside of the outline, pixels; negative outside.
    pub(super) fn depth(&self, y: f32, x: f32) -> f32 {
        let distance = self
            .limbs
            .iter()
            .map(|limb| limb.distance(y, x))
            .reduce(|a, b| flow(a, b, self.web))
            .unwrap_or(f32::MAX);
        0.7 * self.ruffle.at(y - self.centre[0], x - self.centre[1]) - distance
    }

    /// Phase that the cell adds where it is `depth` deep.
    pub(super) fn phase(&self, depth: f32, y: f32, x: f32) -> f32 {
        let rise = 1.0 - (-depth / self.edge.max(1.0)).exp();
        let grain = 1.0 + 0.07 * self.texture.at(y - self.centre[0], x - self.centre[1]);
        let [ny, nx, radius, lean] = self.nucleus;
        let (sin, cos) = lean.sin_cos();
        let (a, b) = ((y - ny) * sin + (x - nx) * cos, (y - ny) * cos - (x - nx) * sin);
        // The nucleus is a little clearer than the cytoplasm, with a dark rim.
        let ring = if radius > 0.0 { (a / 1.2).hypot(b * 1.2) / radius } else { 9.0 };
        let nucleus =
            if ring < 1.0 { -0.16 } else { 0.0 } + 0.2 * (-0.5 * ((ring - 1.0) * radius / 1.1).powi(2)).exp();
        self.thickness * (rise * grain * (0.55 + 0.6 * rise) + if radius > 0.0 { nucleus } else { 0.0 })
    }
}

/// Body and processes; most control cells are drawn out along an axis.
fn limbs(rng: &mut ChaCha8Rng, habit: &Habit, centre: [f32; 2], body: f32) -> Vec<Limb> {
    let axis = angle(rng);
    let stretch = uniform(rng, 0.1, 0.7) * body;
    let along = |t: f32| [centre[0] + t * axis.sin(), centre[1] + t * axis.cos()];
    let mut limbs = vec![Limb {
        from: along(-stretch),
        to: along(stretch),
        radii: [0.8 * body, uniform(rng, 0.6, 0.85) * body],
    }];
    let n = uniform(rng, habit.processes[0], habit.processes[1]) as usize;
    for k in 0..n {
        let direction = axis + TAU * k as f32 / n as f32 + 0.35 * normal(rng);
        let length = body * lognormal(rng, habit.length, 0.3).min(4.5);
        let tip = [centre[0] + length * direction.sin(), centre[1] + length * direction.cos()];
        // A bent process: two pieces.
        let bend = 0.18 * length * normal(rng);
        let elbow = [
            0.5 * (centre[0] + tip[0]) + bend * direction.cos(),
            0.5 * (centre[1] + tip[1]) - bend * direction.sin(),
        ];
        let waist = uniform(rng, 0.16, 0.34) * body;
        let end = (uniform(rng, 0.06, 0.3) * body).max(1.0);
        limbs.push(Limb { from: centre, to: elbow, radii: [0.6 * body, waist] });
        limbs.push(Limb { from: elbow, to: tip, radii: [waist, end] });
    }
    limbs
}

/// The smaller of two distances, rounded where they are closer than `web`.
fn flow(a: f32, b: f32, web: f32) -> f32 {
    let near = (web - (a - b).abs()).max(0.0) / web;
    a.min(b) - 0.25 * near * near * web
}

//! Phase-contrast fields of control and senescent-like cells.
//!
//! The phase ring attenuates and delays the light that a specimen does not scatter; to a good approximation the picture shows
//! the optical thickness minus a blurred copy of it. Halos, dark rims and the fading of large flat cells' middles
//! all follow from this one formula: `I = B (1 - k (φ - 0.55 G(σ₁)φ - 0.45 G(σ₂)φ))`.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::SimulateError;
use super::canvas::Canvas;
use super::noise::{Waves, angle, lognormal, normal, stream, uniform};
use super::shape::Shape;
use crate::CropShape;

const SCENE: u32 = 11;
const SHAPE: u32 = 12;
const SHOT: u32 = 13;
const DEBRIS: u32 = 14;

/// What a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Drawn out, thick, few granules, strong halo.
    Control,
    /// Large, flat, granular, weak halo.
    Senescent,
}

impl Condition {
    /// The class name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Condition::Control => "control",
            Condition::Senescent => "senescent",
        }
    }
}

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PhaseSettings {
    /// Another seed is another field.
    pub seed: u64,
    /// Rows, pixels.
    pub height: usize,
    /// Columns, pixels.
    pub width: usize,
    /// Cells; with 0 the field is empty: shading and noise only.
    pub n_cells: usize,
    /// Share of cells that are senescent.
    pub p_senescent: f32,
    /// Median radius of a control cell's body, pixels.
    pub cell_radius: f32,
    /// Three channels instead of one.
    pub rgb: bool,
}

impl Default for PhaseSettings {
    fn default() -> Self {
        PhaseSettings {
            seed: 0,
            height: 512,
            width: 512,
            n_cells: 30,
            p_senescent: 0.0,
            cell_radius: 10.0,
            rgb: true,
        }
    }
}

impl PhaseSettings {
    /// All mistakes in the settings.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                mistakes.push(what.to_owned());
            }
        };
        expect((64..=4096).contains(&self.height), "height within 64 to 4096");
        expect((64..=4096).contains(&self.width), "width within 64 to 4096");
        expect(self.n_cells <= 2000, "n_cells at most 2000");
        expect((0.0..=1.0).contains(&self.p_senescent), "p_senescent within 0 to 1");
        expect((4.0..=40.0).contains(&self.cell_radius), "cell_radius within 4 to 40");
        mistakes
    }
}

/// One cell of a field: the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseCell {
    /// Number in the mask, from 1.
    pub cell: u32,
    /// Row of the mask's centre of mass, pixels, pixel centres at whole numbers.
    pub y: f64,
    /// Column of it.
    pub x: f64,
    /// What the cell is.
    pub condition: Condition,
    /// Pixels of its mask.
    pub area: usize,
}

/// A field and its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct PhaseField {
    /// `phase_` and the seed.
    pub name: String,
    /// Rows, columns, 1 or 3 channels.
    pub shape: CropShape,
    /// Intensities, `[h, w, c]`.
    pub pixels: Vec<u8>,
    /// Number of the cell at each pixel, 0 for none, `[h, w]`. Where cells overlap the pixel
    /// is that of the cell in which it lies deeper.
    pub masks: Vec<u16>,
    /// The cells that are seen at all, by number.
    pub cells: Vec<PhaseCell>,
}

/// Simulates a field.
///
/// # Errors
/// All mistakes in the settings.
///
/// ```
/// use cells::simulate::{PhaseSettings, phase};
/// let field = phase(&PhaseSettings { height: 128, width: 128, n_cells: 3, ..Default::default() })?;
/// assert_eq!(field.pixels.len(), 128 * 128 * 3);
/// # Ok::<(), cells::simulate::SimulateError>(())
/// ```
pub fn phase(settings: &PhaseSettings) -> Result<PhaseField, SimulateError> {
    let mistakes = settings.validate();
    if !mistakes.is_empty() {
        return Err(SimulateError::Settings(mistakes));
    }
    let (h, w) = (settings.height, settings.width);
    let mut thickness = Canvas::new(h, w);
    let mut owner = Owner { masks: vec![0; h * w], deepest: vec![0.0; h * w] };
    let conditions = populate(settings, &mut thickness, &mut owner);
    if settings.n_cells > 0 {
        litter(settings, &mut thickness);
    }
    let pixels = photograph(settings, &thickness);
    let cells = census(&owner.masks, w, &conditions);
    let shape = CropShape { h, w, c: if settings.rgb { 3 } else { 1 } };
    Ok(PhaseField { name: format!("phase_{}", settings.seed), shape, pixels, masks: owner.masks, cells })
}

struct Owner {
    masks: Vec<u16>,
    deepest: Vec<f32>,
}

/// Places the cells, those with room first tried, and adds their thickness.
fn populate(settings: &PhaseSettings, thickness: &mut Canvas, owner: &mut Owner) -> Vec<Condition> {
    let mut rng = stream(settings.seed, SCENE, 0);
    let mut places: Vec<[f32; 2]> = Vec::new();
    let mut conditions = Vec::new();
    let n_senescent = (settings.n_cells as f32 * settings.p_senescent).round() as usize;
    for k in 0..settings.n_cells {
        let condition = if k < n_senescent { Condition::Senescent } else { Condition::Control };
        let place = roomiest(&mut rng, settings, &places);
        places.push(place);
        conditions.push(condition);
        let mut own = stream(settings.seed, SHAPE, k as u32);
        let shape = Shape::new(&mut own, condition, place, settings.cell_radius);
        spread(&shape, k as u16 + 1, thickness, owner);
    }
    conditions
}

/// Of some random places the one farthest from all cells so far: cells avoid each other, but not entirely.
fn roomiest(rng: &mut ChaCha8Rng, settings: &PhaseSettings, places: &[[f32; 2]]) -> [f32; 2] {
    let room =
        |p: &[f32; 2]| places.iter().map(|q| (p[0] - q[0]).hypot(p[1] - q[1])).fold(f32::MAX, f32::min);
    let mut best = [0.0; 2];
    let mut most = -1.0;
    for _ in 0..7 {
        let place = [uniform(rng, 0.0, settings.height as f32), uniform(rng, 0.0, settings.width as f32)];
        let found = room(&place);
        if found > most {
            (best, most) = (place, found);
        }
    }
    best
}

/// Adds a cell's thickness and granules to the field and claims the pixels that lie deeper in it than in others.
fn spread(shape: &Shape, cell: u16, thickness: &mut Canvas, owner: &mut Owner) {
    let rows = clip(shape.centre[0], shape.reach, thickness.h);
    let columns = clip(shape.centre[1], shape.reach, thickness.w);
    for y in rows {
        for x in columns.clone() {
            let (fy, fx) = (y as f32, x as f32);
            let depth = shape.depth(fy, fx);
            if depth <= 0.0 {
                continue;
            }
            let at = y * thickness.w + x;
            let phase = shape.phase(depth, fy, fx);
            thickness.values[at] += phase;
            if depth > owner.deepest[at] {
                owner.deepest[at] = depth;
                owner.masks[at] = cell;
            }
        }
    }
    for &[y, x, size, phase] in &shape.grains {
        thickness.add_spot(y, x, size, phase * std::f32::consts::TAU * size * size);
    }
}

fn clip(centre: f32, reach: f32, end: usize) -> std::ops::Range<usize> {
    let start = (centre - reach).floor().max(0.0) as usize;
    let stop = ((centre + reach).ceil().max(0.0) as usize).min(end);
    start.min(stop)..stop
}

/// Debris: crumbs alone and in small heaps.
fn litter(settings: &PhaseSettings, thickness: &mut Canvas) {
    let mut rng = stream(settings.seed, DEBRIS, 0);
    let n_heaps =
        (uniform(&mut rng, 20.0, 60.0) * (settings.height * settings.width) as f32 / 262_144.0) as usize;
    for _ in 0..n_heaps {
        let y = uniform(&mut rng, 0.0, settings.height as f32);
        let x = uniform(&mut rng, 0.0, settings.width as f32);
        for _ in 0..uniform(&mut rng, 1.0, 7.0) as usize {
            let size = uniform(&mut rng, 0.6, 1.4);
            let phase = lognormal(&mut rng, 0.22, 0.5) * std::f32::consts::TAU * size * size;
            thickness.add_spot(y + 2.5 * normal(&mut rng), x + 2.5 * normal(&mut rng), size, phase);
        }
    }
}

/// The microscope and the camera.
fn photograph(settings: &PhaseSettings, thickness: &Canvas) -> Vec<u8> {
    let mut rng = stream(settings.seed, SHOT, 0);
    let scale = settings.cell_radius / 10.0;
    let (mut near, mut far) = (thickness.clone(), thickness.clone());
    near.blur(2.4 * scale.sqrt());
    far.blur(9.0 * scale);
    let contrast = uniform(&mut rng, 0.75, 1.0);
    let mut picture = Canvas::new(thickness.h, thickness.w);
    for (i, out) in picture.values.iter_mut().enumerate() {
        let scattered = thickness.values[i] - 0.55 * near.values[i] - 0.45 * far.values[i];
        // Halos are brighter than the rims within are dark, and both end somewhere.
        let scattered = if scattered < 0.0 { 1.5 * scattered } else { scattered };
        *out = 1.0 - 0.9 * (contrast * scattered / 0.9).tanh();
    }
    picture.blur(uniform(&mut rng, 0.55, 0.8));
    let lamp = Lamp::new(&mut rng);
    let n_channels = if settings.rgb { 3 } else { 1 };
    let tint: [f32; 3] =
        std::array::from_fn(|_| if settings.rgb { uniform(&mut rng, 0.97, 1.03) } else { 1.0 });
    let noise = uniform(&mut rng, 0.8, 1.8);
    let mut pixels = Vec::with_capacity(picture.values.len() * n_channels);
    for (i, &value) in picture.values.iter().enumerate() {
        let (y, x) = ((i / picture.w) as f32 / picture.h as f32, (i % picture.w) as f32 / picture.w as f32);
        let level = lamp.level(y, x) * value;
        // Most of the noise is the light's, the same in all channels.
        let shared = noise * normal(&mut rng);
        for gain in &tint[..n_channels] {
            let own = if settings.rgb { 0.4 * noise * normal(&mut rng) } else { 0.0 };
            pixels.push((gain * level + shared + own).round().clamp(0.0, 255.0) as u8);
        }
    }
    pixels
}

/// Uneven light.
struct Lamp {
    base: f32,
    slope: [f32; 2],
    waves: Waves,
}

impl Lamp {
    fn new(rng: &mut ChaCha8Rng) -> Self {
        let (sin, cos) = angle(rng).sin_cos();
        let steep = uniform(rng, 2.0, 14.0);
        Lamp {
            base: uniform(rng, 108.0, 138.0),
            slope: [steep * sin, steep * cos],
            waves: Waves::new(rng, 5, 0.7, 2.0),
        }
    }

    fn level(&self, y: f32, x: f32) -> f32 {
        self.base + self.slope[0] * (y - 0.5) + self.slope[1] * (x - 0.5) + 1.8 * self.waves.at(y, x)
    }
}

/// Centre and area of each cell that has pixels.
fn census(masks: &[u16], w: usize, conditions: &[Condition]) -> Vec<PhaseCell> {
    let mut sums = vec![[0usize; 3]; conditions.len()];
    for (i, &cell) in masks.iter().enumerate().filter(|(_, cell)| **cell > 0) {
        let sum = &mut sums[usize::from(cell) - 1];
        sum[0] += 1;
        sum[1] += i / w;
        sum[2] += i % w;
    }
    sums.iter()
        .zip(conditions)
        .zip(1u32..)
        .filter(|((sum, _), _)| sum[0] > 0)
        .map(|((&[area, y, x], &condition), cell)| PhaseCell {
            cell,
            y: y as f64 / area as f64,
            x: x as f64 / area as f64,
            condition,
            area,
        })
        .collect()
}

//! Movies of fluorescent nuclei: MDCK-like, histone-labelled, 3 pixels per micrometre, 4 minutes per frame.
//!
//! Divisions and deaths are far more frequent than in a dish, as after release from a block, so that a short
//! movie holds enough of each class.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::SimulateError;
use super::camera::Camera;
use super::canvas::Canvas;
use super::chromatin::{Stamp, stamp};
use super::lineage::{Pose, lineage};
use super::noise::{stream, uniform};
use crate::{Depth, Pixels};

const MOVIE: u32 = 3;
const SHOT: u32 = 4;
/// Micrometres per pixel of the simulated microscope.
pub const MICRON_PER_PIXEL: f64 = 1.0 / 3.0;
/// Seconds between two frames.
pub const SECONDS_PER_FRAME: f64 = 240.0;
/// A pixel belongs to a cell when the cell's own light there exceeds this share of its largest.
const IN_MASK: f32 = 0.28;

/// The five states of a nucleus that the simulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// Resting or growing nucleus.
    Interphase,
    /// Condensed chromosomes that gather.
    Prometaphase,
    /// Chromosomes in a plate.
    Metaphase,
    /// Two plates that part, or one of them on its way.
    Anaphase,
    /// Shrunk and broken in bright bodies.
    Apoptosis,
}

impl State {
    /// All states, in the order of their class numbers.
    pub const ALL: [State; 5] =
        [State::Interphase, State::Prometaphase, State::Metaphase, State::Anaphase, State::Apoptosis];

    /// The class name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Interphase => "Interphase",
            State::Prometaphase => "Prometaphase",
            State::Metaphase => "Metaphase",
            State::Anaphase => "Anaphase",
            State::Apoptosis => "Apoptosis",
        }
    }

    /// The class number.
    #[must_use]
    pub fn class(self) -> usize {
        self as usize
    }
}

/// What to simulate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NucleiSettings {
    /// Another seed is another dish, lamp and camera.
    pub seed: u64,
    /// Frames.
    pub n_frames: usize,
    /// Rows of a frame, pixels.
    pub height: usize,
    /// Columns of a frame, pixels.
    pub width: usize,
    /// `uint8` or `uint16`.
    pub depth: Depth,
    /// Nuclei in the first frame.
    pub n_cells: usize,
    /// Median length of interphase, frames.
    pub interphase_frames: f32,
    /// Probability that a cell dies at the end of interphase instead of dividing.
    pub p_apoptosis: f32,
}

impl Default for NucleiSettings {
    fn default() -> Self {
        NucleiSettings {
            seed: 0,
            n_frames: 40,
            height: 512,
            width: 512,
            depth: Depth::Uint16,
            n_cells: 60,
            interphase_frames: 30.0,
            p_apoptosis: 0.4,
        }
    }
}

impl NucleiSettings {
    /// All mistakes in the settings.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut expect = |holds: bool, what: &str| {
            if !holds {
                mistakes.push(what.to_owned());
            }
        };
        expect((1..=10_000).contains(&self.n_frames), "n_frames within 1 to 10000");
        expect((64..=4096).contains(&self.height), "height within 64 to 4096");
        expect((64..=4096).contains(&self.width), "width within 64 to 4096");
        let n_values = self.n_frames.saturating_mul(self.height).saturating_mul(self.width);
        expect(n_values <= 1 << 30, "at most 2^30 pixels in all frames together");
        expect((1..=2000).contains(&self.n_cells), "n_cells within 1 to 2000");
        expect((3.0..=1e4).contains(&self.interphase_frames), "interphase_frames within 3 to 10000");
        expect((0.0..=1.0).contains(&self.p_apoptosis), "p_apoptosis within 0 to 1");
        expect(self.depth != Depth::Float32, "depth uint8 or uint16");
        mistakes
    }
}

/// One cell in one frame: the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sighting {
    /// Number of the cell, from 1, also its number in the masks; a daughter is another cell than its mother.
    pub cell: u32,
    /// Frame, from 0.
    pub frame: usize,
    /// Row of the centre, pixels, pixel centres at whole numbers; may lie outside of the picture.
    pub y: f64,
    /// Column of the centre.
    pub x: f64,
    /// What it is doing.
    pub state: State,
    /// The mother, for cells born in the movie.
    pub parent: Option<u32>,
    /// The ancestor in the first frame: relatives share it.
    pub founder: u32,
    /// Pixels of the cell's mask.
    pub area: usize,
}

/// A movie and its truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Movie {
    /// `nuclei_` and the seed.
    pub name: String,
    /// Frames.
    pub n_frames: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Intensities, `[t, h, w]`.
    pub pixels: Pixels,
    /// Number of the cell at each pixel, 0 for none, `[t, h, w]`. A pixel is a cell's where the cell's own light
    /// exceeds 28 % of its largest; where two claim it the brighter one has it.
    pub masks: Vec<u16>,
    /// All cells in all frames, ordered by frame, then cell.
    pub sightings: Vec<Sighting>,
}

/// Simulates a movie.
///
/// # Errors
/// All mistakes in the settings.
///
/// ```
/// use cells::simulate::{NucleiSettings, nuclei};
/// let settings = NucleiSettings { n_frames: 2, height: 128, width: 128, n_cells: 6, ..Default::default() };
/// let movie = nuclei(&settings)?;
/// assert_eq!(movie.pixels.len(), 2 * 128 * 128);
/// # Ok::<(), cells::simulate::SimulateError>(())
/// ```
pub fn nuclei(settings: &NucleiSettings) -> Result<Movie, SimulateError> {
    let mistakes = settings.validate();
    if !mistakes.is_empty() {
        return Err(SimulateError::Settings(mistakes));
    }
    let mut rng = stream(settings.seed, MOVIE, 0);
    let focus = uniform(&mut rng, 0.9, 1.4);
    let camera = Camera::new(&mut rng);
    let poses = lineage(settings);
    let frames: Vec<(Pixels, Vec<u16>, Vec<Sighting>)> = poses
        .par_iter()
        .enumerate()
        .map(|(frame, poses)| picture(settings, frame, poses, focus, &camera))
        .collect();
    let mut movie = Movie {
        name: format!("nuclei_{}", settings.seed),
        n_frames: settings.n_frames,
        height: settings.height,
        width: settings.width,
        pixels: Pixels::empty(settings.depth),
        masks: Vec::new(),
        sightings: Vec::new(),
    };
    for (pixels, masks, sightings) in frames {
        let same_depth = movie.pixels.extend_from(&pixels, 0..pixels.len());
        debug_assert!(same_depth.is_ok());
        movie.masks.extend(masks);
        movie.sightings.extend(sightings);
    }
    Ok(movie)
}

/// One frame: its picture, masks and cells.
fn picture(
    settings: &NucleiSettings,
    frame: usize,
    poses: &[Pose],
    focus: f32,
    camera: &Camera,
) -> (Pixels, Vec<u16>, Vec<Sighting>) {
    let (h, w) = (settings.height, settings.width);
    let mut light = Canvas::new(h, w);
    let mut masks = vec![0u16; h * w];
    let mut strongest = vec![0f32; h * w];
    for pose in poses {
        let stamp = stamp(settings.seed, frame as u32, pose, focus);
        // Light from above and below the focal plane: a faint wide glow around each cell.
        light.add_spot(pose.y, pose.x, 1.1 * pose.radius, 0.12 * stamp.canvas.sum());
        press(&stamp, pose.cell as u16, &mut light, &mut masks, &mut strongest);
    }
    let mut areas = std::collections::BTreeMap::new();
    for &cell in masks.iter().filter(|&&cell| cell > 0) {
        *areas.entry(u32::from(cell)).or_insert(0usize) += 1;
    }
    let mut sightings: Vec<Sighting> = poses
        .iter()
        .map(|pose| Sighting {
            cell: pose.cell,
            frame,
            y: f64::from(pose.y),
            x: f64::from(pose.x),
            state: pose.stage.state(),
            parent: pose.parent,
            founder: pose.founder,
            area: areas.get(&pose.cell).copied().unwrap_or(0),
        })
        .collect();
    sightings.sort_by_key(|s| s.cell);
    let mut rng = stream(settings.seed, SHOT, frame as u32);
    (camera.expose(&mut rng, &light, settings.depth), masks, sightings)
}

/// Adds a cell's light to the frame and claims the pixels where it is the strongest.
fn press(stamp: &Stamp, cell: u16, light: &mut Canvas, masks: &mut [u16], strongest: &mut [f32]) {
    let floor = IN_MASK * stamp.canvas.max();
    for (i, &value) in stamp.canvas.values.iter().enumerate() {
        let y = stamp.top + (i / stamp.canvas.w) as i32;
        let x = stamp.left + (i % stamp.canvas.w) as i32;
        if y < 0 || x < 0 || y >= light.h as i32 || x >= light.w as i32 {
            continue;
        }
        let at = y as usize * light.w + x as usize;
        light.values[at] += value;
        if value > floor && value > strongest[at] {
            strongest[at] = value;
            masks[at] = cell;
        }
    }
}

//! Points as an annotator would click them, and the windows around them.

use rand::seq::SliceRandom;
use serde::Serialize;

use super::noise::{normal, stream};
use super::nuclei::{Movie, NucleiSettings, Sighting, State, nuclei};
use super::{SimulateError, sub_seed};
use crate::{Cell, CellSet, CropShape, Pixels};

/// Name of the only channel.
const CHANNEL: &str = "H2B";
const CLICKS: u32 = 5;
/// Deviation of a click from a cell's centre, pixels.
const CLICK_SPREAD: f32 = 1.5;

/// A labelled click.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// Frame, from 0.
    pub frame: usize,
    /// Row, pixels, pixel centres at whole numbers.
    pub y: f64,
    /// Column.
    pub x: f64,
    /// The class.
    pub state: State,
    /// The cell that was clicked.
    pub cell: u32,
    /// Its ancestor in the first frame.
    pub founder: u32,
}

/// Clicks on at most `per_class` cells of each state, near their centres; each cell is clicked once in a state before any is
/// clicked again. Ordered by state, then frame, then cell.
#[must_use]
pub fn points(movie: &Movie, per_class: usize, seed: u64) -> Vec<Point> {
    let mut points = Vec::new();
    for state in State::ALL {
        let mut rng = stream(seed, CLICKS, state.class() as u32);
        let inside = |s: &&Sighting| s.state == state && s.area > 30 && contains(movie, s.y, s.x);
        let mut candidates: Vec<&Sighting> = movie.sightings.iter().filter(inside).collect();
        candidates.shuffle(&mut rng);
        let mut seen = std::collections::BTreeMap::new();
        let mut turns: Vec<(usize, &Sighting)> = candidates
            .into_iter()
            .map(|s| {
                let turn = seen.entry(s.cell).or_insert(0usize);
                *turn += 1;
                (*turn, s)
            })
            .collect();
        turns.sort_by_key(|(turn, _)| *turn);
        turns.truncate(per_class);
        turns.sort_by_key(|(_, s)| (s.frame, s.cell));
        for (_, s) in turns {
            let mut click = |centre: f64, end: usize| {
                (centre + f64::from(CLICK_SPREAD * normal(&mut rng))).clamp(0.0, end as f64 - 1.0)
            };
            let (y, x) = (click(s.y, movie.height), click(s.x, movie.width));
            points.push(Point { frame: s.frame, y, x, state, cell: s.cell, founder: s.founder });
        }
    }
    points
}

fn contains(movie: &Movie, y: f64, x: f64) -> bool {
    (0.0..=movie.height as f64 - 1.0).contains(&y) && (0.0..=movie.width as f64 - 1.0).contains(&x)
}

/// Cuts windows of `size` x `size` pixels, rows `floor(y) - size/2` and on, columns likewise. What hangs over the border
/// is filled with zeros and the cell flagged. Relatives (one founder and its offspring) share a group.
///
/// # Errors
/// An odd or empty window; a point outside of the movie.
pub fn patches(movie: &Movie, points: &[Point], size: usize) -> Result<CellSet, SimulateError> {
    if size < 2 || size % 2 == 1 {
        return Err(SimulateError::OddWindow(size));
    }
    let mut set = CellSet {
        shape: CropShape { h: size, w: size, c: 1 },
        pixels: Pixels::empty(movie.pixels.depth()),
        cells: Vec::with_capacity(points.len()),
        classes: State::ALL.iter().map(|s| s.name().to_owned()).collect(),
        channels: vec![CHANNEL.to_owned()],
        provenance: serde_json::json!({ "simulated": movie.name, "size": size }),
    };
    for (index, point) in points.iter().enumerate() {
        if point.frame >= movie.n_frames || !contains(movie, point.y, point.x) {
            return Err(SimulateError::PointOutside {
                index,
                n_frames: movie.n_frames,
                height: movie.height,
                width: movie.width,
                frame: point.frame,
                y: point.y.to_string(),
                x: point.x.to_string(),
            });
        }
        let (top, left) = (corner(point.y, size), corner(point.x, size));
        set.cells.push(Cell {
            name: format!("{}/{}_{index}", movie.name, point.state.name()),
            class: Some(point.state.class()),
            group: format!("{}/{}", movie.name, point.founder),
            split: None,
            flagged: hangs_over(top, size, movie.height) || hangs_over(left, size, movie.width),
            source: movie.name.clone(),
            frame: Some(point.frame as f64),
            y: Some(point.y),
            x: Some(point.x),
            ..Cell::default()
        });
        match (&movie.pixels, &mut set.pixels) {
            (Pixels::Uint8(from), Pixels::Uint8(to)) => cut(movie, from, point.frame, top, left, size, to),
            (Pixels::Uint16(from), Pixels::Uint16(to)) => cut(movie, from, point.frame, top, left, size, to),
            (Pixels::Float32(from), Pixels::Float32(to)) => {
                cut(movie, from, point.frame, top, left, size, to)
            }
            _ => {}
        }
    }
    Ok(set)
}

fn corner(centre: f64, size: usize) -> i64 {
    centre.floor() as i64 - (size / 2) as i64
}

fn hangs_over(start: i64, size: usize, end: usize) -> bool {
    start < 0 || start + size as i64 > end as i64
}

fn cut<T: Copy + Default>(
    movie: &Movie,
    from: &[T],
    frame: usize,
    top: i64,
    left: i64,
    size: usize,
    to: &mut Vec<T>,
) {
    let (h, w) = (movie.height as i64, movie.width as i64);
    for y in top..top + size as i64 {
        for x in left..left + size as i64 {
            let inside = (0..h).contains(&y) && (0..w).contains(&x);
            let at = (frame as i64 * h + y) * w + x;
            to.push(if inside { from[at as usize] } else { T::default() });
        }
    }
}

/// Labelled crops of several movies, which have the seeds [`sub_seed`]`(settings.seed, 0)`, 1, …: at most `per_class` cells of
/// each state from each movie, windows of `size` pixels, those that hang over the border left out.
///
/// # Errors
/// As [`nuclei`] and [`patches`].
///
/// ```
/// use cells::simulate::{NucleiSettings, nuclei_cells};
/// let settings = NucleiSettings { n_frames: 4, height: 128, width: 128, n_cells: 6, ..Default::default() };
/// let cells = nuclei_cells(&settings, 2, 5, 64)?;
/// assert_eq!(cells.classes[2], "Metaphase");
/// # Ok::<(), cells::simulate::SimulateError>(())
/// ```
pub fn nuclei_cells(
    settings: &NucleiSettings,
    n_movies: usize,
    per_class: usize,
    size: usize,
) -> Result<CellSet, SimulateError> {
    let sets = (0..n_movies.max(1)).map(|k| {
        let settings = NucleiSettings { seed: sub_seed(settings.seed, k), ..settings.clone() };
        let movie = nuclei(&settings)?;
        patches(&movie, &points(&movie, per_class, settings.seed), size)
    });
    Ok(join_unflagged(&sets.collect::<Result<Vec<_>, _>>()?))
}

/// The cells of several sets of one shape and depth as one set, those over a border left out.
#[must_use]
pub fn join_unflagged(sets: &[CellSet]) -> CellSet {
    let whole =
        |set: &CellSet| set.select(&(0..set.len()).filter(|&i| !set.cells[i].flagged).collect::<Vec<_>>());
    let mut parts = sets.iter().map(whole);
    let mut joined = parts.next().unwrap_or_else(|| CellSet {
        shape: CropShape { h: 0, w: 0, c: 1 },
        pixels: Pixels::empty(crate::Depth::Uint16),
        cells: Vec::new(),
        classes: Vec::new(),
        channels: vec![CHANNEL.to_owned()],
        provenance: serde_json::Value::Null,
    });
    for part in parts {
        let same_depth = joined.pixels.extend_from(&part.pixels, 0..part.pixels.len());
        debug_assert!(same_depth.is_ok());
        joined.cells.extend(part.cells);
    }
    joined.provenance = sets.iter().map(|set| set.provenance.clone()).collect();
    joined
}

//! The cells of one frame: found, and cut.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use cells::cut::percentile::Room;
use cells::cut::{Finding, Found, Plane, Reason, auto, labels, percentile};
use cells::{CropShape, Pixels};
use serde::{Deserialize, Serialize};

use super::points::Point;
use super::request::{CropRequest, Method};
use super::view::View;
use crate::StudyError;

/// What is known of a cell that was cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Where it is.
    pub found: Found,
    /// Its window hangs over the border.
    pub flagged: bool,
    /// Class, when its point has one.
    pub class: Option<String>,
    /// Group, when its point has one.
    pub group: Option<String>,
}

/// The cells of one frame.
#[derive(Debug, Clone, PartialEq)]
pub struct Cut {
    /// A row per cell.
    pub rows: Vec<Row>,
    /// Their pixels, `[n, h, w, c]`.
    pub pixels: Pixels,
    /// Candidates that were dropped.
    pub dropped: BTreeMap<Reason, usize>,
}

/// Where the method gets its cells from besides the pixels.
pub enum Given {
    /// Nowhere.
    Nothing,
    /// The points of this frame, in pixels.
    Points(Vec<Point>),
    /// The labels of this frame, `[h, w]`.
    Labels(Vec<u32>),
}

/// Buffers that frames take in turn.
#[derive(Debug, Default)]
pub struct Rooms {
    uint8: Mutex<Vec<Room<u8>>>,
    uint16: Mutex<Vec<Room<u16>>>,
}

/// Works in one of `rooms`, or in a new one when all are taken.
fn lend<T: Default, R>(rooms: &Mutex<Vec<Room<T>>>, work: impl FnOnce(&mut Room<T>) -> R) -> R {
    let rooms = || rooms.lock().unwrap_or_else(PoisonError::into_inner);
    let mut room = rooms().pop().unwrap_or_default();
    let result = work(&mut room);
    rooms().push(room);
    result
}

/// Finds cells and cuts them.
///
/// # Errors
/// When the method cannot work on such intensities.
pub fn cut(view: &View, given: &Given, request: &CropRequest, rooms: &Rooms) -> Result<Cut, StudyError> {
    let finding = find(view, given, request, rooms)?;
    let empty = Pixels::empty(view.pixels.depth());
    let mut cut = Cut { rows: Vec::new(), pixels: empty, dropped: finding.dropped };
    let ground = match (given, &request.method) {
        (Given::Labels(labels), Method::Labels { blank: true, .. }) => Some(Ground::of(view, labels)),
        _ => None,
    };
    for (i, found) in finding.cells.into_iter().enumerate() {
        let window = match request.window.place((found.y, found.x), view.shape.h, view.shape.w) {
            Ok(window) => window,
            Err(reason) => {
                *cut.dropped.entry(reason).or_insert(0) += 1;
                continue;
            }
        };
        let start = cut.pixels.len();
        match (&view.pixels, &mut cut.pixels) {
            (Pixels::Uint8(from), Pixels::Uint8(to)) => window.cut(from, view.shape, to),
            (Pixels::Uint16(from), Pixels::Uint16(to)) => window.cut(from, view.shape, to),
            (Pixels::Float32(from), Pixels::Float32(to)) => window.cut(from, view.shape, to),
            _ => {}
        }
        if let (Some(ground), Given::Labels(labels), Some(label)) = (&ground, given, found.label) {
            let mut inside = Vec::new();
            let plane = CropShape { c: 1, ..view.shape };
            window.cut(labels, plane, &mut inside);
            ground.blank(&mut cut.pixels, start, &inside, label);
        }
        let point = if let Given::Points(points) = given { points.get(i) } else { None };
        cut.rows.push(Row {
            found,
            flagged: window.crosses,
            class: point.and_then(|p| p.class.clone()),
            group: point.and_then(|p| p.group.clone()),
        });
    }
    Ok(cut)
}

fn find(view: &View, given: &Given, request: &CropRequest, rooms: &Rooms) -> Result<Finding, StudyError> {
    let CropShape { h, w, .. } = view.shape;
    let no_plane =
        || StudyError::Refused(format!("expected an image with pixels, found {h} rows x {w} columns"));
    match (&request.method, given) {
        (Method::Percentile(settings), _) => {
            match &view.seen {
                Pixels::Uint8(v) => Plane::new(v, h, w)
                    .map(|p| lend(&rooms.uint8, |room| percentile::find(p, settings, room))),
                Pixels::Uint16(v) => Plane::new(v, h, w)
                    .map(|p| lend(&rooms.uint16, |room| percentile::find(p, settings, room))),
                Pixels::Float32(_) => {
                    let expected = "intensities of 8 or 16 bits (or --eight-bit LOW..HIGH)";
                    return Err(StudyError::Refused(format!("expected {expected}, found float32")));
                }
            }
            .ok_or_else(no_plane)
        }
        (Method::Auto(settings), _) => {
            let seen = view.seen_as_float();
            Plane::new(&seen, h, w).map(|p| auto::find(p, settings)).ok_or_else(no_plane)
        }
        (Method::Labels { min_area, .. }, Given::Labels(labels)) => {
            Plane::new(labels, h, w).map(|p| labels::find(p, *min_area)).ok_or_else(no_plane)
        }
        (_, Given::Points(points)) => {
            let cells = points.iter().map(|p| Found { y: p.y, x: p.x, area: None, label: None }).collect();
            Ok(Finding { cells, dropped: BTreeMap::new() })
        }
        (Method::Points { .. } | Method::Labels { .. }, _) => Ok(Finding::default()),
    }
}

/// The median of the pixels without a label, per channel.
enum Ground {
    Uint8(Vec<u8>),
    Uint16(Vec<u16>),
    Float32(Vec<f32>),
}

impl Ground {
    fn of(view: &View, labels: &[u32]) -> Ground {
        fn medians<T: Copy + Default>(
            values: &[T],
            labels: &[u32],
            c: usize,
            order: impl Fn(&T, &T) -> std::cmp::Ordering,
        ) -> Vec<T> {
            let median = |channel: usize| {
                let ground = labels.iter().enumerate().filter(|&(_, &label)| label == 0);
                let mut ground: Vec<T> = ground.map(|(i, _)| values[i * c + channel]).collect();
                if ground.is_empty() {
                    return T::default();
                }
                let middle = ground.len() / 2;
                *ground.select_nth_unstable_by(middle, &order).1
            };
            (0..c).map(median).collect()
        }
        match &view.pixels {
            Pixels::Uint8(v) => Ground::Uint8(medians(v, labels, view.shape.c, u8::cmp)),
            Pixels::Uint16(v) => Ground::Uint16(medians(v, labels, view.shape.c, u16::cmp)),
            Pixels::Float32(v) => Ground::Float32(medians(v, labels, view.shape.c, f32::total_cmp)),
        }
    }

    /// Sets the pixels of the crop that begins at `start` to the ground where `inside` is not `label`.
    fn blank(&self, pixels: &mut Pixels, start: usize, inside: &[u32], label: u32) {
        fn set<T: Copy>(crop: &mut [T], ground: &[T], inside: &[u32], label: u32) {
            let outside = crop.chunks_exact_mut(ground.len()).zip(inside).filter(|&(_, &l)| l != label);
            outside.for_each(|(pixel, _)| pixel.copy_from_slice(ground));
        }
        match (self, pixels) {
            (Ground::Uint8(g), Pixels::Uint8(v)) => set(&mut v[start..], g, inside, label),
            (Ground::Uint16(g), Pixels::Uint16(v)) => set(&mut v[start..], g, inside, label),
            (Ground::Float32(g), Pixels::Float32(v)) => set(&mut v[start..], g, inside, label),
            _ => {}
        }
    }
}

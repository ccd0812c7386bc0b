//! A cell as bits that stay the same when it is cut out again some pixels away.
//!
//! The picture is band-passed (difference of two Gaussian blurs); what is kept is whether each pixel is brighter
//! than its surroundings. Bits do not depend on offset and gain, count the faint texture of a nucleus as much as
//! its outline, and two pictures are compared 64 pixels at a time.

use super::portrait::Rect;
use crate::CropShape;
use crate::augment::{BlurScratch, blur};

/// Side of the window that is looked at: the middle of larger crops.
pub(super) const SIDE: usize = 64;
/// The two blurs, pixels.
const FINE: f32 = 0.8;
const COARSE: f32 = 2.0;
/// Landmarks per crop.
const N_LANDMARKS: usize = 10;
/// A landmark is described by a square of 8 x 8 pixels.
const REACH: usize = 4;

/// The bits and landmarks of one crop.
#[derive(Default)]
pub(super) struct Fingerprint {
    /// Whether a pixel is brighter than its surroundings; a row of the window per number, column `x` is bit `x`.
    pub(super) bright: Vec<u64>,
    /// Whether `bright` means anything: inside the image, and not flat.
    pub(super) known: Vec<u64>,
    pub(super) landmarks: Vec<Landmark>,
}

/// A place that stands out.
#[derive(Clone, Copy)]
pub(super) struct Landmark {
    pub(super) y: u8,
    pub(super) x: u8,
    /// `bright` of the 8 x 8 pixels around it.
    pub(super) pattern: u64,
}

impl Fingerprint {
    /// Of a crop of shape `crop`, `part` of which is image with the pixels `grey`.
    pub(super) fn new(crop: CropShape, part: Rect, grey: &[f32]) -> Self {
        let shape = CropShape { h: part.h(), w: part.w(), c: 1 };
        if shape.h < 2 * REACH + 4 || shape.w < 2 * REACH + 4 {
            return Fingerprint::default();
        }
        let mut scratch = BlurScratch::default();
        let mut band = grey.to_vec();
        blur(shape, &mut band, FINE, &mut scratch);
        let mut coarse = grey.to_vec();
        blur(shape, &mut coarse, COARSE, &mut scratch);
        band.iter_mut().zip(&coarse).for_each(|(b, c)| *b -= c);
        let flat = 1e-5 * grey.iter().fold(0.0f32, |a, v| a.max(v.abs()));
        let mut fingerprint =
            Fingerprint { bright: vec![0; SIDE], known: vec![0; SIDE], landmarks: Vec::new() };
        let window = Window {
            first_y: crop.h.saturating_sub(SIDE) / 2,
            first_x: crop.w.saturating_sub(SIDE) / 2,
            part,
            band: &band,
            flat,
        };
        fingerprint.fill(&window);
        fingerprint.find_landmarks(&window);
        fingerprint
    }

    fn fill(&mut self, window: &Window) {
        for y in 0..SIDE {
            for x in 0..SIDE {
                if let Some(v) = window.at(y, x).filter(|v| v.abs() > window.flat) {
                    self.known[y] |= 1 << x;
                    self.bright[y] |= u64::from(v > 0.0) << x;
                }
            }
        }
    }

    fn find_landmarks(&mut self, window: &Window) {
        let mut peaks: Vec<(f32, u8, u8)> = Vec::new();
        for y in REACH..SIDE - REACH {
            for x in REACH..SIDE - REACH {
                let Some(v) = window.at(y, x).map(f32::abs).filter(|&v| v > window.flat) else { continue };
                let inside = window.at(y - REACH, x - REACH).is_some()
                    && window.at(y + REACH - 1, x + REACH - 1).is_some();
                if inside && window.is_peak(y, x, v) {
                    peaks.push((v, y as u8, x as u8));
                }
            }
        }
        peaks.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let landmark = |&(_, y, x): &(f32, u8, u8)| Landmark { y, x, pattern: self.pattern(y, x) };
        self.landmarks = peaks.iter().take(N_LANDMARKS).map(landmark).collect();
    }

    fn pattern(&self, y: u8, x: u8) -> u64 {
        let left = usize::from(x) - REACH;
        let rows = &self.bright[usize::from(y) - REACH..usize::from(y) + REACH];
        rows.iter().fold(0, |bits, row| bits << 8 | (row >> left & 0xff))
    }

    /// Share of equal bits and their number when `other` shows at `(y, x)` what is here at `(y + dy, x + dx)`.
    pub(super) fn agreement(&self, other: &Fingerprint, dy: i32, dx: i32) -> (f32, u32) {
        let (mut equal, mut both) = (0, 0);
        for (y, (bright, known)) in other.bright.iter().zip(&other.known).enumerate() {
            let Ok(here) = usize::try_from(y as i32 + dy) else { continue };
            if here >= self.bright.len() {
                break;
            }
            let known = shift(self.known[here], dx) & known;
            both += known.count_ones();
            equal += (!(shift(self.bright[here], dx) ^ bright) & known).count_ones();
        }
        (equal as f32 / both.max(1) as f32, both)
    }
}

/// Bit `x` of the result is bit `x + dx` of `row`.
fn shift(row: u64, dx: i32) -> u64 {
    if dx >= 0 { row.checked_shr(dx as u32) } else { row.checked_shl(dx.unsigned_abs()) }.unwrap_or(0)
}

/// The band-passed picture, seen in places of the fingerprint.
struct Window<'a> {
    /// Row and column of the crop at place (0, 0).
    first_y: usize,
    first_x: usize,
    part: Rect,
    band: &'a [f32],
    flat: f32,
}

impl Window<'_> {
    /// The value at a place of the fingerprint, when it lies in the image and not at its rim, where blurs guess.
    fn at(&self, y: usize, x: usize) -> Option<f32> {
        const RIM: usize = 2;
        let (y, x) = (y + self.first_y, x + self.first_x);
        let inside = y >= self.part.top + RIM
            && y + RIM < self.part.bottom
            && x >= self.part.left + RIM
            && x + RIM < self.part.right;
        inside.then(|| self.band[(y - self.part.top) * self.part.w() + x - self.part.left])
    }

    fn is_peak(&self, y: usize, x: usize, v: f32) -> bool {
        (y - 1..=y + 1).all(|b| {
            (x - 1..=x + 1).all(|a| (b, a) == (y, x) || self.at(b, a).is_none_or(|other| other.abs() < v))
        })
    }
}

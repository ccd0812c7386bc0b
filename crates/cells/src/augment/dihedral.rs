//! The eight ways to lay a square on itself.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::CropShape;

/// Quarter turns against the clock, then perhaps a flip of left and right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dihedral {
    quarter_turns: u8,
    flip: bool,
}

impl Dihedral {
    /// `quarter_turns` (taken modulo 4) against the clock, then a flip of left and right when `flip`.
    #[must_use]
    pub fn new(quarter_turns: u8, flip: bool) -> Self {
        Dihedral { quarter_turns: quarter_turns % 4, flip }
    }

    /// All that keep this shape: eight for square crops, four (no odd turn) for others. The first does nothing.
    #[must_use]
    pub fn all(shape: CropShape) -> Vec<Dihedral> {
        let turns = (0..4).step_by(usize::from(step(shape)));
        [false, true]
            .into_iter()
            .flat_map(|flip| turns.clone().map(move |t| Dihedral::new(t, flip)))
            .collect()
    }

    /// A turn without a flip, equally likely one of all that keep this shape.
    pub(super) fn turn(shape: CropShape, rng: &mut ChaCha8Rng) -> Dihedral {
        let step = step(shape);
        Dihedral::new(step * rng.random_range(0..4 / step), false)
    }

    /// Writes the changed crop to `out`; both are `[h, w, c]` (`[w, h, c]` in `out` after odd turns).
    pub fn apply(self, shape: CropShape, crop: &[f32], out: &mut [f32]) {
        let (h, w, c) = (shape.h, shape.w, shape.c);
        let (out_h, out_w) = if self.quarter_turns.is_multiple_of(2) { (h, w) } else { (w, h) };
        for y in 0..out_h {
            for x in 0..out_w {
                let turned_x = if self.flip { out_w - 1 - x } else { x };
                let (from_y, from_x) = match self.quarter_turns {
                    0 => (y, turned_x),
                    1 => (turned_x, w - 1 - y),
                    2 => (h - 1 - y, w - 1 - turned_x),
                    _ => (h - 1 - turned_x, y),
                };
                let (to, from) = ((y * out_w + x) * c, (from_y * w + from_x) * c);
                out[to..to + c].copy_from_slice(&crop[from..from + c]);
            }
        }
    }
}

/// The least number of quarter turns that keeps the shape.
fn step(shape: CropShape) -> u8 {
    if shape.h == shape.w { 1 } else { 2 }
}

//! The gradients of the cross-entropy between the fuzzy graphs of points and map, for a pack of points at once.

use super::plane::{LANES, Places};
use crate::curve::Curve;
use crate::power::power;

/// Largest move along one axis by one force.
const FARTHEST: f32 = 4.0;

/// The curve of the map, as the forces need it.
pub struct Forces {
    a: f32,
    b: f32,
}

impl Forces {
    pub fn new(curve: Curve) -> Forces {
        Forces { a: curve.a as f32, b: curve.b as f32 }
    }

    /// By how much each point moves towards its other one.
    #[inline(always)]
    pub fn attract(&self, here: &Places, there: &Places, rates: &[f32; LANES]) -> Places {
        let Forces { a, b } = *self;
        moves(here, there, rates, |square| {
            let power = power(square, b);
            -2.0 * a * b * power / (square * (1.0 + a * power))
        })
    }

    /// By how much each point moves away from its other one.
    #[inline(always)]
    pub fn repel(&self, here: &Places, other: &Places, rates: &[f32; LANES]) -> Places {
        let Forces { a, b } = *self;
        moves(here, other, rates, |square| 2.0 * b / ((0.001 + square) * (1.0 + a * power(square, b))))
    }
}

/// Moves along the line between two points by `force`, a function of the square of their distance.
#[inline(always)]
fn moves(here: &Places, there: &Places, rates: &[f32; LANES], force: impl Fn(f32) -> f32) -> Places {
    let mut moves = Places::default();
    for (lane, rate) in rates.iter().enumerate() {
        let (dx, dy) = (here.x[lane] - there.x[lane], here.y[lane] - there.y[lane]);
        let force = force((dx * dx + dy * dy).max(f32::MIN_POSITIVE));
        moves.x[lane] = rate * (force * dx).clamp(-FARTHEST, FARTHEST);
        moves.y[lane] = rate * (force * dy).clamp(-FARTHEST, FARTHEST);
    }
    moves
}

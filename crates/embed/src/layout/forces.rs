//! The gradients of the cross-entropy between the fuzzy graphs of points and map, for sixteen points at once.

use crate::curve::Curve;
use crate::power::power;

/// Points side by side.
pub const LANES: usize = 16;
/// In place of a point where there is none.
pub const NOBODY: u32 = u32::MAX;
/// Largest move along one axis by one force.
const FARTHEST: f32 = 4.0;

/// Positions of sixteen points.
#[derive(Debug, Clone)]
pub struct Places {
    x: [f32; LANES],
    y: [f32; LANES],
}

impl Places {
    /// Of the points of a pack; lanes beyond it stand at the origin.
    #[inline(always)]
    pub fn of(positions: &[[f32; 2]], pack: &[u32]) -> Places {
        let mut places = Places { x: [0.0; LANES], y: [0.0; LANES] };
        for (lane, &i) in pack.iter().enumerate() {
            [places.x[lane], places.y[lane]] = positions[i as usize];
        }
        places
    }

    /// Where one of them is.
    pub fn at(&self, lane: usize) -> [f32; 2] {
        [self.x[lane], self.y[lane]]
    }

    /// Where the points `ids` are; whoever meets nobody meets itself, and no force acts on it.
    #[inline(always)]
    pub fn replaced(&self, ids: &[u32; LANES], positions: &[[f32; 2]]) -> Places {
        let mut places = self.clone();
        for (lane, &id) in ids.iter().enumerate() {
            if id != NOBODY {
                [places.x[lane], places.y[lane]] = positions[id as usize];
            }
        }
        places
    }
}

/// The curve of the map, as the forces need it.
pub struct Forces {
    a: f32,
    b: f32,
}

impl Forces {
    pub fn new(curve: Curve) -> Forces {
        Forces { a: curve.a as f32, b: curve.b as f32 }
    }

    /// Moves each point towards its other one.
    #[inline(always)]
    pub fn attract(&self, here: &mut Places, there: &Places, rate: f32) {
        let Forces { a, b } = *self;
        for lane in 0..LANES {
            let (dx, dy) = (here.x[lane] - there.x[lane], here.y[lane] - there.y[lane]);
            let square = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
            let power = power(square, b);
            let pull = -2.0 * a * b * power / (square * (1.0 + a * power));
            here.x[lane] += rate * (pull * dx).clamp(-FARTHEST, FARTHEST);
            here.y[lane] += rate * (pull * dy).clamp(-FARTHEST, FARTHEST);
        }
    }

    /// Moves each point away from its other one.
    #[inline(always)]
    pub fn repel(&self, here: &mut Places, other: &Places, rate: f32) {
        let Forces { a, b } = *self;
        for lane in 0..LANES {
            let (dx, dy) = (here.x[lane] - other.x[lane], here.y[lane] - other.y[lane]);
            let square = (dx * dx + dy * dy).max(f32::MIN_POSITIVE);
            let push = 2.0 * b / ((0.001 + square) * (1.0 + a * power(square, b)));
            here.x[lane] += rate * (push * dx).clamp(-FARTHEST, FARTHEST);
            here.y[lane] += rate * (push * dy).clamp(-FARTHEST, FARTHEST);
        }
    }
}

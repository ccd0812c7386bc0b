//! Where points stand, so that many can be read at once.

/// Points that move side by side, one pack: two registers of the widest instruction set, so that one waits while the
/// other works.
pub const LANES: usize = 32;
/// In place of a point where there is none.
pub const NOBODY: u32 = u32::MAX;

/// Places of all points.
pub struct Plane {
    n: usize,
    /// Along each axis `[n + LANES]`: after the last point the first ones come again, so that a pack may begin anywhere.
    x: Vec<f32>,
    y: Vec<f32>,
}

impl Plane {
    /// Of at least one point.
    pub fn new(positions: &[[f32; 2]]) -> Plane {
        let along =
            |axis: usize| positions.iter().map(|p| p[axis]).cycle().take(positions.len() + LANES).collect();
        Plane { n: positions.len(), x: along(0), y: along(1) }
    }

    pub fn len(&self) -> usize {
        self.n
    }

    pub fn at(&self, i: usize) -> [f32; 2] {
        [self.x[i], self.y[i]]
    }

    /// Moves these points there. The first points of all come again after the last where they stand now.
    pub fn put(&mut self, ids: &[u32; LANES], places: &Places) {
        for (lane, &id) in ids.iter().enumerate().filter(|(_, id)| **id != NOBODY) {
            let [x, y] = places.at(lane);
            // Fewer points than lanes come again more than once.
            for i in (id as usize..self.n + LANES).step_by(self.n) {
                (self.x[i], self.y[i]) = (x, y);
            }
        }
    }

    /// Where these points are; in place of nobody some point.
    #[inline(always)]
    pub fn of(&self, ids: &[u32; LANES]) -> Places {
        let mut places = Places::default();
        let (x, y) = (&self.x[..self.n], &self.y[..self.n]);
        for (lane, &id) in ids.iter().enumerate() {
            let i = (id as usize).min(self.n - 1);
            (places.x[lane], places.y[lane]) = (x[i], y[i]);
        }
        places
    }

    /// Where the points from `first` on are.
    #[inline(always)]
    pub fn from(&self, first: usize) -> Places {
        let of = |axis: &[f32]| axis[first..first + LANES].as_chunks().0[0];
        Places { x: of(&self.x), y: of(&self.y) }
    }
}

/// Places, or moves, of the points of a pack.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub x: [f32; LANES],
    pub y: [f32; LANES],
}

impl Places {
    /// Moves each by so much.
    #[inline(always)]
    pub fn shift(&mut self, by: &Places) {
        for lane in 0..LANES {
            self.x[lane] += by.x[lane];
            self.y[lane] += by.y[lane];
        }
    }

    /// Of one of them.
    pub fn at(&self, lane: usize) -> [f32; 2] {
        [self.x[lane], self.y[lane]]
    }
}

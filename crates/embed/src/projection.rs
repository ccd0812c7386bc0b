//! The manifold projection: the map cut into square bins, and which points fall into each.

/// The smallest and largest coordinate along each axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Smallest x and y.
    pub from: [f32; 2],
    /// Largest x and y.
    pub to: [f32; 2],
}

impl Extent {
    /// Of these positions; none when there are none.
    #[must_use]
    pub fn of(positions: &[[f32; 2]]) -> Option<Extent> {
        let first = *positions.first()?;
        let both = |pick: fn(f32, f32) -> f32| {
            positions.iter().fold(first, |a, b| [pick(a[0], b[0]), pick(a[1], b[1])])
        };
        Some(Extent { from: both(f32::min), to: both(f32::max) })
    }
}

/// Which points of a map fall into each of `side` x `side` bins of equal size over its extent.
///
/// ```
/// let positions = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.99, 1.0]];
/// let bins = embed::Bins::new(&positions, 2).expect("some points");
/// assert_eq!(bins.members(0, 0), [0]);
/// assert_eq!(bins.members(1, 1), [2, 3]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    side: usize,
    extent: Extent,
    members: Vec<Vec<u32>>,
}

impl Bins {
    /// Puts each position into its bin; positions on the far edge belong to the last bin. None without positions or
    /// without bins.
    #[must_use]
    pub fn new(positions: &[[f32; 2]], side: usize) -> Option<Bins> {
        let extent = Extent::of(positions).filter(|_| side > 0)?;
        let mut members = vec![Vec::new(); side * side];
        let bin = |position: &[f32; 2], axis: usize| {
            let width = (extent.to[axis] - extent.from[axis]).max(f32::MIN_POSITIVE);
            let along = (position[axis] - extent.from[axis]) / width * side as f32;
            (along as usize).min(side - 1)
        };
        for (i, position) in positions.iter().enumerate() {
            members[bin(position, 0) * side + bin(position, 1)].push(i as u32);
        }
        Some(Bins { side, extent, members })
    }

    /// Bins along each axis.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// What the bins cover.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Points in bin `i` along x and `j` along y, both counted from 0.
    ///
    /// # Panics
    /// When there is no such bin.
    #[must_use]
    pub fn members(&self, i: usize, j: usize) -> &[u32] {
        assert!(i < self.side && j < self.side, "bin ({i}, {j}) of {} x {}", self.side, self.side);
        &self.members[i * self.side + j]
    }

    /// Number of points in each bin, `[side][side]`, x on rows.
    #[must_use]
    pub fn counts(&self) -> Vec<u32> {
        self.members.iter().map(|m| m.len() as u32).collect()
    }
}

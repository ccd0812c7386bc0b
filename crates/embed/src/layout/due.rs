//! Which edges are used in an epoch: the surer the membership, the more often.

use super::forces::{LANES, NOBODY};

/// The share of epochs in which an edge is used, in units of 2^-24: all arithmetic on it is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(u32);

impl Share {
    pub fn new(share: f32) -> Share {
        Share((share * 16_777_216.0) as u32)
    }

    /// Uses in 2^24 epochs.
    pub fn uses(self) -> u64 {
        u64::from(self.0)
    }

    /// Whether an edge that is used in this share of the epochs is used in this one: evenly spread.
    fn is_due(self, epoch: usize) -> bool {
        let before = epoch as u64 * self.uses();
        (before + self.uses()) >> 24 != before >> 24
    }
}

/// The edges of one point.
#[derive(Clone, Copy)]
pub struct Edges<'a> {
    pub ids: &'a [u32],
    pub shares: &'a [Share],
}

/// For each step the point that each of sixteen meets.
pub struct Due {
    ids: Vec<u32>,
    steps: usize,
}

impl Due {
    /// Of a pack of points with these edges.
    pub fn new<'a>(edges: impl Iterator<Item = Edges<'a>> + Clone, epoch: usize) -> Due {
        let most = edges.clone().map(|edges| edges.ids.len()).max().unwrap_or(0);
        let mut ids = vec![NOBODY; (most + 1) * LANES];
        let mut steps = 0;
        for (lane, edges) in edges.enumerate() {
            let mut len = 0;
            // Which edges are due cannot be foretold: writing each and keeping some is quicker than branching.
            for (&id, share) in edges.ids.iter().zip(edges.shares) {
                ids[len * LANES + lane] = id;
                len += usize::from(share.is_due(epoch));
            }
            ids[len * LANES + lane] = NOBODY;
            steps = steps.max(len);
        }
        Due { ids, steps }
    }

    /// One step after the other; lanes that have nothing left to do meet nobody.
    pub fn steps(&self) -> impl Iterator<Item = &[u32; LANES]> {
        self.ids.as_chunks().0[..self.steps].iter()
    }
}

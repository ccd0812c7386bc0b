//! Which edges are used in an epoch: the surer the membership, the more often.

use std::ops::Range;

use super::plane::{LANES, NOBODY};

/// One epoch, in the fixed-point numbers of [`Edge`].
const EPOCH: f64 = 4_294_967_296.0;

/// An edge of a point, used at even intervals.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// The other point.
    id: u32,
    /// Its next use, in 2^-32 epochs: all arithmetic on it is exact.
    next: u64,
    /// From one use to the next.
    interval: u64,
}

impl Edge {
    /// Used in this share of the epochs, 0 to 1.
    fn new(id: u32, share: f32) -> Edge {
        // The conversion saturates: what is never due has an interval beyond all epochs.
        let interval = (EPOCH / f64::from(share)) as u64;
        Edge { id, next: interval.saturating_sub(1), interval }
    }

    /// The epochs before `end` in which it is still to be used.
    fn uses(self, end: usize) -> impl Iterator<Item = usize> {
        let mut next = self.next;
        std::iter::from_fn(move || {
            let epoch = (next >> 32) as usize;
            next = next.saturating_add(self.interval);
            (epoch < end).then_some(epoch)
        })
    }
}

/// The edges of the points of a pack.
pub struct Edges(Vec<(usize, Edge)>);

impl Edges {
    /// `ids` and shares of the epochs, 0 to 1, of each point.
    pub fn new<'a>(points: impl Iterator<Item = (&'a [u32], &'a [f32])>, unit: f32) -> Edges {
        let of = |(lane, (ids, shares)): (usize, (&'a [u32], &'a [f32]))| {
            ids.iter().zip(shares).map(move |(&id, &share)| (lane, Edge::new(id, share * unit)))
        };
        Edges(points.enumerate().flat_map(of).collect())
    }

    /// The uses in these epochs, which follow those asked for before.
    pub fn due(&mut self, epochs: Range<usize>) -> Due {
        let mut met = vec![[0u32; LANES]; epochs.len()];
        for &(lane, edge) in &self.0 {
            edge.uses(epochs.end).for_each(|epoch| met[epoch - epochs.start][lane] += 1);
        }
        let mut starts = vec![0];
        for met in &met {
            let steps = met.iter().copied().max().unwrap_or(0);
            starts.push(starts[starts.len() - 1] + steps as usize);
        }
        let mut ids = vec![[NOBODY; LANES]; starts[epochs.len()]];
        met.fill([0; LANES]);
        for (lane, edge) in &mut self.0 {
            for epoch in edge.uses(epochs.end) {
                let day = epoch - epochs.start;
                ids[starts[day] + met[day][*lane] as usize][*lane] = edge.id;
                met[day][*lane] += 1;
                edge.next = edge.next.saturating_add(edge.interval);
            }
        }
        Due { first: epochs.start, starts, ids }
    }
}

/// Whom each point of a pack meets, for a few epochs.
#[derive(Default)]
pub struct Due {
    first: usize,
    starts: Vec<usize>,
    ids: Vec<[u32; LANES]>,
}

impl Due {
    /// For each step of the epoch the point that each of the pack meets; lanes that have nothing left to do meet nobody.
    pub fn steps(&self, epoch: usize) -> &[[u32; LANES]] {
        let day = epoch - self.first;
        &self.ids[self.starts[day]..self.starts[day + 1]]
    }
}

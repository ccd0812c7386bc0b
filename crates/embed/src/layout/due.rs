//! Which edges are used in an epoch: the surer the membership, the more often.

use std::ops::Range;

use super::plane::{LANES, NOBODY};

/// One epoch, in the fixed-point numbers of [`Edge`].
const EPOCH: f64 = 4_294_967_296.0;

/// An edge of a point, used at even intervals.
#[derive(Debug, Clone, Copy)]
struct Edge {
    /// The point, by its place in the pack.
    lane: u32,
    /// The other point.
    id: u32,
    /// Its next use, in 2^-32 epochs: all arithmetic on it is exact.
    next: u64,
    /// From one use to the next.
    interval: u64,
}

impl Edge {
    /// Used in this share of the epochs, 0 to 1.
    fn new(lane: usize, id: u32, share: f32) -> Edge {
        // The conversion saturates: what is never due has an interval beyond all epochs.
        let interval = (EPOCH / f64::from(share)) as u64;
        Edge { lane: lane as u32, id, next: interval.saturating_sub(1), interval }
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
pub struct Edges(Vec<Edge>);

impl Edges {
    /// `ids` and weights of each point; weights times `unit` are the shares of the epochs, 0 to 1.
    pub fn new<'a>(points: impl Iterator<Item = (&'a [u32], &'a [f32])>, unit: f32) -> Edges {
        let of = |(lane, (ids, weights)): (usize, (&'a [u32], &'a [f32]))| {
            ids.iter().zip(weights).map(move |(&id, &weight)| Edge::new(lane, id, weight * unit))
        };
        Edges(points.enumerate().flat_map(of).collect())
    }

    /// The uses in these epochs, which follow those asked for before.
    pub fn due(&mut self, epochs: Range<usize>) -> Due {
        let mut met = vec![[0u32; LANES]; epochs.len()];
        for edge in &self.0 {
            edge.uses(epochs.end).for_each(|epoch| met[epoch - epochs.start][edge.lane as usize] += 1);
        }
        let mut starts = vec![0];
        for met in &met {
            let steps = met.iter().copied().max().unwrap_or(0);
            starts.push(starts[starts.len() - 1] + steps as usize);
        }
        let mut ids = vec![[NOBODY; LANES]; starts[epochs.len()]];
        met.fill([0; LANES]);
        for edge in &mut self.0 {
            let lane = edge.lane as usize;
            for epoch in edge.uses(epochs.end) {
                let day = epoch - epochs.start;
                ids[starts[day] + met[day][lane] as usize][lane] = edge.id;
                met[day][lane] += 1;
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

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCHS: usize = 500;

    /// In which epochs the first point of a pack meets each other one, `ahead` epochs being set out at once.
    fn meetings(shares: &[f32], ahead: usize) -> Vec<Vec<usize>> {
        let ids: Vec<u32> = (0..shares.len() as u32).collect();
        let mut edges = Edges::new(std::iter::once((&ids[..], shares)), 1.0);
        let mut met = vec![Vec::new(); shares.len()];
        for from in (0..EPOCHS).step_by(ahead) {
            let epochs = from..(from + ahead).min(EPOCHS);
            let due = edges.due(epochs.clone());
            for epoch in epochs {
                due.steps(epoch).iter().for_each(|ids| met[ids[0] as usize].push(epoch));
            }
        }
        met
    }

    /// umap-learn uses an edge in epoch `n`, counted from 1, when its next use, a multiple of 1 / share, is not above `n`.
    #[test]
    fn edges_are_used_when_umap_learn_uses_them() {
        let shares = [1.0, 0.5, 0.375, 0.003, 0.0];
        let expected = shares.map(|share: f32| -> Vec<usize> {
            let uses = (1..).map(|k| f64::from(k) / f64::from(share)).take_while(|&n| n <= EPOCHS as f64);
            uses.map(|n| n.ceil() as usize - 1).collect()
        });
        for ahead in [1, 7, 16, EPOCHS] {
            assert_eq!(meetings(&shares, ahead), expected, "{ahead} epochs at once");
        }
    }
}

//! Which edges are used in an epoch: the surer the membership, the more often.
//!
//! umap-learn uses an edge of membership `w`, as a share of the surest, in a share `w` of the epochs. Here it is used every
//! `p` epochs, `p` a power of two near `1 / w`, and moves its ends by `p w` of a whole use: as much in the long run, and
//! what is used when repeats after [`CYCLE`] epochs.

use super::plane::LANES;

/// The longest period; weaker edges are used as often, and count for less.
const CYCLE: usize = 8;

/// One edge of each point of a pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its other end; any point where the weight is 0.
    pub ids: [u32; LANES],
    /// How many whole uses it counts for; 0 for points that have nothing left to do in the epoch.
    pub weights: [f32; LANES],
}

impl Step {
    const IDLE: Step = Step { ids: [0; LANES], weights: [0.0; LANES] };
}

/// The edges of the points of a pack, by the epochs in which they are used.
pub struct Schedule([Vec<Step>; CYCLE]);

impl Schedule {
    /// `ids` and weights of each point; weights times `unit` are the shares of the epochs, 0 to 1.
    pub fn new<'a>(points: impl Iterator<Item = (&'a [u32], &'a [f32])>, unit: f32) -> Schedule {
        let mut epochs: [Vec<Step>; CYCLE] = Default::default();
        for (lane, (ids, weights)) in points.enumerate() {
            // The most frequent first: the rarer ones then fill the gaps that those leave.
            let mut edges: Vec<(u32, f32)> =
                ids.iter().zip(weights).map(|(&id, &w)| (id, w * unit)).collect();
            edges.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let mut used = [0; CYCLE];
            for (id, share) in edges {
                let period = period(share);
                for epoch in (first(&used, period)..CYCLE).step_by(period) {
                    let (steps, at) = (&mut epochs[epoch], used[epoch]);
                    if steps.len() == at {
                        steps.push(Step::IDLE);
                    }
                    (steps[at].ids[lane], steps[at].weights[lane]) = (id, share * period as f32);
                    used[epoch] += 1;
                }
            }
        }
        Schedule(epochs)
    }

    /// What is used in this epoch.
    pub fn steps(&self, epoch: usize) -> &[Step] {
        &self.0[epoch % CYCLE]
    }
}

/// The power of two, up to the cycle, that is nearest to `1 / share` by its ratio.
fn period(share: f32) -> usize {
    let mut period = 1;
    while period < CYCLE && share * (period as f32) < std::f32::consts::FRAC_1_SQRT_2 {
        period *= 2;
    }
    period
}

/// The epoch below `period` from which on every `period`th one has the fewest uses; the first of several.
fn first(used: &[usize; CYCLE], period: usize) -> usize {
    let uses = |from: &usize| used.iter().skip(*from).step_by(period).sum::<usize>();
    (0..period).min_by_key(uses).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARES: [f32; 9] = [1.0, 0.8, 0.6, 0.5, 0.375, 0.25, 0.13, 0.02, 0.0];

    fn schedule() -> Schedule {
        let ids: Vec<u32> = (0..SHARES.len() as u32).collect();
        Schedule::new(std::iter::once((&ids[..], &SHARES[..])), 1.0)
    }

    /// Over a cycle each edge counts for as many uses as umap-learn makes of it.
    #[test]
    fn edges_are_used_as_much_as_umap_learn_uses_them() {
        let mut uses = [0.0; SHARES.len()];
        for epoch in 0..CYCLE {
            for step in schedule().steps(epoch) {
                uses[step.ids[0] as usize] += step.weights[0];
                assert!(step.weights[1..].iter().all(|&w| w == 0.0));
            }
        }
        for (uses, share) in uses.iter().zip(SHARES) {
            assert!((uses - share * CYCLE as f32).abs() < 1e-5, "{uses} for {share}");
        }
    }

    /// Nearly whole uses, and about as many in each epoch.
    #[test]
    fn uses_are_whole_and_spread_over_the_epochs() {
        let schedule = schedule();
        let lengths: Vec<usize> = (0..CYCLE).map(|epoch| schedule.steps(epoch).len()).collect();
        let (least, most) = (lengths.iter().min().expect("epochs"), lengths.iter().max().expect("epochs"));
        assert!(most - least <= 1, "{lengths:?}");
        let weights = |share: f32| {
            (0..CYCLE)
                .flat_map(|epoch| schedule.steps(epoch))
                .filter(move |s| SHARES[s.ids[0] as usize] == share)
        };
        for share in SHARES.into_iter().filter(|&share| share > 0.1) {
            assert!(weights(share).all(|step| (0.7..1.42).contains(&step.weights[0])), "{share}");
        }
        assert_eq!(weights(1.0).count(), CYCLE);
        assert_eq!(weights(0.25).count(), CYCLE / 4);
    }
}

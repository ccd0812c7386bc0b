//! Which cell stands where in the endless, shuffled stream of training cells.

use std::sync::{Mutex, PoisonError};

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// The stream: pass after pass over the cells, each in its own order. Position `p` is decided by the seed alone, so a
/// run can be taken up anywhere.
pub struct Stream<'a> {
    cells: &'a [usize],
    seed: u64,
    /// The pass asked for last, and its order: shuffling a million cells for every batch would take a
    /// third of the time of a run.
    order: Mutex<Option<(u64, Vec<usize>)>>,
}

impl<'a> Stream<'a> {
    /// A stream over `cells`, of which there is at least one.
    pub fn new(cells: &'a [usize], seed: u64) -> Self {
        Stream { cells, seed, order: Mutex::new(None) }
    }

    /// The cells at `positions`.
    pub fn at(&self, positions: std::ops::Range<u64>) -> Vec<usize> {
        let n = self.cells.len() as u64;
        let mut kept = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        positions
            .map(|p| {
                let (pass, at) = (p / n, (p % n) as usize);
                match &*kept {
                    Some((of, order)) if *of == pass => order[at],
                    _ => kept.insert((pass, self.order(pass))).1[at],
                }
            })
            .collect()
    }

    fn order(&self, pass: u64) -> Vec<usize> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(pass);
        let mut order = self.cells.to_vec();
        order.shuffle(&mut rng);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn each_pass_visits_each_cell_once_in_its_own_order() {
        let cells: Vec<usize> = (10..30).collect();
        let stream = Stream::new(&cells, 7);
        let (first, second) = (stream.at(0..20), stream.at(20..40));
        assert_ne!(first, second);
        for mut pass in [first, second] {
            pass.sort_unstable();
            assert_eq!(pass, cells);
        }
    }

    #[test]
    fn a_position_does_not_depend_on_where_one_starts() {
        let cells: Vec<usize> = (0..7).collect();
        let stream = Stream::new(&cells, 3);
        assert_eq!(stream.at(0..50)[13..31], stream.at(13..31));
    }
}

//! How far a cell lies from its neighbours.

use ::embed::Neighbours;

/// For each cell the share of the others whose neighbours are nearer to them: 0 is the most usual, 1 the oddest. Compared is
/// the mean distance to those of the `neighbours` that are not the cell itself; `own` says that each cell is the first of its
/// own.
pub fn outlier(neighbours: &Neighbours, own: bool) -> Vec<Option<f64>> {
    let mean = |i: usize| {
        let others = &neighbours.distances(i)[usize::from(own)..];
        others.iter().map(|&d| f64::from(d)).sum::<f64>() / others.len().max(1) as f64
    };
    let means: Vec<f64> = (0..neighbours.len()).map(mean).collect();
    let mut sorted = means.clone();
    sorted.sort_unstable_by(f64::total_cmp);
    let others = means.len().saturating_sub(1).max(1) as f64;
    means.iter().map(|mean| Some(sorted.partition_point(|other| other < mean) as f64 / others)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
mod tests {
    use ::embed::{Points, Search};

    use super::*;

    #[test]
    fn the_cell_that_is_alone_is_the_oddest() {
        let points = Points::new(1, vec![0.0, 1.0, 2.0, 90.0, 1.5]).unwrap();
        let near = Neighbours::of(&points, 3, Search::Exact, 0).unwrap();
        // Mean distances 1.25, 0.75, 0.75, 88.25, 0.5.
        assert_eq!(outlier(&near, true), [0.75, 0.25, 0.25, 1.0, 0.0].map(Some));
        let alone = Neighbours::of(&Points::new(1, vec![3.0]).unwrap(), 3, Search::Exact, 0).unwrap();
        assert_eq!(outlier(&alone, true), [Some(0.0)]);
    }
}

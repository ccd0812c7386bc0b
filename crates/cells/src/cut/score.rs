//! How well detected centres fit cells drawn by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::{Found, Plane, labels};

/// Counts over one or more fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Score {
    /// True cells whose window lies inside of the image.
    pub n_true: usize,
    /// Those of them that hold exactly one detected centre.
    pub n_hit: usize,
    /// Detected centres outside of all cells, and each further one in a cell.
    pub n_false: usize,
}

impl Score {
    /// Compares centres with a label image, 0 for ground. A centre hits the cell in whose mask it falls. Cells whose window of
    /// twice `half` a side crosses the border count on neither side, be they true or detected.
    #[must_use]
    pub fn of(found: &[Found], truth: Plane<'_, u32>, half: usize) -> Score {
        let fits = |v: f64, n: usize| v >= half as f64 && v <= n as f64 - half as f64;
        let inside = |cell: &&Found| fits(cell.y, truth.h()) && fits(cell.x, truth.w());
        let drawn = labels::find(truth, 1).cells;
        let counted: BTreeSet<u32> = drawn.iter().filter(inside).filter_map(|cell| cell.label).collect();
        let mut hits: BTreeMap<u32, usize> = BTreeMap::new();
        for cell in found.iter().filter(inside) {
            let pixel = |v: f64, n: usize| ((v + 0.5) as usize).min(n - 1);
            *hits.entry(truth.row(pixel(cell.y, truth.h()))[pixel(cell.x, truth.w())]).or_insert(0) += 1;
        }
        let outside = hits.remove(&0).unwrap_or(0);
        Score {
            n_true: counted.len(),
            n_hit: counted.iter().filter(|label| hits.get(label) == Some(&1)).count(),
            n_false: outside + hits.values().map(|n| n - 1).sum::<usize>(),
        }
    }

    /// Share of true cells that were hit exactly once.
    #[must_use]
    pub fn recall(&self) -> f64 {
        self.n_hit as f64 / self.n_true.max(1) as f64
    }

    /// 2 hits / (true cells + hits + false centres).
    #[must_use]
    pub fn f1(&self) -> f64 {
        2.0 * self.n_hit as f64 / (self.n_true + self.n_hit + self.n_false).max(1) as f64
    }
}

impl std::ops::Add for Score {
    type Output = Score;

    fn add(self, other: Score) -> Score {
        Score {
            n_true: self.n_true + other.n_true,
            n_hit: self.n_hit + other.n_hit,
            n_false: self.n_false + other.n_false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_seconds_misses_and_borders() {
        // Cells 1, 2 and 3 in the middle row of blocks, 4 at the border.
        let labels: Vec<u32> = (0..40 * 40)
            .map(|i| match (i / 40, i % 40) {
                (16..20, 10..14) => 1,
                (16..20, 18..22) => 2,
                (16..20, 26..30) => 3,
                (0..3, 20..24) => 4,
                _ => 0,
            })
            .collect();
        let at = |y: f64, x: f64| Found { y, x, area: None, label: None };
        let found =
            [at(18.0, 11.0), at(17.0, 19.0), at(18.0, 20.0), at(25.0, 25.0), at(1.0, 21.0), at(2.0, 5.0)];
        let score = Score::of(&found, Plane::new(&labels, 40, 40).unwrap(), 8);
        // One hit, one cell hit twice, one missed; the second in cell 2 and the one on the ground are false.
        assert_eq!(score, Score { n_true: 3, n_hit: 1, n_false: 2 });
        assert!((score.f1() - 2.0 / 6.0).abs() < 1e-12);
    }
}

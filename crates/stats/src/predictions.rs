//! The table that is judged: the true class of each cell and its predicted probabilities.

use crate::error::{StatsError, check_classes, check_length};

/// How far the probabilities of a cell may be from summing to one: room for `f32` and for tables that were written
/// with four decimals, no room for scores that are no probabilities.
pub const SUM_TOLERANCE: f64 = 1e-3;

/// True classes and predicted probabilities of `n` cells and `k` classes, checked once so that no figure computed
/// from them can fail.
#[derive(Debug, Clone, PartialEq)]
pub struct Predictions<'a> {
    truth: &'a [usize],
    probabilities: &'a [f64],
    n_classes: usize,
    predicted: Vec<usize>,
}

impl<'a> Predictions<'a> {
    /// Checks a table.
    ///
    /// # Shapes
    /// `truth` `[n]`, class indices; `probabilities` `[n, n_classes]` in C order, from 0 to 1, each row summing to
    /// one within [`SUM_TOLERANCE`].
    ///
    /// # Errors
    /// No cell or no class, lengths that differ, a class index out of range, a probability that is NaN or not from
    /// 0 to 1, a row that does not sum to one.
    ///
    /// ```
    /// use stats::predictions::Predictions;
    ///
    /// let predictions = Predictions::new(&[0, 1], &[0.9, 0.1, 0.6, 0.4], 2)?;
    /// assert_eq!(predictions.predicted(), [0, 0]);
    /// # Ok::<(), stats::StatsError>(())
    /// ```
    pub fn new(
        truth: &'a [usize],
        probabilities: &'a [f64],
        n_classes: usize,
    ) -> Result<Predictions<'a>, StatsError> {
        if n_classes == 0 {
            return Err(StatsError::NoClasses);
        }
        if truth.is_empty() {
            return Err(StatsError::NoCells);
        }
        check_length("probabilities", truth.len().saturating_mul(n_classes), probabilities.len())?;
        check_classes(truth, n_classes)?;
        for (cell, row) in probabilities.chunks_exact(n_classes).enumerate() {
            check_row(cell, row)?;
        }
        let predicted = probabilities.chunks_exact(n_classes).map(most_probable).collect();
        Ok(Predictions { truth, probabilities, n_classes, predicted })
    }

    /// Number of cells, at least 1.
    #[must_use]
    pub fn n_cells(&self) -> usize {
        self.truth.len()
    }

    /// Number of classes, at least 1.
    #[must_use]
    pub fn n_classes(&self) -> usize {
        self.n_classes
    }

    /// True class of each cell.
    #[must_use]
    pub fn truth(&self) -> &'a [usize] {
        self.truth
    }

    /// The most probable class of each cell; of equally probable ones the first, as `numpy.argmax` has it.
    #[must_use]
    pub fn predicted(&self) -> &[usize] {
        &self.predicted
    }

    /// Probabilities of each cell, one row of `n_classes` values after the other.
    pub fn rows(&self) -> impl Iterator<Item = &'a [f64]> {
        self.probabilities.chunks_exact(self.n_classes)
    }

    /// Probability of the most probable class of each cell.
    pub fn confidence(&self) -> impl Iterator<Item = f64> {
        self.rows().zip(&self.predicted).map(|(row, &class)| row[class])
    }

    /// Whether the most probable class of each cell is the true one.
    pub fn correct(&self) -> impl Iterator<Item = bool> {
        self.truth.iter().zip(&self.predicted).map(|(truth, predicted)| truth == predicted)
    }

    /// One class against all others: whether each cell is of `class`, and the probability that it is said to be.
    ///
    /// # Panics
    /// When `class` is not below [`Predictions::n_classes`].
    #[must_use]
    pub fn one_vs_rest(&self, class: usize) -> (Vec<bool>, Vec<f64>) {
        let positive = self.truth.iter().map(|&truth| truth == class).collect();
        (positive, self.rows().map(|row| row[class]).collect())
    }
}

fn check_row(cell: usize, row: &[f64]) -> Result<(), StatsError> {
    if let Some((class, &found)) = row.iter().enumerate().find(|(_, p)| !(0.0..=1.0).contains(*p)) {
        return Err(StatsError::NotAProbability { cell, class, found });
    }
    let found: f64 = row.iter().sum();
    if (found - 1.0).abs() > SUM_TOLERANCE {
        return Err(StatsError::RowSum { cell, found });
    }
    Ok(())
}

fn most_probable(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, class| if row[class] > row[best] { class } else { best })
}

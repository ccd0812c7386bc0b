//! Which classes are taken for which, and the figures that follow from these counts alone.

use serde::{Deserialize, Serialize};

use crate::error::{StatsError, check_classes, check_length};

/// Numbers of cells by true and predicted class. Invariant: square, at least one cell.
///
/// Serialised as the bare matrix, a list of rows.
///
/// ```
/// use stats::confusion::Confusion;
///
/// let confusion = Confusion::new(&[0, 0, 1, 1], &[0, 0, 0, 1], 2)?;
/// assert_eq!(confusion.counts(), [[2, 0], [1, 1]]);
/// assert_eq!(confusion.accuracy(), 0.75);
/// # Ok::<(), stats::StatsError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Vec<u64>>", into = "Vec<Vec<u64>>")]
pub struct Confusion {
    counts: Vec<Vec<u64>>,
}

/// How well one class is recognised. A figure whose denominator is 0 is given as 0 and its flag says so
/// (scikit-learn's `zero_division=0`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    /// Part of the cells predicted as this class that are of it, `tp / (tp + fp)`.
    pub precision: f64,
    /// Part of the cells of this class that are predicted as it, `tp / (tp + fn)`.
    pub recall: f64,
    /// `2 tp / (2 tp + fp + fn)`, the harmonic mean of the two.
    pub f1: f64,
    /// Number of cells of this class, `tp + fn`.
    pub support: u64,
    /// Whether any cell is predicted as this class; otherwise precision is undefined.
    pub is_predicted: bool,
    /// Whether any cell is of this class; otherwise recall is undefined.
    pub is_true: bool,
}

impl ClassScores {
    /// Whether the class occurs at all; otherwise F1 is undefined.
    #[must_use]
    pub fn is_present(&self) -> bool {
        self.is_predicted || self.is_true
    }
}

impl Confusion {
    /// Counts the cells of `truth` and `predicted`, both `[n]`.
    ///
    /// # Errors
    /// No cell or no class, lengths that differ, a class index out of range.
    pub fn new(truth: &[usize], predicted: &[usize], n_classes: usize) -> Result<Confusion, StatsError> {
        if n_classes == 0 {
            return Err(StatsError::NoClasses);
        }
        if truth.is_empty() {
            return Err(StatsError::NoCells);
        }
        check_length("predicted classes", truth.len(), predicted.len())?;
        check_classes(truth, n_classes)?;
        check_classes(predicted, n_classes)?;
        Ok(Confusion::count(truth.iter().zip(predicted).map(|(&t, &p)| (t, p, 1)), n_classes))
    }

    /// Adds up (truth, predicted, multiplicity); the caller vouches for the indices and for at least one cell.
    pub(crate) fn count(cells: impl Iterator<Item = (usize, usize, u64)>, n_classes: usize) -> Confusion {
        let mut counts = vec![vec![0; n_classes]; n_classes];
        for (truth, predicted, multiplicity) in cells {
            counts[truth][predicted] += multiplicity;
        }
        Confusion { counts }
    }

    /// Numbers of cells `[k, k]`, rows truth, columns prediction.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// Number of classes.
    #[must_use]
    pub fn n_classes(&self) -> usize {
        self.counts.len()
    }

    /// Number of cells.
    #[must_use]
    pub fn n_cells(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Each row divided by its sum: how the cells of a true class are predicted. Rows of classes without a cell are
    /// all 0 (scikit-learn's `confusion_matrix(normalize="true")`).
    #[must_use]
    pub fn row_normalised(&self) -> Vec<Vec<f64>> {
        self.counts
            .iter()
            .map(|row| row.iter().map(|&count| ratio(count, row.iter().sum())).collect())
            .collect()
    }

    /// Part of the cells that are predicted right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        ratio(self.n_correct(), self.n_cells())
    }

    /// Mean recall of the classes that have a cell; classes that are only predicted do not enter (scikit-learn's
    /// `balanced_accuracy_score`, `adjusted=False`).
    #[must_use]
    pub fn balanced_accuracy(&self) -> f64 {
        mean(self.per_class().iter().filter(|class| class.is_true).map(|class| class.recall))
    }

    /// Mean F1 of the classes that occur in truth or prediction (scikit-learn's `f1_score(average="macro")` without
    /// `labels`): a class that is only predicted counts as 0, one that never occurs does not count.
    #[must_use]
    pub fn macro_f1(&self) -> f64 {
        mean(self.per_class().iter().filter(|class| class.is_present()).map(|class| class.f1))
    }

    /// Precision, recall and F1 of each class, in class order.
    #[must_use]
    pub fn per_class(&self) -> Vec<ClassScores> {
        let (n_true, n_predicted) = self.margins();
        (0..self.n_classes())
            .map(|class| {
                let right = self.counts[class][class];
                ClassScores {
                    precision: ratio(right, n_predicted[class]),
                    recall: ratio(right, n_true[class]),
                    f1: ratio(2 * right, n_true[class] + n_predicted[class]),
                    support: n_true[class],
                    is_predicted: n_predicted[class] > 0,
                    is_true: n_true[class] > 0,
                }
            })
            .collect()
    }

    /// Cohen's kappa, agreement beyond chance: `(p_o - p_e) / (1 - p_e)` with the observed agreement `p_o` and
    /// `p_e = Σ_i n_true[i] n_predicted[i] / n²`. None when truth and prediction are one and the same class
    /// throughout (scikit-learn's `cohen_kappa_score` gives NaN).
    ///
    /// # Source
    /// Cohen 1960, doi:10.1177/001316446002000104.
    #[must_use]
    pub fn kappa(&self) -> Option<f64> {
        let (n_true, n_predicted) = self.margins();
        let n = self.n_cells() as f64;
        let chance = dot(&n_true, &n_predicted);
        let room = n * n - chance;
        (room > 0.0).then(|| (n * self.n_correct() as f64 - chance) / room)
    }

    /// Matthews' correlation coefficient for any number of classes, with `c` cells right of `n`:
    /// `(c n - Σ t_i p_i) / √((n² - Σ t_i²) (n² - Σ p_i²))`, `t_i` cells of class i, `p_i` predicted as it.
    /// None when all cells are of one class or all predicted as one (scikit-learn's `matthews_corrcoef` gives 0).
    ///
    /// # Source
    /// Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006.
    #[must_use]
    pub fn mcc(&self) -> Option<f64> {
        let (n_true, n_predicted) = self.margins();
        let n = self.n_cells() as f64;
        let covariance = n * self.n_correct() as f64 - dot(&n_true, &n_predicted);
        let spread = (n * n - dot(&n_true, &n_true)) * (n * n - dot(&n_predicted, &n_predicted));
        (spread > 0.0).then(|| covariance / spread.sqrt())
    }

    fn n_correct(&self) -> u64 {
        (0..self.n_classes()).map(|class| self.counts[class][class]).sum()
    }

    /// Cells per true class and per predicted class.
    fn margins(&self) -> (Vec<u64>, Vec<u64>) {
        let n_true = self.counts.iter().map(|row| row.iter().sum()).collect();
        let n_predicted =
            (0..self.n_classes()).map(|class| self.counts.iter().map(|row| row[class]).sum()).collect();
        (n_true, n_predicted)
    }
}

impl TryFrom<Vec<Vec<u64>>> for Confusion {
    type Error = StatsError;

    fn try_from(counts: Vec<Vec<u64>>) -> Result<Confusion, StatsError> {
        let k = counts.len();
        if let Some(row) = counts.iter().find(|row| row.len() != k) {
            let found = format!("a row of {} among {k} rows", row.len());
            return Err(StatsError::NotAConfusion { expected: "as many columns as rows", found });
        }
        match counts.iter().flatten().try_fold(0_u64, |sum, &count| sum.checked_add(count)) {
            // Sums of twice a count stay in range.
            Some(1..=0x7fff_ffff_ffff_ffff) => Ok(Confusion { counts }),
            Some(0) => Err(StatsError::NoCells),
            _ => {
                Err(StatsError::NotAConfusion { expected: "fewer than 2^63 cells", found: "more".to_owned() })
            }
        }
    }
}

impl From<Confusion> for Vec<Vec<u64>> {
    fn from(confusion: Confusion) -> Self {
        confusion.counts
    }
}

/// `part / whole`, 0 when there is no whole.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Mean of figures of which there is at least one.
fn mean(figures: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = figures.fold((0.0, 0.0), |(sum, n), figure| (sum + figure, n + 1.0));
    sum / n
}

fn dot(a: &[u64], b: &[u64]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| a as f64 * b as f64).sum()
}

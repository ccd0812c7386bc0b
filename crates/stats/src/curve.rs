//! How well a score ranks the cells of one class above the rest: ROC and precision-recall curves.
//!
//! A curve has one point per distinct score, so that cells with equal scores enter together and their order never
//! matters (scikit-learn's `drop_intermediate=False`).

use crate::error::{StatsError, check_finite, check_length};
use crate::predictions::Predictions;

/// Receiver operating characteristic: a point for each threshold, from the strictest to the laxest.
#[derive(Debug, Clone, PartialEq)]
pub struct Roc {
    /// Part of the negative cells at or above the threshold, from 0 to 1.
    pub fpr: Vec<f64>,
    /// Part of the positive cells at or above the threshold, from 0 to 1.
    pub tpr: Vec<f64>,
    /// Scores, falling. The first is infinite: no cell is taken.
    pub thresholds: Vec<f64>,
    /// Area under the curve: the probability that a positive cell scores above a negative one, ties counting half.
    pub auc: f64,
}

impl Roc {
    /// The curve of `scores` for telling `positive` cells, both `[n]`. None when all cells are positive or none is
    /// (scikit-learn's `roc_curve` and `roc_auc_score`, which give NaN then).
    ///
    /// # Errors
    /// Lengths that differ, a score that is not finite.
    ///
    /// ```
    /// use stats::curve::Roc;
    ///
    /// let roc = Roc::new(&[false, false, true, true], &[0.1, 0.4, 0.35, 0.8])?;
    /// assert_eq!(roc.map(|roc| roc.auc), Some(0.75));
    /// # Ok::<(), stats::StatsError>(())
    /// ```
    ///
    /// # Source
    /// Fawcett 2006, doi:10.1016/j.patrec.2005.10.010.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Option<Roc>, StatsError> {
        check(positive, scores)?;
        Ok(Roc::of(&Ranking::new(positive, scores)))
    }

    /// The curve of one class against all others, by its probability.
    ///
    /// # Panics
    /// When `class` is not below [`Predictions::n_classes`].
    #[must_use]
    pub fn one_vs_rest(predictions: &Predictions, class: usize) -> Option<Roc> {
        let (positive, scores) = predictions.one_vs_rest(class);
        Roc::of(&Ranking::new(&positive, &scores))
    }

    fn of(ranking: &Ranking) -> Option<Roc> {
        let auc = ranking.auc(|_| 1)?;
        let steps = ranking.steps(|_| 1);
        let last = steps.last()?;
        let part = |count: u64, of: u64| count as f64 / of as f64;
        let start = std::iter::once(0.0);
        Some(Roc {
            fpr: start.clone().chain(steps.iter().map(|s| part(s.n_false, last.n_false))).collect(),
            tpr: start.chain(steps.iter().map(|s| part(s.n_true, last.n_true))).collect(),
            thresholds: std::iter::once(f64::INFINITY).chain(steps.iter().map(|s| s.threshold)).collect(),
            auc,
        })
    }
}

/// Precision against recall: a point for each threshold, from the laxest to the strictest, and a last point with
/// precision 1 and recall 0 that has no threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecall {
    /// Part of the cells at or above the threshold that are positive; one longer than `thresholds`.
    pub precision: Vec<f64>,
    /// Part of the positive cells at or above the threshold, from 1 to 0; one longer than `thresholds`.
    pub recall: Vec<f64>,
    /// Scores, rising.
    pub thresholds: Vec<f64>,
    /// Average precision, `Σ_i (recall_i - recall_{i+1}) precision_i`: the area without interpolation.
    pub average_precision: f64,
}

impl PrecisionRecall {
    /// The curve of `scores` for telling `positive` cells, both `[n]`. None when no cell is positive (scikit-learn's
    /// `precision_recall_curve` and `average_precision_score`, which warn then and set recall to 1).
    ///
    /// # Errors
    /// Lengths that differ, a score that is not finite.
    ///
    /// # Source
    /// Davis & Goadrich 2006, doi:10.1145/1143844.1143874, on why points are not joined by straight lines.
    pub fn new(positive: &[bool], scores: &[f64]) -> Result<Option<PrecisionRecall>, StatsError> {
        check(positive, scores)?;
        Ok(PrecisionRecall::of(&Ranking::new(positive, scores)))
    }

    /// The curve of one class against all others, by its probability.
    ///
    /// # Panics
    /// When `class` is not below [`Predictions::n_classes`].
    #[must_use]
    pub fn one_vs_rest(predictions: &Predictions, class: usize) -> Option<PrecisionRecall> {
        let (positive, scores) = predictions.one_vs_rest(class);
        PrecisionRecall::of(&Ranking::new(&positive, &scores))
    }

    fn of(ranking: &Ranking) -> Option<PrecisionRecall> {
        let mut steps = ranking.steps(|_| 1);
        let n_positive = steps.last()?.n_true;
        if n_positive == 0 {
            return None;
        }
        steps.reverse();
        let end = |value| std::iter::once(value);
        let precision: Vec<f64> =
            steps.iter().map(|s| s.n_true as f64 / (s.n_true + s.n_false) as f64).chain(end(1.0)).collect();
        let recall: Vec<f64> =
            steps.iter().map(|s| s.n_true as f64 / n_positive as f64).chain(end(0.0)).collect();
        let average_precision =
            recall.windows(2).zip(&precision).map(|(step, precision)| (step[0] - step[1]) * precision).sum();
        let thresholds = steps.iter().map(|s| s.threshold).collect();
        Some(PrecisionRecall { precision, recall, thresholds, average_precision })
    }
}

fn check(positive: &[bool], scores: &[f64]) -> Result<(), StatsError> {
    check_length("scores", positive.len(), scores.len())?;
    check_finite("score", scores)
}

/// Cells in order of falling score: sorted once, counted with any multiplicities.
#[derive(Debug)]
pub(crate) struct Ranking {
    cells: Vec<RankedCell>,
}

#[derive(Debug)]
struct RankedCell {
    score: f64,
    row: usize,
    positive: bool,
    /// The next cell scores lower, or there is none.
    ends_tie: bool,
}

/// Cells at or above a threshold.
#[derive(Debug)]
struct Step {
    threshold: f64,
    n_true: u64,
    n_false: u64,
}

impl Ranking {
    /// Sorts finite scores; both slices have the same length.
    pub(crate) fn new(positive: &[bool], scores: &[f64]) -> Ranking {
        let mut cells: Vec<RankedCell> = positive
            .iter()
            .zip(scores)
            .enumerate()
            .map(|(row, (&positive, &score))| RankedCell { score, row, positive, ends_tie: true })
            .collect();
        cells.sort_by(|a, b| b.score.total_cmp(&a.score));
        for i in 1..cells.len() {
            cells[i - 1].ends_tie = cells[i - 1].score != cells[i].score;
        }
        Ranking { cells }
    }

    /// Counts at each distinct score, row `r` counted `multiplicity(r)` times.
    fn steps(&self, multiplicity: impl Fn(usize) -> u64) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut n_true, mut n_false) = (0, 0);
        for cell in &self.cells {
            *if cell.positive { &mut n_true } else { &mut n_false } += multiplicity(cell.row);
            if cell.ends_tie {
                steps.push(Step { threshold: cell.score, n_true, n_false });
            }
        }
        steps
    }

    /// Area under the ROC curve, by whole numbers up to the last division. None when one side is empty.
    pub(crate) fn auc(&self, multiplicity: impl Fn(usize) -> u64) -> Option<f64> {
        let (mut twice_area, mut before) = (0, (0, 0));
        let steps = self.steps(multiplicity);
        for step in &steps {
            twice_area += (step.n_false - before.1) * (step.n_true + before.0);
            before = (step.n_true, step.n_false);
        }
        let (n_true, n_false) = before;
        (n_true > 0 && n_false > 0).then(|| twice_area as f64 / (2.0 * n_true as f64 * n_false as f64))
    }
}

//! What is gained by leaving unsure cells out.

use crate::predictions::Predictions;

/// Accuracy of the cells that are at least so sure: a point for each distinct confidence, from the surest cells alone
/// to all cells. All three columns have the same length, at least 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Coverage {
    /// Least confidence of the cells that are kept, falling.
    pub threshold: Vec<f64>,
    /// Part of all cells that is kept, rising to 1.
    pub coverage: Vec<f64>,
    /// Part of the kept cells that is predicted right.
    pub accuracy: Vec<f64>,
}

/// Accuracy against coverage by the probability of the most probable class. Cells of equal confidence are kept or
/// left out together, so that the order of the cells does not matter.
///
/// # Source
/// El-Yaniv & Wiener 2010, JMLR 11:1605-1641 (risk-coverage curve; accuracy is one minus the risk).
#[must_use]
pub fn coverage(predictions: &Predictions) -> Coverage {
    let mut cells: Vec<(f64, bool)> = predictions.confidence().zip(predictions.correct()).collect();
    cells.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut curve = Coverage { threshold: Vec::new(), coverage: Vec::new(), accuracy: Vec::new() };
    let (mut n_kept, mut n_correct) = (0.0, 0.0);
    for tie in cells.chunk_by(|a, b| a.0 == b.0) {
        n_kept += tie.len() as f64;
        n_correct += tie.iter().filter(|(_, correct)| *correct).count() as f64;
        curve.threshold.push(tie[0].0);
        curve.coverage.push(n_kept / cells.len() as f64);
        curve.accuracy.push(n_correct / n_kept);
    }
    curve
}

//! Reliability curve: how often a prediction is right, against how sure it claims to be.

use serde::{Deserialize, Serialize};

use crate::predictions::Predictions;

/// Number of bins of the reliability curve: that of Guo et al., so that errors compare with published ones.
pub const N_BINS: usize = 15;

/// The reliability curve on the most probable class, and how far it is from the diagonal.
#[derive(Debug, Clone, PartialEq)]
pub struct Reliability {
    /// The [`N_BINS`] bins, by rising confidence.
    pub bins: Vec<ReliabilityBin>,
    /// Expected calibration error, `Σ_b n_b/n |accuracy_b - confidence_b|`, from 0 (best) to 1.
    pub ece: f64,
}

/// Cells whose confidence is in `(low, high]`; the first bin holds 0 too.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// Lower edge.
    pub low: f64,
    /// Upper edge.
    pub high: f64,
    /// Number of cells.
    pub n: u64,
    /// Their mean confidence; none without cells.
    pub confidence: Option<f64>,
    /// Part of them that is predicted right; none without cells.
    pub accuracy: Option<f64>,
}

/// Sorts the cells by the probability of their most probable class into [`N_BINS`] bins of equal width (the bins of
/// scikit-learn's `calibration_curve(strategy="uniform")`).
///
/// # Source
/// Guo et al. 2017, arXiv:1706.04599.
#[must_use]
pub fn reliability(predictions: &Predictions) -> Reliability {
    let mut sums = [Sums::default(); N_BINS];
    for (confidence, correct) in predictions.confidence().zip(predictions.correct()) {
        sums[bin_of(confidence)].add(confidence, correct, 1);
    }
    let bins = sums.iter().enumerate().map(|(i, sums)| {
        let mean = |sum: f64| (sums.n > 0).then(|| sum / sums.n as f64);
        ReliabilityBin {
            low: edge(i),
            high: edge(i + 1),
            n: sums.n,
            confidence: mean(sums.confidence),
            accuracy: mean(sums.n_correct as f64),
        }
    });
    Reliability { bins: bins.collect(), ece: expected_error(&sums) }
}

/// Expected calibration error of cells given as (bin, confidence, correct, multiplicity).
pub(crate) fn error_of_bins(cells: impl Iterator<Item = (usize, f64, bool, u64)>) -> f64 {
    let mut sums = [Sums::default(); N_BINS];
    for (bin, confidence, correct, multiplicity) in cells {
        sums[bin].add(confidence, correct, multiplicity);
    }
    expected_error(&sums)
}

/// Bin of a confidence from 0 to 1.
pub(crate) fn bin_of(confidence: f64) -> usize {
    (1..N_BINS).take_while(|&i| edge(i) < confidence).count()
}

#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: u64,
    n_correct: u64,
    confidence: f64,
}

impl Sums {
    fn add(&mut self, confidence: f64, correct: bool, multiplicity: u64) {
        self.n += multiplicity;
        self.n_correct += multiplicity * u64::from(correct);
        self.confidence += multiplicity as f64 * confidence;
    }
}

fn expected_error(sums: &[Sums; N_BINS]) -> f64 {
    let n: u64 = sums.iter().map(|bin| bin.n).sum();
    let gaps: f64 = sums.iter().map(|bin| (bin.n_correct as f64 - bin.confidence).abs()).sum();
    gaps / n as f64
}

/// Edge `i` of the bins, to the bit that of `numpy.linspace(0, 1, N_BINS + 1)`.
fn edge(i: usize) -> f64 {
    i as f64 / N_BINS as f64
}

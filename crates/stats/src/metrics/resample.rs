//! The figures of a bootstrap replicate, from what of each cell does not change: a replicate only counts.

use crate::calibration::{bin_of, brier_of_cell, error_of_bins, log_loss_of_cell};
use crate::confusion::Confusion;
use crate::curve::Ranking;
use crate::predictions::Predictions;

/// Figures of all cells together, in the order of [`Ledger::figures`].
const WHOLE: [&str; 8] =
    ["accuracy", "balanced_accuracy", "macro_f1", "kappa", "mcc", "log_loss", "brier", "ece"];

/// Figures of each class, in the order of [`Ledger::figures`].
const PER_CLASS: [&str; 4] = ["precision", "recall", "f1", "auc"];

/// What of each cell enters the figures, and the ranking of the cells by each class.
pub(super) struct Ledger {
    cells: Vec<Entry>,
    rankings: Vec<Ranking>,
}

struct Entry {
    truth: usize,
    predicted: usize,
    log_loss: f64,
    brier: f64,
    bin: usize,
    confidence: f64,
}

impl Ledger {
    pub(super) fn new(predictions: &Predictions) -> Ledger {
        let entry = |((row, &truth), &predicted): ((&[f64], &usize), &usize)| Entry {
            truth,
            predicted,
            log_loss: log_loss_of_cell(row, truth),
            brier: brier_of_cell(row, truth),
            bin: bin_of(row[predicted]),
            confidence: row[predicted],
        };
        let ranking = |class| {
            let (positive, scores) = predictions.one_vs_rest(class);
            Ranking::new(&positive, &scores)
        };
        let cells = predictions.rows().zip(predictions.truth()).zip(predictions.predicted());
        Ledger {
            cells: cells.map(entry).collect(),
            rankings: (0..predictions.n_classes()).map(ranking).collect(),
        }
    }

    /// Keys of the figures.
    pub(super) fn keys(classes: &[String]) -> Vec<String> {
        let whole = WHOLE.iter().map(|&key| key.to_owned());
        let of_class = |class| PER_CLASS.iter().map(move |key| format!("per_class.{class}.{key}"));
        whole.chain(classes.iter().flat_map(of_class)).collect()
    }

    /// The figures when cell `i` counts `times[i]` times; `None` where undefined, be it that scikit-learn gives 0.
    pub(super) fn figures(&self, times: &[u32]) -> Vec<Option<f64>> {
        let weighted = || self.cells.iter().zip(times.iter().map(|&times| u64::from(times)));
        let confusion = Confusion::count(
            weighted().map(|(cell, times)| (cell.truth, cell.predicted, times)),
            self.rankings.len(),
        );
        let n = confusion.n_cells() as f64;
        let mean = |part: fn(&Entry) -> f64| {
            weighted().map(|(cell, times)| times as f64 * part(cell)).sum::<f64>() / n
        };
        let ece = error_of_bins(
            weighted().map(|(cell, times)| (cell.bin, cell.confidence, cell.truth == cell.predicted, times)),
        );
        let mut figures = vec![
            Some(confusion.accuracy()),
            Some(confusion.balanced_accuracy()),
            Some(confusion.macro_f1()),
            confusion.kappa(),
            confusion.mcc(),
            Some(mean(|cell| cell.log_loss)),
            Some(mean(|cell| cell.brier)),
            Some(ece),
        ];
        for (ranking, class) in self.rankings.iter().zip(confusion.per_class()) {
            figures.extend([
                class.is_predicted.then_some(class.precision),
                class.is_true.then_some(class.recall),
                class.is_present().then_some(class.f1),
                ranking.auc(|row| u64::from(times[row])),
            ]);
        }
        figures
    }
}

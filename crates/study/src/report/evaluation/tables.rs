//! The numbers of an evaluation as tables for other programs.

use formats::table::{Column, Table};
use stats::calibration::Coverage;
use stats::curve::{PrecisionRecall, Roc};
use stats::metrics::{ClassMetrics, Metrics};

fn texts<'a>(values: impl IntoIterator<Item = &'a String>) -> Column {
    Column::Text(values.into_iter().cloned().map(Some).collect())
}

/// What is not finite is absent.
fn floats(values: impl IntoIterator<Item = f64>) -> Column {
    Column::Float(values.into_iter().map(|v| v.is_finite().then_some(v)).collect())
}

fn counts(values: impl IntoIterator<Item = u64>) -> Column {
    Column::Int(values.into_iter().map(|n| i64::try_from(n).ok()).collect())
}

/// A row per true class; a column per predicted class.
pub fn confusion(metrics: &Metrics) -> Table {
    let mut table = Table::default();
    table.push("true_class", texts(&metrics.classes));
    for (class, name) in metrics.classes.iter().enumerate() {
        table.push(name, counts(metrics.confusion.counts().iter().map(|row| row[class])));
    }
    table
}

/// A row per class with its figures and the bounds of their intervals.
pub fn per_class(metrics: &Metrics) -> Table {
    type Figure = (&'static str, fn(&ClassMetrics) -> Option<f64>);
    const FIGURES: [Figure; 5] = [
        ("precision", |c| Some(c.precision)),
        ("recall", |c| Some(c.recall)),
        ("f1", |c| Some(c.f1)),
        ("auc", |c| c.auc),
        ("average_precision", |c| c.average_precision),
    ];
    let rows: Vec<Option<&ClassMetrics>> = metrics.classes.iter().map(|c| metrics.per_class.get(c)).collect();
    let mut table = Table::default();
    table.push("class", texts(&metrics.classes));
    table.push("support", counts(rows.iter().map(|row| row.map_or(0, |c| c.support))));
    for (name, figure) in FIGURES {
        let bound = |i: usize| {
            let key = |class: &String| format!("per_class.{class}.{name}");
            metrics.classes.iter().map(move |class| metrics.intervals.get(&key(class)).map(|range| range[i]))
        };
        table.push(name, Column::Float(rows.iter().map(|row| row.and_then(figure)).collect()));
        table.push(format!("{name}_low"), Column::Float(bound(0).collect()));
        table.push(format!("{name}_high"), Column::Float(bound(1).collect()));
    }
    table
}

/// Points of the ROC curves, class after class. The first threshold of each, infinite, is absent.
pub fn roc(classes: &[String], curves: &[Option<Roc>]) -> Table {
    let defined = || classes.iter().zip(curves).filter_map(|(name, curve)| Some((name, curve.as_ref()?)));
    let mut table = Table::default();
    table.push("class", texts(defined().flat_map(|(name, roc)| std::iter::repeat_n(name, roc.fpr.len()))));
    table.push("fpr", floats(defined().flat_map(|(_, roc)| roc.fpr.iter().copied())));
    table.push("tpr", floats(defined().flat_map(|(_, roc)| roc.tpr.iter().copied())));
    table.push("threshold", floats(defined().flat_map(|(_, roc)| roc.thresholds.iter().copied())));
    table
}

/// Points of the precision-recall curves, class after class. The last point of each has no threshold.
pub fn precision_recall(classes: &[String], curves: &[Option<PrecisionRecall>]) -> Table {
    let defined = || classes.iter().zip(curves).filter_map(|(name, curve)| Some((name, curve.as_ref()?)));
    let mut table = Table::default();
    table.push("class", texts(defined().flat_map(|(name, pr)| std::iter::repeat_n(name, pr.recall.len()))));
    table.push("recall", floats(defined().flat_map(|(_, pr)| pr.recall.iter().copied())));
    table.push("precision", floats(defined().flat_map(|(_, pr)| pr.precision.iter().copied())));
    let thresholds = |pr: &PrecisionRecall| {
        let mut thresholds: Vec<Option<f64>> = pr.thresholds.iter().copied().map(Some).collect();
        thresholds.resize(pr.recall.len(), None);
        thresholds
    };
    table.push("threshold", Column::Float(defined().flat_map(|(_, pr)| thresholds(pr)).collect()));
    table
}

/// The bins of the reliability curve.
pub fn calibration(metrics: &Metrics) -> Table {
    let bins = &metrics.reliability;
    let mut table = Table::default();
    table.push("low", floats(bins.iter().map(|b| b.low)));
    table.push("high", floats(bins.iter().map(|b| b.high)));
    table.push("n", counts(bins.iter().map(|b| b.n)));
    table.push("confidence", Column::Float(bins.iter().map(|b| b.confidence).collect()));
    table.push("accuracy", Column::Float(bins.iter().map(|b| b.accuracy).collect()));
    table
}

/// Accuracy of the surest cells.
pub fn coverage(coverage: &Coverage) -> Table {
    let mut table = Table::default();
    table.push("coverage", floats(coverage.coverage.iter().copied()));
    table.push("accuracy", floats(coverage.accuracy.iter().copied()));
    table.push("threshold", floats(coverage.threshold.iter().copied()));
    table
}

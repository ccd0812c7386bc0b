//! All figures of an evaluation in one struct, as they stand in `metrics.json`.

mod resample;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::calibration::{ReliabilityBin, brier, log_loss, reliability};
use crate::confusion::{ClassScores, Confusion};
use crate::curve::{PrecisionRecall, Roc};
use crate::error::{StatsError, check_length};
use crate::interval::{BootstrapSettings, bootstrap};
use crate::predictions::Predictions;
use resample::Ledger;

/// How the figures are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetricsSettings {
    /// Number of bootstrap replicates; 0 gives no intervals.
    pub n_bootstrap: usize,
    /// Seed of the bootstrap.
    pub seed: u64,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        let BootstrapSettings { n_replicates, seed } = BootstrapSettings::default();
        MetricsSettings { n_bootstrap: n_replicates, seed }
    }
}

/// How well a table of predictions agrees with the truth. No figure is ever NaN: what is undefined is `None`, or for
/// precision, recall and F1 0 as in scikit-learn, and [`Metrics::undefined`] says why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Number of cells.
    pub n: usize,
    /// Number of groups of related cells.
    pub n_groups: usize,
    /// Class names, in the order of their numbers.
    pub classes: Vec<String>,
    /// [`Confusion::accuracy`].
    pub accuracy: f64,
    /// [`Confusion::balanced_accuracy`].
    pub balanced_accuracy: f64,
    /// [`Confusion::macro_f1`].
    pub macro_f1: f64,
    /// [`Confusion::kappa`].
    pub kappa: Option<f64>,
    /// [`Confusion::mcc`].
    pub mcc: Option<f64>,
    /// [`log_loss`], nats.
    pub log_loss: f64,
    /// [`brier`].
    pub brier: f64,
    /// [`Reliability::ece`](crate::calibration::Reliability::ece).
    pub ece: f64,
    /// Figures of each class by its name.
    pub per_class: BTreeMap<String, ClassMetrics>,
    /// Numbers of cells, rows truth.
    pub confusion: Confusion,
    /// The reliability curve.
    pub reliability: Vec<ReliabilityBin>,
    /// Bounds `[low, high]` at 95 % by the key of the figure: `accuracy`, `per_class.<name>.auc`, …. Resampling
    /// cannot invent a mistake: where no cell is wrong the bounds of an accuracy are both 1, and
    /// [`wilson`](crate::interval::wilson) says how far that can be trusted.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// Why a figure is absent or stands at 0, by its key; `intervals.<key>` for an interval, `intervals` for all.
    pub undefined: BTreeMap<String, String>,
}

/// How well one class is recognised, against all others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ClassMetrics {
    /// [`ClassScores::precision`].
    pub precision: f64,
    /// [`ClassScores::recall`].
    pub recall: f64,
    /// [`ClassScores::f1`].
    pub f1: f64,
    /// [`ClassScores::support`].
    pub support: u64,
    /// [`Roc::auc`].
    pub auc: Option<f64>,
    /// [`PrecisionRecall::average_precision`].
    pub average_precision: Option<f64>,
}

/// Computes all figures.
///
/// # Shapes
/// `truth` and `groups` `[n]`; `probabilities` `[n, k]` in C order; `class_names` `[k]`. `groups` are any numbers,
/// equal for related cells; the intervals resample them.
///
/// # Errors
/// Those of [`Predictions::new`], groups of another length, a class name twice.
///
/// ```
/// use stats::metrics::{MetricsSettings, evaluate};
///
/// let classes = ["Interphase".to_owned(), "Mitosis".to_owned()];
/// let p = [0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.6, 0.4];
/// let metrics = evaluate(&[0, 0, 1, 1], &p, &classes, &[0, 1, 2, 3], MetricsSettings::default())?;
/// assert_eq!(metrics.accuracy, 0.75);
/// assert_eq!(metrics.per_class["Mitosis"].recall, 0.5);
/// # Ok::<(), stats::StatsError>(())
/// ```
pub fn evaluate(
    truth: &[usize],
    probabilities: &[f64],
    class_names: &[String],
    groups: &[usize],
    settings: MetricsSettings,
) -> Result<Metrics, StatsError> {
    let predictions = Predictions::new(truth, probabilities, class_names.len())?;
    check_length("groups", truth.len(), groups.len())?;
    let mut names = BTreeSet::new();
    if let Some(name) = class_names.iter().find(|name| !names.insert(*name)) {
        return Err(StatsError::DuplicateClass { name: name.clone() });
    }
    let mut metrics = point_figures(&predictions, class_names);
    metrics.n_groups = groups.iter().collect::<BTreeSet<_>>().len();
    add_intervals(&mut metrics, &predictions, groups, settings);
    Ok(metrics)
}

/// Everything but what concerns groups.
fn point_figures(predictions: &Predictions, class_names: &[String]) -> Metrics {
    let cells = predictions.truth().iter().zip(predictions.predicted());
    let confusion = Confusion::count(cells.map(|(&t, &p)| (t, p, 1)), predictions.n_classes());
    let reliability = reliability(predictions);
    let mut undefined = BTreeMap::new();
    let mut per_class = BTreeMap::new();
    for (class, (name, scores)) in class_names.iter().zip(confusion.per_class()).enumerate() {
        let auc = Roc::one_vs_rest(predictions, class).map(|roc| roc.auc);
        let average_precision =
            PrecisionRecall::one_vs_rest(predictions, class).map(|curve| curve.average_precision);
        for (figure, reason) in reasons(&scores, auc.is_some()) {
            undefined.insert(format!("per_class.{name}.{figure}"), reason.to_owned());
        }
        let ClassScores { precision, recall, f1, support, .. } = scores;
        per_class
            .insert(name.clone(), ClassMetrics { precision, recall, f1, support, auc, average_precision });
    }
    let (kappa, mcc) = (confusion.kappa(), confusion.mcc());
    if kappa.is_none() {
        undefined.insert("kappa".to_owned(), "truth and prediction are a single class".to_owned());
    }
    if mcc.is_none() {
        undefined.insert("mcc".to_owned(), "truth or prediction is a single class".to_owned());
    }
    Metrics {
        n: predictions.n_cells(),
        n_groups: 0,
        classes: class_names.to_vec(),
        accuracy: confusion.accuracy(),
        balanced_accuracy: confusion.balanced_accuracy(),
        macro_f1: confusion.macro_f1(),
        kappa,
        mcc,
        log_loss: log_loss(predictions),
        brier: brier(predictions),
        ece: reliability.ece,
        per_class,
        confusion,
        reliability: reliability.bins,
        intervals: BTreeMap::new(),
        undefined,
    }
}

/// Which figures of a class are undefined, and why.
fn reasons(scores: &ClassScores, auc_defined: bool) -> Vec<(&'static str, &'static str)> {
    let mut reasons = Vec::new();
    if !scores.is_predicted {
        reasons.push(("precision", "no cell is predicted as this class; given as 0"));
    }
    if !scores.is_true {
        reasons.push(("recall", "no cell is of this class; given as 0"));
        reasons.push(("average_precision", "no cell is of this class"));
    }
    if !scores.is_present() {
        reasons.push(("f1", "no cell is of this class or predicted as it; given as 0"));
    }
    if !auc_defined {
        let reason = if scores.is_true { "every cell is of this class" } else { "no cell is of this class" };
        reasons.push(("auc", reason));
    }
    reasons
}

fn add_intervals(
    metrics: &mut Metrics,
    predictions: &Predictions,
    groups: &[usize],
    settings: MetricsSettings,
) {
    let ledger = Ledger::new(predictions);
    let settings = BootstrapSettings { n_replicates: settings.n_bootstrap, seed: settings.seed };
    let intervals = match bootstrap(groups, settings, |times| ledger.figures(times)) {
        Ok(intervals) => intervals,
        Err(reason) => {
            metrics.undefined.insert("intervals".to_owned(), reason.to_string());
            return;
        }
    };
    for (key, interval) in Ledger::keys(&metrics.classes).into_iter().zip(intervals) {
        match interval {
            Ok(bounds) => drop(metrics.intervals.insert(key, bounds)),
            Err(reason) => drop(metrics.undefined.insert(format!("intervals.{key}"), reason.to_string())),
        }
    }
}

//! Reference figures of scikit-learn and scipy, made by `tests/golden/make.py`.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use stats::calibration::{brier, coverage, fit_temperature, log_loss, reliability, softmax};
use stats::confusion::Confusion;
use stats::curve::{PrecisionRecall, Roc};
use stats::interval::wilson;
use stats::metrics::{MetricsSettings, evaluate};
use stats::predictions::Predictions;

use crate::sample::names;
use crate::{assert_all_close, assert_close, assert_option_close};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

fn read<T: DeserializeOwned>(name: &str) -> T {
    let path = folder().join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    truth: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    predicted: Vec<usize>,
    confusion: Vec<Vec<u64>>,
    row_normalised: Vec<Vec<f64>>,
    accuracy: f64,
    balanced_accuracy: f64,
    macro_f1: f64,
    kappa: Option<f64>,
    mcc: Option<f64>,
    log_loss: f64,
    brier: f64,
    ece: f64,
    bins: Vec<(u64, Option<f64>, Option<f64>)>,
    coverage: CoverageCase,
    per_class: Vec<ClassCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CoverageCase {
    threshold: Vec<f64>,
    coverage: Vec<f64>,
    accuracy: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassCase {
    precision: f64,
    recall: f64,
    f1: f64,
    support: u64,
    roc: Option<RocCase>,
    precision_recall: Option<PrecisionRecallCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RocCase {
    fpr: Vec<f64>,
    tpr: Vec<f64>,
    finite_thresholds: Vec<f64>,
    auc: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PrecisionRecallCase {
    precision: Vec<f64>,
    recall: Vec<f64>,
    thresholds: Vec<f64>,
    average_precision: f64,
}

impl Case {
    fn flat(&self) -> Vec<f64> {
        self.probabilities.concat()
    }
}

/// Runs `check(name, case, predictions)` on all reference tables.
fn for_each_case(check: impl Fn(&str, &Case, &Predictions)) {
    let mut n_cases = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("predictions_") {
            let case: Case = read(&name);
            let flat = case.flat();
            let predictions = Predictions::new(&case.truth, &flat, case.probabilities[0].len()).unwrap();
            check(&name, &case, &predictions);
            n_cases += 1;
        }
    }
    assert_eq!(n_cases, 22, "reference tables in {}", folder().display());
}

#[test]
fn confusion_agrees() {
    for_each_case(|name, case, predictions| {
        assert_eq!(predictions.predicted(), case.predicted, "{name}");
        let confusion =
            Confusion::new(&case.truth, predictions.predicted(), predictions.n_classes()).unwrap();
        assert_eq!(confusion.counts(), case.confusion, "{name}");
        assert_all_close(name, &confusion.row_normalised().concat(), &case.row_normalised.concat());
        assert_close(name, confusion.accuracy(), case.accuracy);
        assert_close(name, confusion.balanced_accuracy(), case.balanced_accuracy);
        assert_close(name, confusion.macro_f1(), case.macro_f1);
        assert_option_close(name, confusion.kappa(), case.kappa);
        assert_option_close(name, confusion.mcc(), case.mcc);
        for (found, expected) in confusion.per_class().iter().zip(&case.per_class) {
            assert_close(name, found.precision, expected.precision);
            assert_close(name, found.recall, expected.recall);
            assert_close(name, found.f1, expected.f1);
            assert_eq!(found.support, expected.support, "{name}");
        }
    });
}

#[test]
fn roc_agrees() {
    for_each_case(|name, case, predictions| {
        for (class, expected) in case.per_class.iter().enumerate() {
            let found = Roc::one_vs_rest(predictions, class);
            assert_eq!(found.is_some(), expected.roc.is_some(), "{name} class {class}");
            if let (Some(found), Some(expected)) = (found, &expected.roc) {
                assert_all_close(name, &found.fpr, &expected.fpr);
                assert_all_close(name, &found.tpr, &expected.tpr);
                assert_eq!(found.thresholds[0], f64::INFINITY, "{name}");
                assert_eq!(found.thresholds[1..], expected.finite_thresholds, "{name}");
                assert_close(name, found.auc, expected.auc);
            }
        }
    });
}

#[test]
fn precision_recall_agrees() {
    for_each_case(|name, case, predictions| {
        for (class, expected) in case.per_class.iter().enumerate() {
            let found = PrecisionRecall::one_vs_rest(predictions, class);
            assert_eq!(found.is_some(), expected.precision_recall.is_some(), "{name} class {class}");
            if let (Some(found), Some(expected)) = (found, &expected.precision_recall) {
                assert_all_close(name, &found.precision, &expected.precision);
                assert_all_close(name, &found.recall, &expected.recall);
                assert_eq!(found.thresholds, expected.thresholds, "{name}");
                assert_close(name, found.average_precision, expected.average_precision);
            }
        }
    });
}

#[test]
fn calibration_agrees() {
    for_each_case(|name, case, predictions| {
        assert_close(name, log_loss(predictions), case.log_loss);
        assert_close(name, brier(predictions), case.brier);
        let found = reliability(predictions);
        assert_close(name, found.ece, case.ece);
        assert_eq!(found.bins.len(), case.bins.len(), "{name}");
        for (found, &(n, confidence, accuracy)) in found.bins.iter().zip(&case.bins) {
            assert_eq!(found.n, n, "{name} {found:?}");
            assert_option_close(name, found.confidence, confidence);
            assert_option_close(name, found.accuracy, accuracy);
        }
        let found = coverage(predictions);
        assert_eq!(found.threshold, case.coverage.threshold, "{name}");
        assert_all_close(name, &found.coverage, &case.coverage.coverage);
        assert_all_close(name, &found.accuracy, &case.coverage.accuracy);
    });
}

#[test]
fn metrics_agree() {
    for_each_case(|name, case, predictions| {
        let classes = names(predictions.n_classes());
        let groups: Vec<usize> = (0..case.truth.len()).collect();
        let settings = MetricsSettings { n_bootstrap: 20, seed: 1 };
        let found = evaluate(&case.truth, &case.flat(), &classes, &groups, settings).unwrap();
        assert_eq!((found.n, found.n_groups), (groups.len(), groups.len()), "{name}");
        assert_eq!(found.confusion.counts(), case.confusion, "{name}");
        for (found, expected) in [
            (found.accuracy, case.accuracy),
            (found.balanced_accuracy, case.balanced_accuracy),
            (found.macro_f1, case.macro_f1),
            (found.log_loss, case.log_loss),
            (found.brier, case.brier),
            (found.ece, case.ece),
        ] {
            assert_close(name, found, expected);
        }
        assert_option_close(name, found.kappa, case.kappa);
        assert_option_close(name, found.mcc, case.mcc);
        for (class, expected) in classes.iter().zip(&case.per_class) {
            let found = &found.per_class[class];
            assert_close(name, found.f1, expected.f1);
            assert_eq!(found.support, expected.support, "{name}");
            assert_option_close(name, found.auc, expected.roc.as_ref().map(|roc| roc.auc));
            let expected = expected.precision_recall.as_ref().map(|curve| curve.average_precision);
            assert_option_close(name, found.average_precision, expected);
        }
    });
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemperatureCase {
    truth: Vec<usize>,
    logits: Vec<f64>,
    temperature: f64,
    log_loss: f64,
}

#[test]
fn temperature_agrees() {
    for case in read::<Vec<TemperatureCase>>("temperature.json") {
        let found = fit_temperature(&case.logits, &case.truth).unwrap();
        // The root of a sum of rounded terms: its own rounding is that of the slope over its steepness.
        let distance = (found / case.temperature - 1.0).abs();
        assert!(distance < 1e-10, "expected {}, found {found}", case.temperature);
        let n_classes = case.logits.len() / case.truth.len();
        let probabilities = softmax(&case.logits, n_classes, found);
        let predictions = Predictions::new(&case.truth, &probabilities, n_classes).unwrap();
        assert_close("log-loss at the fitted temperature", log_loss(&predictions), case.log_loss);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WilsonCase {
    successes: u64,
    n: u64,
    low: f64,
    high: f64,
}

#[test]
fn wilson_agrees() {
    for case in read::<Vec<WilsonCase>>("wilson.json") {
        let [low, high] = wilson(case.successes, case.n).unwrap();
        assert_close("low", low, case.low);
        assert_close("high", high, case.high);
    }
    assert_eq!(wilson(0, 0), None);
    assert_eq!(wilson(3, 2), None);
}

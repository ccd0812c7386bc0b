//! The struct of all figures: its keys, its intervals, its reasons.

use serde_json::Value;
use stats::metrics::{Metrics, MetricsSettings, evaluate};

use crate::assert_close;
use crate::sample::{Sample, names};

fn metrics(seed: u64, groups: &[usize]) -> Metrics {
    let sample = Sample::new(seed, groups.len(), 3);
    let settings = MetricsSettings { n_bootstrap: 300, seed: 9 };
    evaluate(&sample.truth, &sample.probabilities, &names(3), groups, settings).unwrap()
}

fn in_groups_of(size: usize, n: usize) -> Vec<usize> {
    (0..n).map(|i| i / size).collect()
}

#[test]
fn the_keys_are_flat() {
    let json = serde_json::to_value(metrics(1, &in_groups_of(5, 100))).unwrap();
    for key in ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "ece", "n"] {
        assert!(json[key].is_number(), "{key}");
    }
    for key in ["precision", "recall", "f1", "support", "auc"] {
        assert!(json["per_class"]["b"][key].is_number(), "{key}");
    }
    for key in ["accuracy", "macro_f1", "log_loss", "per_class.b.auc"] {
        assert_eq!(json["intervals"][key].as_array().map(Vec::len), Some(2), "{key}");
    }
    assert_eq!(json["classes"], serde_json::json!(["a", "b", "c"]));
    assert_eq!(json["confusion"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_is_written_is_read_again() {
    let metrics = metrics(2, &in_groups_of(5, 100));
    let text = serde_json::to_string(&metrics).unwrap();
    assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
}

#[test]
fn intervals_hold_their_figures() {
    for seed in 0..5 {
        let metrics = metrics(seed, &in_groups_of(4, 200));
        let json = serde_json::to_value(&metrics).unwrap();
        assert_eq!(metrics.intervals.len(), 8 + 3 * 4);
        for (key, [low, high]) in &metrics.intervals {
            let figure = key.split('.').fold(&json, |value, part| &value[part]).as_f64().unwrap();
            // Resampling biases a calibration error upwards: its interval need not hold it.
            assert!(low < high, "{key}");
            assert!(key == "ece" || (*low..=*high).contains(&figure), "{key}: {figure} not in {low}..{high}");
        }
    }
}

/// Two groups: a replicate is one of them twice or both once. The bounds are then figures that can be had without any
/// bootstrap, by evaluating the cells of each group by themselves; this holds the two computations together.
#[test]
fn replicates_are_evaluations_of_repeated_cells() {
    let sample = Sample::new(3, 120, 3);
    let settings = MetricsSettings { n_bootstrap: 400, seed: 1 };
    let groups = in_groups_of(60, 120);
    let evaluate = |cells: std::ops::Range<usize>| {
        let p = &sample.probabilities[3 * cells.start..3 * cells.end];
        evaluate(&sample.truth[cells.clone()], p, &names(3), &groups[cells], settings).unwrap()
    };
    let (both, first, second) = (evaluate(0..120), evaluate(0..60), evaluate(60..120));
    let json = [&both, &first, &second].map(|metrics| serde_json::to_value(metrics).unwrap());
    let figure =
        |json: &Value, key: &str| key.split('.').fold(json, |value, part| &value[part]).as_f64().unwrap();
    assert_eq!(both.intervals.len(), 8 + 3 * 4);
    for (key, [low, high]) in &both.intervals {
        let figures = json.each_ref().map(|json| figure(json, key));
        assert_close(key, *low, figures.iter().copied().fold(f64::INFINITY, f64::min));
        assert_close(key, *high, figures.iter().copied().fold(f64::NEG_INFINITY, f64::max));
    }
}

#[test]
fn one_group_has_no_intervals_and_says_so() {
    let metrics = metrics(4, &[7; 50]);
    assert!(metrics.intervals.is_empty());
    assert_eq!(metrics.undefined["intervals"], "a bootstrap over groups needs at least two groups, found 1");
}

/// The rarest class comes from one of twelve groups: it is missing from (11/12)¹² = 35 % of the replicates.
#[test]
fn undefined_figures_have_a_reason_and_no_nan() {
    let mut truth = vec![0; 24];
    truth[23] = 1;
    let probabilities = [0.9, 0.1, 0.0].repeat(24);
    let settings = MetricsSettings::default();
    let metrics = evaluate(&truth, &probabilities, &names(3), &in_groups_of(2, 24), settings).unwrap();
    let undefined = |key: &str| metrics.undefined.get(key).map(String::as_str);
    assert_eq!(metrics.per_class["b"].precision, 0.0);
    assert_eq!(undefined("per_class.b.precision"), Some("no cell is predicted as this class; given as 0"));
    assert_eq!(undefined("per_class.b.recall"), None);
    assert_eq!(metrics.per_class["c"].auc, None);
    assert_eq!(undefined("per_class.c.auc"), Some("no cell is of this class"));
    assert_eq!(undefined("per_class.c.recall"), Some("no cell is of this class; given as 0"));
    assert_eq!(undefined("per_class.c.f1"), Some("no cell is of this class or predicted as it; given as 0"));
    assert_eq!(undefined("mcc"), Some("truth or prediction is a single class"));
    assert_eq!(metrics.mcc, None);
    assert!(undefined("intervals.per_class.b.recall").unwrap().ends_with("of 1000 bootstrap replicates"));
    assert!(metrics.intervals.contains_key("accuracy"));
    let text = serde_json::to_string(&metrics).unwrap();
    assert_eq!(serde_json::from_str::<Metrics>(&text).unwrap(), metrics);
}

#[test]
fn settings_refuse_unknown_keys() {
    assert!(serde_json::from_str::<MetricsSettings>(r#"{"n_bootstrap": 10}"#).is_ok());
    assert!(serde_json::from_str::<MetricsSettings>(r#"{"n_boots": 10}"#).is_err());
}

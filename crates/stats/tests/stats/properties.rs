//! What must hold for any table.

use rand::seq::SliceRandom;
use stats::calibration::{brier, coverage, fit_temperature, log_loss, reliability, softmax};
use stats::confusion::Confusion;
use stats::curve::{PrecisionRecall, Roc};
use stats::predictions::Predictions;

use crate::sample::{Sample, rng};
use crate::{assert_all_close, assert_close};

fn scored(seed: u64) -> (Vec<bool>, Vec<f64>) {
    let sample = Sample::new(seed, 50, 3);
    let predictions = Predictions::new(&sample.truth, &sample.probabilities, 3).unwrap();
    // Rounded, so that there are ties.
    let (positive, scores) = predictions.one_vs_rest(0);
    (positive, scores.iter().map(|p| (p * 16.0).round() / 16.0).collect())
}

fn auc(positive: &[bool], scores: &[f64]) -> f64 {
    Roc::new(positive, scores).unwrap().unwrap().auc
}

#[test]
fn auc_sees_only_the_order_of_scores() {
    for seed in 0..50 {
        let (positive, scores) = scored(seed);
        let expected = auc(&positive, &scores);
        for map in [|s: f64| 3.0 * s - 7.0, |s: f64| s.exp(), |s: f64| s.powi(3)] {
            let mapped: Vec<f64> = scores.iter().map(|&s| map(s)).collect();
            assert_eq!(auc(&positive, &mapped), expected, "seed {seed}");
        }
    }
}

#[test]
fn auc_is_the_chance_that_a_positive_cell_scores_higher() {
    for seed in 0..50 {
        let (positive, scores) = scored(seed);
        let (mut wins, mut pairs) = (0.0, 0.0);
        for i in (0..50).filter(|&i| positive[i]) {
            for j in (0..50).filter(|&j| !positive[j]) {
                pairs += 1.0;
                wins += if scores[i] > scores[j] { 1.0 } else { 0.0 };
                wins += if scores[i] == scores[j] { 0.5 } else { 0.0 };
            }
        }
        assert_close("auc", auc(&positive, &scores), wins / pairs);
    }
}

#[test]
fn auc_of_the_opposite_is_the_complement() {
    for seed in 0..50 {
        let (positive, scores) = scored(seed);
        let opposite: Vec<bool> = positive.iter().map(|p| !p).collect();
        assert_close("auc", auc(&opposite, &scores), 1.0 - auc(&positive, &scores));
    }
}

#[test]
fn zero_and_minus_zero_are_a_tie() {
    assert_eq!(auc(&[true, false], &[0.0, -0.0]), 0.5);
    assert_eq!(auc(&[true, false], &[-0.0, 0.0]), 0.5);
}

#[test]
fn curves_run_from_corner_to_corner() {
    for seed in 0..50 {
        let (positive, scores) = scored(seed);
        let roc = Roc::new(&positive, &scores).unwrap().unwrap();
        assert_eq!((roc.fpr[0], roc.tpr[0]), (0.0, 0.0));
        assert_eq!((roc.fpr.last(), roc.tpr.last()), (Some(&1.0), Some(&1.0)));
        assert!(roc.fpr.is_sorted() && roc.tpr.is_sorted());
        assert!(roc.thresholds.is_sorted_by(|a, b| a > b));
        let curve = PrecisionRecall::new(&positive, &scores).unwrap().unwrap();
        assert_eq!((curve.recall[0], curve.recall.last()), (1.0, Some(&0.0)));
        assert!(curve.thresholds.is_sorted_by(|a, b| a < b));
    }
}

#[test]
fn precision_recall_exists_when_every_cell_is_positive() {
    let curve = PrecisionRecall::new(&[true, true], &[0.2, 0.3]).unwrap().unwrap();
    assert_eq!(curve.average_precision, 1.0);
    assert_eq!(PrecisionRecall::new(&[false, false], &[0.2, 0.3]), Ok(None));
}

/// The order of the cells carries no information.
#[test]
fn figures_do_not_depend_on_the_order_of_cells() {
    for seed in 0..20 {
        let sample = Sample::new(seed, 60, 4);
        let mut order: Vec<usize> = (0..60).collect();
        order.shuffle(&mut rng(seed));
        let truth: Vec<usize> = order.iter().map(|&i| sample.truth[i]).collect();
        let rows = order.iter().flat_map(|&i| &sample.probabilities[4 * i..4 * i + 4]);
        let probabilities: Vec<f64> = rows.copied().collect();
        let a = Predictions::new(&sample.truth, &sample.probabilities, 4).unwrap();
        let b = Predictions::new(&truth, &probabilities, 4).unwrap();
        assert_close("log-loss", log_loss(&a), log_loss(&b));
        assert_close("brier", brier(&a), brier(&b));
        assert_close("ece", reliability(&a).ece, reliability(&b).ece);
        assert_eq!(coverage(&a), coverage(&b));
        for class in 0..4 {
            assert_eq!(Roc::one_vs_rest(&a, class), Roc::one_vs_rest(&b, class));
        }
    }
}

/// Kappa and MCC are symmetric in truth and prediction; precision and recall change places.
#[test]
fn exchanging_truth_and_prediction_transposes_the_confusion() {
    for seed in 0..20 {
        let sample = Sample::new(seed, 60, 3);
        let predictions = Predictions::new(&sample.truth, &sample.probabilities, 3).unwrap();
        let a = Confusion::new(&sample.truth, predictions.predicted(), 3).unwrap();
        let b = Confusion::new(predictions.predicted(), &sample.truth, 3).unwrap();
        assert_eq!((a.kappa(), a.mcc(), a.accuracy()), (b.kappa(), b.mcc(), b.accuracy()));
        for (a, b) in a.per_class().iter().zip(b.per_class()) {
            assert_eq!((a.precision, a.recall, a.f1), (b.recall, b.precision, b.f1));
        }
    }
}

#[test]
fn coverage_ends_with_all_cells() {
    for seed in 0..20 {
        let sample = Sample::new(seed, 60, 3);
        let predictions = Predictions::new(&sample.truth, &sample.probabilities, 3).unwrap();
        let curve = coverage(&predictions);
        let confusion = Confusion::new(&sample.truth, predictions.predicted(), 3).unwrap();
        assert_eq!(curve.coverage.last(), Some(&1.0));
        assert_eq!(curve.accuracy.last(), Some(&confusion.accuracy()));
    }
}

/// Logits scaled by a factor want a temperature scaled by it, and no temperature beside it does better.
#[test]
fn temperature_scales_with_the_logits_and_is_the_best() {
    for seed in 0..20 {
        let sample = Sample::new(seed, 80, 3);
        let logits: Vec<f64> = sample.probabilities.iter().map(|p| 6.0 * p).collect();
        let t = fit_temperature(&logits, &sample.truth).unwrap();
        let tripled: Vec<f64> = logits.iter().map(|z| 3.0 * z).collect();
        let ratio = fit_temperature(&tripled, &sample.truth).unwrap() / t;
        assert!((ratio - 3.0).abs() < 1e-9, "seed {seed}: {ratio}");
        let loss = |t| {
            let p = softmax(&logits, 3, t);
            log_loss(&Predictions::new(&sample.truth, &p, 3).unwrap())
        };
        assert!(loss(t) < loss(1.01 * t) && loss(t) < loss(0.99 * t), "seed {seed}");
    }
}

#[test]
fn temperature_is_one_when_the_cells_do_not_determine_it() {
    assert_eq!(fit_temperature(&[], &[]), Ok(1.0), "no cell");
    assert_eq!(fit_temperature(&[2.0; 6], &[0, 1, 0]), Ok(1.0), "equal logits");
    assert_eq!(fit_temperature(&[3.0, 1.0, 0.0, 2.0], &[0, 1]), Ok(1.0), "all right");
    assert_eq!(fit_temperature(&[3.0, 1.0, 0.0, 2.0], &[1, 0]), Ok(1.0), "all wrong");
    assert_eq!(fit_temperature(&[5.0, 7.0], &[0, 0]), Ok(1.0), "one class");
    assert_eq!(fit_temperature(&[1e300, -1e300], &[0]), Ok(1.0), "huge");
    assert_eq!(fit_temperature(&[f64::MAX, f64::MIN], &[1]), Ok(1.0), "beyond the range of f64");
}

#[test]
fn softmax_rows_sum_to_one() {
    let p = softmax(&[1e308, -1e308, 0.0, -5.0, 1e-3, 2.0], 3, 0.5);
    assert_all_close("sums", &[p[..3].iter().sum(), p[3..].iter().sum()], &[1.0, 1.0]);
    assert_all_close("one logit", &softmax(&[9.0], 1, 1.0), &[1.0]);
}

#[test]
fn one_class_only_is_judged() {
    let predictions = Predictions::new(&[0, 0], &[1.0, 1.0], 1).unwrap();
    assert_eq!(reliability(&predictions).ece, 0.0);
    assert_eq!(brier(&predictions), 0.0);
    assert!(log_loss(&predictions) < 1e-15);
    assert_eq!(Roc::one_vs_rest(&predictions, 0), None);
}

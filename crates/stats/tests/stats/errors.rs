//! Each mistake in a table is refused, saying what was expected and what was found.

use stats::StatsError;
use stats::calibration::fit_temperature;
use stats::confusion::Confusion;
use stats::curve::{PrecisionRecall, Roc};
use stats::metrics::{MetricsSettings, evaluate};
use stats::predictions::Predictions;

use crate::sample::names;

fn refusal<T: std::fmt::Debug>(result: Result<T, StatsError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn predictions_are_checked() {
    let check = |truth: &[usize], p: &[f64], k| refusal(Predictions::new(truth, p, k));
    assert_eq!(check(&[], &[], 2), "expected at least one cell, found none");
    assert_eq!(check(&[0], &[], 0), "expected at least one class, found none");
    assert_eq!(check(&[0, 1], &[0.5; 3], 2), "probabilities: expected 4 values, found 3");
    assert_eq!(check(&[0, 2], &[0.5; 4], 2), "cell 1: expected a class below 2, found 2");
    assert_eq!(
        check(&[0, 1], &[0.5, 0.5, f64::NAN, 0.5], 2),
        "cell 1, class 0: expected a probability from 0 to 1, found NaN"
    );
    assert_eq!(
        check(&[0], &[1.5, -0.5], 2),
        "cell 0, class 0: expected a probability from 0 to 1, found 1.5"
    );
    assert_eq!(check(&[0], &[0.5, 0.25], 2), "cell 0: expected probabilities that sum to 1, found 0.75");
    assert_eq!(
        check(&[0], &[0.5], usize::MAX),
        format!("probabilities: expected {} values, found 1", usize::MAX)
    );
}

#[test]
fn probabilities_with_four_decimals_pass() {
    assert!(Predictions::new(&[0], &[0.1429; 7], 7).is_ok());
}

#[test]
fn confusion_is_checked() {
    assert_eq!(refusal(Confusion::new(&[0], &[0, 1], 2)), "predicted classes: expected 1 values, found 2");
    assert_eq!(refusal(Confusion::new(&[0], &[5], 2)), "cell 0: expected a class below 2, found 5");
    assert_eq!(refusal(Confusion::new(&[], &[], 2)), "expected at least one cell, found none");
    assert_eq!(refusal(Confusion::new(&[0], &[0], 0)), "expected at least one class, found none");
    let parse = |text: &str| serde_json::from_str::<Confusion>(text).unwrap_err().to_string();
    assert!(parse("[[1,2],[3]]").contains("as many columns as rows, found a row of 1 among 2 rows"));
    assert!(parse("[[9223372036854775807,1],[0,0]]").contains("fewer than 2^63 cells"));
    assert!(parse("[[18446744073709551615,1],[0,0]]").contains("fewer than 2^63 cells"));
    assert!(parse("[]").contains("at least one cell"));
}

#[test]
fn scores_are_checked() {
    let message = "score 1: expected a finite number, found NaN";
    assert_eq!(refusal(Roc::new(&[true, false], &[0.0, f64::NAN])), message);
    assert_eq!(refusal(PrecisionRecall::new(&[true, false], &[0.0, f64::NAN])), message);
    assert_eq!(refusal(Roc::new(&[true], &[])), "scores: expected 1 values, found 0");
    assert_eq!(Roc::new(&[], &[]), Ok(None));
    assert_eq!(PrecisionRecall::new(&[], &[]), Ok(None));
}

#[test]
fn logits_are_checked() {
    assert_eq!(refusal(fit_temperature(&[0.0; 5], &[0, 1])), "logits: expected 4 values, found 5");
    assert_eq!(refusal(fit_temperature(&[0.0; 4], &[0, 2])), "cell 1: expected a class below 2, found 2");
    assert_eq!(
        refusal(fit_temperature(&[0.0, f64::INFINITY], &[0])),
        "logit 1: expected a finite number, found inf"
    );
    assert_eq!(refusal(fit_temperature(&[1.0], &[])), "logits: expected 0 values, found 1");
    assert_eq!(refusal(fit_temperature(&[], &[0])), "cell 0: expected a class below 0, found 0");
}

#[test]
fn metrics_are_checked() {
    let evaluate = |classes: &[String], groups: &[usize]| {
        refusal(evaluate(&[0, 1], &[0.5; 4], classes, groups, MetricsSettings::default()))
    };
    assert_eq!(evaluate(&names(2), &[0]), "groups: expected 2 values, found 1");
    assert_eq!(
        evaluate(&["a".to_owned(), "a".to_owned()], &[0, 1]),
        "expected class names to differ, found \"a\" twice"
    );
    assert_eq!(evaluate(&names(3), &[0, 1]), "probabilities: expected 6 values, found 4");
}

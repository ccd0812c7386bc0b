//! Figures held against scikit-learn's, and properties that must hold for any table.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod agreement;
mod bootstrap;
mod errors;
mod golden;
mod metrics;
mod plates;
mod properties;
mod sample;

/// Relative distance allowed to reference figures: sums in another order, nothing more. The absolute part is for
/// figures that cancel to nearly 0.
fn assert_close(what: &str, found: f64, expected: f64) {
    let allowed = 1e-12 * expected.abs() + 1e-14;
    assert!((found - expected).abs() <= allowed, "{what}: expected {expected}, found {found}");
}

/// [`assert_close`] for columns.
fn assert_all_close(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}: lengths");
    for (i, (&found, &expected)) in found.iter().zip(expected).enumerate() {
        assert_close(&format!("{what}[{i}]"), found, expected);
    }
}

/// [`assert_close`] for figures that may be undefined.
fn assert_option_close(what: &str, found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert_close(what, found, expected),
        _ => assert_eq!(found, expected, "{what}"),
    }
}

//! Figures of plates held against those of `golden/plates.py`, which has only numpy and scipy.

use serde::Deserialize;
use stats::dose::{self, NoCurve};
use stats::hit::{Null, WellMean, combine, false_discovery};
use stats::plate::{
    Location, NoFigure, Normalisation, Plate, Reference, normalise, position, quality, z_prime,
};
use stats::replicate::{Summary, pearson, spearman, summarise};

use crate::{assert_all_close, assert_close};

#[derive(Deserialize)]
struct Golden {
    plates: Vec<GoldenPlate>,
    doses: Vec<GoldenDose>,
    pairs: Vec<GoldenPair>,
    null: GoldenNull,
    combine: GoldenCombine,
}

#[derive(Deserialize)]
struct GoldenPlate {
    n_columns: usize,
    values: Vec<Option<f64>>,
    samples: Vec<usize>,
    negative: Vec<usize>,
    positive: Vec<usize>,
    quality: std::collections::BTreeMap<String, f64>,
    position: std::collections::BTreeMap<String, [f64; 2]>,
    normalised: std::collections::BTreeMap<String, Vec<Option<f64>>>,
}

#[derive(Deserialize)]
struct GoldenDose {
    x: Vec<f64>,
    y: Vec<f64>,
    curve: Vec<f64>,
    low: Vec<f64>,
    high: Vec<f64>,
    p_flat: f64,
    residual_sd: f64,
}

#[derive(Deserialize)]
struct GoldenPair {
    x: Vec<f64>,
    y: Vec<f64>,
    pearson: [f64; 2],
    spearman: [f64; 2],
}

#[derive(Deserialize)]
struct GoldenNull {
    mean: Vec<f64>,
    sd: Vec<f64>,
    n: Vec<f64>,
    n_cells: f64,
    bootstrap_sd: f64,
    own: f64,
}

#[derive(Deserialize)]
struct GoldenCombine {
    p: Vec<f64>,
    signs: Vec<f64>,
    combined: f64,
    false_discovery: Vec<f64>,
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../golden/plates.json")).unwrap()
}

/// To a millionth: what is asked of figures of screens. `what` names the figure.
fn assert_near(what: &str, found: f64, expected: f64, relative: f64) {
    assert!(
        (found - expected).abs() <= relative * expected.abs().max(1e-3),
        "{what}: expected {expected}, found {found}"
    );
}

#[test]
fn plates_are_those_of_the_script() {
    for (k, golden) in golden().plates.into_iter().enumerate() {
        let plate = Plate {
            n_columns: golden.n_columns,
            values: golden.values,
            samples: golden.samples,
            negative: golden.negative,
            positive: golden.positive,
        };
        let found = quality(&plate);
        for (name, value) in [
            ("z_prime", found.z_prime),
            ("robust_z_prime", found.robust_z_prime),
            ("ssmd", found.ssmd),
            ("robust_ssmd", found.robust_ssmd),
            ("signal_window", found.signal_window),
        ] {
            assert_close(&format!("plate {k} {name}"), value.unwrap(), golden.quality[name]);
        }
        let found = position(&plate);
        let ring = found.ring.unwrap();
        assert_near("ring", ring.size, golden.position["ring"][0], 1e-9);
        assert_near("ring p", ring.p, golden.position["ring"][1], 1e-9);
        for (name, found) in [("rows", found.rows), ("columns", found.columns)] {
            let found = found.unwrap();
            assert_near(name, found.r, golden.position[name][0], 1e-9);
            assert_near(name, found.p, golden.position[name][1], 1e-8);
        }
        for (name, method) in [
            ("percent_of_negative", Normalisation::PercentOfControl(Reference::Negative)),
            ("percent_of_positive", Normalisation::PercentOfControl(Reference::Positive)),
            ("percent_inhibition", Normalisation::PercentInhibition),
            ("z_samples", Normalisation::Z(Reference::Samples, Location::Mean)),
            ("robust_z_negative", Normalisation::Z(Reference::Negative, Location::Median)),
            ("ratio_samples", Normalisation::Ratio(Reference::Samples)),
            ("difference_samples", Normalisation::Difference(Reference::Samples)),
            ("b_score", Normalisation::BScore),
        ] {
            let found = normalise(&plate, method).unwrap();
            for (well, (found, expected)) in found.iter().zip(&golden.normalised[name]).enumerate() {
                assert_eq!(found.is_some(), expected.is_some(), "plate {k} {name} {well}");
                if let (Some(found), Some(expected)) = (found, expected) {
                    assert!(
                        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
                        "plate {k} {name} {well}: {found}, {expected}"
                    );
                }
            }
        }
    }
}

#[test]
fn curves_are_those_of_least_squares() {
    for golden in golden().doses {
        let fit = dose::fit(&golden.x, &golden.y).unwrap();
        let found = [fit.curve.bottom, fit.curve.top, fit.curve.log_ec50, fit.curve.hill];
        let width: Vec<f64> = golden.high.iter().zip(&golden.low).map(|(h, l)| h - l).collect();
        for i in 0..4 {
            // The search stops where sums of squares no longer differ: far within the error of the figure.
            assert!(
                (found[i] - golden.curve[i]).abs() < 1e-4 * width[i],
                "{i}: {found:?}, {:?}",
                golden.curve
            );
            assert!((fit.intervals[i][0] - golden.low[i]).abs() < 1e-3 * width[i], "{i} low");
            assert!((fit.intervals[i][1] - golden.high[i]).abs() < 1e-3 * width[i], "{i} high");
        }
        assert_near("sd", fit.residual_sd, golden.residual_sd, 1e-9);
        assert!(fit.p_flat < 1e-10 && (fit.p_flat - golden.p_flat).abs() <= 1e-6 * golden.p_flat + 1e-15);
    }
}

#[test]
fn data_that_determine_no_curve_are_refused() {
    let x: Vec<f64> = [0.001, 0.01, 0.1, 1.0, 10.0, 100.0].iter().flat_map(|&c| [c, c, c]).collect();
    let noise = |i: usize| ((i * 7919) % 13) as f64 / 13.0 - 0.5;
    let response = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
        x.iter().enumerate().map(|(i, &c)| f(c.log10()) + 0.1 * noise(i)).collect()
    };
    assert!(matches!(dose::fit(&x[..9], &x[..9]), Err(NoCurve::FewDoses { found: 3 })));
    assert!(matches!(dose::fit(&x, &response(&|_| 1.0)), Err(NoCurve::Flat { .. })));
    assert!(matches!(dose::fit(&x, &vec![2.0; x.len()]), Err(NoCurve::Flat { .. })));
    assert_eq!(dose::fit(&x, &vec![1e308; x.len()]).err(), Some(NoCurve::Undetermined));
    // Only the foot of a curve was seen.
    let foot = response(&|lx| 10.0 / (1.0 + 10f64.powf(3.0 - lx)));
    assert!(matches!(dose::fit(&x, &foot), Err(NoCurve::Outside | NoCurve::Undetermined)));
    assert!(dose::fit(&x, &response(&|lx| 1.0 / (1.0 + 10f64.powf(-lx)))).is_ok());
}

#[test]
fn correlations_are_those_of_scipy() {
    for golden in golden().pairs {
        for (found, expected) in [
            (pearson(&golden.x, &golden.y), golden.pearson),
            (spearman(&golden.x, &golden.y), golden.spearman),
        ] {
            let found = found.unwrap();
            assert_near("r", found.r, expected[0], 1e-10);
            assert_near("p", found.p, expected[1], 1e-8);
        }
    }
}

#[test]
fn controls_at_equal_cell_number_are_those_of_the_bootstrap() {
    let golden = golden().null;
    let wells: Vec<WellMean> = (0..golden.mean.len())
        .map(|i| WellMean { mean: golden.mean[i], sd: golden.sd[i], n_cells: golden.n[i] })
        .collect();
    let null = Null::of(&wells).unwrap();
    let expected = (golden.bootstrap_sd.powi(2) - golden.own).sqrt();
    // The bootstrap divides by m, we by m - 1 (2 %), and its draws are finite (0.2 %).
    assert_near("sd", null.sd(golden.n_cells), expected, 0.03);
    assert!(null.sd(5.0) > null.sd(500.0));
    assert!(matches!(Null::of(&wells[..2]), Err(NoFigure::TooFew { found: 2, .. })));
    assert!(matches!(Null::of(&[wells[0]; 5]), Err(NoFigure::NoSpread(_))));
}

#[test]
fn probabilities_combine_as_in_scipy() {
    let golden = golden().combine;
    assert_near("combined", combine(&golden.p, &golden.signs).unwrap(), golden.combined, 1e-8);
    let p: Vec<Option<f64>> = golden.p.iter().copied().map(Some).collect();
    let q: Vec<f64> = false_discovery(&p).into_iter().flatten().collect();
    assert_all_close("q", &q, &golden.false_discovery);
    assert_eq!(combine(&[], &[]), None);
}

#[test]
fn what_is_undefined_says_why() {
    assert!(matches!(z_prime(&[1.0], &[1.0, 2.0], Location::Mean), Err(NoFigure::TooFew { found: 1, .. })));
    assert!(matches!(z_prime(&[1.0, 1.0], &[1.0, 1.0], Location::Mean), Err(NoFigure::NoRange(_))));
    let equal =
        Plate { n_columns: 4, values: vec![Some(1.0); 16], samples: (0..16).collect(), ..Plate::default() };
    for method in [Normalisation::Z(Reference::Samples, Location::Median), Normalisation::BScore] {
        assert!(matches!(normalise(&equal, method), Err(NoFigure::NoSpread(_))));
    }
    assert!(matches!(
        normalise(&equal, Normalisation::PercentInhibition),
        Err(NoFigure::TooFew { found: 0, .. })
    ));
    // Controls in the first and last column of four.
    let values = (0..16).map(|i| Some(f64::from(i * i % 7))).collect();
    let samples = (0..16).filter(|i| (1..3).contains(&(i % 4))).collect();
    let negative = (0..16).filter(|i| !(1..3).contains(&(i % 4))).collect();
    let edges = Plate { n_columns: 4, values, samples, negative, ..Plate::default() };
    let refused = normalise(&edges, Normalisation::BScore).unwrap_err().to_string();
    assert!(refused.starts_with("column 1, column 4 hold too few samples"), "{refused}");
    let empty = Plate { n_columns: 0, ..Plate::default() };
    assert!(normalise(&empty, Normalisation::BScore).is_err() && position(&empty).ring.is_err());
}

#[test]
fn replicates_have_one_value() {
    let values = [2.0, -1.0, 4.0];
    let of = |by| summarise(&values, by).unwrap();
    assert_eq!([Summary::Min, Summary::Max, Summary::Median].map(of), [-1.0, 4.0, 2.0]);
    assert_eq!([Summary::ClosestToZero, Summary::FurthestFromZero].map(of), [-1.0, 4.0]);
    assert_close("rms", of(Summary::Rms), 7f64.sqrt());
    assert_close("mean", of(Summary::Mean), 5.0 / 3.0);
    assert_eq!(summarise(&[], Summary::Mean), None);
}

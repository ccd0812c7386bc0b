//! Bootstrap intervals: independent of threads, aware of groups, of the width that theory asks for.

use rand::RngExt;
use rayon::ThreadPoolBuilder;
use stats::interval::{BootstrapSettings, NoInterval, bootstrap};

use crate::sample::rng;

/// Mean of `values` as a statistic.
fn mean(values: &[f64]) -> impl Fn(&[u32]) -> Vec<Option<f64>> + Sync {
    move |times| {
        let n: u32 = times.iter().sum();
        let sum: f64 = times.iter().zip(values).map(|(&t, v)| f64::from(t) * v).sum();
        vec![Some(sum / f64::from(n))]
    }
}

fn interval(groups: &[usize], values: &[f64], settings: BootstrapSettings) -> [f64; 2] {
    bootstrap(groups, settings, mean(values)).unwrap()[0].unwrap()
}

fn uniform(seed: u64, n: usize) -> Vec<f64> {
    let mut rng = rng(seed);
    (0..n).map(|_| rng.random()).collect()
}

fn each_its_own(n: usize) -> Vec<usize> {
    (0..n).collect()
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let values = uniform(1, 200);
    let groups: Vec<usize> = (0..200).map(|i| i / 7).collect();
    let with_threads = |n| {
        let pool = ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        pool.install(|| interval(&groups, &values, BootstrapSettings::default()))
    };
    let expected = with_threads(1);
    assert_eq!(with_threads(2), expected);
    assert_eq!(with_threads(4), expected);
}

#[test]
fn the_seed_decides() {
    let values = uniform(2, 40);
    let with_seed =
        |seed| interval(&each_its_own(40), &values, BootstrapSettings { n_replicates: 200, seed });
    assert_eq!(with_seed(5), with_seed(5));
    assert_ne!(with_seed(5), with_seed(6));
}

#[test]
fn the_names_of_groups_do_not_matter() {
    let values = uniform(3, 40);
    let small: Vec<usize> = (0..40).map(|i| i / 4).collect();
    let large: Vec<usize> = small.iter().map(|id| 1_000_000_007 * (id + 1)).collect();
    let settings = BootstrapSettings::default();
    assert_eq!(interval(&small, &values, settings), interval(&large, &values, settings));
}

/// Standard error of the mean of `n` independent uniform values: √(1/12n), the interval 2 × 1.96 times as wide.
#[test]
fn the_width_is_that_of_theory() {
    let n = 400;
    let settings = BootstrapSettings { n_replicates: 4000, seed: 4 };
    let [low, high] = interval(&each_its_own(n), &uniform(4, n), settings);
    let expected = 2.0 * 1.96 / (12.0 * n as f64).sqrt();
    assert!(((high - low) / expected - 1.0).abs() < 0.08, "expected {expected}, found {}", high - low);
}

/// Copies of a cell add no information: what counts is the number of groups.
#[test]
fn relatives_widen_the_interval() {
    let values: Vec<f64> = uniform(5, 25).iter().flat_map(|&v| [v; 16]).collect();
    let images: Vec<usize> = (0..400).map(|i| i / 16).collect();
    let width = |groups: &[usize]| {
        let [low, high] = interval(groups, &values, BootstrapSettings::default());
        high - low
    };
    let ratio = width(&images) / width(&each_its_own(400));
    assert!((3.4..4.6).contains(&ratio), "expected √16, found {ratio}");
}

/// 200 experiments of 40 values: the truth is inside in about 95 % of them (percentile intervals are a little short).
#[test]
fn the_truth_is_inside_as_often_as_said() {
    let covered = (0..200)
        .filter(|&seed| {
            let settings = BootstrapSettings { n_replicates: 400, seed };
            let [low, high] = interval(&each_its_own(40), &uniform(1000 + seed, 40), settings);
            (low..=high).contains(&0.5)
        })
        .count();
    assert!((180..=198).contains(&covered), "{covered} of 200");
}

#[test]
fn rows_of_a_group_are_taken_together() {
    let groups = [4, 9, 4, 9, 2];
    let settings = BootstrapSettings { n_replicates: 50, seed: 0 };
    let result = bootstrap(&groups, settings, |times| {
        assert_eq!((times[0], times[1]), (times[2], times[3]));
        assert_eq!(times[0] + times[1] + times[4], 3, "as many groups are drawn as there are");
        Vec::new()
    });
    assert_eq!(result, Ok(Vec::new()));
}

#[test]
fn nothing_to_resample_gives_no_interval() {
    let settings = BootstrapSettings::default();
    let with = |groups: &[usize], settings| bootstrap(groups, settings, |_| vec![Some(1.0)]);
    assert_eq!(with(&[3, 3, 3], settings), Err(NoInterval::TooFewGroups { found: 1 }));
    assert_eq!(with(&[], settings), Err(NoInterval::TooFewGroups { found: 0 }));
    let none = BootstrapSettings { n_replicates: 0, seed: 0 };
    assert_eq!(with(&[1, 2], none), Err(NoInterval::NoReplicates));
}

/// A statistic that needs the first of three groups is undefined when it is not drawn: (2/3)³ of the replicates.
#[test]
fn a_statistic_that_is_often_undefined_has_no_interval() {
    let settings = BootstrapSettings { n_replicates: 900, seed: 8 };
    let result =
        bootstrap(&[0, 1, 2], settings, |times| vec![(times[0] > 0).then_some(1.0), Some(2.0)]).unwrap();
    let Err(NoInterval::Undefined { undefined, n_replicates: 900 }) = result[0] else {
        panic!("{result:?}");
    };
    assert!((220..=315).contains(&undefined), "{undefined} of 900, expected about 267");
    assert_eq!(result[1], Ok([2.0, 2.0]));
}

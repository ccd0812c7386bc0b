//! Against scikit-learn, on points that both sides make by the same formula; see `tests/golden/make.py`.

use embed::{Hdbscan, Index, KMeans, Pca, Points};
use serde_json::Value;

/// Four clumps and some stragglers, 400 points in five dimensions.
pub fn clumps() -> Points {
    const MIDDLES: [[f64; 5]; 5] =
        [[0.0; 5], [4.0, 0.0, 0.0, 0.0, 0.0], [0.0, 4.0, 4.0, 0.0, 0.0], [3.0, 3.0, 0.0, 4.0, 0.0], [0.0; 5]];
    let noise = |i: u32| {
        let mut h = i.wrapping_mul(2_654_435_761);
        for _ in 0..2 {
            h = (h ^ (h >> 16)).wrapping_mul(0x45d_9f3b);
        }
        f64::from(h >> 8) / 16_777_216.0 - 0.5
    };
    let value = |i: u32| {
        let clump = (i / 5 % 5) as usize;
        let width = if clump == 4 { 10.0 } else { 1.0 + clump as f64 * 0.25 };
        (noise(i) * width + MIDDLES[clump][(i % 5) as usize]) as f32
    };
    Points::new(5, (0..2000).map(value).collect()).expect("points")
}

fn reference() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/reference.json");
    let text = std::fs::read_to_string(path).expect("the reference");
    serde_json::from_str(&text).expect("JSON")
}

fn plane(points: &Points) -> Vec<[f32; 2]> {
    (0..points.len()).map(|i| [points.row(i)[0], points.row(i)[1]]).collect()
}

fn near(found: f64, expected: &Value, tolerance: f64) {
    let expected = expected.as_f64().expect("a number");
    assert!((found - expected).abs() <= tolerance, "expected {expected}, found {found}");
}

#[test]
fn quality_is_that_of_scikit_learn() {
    let (points, reference) = (clumps(), reference());
    for k in [5, 15, 50] {
        let found = embed::trustworthiness(&points, &plane(&points), k).expect("a figure");
        near(found, &reference["trustworthiness"][k.to_string()], 1e-9);
    }
    let kept = embed::neighbours_kept(&points, &plane(&points), 15).expect("a figure");
    near(kept, &reference["neighbours_kept"], 1e-9);
}

#[test]
fn nearest_points_are_those_of_scikit_learn() {
    let found = Index::exact(&clumps()).expect("kernels").search_own(16);
    for (i, expected) in reference()["nearest"].as_array().expect("rows").iter().enumerate() {
        let expected: Vec<u32> = serde_json::from_value(expected.clone()).expect("points");
        assert_eq!(found.ids(i)[0], i as u32);
        assert_eq!(found.ids(i)[1..], expected, "point {i}");
    }
}

#[test]
fn components_are_those_of_scikit_learn() {
    let (pca, reference) = (Pca::fit(&clumps(), 3), reference());
    for i in 0..3 {
        near(pca.variances()[i], &reference["variances"][i], 1e-5);
        near(pca.shares()[i], &reference["shares"][i], 1e-6);
    }
}

/// Whether the same points are together, whatever the clusters are called.
fn same_partition(found: &[Option<u32>], expected: &[i64]) -> bool {
    let mut names = std::collections::BTreeMap::new();
    let mut back = std::collections::BTreeMap::new();
    found.iter().zip(expected).all(|(found, &expected)| match found {
        None => expected == -1,
        Some(found) => {
            expected >= 0
                && *names.entry(found).or_insert(expected) == expected
                && *back.entry(expected).or_insert(found) == found
        }
    })
}

#[test]
fn hdbscan_finds_the_clusters_of_scikit_learn() {
    for (settings, expected) in reference()["hdbscan"].as_object().expect("settings") {
        let expected: Vec<i64> = serde_json::from_value(expected.clone()).expect("clusters");
        let (size, samples) = settings.split_once(',').expect("two numbers");
        let [min_cluster_size, min_samples] = [size, samples].map(|n| n.parse().expect("a number"));
        let found = Hdbscan { min_cluster_size, min_samples }.fit(&clumps()).expect("clusters");
        assert!(same_partition(&found.of, &expected), "{settings}: {:?}", found.sizes());
    }
}

#[test]
fn k_means_is_as_tight_as_scikit_learns() {
    let points = clumps();
    for seed in 0..3 {
        let found = KMeans { clusters: 4, seed, ..KMeans::default() }.fit(&points).expect("clusters");
        let mut sums = [[0.0f64; 5]; 4];
        let sizes = found.sizes();
        for (i, cluster) in found.of.iter().enumerate() {
            let sum = &mut sums[cluster.expect("a cluster") as usize];
            sum.iter_mut().zip(points.row(i)).for_each(|(sum, &v)| *sum += f64::from(v));
        }
        let error = |i: usize| -> f64 {
            let cluster = found.of[i].expect("a cluster") as usize;
            let mean = sums[cluster].map(|s| s / sizes[cluster] as f64);
            points.row(i).iter().zip(mean).map(|(&v, mean)| (f64::from(v) - mean).powi(2)).sum()
        };
        let inertia: f64 = (0..points.len()).map(error).sum();
        assert!(
            inertia < reference()["kmeans_inertia"].as_f64().expect("a number") * 1.001,
            "seed {seed}: {inertia}"
        );
    }
}

//! Points that are hardly any: an answer, or a refusal in words.

use embed::{EmbedError, Hdbscan, KMeans, Map, Points, Umap};

fn mapped(columns: usize, values: Vec<f32>) -> Vec<[f32; 2]> {
    let points = Points::new(columns, values).expect("points");
    let map = Umap { n_epochs: Some(30), ..Umap::default() }.fit(&points).expect("a map");
    assert_eq!(map.positions().len(), points.len());
    assert!(map.positions().as_flattened().iter().all(|v| v.is_finite()));
    let again = map.transform(&points).expect("places").positions;
    assert!(again.as_flattened().iter().all(|v| v.is_finite()));
    map.positions().to_vec()
}

#[test]
fn few_or_equal_points_are_mapped() {
    mapped(3, vec![1.0, 2.0, 3.0]);
    mapped(1, vec![1.0, 2.0]);
    mapped(2, vec![0.5; 6]);
    mapped(4, vec![7.0; 4 * 200]);
    mapped(1, (0..40).map(|i| (i / 20) as f32).collect());
    mapped(2, (0..200).map(|i| (i % 10) as f32 * 1e14).collect());
    mapped(2, (0..200).map(|i| (i % 10) as f32 * 1e-30).collect());
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    assert_eq!(Points::new(3, vec![]).expect_err("no points"), EmbedError::NoPoints);
    assert_eq!(Points::new(0, vec![]).expect_err("no columns"), EmbedError::NoColumns);
    assert_eq!(
        Points::new(2, vec![0.0; 3]).expect_err("a rest"),
        EmbedError::Ragged { columns: 2, values: 3 }
    );
    for bad in [f32::NAN, f32::INFINITY, -1e16] {
        let error = Points::new(2, vec![0.0, 0.0, 0.0, bad]).expect_err("not finite").to_string();
        assert!(error.contains("point 1, column 1"), "{error}");
    }
    let points = Points::new(1, vec![0.0, 1.0, 2.0]).expect("points");
    for wrong in [
        Umap { n_neighbors: 1, ..Umap::default() },
        Umap { min_dist: 2.0, ..Umap::default() },
        Umap { min_dist: f64::NAN, ..Umap::default() },
        Umap { spread: 0.0, ..Umap::default() },
        Umap { learning_rate: -1.0, ..Umap::default() },
    ] {
        assert!(matches!(wrong.fit(&points), Err(EmbedError::Setting { .. })), "{wrong:?}");
    }
    let map = Umap::default().fit(&points).expect("a map");
    let other = Points::new(3, vec![0.0; 3]).expect("points");
    assert_eq!(map.transform(&other), Err(EmbedError::Columns { expected: 1, found: 3 }));
    for bad in [f32::NAN, f32::INFINITY] {
        let places = vec![[0.0, 0.0], [1.0, bad], [2.0, 0.0]];
        assert!(Map::from_parts(Umap::default(), points.clone(), places.clone()).is_err());
        assert!(embed::neighbours_kept(&points, &places, 1).is_err());
    }
    assert!(KMeans { clusters: 4, ..KMeans::default() }.fit(&points).is_err());
    assert!(Hdbscan { min_cluster_size: 1, min_samples: 1 }.fit(&points).is_err());
    assert!(Hdbscan { min_cluster_size: 2, min_samples: 4 }.fit(&points).is_err());
}

#[test]
fn one_point_or_equal_points_make_no_clusters_of_their_own() {
    let one = Points::new(1, vec![3.0]).expect("a point");
    let found = Hdbscan { min_cluster_size: 2, min_samples: 1 }.fit(&one).expect("clusters");
    assert_eq!((found.of, found.count), (vec![None], 0));
    let equal = Points::new(1, vec![3.0; 50]).expect("points");
    Hdbscan { min_cluster_size: 5, min_samples: 5 }.fit(&equal).expect("clusters");
    let found = KMeans { clusters: 3, ..KMeans::default() }.fit(&equal).expect("clusters");
    assert_eq!(found.sizes().iter().sum::<usize>(), 50);
}

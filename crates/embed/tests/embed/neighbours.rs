//! The approximate search: what it misses is measured and said.

use embed::{Neighbours, Search};

use crate::features::Features;

#[test]
fn an_approximate_search_finds_nearly_all() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/golden/umap/features.npz");
    let points = Features::read(path.as_ref()).points;
    let truth = Neighbours::of(&points, 15, Search::Exact, 0).expect("neighbours");
    assert_eq!(truth.recall(), None);
    for seed in 0..2 {
        let found = Neighbours::of(&points, 15, Search::Approximate, seed).expect("neighbours");
        let shared = |i: usize| truth.ids(i).iter().filter(|id| found.ids(i).contains(id)).count();
        let recall = (0..points.len()).map(shared).sum::<usize>() as f64 / (points.len() * 15) as f64;
        let said = found.recall().expect("a recall");
        assert!(recall > 0.95 && (recall - said).abs() < 0.02, "seed {seed}: {recall}, said {said}");
    }
}

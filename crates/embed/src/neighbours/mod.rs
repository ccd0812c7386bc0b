//! The nearest points of each point, by Euclidean distance.

mod cells;
mod nearest;
mod one;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

pub use cells::Index;
pub use one::nearest_to;

use crate::{EmbedError, Points};

/// Above so many points the search is approximate unless asked otherwise.
const EXACT_UP_TO: usize = 50_000;
/// Share of the true neighbours that an approximate search finds at least, on the points on which it is measured.
const RECALL: f64 = 0.97;
/// Points on which it is measured.
const MEASURED: usize = 1000;

/// How neighbours are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Search {
    /// Exact up to 50,000 points, approximate above.
    #[default]
    Auto,
    /// All pairs of points, by blocked products of matrices; see [`Index::exact`].
    Exact,
    /// Only the points of near cells of a k-means partition; cells are added until the recall measured on 1,000 points
    /// is at least 0.97.
    Approximate,
}

/// For each of `n` queries the `k` nearest points, nearest first; among equals the earlier point first.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    k: usize,
    ids: Vec<u32>,
    distances: Vec<f32>,
    recall: Option<f64>,
}

impl Neighbours {
    /// The `k` nearest points of every point, itself being the first of them. With fewer points than `k` there are as
    /// many as there are points.
    ///
    /// # Errors
    /// When the kernels cannot run.
    pub fn of(points: &Points, k: usize, search: Search, seed: u64) -> Result<Neighbours, EmbedError> {
        let k = k.min(points.len());
        let exact = match search {
            Search::Auto => points.len() <= EXACT_UP_TO,
            Search::Exact => true,
            Search::Approximate => false,
        };
        if exact {
            return Ok(Index::exact(points)?.search_own(k));
        }
        let index = Index::in_cells(points, seed)?;
        let sample = sample(points.len(), MEASURED, seed);
        let truth = index.search_some(&sample, k);
        let mut found = index.search_near(k, index.probes_for(&sample, &truth, RECALL));
        found.recall = Some(truth.shared_with(&found.select(&sample)));
        Ok(found)
    }

    pub(crate) fn new(k: usize, pairs: Vec<(f32, u32)>) -> Neighbours {
        let (distances, ids) = pairs.into_iter().unzip();
        Neighbours { k, ids, distances, recall: None }
    }

    /// Number of queries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len().checked_div(self.k).unwrap_or(0)
    }

    /// Whether nothing was asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Neighbours of each query.
    #[must_use]
    pub fn k(&self) -> usize {
        self.k
    }

    /// Points near query `i`, nearest first.
    #[must_use]
    pub fn ids(&self, i: usize) -> &[u32] {
        &self.ids[i * self.k..(i + 1) * self.k]
    }

    /// Their Euclidean distances.
    #[must_use]
    pub fn distances(&self, i: usize) -> &[f32] {
        &self.distances[i * self.k..(i + 1) * self.k]
    }

    /// Share of the true neighbours that were found, measured on 1,000 points; none when the search was exact.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        self.recall
    }

    /// Share of these neighbours that are also among the `other` ones of the same queries.
    pub(crate) fn shared_with(&self, other: &Neighbours) -> f64 {
        let shared: usize = (0..self.len())
            .into_par_iter()
            .map(|i| self.ids(i).iter().filter(|id| other.ids(i).contains(id)).count())
            .sum();
        shared as f64 / self.ids.len().max(1) as f64
    }

    fn select(&self, queries: &[u32]) -> Neighbours {
        let rows = |i: &u32| *i as usize * self.k..(*i as usize + 1) * self.k;
        Neighbours {
            k: self.k,
            ids: queries.iter().flat_map(|i| &self.ids[rows(i)]).copied().collect(),
            distances: queries.iter().flat_map(|i| &self.distances[rows(i)]).copied().collect(),
            recall: None,
        }
    }
}

/// `count` of `n` points at random, in order.
pub(crate) fn sample(n: usize, count: usize, seed: u64) -> Vec<u32> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(1);
    let mut ids: Vec<u32> = (0..n as u32).collect();
    for i in 0..count.min(n) {
        let j = random.random_range(i..n);
        ids.swap(i, j);
    }
    ids.truncate(count);
    ids.sort_unstable();
    ids
}

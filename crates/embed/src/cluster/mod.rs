//! Groups of points, found without labels.

mod condensed;
mod hdbscan;
mod kmeans;

pub use hdbscan::Hdbscan;
pub use kmeans::KMeans;
pub(crate) use kmeans::means;

/// The cluster of each point, counted from 0; none for points that belong to no cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// A cluster per point.
    pub of: Vec<Option<u32>>,
    /// How many clusters there are.
    pub count: u32,
}

impl Clusters {
    /// Number of points of each cluster.
    #[must_use]
    pub fn sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.count as usize];
        self.of.iter().flatten().for_each(|&cluster| sizes[cluster as usize] += 1);
        sizes
    }
}

//! Maps of high-dimensional points: which points are near each other, and a plane on which they stay so.
//!
//! ```
//! use embed::{Points, Umap};
//!
//! // Two clumps of points in three dimensions.
//! let rows: Vec<f32> = (0..60).flat_map(|i| [(i / 30) as f32 * 9.0, (i % 6) as f32, (i % 5) as f32]).collect();
//! let points = Points::new(3, rows)?;
//! let map = Umap { n_neighbors: 10, ..Umap::default() }.fit(&points)?;
//! assert_eq!(map.positions().len(), 60);
//! # Ok::<(), embed::EmbedError>(())
//! ```
//!
//! Everything random is drawn from a seed, and the bits of all results are the same for any number of threads.

mod cluster;
mod curve;
mod error;
mod graph;
mod layout;
mod neighbours;
mod pca;
mod points;
mod power;
mod projection;
mod quality;
mod spectral;
mod symmetric;
mod umap;

pub use cluster::{Clusters, Hdbscan, KMeans};
pub use error::EmbedError;
pub use neighbours::{Index, Neighbours, Search, nearest_to};
pub use pca::Pca;
pub use points::Points;
pub use projection::{Bins, Extent};
pub use quality::{neighbours_kept, trustworthiness};
pub use umap::{Init, Map, Placed, Umap};

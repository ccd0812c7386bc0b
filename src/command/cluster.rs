//! `morphotype cluster`.

use std::path::PathBuf;

use clap::ValueEnum;
use study::StudyError;
use study::cluster::{ClusterRequest, Hdbscan, KMeans, Method, cluster};

use crate::out;

/// Group cells by their features, without labels
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Cluster {
    /// A folder written by embed, or features made elsewhere: .npy [n, d], .npz with features or x, .csv, .parquet
    #[arg(value_name = "DIR|FEATURES")]
    input: PathBuf,

    /// How groups are found
    #[arg(long, value_name = "HOW", default_value = "hdbscan")]
    method: How,

    /// Cells of the smallest group, of hdbscan
    #[arg(long, value_name = "N", default_value_t = 15)]
    min_cluster_size: usize,

    /// Cells within the radius that tells how dense it is around a cell, of hdbscan [default: the smallest group]
    #[arg(long, value_name = "N")]
    min_samples: Option<usize>,

    /// Number of groups, of k-means
    #[arg(long, value_name = "N", default_value_t = 8)]
    clusters: usize,

    /// Seed of the starts, of k-means
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// The table to write, .csv or .parquet: one row per cell with the column cluster
    #[arg(short, long, value_name = "TABLE")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum How {
    /// Dense regions; cells between them belong to none
    Hdbscan,
    /// A given number of groups of about equal width
    KMeans,
}

const EXAMPLES: &str = "\
Examples:
  morphotype cluster nuclei_map -o clusters.csv
  morphotype cluster features.npz --method k-means --clusters 5 -o clusters.parquet";

impl Cluster {
    /// Groups.
    pub fn run(self) -> Result<(), StudyError> {
        let method = match self.method {
            How::Hdbscan => Method::Hdbscan(Hdbscan {
                min_cluster_size: self.min_cluster_size,
                min_samples: self.min_samples.unwrap_or(self.min_cluster_size),
            }),
            How::KMeans => {
                Method::KMeans(KMeans { clusters: self.clusters, seed: self.seed, ..KMeans::default() })
            }
        };
        out::print(cluster(&ClusterRequest { input: self.input, method, output: self.output })?)
    }
}

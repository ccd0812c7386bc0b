//! `cluster`: groups of cells, found by their features without labels.

use std::path::{Path, PathBuf};

use ::embed::{Clusters, EmbedError, Points};
pub use ::embed::{Hdbscan, KMeans};
use formats::features::Features;
use formats::table::{Column, Table};

use crate::report::text::counted;
use crate::{StudyError, embed};

/// How groups are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// Dense regions; cells between them belong to none.
    Hdbscan(Hdbscan),
    /// A given number of groups of about equal width.
    KMeans(KMeans),
}

/// What is grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterRequest {
    /// A folder written by `embed`, or a file of features.
    pub input: PathBuf,
    /// How.
    pub method: Method,
    /// The table to write, `.csv` or `.parquet`: what is known of each cell, and the column `cluster`.
    pub output: PathBuf,
}

/// Groups the cells and writes the table; the column `cluster` is counted from 0 and empty for cells of no group. Returns lines
/// for the shell.
///
/// # Errors
/// When the input cannot be read, a setting is out of its range, or the table cannot be written.
pub fn cluster(request: &ClusterRequest) -> Result<Vec<String>, StudyError> {
    Table::check_output(&request.output)?;
    let (points, mut about) = read(&request.input)?;
    let refused = |e: EmbedError| StudyError::Refused(e.to_string());
    let clusters = match &request.method {
        Method::Hdbscan(method) => method.fit(&points),
        Method::KMeans(method) => method.fit(&points),
    };
    let clusters = clusters.map_err(refused)?;
    about.columns.retain(|(name, _)| name != "cluster");
    about.push("cluster", Column::Int(clusters.of.iter().map(|of| of.map(i64::from)).collect()));
    about.write(&request.output)?;
    Ok(lines(&clusters, &request.output))
}

/// Features, and what is known of each row.
fn read(input: &Path) -> Result<(Points, Table), StudyError> {
    let (features, about) = if input.is_dir() {
        let features = Features::read(&input.join(embed::FEATURES))?;
        (features, Some(Table::read(&input.join(embed::CELLS))?))
    } else {
        (Features::read(input)?, None)
    };
    let wrong = |e: EmbedError| StudyError::Refused(format!("{}: {e}", input.display()));
    let points = Points::new(features.n_columns, features.values).map_err(wrong)?;
    let mut about = about.unwrap_or(features.about);
    if about.columns.is_empty() {
        about.push("row", Column::Int((0..points.len() as i64).map(Some).collect()));
    }
    if about.n_rows() != points.len() {
        let (found, expected) = (about.n_rows(), points.len());
        return Err(StudyError::Refused(format!(
            "{}: expected a row of the table for each of {expected} cells, found {found}",
            input.display()
        )));
    }
    Ok((points, about))
}

fn lines(clusters: &Clusters, output: &Path) -> Vec<String> {
    let sizes = clusters.sizes();
    let alone = clusters.of.iter().filter(|of| of.is_none()).count();
    let mut lines = vec![counted(sizes.len(), "cluster", "clusters")];
    let each = sizes.iter().enumerate();
    lines.extend(each.map(|(cluster, n)| format!("  {cluster}: {}", counted(*n, "cell", "cells"))));
    if alone > 0 {
        lines.push(format!("  none: {}", counted(alone, "cell", "cells")));
    }
    lines.push(format!("table: {}", output.display()));
    lines
}

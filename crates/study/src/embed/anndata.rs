//! An embedding as AnnData, for scanpy and its kin.

use ::embed::{Pca, Points, Umap};
use formats::anndata::AnnData;
use formats::table::Table;
use serde_json::{Map, Value, json};

use super::input::{Known, Of};
use super::{COLUMNS, Quality, refused};
use crate::StudyError;

/// The file in the folder of an embedding.
pub const FILE: &str = "cells.h5ad";
/// Principal components that are kept.
const COMPONENTS: usize = 50;

/// The bytes of the file: `X` are the features, `obs` what is known of each cell, `obsm` the map and the principal
/// components, `uns` the settings and the quality.
///
/// # Errors
/// When the components cannot be taken, or the file cannot hold the columns.
pub fn anndata(
    known: &Known,
    positions: &[[f32; 2]],
    (settings, quality): (&Umap, &Quality),
    of: Of,
) -> Result<Vec<u8>, StudyError> {
    let points = &known.points;
    let components = components(points)?;
    // The map's coordinates are in `obsm`.
    let columns = known.about.columns.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
    let obs = Table { columns: columns.cloned().collect() };
    let data = AnnData {
        x: points.values(),
        var: names(known, of),
        obs: &obs,
        obsm: vec![
            ("X_umap".to_owned(), positions.as_flattened().to_vec(), 2),
            ("X_pca".to_owned(), components.values().to_vec(), components.columns()),
        ],
        uns: said(settings, quality).into_iter().collect(),
    };
    Ok(data.to_bytes(FILE)?)
}

fn components(points: &Points) -> Result<Points, StudyError> {
    Pca::fit(points, COMPONENTS.min(points.columns())).transform(points).map_err(refused)
}

/// A name for each feature: the classes where the features are their probabilities.
fn names(known: &Known, of: Of) -> Vec<String> {
    match &known.pictures {
        Some(pictures) if of == Of::Probabilities => {
            pictures.model.classes.iter().map(|class| format!("p_{class}")).collect()
        }
        _ => (0..known.points.columns()).map(|i| format!("feature_{i}")).collect(),
    }
}

/// The settings, where scanpy has its own.
fn said(settings: &Umap, quality: &Quality) -> Map<String, Value> {
    let said = json!({
        "program": { "name": "morphotype", "version": env!("CARGO_PKG_VERSION") },
        "umap": { "params": {
            "n_neighbors": settings.n_neighbors, "min_dist": settings.min_dist, "spread": settings.spread,
            "learning_rate": settings.learning_rate, "seed": settings.seed, "n_epochs": settings.n_epochs,
        } },
        "quality": quality,
    });
    if let Value::Object(said) = said { said } else { Map::new() }
}

//! Pixels of the images.

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::Deserialize;
use study::label::{At, Histogram};

use crate::Shared;
use crate::answer::{Refusal, ask};
use crate::input::{Asked, ImageId};

/// A plane.
#[derive(Deserialize)]
pub struct Plane {
    #[serde(default)]
    t: usize,
    #[serde(default)]
    z: usize,
    #[serde(default)]
    c: usize,
}

/// A window of a plane.
#[derive(Deserialize)]
pub struct Patch {
    #[serde(default)]
    t: usize,
    #[serde(default)]
    z: usize,
    #[serde(default)]
    c: usize,
    y: f64,
    x: f64,
    #[serde(default = "window")]
    size: usize,
}

fn window() -> usize {
    study::label::WINDOW
}

/// Raw pixels never change while an image is open: the browser may keep them.
fn raw(bytes: Vec<u8>) -> impl IntoResponse {
    let kept = "private, max-age=31536000, immutable";
    ([(CONTENT_TYPE, "application/octet-stream"), (CACHE_CONTROL, kept)], bytes)
}

pub async fn plane(
    State(shared): State<Shared>,
    ImageId(id): ImageId,
    Asked(Plane { t, z, c }): Asked<Plane>,
) -> Result<impl IntoResponse, Refusal> {
    Ok(raw(ask(&shared, move |labelling| labelling.plane(id, At { t, z, c })).await?))
}

pub async fn histogram(
    State(shared): State<Shared>,
    ImageId(id): ImageId,
    Asked(Plane { t, z, c }): Asked<Plane>,
) -> Result<Json<Histogram>, Refusal> {
    Ok(Json(ask(&shared, move |labelling| labelling.histogram(id, At { t, z, c })).await?))
}

pub async fn patch(
    State(shared): State<Shared>,
    ImageId(id): ImageId,
    Asked(Patch { t, z, c, y, x, size }): Asked<Patch>,
) -> Result<impl IntoResponse, Refusal> {
    Ok(raw(ask(&shared, move |labelling| labelling.patch(id, At { t, z, c }, (y, x), size)).await?))
}

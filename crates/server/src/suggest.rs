//! What a model suggests.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use study::label::{SuggestState, Suggestions};

use crate::Shared;
use crate::answer::{Refusal, ask};
use crate::input::{Asked, Body};

/// Most suggestions of a queue.
const MAX_QUEUE: usize = 1000;

/// Where to look.
#[derive(Deserialize)]
pub struct Search {
    #[serde(default)]
    images: Option<Vec<i64>>,
    #[serde(default)]
    frames: Option<(u32, u32)>,
}

/// A frame.
#[derive(Deserialize)]
pub struct Frame {
    image: i64,
    t: u32,
}

/// How many.
#[derive(Deserialize)]
pub struct Queue {
    #[serde(default = "some")]
    limit: usize,
}

fn some() -> usize {
    100
}

pub async fn state(State(shared): State<Shared>) -> Json<SuggestState> {
    Json(shared.labelling.suggesting())
}

pub async fn start(
    State(shared): State<Shared>,
    Body(Search { images, frames }): Body<Search>,
) -> Result<(StatusCode, Json<SuggestState>), Refusal> {
    let labelling = shared.labelling.clone();
    ask(&shared, move |_| labelling.suggest(&images.unwrap_or_default(), frames)).await?;
    Ok((StatusCode::ACCEPTED, state(State(shared)).await))
}

pub async fn of_frame(
    State(shared): State<Shared>,
    Asked(Frame { image, t }): Asked<Frame>,
) -> Result<Json<Suggestions>, Refusal> {
    Ok(Json(ask(&shared, move |labelling| labelling.suggestions(image, t)).await?))
}

pub async fn queue(
    State(shared): State<Shared>,
    Asked(Queue { limit }): Asked<Queue>,
) -> Result<Json<Suggestions>, Refusal> {
    Ok(Json(ask(&shared, move |labelling| labelling.least_sure(limit.min(MAX_QUEUE))).await?))
}

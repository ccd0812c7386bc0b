//! Training in the page.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use study::label::{TrainOrder, TrainState};

use crate::Shared;
use crate::answer::{Refusal, ask};
use crate::input::Body;

/// What to train.
#[derive(Deserialize)]
pub struct Order {
    #[serde(default)]
    classes: Option<Vec<String>>,
    #[serde(default)]
    channels: Option<Vec<usize>>,
    #[serde(default = "usual")]
    preset: String,
    #[serde(default)]
    epochs: Option<u32>,
    #[serde(default)]
    seed: u64,
}

fn usual() -> String {
    "default".to_owned()
}

pub async fn state(State(shared): State<Shared>) -> Json<TrainState> {
    Json(shared.labelling.training())
}

pub async fn start(
    State(shared): State<Shared>,
    Body(Order { classes, channels, preset, epochs, seed }): Body<Order>,
) -> Result<(StatusCode, Json<TrainState>), Refusal> {
    let order = TrainOrder {
        classes: classes.unwrap_or_default(),
        channels: channels.unwrap_or_default(),
        preset,
        epochs,
        seed,
    };
    let labelling = shared.labelling.clone();
    ask(&shared, move |_| labelling.train(&order)).await?;
    Ok((StatusCode::ACCEPTED, state(State(shared)).await))
}

pub async fn stop(State(shared): State<Shared>) -> Json<TrainState> {
    shared.labelling.stop_training();
    state(State(shared)).await
}

//! What is open, and who labels.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use study::explore::MapFacts;
use study::label::{ImageFacts, WINDOW};

use crate::Shared;
use crate::access::Session;
use crate::answer::{Refusal, ask};
use crate::input::Body;

#[derive(Serialize)]
struct Open {
    version: &'static str,
    user: String,
    study: String,
    window: usize,
    can_train: bool,
    images: Vec<ImageFacts>,
    /// What the page shows.
    views: Vec<&'static str>,
}

pub async fn read(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
) -> Result<impl IntoResponse, Refusal> {
    let map = shared.map.clone();
    let open = ask(&shared, move |labelling| {
        let facts = map.as_ref().map(|map| map.facts());
        let picture = facts.and_then(|facts| facts.picture);
        Ok(Open {
            version: env!("CARGO_PKG_VERSION"),
            user: labelling.labeller(&session)?,
            study: facts.map_or_else(|| labelling.name(), |facts| facts.name.clone()),
            window: picture.map_or(WINDOW, |picture| picture.height),
            can_train: facts.is_none(),
            images: labelling.images().into_iter().cloned().collect(),
            views: facts.map_or_else(|| vec!["label", "review", "train", "files"], views),
        })
    });
    Ok(Json(open.await?))
}

/// What there is to see of a map.
fn views(facts: &MapFacts) -> Vec<&'static str> {
    let mut views = vec!["map", "montage"];
    if facts.label.is_some() && facts.prediction.is_some() {
        views.push("confusion");
    }
    if facts.plate.is_some() {
        views.push("plate");
    }
    views
}

/// Who labels.
#[derive(Deserialize)]
pub struct Name {
    user: String,
}

pub async fn name(
    State(shared): State<Shared>,
    Extension(session): Extension<Session>,
    Body(Name { user }): Body<Name>,
) -> Result<impl IntoResponse, Refusal> {
    let for_session = session.0.clone();
    ask(&shared, move |labelling| labelling.name_labeller(&for_session, &user)).await?;
    read(State(shared), Extension(session)).await
}

//! What is open, and who labels.

use axum::extract::State;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
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
}

pub async fn read(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
) -> Result<impl IntoResponse, Refusal> {
    let open = ask(&shared, move |labelling| {
        Ok(Open {
            version: env!("CARGO_PKG_VERSION"),
            user: labelling.labeller(&session)?,
            study: labelling.name(),
            window: WINDOW,
            can_train: true,
            images: labelling.images().into_iter().cloned().collect(),
        })
    });
    Ok(Json(open.await?))
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

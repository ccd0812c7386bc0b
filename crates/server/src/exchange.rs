//! Files of other programs, out and in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::{Extension, Json};
use serde::Deserialize;
use study::label::{Choice, ExportFormat, ImportRequest, Imported, OnDuplicate};

use crate::Shared;
use crate::access::Session;
use crate::answer::{Refusal, ask, attachment};
use crate::input::{Asked, Content, numbers};

/// What is exported; lists are written with commas.
#[derive(Deserialize)]
pub struct Export {
    format: String,
    #[serde(default)]
    channels: String,
    #[serde(default)]
    images: String,
    #[serde(default)]
    classes: String,
    #[serde(default)]
    flagged: bool,
}

pub async fn export(State(shared): State<Shared>, Asked(asked): Asked<Export>) -> Result<Response, Refusal> {
    let format: ExportFormat = asked.format.parse().map_err(|found: String| {
        Refusal::new(StatusCode::BAD_REQUEST, "query", "a format of /api/openapi.json", found)
    })?;
    let choice = Choice {
        channels: numbers("channels", &asked.channels)?,
        images: numbers("images", &asked.images)?,
        classes: asked.classes.split(',').filter(|c| !c.is_empty()).map(str::to_owned).collect(),
        flagged: asked.flagged,
    };
    let file = ask(&shared, move |labelling| labelling.exported(format, &choice)).await?;
    Ok(attachment(file))
}

/// Where an import goes.
#[derive(Deserialize)]
pub struct Import {
    image: i64,
    #[serde(default)]
    on_duplicate: Duplicate,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "snake_case")]
enum Duplicate {
    #[default]
    Skip,
    Add,
}

pub async fn import(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
    Asked(Import { image, on_duplicate }): Asked<Import>,
    Content(bytes): Content,
) -> Result<Json<Imported>, Refusal> {
    let on_duplicate = match on_duplicate {
        Duplicate::Skip => OnDuplicate::Skip,
        Duplicate::Add => OnDuplicate::Add,
    };
    let imported = ask(&shared, move |labelling| {
        let by = labelling.labeller(&session)?;
        let request = ImportRequest { image, on_duplicate, by, name: "the file".to_owned() };
        labelling.import(&request, &bytes)
    });
    Ok(Json(imported.await?))
}

//! Answers, and refusals that say what was expected.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use study::label::{Exported, LabelError, Labelling, StoreError};

use crate::Shared;

/// An answer that is no success: `{error: {code, message, expected, found}}`.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    expected: Option<String>,
    found: Option<String>,
}

impl Refusal {
    /// Says what was expected and what was found.
    pub fn new(
        status: StatusCode,
        code: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let (expected, found) = (expected.into(), found.into());
        let message = format!("expected {expected}, found {found}");
        Refusal { status, code, message, expected: Some(expected), found: Some(found) }
    }

    fn said(status: StatusCode, code: &'static str, message: String) -> Self {
        Refusal { status, code, message, expected: None, found: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Refusal { status, code, message, expected, found } = self;
        let error = json!({ "code": code, "message": message, "expected": expected, "found": found });
        (status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<LabelError> for Refusal {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::Unknown { expected, found } => {
                Refusal::new(StatusCode::NOT_FOUND, "unknown", expected, found)
            }
            LabelError::Refused { expected, found }
            | LabelError::Store(StoreError::Gesture { expected, found }) => {
                Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "refused", expected, found)
            }
            LabelError::Conflict(message) => Refusal::said(StatusCode::CONFLICT, "conflict", message),
            LabelError::Store(error) => {
                Refusal::said(StatusCode::SERVICE_UNAVAILABLE, "not_kept", error.to_string())
            }
            LabelError::Study(error) => {
                Refusal::said(StatusCode::UNPROCESSABLE_ENTITY, "refused", error.to_string())
            }
        }
    }
}

/// Asks the study on a thread that may wait for the disk.
pub async fn ask<T: Send + 'static>(
    shared: &Shared,
    question: impl FnOnce(&Labelling) -> Result<T, LabelError> + Send + 'static,
) -> Result<T, Refusal> {
    let labelling = shared.labelling.clone();
    match tokio::task::spawn_blocking(move || question(&labelling)).await {
        Ok(answer) => Ok(answer?),
        Err(bug) => Err(Refusal::said(StatusCode::INTERNAL_SERVER_ERROR, "bug", bug.to_string())),
    }
}

/// A file to keep.
pub fn attachment(file: Exported) -> Response {
    let name = format!("attachment; filename=\"{}\"", file.name);
    ([(CONTENT_TYPE, file.kind.to_owned()), (CONTENT_DISPOSITION, name)], file.bytes).into_response()
}

/// The path is there, for another method.
pub async fn wrong_method(method: axum::http::Method) -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", "a method of this path", method.as_str())
}

//! What requests bring: bodies and queries, refused in the words of all other refusals.

use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::answer::Refusal;

/// The bytes of a body, within the limit of its route.
pub struct Content(pub axum::body::Bytes);

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let bytes = axum::body::Bytes::from_request(request, state).await.map_err(|e| {
            let status = if e.status() == StatusCode::PAYLOAD_TOO_LARGE {
                e.status()
            } else {
                StatusCode::BAD_REQUEST
            };
            Refusal::new(status, "body", "a whole body within the limit", e.body_text())
        })?;
        Ok(Content(bytes))
    }
}

/// A body of JSON.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Content(bytes) = Content::from_request(request, state).await?;
        serde_json::from_slice(&bytes).map(Body).map_err(|e| {
            let status = if e.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
            Refusal::new(status, "body", "a body of JSON as in /api/openapi.json", e.to_string())
        })
    }
}

/// A query.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let query = Query::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Asked(asked)).map_err(|e| {
            Refusal::new(StatusCode::BAD_REQUEST, "query", "a query as in /api/openapi.json", e.body_text())
        })
    }
}

/// The number of an image in a path.
pub struct ImageId(pub i64);

impl<S: Send + Sync> FromRequestParts<S> for ImageId {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let id = Path::<i64>::from_request_parts(parts, state).await;
        id.map(|Path(id)| ImageId(id)).map_err(|e| {
            Refusal::new(StatusCode::NOT_FOUND, "unknown", "the number of an image", e.body_text())
        })
    }
}

/// A list of numbers with commas between them.
pub fn numbers<T: std::str::FromStr>(name: &str, list: &str) -> Result<Vec<T>, Refusal> {
    let refused = || {
        let expected = format!("{name} as numbers with commas");
        Refusal::new(StatusCode::BAD_REQUEST, "query", expected, format!("{list:?}"))
    };
    let parts = list.split(',').filter(|part| !part.is_empty());
    parts.map(|part| part.parse().map_err(|_| refused())).collect()
}

//! The page, as it was built into the program.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::OPENAPI;
use crate::answer::Refusal;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Files;

pub async fn openapi() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

/// A file of the page by its exact name, which is looked up in a table and never on a disk.
pub async fn file(method: Method, uri: Uri) -> Response {
    let name = uri.path().trim_start_matches('/');
    let name = if name.is_empty() { "index.html" } else { name };
    if uri.path().starts_with("/api") || !Files::iter().any(|file| file == name) {
        return Refusal::new(StatusCode::NOT_FOUND, "unknown", "a path of this server", uri.path())
            .into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        return crate::answer::wrong_method(method).await.into_response();
    }
    match Files::get(name) {
        Some(file) => {
            let kind = file.metadata.mimetype().to_owned();
            ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "no-cache".to_owned())], file.data.into_owned())
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

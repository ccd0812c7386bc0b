//! The browser's side of `annotate` and `explore`: HTTP over [`study::label`] and [`study::explore`]; holds no algorithm and no
//! paths.
//!
//! [`router`] answers what `openapi.json` describes and the page that is embedded in the program; [`serve`] puts it behind a
//! socket. Who may ask is decided in one place, [`access`](Access), before anything else is looked at.

mod access;
mod answer;
mod events;
mod exchange;
mod input;
mod labels;
mod map;
mod page;
mod pixels;
mod session;
mod suggest;
mod train;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};
use study::explore::Exploring;
use study::label::Labelling;

pub use access::{Access, AccessError, random_token};

/// Most bytes of a request's body, but for edits and imports.
const MAX_BODY: usize = 64 << 10;
/// Most bytes of a gesture or of a choice of cells.
const MAX_GESTURE: usize = 16 << 20;

/// Most bytes of a file with labels.
const MAX_IMPORT: usize = 64 << 20;

/// The OpenAPI document of everything under `/api`.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// What is served.
#[derive(Clone)]
pub enum Open {
    /// Images, to be labelled.
    Images(Arc<Labelling>),
    /// A map of cells, to be explored.
    Map(Arc<Exploring>),
}

/// What every route needs.
#[derive(Clone)]
struct Shared {
    /// The study that keeps the labels.
    labelling: Arc<Labelling>,
    /// The map, when it is one that is open.
    map: Option<Arc<Exploring>>,
    events: events::Events,
}

/// All routes: `/api/…` as in [`OPENAPI`], and the page.
pub fn router(open: Open, access: Access) -> Router {
    let (labelling, map) = match open {
        Open::Images(labelling) => (labelling, None),
        Open::Map(map) => (map.labelling().clone(), Some(map)),
    };
    let shared = Shared { events: events::Events::of(&labelling), labelling, map };
    let api = Router::new()
        .route("/openapi.json", get(page::openapi))
        .route("/session", get(session::read).put(session::name))
        .route("/images/{id}/plane", get(pixels::plane))
        .route("/images/{id}/histogram", get(pixels::histogram))
        .route("/images/{id}/patch", get(pixels::patch))
        .route("/labels", get(labels::read))
        .route("/edits", post(labels::edit).layer(DefaultBodyLimit::max(MAX_GESTURE)).get(labels::log))
        .route("/events", get(events::stream))
        .route("/export", get(exchange::export))
        .route("/import", post(exchange::import).layer(DefaultBodyLimit::max(MAX_IMPORT)))
        .route("/agreement", get(labels::agreement))
        .route("/train", get(train::state).post(train::start).delete(train::stop))
        .route("/suggest", get(suggest::state).post(suggest::start))
        .route("/suggestions", get(suggest::of_frame))
        .route("/suggestions/queue", get(suggest::queue))
        .route("/map", get(map::facts))
        .route("/map/positions", get(map::positions))
        .route("/map/column", get(map::column))
        .route("/map/cell", get(map::cell))
        .route("/map/pictures", get(map::pictures))
        .route("/map/neighbours", get(map::neighbours))
        .route("/map/labels", post(map::relabel).layer(DefaultBodyLimit::max(MAX_GESTURE)).get(map::labels))
        .route("/map/export", post(map::export).layer(DefaultBodyLimit::max(MAX_GESTURE)));
    Router::new()
        .nest("/api", api)
        .fallback(page::file)
        .method_not_allowed_fallback(answer::wrong_method)
        .with_state(shared)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::new(access), access::guard))
}

/// Answers requests until the process ends.
///
/// # Errors
/// When threads cannot be started or the socket fails.
pub fn serve(listener: std::net::TcpListener, open: Open, access: Access) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        axum::serve(listener, router(open, access)).await
    })
}

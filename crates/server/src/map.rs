//! A map of cells: columns, places, pictures, neighbours, new labels, export.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use study::explore::{
    Classes, ColumnValues, ExploreFormat, Exploring, MapFacts, Near, Relabel, Relabelled, Relabels,
};
use study::label::LabelError;

use crate::Shared;
use crate::access::Session;
use crate::answer::{Refusal, ask, attachment};
use crate::input::{Asked, Body, numbers};

/// Asks the map, when there is one.
async fn look<T: Send + 'static>(
    shared: &Shared,
    question: impl FnOnce(&Exploring) -> Result<T, LabelError> + Send + 'static,
) -> Result<T, Refusal> {
    let Some(map) = shared.map.clone() else {
        return Err(Refusal::new(StatusCode::NOT_FOUND, "unknown", "a map", "images"));
    };
    ask(shared, move |_| question(&map)).await
}

fn raw(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
}

/// What is known of the map.
#[derive(Serialize)]
pub struct Facts {
    #[serde(flatten)]
    facts: MapFacts,
    revision: i64,
}

pub async fn facts(State(shared): State<Shared>) -> Result<Json<Facts>, Refusal> {
    let facts =
        look(&shared, |map| Ok(Facts { facts: map.facts().clone(), revision: map.labelling().revision()? }));
    Ok(Json(facts.await?))
}

pub async fn positions(State(shared): State<Shared>) -> Result<Response, Refusal> {
    let bytes =
        |map: &Exploring| map.positions().as_flattened().iter().flat_map(|v| v.to_le_bytes()).collect();
    Ok(raw(look(&shared, move |map| Ok(bytes(map))).await?))
}

/// Which column.
#[derive(Deserialize)]
pub struct Column {
    name: String,
}

pub async fn column(
    State(shared): State<Shared>,
    Asked(Column { name }): Asked<Column>,
) -> Result<Response, Refusal> {
    let answer = look(&shared, move |map| {
        Ok(match map.column(&name)? {
            ColumnValues::Numbers(values) => raw(values.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ColumnValues::Codes(codes) => raw(codes.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ColumnValues::Texts(texts) => Json(texts).into_response(),
        })
    });
    answer.await
}

/// Which cell.
#[derive(Deserialize)]
pub struct Cell {
    cell: u32,
}

pub async fn cell(
    State(shared): State<Shared>,
    Asked(Cell { cell }): Asked<Cell>,
) -> Result<Json<Map<String, Value>>, Refusal> {
    Ok(Json(look(&shared, move |map| map.cell(cell)).await?))
}

/// Which cells, with commas.
#[derive(Deserialize)]
pub struct Cells {
    cells: String,
}

pub async fn pictures(
    State(shared): State<Shared>,
    Asked(Cells { cells }): Asked<Cells>,
) -> Result<Response, Refusal> {
    let cells = numbers::<u32>("cells", &cells)?;
    Ok(raw(look(&shared, move |map| map.pictures(&cells)).await?))
}

/// Neighbours of which cell, and how many.
#[derive(Deserialize)]
pub struct Neighbourhood {
    cell: u32,
    #[serde(default = "some")]
    k: usize,
}

fn some() -> usize {
    20
}

pub async fn neighbours(
    State(shared): State<Shared>,
    Asked(Neighbourhood { cell, k }): Asked<Neighbourhood>,
) -> Result<Json<Near>, Refusal> {
    Ok(Json(look(&shared, move |map| map.neighbours(cell, k)).await?))
}

pub async fn labels(State(shared): State<Shared>) -> Result<Json<Relabels>, Refusal> {
    Ok(Json(look(&shared, Exploring::relabels).await?))
}

/// New labels: one class for all cells, or one for each.
#[derive(Deserialize)]
pub struct Order {
    cells: Vec<u32>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    classes: Option<Vec<Option<String>>>,
    gesture: String,
}

pub async fn relabel(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
    Body(Order { cells, class, classes, gesture }): Body<Order>,
) -> Result<Json<Relabelled>, Refusal> {
    let classes = classes.map_or(Classes::All(class), Classes::Each);
    let order = Relabel { cells, classes, gesture };
    let done = look(&shared, move |map| map.relabel(&order, &map.labelling().labeller(&session)?));
    Ok(Json(done.await?))
}

/// Which cells, and as what.
#[derive(Deserialize)]
pub struct Export {
    #[serde(default)]
    cells: Option<Vec<u32>>,
    format: String,
}

pub async fn export(
    State(shared): State<Shared>,
    Body(Export { cells, format }): Body<Export>,
) -> Result<Response, Refusal> {
    let format: ExploreFormat = format.parse().map_err(|found: String| {
        Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "body", "csv or crops as format", found)
    })?;
    Ok(attachment(look(&shared, move |map| map.exported(format, cells.as_deref())).await?))
}

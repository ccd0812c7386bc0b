//! Labels, edits and the log.

use axum::extract::State;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use study::label::{Agreement, Answer, Class, Gesture, Labelling, Labels, Logged};

use crate::Shared;
use crate::access::Session;
use crate::answer::{Refusal, ask};
use crate::input::{Asked, Body};

/// Classes, and cells as columns: 100,000 of them are read at once.
#[derive(Serialize)]
pub struct Columns {
    revision: i64,
    classes: Vec<Class>,
    cells: CellColumns,
}

#[derive(Serialize, Default)]
struct CellColumns {
    id: Vec<String>,
    image: Vec<i64>,
    t: Vec<u32>,
    z: Vec<u32>,
    y: Vec<f64>,
    x: Vec<f64>,
    class: Vec<Option<String>>,
    by: Vec<String>,
    version: Vec<i64>,
    flagged: Vec<bool>,
}

impl Columns {
    fn of(labels: Labels) -> Self {
        let mut columns = CellColumns::default();
        for cell in labels.cells {
            columns.flagged.push(cell.flagged);
            columns.id.push(cell.id);
            columns.image.push(cell.image);
            columns.t.push(cell.t);
            columns.z.push(cell.z);
            columns.y.push(cell.y);
            columns.x.push(cell.x);
            columns.class.push(cell.class);
            columns.by.push(cell.by);
            columns.version.push(cell.version);
        }
        Columns { revision: labels.revision, classes: labels.classes, cells: columns }
    }
}

/// Which labels.
#[derive(Deserialize)]
pub struct Which {
    image: Option<i64>,
}

pub async fn read(
    State(shared): State<Shared>,
    Asked(Which { image }): Asked<Which>,
) -> Result<Json<Columns>, Refusal> {
    let columns = ask(&shared, move |labelling| {
        Ok(Columns::of(match image {
            Some(image) => labelling.labels_of(image)?,
            None => labelling.labels()?,
        }))
    });
    Ok(Json(columns.await?))
}

pub async fn edit(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
    Body(gesture): Body<Gesture>,
) -> Result<Json<Answer>, Refusal> {
    let made = ask(&shared, move |labelling| labelling.edit(&gesture, &labelling.labeller(&session)?));
    Ok(Json(made.await?))
}

/// A part of the log: what comes after a revision, or the last of what came before one.
#[derive(Deserialize)]
pub struct Part {
    #[serde(default)]
    after: i64,
    before: Option<i64>,
    #[serde(default)]
    mine: bool,
}

/// Gestures, and whether there are more than these.
#[derive(Serialize)]
pub struct Log {
    revision: i64,
    gestures: Vec<Logged>,
    more: bool,
}

pub async fn log(
    State(shared): State<Shared>,
    Extension(Session(session)): Extension<Session>,
    Asked(Part { after, before, mine }): Asked<Part>,
) -> Result<Json<Log>, Refusal> {
    let part = ask(&shared, move |labelling| {
        let name = if mine { Some(labelling.labeller(&session)?) } else { None };
        if let Some(before) = before {
            let (gestures, more) = labelling.log_before(before, name.as_deref())?;
            return Ok(Log { revision: labelling.revision()?, gestures, more });
        }
        let (revision, gestures, more) = labelling.log(after, name.as_deref())?;
        Ok(Log { revision, gestures, more })
    });
    Ok(Json(part.await?))
}

/// Agreement of labellers.
#[derive(Serialize)]
pub struct Pairs {
    pairs: Vec<Agreement>,
}

pub async fn agreement(State(shared): State<Shared>) -> Result<Json<Pairs>, Refusal> {
    Ok(Json(Pairs { pairs: ask(&shared, Labelling::agreement).await? }))
}

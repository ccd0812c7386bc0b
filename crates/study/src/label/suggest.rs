//! What a model makes of cells that nobody has labelled yet.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use cells::cut::auto::{self, AutoSettings};
use cells::cut::{Found, Plane};
use cells::{Cell, CellSet, CropShape, CropSource};
use formats::label_store::WINDOW;
use formats::microscope::At;
use serde::Serialize;
use serde_json::Value;

use super::cut::windows;
use super::id::uuid;
use super::image::OpenImage;
use super::{Event, LabelError, Labelling, lock};
use crate::predict::margin;
use crate::{Dataset, Model, Silent, StudyError};

/// A cell that was found, with the model's guess.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// UUID.
    pub id: String,
    /// Its image.
    pub image: i64,
    /// Frame.
    pub t: u32,
    /// Focal plane.
    pub z: u32,
    /// Row, pixels.
    pub y: f64,
    /// Column, pixels.
    pub x: f64,
    /// Probability of each of the model's classes.
    pub p: Vec<f64>,
    /// Id of the likeliest class, when the study has one of its name.
    pub class: Option<String>,
    /// Probability of the first class less that of the second: the smaller, the less sure.
    pub margin: f64,
}

/// Suggestions of a model.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Suggestions {
    /// Name of the model.
    pub model: Option<String>,
    /// Names of its classes, in the order of `p`.
    pub classes: Vec<String>,
    /// Cells.
    pub cells: Vec<Suggestion>,
}

/// How the search stands.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct SuggestState {
    /// Whether it is going on.
    pub running: bool,
    /// Frames that are done.
    pub done: usize,
    /// Frames in all.
    pub total: usize,
    /// Why it failed.
    pub error: Option<String>,
}

/// The model in use and what it suggests.
#[derive(Default)]
pub(super) struct Suggesting {
    model: Option<(String, Arc<Model>)>,
    state: SuggestState,
    found: BTreeMap<(i64, u32), Vec<Suggestion>>,
}

impl Labelling {
    /// A model from a file makes the suggestions.
    ///
    /// # Errors
    /// When it is none, or wants crops of another size.
    pub fn use_model(&self, path: &Path) -> Result<(), StudyError> {
        let model = Model::load(path)?;
        let side = 2 * WINDOW.half_h;
        if (model.contract.height, model.contract.width) != (side, side) {
            let found = format!("{} x {}", model.contract.height, model.contract.width);
            return Err(StudyError::Refused(format!(
                "{}: expected a model for crops of {side} x {side} pixels, found one for {found}",
                path.display()
            )));
        }
        self.suggest_by(
            path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            model,
        );
        Ok(())
    }

    /// What an older model suggested is forgotten.
    pub(super) fn suggest_by(&self, name: String, model: Model) {
        let mut suggesting = lock(&self.suggesting);
        suggesting.model = Some((name, Arc::new(model)));
        suggesting.found.clear();
    }

    /// Begins to look for cells in images (empty: all) and in frames from first to last (none: all), on a thread of its own; listeners
    /// are told of each frame.
    ///
    /// # Errors
    /// When there is no model, it does not fit an image, no such image, or a search goes on.
    pub fn suggest(self: &Arc<Self>, images: &[i64], frames: Option<(u32, u32)>) -> Result<(), LabelError> {
        let images: Vec<i64> = match images {
            [] => self.images.iter().map(|image| image.facts.id).collect(),
            some => some.to_vec(),
        };
        let mut work = Vec::new();
        for &id in &images {
            let last = (self.image(id)?.facts.shape.t as u32).saturating_sub(1);
            let (from, to) = frames.unwrap_or((0, last));
            work.extend((from..=to.min(last)).map(|t| (id, t)));
        }
        let model = {
            let mut suggesting = lock(&self.suggesting);
            let Some((_, model)) = suggesting.model.clone() else {
                return Err(LabelError::Conflict(
                    "expected a model (train one, or --model), found none".into(),
                ));
            };
            if suggesting.state.running {
                return Err(LabelError::Conflict("expected no search to be going on, found one".into()));
            }
            suggesting.state = SuggestState { running: true, total: work.len(), ..SuggestState::default() };
            model
        };
        let labelling = self.clone();
        std::thread::spawn(move || {
            for (id, t) in work {
                let found = labelling.search(&model, id, t);
                let mut suggesting = lock(&labelling.suggesting);
                // A newer model has come meanwhile.
                let is_old = suggesting.model.as_ref().is_none_or(|(_, now)| !Arc::ptr_eq(now, &model));
                match found {
                    Ok(found) if !is_old => {
                        suggesting.state.done += 1;
                        suggesting.found.insert((id, t), found);
                    }
                    Ok(_) => break,
                    Err(error) => {
                        suggesting.state.error = Some(error.to_string());
                        break;
                    }
                }
                let state = suggesting.state.clone();
                drop(suggesting);
                labelling.tell(Event::Suggest(state));
            }
            let mut suggesting = lock(&labelling.suggesting);
            suggesting.state.running = false;
            let state = suggesting.state.clone();
            drop(suggesting);
            labelling.tell(Event::Suggest(state));
        });
        Ok(())
    }

    /// Cells of one frame, found and judged.
    fn search(&self, model: &Model, id: i64, t: u32) -> Result<Vec<Suggestion>, LabelError> {
        let image = self.image(id)?;
        let z = image.facts.shape.z / 2;
        let channels = channels_for(model, image)?;
        let seen = channels.first().copied().unwrap_or(0);
        let plane = image.field.plane(At { t: t as usize, z, c: seen })?;
        let values = plane.values.to_f32();
        let cells = Plane::new(&values, plane.h, plane.w)
            .map_or(Vec::new(), |plane| auto::find(plane, &self.detection(model)).cells);
        if cells.is_empty() {
            return Ok(Vec::new());
        }
        let points: Vec<(f64, f64)> = cells.iter().map(|found| (found.y, found.x)).collect();
        let pixels = windows(image, (t as usize, z), &channels, &points)?;
        let cell = |(i, found): (usize, &Found)| Cell {
            name: format!("{} {i}", image.facts.name),
            source: image.facts.name.clone(),
            y: Some(found.y),
            x: Some(found.x),
            ..Cell::default()
        };
        let data = Dataset::from(CellSet {
            shape: CropShape { h: 2 * WINDOW.half_h, w: 2 * WINDOW.half_w, c: channels.len() },
            pixels,
            cells: cells.iter().enumerate().map(cell).collect(),
            classes: Vec::new(),
            channels: model.contract.channels.clone(),
            provenance: Value::Null,
        });
        let everyone: Vec<usize> = (0..data.len()).collect();
        let probabilities = model.probabilities(&data, &everyone, &Silent)?;
        let labels = lock(&self.store).classes()?;
        let suggestion = |(found, p): (&Found, &[f64])| {
            let best = crate::evaluate::winner(p);
            let class = labels.iter().find(|class| class.name == model.classes[best]);
            let place = format!("{id} {t} {z} {} {}", found.y, found.x);
            Suggestion {
                id: uuid(&[b"suggestion", place.as_bytes()]),
                image: id,
                t,
                z: z as u32,
                y: found.y,
                x: found.x,
                p: p.to_vec(),
                class: class.map(|class| class.id.clone()),
                margin: margin(p),
            }
        };
        let k = model.classes.len().max(1);
        Ok(cells.iter().zip(probabilities.chunks_exact(k)).map(suggestion).collect())
    }

    /// As the model's cells were found, when that is known and was by detection; else as for `annotate` itself.
    fn detection(&self, model: &Model) -> AutoSettings {
        let method = model.contract.cut.get("method").filter(|m| m.get("name").is_some_and(|n| n == "auto"));
        let settings = method.and_then(|m| {
            let mut m = m.clone();
            m.as_object_mut()?.remove("name");
            serde_json::from_value(m).ok()
        });
        settings.unwrap_or(self.detect)
    }

    /// What is suggested in one frame; labelled cells are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn suggestions(&self, image: i64, t: u32) -> Result<Suggestions, LabelError> {
        let (mut suggestions, cells) = {
            let suggesting = lock(&self.suggesting);
            (head(&suggesting), suggesting.found.get(&(image, t)).cloned().unwrap_or_default())
        };
        suggestions.cells = self.unlabelled(image, t, cells)?;
        Ok(suggestions)
    }

    /// What is suggested anywhere, the least sure first, at most `limit` of them; labelled cells are left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn least_sure(&self, limit: usize) -> Result<Suggestions, LabelError> {
        let (mut suggestions, found) = {
            let suggesting = lock(&self.suggesting);
            (head(&suggesting), suggesting.found.clone())
        };
        for ((image, t), cells) in found {
            suggestions.cells.extend(self.unlabelled(image, t, cells)?);
        }
        suggestions.cells.sort_by(|a, b| a.margin.total_cmp(&b.margin).then_with(|| a.id.cmp(&b.id)));
        suggestions.cells.truncate(limit);
        Ok(suggestions)
    }

    fn unlabelled(
        &self,
        image: i64,
        t: u32,
        mut cells: Vec<Suggestion>,
    ) -> Result<Vec<Suggestion>, LabelError> {
        if cells.is_empty() {
            return Ok(cells);
        }
        let labelled = lock(&self.store).cells_of_frame(image, t)?;
        let reach = self.detect.diameter / 2.0;
        let is_near = |s: &Suggestion| labelled.iter().any(|c| (c.y - s.y).hypot(c.x - s.x) <= reach);
        cells.retain(|suggestion| !is_near(suggestion));
        Ok(cells)
    }

    /// How the search stands.
    #[must_use]
    pub fn suggesting(&self) -> SuggestState {
        lock(&self.suggesting).state.clone()
    }
}

fn head(suggesting: &Suggesting) -> Suggestions {
    let Some((name, model)) = &suggesting.model else { return Suggestions::default() };
    Suggestions { model: Some(name.clone()), classes: model.classes.clone(), cells: Vec::new() }
}

/// The image's channels of the model's names; all of them when there are as many and nobody named them.
fn channels_for(model: &Model, image: &OpenImage) -> Result<Vec<usize>, LabelError> {
    let names: Vec<String> = image.facts.channels.iter().map(|c| c.name.clone()).collect();
    let wanted = &model.contract.channels;
    let by_name: Option<Vec<usize>> =
        wanted.iter().map(|name| names.iter().position(|other| other == name)).collect();
    if let Some(channels) = by_name {
        return Ok(channels);
    }
    if formats::channels::interchangeable(&names, wanted) {
        return Ok((0..names.len()).collect());
    }
    let expected = format!("an image with the model's channels {}", wanted.join(", "));
    Err(LabelError::refused(expected, format!("{} with {}", image.facts.name, names.join(", "))))
}

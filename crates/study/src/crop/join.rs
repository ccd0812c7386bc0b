//! All parts as one crop set, in the order of the images.

use std::collections::BTreeMap;
use std::sync::Arc;

use cells::cut::Reason;
use cells::{Cell, CellSet, CropShape, Fact, Pixels};
use formats::crops;
use serde_json::{Value, json};

use super::parts::Part;
use super::request::EightBit;
use super::unit::Row;
use super::{Failed, Frame, Unit, Work, names, place};
use crate::StudyError;
use crate::error::plural;

/// Writes the crop set, and says what is in it and which frames its cells come from. Parts that do not fit the first are counted as
/// failed.
///
/// # Errors
/// When it cannot be written, or no part is left.
pub fn join(
    work: &Work,
    units: &[Unit],
    failed: &mut Failed,
) -> Result<(Vec<String>, Vec<Frame>), StudyError> {
    let mut joined = Joined::new(work, units);
    for unit in units {
        let key = (unit.image, unit.index);
        if failed.contains_key(&key) {
            continue;
        }
        let Some(part) = work.parts.get(unit.image, unit.index) else {
            failed.insert(key, format!("{}: expected a finished part, found none", joined.names[unit.image]));
            continue;
        };
        if let Err(message) = joined.add(unit, &part) {
            failed.insert(key, message);
        }
    }
    let Joined { names, set, dropped, kept, .. } = joined;
    let Some(mut set) = set else {
        let reasons: Vec<String> = failed.values().cloned().collect();
        return Err(StudyError::Refused(format!(
            "expected an image that can be cut, found\n  {}",
            reasons.join("\n  ")
        )));
    };
    set.provenance = provenance(work, &dropped, &names, failed);
    crops::write_streamed(&work.request.output, &set, &mut |out| {
        kept.iter().try_fold(0, |n, (unit, _)| Ok(n + work.parts.copy(unit.image, unit.index, out)?))
    })?;
    let lines = lines(work, &set, &dropped, kept.len());
    Ok((lines, kept.into_iter().map(|(_, frame)| frame).collect()))
}

/// Columns that not every crop set has.
const FACTS: [&str; 9] = ["plate", "well", "field", "z", "y_um", "x_um", "area", "label", "method"];

/// What is put together so far.
struct Joined<'a> {
    work: &'a Work<'a>,
    names: Vec<String>,
    has_frames: bool,
    facts: [Arc<str>; FACTS.len()],
    set: Option<CellSet>,
    dropped: BTreeMap<Reason, usize>,
    kept: Vec<(Unit, Frame)>,
}

impl<'a> Joined<'a> {
    fn new(work: &'a Work, units: &[Unit]) -> Self {
        Joined {
            work,
            names: names::short(&work.request.images),
            has_frames: units.iter().any(|unit| unit.t > 0),
            facts: FACTS.map(Arc::from),
            set: None,
            dropped: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    /// Adds the cells of a frame; says why not when they do not fit the others.
    fn add(&mut self, unit: &Unit, part: &Part) -> Result<(), String> {
        let mut set = self.set.take().unwrap_or_else(|| empty(self.work, part));
        let fits = set.channels == part.channels && set.pixels.depth() == part.depth;
        if fits {
            let prefix = self.prefix(unit, part);
            set.cells.extend(part.rows.iter().enumerate().map(|(k, row)| {
                Cell {
                    name: format!("{prefix}/{k}"),
                    class: row.class.as_ref().and_then(|name| set.classes.iter().position(|c| c == name)),
                    group: row
                        .group
                        .clone()
                        .unwrap_or_else(|| self.work.fields[unit.image].groups[unit.field].clone()),
                    split: None,
                    flagged: row.flagged,
                    source: self.names[unit.image].clone(),
                    frame: Some(part.t as f64),
                    y: Some(row.found.y),
                    x: Some(row.found.x),
                    facts: self.facts(unit, part, row),
                }
            }));
            part.dropped.iter().for_each(|(&reason, n)| *self.dropped.entry(reason).or_insert(0) += n);
            let frame = Frame {
                image: unit.image,
                field: unit.field,
                t: part.t,
                z: part.z,
                n_cells: part.rows.len(),
            };
            self.kept.push((*unit, frame));
        }
        let (depth, channels) = (set.pixels.depth(), set.channels.join(", "));
        self.set = Some(set);
        if fits {
            return Ok(());
        }
        let path = self.work.request.images[unit.image].display();
        let found = format!("{}, channels {}", part.depth, part.channels.join(", "));
        Err(format!("{path}: expected {depth}, channels {channels} as in the first image, found {found}"))
    }

    /// What the names of the cells of a frame begin with: image, field, frame, focal plane, as far as there are several.
    fn prefix(&self, unit: &Unit, part: &Part) -> String {
        let mut prefix = self.names[unit.image].clone();
        let field = place::name(&self.work.fields[unit.image].places, unit.field);
        if !field.is_empty() {
            prefix.push_str(&format!("/{field}"));
        }
        if self.has_frames {
            prefix.push_str(&format!("/t{}", part.t));
        }
        if let Some(z) = part.z.filter(|z| *z > 0) {
            prefix.push_str(&format!("/z{z}"));
        }
        prefix
    }

    /// In the order of [`FACTS`]; plate and well only when an image says them.
    fn facts(&self, unit: &Unit, part: &Part, row: &Row) -> Vec<(Arc<str>, Fact)> {
        let place = &self.work.fields[unit.image].places[unit.field];
        let [y_um, x_um] = part.micron;
        let values = [
            Fact::Text(place.plate.clone()),
            Fact::Text(place.well.clone()),
            Fact::Text(Some(place::field_of(place, unit.field))),
            Fact::Int(part.z.map(|z| z as i64)),
            Fact::Float(y_um.map(|um| row.found.y * um)),
            Fact::Float(x_um.map(|um| row.found.x * um)),
            Fact::Float(row.found.area),
            Fact::Int(row.found.label.map(i64::from)),
            Fact::Text(Some(self.work.request.method.name().to_owned())),
        ];
        let is_said = |k: usize, value: &Fact| k > 1 || *value != Fact::Text(None);
        let named = self.facts.iter().cloned().zip(values).enumerate();
        named.filter(|(k, (_, value))| is_said(*k, value)).map(|(_, fact)| fact).collect()
    }
}

fn empty(work: &Work, part: &Part) -> CellSet {
    let window = work.request.window;
    CellSet {
        shape: CropShape { h: 2 * window.half_h, w: 2 * window.half_w, c: part.channels.len() },
        pixels: Pixels::empty(part.depth),
        cells: Vec::new(),
        classes: work.points.as_ref().map(|points| points.classes.clone()).unwrap_or_default(),
        channels: part.channels.clone(),
        provenance: Value::Null,
    }
}

/// How the crops were made.
fn provenance(work: &Work, dropped: &BTreeMap<Reason, usize>, names: &[String], failed: &Failed) -> Value {
    let mut made = json!({
        "made_by": "crop",
        "settings": work.request,
        "images": names,
        "dropped": dropped,
        "n_failed": failed.len(),
    });
    if let Some(EightBit { low, high }) = work.request.eight_bit {
        made["eight_bit"] =
            json!(format!("floor((v - {low}) / ({high} - {low}) * 255 + 0.5), clipped to 0..255"));
    }
    if let Some(shading) = &work.shading {
        let grid = |grid: &cells::cut::smooth::Grid| {
            let (rows, columns) = grid.size();
            json!({ "rows": rows, "columns": columns, "values": grid.values() })
        };
        made["divided_by"] = shading.grids.iter().map(grid).collect();
    }
    made
}

fn lines(work: &Work, set: &CellSet, dropped: &BTreeMap<Reason, usize>, n_frames: usize) -> Vec<String> {
    let flagged = set.cells.iter().filter(|cell| cell.flagged).count();
    let hanging = if flagged > 0 { format!(", {flagged} over the border (flagged)") } else { String::new() };
    let mut lines = vec![format!(
        "{} of {} ({}) from {} of {}{hanging}",
        plural(set.len(), "cell"),
        set.shape,
        set.pixels.depth(),
        plural(n_frames, "frame"),
        plural(work.request.images.len(), "image"),
    )];
    for (class, name) in set.classes.iter().enumerate() {
        let n = set.cells.iter().filter(|cell| cell.class == Some(class)).count();
        lines.push(format!("  {name}: {n}"));
    }
    lines.extend(dropped.iter().map(|(reason, n)| format!("  dropped {n}: {}", reason.words())));
    lines
}

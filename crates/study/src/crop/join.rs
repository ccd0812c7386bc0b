//! All parts as one crop set, in the order of the images.

use std::collections::BTreeMap;
use std::io;
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
    let Some(mut set) = joined.set.take() else {
        let mut reasons: Vec<String> = failed.values().cloned().collect();
        reasons.dedup();
        return Err(StudyError::Refused(format!(
            "expected an image that can be cut, found\n  {}",
            reasons.join("\n  ")
        )));
    };
    set.provenance = provenance(work, &joined.dropped, &joined.names, failed);
    if let Some(Some(um)) = joined.pixel_um {
        set.provenance["pixel_size_um"] = json!(um);
    }
    let n_cells = joined.kept.iter().map(|(_, frame)| frame.n_cells).sum();
    let mut cells = joined.kept.iter().map(|(unit, _)| joined.cells(unit, &set.classes));
    crops::write_streamed(&work.request.output, &set, n_cells, &mut cells, &mut |out| {
        joined.kept.iter().try_fold(0, |n, (unit, _)| Ok(n + work.parts.copy(unit.image, unit.index, out)?))
    })?;
    let lines = joined.lines(&set, n_cells);
    Ok((lines, joined.kept.into_iter().map(|(_, frame)| frame).collect()))
}

/// Columns that not every crop set has.
const FACTS: [&str; 9] = ["plate", "well", "field", "z", "y_um", "x_um", "area", "label", "method"];

/// What is put together so far; the cells themselves stay in their parts.
struct Joined<'a> {
    work: &'a Work<'a>,
    names: Vec<String>,
    has_frames: bool,
    /// Which of [`FACTS`] there are.
    facts: [Option<Arc<str>>; FACTS.len()],
    set: Option<CellSet>,
    dropped: BTreeMap<Reason, usize>,
    kept: Vec<(Unit, Frame)>,
    n_flagged: usize,
    /// Cells of each class.
    of_classes: BTreeMap<String, usize>,
    /// Side of a pixel, micrometres, when all frames have the same.
    pixel_um: Option<Option<f64>>,
}

impl<'a> Joined<'a> {
    fn new(work: &'a Work, units: &[Unit]) -> Self {
        let mut facts = FACTS.map(|name| Some(Arc::from(name)));
        let mut places = work.fields.iter().flat_map(|fields| &fields.places);
        facts[0] = facts[0].take().filter(|_| places.clone().any(|place| place.plate.is_some()));
        facts[1] = facts[1].take().filter(|_| places.any(|place| place.well.is_some()));
        Joined {
            work,
            names: names::short(&work.request.images),
            has_frames: units.iter().any(|unit| unit.t > 0),
            facts,
            set: None,
            dropped: BTreeMap::new(),
            kept: Vec::new(),
            n_flagged: 0,
            of_classes: BTreeMap::new(),
            pixel_um: None,
        }
    }

    /// Adds a frame; says why not when it does not fit the others.
    fn add(&mut self, unit: &Unit, part: &Part) -> Result<(), String> {
        let set = self.set.get_or_insert_with(|| empty(self.work, part));
        if set.channels != part.channels || set.pixels.depth() != part.depth {
            let path = self.work.request.images[unit.image].display();
            let expected =
                format!("{}, channels {} as in the first image", set.pixels.depth(), set.channels.join(", "));
            let found = format!("{}, channels {}", part.depth, part.channels.join(", "));
            return Err(format!("{path}: expected {expected}, found {found}"));
        }
        part.dropped.iter().for_each(|(&reason, n)| *self.dropped.entry(reason).or_insert(0) += n);
        self.n_flagged += part.rows.iter().filter(|row| row.flagged).count();
        for class in part.rows.iter().filter_map(|row| row.class.as_ref()) {
            *self.of_classes.entry(class.clone()).or_insert(0) += 1;
        }
        let [y_um, x_um] = part.micron;
        let um = x_um.filter(|_| y_um == x_um);
        self.pixel_um = Some(self.pixel_um.map_or(um, |before| before.filter(|_| before == um)));
        let frame =
            Frame { image: unit.image, field: unit.field, t: part.t, z: part.z, n_cells: part.rows.len() };
        self.kept.push((*unit, frame));
        Ok(())
    }

    /// The cells of a frame.
    fn cells(&self, unit: &Unit, classes: &[String]) -> io::Result<Vec<Cell>> {
        let part = self.work.parts.get(unit.image, unit.index);
        let part = part.ok_or_else(|| io::Error::other("a finished part that was there is gone"))?;
        let prefix = self.prefix(unit, &part);
        let group = &self.work.fields[unit.image].groups[unit.field];
        let cell = |(k, row): (usize, &Row)| Cell {
            name: format!("{prefix}/{k}"),
            class: row.class.as_ref().and_then(|name| classes.iter().position(|c| c == name)),
            group: row.group.clone().unwrap_or_else(|| group.clone()),
            split: None,
            flagged: row.flagged,
            source: self.names[unit.image].clone(),
            frame: Some(part.t as f64),
            y: Some(row.found.y),
            x: Some(row.found.x),
            facts: self.facts(unit, &part, row),
        };
        Ok(part.rows.iter().enumerate().map(cell).collect())
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

    /// In the order of [`FACTS`].
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
        self.facts.iter().zip(values).filter_map(|(name, value)| Some((name.clone()?, value))).collect()
    }

    /// For people.
    fn lines(&self, set: &CellSet, n_cells: usize) -> Vec<String> {
        let hanging = match self.n_flagged {
            0 => String::new(),
            n => format!(", {n} over the border (flagged)"),
        };
        let mut lines = vec![format!(
            "{} of {} ({}) from {} of {}{hanging}",
            plural(n_cells, "cell"),
            set.shape,
            set.pixels.depth(),
            plural(self.kept.len(), "frame"),
            plural(self.names.len(), "image"),
        )];
        let count = |name: &String| self.of_classes.get(name).copied().unwrap_or(0);
        lines.extend(set.classes.iter().map(|name| format!("  {name}: {}", count(name))));
        lines.extend(self.dropped.iter().map(|(reason, n)| format!("  dropped {n}: {}", reason.words())));
        lines
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
        "cut": work.request,
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

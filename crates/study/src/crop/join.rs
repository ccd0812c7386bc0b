//! All parts as one crop set, in the order of the images.

use std::collections::BTreeMap;

use cells::cut::Reason;
use cells::{Cell, CellSet, CropShape, Pixels};
use formats::crops;
use formats::table::{Column, Table};
use serde_json::{Value, json};

use super::parts::Part;
use super::request::EightBit;
use super::{Failed, Unit, Work, names};
use crate::StudyError;
use crate::error::plural;

/// Columns of the table that not every crop set has.
#[derive(Default)]
struct More {
    z: Vec<Option<i64>>,
    y_um: Vec<Option<f64>>,
    x_um: Vec<Option<f64>>,
    area: Vec<Option<f64>>,
    label: Vec<Option<i64>>,
    field: Vec<Option<i64>>,
}

/// Writes the crop set, and says what is in it. Parts that do not fit the first are counted as failed.
///
/// # Errors
/// When it cannot be written, or no part is left.
pub fn join(
    work: &Work,
    units: &[Unit],
    groups: &[String],
    failed: &mut Failed,
) -> Result<Vec<String>, StudyError> {
    let names = names::short(&work.request.images);
    let mut set: Option<CellSet> = None;
    let (mut more, mut dropped, mut kept) = (More::default(), BTreeMap::<Reason, usize>::new(), Vec::new());
    let has_frames = units.iter().any(|unit| unit.t > 0 || unit.field > 0);
    for unit in units {
        if failed.contains_key(&(unit.image, unit.index)) {
            continue;
        }
        let Some(part) = work.parts.get(unit.image, unit.index) else {
            failed.insert(
                (unit.image, unit.index),
                format!("{}: expected a finished part, found none", names[unit.image]),
            );
            continue;
        };
        let set = set.get_or_insert_with(|| empty(work, &part));
        if set.channels != part.channels || set.pixels.depth() != part.depth {
            let path = work.request.images[unit.image].display();
            let expected =
                format!("{}, channels {} as in the first image", set.pixels.depth(), set.channels.join(", "));
            let found = format!("{}, channels {}", part.depth, part.channels.join(", "));
            failed.insert((unit.image, unit.index), format!("{path}: expected {expected}, found {found}"));
            continue;
        }
        part.dropped.iter().for_each(|(&reason, n)| *dropped.entry(reason).or_insert(0) += n);
        add(set, &mut more, &part, &names[unit.image], &groups[unit.image], has_frames);
        kept.push(*unit);
    }
    let Some(mut set) = set else {
        let reasons: Vec<String> = failed.values().cloned().collect();
        return Err(StudyError::Refused(format!(
            "expected an image that can be cut, found\n  {}",
            reasons.join("\n  ")
        )));
    };
    set.provenance = provenance(work, &dropped, &names, failed);
    let method = Column::Text(vec![Some(work.request.method.name().to_owned()); set.len()]);
    let more = more.table(method);
    crops::write_streamed(&work.request.output, &set, &more, &mut |out| {
        kept.iter().try_fold(0, |n, unit| Ok(n + work.parts.copy(unit.image, unit.index, out)?))
    })?;
    Ok(lines(work, &set, &dropped, kept.len()))
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

fn add(set: &mut CellSet, more: &mut More, part: &Part, image: &str, group: &str, has_frames: bool) {
    // A place in a movie or in a file of several fields belongs into the name.
    let place = if has_frames { format!("/f{}t{}", part.field, part.t) } else { String::new() };
    let place = match part.z {
        Some(z) if z > 0 => format!("{place}z{z}"),
        _ => place,
    };
    for (k, row) in part.rows.iter().enumerate() {
        let class = row.class.as_ref().and_then(|name| set.classes.iter().position(|c| c == name));
        set.cells.push(Cell {
            name: format!("{image}{place}/{k}"),
            class,
            group: row.group.clone().unwrap_or_else(|| group.to_owned()),
            split: None,
            flagged: row.flagged,
            source: image.to_owned(),
            frame: Some(part.t as f64),
            y: Some(row.found.y),
            x: Some(row.found.x),
        });
        let [y_um, x_um] = part.micron;
        more.z.push(part.z.map(|z| z as i64));
        more.y_um.push(y_um.map(|um| row.found.y * um));
        more.x_um.push(x_um.map(|um| row.found.x * um));
        more.area.push(row.found.area);
        more.label.push(row.found.label.map(i64::from));
        more.field.push(Some(part.field as i64));
    }
}

impl More {
    fn table(self, method: Column) -> Table {
        let mut table = Table::default();
        table.push("field", Column::Int(self.field));
        table.push("z", Column::Int(self.z));
        table.push("y_um", Column::Float(self.y_um));
        table.push("x_um", Column::Float(self.x_um));
        table.push("area", Column::Float(self.area));
        table.push("label", Column::Int(self.label));
        table.push("method", method);
        table
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

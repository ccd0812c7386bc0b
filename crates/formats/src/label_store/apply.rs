//! What an edit does to the present cells and classes.

use cells::cut::window::{Border, Rounding, WindowSettings};
use rusqlite::{Connection, Result};

use super::edit::{Applied, Class, Edit, Reason, Refused, StoredCell, Thing};
use super::rows;

/// The window around a cell, as the published tools cut it.
pub const WINDOW: WindowSettings =
    WindowSettings { half_h: 32, half_w: 32, round: Rounding::Floor, border: Border::FlagZero };
/// Longest id, name or other text, bytes.
const MAX_TEXT: usize = 200;
/// Most edits of one gesture.
pub const MAX_EDITS: usize = 20_000;

/// Makes one edit, or says why not. An error of the database is neither.
pub(super) fn apply(
    db: &Connection,
    index: usize,
    edit: &Edit,
    by: &str,
) -> Result<std::result::Result<Applied, Refused>> {
    let refused = |(reason, current)| Refused { index, reason, current };
    let done = |(before, after, cells): Sides| {
        let made = match (&before, &after) {
            (_, Some(Thing::Cell(cell))) => cell.version,
            (Some(Thing::Cell(deleted)), None) => deleted.version + 1,
            _ => 0,
        };
        Applied { index, edit: edit.clone().with_version(made), before, after, cells }
    };
    Ok(one(db, edit, by)?.map(done).map_err(refused))
}

type Sides = (Option<Thing>, Option<Thing>, Vec<StoredCell>);
type Made = std::result::Result<Sides, (Reason, Option<Thing>)>;

fn one(db: &Connection, edit: &Edit, by: &str) -> Result<Made> {
    match edit {
        Edit::Add { id, image, t, z, y, x, class, .. } => {
            let (id, class, by) = (id.clone(), class.clone(), by.to_owned());
            let (image, t, z, y, x) = (*image, *t, *z, *y, *x);
            add(db, StoredCell { id, image, t, z, y, x, class, by, version: 1, flagged: false })
        }
        Edit::Move { id, version, y, x, t, z } => change(db, id, *version, |c| {
            (c.y, c.x, c.t, c.z) = (*y, *x, t.unwrap_or(c.t), z.unwrap_or(c.z));
        }),
        Edit::Reclass { id, version, class } => change(db, id, *version, |c| {
            (c.class, c.by) = (class.clone(), by.to_owned());
        }),
        Edit::Delete { id, version } => remove(db, id, *version),
        Edit::Restore { id, version } => restore(db, id, *version),
        Edit::PutClass(class) => put_class(db, class),
        Edit::DropClass { id, reassign } => drop_class(db, id, reassign.as_deref(), by),
    }
}

fn no(reason: Reason, current: Option<Thing>) -> Result<Made> {
    Ok(Err((reason, current)))
}

fn add(db: &Connection, mut cell: StoredCell) -> Result<Made> {
    if !is_uuid(&cell.id) {
        return no(Reason::Malformed, None);
    }
    if let Some((there, deleted)) = rows::find_cell(db, &cell.id)? {
        return no(Reason::Exists, (!deleted).then_some(Thing::Cell(there)));
    }
    if let Some(reason) = settle(db, &mut cell)? {
        return no(reason, None);
    }
    rows::put_cell(db, &cell, false)?;
    Ok(Ok((None, Some(Thing::Cell(cell)), Vec::new())))
}

fn change(db: &Connection, id: &str, version: i64, with: impl FnOnce(&mut StoredCell)) -> Result<Made> {
    let before = match rows::find_cell(db, id)? {
        None => return no(Reason::UnknownCell, None),
        Some((_, true)) => return no(Reason::Gone, None),
        Some((cell, false)) if cell.version != version => return no(Reason::Stale, Some(Thing::Cell(cell))),
        Some((cell, false)) => cell,
    };
    let mut after = StoredCell { version: version + 1, ..before.clone() };
    with(&mut after);
    if let Some(reason) = settle(db, &mut after)? {
        return no(reason, Some(Thing::Cell(before)));
    }
    rows::put_cell(db, &after, false)?;
    Ok(Ok((Some(Thing::Cell(before)), Some(Thing::Cell(after)), Vec::new())))
}

fn remove(db: &Connection, id: &str, version: i64) -> Result<Made> {
    match rows::find_cell(db, id)? {
        None => no(Reason::UnknownCell, None),
        Some((_, true)) => no(Reason::Gone, None),
        Some((cell, false)) if cell.version != version => no(Reason::Stale, Some(Thing::Cell(cell))),
        Some((before, false)) => {
            rows::put_cell(db, &StoredCell { version: version + 1, ..before.clone() }, true)?;
            Ok(Ok((Some(Thing::Cell(before)), None, Vec::new())))
        }
    }
}

/// The version may be the one before or after the deletion: who undoes has seen either.
fn restore(db: &Connection, id: &str, version: i64) -> Result<Made> {
    match rows::find_cell(db, id)? {
        None => no(Reason::UnknownCell, None),
        Some((cell, false)) => no(Reason::Exists, Some(Thing::Cell(cell))),
        Some((cell, true)) if cell.version != version && cell.version != version.saturating_add(1) => {
            no(Reason::Stale, None)
        }
        Some((cell, true)) => {
            let after = StoredCell { version: cell.version + 1, ..cell };
            rows::put_cell(db, &after, false)?;
            Ok(Ok((None, Some(Thing::Cell(after)), Vec::new())))
        }
    }
}

fn put_class(db: &Connection, class: &Class) -> Result<Made> {
    let before = rows::find_class(db, &class.id)?.and_then(|(c, dropped)| (!dropped).then_some(c));
    if let Some(reason) = unusual(class) {
        return no(reason, before.map(Thing::Class));
    }
    for other in rows::all_classes(db)? {
        let taken = if other.id == class.id {
            None
        } else if other.name == class.name {
            Some(Reason::NameTaken)
        } else if class.hotkey.is_some() && other.hotkey == class.hotkey {
            Some(Reason::HotkeyTaken)
        } else {
            None
        };
        if let Some(reason) = taken {
            return no(reason, Some(Thing::Class(other)));
        }
    }
    rows::put_class(db, class, false)?;
    Ok(Ok((before.map(Thing::Class), Some(Thing::Class(class.clone())), Vec::new())))
}

fn drop_class(db: &Connection, id: &str, reassign: Option<&str>, by: &str) -> Result<Made> {
    let Some((before, false)) = rows::find_class(db, id)? else {
        return no(Reason::UnknownClass, None);
    };
    if reassign == Some(id) || !is_class(db, reassign)? {
        return no(Reason::UnknownClass, Some(Thing::Class(before)));
    }
    let mut cells = rows::cells_of(db, id)?;
    for cell in &mut cells {
        cell.class = reassign.map(str::to_owned);
        cell.version += 1;
        if reassign.is_some() {
            by.clone_into(&mut cell.by);
        }
        rows::put_cell(db, cell, false)?;
    }
    rows::forget_class(db, id)?;
    rows::put_class(db, &before, true)?;
    Ok(Ok((Some(Thing::Class(before)), None, cells)))
}

/// Whether it is a class that cells may have; none always is.
fn is_class(db: &Connection, id: Option<&str>) -> Result<bool> {
    let Some(id) = id else { return Ok(true) };
    Ok(matches!(rows::find_class(db, id)?, Some((_, false))))
}

/// Sees whether the window of a cell crosses the border, or says what is wrong with where it is or with its class.
fn settle(db: &Connection, cell: &mut StoredCell) -> Result<Option<Reason>> {
    let Some(image) = rows::find_image(db, cell.image)? else { return Ok(Some(Reason::UnknownImage)) };
    let [n_t, n_z, _, h, w] = image.shape;
    let placed = WINDOW.place((cell.y, cell.x), h as usize, w as usize);
    match placed {
        Ok(window) if cell.t < n_t && cell.z < n_z => cell.flagged = window.crosses,
        _ => return Ok(Some(Reason::Outside)),
    }
    Ok((!is_class(db, cell.class.as_deref())?).then_some(Reason::UnknownClass))
}

/// Whether a class can be called so, and a folder too.
#[must_use]
pub fn is_class_name(name: &str) -> bool {
    let is_bad = name.trim() != name
        || name.is_empty()
        || name.len() > MAX_TEXT
        || name.starts_with('.')
        || name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control());
    !is_bad
}

fn unusual(class: &Class) -> Option<Reason> {
    if !is_class_name(&class.name) {
        return Some(Reason::BadName);
    }
    let is_color = class.color.len() == 7
        && class.color.starts_with('#')
        && class.color[1..].bytes().all(|b| b.is_ascii_hexdigit());
    let fits = is_uuid(&class.id)
        && is_color
        && class.shape.len() <= MAX_TEXT
        && class.hotkey.is_none_or(|key| (1..=9).contains(&key));
    (!fits).then_some(Reason::Malformed)
}

/// Whether it is 8-4-4-4-12 hexadecimal digits.
#[must_use]
pub fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

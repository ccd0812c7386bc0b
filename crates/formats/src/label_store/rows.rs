//! Cells, classes, images and gestures as rows.

use rusqlite::{Connection, OptionalExtension, Result, Row, params};

use super::edit::{Class, Logged, StoredCell, StoredImage};

const CELL: &str = "id, image, t, z, y, x, class, by, version, flagged, deleted";
const CLASS: &str = "id, name, color, shape, hotkey, target, position, dropped";

fn cell(row: &Row) -> Result<(StoredCell, bool)> {
    let cell = StoredCell {
        id: row.get(0)?,
        image: row.get(1)?,
        t: row.get(2)?,
        z: row.get(3)?,
        y: row.get(4)?,
        x: row.get(5)?,
        class: row.get(6)?,
        by: row.get(7)?,
        version: row.get(8)?,
        flagged: row.get(9)?,
    };
    Ok((cell, row.get(10)?))
}

fn class(row: &Row) -> Result<(Class, bool)> {
    let class = Class {
        id: row.get(0)?,
        name: row.get(1)?,
        color: row.get(2)?,
        shape: row.get(3)?,
        hotkey: row.get(4)?,
        target: row.get(5)?,
        position: row.get(6)?,
    };
    Ok((class, row.get(7)?))
}

/// A cell, and whether it is deleted.
pub(super) fn find_cell(db: &Connection, id: &str) -> Result<Option<(StoredCell, bool)>> {
    let sql = format!("SELECT {CELL} FROM cells WHERE id = ?1");
    db.prepare_cached(&sql)?.query_row([id], cell).optional()
}

/// All cells that are not deleted, in the order in which they were added.
pub(super) fn all_cells(db: &Connection) -> Result<Vec<StoredCell>> {
    let sql = format!("SELECT {CELL} FROM cells WHERE NOT deleted ORDER BY number");
    db.prepare_cached(&sql)?.query_map([], |row| Ok(cell(row)?.0))?.collect()
}

/// Cells of an image that are not deleted, in the order in which they were added.
pub(super) fn cells_of_image(db: &Connection, image: i64) -> Result<Vec<StoredCell>> {
    let sql = format!("SELECT {CELL} FROM cells WHERE image = ?1 AND NOT deleted ORDER BY number");
    db.prepare_cached(&sql)?.query_map([image], |row| Ok(cell(row)?.0))?.collect()
}

/// Cells of a class that are not deleted.
pub(super) fn cells_of(db: &Connection, class: &str) -> Result<Vec<StoredCell>> {
    let sql = format!("SELECT {CELL} FROM cells WHERE class = ?1 AND NOT deleted ORDER BY number");
    db.prepare_cached(&sql)?.query_map([class], |row| Ok(cell(row)?.0))?.collect()
}

/// Cells of a frame that are not deleted.
pub(super) fn cells_of_frame(db: &Connection, image: i64, t: u32) -> Result<Vec<StoredCell>> {
    let sql = format!("SELECT {CELL} FROM cells WHERE image = ?1 AND t = ?2 AND NOT deleted ORDER BY number");
    db.prepare_cached(&sql)?.query_map(params![image, t], |row| Ok(cell(row)?.0))?.collect()
}

/// Takes a class from all cells that were deleted under it.
pub(super) fn forget_class(db: &Connection, class: &str) -> Result<usize> {
    db.prepare_cached("UPDATE cells SET class = NULL WHERE class = ?1 AND deleted")?.execute([class])
}

/// Writes a cell, new or not.
pub(super) fn put_cell(db: &Connection, c: &StoredCell, deleted: bool) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO cells (id, image, t, z, y, x, class, by, version, flagged, deleted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (id) DO UPDATE SET t = ?3, z = ?4, y = ?5, x = ?6, class = ?7, by = ?8, version = ?9,
                                        flagged = ?10, deleted = ?11",
    )?
    .execute(params![c.id, c.image, c.t, c.z, c.y, c.x, c.class, c.by, c.version, c.flagged, deleted])
}

/// A class, and whether it is dropped.
pub(super) fn find_class(db: &Connection, id: &str) -> Result<Option<(Class, bool)>> {
    let sql = format!("SELECT {CLASS} FROM classes WHERE id = ?1");
    db.prepare_cached(&sql)?.query_row([id], class).optional()
}

/// All classes that are not dropped, by position.
pub(super) fn all_classes(db: &Connection) -> Result<Vec<Class>> {
    let sql = format!("SELECT {CLASS} FROM classes WHERE NOT dropped ORDER BY position, id");
    db.prepare_cached(&sql)?.query_map([], |row| Ok(class(row)?.0))?.collect()
}

/// Writes a class, new or not.
pub(super) fn put_class(db: &Connection, c: &Class, dropped: bool) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO classes (id, name, color, shape, hotkey, target, position, dropped)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET name = ?2, color = ?3, shape = ?4, hotkey = ?5, target = ?6, position = ?7, dropped = ?8",
    )?
    .execute(params![c.id, c.name, c.color, c.shape, c.hotkey, c.target, c.position, dropped])
}

/// Writes an image, new or not, and gives its number.
pub(super) fn put_image(db: &Connection, image: &StoredImage) -> Result<i64> {
    let StoredImage { name, path, field, fingerprint, shape: [n_t, n_z, n_c, h, w], .. } = image;
    db.prepare_cached(
        "INSERT INTO images (name, path, field, fingerprint, n_t, n_z, n_c, h, w)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (fingerprint, field) DO UPDATE SET name = ?1, path = ?2 RETURNING id",
    )?
    .query_row(params![name, path, field, fingerprint, n_t, n_z, n_c, h, w], |row| row.get(0))
}

/// All images by number.
pub(super) fn all_images(db: &Connection) -> Result<Vec<StoredImage>> {
    let sql = "SELECT id, name, path, field, fingerprint, n_t, n_z, n_c, h, w FROM images ORDER BY id";
    db.prepare_cached(sql)?.query_map([], image)?.collect()
}

/// An image.
pub(super) fn find_image(db: &Connection, id: i64) -> Result<Option<StoredImage>> {
    let sql = "SELECT id, name, path, field, fingerprint, n_t, n_z, n_c, h, w FROM images WHERE id = ?1";
    db.prepare_cached(sql)?.query_row([id], image).optional()
}

fn image(row: &Row) -> Result<StoredImage> {
    Ok(StoredImage {
        id: row.get(0)?,
        name: row.get(1)?,
        path: row.get(2)?,
        field: row.get(3)?,
        fingerprint: row.get(4)?,
        shape: [row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?, row.get(9)?],
    })
}

/// The newest revision; 0 when there is none.
pub(super) fn revision(db: &Connection) -> Result<i64> {
    db.prepare_cached("SELECT coalesce(max(revision), 0) FROM gestures")?.query_row([], |row| row.get(0))
}

/// A gesture with what of it was refused, as JSON.
pub(super) fn find_gesture(db: &Connection, gesture: &str) -> Result<Option<(Logged, String)>> {
    let sql =
        "SELECT revision, gesture, client, by, at, undoes, edits, refused FROM gestures WHERE gesture = ?1";
    db.prepare_cached(sql)?.query_row([gesture], |row| Ok((logged(row)?, row.get(7)?))).optional()
}

/// Gestures above a revision up to another, of everybody or of one labeller, without those of a client.
pub(super) fn gestures_between(
    db: &Connection,
    above: i64,
    upto: i64,
    by: Option<&str>,
    without: Option<&str>,
) -> Result<Vec<Logged>> {
    let sql = "SELECT revision, gesture, client, by, at, undoes, edits FROM gestures
               WHERE revision > ?1 AND revision <= ?2 AND (?3 IS NULL OR by = ?3)
                     AND (?4 IS NULL OR client <> ?4) ORDER BY revision";
    db.prepare_cached(sql)?.query_map(params![above, upto, by, without], logged)?.collect()
}

/// The last gestures below a revision, of everybody or of one labeller, from the newest back until they are `most` or their edits
/// `most_json` bytes; and whether there are earlier ones.
pub(super) fn gestures_before(
    db: &Connection,
    before: i64,
    by: Option<&str>,
    (most, most_json): (usize, usize),
) -> Result<(Vec<Logged>, bool)> {
    let sql = "SELECT revision, gesture, client, by, at, undoes, edits FROM gestures
               WHERE revision < ?1 AND (?2 IS NULL OR by = ?2) ORDER BY revision DESC";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![before, by])?;
    let (mut gestures, mut size) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        if gestures.len() >= most || size >= most_json {
            return Ok((gestures, true));
        }
        size += row.get_ref(6)?.as_bytes()?.len();
        gestures.push(logged(row)?);
    }
    Ok((gestures, false))
}

fn logged(row: &Row) -> Result<Logged> {
    let edits: String = row.get(6)?;
    let edits = serde_json::from_str(&edits).map_err(|e| {
        rusqlite::Error::FromSqlConversionFailure(6, rusqlite::types::Type::Text, Box::new(e))
    })?;
    Ok(Logged {
        revision: row.get(0)?,
        gesture: row.get(1)?,
        client: row.get(2)?,
        by: row.get(3)?,
        at: row.get(4)?,
        undoes: row.get(5)?,
        edits,
    })
}

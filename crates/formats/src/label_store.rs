//! The label store, `study.sqlite`: an append-only log of edits, and the cells and classes that it amounts to.
//!
//! The log (table `gestures`) is the truth: rows are only added, triggers refuse everything else. The tables `cells` and
//! `classes` are what the log amounts to, written in the same transaction; [`LabelStore::check`] makes them anew and compares. A
//! gesture is answered after the transaction is on the disk (write-ahead log, `synchronous = FULL`: an fsync per
//! transaction). Several processes may have one store open.
//!
//! | table | a row is |
//! |---|---|
//! | `gestures` | what one labeller did at once: `revision` (1, 2, …), `gesture` (UUID), `client`, `by`, `at` (UTC), `undoes`, `edits` and `refused` (JSON) |
//! | `cells` | a cell: `id` (UUID), `image`, `t`, `z`, `y`, `x` (pixels, the centre of the first is 0), `class`, `by`, `version`, `flagged`, `deleted` |
//! | `classes` | a class: `id`, `name`, `color`, `shape`, `hotkey`, `target`, `position`, `dropped` |
//! | `images` | an image that was opened: `name`, `path`, `field`, `fingerprint`, sizes |
//! | `labellers` | the name of who labels in a browser |

mod apply;
mod edit;
mod rows;
mod schema;

pub use apply::{MAX_EDITS, WINDOW, is_class_name, is_uuid};
pub use edit::{
    Answer, Applied, Class, Edit, Gesture, Labels, Logged, Reason, Refused, StoredCell, StoredImage, Thing,
};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use crate::FormatError;

/// Most gestures that are given at once.
const MAX_GESTURES: i64 = 1000;
/// Most JSON of edits that is given at once, bytes; one gesture may have more.
const MAX_JSON: i64 = 8 << 20;
/// Most gestures given at once on the way back through the log, and bytes of edits after which no more are added.
const PART: (usize, usize) = (200, 1 << 20);

/// Why the store did not do what it was asked for. Nothing was changed then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The file is no label store, or a damaged one.
    #[error(transparent)]
    Refused(FormatError),
    /// The disk, or whoever else has the store open, does not let it. Later it may.
    #[error(transparent)]
    NotKept(FormatError),
    /// The gesture makes no sense.
    #[error("the gesture: expected {expected}, found {found}")]
    Gesture {
        /// What a gesture should have.
        expected: String,
        /// What this one has.
        found: String,
    },
}

impl StoreError {
    fn refuse(path: &Path, expected: impl Into<String>, found: impl Into<String>) -> Self {
        StoreError::Refused(FormatError::new(path, expected, found))
    }

    fn of(path: &Path, error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::refuse(path, "an undamaged label store", error.to_string())
            }
            _ => StoreError::NotKept(FormatError::new(
                path,
                "a label store that can be read and written",
                error.to_string(),
            )),
        }
    }
}

/// An open label store.
pub struct LabelStore {
    path: PathBuf,
    db: Connection,
    backup: Option<PathBuf>,
}

impl LabelStore {
    /// Opens a store, or makes an empty one. One of an older version is copied beside it and brought up to date.
    ///
    /// # Errors
    /// When it is something else, damaged, of a newer version, or cannot be written.
    ///
    /// # Examples
    /// ```
    /// use formats::label_store::{Edit, Gesture, LabelStore, StoredImage};
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mut store = LabelStore::open(&dir.path().join("study.sqlite"))?;
    /// let (name, path, fingerprint) = ("movie.tif".into(), "/data/movie.tif".into(), "of its bytes".into());
    /// let shape = [10, 1, 1, 512, 512];
    /// let image = store.number(&[StoredImage { id: 0, name, path, field: 0, fingerprint, shape }])?[0];
    /// let id = "6a0d7c1e-0000-4000-8000-000000000001".to_owned();
    /// let add = Edit::Add { id, image, t: 3, z: 0, y: 100.5, x: 20.0, class: None, suggestion: None, version: None };
    /// let gesture = "6a0d7c1e-0000-4000-8000-000000000002".to_owned();
    /// let gesture = Gesture { client: "page".into(), base: 0, gesture, undoes: None, edits: vec![add] };
    /// assert_eq!(store.apply(&gesture, "Anna")?.applied.len(), 1);
    /// assert_eq!(store.labels()?.cells[0].by, "Anna");
    /// # Ok::<(), formats::label_store::StoreError>(())
    /// ```
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let mut db = Connection::open(path).map_err(|e| StoreError::of(path, &e))?;
        let backup = schema::prepare(path, &mut db)?;
        Ok(LabelStore { path: path.to_path_buf(), db, backup })
    }

    /// The copy of the older store, when it was one.
    #[must_use]
    pub fn backup(&self) -> Option<&Path> {
        self.backup.as_deref()
    }

    /// The numbers of images, whose own `id` says nothing: the one that an image had when it was opened before, as its fingerprint
    /// and field tell, else a new one. Their names and paths become these. All are written at once.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn number(&mut self, images: &[StoredImage]) -> Result<Vec<i64>, StoreError> {
        let mut write = || -> rusqlite::Result<Vec<i64>> {
            let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let numbers = images.iter().map(|image| rows::put_image(&tx, image)).collect::<Result<_, _>>()?;
            tx.commit()?;
            Ok(numbers)
        };
        write().map_err(|e| StoreError::of(&self.path, &e))
    }

    /// All images that were ever opened.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn images(&self) -> Result<Vec<StoredImage>, StoreError> {
        rows::all_images(&self.db).map_err(|e| StoreError::of(&self.path, &e))
    }

    /// The cells and classes that are there now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labels(&self) -> Result<Labels, StoreError> {
        self.labels_with(rows::all_cells)
    }

    /// The cells of one image that are there now, and all classes.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labels_of(&self, image: i64) -> Result<Labels, StoreError> {
        self.labels_with(|db| rows::cells_of_image(db, image))
    }

    fn labels_with(
        &self,
        cells: impl FnOnce(&Connection) -> rusqlite::Result<Vec<StoredCell>>,
    ) -> Result<Labels, StoreError> {
        let read = || -> rusqlite::Result<Labels> {
            // One transaction: no gesture of another process comes between.
            let tx = self.db.unchecked_transaction()?;
            Ok(Labels {
                revision: rows::revision(&tx)?,
                classes: rows::all_classes(&tx)?,
                cells: cells(&tx)?,
            })
        };
        read().map_err(|e| StoreError::of(&self.path, &e))
    }

    /// The classes that are there now, by position.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn classes(&self) -> Result<Vec<Class>, StoreError> {
        rows::all_classes(&self.db).map_err(|e| StoreError::of(&self.path, &e))
    }

    /// The cells of one frame of an image that are there now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cells_of_frame(&self, image: i64, t: u32) -> Result<Vec<StoredCell>, StoreError> {
        rows::cells_of_frame(&self.db, image, t).map_err(|e| StoreError::of(&self.path, &e))
    }

    /// The cell of this id, when there is one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn cell(&self, id: &str) -> Result<Option<StoredCell>, StoreError> {
        let found = rows::find_cell(&self.db, id).map_err(|e| StoreError::of(&self.path, &e))?;
        Ok(found.and_then(|(cell, deleted)| (!deleted).then_some(cell)))
    }

    /// Whether there is or was a cell of this id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn knows(&self, cell: &str) -> Result<bool, StoreError> {
        let found = rows::find_cell(&self.db, cell).map_err(|e| StoreError::of(&self.path, &e))?;
        Ok(found.is_some())
    }

    /// The newest revision.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revision(&self) -> Result<i64, StoreError> {
        rows::revision(&self.db).map_err(|e| StoreError::of(&self.path, &e))
    }

    /// Makes the edits of a gesture, all in one transaction, and answers when they are on the disk. An edit that does not fit
    /// what is there is refused and the others are made. A gesture that was made before is answered as then.
    ///
    /// # Errors
    /// When the gesture is malformed, or the store cannot be written; nothing was changed then.
    pub fn apply(&mut self, gesture: &Gesture, by: &str) -> Result<Answer, StoreError> {
        check(gesture)?;
        self.transact(gesture, by).map_err(|e| StoreError::of(&self.path, &e))
    }

    fn transact(&mut self, gesture: &Gesture, by: &str) -> rusqlite::Result<Answer> {
        let tx = self.db.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if let Some((logged, refused)) = rows::find_gesture(&tx, &gesture.gesture)? {
            let (since, more) = since(&tx, gesture, logged.revision)?;
            let refused = serde_json::from_str(&refused).map_err(into_sql)?;
            let Logged { revision, gesture, edits: applied, .. } = logged;
            return Ok(Answer { revision, gesture, applied, refused, since, more });
        }
        let (mut applied, mut refused) = (Vec::new(), Vec::new());
        for (index, edit) in gesture.edits.iter().enumerate() {
            match apply::apply(&tx, index, edit, by)? {
                Ok(made) => applied.push(made),
                Err(not) => refused.push(not),
            }
        }
        let edits = serde_json::to_string(&applied).map_err(into_sql)?;
        let not = serde_json::to_string(&refused).map_err(into_sql)?;
        let revision = tx
            .prepare_cached(
                "INSERT INTO gestures (revision, gesture, client, by, at, undoes, edits, refused)
                 VALUES ((SELECT coalesce(max(revision), 0) + 1 FROM gestures), ?1, ?2, ?3,
                         strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?4, ?5, ?6) RETURNING revision",
            )?
            .query_row(params![gesture.gesture, gesture.client, by, gesture.undoes, edits, not], |r| {
                r.get(0)
            })?;
        let (since, more) = since(&tx, gesture, revision)?;
        tx.commit()?;
        Ok(Answer { revision, gesture: gesture.gesture.clone(), applied, refused, since, more })
    }

    /// The newest revision, the gestures above one, of everybody or of one labeller, and whether there are more than are given at
    /// once.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn log(&self, after: i64, by: Option<&str>) -> Result<(i64, Vec<Logged>, bool), StoreError> {
        let read = || -> rusqlite::Result<(i64, Vec<Logged>, bool)> {
            let tx = self.db.unchecked_transaction()?;
            let newest = rows::revision(&tx)?;
            let (upto, n): (Option<i64>, i64) = tx
                .prepare_cached(
                    "SELECT max(CASE WHEN n <= ?3 AND size <= ?4 THEN revision END), count(*) FROM (
                        SELECT revision, row_number() OVER all_before AS n,
                               sum(length(edits)) OVER all_before - length(edits) AS size
                        FROM gestures WHERE revision > ?1 AND (?2 IS NULL OR by = ?2)
                        WINDOW all_before AS (ORDER BY revision)
                     )",
                )?
                .query_row(params![after, by, MAX_GESTURES, MAX_JSON], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?;
            let gestures = rows::gestures_between(&tx, after, upto.unwrap_or(after), by, None)?;
            let more = n > gestures.len() as i64;
            Ok((newest, gestures, more))
        };
        read().map_err(|e| StoreError::of(&self.path, &e))
    }

    /// The last gestures below a revision, the oldest first, of everybody or of one labeller, and whether there are earlier ones:
    /// for going back through the log in parts.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn log_before(&self, before: i64, by: Option<&str>) -> Result<(Vec<Logged>, bool), StoreError> {
        let found = rows::gestures_before(&self.db, before, by, PART);
        let (mut gestures, more) = found.map_err(|e| StoreError::of(&self.path, &e))?;
        gestures.reverse();
        Ok((gestures, more))
    }

    /// The name of who labels in the browser with this session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labeller(&self, session: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT name FROM labellers WHERE session = ?1";
        let found = self.db.query_row(sql, [session], |row| row.get(0)).optional();
        found.map_err(|e| StoreError::of(&self.path, &e))
    }

    /// Names who labels in the browser with this session.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn name_labeller(&mut self, session: &str, name: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO labellers (session, name) VALUES (?1, ?2)
                   ON CONFLICT (session) DO UPDATE SET name = ?2";
        self.db.execute(sql, [session, name]).map_err(|e| StoreError::of(&self.path, &e))?;
        Ok(())
    }

    /// Makes cells and classes anew from the log and compares them with those of the tables.
    ///
    /// # Errors
    /// When they differ, or the store cannot be read.
    pub fn check(&self) -> Result<(), StoreError> {
        let failed = |e: rusqlite::Error| StoreError::of(&self.path, &e);
        let (mut cells, mut classes) = (BTreeMap::new(), BTreeMap::new());
        let newest = rows::revision(&self.db).map_err(failed)?;
        for revision in 0..newest {
            let gestures =
                rows::gestures_between(&self.db, revision, revision + 1, None, None).map_err(failed)?;
            if gestures.len() != 1 {
                let found = format!("a gap at {}", revision + 1);
                return Err(StoreError::refuse(&self.path, format!("revisions 1 to {newest}"), found));
            }
            gestures.iter().flat_map(|g| &g.edits).for_each(|made| replay(made, &mut cells, &mut classes));
        }
        let now = self.labels()?;
        let same = now.cells.len() == cells.len()
            && now.classes.len() == classes.len()
            && now.cells.iter().all(|cell| cells.get(&cell.id) == Some(cell))
            && now.classes.iter().all(|class| classes.get(&class.id) == Some(class));
        if same {
            return Ok(());
        }
        let expected = format!("the {} cells and {} classes of the log", cells.len(), classes.len());
        let found = format!("others, {} and {}", now.cells.len(), now.classes.len());
        Err(StoreError::refuse(&self.path, expected, found))
    }
}

fn replay(made: &Applied, cells: &mut BTreeMap<String, StoredCell>, classes: &mut BTreeMap<String, Class>) {
    match (&made.before, &made.after) {
        (_, Some(Thing::Cell(cell))) => {
            cells.insert(cell.id.clone(), cell.clone());
        }
        (_, Some(Thing::Class(class))) => {
            classes.insert(class.id.clone(), class.clone());
        }
        (Some(Thing::Cell(cell)), None) => {
            cells.remove(&cell.id);
        }
        (Some(Thing::Class(class)), None) => {
            classes.remove(&class.id);
        }
        (None, None) => {}
    }
    cells.extend(made.cells.iter().map(|cell| (cell.id.clone(), cell.clone())));
}

/// Gestures of others between the base of a gesture and its revision; none, and true, when they are too many.
fn since(db: &Connection, gesture: &Gesture, revision: i64) -> rusqlite::Result<(Vec<Logged>, bool)> {
    let (n, size): (i64, i64) = db
        .prepare_cached(
            "SELECT count(*), coalesce(sum(length(edits)), 0) FROM gestures
             WHERE revision > ?1 AND revision < ?2 AND client <> ?3",
        )?
        .query_row(params![gesture.base, revision, gesture.client], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if n > MAX_GESTURES || size > MAX_JSON {
        return Ok((Vec::new(), true));
    }
    let others = Some(gesture.client.as_str());
    Ok((rows::gestures_between(db, gesture.base, revision - 1, None, others)?, false))
}

fn check(gesture: &Gesture) -> Result<(), StoreError> {
    let refuse =
        |expected: &str, found: String| Err(StoreError::Gesture { expected: expected.to_owned(), found });
    let Gesture { client, gesture: id, undoes, edits, .. } = gesture;
    if !apply::is_uuid(id) {
        return refuse("a UUID as gesture", format!("{id:?}"));
    }
    if let Some(other) = undoes.as_ref().filter(|id| !apply::is_uuid(id)) {
        return refuse("a UUID that it undoes", format!("{other:?}"));
    }
    if client.is_empty() || client.len() > 100 {
        return refuse("a client's name of 1 to 100 bytes", client.len().to_string());
    }
    if edits.is_empty() || edits.len() > MAX_EDITS {
        return refuse(&format!("1 to {MAX_EDITS} edits"), edits.len().to_string());
    }
    Ok(())
}

fn into_sql(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

#[cfg(test)]
mod tests;

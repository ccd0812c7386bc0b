//! Tables of the store, and how older stores become newer ones.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// Says in the file's header that it is a label store.
const APPLICATION: i32 = 0x4d6f_4c61;

/// Each makes a store of the version before into one of the next; version 1 is an empty one. Never changed, only added to.
const MIGRATIONS: [&str; 2] = [
    "
CREATE TABLE images (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, path TEXT NOT NULL, field INTEGER NOT NULL,
    fingerprint TEXT NOT NULL, n_t INTEGER NOT NULL, n_z INTEGER NOT NULL, n_c INTEGER NOT NULL,
    h INTEGER NOT NULL, w INTEGER NOT NULL, UNIQUE (fingerprint, field)
) STRICT;
CREATE TABLE gestures (
    revision INTEGER PRIMARY KEY, gesture TEXT NOT NULL UNIQUE, client TEXT NOT NULL, by TEXT NOT NULL,
    at TEXT NOT NULL, undoes TEXT, edits TEXT NOT NULL, refused TEXT NOT NULL
) STRICT;
CREATE TRIGGER gestures_stay BEFORE UPDATE ON gestures BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER gestures_are_kept BEFORE DELETE ON gestures BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TABLE classes (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, color TEXT NOT NULL, shape TEXT NOT NULL, hotkey INTEGER,
    target INTEGER, position INTEGER NOT NULL, dropped INTEGER NOT NULL
) STRICT;
CREATE TABLE cells (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, image INTEGER NOT NULL REFERENCES images (id),
    t INTEGER NOT NULL, z INTEGER NOT NULL, y REAL NOT NULL, x REAL NOT NULL, class TEXT REFERENCES classes (id),
    by TEXT NOT NULL, version INTEGER NOT NULL, flagged INTEGER NOT NULL, deleted INTEGER NOT NULL
) STRICT;
CREATE INDEX cells_by_class ON cells (class);
CREATE INDEX cells_by_frame ON cells (image, t);
",
    // People keep their names when the program is started anew.
    "
CREATE TABLE labellers (session TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT;
",
];

/// Prepares a connection and brings the store to the present version; an older store is copied beside it first.
///
/// Returns the copy's path when there is one.
pub(super) fn prepare(path: &Path, connection: &mut Connection) -> Result<Option<PathBuf>, StoreError> {
    let read = |e: rusqlite::Error| StoreError::of(path, &e);
    connection.busy_timeout(std::time::Duration::from_secs(10)).map_err(read)?;
    let pragma = |name: &str| -> Result<i64, StoreError> {
        connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).map_err(read)
    };
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let n_tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(read)?;
    let known = MIGRATIONS.len() as i64;
    if n_tables > 0 && application != i64::from(APPLICATION) {
        return Err(StoreError::refuse(path, "a label store", "another kind of SQLite database"));
    }
    if version > known {
        let expected = format!("a label store of version {known} or older");
        return Err(StoreError::refuse(path, expected, format!("version {version}")));
    }
    let damage: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(read)?;
    if damage != "ok" {
        return Err(StoreError::refuse(path, "an undamaged label store", damage));
    }
    connection
        .execute_batch(
            "PRAGMA trusted_schema = OFF; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        )
        .map_err(read)?;
    let backup = if (1..known).contains(&version) { Some(back_up(path, connection, version)?) } else { None };
    migrate(path, connection, usize::try_from(version).unwrap_or(0))?;
    Ok(backup)
}

/// A whole copy of the store beside it, with its version in the name.
fn back_up(path: &Path, connection: &Connection, version: i64) -> Result<PathBuf, StoreError> {
    let free = |k: u32| {
        let number = if k == 0 { String::new() } else { format!("-{k}") };
        path.with_extension(format!("v{version}{number}.backup.sqlite"))
    };
    let copy = (0..).map(free).find(|copy| !copy.exists()).unwrap_or_else(|| free(0));
    let name = copy.to_str().ok_or_else(|| StoreError::refuse(path, "a path in UTF-8", "another"))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|e| StoreError::of(&copy, &e))?;
    // What VACUUM writes is not synchronised by itself.
    std::fs::File::open(&copy)
        .and_then(|file| file.sync_all())
        .map_err(|e| StoreError::refuse(&copy, "a copy of the older store", e.to_string()))?;
    Ok(copy)
}

fn migrate(path: &Path, connection: &mut Connection, from: usize) -> Result<(), StoreError> {
    if from >= MIGRATIONS.len() {
        return Ok(());
    }
    let failed = |e: rusqlite::Error| StoreError::of(path, &e);
    let all = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have been faster.
    let now: i64 = all.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    for migration in MIGRATIONS.iter().skip(usize::try_from(now).unwrap_or(from)) {
        all.execute_batch(migration).map_err(failed)?;
    }
    all.pragma_update(None, "application_id", APPLICATION).map_err(failed)?;
    all.pragma_update(None, "user_version", MIGRATIONS.len() as i64).map_err(failed)?;
    all.commit().map_err(failed)
}

/// Makes a store as the first version of the program did.
#[cfg(test)]
pub(super) fn make_first_version(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch(MIGRATIONS[0])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", 1)
}

//! Writing a file or folder so that it is there completely or not at all.
//!
//! Everything is written beside its name, brought to the disk (fsync) and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::FormatError;

/// How the names of unfinished files begin; they are hidden and vanish when writing fails.
const PREFIX: &str = ".writing-";

/// Writes `path` with `fill`; what was there before stays untouched until the new content is complete.
///
/// # Errors
/// When `path` is something else than a regular file, its folder is missing or not writable, or the disk is full.
///
/// # Examples
/// ```
/// use std::io::Write;
/// # let dir = tempfile::tempdir().unwrap();
/// # let path = dir.path().join("a.txt");
/// formats::atomic::write_file(&path, |out| out.write_all(b"done"))?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"done");
/// # Ok::<(), formats::FormatError>(())
/// ```
pub fn write_file(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<&mut File>) -> io::Result<()>,
) -> Result<(), FormatError> {
    check_file(path)?;
    let unwritable = |e: &io::Error| FormatError::io(path, "a file that can be written", e);
    let folder = parent(path);
    let mut temporary = new_file(&folder).map_err(|e| unwritable(&e))?;
    let mut out = BufWriter::new(temporary.as_file_mut());
    fill(&mut out).and_then(|()| out.flush()).map_err(|e| unwritable(&e))?;
    drop(out);
    temporary.as_file().sync_all().map_err(|e| unwritable(&e))?;
    temporary.persist(path).map_err(|e| unwritable(&e.error))?;
    sync_folder(&folder).map_err(|e| unwritable(&e))
}

/// Whether [`write_file`] may write `path`: to refuse before long work rather than after it.
///
/// # Errors
/// When `path` is something else than a regular file, or its folder is missing.
pub fn check_file(path: &Path) -> Result<(), FormatError> {
    if let Ok(metadata) = fs::metadata(path)
        && !metadata.is_file()
    {
        let found = if metadata.is_dir() { "a folder" } else { "a device or pipe" };
        return Err(FormatError::new(path, "a regular file or a free name", found));
    }
    check_parent(path)
}

/// Whether [`write_folder`] may make `path`: to refuse before long work rather than after it.
///
/// # Errors
/// When something else than an empty folder or one with `mark` is there, or the folder around it is missing.
pub fn check_folder(path: &Path, mark: &str) -> Result<(), FormatError> {
    let is_empty = || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    if fs::symlink_metadata(path).is_ok() && !path.join(mark).is_file() && !is_empty() {
        let expected = format!("a free name, an empty folder, or one with {mark}, which may be replaced");
        return Err(FormatError::new(path, expected, "something else, which is left alone"));
    }
    check_parent(path)
}

/// Makes the folder `path` with `fill`, which gets an empty folder beside it. A folder that is already there is
/// replaced when it is empty or holds a file named `mark`, which says that it is one of ours; otherwise it is left
/// alone.
///
/// # Errors
/// When something else is there, the disk is full, or `fill` fails; then nothing of the new folder remains, and the
/// error names the file as it would have been called.
pub fn write_folder(
    path: &Path,
    mark: &str,
    fill: impl FnOnce(&Path) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    check_folder(path, mark)?;
    let unwritable = |e: &io::Error| FormatError::io(path, "a folder that can be written", e);
    let replaces = fs::symlink_metadata(path).is_ok();
    let folder = parent(path);
    let temporary =
        tempfile::Builder::new().prefix(PREFIX).tempdir_in(&folder).map_err(|e| unwritable(&e))?;
    let content = temporary.path().join("new");
    fs::create_dir(&content).map_err(|e| unwritable(&e))?;
    fill(&content).map_err(|e| e.moved(&content, path))?;
    sync_folder(&content).map_err(|e| unwritable(&e))?;
    let old = temporary.path().join("old");
    if replaces {
        fs::rename(path, &old).map_err(|e| unwritable(&e))?;
    }
    if let Err(error) = fs::rename(&content, path) {
        if replaces {
            fs::rename(&old, path).map_err(|e| unwritable(&e))?;
        }
        return Err(unwritable(&error));
    }
    sync_folder(&folder).map_err(|e| unwritable(&e))?;
    temporary.close().map_err(|e| unwritable(&e))
}

/// The folder a path lies in.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// The folder to write to must be there; making it could leave it behind when the work fails.
fn check_parent(path: &Path) -> Result<(), FormatError> {
    let folder = parent(path);
    let expected = || format!("the folder {} to write it to", folder.display());
    match fs::metadata(&folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(FormatError::new(path, expected(), "a file of that name")),
        Err(error) => Err(FormatError::io(path, expected(), &error)),
    }
}

/// A hidden temporary file beside its name, with the permissions that a plain new file has.
fn new_file(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Brings a rename to the disk.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

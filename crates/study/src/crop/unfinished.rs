//! A folder beside an output with what is finished of it, and the request that it belongs to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use formats::{FormatError, atomic};
use serde_json::Value;

use crate::StudyError;

/// What the rest of the folder belongs to.
const REQUEST: &str = "request.json";

/// The folder of `output` whose name ends in `ending`.
pub fn beside(output: &Path, ending: &str) -> PathBuf {
    let mut name = output.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes the folder for `request`. What an interrupted run left there is kept when `resume` is asked for, and thrown away otherwise;
/// `others` says what a folder of another request may differ in.
///
/// # Errors
/// When `resume` is asked for and the folder belongs to another request; when it cannot be made.
pub fn open(folder: &Path, request: &Value, resume: bool, others: &str) -> Result<(), StudyError> {
    let unwritable = |e: &io::Error| FormatError::io(folder, "a folder that can be written", e);
    let mark = folder.join(REQUEST);
    // A request that cannot be read is that of nobody.
    let before =
        fs::read(&mark).ok().map(|bytes| serde_json::from_slice::<Value>(&bytes).unwrap_or_default());
    match before {
        Some(before) if resume && &before == request => return Ok(()),
        Some(_) if resume => {
            let folder = folder.display();
            let message = format!("{folder}: expected what is left of the same command, found {others}");
            return Err(StudyError::Refused(message));
        }
        Some(_) => clear(folder).map_err(|e| unwritable(&e))?,
        None => {}
    }
    fs::create_dir_all(folder).map_err(|e| unwritable(&e))?;
    Ok(atomic::write_file(&mark, |out| out.write_all(request.to_string().as_bytes()))?)
}

/// Throws the folder away.
pub fn remove(folder: &Path) {
    // What cannot be removed does no harm.
    let _ = clear(folder);
}

/// Removes the request last: when this stops half-way, what is left must not be taken for parts of the next request.
fn clear(folder: &Path) -> io::Result<()> {
    let inside: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>()?;
    let mark = folder.join(REQUEST);
    inside.iter().filter(|path| path.is_file() && **path != mark).try_for_each(fs::remove_file)?;
    fs::remove_dir_all(folder)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_same_request_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let folder = beside(&place.path().join("a.crops"), ".parts");
        let part = folder.join("0");
        let [ours, theirs] = [json!({ "seed": 1 }), json!({ "seed": 2 })];
        open(&folder, &ours, true, "another").unwrap();
        fs::write(&part, "done").unwrap();
        open(&folder, &ours, true, "another").unwrap();
        assert!(part.exists());
        let refused = open(&folder, &theirs, true, "another").unwrap_err().to_string();
        assert!(refused.contains("a.crops.parts") && refused.ends_with("found another"), "{refused}");
        open(&folder, &ours, false, "another").unwrap();
        assert!(!part.exists());
        remove(&folder);
        assert!(!folder.exists());
    }

    #[test]
    fn parts_of_a_request_that_cannot_be_read_are_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("0");
        fs::write(&part, "done").unwrap();
        fs::write(folder.path().join(REQUEST), "{").unwrap();
        assert!(open(folder.path(), &json!({}), true, "another").is_err());
        open(folder.path(), &json!({}), false, "another").unwrap();
        assert!(!part.exists());
    }
}

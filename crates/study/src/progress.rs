//! How long work tells of itself and is asked to stop.

use stats::confusion::Confusion;

use crate::StudyError;
use crate::train::Epoch;

/// Receives progress; the shell draws a bar, the server sends events, tests listen.
pub trait Progress: Sync {
    /// A new piece of work begins, `total` units long.
    fn begin(&self, what: &str, total: u64);

    /// `done` of the units are finished; `note` is a short line of figures.
    fn advance(&self, done: u64, note: &str);

    /// The piece of work is over; `summary` is worth keeping on the screen.
    fn finish(&self, summary: &str);

    /// A line for the user that is not progress: a choice made, a warning.
    fn say(&self, line: &str);

    /// An epoch of training is over; `confusion` is of the cells held out, when there are any.
    fn epoch(&self, _figures: &Epoch, _confusion: Option<&Confusion>) {}

    /// Whether the user asked to stop.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Does `each` with all of `items`, some at a time, and shows how far it is.
///
/// # Errors
/// Of a part; a request to stop.
pub(crate) fn in_parts<T>(
    progress: &dyn Progress,
    what: &str,
    items: &[T],
    mut each: impl FnMut(&[T]) -> Result<(), StudyError>,
) -> Result<(), StudyError> {
    progress.begin(what, items.len() as u64);
    let mut n_done = 0;
    for part in items.chunks(PART) {
        stop_if_asked(progress)?;
        each(part)?;
        n_done += part.len();
        progress.advance(n_done as u64, "");
    }
    progress.finish("");
    Ok(())
}

/// Items between two looks at whether to go on: enough to keep all cores busy, and a second of work for a large network.
const PART: usize = 2048;

/// Ends work whose results are written all at once, in its end.
///
/// # Errors
/// A request to stop.
pub(crate) fn stop_if_asked(progress: &dyn Progress) -> Result<(), StudyError> {
    if progress.cancelled() {
        return Err(StudyError::Interrupted("nothing was written".to_owned()));
    }
    Ok(())
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: u64) {}
    fn advance(&self, _done: u64, _note: &str) {}
    fn finish(&self, _summary: &str) {}
    fn say(&self, _line: &str) {}
}

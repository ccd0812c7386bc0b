//! Reading of many files says how far it is, and can be ended.

use std::ops::ControlFlow;
use std::path::Path;

use crate::FormatError;

/// Files that are read between two looks at whether to go on.
pub(crate) const FILES: usize = 256;

/// Hears how many files of a source are read, 0 first, and how many there are; may end the reading.
pub type Watch<'a> = dyn Fn(usize, usize) -> ControlFlow<()> + 'a;

/// A [`Watch`] that lets everything be read.
pub fn unwatched(_done: usize, _n: usize) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

/// Tells `watch` that `done` of the `n` files of `path` are read.
///
/// # Errors
/// That it ends the reading.
pub(crate) fn tell(watch: &Watch, path: &Path, done: usize, n: usize) -> Result<(), FormatError> {
    match watch(done, n) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => {
            Err(FormatError::new(path, format!("to read {n} files"), format!("a stop after {done}")))
        }
    }
}

//! How long work tells of itself and is asked to stop.

use stats::confusion::Confusion;

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

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _what: &str, _total: u64) {}
    fn advance(&self, _done: u64, _note: &str) {}
    fn finish(&self, _summary: &str) {}
    fn say(&self, _line: &str) {}
}

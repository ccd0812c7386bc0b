//! Progress on the terminal, and Ctrl-C.

use std::sync::{
    Mutex, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use study::Progress;

use crate::out;

static CANCELLED: AtomicBool = AtomicBool::new(false);
static HANDLER: OnceLock<bool> = OnceLock::new();

/// A progress bar on standard error; plain lines where that is no terminal.
pub struct Bar {
    bar: Mutex<ProgressBar>,
}

impl Bar {
    /// A bar that is not yet shown. Ctrl-C asks for a clean stop from now on; a second one ends at once.
    pub fn new() -> Self {
        HANDLER.get_or_init(|| {
            ctrlc::set_handler(|| {
                if CANCELLED.swap(true, Ordering::SeqCst) {
                    std::process::exit(130);
                }
            })
            .is_ok()
        });
        Bar { bar: Mutex::new(ProgressBar::hidden()) }
    }

    fn with(&self, change: impl FnOnce(&mut ProgressBar)) {
        if let Ok(mut bar) = self.bar.lock() {
            change(&mut bar);
        }
    }
}

impl Progress for Bar {
    fn begin(&self, what: &str, total: u64) {
        let style = "{prefix:>14} {bar:30.cyan/blue} {percent:>3}%  {msg}  {eta} left";
        let style = ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.with(|bar| {
            *bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(8));
            bar.set_style(style);
            bar.set_prefix(what.to_owned());
        });
    }

    fn advance(&self, done: u64, note: &str) {
        self.with(|bar| {
            bar.set_position(done);
            bar.set_message(note.to_owned());
        });
    }

    fn finish(&self, summary: &str) {
        self.with(|bar| {
            bar.finish_and_clear();
            if !summary.is_empty() {
                out::tell(summary);
            }
            *bar = ProgressBar::hidden();
        });
    }

    fn say(&self, line: &str) {
        self.with(|bar| {
            if bar.is_hidden() {
                out::tell(line);
            } else {
                bar.println(line);
            }
        });
    }

    fn cancelled(&self) -> bool {
        CANCELLED.load(Ordering::SeqCst)
    }
}

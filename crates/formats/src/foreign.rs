//! Calling decoders by others, which may panic on damaged files.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::path::Path;
use std::sync::Once;

use crate::FormatError;

thread_local! {
    /// Whether this thread is inside a decoder, whose panics are caught and told as refusals.
    static DECODING: Cell<bool> = const { Cell::new(false) };
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Passes on every panic but those of decoders.
fn but_decoders(loud: Hook) -> Hook {
    Box::new(move |panic| {
        if !DECODING.get() {
            loud(panic);
        }
    })
}

fn keep_decoders_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(but_decoders(panic::take_hook())));
}

/// Runs a decoder; a panic becomes a refusal and prints nothing. What the decoder held is dropped or only used to read
/// again, so nothing half-changed is trusted.
pub(crate) fn decode<T>(
    path: &Path,
    expected: &str,
    decoder: impl FnOnce() -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    keep_decoders_quiet();
    let outer = DECODING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(decoder));
    DECODING.set(outer);
    result.unwrap_or_else(|_| Err(FormatError::new(path, expected, "a damaged one")))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn only_panics_of_decoders_are_quiet() {
        static HEARD: AtomicUsize = AtomicUsize::new(0);
        panic::set_hook(but_decoders(Box::new(|_| {
            HEARD.fetch_add(1, Ordering::SeqCst);
        })));
        for _ in 0..2 {
            assert!(decode::<()>(Path::new("a"), "an image", || panic!("a decoder's")).is_err());
        }
        assert_eq!(HEARD.load(Ordering::SeqCst), 0);
        assert!(catch_unwind(|| panic!("our own")).is_err());
        assert_eq!(HEARD.load(Ordering::SeqCst), 1);
        drop(panic::take_hook());
    }

    #[test]
    fn a_panic_becomes_a_refusal() {
        let numbers: Vec<usize> = Vec::new();
        let result = decode(Path::new("a.tif"), "a TIFF image", || Ok(numbers[0]));
        assert_eq!(
            result.map_err(|e| e.to_string()),
            Err("a.tif: expected a TIFF image, found a damaged one".to_owned())
        );
    }
}

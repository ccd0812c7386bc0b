//! Calling decoders by others, which may panic on damaged files.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::FormatError;

/// Runs a decoder; a panic becomes a refusal. Known ones: tiff 0.11, "attempt to multiply with overflow" for a huge
/// number of strips; arrow 60, "offset + len out of bounds" for damaged pages. What the decoder held is dropped or
/// only used to read again, so nothing half-changed is trusted.
pub(crate) fn decode<T>(
    path: &Path,
    expected: &str,
    decoder: impl FnOnce() -> Result<T, FormatError>,
) -> Result<T, FormatError> {
    catch_unwind(AssertUnwindSafe(decoder))
        .unwrap_or_else(|_| Err(FormatError::new(path, expected, "a damaged one")))
}

#[cfg(test)]
mod tests {
    use super::*;

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

//! Names of channels that nobody named.
//!
//! Arrays do not say what their channels are: they are numbered, `channel 0`, `channel 1`, …. Images in class folders
//! with three channels are taken for photographs: `red`, `green`, `blue`.

/// Names of the channels of a photograph.
const COLOURS: [&str; 3] = ["red", "green", "blue"];

/// Names of `c` channels of an array.
#[must_use]
pub fn numbered(c: usize) -> Vec<String> {
    (0..c).map(|i| format!("channel {i}")).collect()
}

/// Names of the channels of a photograph.
#[must_use]
pub fn colours() -> Vec<String> {
    COLOURS.map(str::to_owned).to_vec()
}

/// Whether the names are those of [`numbered`], which say nothing.
#[must_use]
pub fn are_numbered(names: &[String]) -> bool {
    names == numbered(names.len())
}

/// Whether two lists may mean the same channels although they differ: as many names, and nobody gave either.
///
/// ```
/// use formats::channels::{colours, interchangeable, numbered};
/// assert!(interchangeable(&colours(), &numbered(3)));
/// assert!(!interchangeable(&["GFP".to_owned()], &numbered(1)));
/// ```
#[must_use]
pub fn interchangeable(a: &[String], b: &[String]) -> bool {
    let is_default = |names: &[String]| are_numbered(names) || names == COLOURS;
    a.len() == b.len() && is_default(a) && is_default(b)
}

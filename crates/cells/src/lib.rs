//! The nouns and pixel operations: image, cell, crop, normalise, augment, split, doctor, simulate; no I/O.
//!
//! Everywhere in this crate pixel arrays are `[n, h, w, c]` in C order: cell, row, column, channel.

pub mod augment;
pub mod crop;
pub mod cut;
pub mod doctor;
pub mod normalise;
pub mod simulate;
pub mod split;

pub use crop::{Cell, CellSet, CropShape, CropSource, Depth, Fact, Pixels};

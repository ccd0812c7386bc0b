//! The only place that knows file formats; every file is hostile.
//!
//! Readers take bytes or a reader underneath, check lengths before they allocate, and refuse with a [`FormatError`]
//! that has the path, what was expected and what was found. Writers are [`atomic`].

pub mod atomic;
mod error;
mod input;
pub mod model;
pub mod table;

pub use error::FormatError;

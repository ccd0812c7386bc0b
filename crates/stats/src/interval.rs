//! How far a figure may be off, at a confidence of [`LEVEL`].

mod bootstrap;
mod overdispersed;
mod wilson;

pub use bootstrap::{BootstrapSettings, NoInterval, bootstrap};
pub use overdispersed::{Fraction, overdispersed};
pub use wilson::wilson;

/// Confidence level of all intervals.
pub const LEVEL: f64 = 0.95;

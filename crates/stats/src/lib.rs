//! Statistics on tables of numbers: how well predicted classes agree with true ones, how far the probabilities can
//! be believed, and how sure all of this is.
//!
//! | module | question |
//! |---|---|
//! | [`predictions`] | which table of probabilities is judged, checked once |
//! | [`agreement`] | how far two labellers agree |
//! | [`confusion`] | which classes are taken for which |
//! | [`curve`] | how well one class is ranked above the rest (ROC, precision-recall) |
//! | [`calibration`] | whether a probability means what it says, and how to mend it |
//! | [`interval`] | how far a figure may be off |
//! | [`metrics`] | all figures of an evaluation in one struct |
//! | [`plate`] | how good controls are, plates on one scale, effects of the place |
//! | [`replicate`] | how far replicates agree |
//! | [`hit`] | which wells do what the controls do not |
//! | [`dose`] | which dose does half |
//!
//! The conventions are those of scikit-learn 1.9 and the tests hold every figure against it; where a figure is
//! undefined this crate says so (`None`, or an entry in [`metrics::Metrics::undefined`]) and never gives NaN.
//! Cells are rows, classes are columns: probabilities are `[n, k]` in C order, each row summing to one.

pub mod agreement;
pub mod calibration;
pub mod confusion;
pub mod curve;
pub mod dose;
mod error;
pub mod hit;
pub mod interval;
pub mod metrics;
pub mod plate;
pub mod predictions;
pub mod replicate;
mod tail;

pub use error::StatsError;

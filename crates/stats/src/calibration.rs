//! Whether a probability means what it says: scores that reward honest probabilities, the reliability curve, the
//! temperature that mends over-confidence, and what is gained by leaving unsure cells out.

mod coverage;
mod reliability;
mod score;
mod temperature;

pub use coverage::{Coverage, coverage};
pub use reliability::{N_BINS, Reliability, ReliabilityBin, reliability};
pub(crate) use reliability::{bin_of, error_of_bins};
pub use score::{brier, log_loss};
pub(crate) use score::{brier_of_cell, log_loss_of_cell};
pub use temperature::{MAX_TEMPERATURE, MIN_TEMPERATURE, fit_temperature, softmax};

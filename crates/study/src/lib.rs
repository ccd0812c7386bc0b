//! One user verb per file.

pub mod cluster;
pub mod contract;
pub mod crop;
pub mod dataset;
pub mod demo;
pub mod embed;
mod error;
pub mod evaluate;
pub mod explain;
pub mod explore;
pub mod export_model;
pub mod import;
pub mod import_model;
pub mod info;
pub mod label;
pub mod model;
pub mod predict;
mod presets;
pub mod preview;
mod progress;
pub mod report;
pub mod score;
pub mod settings;
pub mod simulate;
pub mod source;
pub mod train;

pub use dataset::Dataset;
pub use error::{StudyError, plural};
pub use model::Model;
pub use progress::{Progress, Silent};
pub use settings::{Preset, TrainSettings};

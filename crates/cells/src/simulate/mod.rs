//! Seeded pictures of cells with exact truth: to learn on, to demonstrate with, to test against.
//!
//! [`nuclei()`] makes movies of fluorescent nuclei that go through five states, [`patches()`] cuts the cells out of
//! them, [`phase()`] makes phase-contrast fields of control and senescent-like cells. Nothing here reads or writes
//! files; the same settings give the same bits on any number of threads.

mod camera;
mod canvas;
mod chromatin;
mod lineage;
mod noise;
pub mod nuclei;
pub mod phase;
pub mod points;
mod shape;

pub use nuclei::{Movie, NucleiSettings, Sighting, State, nuclei};
pub use phase::{Condition, PhaseCell, PhaseField, PhaseSettings, phase};
pub use points::{Point, nuclei_cells, patches, points};

/// Why nothing was simulated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulateError {
    /// Mistakes in the settings, all of them.
    #[error("expected other settings: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// A point lies outside of its movie.
    #[error(
        "point {index}: expected a frame below {n_frames} and a place inside {height} x {width}, found frame {frame}, y {y}, x {x}"
    )]
    PointOutside {
        /// Index of the point.
        index: usize,
        /// Frames in the movie.
        n_frames: usize,
        /// Rows of the movie.
        height: usize,
        /// Columns of the movie.
        width: usize,
        /// Frame of the point.
        frame: usize,
        /// Row of the point, as text so that errors compare.
        y: String,
        /// Column of the point.
        x: String,
    },
    /// Windows need an even number of rows and columns, at least 2.
    #[error("expected an even window of at least 2 pixels, found {0}")]
    OddWindow(usize),
}

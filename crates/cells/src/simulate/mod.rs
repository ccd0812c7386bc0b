//! Seeded pictures of cells with exact truth: to learn on, to demonstrate with, to test against.
//!
//! [`nuclei()`] makes movies of fluorescent nuclei that go through five states, [`patches()`] cuts the cells out of
//! them, [`phase()`] makes phase-contrast fields of control and senescent-like cells, [`screen()`] plates of wells, which
//! [`field_of()`] pictures. Nothing here reads or writes files; the same settings give the same bits on any number of threads.

mod camera;
mod canvas;
mod chromatin;
mod lineage;
mod noise;
pub mod nuclei;
pub mod phase;
pub mod points;
pub mod screen;
mod shape;

pub use nuclei::{Movie, NucleiSettings, Sighting, State, nuclei};
pub use phase::{Condition, PhaseCell, PhaseField, PhaseSettings, phase};
pub use points::{Point, join_unflagged, nuclei_cells, patches, points};
pub use screen::{ScreenRole, ScreenSettings, ScreenWell, field_of, screen};

/// The seed of the `k`-th movie or field of a set, `1000 seed + k`: sets of up to 1,000 with different seeds share none.
#[must_use]
pub fn sub_seed(seed: u64, k: usize) -> u64 {
    seed.wrapping_mul(1000).wrapping_add(k as u64)
}

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

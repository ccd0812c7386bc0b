//! Plates of wells: how good the controls are, one scale for all plates, and what the position of a well does to it.
//!
//! A missing value is `None`; what cannot be computed is a [`NoFigure`] that says why.

mod normalise;
mod polish;
mod position;
mod quality;
mod robust;

pub use normalise::{Normalisation, Reference, normalise};
pub use polish::{Polish, PolishSettings, b_score, median_polish};
pub use position::{Position, position};
pub use quality::{Quality, quality, signal_window, ssmd, z_prime};
pub use robust::{Location, MAD_TO_SD, mad, mean, median, sd};

/// The wells of one plate, row by row from A01, with the numbers of those that are samples and controls. A well in none of the three
/// lists is drawn and normalised but refers to nothing.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plate {
    /// Columns.
    pub n_columns: usize,
    /// A value per well, `[rows, columns]` in C order; finite.
    pub values: Vec<Option<f64>>,
    /// Wells whose treatment is asked about.
    pub samples: Vec<usize>,
    /// Wells without effect.
    pub negative: Vec<usize>,
    /// Wells with the effect that is looked for.
    pub positive: Vec<usize>,
}

impl Plate {
    /// The values that there are at `wells`.
    #[must_use]
    pub fn at(&self, wells: &[usize]) -> Vec<f64> {
        wells.iter().filter_map(|&well| self.values.get(well).copied().flatten()).collect()
    }
}

/// Why a figure is not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFigure {
    /// Too few values.
    #[error("{what}: {found}, at least {needed} needed")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// All the same: nothing to divide by.
    #[error("{0}: all equal")]
    NoSpread(&'static str),
    /// Both controls have one centre, or a reference is 0.
    #[error("{0}")]
    NoRange(&'static str),
    /// Rows or columns of which less than half are samples.
    #[error("{0} hold too few samples: their effect cannot be told from that of the controls")]
    ControlsFill(String),
}

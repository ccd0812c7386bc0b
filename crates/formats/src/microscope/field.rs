//! A field: what the microscope saw in one place, over time, depth and channels.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Dtype, Values};
use crate::FormatError;

/// Most bytes that are read at once: a plane of 46,000 x 46,000 pixels of 16 bits.
const MAX_BYTES: usize = 1 << 32;

/// A plane in a field, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct At {
    /// Frame.
    pub t: usize,
    /// Focal plane.
    pub z: usize,
    /// Channel.
    pub c: usize,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {}, z {}, channel {}", self.t, self.z, self.c)
    }
}

/// A rectangle of pixels: upper left corner and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub y: usize,
    /// First column.
    pub x: usize,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows x {} columns from row {}, column {}", self.h, self.w, self.y, self.x)
    }
}

/// One channel of one focal plane of one frame, or a window of it: `[h, w]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Values as in the file, row by row.
    pub values: Values,
}

/// A resolution of a field; 0 is the full one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
}

/// Physical sizes, as far as the file has them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sizes {
    /// Height of a pixel, in micrometres.
    pub y_um: Option<f64>,
    /// Width of a pixel, in micrometres.
    pub x_um: Option<f64>,
    /// Distance of focal planes, in micrometres.
    pub z_um: Option<f64>,
    /// Time between frames, in seconds.
    pub t_s: Option<f64>,
}

/// What is known of a field without reading its pixels.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Frames.
    pub n_t: usize,
    /// Focal planes.
    pub n_z: usize,
    /// Channels, at least one; a name that the file does not have is empty. Samples of a colour image are channels.
    pub channels: Vec<String>,
    /// Type of the values.
    pub dtype: Dtype,
    /// Bits that carry information, as the file says: 12 of 16.
    pub bits: u16,
    /// From full resolution to the coarsest.
    pub levels: Vec<Level>,
    /// Physical sizes.
    pub sizes: Sizes,
    /// What a user should know: an assumption made for want of metadata.
    pub notes: Vec<String>,
}

/// How planes of a field are read; one for each kind of file.
pub(super) trait Planes: Send + Sync {
    /// The windows of the channels `channels`, in their order. All arguments are within the facts.
    fn read(
        &self,
        level: usize,
        at: At,
        n_channels: usize,
        window: Window,
    ) -> Result<Vec<Plane>, FormatError>;
}

/// A field whose planes are read on demand, by any number of threads.
#[derive(Clone)]
pub struct Field {
    facts: Facts,
    planes: Arc<dyn Planes>,
    path: Arc<std::path::Path>,
}

impl Field {
    pub(super) fn new(path: &std::path::Path, facts: Facts, planes: impl Planes + 'static) -> Self {
        Field { facts, planes: Arc::new(planes), path: path.into() }
    }

    /// Axes, channels, type, sizes.
    #[must_use]
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Rows at full resolution.
    #[must_use]
    pub fn h(&self) -> usize {
        self.facts.levels[0].h
    }

    /// Columns at full resolution.
    #[must_use]
    pub fn w(&self) -> usize {
        self.facts.levels[0].w
    }

    /// Number of frames x focal planes x channels.
    #[must_use]
    pub fn n_planes(&self) -> usize {
        self.facts.n_t * self.facts.n_z * self.facts.channels.len()
    }

    /// All planes, channels first, then depth, then time.
    pub fn all(&self) -> impl Iterator<Item = At> + use<> {
        let (n_z, n_c) = (self.facts.n_z, self.facts.channels.len());
        (0..self.n_planes()).map(move |i| At { t: i / n_c / n_z, z: i / n_c % n_z, c: i % n_c })
    }

    /// A plane at full resolution.
    ///
    /// # Errors
    /// When there is no such plane, or the file is damaged there.
    pub fn plane(&self, at: At) -> Result<Plane, FormatError> {
        self.region(0, at, self.whole(0)?)
    }

    /// All channels of a frame and focal plane at full resolution, in order.
    ///
    /// # Errors
    /// As [`Field::plane`].
    pub fn channels(&self, t: usize, z: usize) -> Result<Vec<Plane>, FormatError> {
        self.channels_from(At { t, z, c: 0 }, self.facts.channels.len())
    }

    /// `n` channels from `at` on at full resolution, in order; those that lie together are decoded once.
    ///
    /// # Errors
    /// As [`Field::plane`].
    pub fn channels_from(&self, at: At, n: usize) -> Result<Vec<Plane>, FormatError> {
        self.read(0, at, n, self.whole(0)?)
    }

    /// A window of a plane at a level of resolution; only what it needs is read and decoded.
    ///
    /// # Errors
    /// As [`Field::plane`], and when the window is empty, not within the level, or larger than memory should hold.
    pub fn region(&self, level: usize, at: At, window: Window) -> Result<Plane, FormatError> {
        let mut planes = self.read(level, at, 1, window)?;
        planes.pop().ok_or_else(|| self.refuse("a plane", "none"))
    }

    /// Least and greatest value of each channel over a window of the planes `of` at a level, read in parallel; none for
    /// a channel that `of` does not have, or that has only NaN.
    ///
    /// # Errors
    /// As [`Field::region`].
    pub fn ranges(
        &self,
        level: usize,
        window: Window,
        of: &[At],
    ) -> Result<Vec<Option<(f64, f64)>>, FormatError> {
        let range = |&at: &At| Ok((at.c, self.region(level, at, window)?.values.range()));
        let found: Vec<_> = of.par_iter().map(range).collect::<Result<_, FormatError>>()?;
        let mut ranges = vec![None; self.facts.channels.len()];
        for (c, range) in found {
            ranges[c] = match (ranges[c], range) {
                (Some((a, b)), Some((c, d))) => Some((f64::min(a, c), f64::max(b, d))),
                (one, other) => one.or(other),
            };
        }
        Ok(ranges)
    }

    /// The window that is a whole level.
    ///
    /// # Errors
    /// When there is no such level.
    pub fn whole(&self, level: usize) -> Result<Window, FormatError> {
        let n = self.facts.levels.len();
        let level = self
            .facts
            .levels
            .get(level)
            .ok_or_else(|| self.refuse(format!("a level below {n}"), level.to_string()))?;
        Ok(Window { y: 0, x: 0, h: level.h, w: level.w })
    }

    pub(super) fn read(
        &self,
        level: usize,
        at: At,
        n_channels: usize,
        window: Window,
    ) -> Result<Vec<Plane>, FormatError> {
        let whole = self.whole(level)?;
        let Facts { n_t, n_z, channels, .. } = &self.facts;
        if at.t >= *n_t || at.z >= *n_z || at.c + n_channels > channels.len() {
            let expected = format!("frames below {n_t}, z below {n_z}, channels below {}", channels.len());
            return Err(self.refuse(expected, at.to_string()));
        }
        let within = |start: usize, n: usize, end: usize| n > 0 && start < end && n <= end - start;
        if !within(window.y, window.h, whole.h) || !within(window.x, window.w, whole.w) {
            let expected = format!("a window within {} rows x {} columns", whole.h, whole.w);
            return Err(self.refuse(expected, window.to_string()));
        }
        let size = [window.h, window.w, n_channels, self.facts.dtype.size()];
        if size.into_iter().try_fold(1, usize::checked_mul).is_none_or(|size| size > MAX_BYTES) {
            let expected = format!("at most {MAX_BYTES} bytes to read at once");
            return Err(self.refuse(expected, window.to_string()));
        }
        self.planes.read(level, at, n_channels, window)
    }

    fn refuse(&self, expected: impl Into<String>, found: impl Into<String>) -> FormatError {
        FormatError::new(&self.path, expected, found)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Field").field("path", &self.path).field("facts", &self.facts).finish_non_exhaustive()
    }
}

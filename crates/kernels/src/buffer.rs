//! Memory that begins where a cache line does.

use std::ops::{Deref, DerefMut};

use crate::layout::LANES;

/// A cache line, and a vector of sixteen values.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; LANES]);

/// A slice of `f32` of fixed length that begins on a multiple of 64 bytes. Kernels take any slice, but where sixteen
/// values straddle two cache lines each of them is loaded twice, which costs up to a third of the speed.
///
/// ```
/// let mut buffer = kernels::Buffer::new(20);
/// buffer[19] = 1.0;
/// assert_eq!((buffer.len(), buffer.as_ptr() as usize % 64), (20, 0));
/// ```
#[derive(Clone)]
pub struct Buffer {
    lines: Vec<Line>,
    len: usize,
}

impl Buffer {
    /// `len` zeros.
    #[must_use]
    pub fn new(len: usize) -> Buffer {
        Buffer { lines: vec![Line([0.0; LANES]); len.div_ceil(LANES)], len }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: the lines are as many arrays of sixteen `f32` without gaps, no fewer than `len` values.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: the lines are as many arrays of sixteen `f32` without gaps, no fewer than `len` values.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

impl std::fmt::Debug for Buffer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        (**self).fmt(f)
    }
}

//! Where a value is in memory, and the ways between one cell, a pack of sixteen and a matrix of units.

use std::ops::Range;

/// Cells side by side in a pack: the innermost axis of every image.
pub const LANES: usize = 16;

/// One value of each of the sixteen cells of a pack.
pub(crate) type Lanes = [f32; LANES];

/// Height, width and channels of one image; in memory a pack of them is `[h][c][w][16]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Channels.
    pub c: usize,
}

impl Shape {
    /// Number of values of one cell, `h * w * c`.
    #[must_use]
    pub fn units(self) -> usize {
        self.h * self.w * self.c
    }

    /// Number of values of a pack of sixteen cells, `h * w * c * 16`.
    #[must_use]
    pub fn pack_len(self) -> usize {
        self.units() * LANES
    }

    /// Position of the first lane of row `y`, channel `c`, column `x` in a pack, counted in groups of sixteen.
    pub(crate) fn at(self, y: usize, c: usize, x: usize) -> usize {
        (y * self.c + c) * self.w + x
    }
}

/// A slice of whole groups of sixteen.
pub(crate) fn lanes(x: &[f32]) -> &[Lanes] {
    let (groups, rest) = x.as_chunks();
    assert!(rest.is_empty(), "{} values are not a multiple of {LANES}", x.len());
    groups
}

/// A slice of whole groups of sixteen, to be written.
pub(crate) fn lanes_mut(x: &mut [f32]) -> &mut [Lanes] {
    let len = x.len();
    let (groups, rest) = x.as_chunks_mut();
    assert!(rest.is_empty(), "{len} values are not a multiple of {LANES}");
    groups
}

/// At most sixteen values, then 0.
#[inline(always)]
pub(crate) fn padded(values: &[f32]) -> Lanes {
    let mut lanes = [0.0; LANES];
    lanes[..values.len()].copy_from_slice(values);
    lanes
}

/// Sets sixteen cells `[16][h][w][c]` side by side: `pack` becomes `[h][c][w][16]`.
///
/// # Panics
/// When a length is not `shape.pack_len()`.
pub fn pack_cells(shape: Shape, cells: &[f32], pack: &mut [f32]) {
    assert_eq!(cells.len(), shape.pack_len(), "cells");
    assert_eq!(pack.len(), shape.pack_len(), "pack");
    for y in 0..shape.h {
        for c in 0..shape.c {
            for x in 0..shape.w {
                let to = shape.at(y, c, x) * LANES;
                let unit = (y * shape.w + x) * shape.c + c;
                for (lane, value) in pack[to..to + LANES].iter_mut().enumerate() {
                    *value = cells[lane * shape.units() + unit];
                }
            }
        }
    }
}

/// The inverse of [`pack_cells`]: `[h][c][w][16]` becomes sixteen cells `[16][h][w][c]`.
///
/// # Panics
/// When a length is not `shape.pack_len()`.
pub fn unpack_cells(shape: Shape, pack: &[f32], cells: &mut [f32]) {
    assert_eq!(pack.len(), shape.pack_len(), "pack");
    assert_eq!(cells.len(), shape.pack_len(), "cells");
    for y in 0..shape.h {
        for c in 0..shape.c {
            for x in 0..shape.w {
                let from = shape.at(y, c, x) * LANES;
                let unit = (y * shape.w + x) * shape.c + c;
                for (lane, value) in pack[from..from + LANES].iter().enumerate() {
                    cells[lane * shape.units() + unit] = *value;
                }
            }
        }
    }
}

/// Flattens images to units in the order (h, w, c): row `unit` of `y` is that value of every cell of the batch.
///
/// # Shapes
/// `x` is `[packs][h][c][w][16]`, `y` the rows `units` of `[h * w * c][n]`, `n = 16 * packs`.
///
/// # Panics
/// When a length does not fit or `units` reaches beyond `shape.units()`.
pub fn flatten(shape: Shape, packs: usize, x: &[f32], units: Range<usize>, y: &mut [f32]) {
    assert_eq!(x.len(), packs * shape.pack_len(), "x");
    assert_eq!(y.len(), units.len() * packs * LANES, "y");
    assert!(units.end <= shape.units(), "units {units:?} of {}", shape.units());
    let (x, y) = (lanes(x), lanes_mut(y));
    for (row, unit) in units.enumerate() {
        let from = position_of_unit(shape, unit);
        for pack in 0..packs {
            y[row * packs + pack] = x[pack * shape.units() + from];
        }
    }
}

/// The inverse of [`flatten`] for one pack: gathers the values of pack `pack` of `packs` from a matrix of units.
///
/// # Shapes
/// `x` is `[h * w * c][n]`, `n = 16 * packs`; `y` is `[h][c][w][16]`.
///
/// # Panics
/// When a length does not fit or `pack >= packs`.
pub fn unflatten(shape: Shape, packs: usize, x: &[f32], pack: usize, y: &mut [f32]) {
    assert_eq!(x.len(), packs * shape.pack_len(), "x");
    assert_eq!(y.len(), shape.pack_len(), "y");
    assert!(pack < packs, "pack {pack} of {packs}");
    let (x, y) = (lanes(x), lanes_mut(y));
    for unit in 0..shape.units() {
        y[position_of_unit(shape, unit)] = x[unit * packs + pack];
    }
}

/// Position in a pack, in groups of sixteen, of unit `(h * W + w) * C + c`.
fn position_of_unit(shape: Shape, unit: usize) -> usize {
    let (pixel, c) = (unit / shape.c, unit % shape.c);
    shape.at(pixel / shape.w, c, pixel % shape.w)
}

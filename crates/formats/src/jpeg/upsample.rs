//! Widening of components that have fewer samples than the image has pixels, as libjpeg does it by default.
//!
//! Samples that stand for two columns are widened by a triangle, `(3 near + far) / 4`, and so are those for two
//! rows, at once where both are so; what is halved is rounded up and down in turns. All other ratios repeat samples.

use super::frame::{Component, Plane};

/// Where rows of a component are made, to be used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    /// Sums of two rows of samples; the first and the last twice.
    sums: Vec<u16>,
    values: Vec<u8>,
}

/// A row of the image, `[w]` or a few more, from the plane of a component.
pub(super) fn row<'a>(plane: &'a Plane, of: &Component, y: usize, made: &'a mut Row) -> &'a [u8] {
    let (down, across) = of.step;
    let (h, w) = of.size;
    let here = y / down;
    let near = &plane.row(here)[..w];
    // The row before or after, which the image's edges repeat.
    let beside = if y.is_multiple_of(2) { here.saturating_sub(1) } else { (here + 1).min(h - 1) };
    let far = &plane.row(beside)[..w];
    let Row { sums, values } = made;
    match (down, across) {
        (1, 1) => return near,
        (2, 1) => {
            let bias = 1 + (y % 2) as u16;
            values.clear();
            values.extend(sums_of(near, far).map(|sum| ((sum + bias) >> 2) as u8));
        }
        (1, 2) if w > 2 => {
            fill(sums, near.iter().map(|&a| a.into()));
            widen::<2, 1, 2>(sums, values);
        }
        (2, 2) if w > 2 => {
            fill(sums, sums_of(near, far));
            widen::<4, 8, 7>(sums, values);
        }
        _ => {
            values.clear();
            values.extend(near.iter().flat_map(|&a| std::iter::repeat_n(a, across)));
        }
    }
    values
}

/// Four times what lies a quarter of the way to the far row.
fn sums_of(near: &[u8], far: &[u8]) -> impl Iterator<Item = u16> {
    near.iter().zip(far).map(|(&a, &b)| 3 * u16::from(a) + u16::from(b))
}

fn fill(sums: &mut Vec<u16>, row: impl Iterator<Item = u16>) {
    sums.clear();
    sums.push(0);
    sums.extend(row);
    sums[0] = sums[1];
    sums.push(sums[sums.len() - 1]);
}

/// Two columns for each sum: `(3 near + far) / 2^SHIFT` with `LEFT` or `RIGHT` added before.
fn widen<const SHIFT: u32, const LEFT: u16, const RIGHT: u16>(sums: &[u16], out: &mut Vec<u8>) {
    out.resize(2 * (sums.len() - 2), 0);
    for (pair, &[before, here, after]) in out.as_chunks_mut::<2>().0.iter_mut().zip(sums.array_windows()) {
        *pair = [((3 * here + before + LEFT) >> SHIFT) as u8, ((3 * here + after + RIGHT) >> SHIFT) as u8];
    }
}

//! Widening of components that have fewer samples than the image has pixels, as libjpeg does it by default.
//!
//! Samples that stand for two columns are widened by a triangle, `(3 near + far) / 4`, and so are those for two
//! rows, at once where both are so; what is halved is rounded up and down in turns. All other ratios repeat samples.

use super::frame::{Component, Plane};

/// A row of the image, `[w]` or a few more, from the plane of a component. `made` is where it is made.
pub(super) fn row<'a>(plane: &'a Plane, of: &Component, y: usize, made: &'a mut Vec<u8>) -> &'a [u8] {
    let (down, across) = of.step;
    let (h, w) = of.size;
    let here = y / down;
    let near = &plane.row(here)[..w];
    // The row before or after, which the image's edges repeat.
    let beside = if y.is_multiple_of(2) { here.saturating_sub(1) } else { (here + 1).min(h - 1) };
    let far = &plane.row(beside)[..w];
    made.clear();
    match (down, across) {
        (1, 1) => return near,
        (2, 1) => {
            let bias = 1 + (y % 2) as u16;
            made.extend(
                near.iter().zip(far).map(|(&a, &b)| ((3 * u16::from(a) + u16::from(b) + bias) >> 2) as u8),
            );
        }
        (1, 2) if w > 2 => {
            made.resize(2 * w, 0);
            widen::<2, 1, 2>(w, |x| near[x].into(), made);
        }
        (2, 2) if w > 2 => {
            made.resize(2 * w, 0);
            widen::<4, 8, 7>(w, |x| 3 * u16::from(near[x]) + u16::from(far[x]), made);
        }
        _ => made.extend(near.iter().flat_map(|&a| std::iter::repeat_n(a, across))),
    }
    made
}

/// Two columns for each of `w` sums: `(3 near + far) / 2^SHIFT` with `LEFT` or `RIGHT` added before.
fn widen<const SHIFT: u32, const LEFT: u16, const RIGHT: u16>(
    w: usize,
    sum: impl Fn(usize) -> u16,
    out: &mut [u8],
) {
    for (x, pair) in out.as_chunks_mut::<2>().0.iter_mut().enumerate() {
        let (before, here, after) = (sum(x.saturating_sub(1)), sum(x), sum((x + 1).min(w - 1)));
        *pair = [((3 * here + before + LEFT) >> SHIFT) as u8, ((3 * here + after + RIGHT) >> SHIFT) as u8];
    }
}

//! The 5 x 5 binomial blur.

use super::Plane;
use super::level::Level;
use super::plane::reflect;

/// Blurs with [1 4 6 4 1] / 16 along rows and columns; the border mirrors without its outermost pixel; one rounding, half up, at
/// the end: OpenCV's `GaussianBlur(…, (5, 5), 0)` of 8- and 16-bit images.
///
/// ```
/// use cells::cut::{Plane, blur::blur};
/// let mut image = [0u8; 49];
/// image[24] = 255;
/// assert_eq!(blur(Plane::new(&image, 7, 7).unwrap())[24], 36); // 255 * 6 * 6 / 256
/// ```
#[must_use]
pub fn blur<T: Level>(plane: Plane<'_, T>) -> Vec<T> {
    let (h, w) = (plane.h(), plane.w());
    // Rows blurred along x, each kept until the row two below it is done.
    let mut ring: [Vec<T::Wide>; 5] = std::array::from_fn(|_| vec![T::Wide::default(); w]);
    for y in -2..2 {
        along_row(plane.row(reflect(y, h)), &mut ring[(y + 2) as usize]);
    }
    let four = T::Wide::from(4u8);
    let mut out = vec![T::default(); h * w];
    for (y, out) in out.chunks_exact_mut(w).enumerate() {
        along_row(plane.row(reflect(y as i64 + 2, h)), &mut ring[(y + 4) % 5]);
        let row = |k: usize| &ring[(y + k) % 5][..w];
        let (a, b, c, d, e) = (row(0), row(1), row(2), row(3), row(4));
        for x in 0..w {
            out[x] = T::from_sum(a[x] + e[x] + (b[x] + c[x] + d[x]) * four + c[x] + c[x]);
        }
    }
    out
}

/// 16 times the blur along one row.
fn along_row<T: Level>(row: &[T], out: &mut [T::Wide]) {
    let w = row.len();
    let four = T::Wide::from(4u8);
    let wide = |v: T| T::Wide::from(v);
    let sum = |[a, b, c, d, e]: [T; 5]| {
        wide(a) + wide(e) + (wide(b) + wide(c) + wide(d)) * four + wide(c) + wide(c)
    };
    for x in [0, 1, w.saturating_sub(2), w - 1].into_iter().filter(|&x| x < w) {
        let at = |k: i64| row[reflect(x as i64 + k, w)];
        out[x] = sum([at(-2), at(-1), at(0), at(1), at(2)]);
    }
    let Some(n) = w.checked_sub(4) else { return };
    let at = |k: usize| &row[k..k + n];
    let (a, b, c, d, e) = (at(0), at(1), at(2), at(3), at(4));
    let out = &mut out[2..2 + n];
    for x in 0..n {
        out[x] = sum([a[x], b[x], c[x], d[x], e[x]]);
    }
}

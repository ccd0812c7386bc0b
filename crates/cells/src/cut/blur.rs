//! The 5 x 5 binomial blur.

use kernels::{Kernels, PlainCode};

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
/// let mut blurred = Vec::new();
/// blur(Plane::new(&image, 7, 7).unwrap(), &mut blurred);
/// assert_eq!(blurred[24], 36); // 255 * 6 * 6 / 256
/// ```
pub fn blur<T: Level>(plane: Plane<'_, T>, out: &mut Vec<T>) {
    out.resize(plane.values().len(), T::default());
    Kernels::best().run_plain(Blur { plane, out });
}

struct Blur<'a, T> {
    plane: Plane<'a, T>,
    out: &'a mut [T],
}

impl<T: Level> PlainCode for Blur<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Blur { plane, out } = self;
        let (h, w) = (plane.h(), plane.w());
        // Rows blurred along x, each kept until the row two below it is done.
        let mut ring = vec![T::Wide::default(); 5 * w];
        for y in -2..2 {
            let place = (y + 2) as usize * w;
            along_row(plane.row(reflect(y, h)), &mut ring[place..place + w]);
        }
        for (y, out) in out.chunks_exact_mut(w).enumerate() {
            let newest = (y + 4) % 5 * w;
            along_row(plane.row(reflect(y as i64 + 2, h)), &mut ring[newest..newest + w]);
            let row = |k: usize| &ring[(y + k) % 5 * w..][..w];
            across_rows([row(0), row(1), row(2), row(3), row(4)], out);
        }
    }
}

/// The blur of a row, from five rows around it that were blurred along x.
#[inline(always)]
fn across_rows<T: Level>([a, b, c, d, e]: [&[T::Wide]; 5], out: &mut [T]) {
    let four = T::Wide::from(4u8);
    for x in 0..out.len() {
        out[x] = T::from_sum(a[x] + e[x] + (b[x] + c[x] + d[x]) * four + c[x] + c[x]);
    }
}

/// 16 times the blur along one row.
#[inline(always)]
fn along_row<T: Level>(row: &[T], out: &mut [T::Wide]) {
    let w = row.len();
    for x in [0, 1, w.saturating_sub(2), w - 1] {
        if x < w {
            let at = |k: i64| row[reflect(x as i64 + k, w)];
            out[x] = weighted([at(-2), at(-1), at(0), at(1), at(2)]);
        }
    }
    if w < 4 {
        return;
    }
    let n = w - 4;
    let (a, b, c, d, e) = (&row[..n], &row[1..1 + n], &row[2..2 + n], &row[3..3 + n], &row[4..4 + n]);
    let out = &mut out[2..2 + n];
    for x in 0..n {
        out[x] = weighted([a[x], b[x], c[x], d[x], e[x]]);
    }
}

/// Five values by their weights.
#[inline(always)]
fn weighted<T: Level>([a, b, c, d, e]: [T; 5]) -> T::Wide {
    let (wide, four) = (|v: T| T::Wide::from(v), T::Wide::from(4u8));
    wide(a) + wide(e) + (wide(b) + wide(c) + wide(d)) * four + wide(c) + wide(c)
}

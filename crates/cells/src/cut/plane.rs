//! A plane of an image.

/// The intensities of one channel of one image, `[h, w]` in C order. Both sides are at least 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plane<'a, T> {
    values: &'a [T],
    h: usize,
    w: usize,
}

impl<'a, T: Copy> Plane<'a, T> {
    /// `values` as `h` rows of `w`; none when there are not so many, or none at all.
    ///
    /// ```
    /// use cells::cut::Plane;
    /// assert_eq!(Plane::new(&[1u8, 2, 3, 4, 5, 6], 2, 3).map(|p| p.row(1)), Some(&[4, 5, 6][..]));
    /// assert!(Plane::new(&[1u8, 2, 3], 2, 3).is_none());
    /// ```
    #[must_use]
    pub fn new(values: &'a [T], h: usize, w: usize) -> Option<Self> {
        (h > 0 && w > 0 && h.checked_mul(w) == Some(values.len())).then_some(Plane { values, h, w })
    }

    /// Rows.
    #[must_use]
    pub fn h(self) -> usize {
        self.h
    }

    /// Columns.
    #[must_use]
    pub fn w(self) -> usize {
        self.w
    }

    /// All values, row after row.
    #[must_use]
    pub fn values(self) -> &'a [T] {
        self.values
    }

    /// Row `y`.
    #[must_use]
    pub fn row(self, y: usize) -> &'a [T] {
        &self.values[y * self.w..(y + 1) * self.w]
    }

    /// The values of the `h` x `w` pixels whose upper left one is (`top`, `left`); they must lie inside.
    #[must_use]
    pub fn cut(self, top: usize, left: usize, h: usize, w: usize) -> Vec<T> {
        let mut out = Vec::with_capacity(h * w);
        for y in top..top + h {
            out.extend_from_slice(&self.row(y)[left..left + w]);
        }
        out
    }
}

/// Index of what lies at `i` beyond a border that mirrors without repeating the outermost pixel (… 2 1 | 0 1 2 … n-1 | n-2 …).
///
/// ```
/// use cells::cut::plane::reflect;
/// let seen: Vec<usize> = (-3..7).map(|i| reflect(i, 4)).collect();
/// assert_eq!(seen, [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]);
/// ```
#[inline]
#[must_use]
pub fn reflect(i: i64, n: usize) -> usize {
    let last = n as i64 - 1;
    // Nearly always at most one reflection is needed, and no division.
    if (-last..=2 * last).contains(&i) {
        return (last - (last - i.abs()).abs()) as usize;
    }
    let period = 2 * last;
    if period <= 0 {
        return 0;
    }
    let k = i.rem_euclid(period);
    k.min(period - k) as usize
}

//! Outlines of the blobs of a binary image.
//!
//! # Source
//! Suzuki & Abe 1985, doi:10.1016/0734-189X(85)90016-7, the second algorithm: outer borders only, foreground 8-connected, and
//! a blob in the hole of another is not visited. Equal to OpenCV's `findContours(…, RETR_EXTERNAL, CHAIN_APPROX_NONE)`, whose
//! order is the reverse of the one here.

/// A binary image whose blobs are being outlined, with a margin of one background pixel.
#[derive(Debug, Clone, Default)]
pub struct Mask {
    h: usize,
    w: usize,
    /// `[h + 2, w + 2]`; one of the marks below.
    marks: Vec<u8>,
}

const GROUND: u8 = 0;
const FRESH: u8 = 1;
/// Of a border that was followed.
const BORDER: u8 = 2;
/// Of a border that was followed and whose right neighbour is outside.
const LAST: u8 = 3;

/// Row and column steps to the eight neighbours, counter-clockwise from the right.
const STEPS: [(isize, isize); 8] = [(0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1), (1, 0), (1, 1)];
const LEFT: usize = 4;

/// What there is to know of one outline. A walk along a line one pixel thick visits its pixels twice, and both count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contour {
    /// Border pixels visited.
    pub n: usize,
    /// Sum of their rows.
    pub sum_y: u64,
    /// Sum of their columns.
    pub sum_x: u64,
    /// Twice the area of the polygon through their centres.
    pub twice_area: u64,
    /// Where the walk began: the leftmost pixel of the top row.
    pub start: (usize, usize),
}

impl Contour {
    /// Nothing but the first pixel's place.
    fn starting_at(y: usize, x: usize) -> Contour {
        Contour { n: 0, sum_y: 0, sum_x: 0, twice_area: 0, start: (y, x) }
    }

    fn add(&mut self, y: usize, x: usize) {
        self.n += 1;
        self.sum_y += y as u64;
        self.sum_x += x as u64;
    }

    /// Area of the polygon through the centres of the border pixels.
    #[must_use]
    pub fn area(&self) -> f64 {
        0.5 * self.twice_area as f64
    }

    /// Mean of the border pixels, row and column.
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        (self.sum_y as f64 / self.n as f64, self.sum_x as f64 / self.n as f64)
    }
}

impl Mask {
    /// Makes this a mask of the `h` rows of `w` pixels `values` that `inside` picks, whatever it was; its memory is kept.
    ///
    /// # Panics
    /// When there are not `h * w` values.
    pub fn set<T: Copy>(&mut self, values: &[T], h: usize, w: usize, inside: impl Fn(T) -> bool) {
        assert_eq!(values.len(), h * w, "a value for each pixel");
        (self.h, self.w) = (h, w);
        self.marks.clear();
        self.marks.resize((h + 2) * (w + 2), GROUND);
        let rows = self.marks.chunks_exact_mut(w + 2).skip(1);
        for (marks, values) in rows.zip(values.chunks_exact(w.max(1))) {
            for (mark, &value) in marks[1..=w].iter_mut().zip(values) {
                *mark = u8::from(inside(value));
            }
        }
    }

    /// Whether the pixel in row `y` and column `x` is foreground.
    #[must_use]
    pub fn is_inside(&self, y: usize, x: usize) -> bool {
        self.marks[(y + 1) * (self.w + 2) + x + 1] != GROUND
    }

    /// The outlines of all blobs that do not lie in the hole of another, by their first pixel: top to bottom, left to right. A
    /// mask is good for one walk, which leaves its marks on the borders.
    pub fn contours(&mut self) -> Contours<'_> {
        let stride = self.w + 2;
        Contours { mask: self, next: stride + 1, end: 2 * stride, before: GROUND, last: GROUND }
    }

    /// Follows the outer border that begins at `start`, and marks it.
    fn follow(&mut self, start: usize) -> Contour {
        let stride = self.w + 2;
        let mut contour = Contour::starting_at(start / stride - 1, start % stride - 1);
        let (mut y, mut x) = contour.start;
        // Clockwise from the left, where there is ground, to the pixel that the walk will come back from.
        let around = self.around(start);
        if around == 0 {
            self.marks[start] = LAST;
            contour.add(y, x);
            return contour;
        }
        let mut from = (around.rotate_left(LEFT as u32).ilog2() as usize + LEFT) % 8;
        let offset = |direction: usize| STEPS[direction].0 * stride as isize + STEPS[direction].1;
        let (end, mut at) = (start.wrapping_add_signed(offset(from)), start);
        let mut twice_area = 0i64;
        loop {
            // Counter-clockwise from where the walk came.
            let steps = self.around(at).rotate_right(from as u32 + 1).trailing_zeros() as usize;
            let direction = (from + 1 + steps) % 8;
            // The right is direction 0: as many steps away.
            let right_is_ground = (7 - from) % 8 < steps;
            if right_is_ground {
                self.marks[at] = LAST;
            } else if self.marks[at] == FRESH {
                self.marks[at] = BORDER;
            }
            contour.add(y, x);
            let next = at.wrapping_add_signed(offset(direction));
            if next == start && at == end {
                // The step back to the start closes the polygon.
                twice_area += cross((y, x), contour.start);
                contour.twice_area = twice_area.unsigned_abs();
                return contour;
            }
            let (dy, dx) = STEPS[direction];
            let to = (y.wrapping_add_signed(dy), x.wrapping_add_signed(dx));
            twice_area += cross((y, x), to);
            (y, x) = to;
            at = next;
            from = (direction + 4) % 8;
        }
    }

    /// Which of the eight neighbours are foreground, a bit for each of [`STEPS`].
    fn around(&self, at: usize) -> u8 {
        let stride = self.w + 2;
        let row = |middle: usize| -> [u8; 3] {
            let marks = &self.marks[middle - 1..middle + 2];
            [0, 1, 2].map(|i| u8::from(marks[i] != GROUND))
        };
        let (above, here, below) = (row(at - stride), row(at), row(at + stride));
        here[2]
            | above[2] << 1
            | above[1] << 2
            | above[0] << 3
            | here[0] << 4
            | below[0] << 5
            | below[1] << 6
            | below[2] << 7
    }
}

/// See [`Mask::contours`]. Each outline is followed when it is asked for.
#[derive(Debug)]
pub struct Contours<'a> {
    mask: &'a mut Mask,
    /// Place of the mark that is next, end of its row, and the mark before it.
    next: usize,
    end: usize,
    before: u8,
    /// The mark passed last in this row that belongs to a border: it says whether this is inside of a blob that was followed.
    last: u8,
}

impl Iterator for Contours<'_> {
    type Item = Contour;

    fn next(&mut self) -> Option<Contour> {
        let stride = self.mask.w + 2;
        // The margin below is ground to its end.
        while self.end < self.mask.marks.len() {
            let at = self.next + run(&self.mask.marks[self.next..self.end], self.before);
            if at == self.end {
                (self.next, self.end) = (at + 1, at + stride);
                (self.before, self.last) = (GROUND, GROUND);
                continue;
            }
            let is_new = self.before == GROUND && self.mask.marks[at] == FRESH && self.last != BORDER;
            let contour = is_new.then(|| self.mask.follow(at));
            (self.next, self.before) = (at + 1, self.mask.marks[at]);
            if self.before > FRESH {
                self.last = self.before;
            }
            if contour.is_some() {
                return contour;
            }
        }
        None
    }
}

/// How many of the first marks are `mark`.
fn run(marks: &[u8], mark: u8) -> usize {
    let (eights, rest) = marks.as_chunks::<8>();
    let expected = u64::from_le_bytes([mark; 8]);
    for (i, eight) in eights.iter().enumerate() {
        let other = u64::from_le_bytes(*eight) ^ expected;
        if other != 0 {
            return 8 * i + other.trailing_zeros() as usize / 8;
        }
    }
    8 * eights.len() + rest.iter().take_while(|&&m| m == mark).count()
}

/// Twice the area of the triangle of two points and the origin, with its sign.
fn cross((ay, ax): (usize, usize), (by, bx): (usize, usize)) -> i64 {
    (ax * by) as i64 - (bx * ay) as i64
}

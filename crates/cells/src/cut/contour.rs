//! Outlines of the blobs of a binary image.
//!
//! # Source
//! Suzuki & Abe 1985, doi:10.1016/0734-189X(85)90016-7, the second algorithm: outer borders only, foreground 8-connected, and
//! a blob in the hole of another is not visited. Equal to OpenCV's `findContours(…, RETR_EXTERNAL, CHAIN_APPROX_NONE)`, whose
//! order is the reverse of the one here.

/// A binary image whose blobs are being outlined, with a margin of one background pixel.
#[derive(Debug, Clone)]
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
const RIGHT: usize = 0;
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
    /// A mask of the `h` rows of `w` pixels `values` that `inside` picks.
    ///
    /// # Panics
    /// When there are not `h * w` values.
    #[must_use]
    pub fn of<T: Copy>(values: &[T], h: usize, w: usize, inside: impl Fn(T) -> bool) -> Mask {
        assert_eq!(values.len(), h * w, "a value for each pixel");
        let mut marks = vec![GROUND; (h + 2) * (w + 2)];
        let rows = marks.chunks_exact_mut(w + 2).skip(1);
        for (marks, values) in rows.zip(values.chunks_exact(w.max(1))) {
            for (mark, &value) in marks[1..=w].iter_mut().zip(values) {
                *mark = u8::from(inside(value));
            }
        }
        Mask { h, w, marks }
    }

    /// Whether the pixel in row `y` and column `x` is foreground.
    #[must_use]
    pub fn is_inside(&self, y: usize, x: usize) -> bool {
        self.marks[(y + 1) * (self.w + 2) + x + 1] != GROUND
    }

    /// The outlines of all blobs that do not lie in the hole of another, by their first pixel: top to bottom, left to right.
    #[must_use]
    pub fn contours(self) -> Vec<Contour> {
        self.walk(|_, _| {})
    }

    /// As [`Mask::contours`]; calls `visit` with row and column of each border pixel on the way, outline after outline.
    pub fn walk(mut self, mut visit: impl FnMut(usize, usize)) -> Vec<Contour> {
        let mut contours = Vec::new();
        let stride = self.w + 2;
        for y in 1..=self.h {
            let row = y * stride;
            // The mark passed last says whether this is inside of a blob that was followed.
            let mut last = GROUND;
            let mut before = GROUND;
            let mut x = 1;
            loop {
                x += run(&self.marks[row + x..row + stride], before);
                if x == stride {
                    break;
                }
                if before == GROUND && self.marks[row + x] == FRESH && last != BORDER {
                    contours.push(self.follow(row + x, &mut visit));
                }
                before = self.marks[row + x];
                if before != GROUND && before != FRESH {
                    last = before;
                }
                x += 1;
            }
        }
        contours
    }

    /// Follows the outer border that begins at `start`, and marks it.
    fn follow(&mut self, start: usize, visit: &mut impl FnMut(usize, usize)) -> Contour {
        let stride = self.w + 2;
        let offsets = STEPS.map(|(dy, dx)| dy * stride as isize + dx);
        let beside = |at: usize, direction: usize| at.wrapping_add_signed(offsets[direction & 7]);
        let (mut y, mut x) = (start / stride - 1, start % stride - 1);
        let mut contour = Contour { n: 0, sum_y: 0, sum_x: 0, twice_area: 0, start: (y, x) };
        let mut add = |contour: &mut Contour, y: usize, x: usize| {
            contour.n += 1;
            contour.sum_y += y as u64;
            contour.sum_x += x as u64;
            visit(y, x);
        };
        // Clockwise from the left, where there is ground, to the pixel that the walk will come back from.
        let back = (1..8).map(|k| (LEFT + 8 - k) % 8).find(|&d| self.marks[beside(start, d)] != GROUND);
        let Some(mut from) = back else {
            self.marks[start] = LAST;
            add(&mut contour, y, x);
            return contour;
        };
        let (end, mut at) = (beside(start, from), start);
        let mut twice_area = 0i64;
        loop {
            // Counter-clockwise from where the walk came.
            let mut direction = from;
            let mut right_is_ground = false;
            let next = loop {
                direction = (direction + 1) & 7;
                let next = beside(at, direction);
                if self.marks[next] != GROUND {
                    break next;
                }
                right_is_ground |= direction == RIGHT;
            };
            if right_is_ground {
                self.marks[at] = LAST;
            } else if self.marks[at] == FRESH {
                self.marks[at] = BORDER;
            }
            add(&mut contour, y, x);
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
            from = (direction + 4) & 7;
        }
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

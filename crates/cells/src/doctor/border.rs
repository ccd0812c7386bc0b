//! Patches that hang over the border of their image: strips of one value along sides.

use super::portrait::Rect;
use super::{Finding, Rule, Severity, View, count};
use crate::CropShape;

/// Beside a strip at most this share of pixels has its value. A strip of padding ends at once; a black background
/// goes over into the cell bit by bit.
const MAX_EQUAL_BESIDE: f32 = 0.2;

pub(super) fn look(view: &View) -> Option<Finding> {
    let whole = Rect::whole(view.set.shape);
    let hangs_over = |&i: &usize| {
        let portrait = &view.portraits[i];
        view.set.cells[i].flagged || (portrait.finite && portrait.valid != whole)
    };
    let cells: Vec<usize> = (0..view.set.len()).filter(hangs_over).collect();
    if cells.is_empty() {
        return None;
    }
    let summary = format!(
        "{} over the border of the image and filled up with one value: the strip may be learned instead of the cell.",
        count(cells.len(), "patch hangs", "patches hang"),
    );
    Some(view.finding(Rule::Border, Severity::Warning, summary, cells))
}

/// The crop without the strips that fill up what lay outside of the image; the whole crop when there are none (also
/// when all of it has one value).
pub(super) fn image_part(shape: CropShape, crop: &[f32]) -> Rect {
    let whole = Rect::whole(shape);
    let last = (shape.h * shape.w - 1) * shape.c;
    // Padding that reaches two sides holds a corner; along one side it holds two.
    for corner in [0, last] {
        let value = &crop[corner..corner + shape.c];
        let part = peel(shape, crop, value);
        if part != whole && part.h() > 0 && part.w() > 0 && ends_at_once(shape, crop, value, part) {
            return part;
        }
    }
    whole
}

/// Takes rows and columns that are `value` throughout from the sides.
fn peel(shape: CropShape, crop: &[f32], value: &[f32]) -> Rect {
    let mut part = Rect::whole(shape);
    while part.h() > 0 && part.w() > 0 {
        if equal_share(shape, crop, value, row(part, part.top)) == 1.0 {
            part.top += 1;
        } else if equal_share(shape, crop, value, row(part, part.bottom - 1)) == 1.0 {
            part.bottom -= 1;
        } else if equal_share(shape, crop, value, column(part, part.left)) == 1.0 {
            part.left += 1;
        } else if equal_share(shape, crop, value, column(part, part.right - 1)) == 1.0 {
            part.right -= 1;
        } else {
            break;
        }
    }
    part
}

fn ends_at_once(shape: CropShape, crop: &[f32], value: &[f32], part: Rect) -> bool {
    let sides = [
        (part.top > 0, row(part, part.top)),
        (part.bottom < shape.h, row(part, part.bottom - 1)),
        (part.left > 0, column(part, part.left)),
        (part.right < shape.w, column(part, part.right - 1)),
    ];
    let sharp = |line| equal_share(shape, crop, value, line) <= MAX_EQUAL_BESIDE;
    sides.into_iter().all(|(peeled, line)| !peeled || sharp(line))
}

fn row(part: Rect, y: usize) -> Rect {
    Rect { top: y, bottom: y + 1, ..part }
}

fn column(part: Rect, x: usize) -> Rect {
    Rect { left: x, right: x + 1, ..part }
}

/// Share of the pixels in `part` whose channels all have `value`.
fn equal_share(shape: CropShape, crop: &[f32], value: &[f32], part: Rect) -> f32 {
    let mut equal = 0;
    for y in part.top..part.bottom {
        for x in part.left..part.right {
            let at = (y * shape.w + x) * shape.c;
            equal += usize::from(&crop[at..at + shape.c] == value);
        }
    }
    equal as f32 / (part.h() * part.w()) as f32
}

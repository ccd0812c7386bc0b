//! Cells from a label image: 0 is ground, every other number one cell, drawn by whatever segmenter.

use std::collections::BTreeMap;

use super::{Finding, Found, Plane, Reason};

/// Every labelled cell of at least `min_area` pixels; its centre is the mean of its pixels, its area their number. From the
/// top of the image to the bottom, by first pixel.
///
/// ```
/// use cells::cut::{Plane, labels::find};
/// let labels = [0, 7, 7, 0, 2, 0];
/// let finding = find(Plane::new(&labels, 2, 3).unwrap(), 1);
/// assert_eq!((finding.cells[0].label, finding.cells[0].x), (Some(7), 1.5));
/// assert_eq!(finding.cells[1].label, Some(2));
/// ```
#[must_use]
pub fn find(labels: Plane<'_, u32>, min_area: usize) -> Finding {
    let mut order = Vec::new();
    let mut sums: BTreeMap<u32, [u64; 3]> = BTreeMap::new();
    for y in 0..labels.h() {
        let mut x = 0;
        for run in labels.row(y).chunk_by(|a, b| a == b) {
            if run[0] != 0 {
                let n = run.len() as u64;
                let sum = sums.entry(run[0]).or_insert_with(|| {
                    order.push(run[0]);
                    [0; 3]
                });
                sum[0] += n;
                sum[1] += n * y as u64;
                sum[2] += n * x as u64 + n * (n - 1) / 2;
            }
            x += run.len();
        }
    }
    let mut finding = Finding::default();
    for label in order {
        let [n, y, x] = sums[&label].map(|v| v as f64);
        if n < min_area as f64 {
            finding.drop(Reason::Small);
        } else {
            finding.cells.push(Found { y: y / n, x: x / n, area: Some(n), label: Some(label) });
        }
    }
    finding
}

/// The one number that is not 0, and how many connected pieces of at least `min_area` pixels it has; none when there are
/// several numbers, or no other than 0. Many pieces tell a mask of all cells from the labels of each.
///
/// ```
/// use cells::cut::{Plane, labels::pieces_of_one};
/// let mask = [255, 255, 0, 0, 0, 255];
/// assert_eq!(pieces_of_one(Plane::new(&mask, 1, 6).unwrap(), 1), Some((255, 2)));
/// ```
#[must_use]
pub fn pieces_of_one(labels: Plane<'_, u32>, min_area: usize) -> Option<(u32, usize)> {
    let one = labels.values().iter().copied().find(|&label| label != 0)?;
    if labels.values().iter().any(|&label| label != 0 && label != one) {
        return None;
    }
    let pieces = components(labels);
    Plane::new(&pieces, labels.h(), labels.w()).map(|pieces| (one, find(pieces, min_area).cells.len()))
}

/// Numbers the pieces of a mask: neighbours (8 of them) of one value other than 0 are a piece, numbered from 1 by first pixel.
/// For masks whose values only keep touching cells apart.
///
/// ```
/// use cells::cut::{Plane, labels::components};
/// let mask = [1, 2, 0, 1, 1, 2, 0, 0];
/// assert_eq!(components(Plane::new(&mask, 2, 4).unwrap()), [1, 2, 0, 3, 1, 2, 0, 0]);
/// ```
#[must_use]
pub fn components(mask: Plane<'_, u32>) -> Vec<u32> {
    let (h, w) = (mask.h(), mask.w());
    let values = mask.values();
    let mut numbers = vec![0; h * w];
    let mut pending = Vec::new();
    let mut n = 0;
    for first in 0..h * w {
        if values[first] == 0 || numbers[first] != 0 {
            continue;
        }
        n += 1;
        numbers[first] = n;
        pending.push(first);
        while let Some(at) = pending.pop() {
            let (y, x) = (at / w, at % w);
            for y in y.saturating_sub(1)..(y + 2).min(h) {
                for x in x.saturating_sub(1)..(x + 2).min(w) {
                    let beside = y * w + x;
                    if numbers[beside] == 0 && values[beside] == values[first] {
                        numbers[beside] = n;
                        pending.push(beside);
                    }
                }
            }
        }
    }
    numbers
}

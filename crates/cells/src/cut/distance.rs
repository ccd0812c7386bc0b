//! Exact Euclidean distances to the nearest background pixel.
//!
//! # Source
//! Felzenszwalb & Huttenlocher 2012, doi:10.4086/toc.2012.v008a019.

/// Distance of each of the `h` x `w` pixels to the nearest one that is not `inside`, in pixels; the outside of the image does
/// not count.
///
/// ```
/// let inside = [false, true, true, true];
/// assert_eq!(cells::cut::distance::to_ground(&inside, 1, 4), [0.0, 1.0, 2.0, 3.0]);
/// ```
#[must_use]
pub fn to_ground(inside: &[bool], h: usize, w: usize) -> Vec<f32> {
    let far = (h + w) as f32;
    // Down and up each column, then the lower envelope of parabolas along each row.
    let mut steps = vec![far; h * w];
    for i in 0..h * w {
        steps[i] = match (inside[i], i.checked_sub(w)) {
            (false, _) => 0.0,
            (true, Some(above)) => (steps[above] + 1.0).min(far),
            (true, None) => far,
        };
    }
    for i in (0..(h * w).saturating_sub(w)).rev() {
        steps[i] = steps[i].min(steps[i + w] + 1.0);
    }
    let mut envelope = Envelope::default();
    for row in steps.chunks_exact_mut(w.max(1)) {
        envelope.lower(row);
    }
    steps
}

/// Parabolas that are lowest somewhere: their places, and where each begins to be.
#[derive(Default)]
struct Envelope {
    places: Vec<usize>,
    begins: Vec<f32>,
    heights: Vec<f32>,
}

impl Envelope {
    /// Turns distances along columns into distances.
    fn lower(&mut self, row: &mut [f32]) {
        self.heights.clear();
        self.heights.extend(row.iter().map(|d| d * d));
        self.places.clear();
        self.begins.clear();
        for x in 0..row.len() {
            let begin = loop {
                let Some(&last) = self.places.last() else { break f32::NEG_INFINITY };
                let begin = self.crossing(last, x);
                if self.begins.last().is_some_and(|&b| begin <= b) {
                    self.places.pop();
                    self.begins.pop();
                } else {
                    break begin;
                }
            };
            self.places.push(x);
            self.begins.push(begin);
        }
        let mut k = 0;
        for (x, out) in row.iter_mut().enumerate() {
            while self.begins.get(k + 1).is_some_and(|&b| b <= x as f32) {
                k += 1;
            }
            let place = self.places[k];
            *out = ((x as f32 - place as f32).powi(2) + self.heights[place]).sqrt();
        }
    }

    /// Where the parabola of `b` comes below that of `a`, which lies left of it.
    fn crossing(&self, a: usize, b: usize) -> f32 {
        let (x, y) = (a as f32, b as f32);
        ((self.heights[b] + y * y) - (self.heights[a] + x * x)) / (2.0 * (y - x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_trying_all_pixels() {
        let (h, w) = (13, 17);
        let inside: Vec<bool> = (0..h * w).map(|i| (i * 7919 + i * i * 31) % 11 != 0).collect();
        let fast = to_ground(&inside, h, w);
        for (i, &found) in fast.iter().enumerate() {
            let ground = (0..h * w).filter(|&j| !inside[j]);
            let near = ground.map(|j| {
                let (dy, dx) = ((i / w).abs_diff(j / w) as f32, (i % w).abs_diff(j % w) as f32);
                dy.hypot(dx)
            });
            let near = near.fold(f32::INFINITY, f32::min);
            assert!((found - near).abs() < 1e-4, "pixel {i}: {found} and {near}");
        }
    }
}

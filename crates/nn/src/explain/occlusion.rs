//! What an output loses when a part of the sample is hidden.

use std::convert::Infallible;

use super::Objective;
use crate::predict::Predictor;
use crate::spec::Shape;

/// A square that is moved over the sample and hides what it covers behind the mean of each channel.
///
/// # Source
/// Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occlusion {
    /// Rows and columns of the square.
    pub side: usize,
    /// Pixels from one place to the next.
    pub stride: usize,
}

/// A square that makes no sense for a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a square of 1 to {largest} pixels that moves by 1 to its side, found {side} by {stride}")]
pub struct OcclusionError {
    largest: usize,
    side: usize,
    stride: usize,
}

impl Occlusion {
    /// A quarter of the shorter side, moved by a quarter of itself.
    #[must_use]
    pub fn fitting(shape: Shape) -> Occlusion {
        let side = (shape.h.min(shape.w) / 4).max(1);
        Occlusion { side, stride: side.div_ceil(4) }
    }

    /// Whether [`Occlusion::map`] can be made of samples of this shape.
    ///
    /// # Errors
    /// A square that does not fit, or that leaves out pixels.
    pub fn check(self, shape: Shape) -> Result<(), OcclusionError> {
        let largest = shape.h.min(shape.w);
        if (1..=largest).contains(&self.side) && (1..=self.side).contains(&self.stride) {
            return Ok(());
        }
        Err(OcclusionError { largest, side: self.side, stride: self.stride })
    }

    /// For each pixel of `sample` `[h, w, c]`, by how much less the outputs weighed by `target` are while the pixel is
    /// hidden, on average over the places of the square that cover it: `[h, w]`. Positive where what is hidden speaks
    /// for what was asked.
    ///
    /// # Errors
    /// As [`Occlusion::check`].
    ///
    /// # Panics
    /// When a length does not fit.
    pub fn map(
        self,
        predictor: &Predictor,
        sample: &[f32],
        target: &[f32],
        objective: Objective,
    ) -> Result<Vec<f32>, OcclusionError> {
        let shape = predictor.input();
        assert_eq!((sample.len(), target.len()), (shape.len(), predictor.outputs()), "sample and target");
        self.check(shape)?;
        let (tops, lefts) = (self.places(shape.h), self.places(shape.w));
        let corner = |place: usize| (tops[place / lefts.len()], lefts[place % lefts.len()]);
        let n = tops.len() * lefts.len();
        let means = means(shape, sample);
        let Ok(logits) = predictor.logits(n + 1, |i, out: &mut [f32]| {
            out.copy_from_slice(sample);
            // The last one is whole.
            if i < n {
                self.hide(shape, corner(i), &means, out);
            }
            Ok::<(), Infallible>(())
        });
        let k = target.len();
        let value = |i: usize| objective.value(&logits[i * k..(i + 1) * k], target);
        let whole = value(n);
        let mut sums = vec![(0.0_f64, 0.0_f64); shape.h * shape.w];
        for place in 0..n {
            let (loss, (top, left)) = (whole - value(place), corner(place));
            for y in top..top + self.side {
                for (sum, count) in &mut sums[y * shape.w + left..][..self.side] {
                    (*sum, *count) = (*sum + loss, *count + 1.0);
                }
            }
        }
        Ok(sums.into_iter().map(|(sum, count)| (sum / count) as f32).collect())
    }

    /// Where the square begins along an axis; the last place ends at the border.
    fn places(self, length: usize) -> Vec<usize> {
        let last = length - self.side;
        (0..last).step_by(self.stride).chain([last]).collect()
    }

    fn hide(self, shape: Shape, (top, left): (usize, usize), means: &[f32], sample: &mut [f32]) {
        for y in top..top + self.side {
            let row = &mut sample[(y * shape.w + left) * shape.c..][..self.side * shape.c];
            row.chunks_exact_mut(shape.c).for_each(|pixel| pixel.copy_from_slice(means));
        }
    }
}

/// Mean of each channel.
fn means(shape: Shape, sample: &[f32]) -> Vec<f32> {
    let n = (shape.h * shape.w) as f64;
    let mean = |c: usize| sample.iter().skip(c).step_by(shape.c).map(|&x| f64::from(x)).sum::<f64>() / n;
    (0..shape.c).map(|c| mean(c) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_reach_the_border_and_cover_everything() {
        assert_eq!(Occlusion { side: 4, stride: 3 }.places(12), [0, 3, 6, 8]);
        assert_eq!(Occlusion { side: 4, stride: 4 }.places(12), [0, 4, 8]);
        assert_eq!(Occlusion { side: 5, stride: 1 }.places(5), [0]);
    }
}

//! Bringing patches of unequal size to one size, only when asked to.

use cells::{CropShape, Pixels};
use serde::{Deserialize, Serialize};

use crate::image::Image;

/// Largest side of a fitted patch, in pixels.
pub const MAX_SIZE: usize = 4096;

/// How a patch is brought to a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FitMethod {
    /// What hangs over is cut off; a patch that is too small is refused.
    Crop,
    /// Zeros are put around; a patch that is too large is refused.
    Pad,
    /// Rows and columns are resampled on their own, so that the aspect changes when the patch is not square.
    Resize,
}

/// A size and how to get there. Recorded in the provenance of a crop set.
///
/// Cutting and padding keep the pixel `(h / 2, w / 2)` (rounded down), the centre of the window of an annotated
/// point, in the centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The operation.
    pub method: FitMethod,
    /// Rows and columns of the result, 1 to [`MAX_SIZE`].
    pub size: usize,
}

impl Fit {
    /// Fits one patch; depth and channels stay as they are.
    ///
    /// # Errors
    /// What was expected, when a patch is too small to be cut or too large to be padded, or the size is out of range.
    pub fn apply(self, image: Image) -> Result<Image, String> {
        let (from, size) = (image.shape, self.size);
        if size == 0 || size > MAX_SIZE {
            return Err(format!("a size of 1 to {MAX_SIZE}"));
        }
        let to = CropShape { h: size, w: size, c: from.c };
        if from == to {
            return Ok(image);
        }
        match self.method {
            FitMethod::Crop if from.h < size || from.w < size => {
                return Err(format!("at least {size}x{size} pixels to crop (pad or resize instead)"));
            }
            FitMethod::Pad if from.h > size || from.w > size => {
                return Err(format!("at most {size}x{size} pixels to pad (crop or resize instead)"));
            }
            _ => {}
        }
        let pixels = match (&image.pixels, self.method) {
            (Pixels::Uint8(v), FitMethod::Resize) => {
                Pixels::Uint8(resize(v, from, to).into_iter().map(|x| x.round() as u8).collect())
            }
            (Pixels::Uint16(v), FitMethod::Resize) => {
                Pixels::Uint16(resize(v, from, to).into_iter().map(|x| x.round() as u16).collect())
            }
            (Pixels::Float32(v), FitMethod::Resize) => {
                Pixels::Float32(resize(v, from, to).into_iter().map(|x| x as f32).collect())
            }
            (Pixels::Uint8(v), _) => Pixels::Uint8(window(v, from, to)),
            (Pixels::Uint16(v), _) => Pixels::Uint16(window(v, from, to)),
            (Pixels::Float32(v), _) => Pixels::Float32(window(v, from, to)),
        };
        Ok(Image { shape: to, pixels })
    }
}

/// The window of shape `to` around the centre; zeros where there is no pixel.
fn window<T: Copy + Default>(values: &[T], from: CropShape, to: CropShape) -> Vec<T> {
    let mut out = vec![T::default(); to.len()];
    // Offsets of the window in the image; at most one of each pair is above zero.
    let (cut_y, cut_x) = ((from.h / 2).saturating_sub(to.h / 2), (from.w / 2).saturating_sub(to.w / 2));
    let (pad_y, pad_x) = ((to.h / 2).saturating_sub(from.h / 2), (to.w / 2).saturating_sub(from.w / 2));
    let (rows, columns) = (from.h.min(to.h), from.w.min(to.w));
    for y in 0..rows {
        let source = ((y + cut_y) * from.w + cut_x) * from.c;
        let target = ((y + pad_y) * to.w + pad_x) * to.c;
        let n = columns * to.c;
        out[target..target + n].copy_from_slice(&values[source..source + n]);
    }
    out
}

/// Bilinear resampling with pixel centres at half-integers; the triangle is widened by the factor of a reduction,
/// so that every pixel of the source counts (as Pillow's BILINEAR and the antialiased ones of other libraries do).
/// `values` is `[h, w, c]` of `from`; the channels stay.
///
/// # Panics
/// When `values` are not of shape `from`, or one of both shapes is empty.
#[must_use]
pub fn resize<T: Copy + Into<f64>>(values: &[T], from: CropShape, to: CropShape) -> Vec<f64> {
    let c = from.c;
    let columns = taps(from.w, to.w);
    let mut wide = vec![0.0; from.h * to.w * c];
    for y in 0..from.h {
        for (x, (start, weights)) in columns.iter().enumerate() {
            for (k, weight) in weights.iter().enumerate() {
                let source = (y * from.w + start + k) * c;
                for ch in 0..c {
                    wide[(y * to.w + x) * c + ch] += weight * values[source + ch].into();
                }
            }
        }
    }
    let row = to.w * c;
    let mut out = vec![0.0; to.len()];
    for (y, (start, weights)) in taps(from.h, to.h).iter().enumerate() {
        for (k, weight) in weights.iter().enumerate() {
            let source = &wide[(start + k) * row..(start + k + 1) * row];
            for (a, b) in out[y * row..(y + 1) * row].iter_mut().zip(source) {
                *a += weight * b;
            }
        }
    }
    out
}

/// For each of `to` pixels: the first of `from` pixels that counts, and the weights from there on, of sum 1.
fn taps(from: usize, to: usize) -> Vec<(usize, Vec<f64>)> {
    let scale = from as f64 / to as f64;
    let radius = scale.max(1.0);
    (0..to)
        .map(|i| {
            let centre = (i as f64 + 0.5) * scale;
            let start = (centre - radius + 0.5).floor().max(0.0) as usize;
            let end = ((centre + radius + 0.5).floor() as usize).min(from);
            let weight = |j: usize| (1.0 - ((j as f64 + 0.5 - centre) / radius).abs()).max(0.0);
            let sum: f64 = (start..end).map(weight).sum();
            (start, (start..end).map(|j| weight(j) / sum).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(h: usize, w: usize) -> Image {
        let values = (0..h * w).map(|i| i as u16).collect();
        Image { shape: CropShape { h, w, c: 1 }, pixels: Pixels::Uint16(values) }
    }

    fn fit(method: FitMethod, size: usize, image: Image) -> Vec<u16> {
        match (Fit { method, size }).apply(image).expect("fits").pixels {
            Pixels::Uint16(v) => v,
            _ => Vec::new(),
        }
    }

    #[test]
    fn crop_and_pad_keep_the_centre_pixel() {
        assert_eq!(fit(FitMethod::Crop, 2, ramp(4, 4)), [5, 6, 9, 10]);
        assert_eq!(fit(FitMethod::Crop, 2, ramp(5, 3)), [3, 4, 6, 7]);
        assert_eq!(fit(FitMethod::Pad, 4, ramp(2, 3)), [0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 4, 5, 0, 0, 0, 0]);
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        assert!(Fit { method: FitMethod::Crop, size: 4 }.apply(ramp(4, 3)).is_err());
        assert!(Fit { method: FitMethod::Pad, size: 4 }.apply(ramp(5, 3)).is_err());
        assert!(Fit { method: FitMethod::Resize, size: 0 }.apply(ramp(5, 3)).is_err());
    }

    #[test]
    fn reducing_averages_with_a_triangle_and_constants_stay() {
        // Halving 4 pixels: 3, 3, 1 of 7 for the first, 1, 3, 3 of 7 for the last (what hangs over is left out).
        let shape = CropShape { h: 1, w: 4, c: 1 };
        let columns = taps(4, 2);
        assert_eq!(columns[0], (0, vec![3.0 / 7.0, 3.0 / 7.0, 1.0 / 7.0]));
        let image = Image { shape, pixels: Pixels::Float32(vec![0.0, 0.0, 7.0, 14.0]) };
        let out = Fit { method: FitMethod::Resize, size: 2 }.apply(image).expect("fits");
        let Pixels::Float32(v) = out.pixels else { unreachable!("the depth is kept") };
        let expected = [1.0, 9.0, 1.0, 9.0];
        assert!(v.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{v:?}");
        let shape = CropShape { h: 7, w: 5, c: 2 };
        let flat = Image { shape, pixels: Pixels::Uint8(vec![200; shape.len()]) };
        let out = Fit { method: FitMethod::Resize, size: 64 }.apply(flat).expect("fits");
        assert_eq!(out.pixels, Pixels::Uint8(vec![200; 64 * 64 * 2]));
    }
}

//! Operations that move or hide pixels.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{Interpolation, log_uniform, uniform};
use crate::CropShape;

/// Zeros in the first columns, 1 to `max_fraction` of the width.
pub(super) fn edge_strip(shape: CropShape, crop: &mut [f32], rng: &mut ChaCha8Rng, max_fraction: f32) {
    let widest = (shape.w as f32 * max_fraction) as usize;
    if widest > 0 {
        let width = rng.random_range(1..=widest);
        for row in crop.chunks_exact_mut(shape.w * shape.c) {
            row[..width * shape.c].fill(0.0);
        }
    }
}

pub(super) fn flip_left_right(shape: CropShape, crop: &mut [f32]) {
    for row in crop.chunks_exact_mut(shape.w * shape.c) {
        // Reversing all values, then each pixel, leaves the channels in order.
        row.reverse();
        if shape.c > 1 {
            row.chunks_exact_mut(shape.c).for_each(<[f32]>::reverse);
        }
    }
}

pub(super) fn flip_up_down(shape: CropShape, crop: &mut [f32]) {
    let row = shape.w * shape.c;
    let (top, rest) = crop.split_at_mut(shape.h / 2 * row);
    for (a, b) in top.chunks_exact_mut(row).zip(rest.rchunks_exact_mut(row)) {
        a.swap_with_slice(b);
    }
}

/// The mean of each channel in a rectangle of 1 pixel to `max_fraction` of each side.
pub(super) fn cutout(shape: CropShape, crop: &mut [f32], rng: &mut ChaCha8Rng, max_fraction: f32) {
    let mut side = |length: usize| {
        let longest = ((length as f32 * max_fraction) as usize).max(1);
        let size = rng.random_range(1..=longest);
        let start = rng.random_range(0..=length - size);
        start..start + size
    };
    let (rows, columns) = (side(shape.h), side(shape.w));
    for c in 0..shape.c {
        let (mean, _) = super::intensity::mean_and_std(shape, crop, c);
        for y in rows.clone() {
            for x in columns.clone() {
                crop[(y * shape.w + x) * shape.c + c] = mean;
            }
        }
    }
}

/// Where each pixel of the result is read: `y' = yy y + yx x + y0`, `x' = xy y + xx x + x0`, in pixels, pixel
/// centres at whole numbers.
pub(super) struct Affine {
    yy: f32,
    yx: f32,
    y0: f32,
    xy: f32,
    xx: f32,
    x0: f32,
}

impl Affine {
    /// A random turn and zoom about the centre of the crop after a random shift.
    pub(super) fn draw(
        shape: CropShape,
        rng: &mut ChaCha8Rng,
        rotation_degrees: f32,
        shift: f32,
        zoom: [f32; 2],
    ) -> Self {
        let angle = uniform(rng, [-rotation_degrees, rotation_degrees]).to_radians();
        let shift_y = uniform(rng, [-shift, shift]) * shape.h as f32;
        let shift_x = uniform(rng, [-shift, shift]) * shape.w as f32;
        let zoom = log_uniform(rng, zoom);
        Affine::about_centre(shape, angle, zoom, shift_y, shift_x)
    }

    /// `p' = centre + R(angle)/zoom (p - centre + shift)`.
    fn about_centre(shape: CropShape, angle: f32, zoom: f32, shift_y: f32, shift_x: f32) -> Self {
        let (centre_y, centre_x) = ((shape.h as f32 - 1.0) / 2.0, (shape.w as f32 - 1.0) / 2.0);
        let (sin, cos) = (angle.sin() / zoom, angle.cos() / zoom);
        let (from_y, from_x) = (shift_y - centre_y, shift_x - centre_x);
        Affine {
            yy: cos,
            yx: -sin,
            y0: centre_y + cos * from_y - sin * from_x,
            xy: sin,
            xx: cos,
            x0: centre_x + sin * from_y + cos * from_x,
        }
    }

    /// Reads `crop` through the map into `out`, both `[h, w, c]`.
    pub(super) fn apply(
        &self,
        shape: CropShape,
        interpolation: Interpolation,
        crop: &[f32],
        out: &mut [f32],
    ) {
        let (last_y, last_x) = (shape.h as f32 - 1.0, shape.w as f32 - 1.0);
        for y in 0..shape.h {
            let (row_y, row_x) = (self.yy * y as f32 + self.y0, self.xy * y as f32 + self.x0);
            let row = &mut out[y * shape.w * shape.c..][..shape.w * shape.c];
            for (x, pixel) in row.chunks_exact_mut(shape.c).enumerate() {
                let from_y = (row_y + self.yx * x as f32).max(0.0).min(last_y);
                let from_x = (row_x + self.xx * x as f32).max(0.0).min(last_x);
                match interpolation {
                    Interpolation::Nearest => nearest(shape, crop, from_y, from_x, pixel),
                    Interpolation::Bilinear => bilinear(shape, crop, from_y, from_x, pixel),
                }
            }
        }
    }
}

#[inline]
fn nearest(shape: CropShape, crop: &[f32], y: f32, x: f32, pixel: &mut [f32]) {
    let from = ((y + 0.5) as usize * shape.w + (x + 0.5) as usize) * shape.c;
    pixel.copy_from_slice(&crop[from..from + shape.c]);
}

#[inline]
fn bilinear(shape: CropShape, crop: &[f32], y: f32, x: f32, pixel: &mut [f32]) {
    let (y0, x0) = (y as usize, x as usize);
    let (y1, x1) = ((y0 + 1).min(shape.h - 1), (x0 + 1).min(shape.w - 1));
    let (ty, tx) = (y - y0 as f32, x - x0 as f32);
    let at = |y: usize, x: usize, c: usize| crop[(y * shape.w + x) * shape.c + c];
    for (c, v) in pixel.iter_mut().enumerate() {
        let top = at(y0, x0, c) + tx * (at(y0, x1, c) - at(y0, x0, c));
        let bottom = at(y1, x0, c) + tx * (at(y1, x1, c) - at(y1, x0, c));
        *v = top + ty * (bottom - top);
    }
}

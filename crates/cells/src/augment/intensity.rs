//! Operations that change intensities and leave pixels in their place.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::CropShape;

/// Mean and population deviation of channel `c`, summed in f64.
pub(super) fn mean_and_std(shape: CropShape, crop: &[f32], c: usize) -> (f32, f32) {
    let n = (shape.h * shape.w) as f64;
    let values = || crop[c..].iter().step_by(shape.c).map(|&v| f64::from(v));
    let mean = values().sum::<f64>() / n;
    let variance = values().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    (mean as f32, variance.sqrt() as f32)
}

fn extremes(crop: &[f32]) -> (f32, f32) {
    crop.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
}

pub(super) fn contrast(shape: CropShape, crop: &mut [f32], factor: f32) {
    for c in 0..shape.c {
        let (mean, _) = mean_and_std(shape, crop, c);
        crop[c..].iter_mut().step_by(shape.c).for_each(|v| *v = mean + factor * (*v - mean));
    }
}

pub(super) fn brightness(crop: &mut [f32], delta: f32) {
    let (low, high) = extremes(crop);
    let add = delta * (high - low);
    crop.iter_mut().for_each(|v| *v += add);
}

pub(super) fn gamma(crop: &mut [f32], gamma: f32) {
    let (low, high) = extremes(crop);
    let span = high - low;
    if span > 0.0 {
        crop.iter_mut().for_each(|v| *v = low + span * ((*v - low) / span).powf(gamma));
    }
}

pub(super) fn gain(shape: CropShape, crop: &mut [f32], c: usize, factor: f32) {
    crop[c..].iter_mut().step_by(shape.c).for_each(|v| *v *= factor);
}

/// Noise of `sigma` channel deviations.
pub(super) fn noise(shape: CropShape, crop: &mut [f32], rng: &mut ChaCha8Rng, sigma: f32) {
    for c in 0..shape.c {
        let (_, std) = mean_and_std(shape, crop, c);
        let mut spare = None;
        for v in crop[c..].iter_mut().step_by(shape.c) {
            let normal = spare.take().unwrap_or_else(|| {
                let (a, b) = normal_pair(rng);
                spare = Some(b);
                a
            });
            *v += sigma * std * normal;
        }
    }
}

/// Two independent standard normal numbers (Box and Muller 1958).
fn normal_pair(rng: &mut ChaCha8Rng) -> (f32, f32) {
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
    (radius * cos, radius * sin)
}

/// Buffers of [`blur`].
#[derive(Debug, Default)]
pub(crate) struct BlurScratch {
    weights: Vec<f32>,
    padded_row: Vec<f32>,
    between: Vec<f32>,
}

/// Gaussian blur, first along rows, then along columns, border pixels repeated.
pub(crate) fn blur(shape: CropShape, crop: &mut [f32], sigma_px: f32, scratch: &mut BlurScratch) {
    let radius = (3.0 * sigma_px).ceil() as usize;
    if radius == 0 || shape.is_empty() {
        return;
    }
    let BlurScratch { weights, padded_row, between } = scratch;
    weights.clear();
    weights.extend((0..=2 * radius).map(|i| (-0.5 * ((i as f32 - radius as f32) / sigma_px).powi(2)).exp()));
    let sum: f32 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    let row = shape.w * shape.c;
    between.clear();
    between.resize(shape.len(), 0.0);
    for (from, to) in crop.chunks_exact(row).zip(between.chunks_exact_mut(row)) {
        padded_row.clear();
        (0..radius).for_each(|_| padded_row.extend_from_slice(&from[..shape.c]));
        padded_row.extend_from_slice(from);
        (0..radius).for_each(|_| padded_row.extend_from_slice(&from[row - shape.c..]));
        for (i, &weight) in weights.iter().enumerate() {
            to.iter_mut().zip(&padded_row[i * shape.c..]).for_each(|(v, x)| *v += weight * x);
        }
    }
    for (y, to) in crop.chunks_exact_mut(row).enumerate() {
        to.fill(0.0);
        for (i, &weight) in weights.iter().enumerate() {
            let from = (y + i).saturating_sub(radius).min(shape.h - 1) * row;
            to.iter_mut().zip(&between[from..from + row]).for_each(|(v, x)| *v += weight * x);
        }
    }
}

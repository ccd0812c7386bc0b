//! What the rules need to know of each cell, measured once.

use rayon::prelude::*;

use super::fingerprint::Fingerprint;
use crate::{CellSet, CropShape, Depth, normalise::Normalise};

/// Measures of one crop. When a pixel is not finite nothing but `finite` is meaningful.
pub(super) struct Portrait {
    pub(super) finite: bool,
    /// The part of the crop that is image.
    pub(super) valid: Rect,
    /// Range of the means of square blocks (3rd to 97th percentile), channels added up, in deviations of the set.
    pub(super) contrast: f32,
    /// Range of single pixels (1st to 99th percentile), channels added up, over the range of white noise as strong as
    /// this crop's: 1 for nothing but noise.
    pub(super) spread: f32,
    /// Deviation of the pixel noise, channels added up, in deviations of the set.
    pub(super) noise: f32,
    /// The range that white noise as strong as this crop's would have.
    pub(super) noise_contrast: f32,
    /// A row per channel.
    pub(super) channels: Vec<ChannelPortrait>,
    pub(super) fingerprint: Fingerprint,
}

/// Measures of one channel of one crop.
#[derive(Clone, Copy)]
pub(super) struct ChannelPortrait {
    pub(super) min: f32,
    pub(super) max: f32,
    /// Pixels with the value `max`.
    pub(super) n_max: usize,
    /// Those of them in the middle half of rows and columns.
    pub(super) n_max_middle: usize,
    /// Over the part that is image.
    pub(super) mean: f32,
    /// Median of the outermost pixels of the part that is image: mostly background.
    pub(super) rim: f32,
}

/// Rows `top..bottom` and columns `left..right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) top: usize,
    pub(super) bottom: usize,
    pub(super) left: usize,
    pub(super) right: usize,
}

impl Rect {
    pub(super) fn whole(shape: CropShape) -> Self {
        Rect { top: 0, bottom: shape.h, left: 0, right: shape.w }
    }

    pub(super) fn h(self) -> usize {
        self.bottom - self.top
    }

    pub(super) fn w(self) -> usize {
        self.right - self.left
    }

    /// Where a pixel of the crop is in an array of this part's pixels.
    pub(super) fn index(self, y: i64, x: i64) -> Option<usize> {
        let (y, x) = (usize::try_from(y).ok()?, usize::try_from(x).ok()?);
        let inside = (self.top..self.bottom).contains(&y) && (self.left..self.right).contains(&x);
        inside.then(|| (y - self.top) * self.w() + x - self.left)
    }
}

/// Measures all cells, in parallel.
pub(super) fn of_all(set: &CellSet) -> Vec<Portrait> {
    let scale = channel_scales(set);
    (0..set.len())
        .into_par_iter()
        .map_init(
            || vec![0.0; set.shape.len()],
            |crop, i| {
                set.pixels.copy_to(i * set.shape.len(), crop);
                Portrait::new(set.shape, crop, &scale, set.pixels.depth())
            },
        )
        .collect()
}

/// 1 / deviation of each channel over up to 512 cells of the set, so that no channel drowns another.
pub(super) fn channel_scales(set: &CellSet) -> Vec<f32> {
    let step = set.len().div_ceil(512);
    let mut crop = vec![0.0; set.shape.len()];
    let finite = |&i: &usize| {
        set.pixels.copy_to(i * set.shape.len(), &mut crop);
        crop.iter().all(|v| v.is_finite())
    };
    let sample: Vec<usize> = (0..set.len()).step_by(step).filter(finite).collect();
    match Normalise::fit_data_set(set, &sample, None) {
        Ok(Normalise::DataSet { std, .. }) => std.iter().map(|s| 1.0 / s).collect(),
        _ => vec![1.0; set.shape.c],
    }
}

impl Portrait {
    fn new(shape: CropShape, crop: &[f32], scale: &[f32], depth: Depth) -> Self {
        let finite = crop.iter().all(|v| v.is_finite());
        let valid = if finite { super::border::image_part(shape, crop) } else { Rect::whole(shape) };
        let grey = grey(shape, crop, valid, scale);
        let fingerprint = if finite { Fingerprint::new(shape, valid, &grey) } else { Fingerprint::default() };
        let levels = match depth {
            Depth::Uint8 | Depth::Uint16 => scale.iter().fold(0.0f32, |a, &s| a.max(s)),
            Depth::Float32 => 0.0,
        };
        let block = (shape.h.min(shape.w) / 12).max(2);
        let noise = noise(valid, &grey).max(levels / 12f32.sqrt());
        let (contrast, noise_contrast) =
            (block_range(valid, &grey, block), noise * NORMAL_RANGE / block as f32);
        let mut pixels = grey;
        let spread = range(&mut pixels, 0.01) / (noise * NORMAL_PIXEL_RANGE).max(f32::MIN_POSITIVE);
        let channels = (0..shape.c).map(|c| ChannelPortrait::new(shape, crop, valid, c)).collect();
        Portrait { finite, valid, contrast, spread, noise, noise_contrast, channels, fingerprint }
    }
}

/// From the 3rd to the 97th percentile of a normal distribution, in deviations.
const NORMAL_RANGE: f32 = 3.76;
/// From the 1st to the 99th.
const NORMAL_PIXEL_RANGE: f32 = 4.65;

/// Channels added up on one scale, the part that is image only, `[h, w]`.
pub(super) fn grey(shape: CropShape, crop: &[f32], part: Rect, scale: &[f32]) -> Vec<f32> {
    let mut grey = Vec::with_capacity(part.h() * part.w());
    for y in part.top..part.bottom {
        let row = &crop[(y * shape.w + part.left) * shape.c..(y * shape.w + part.right) * shape.c];
        grey.extend(row.chunks_exact(shape.c).map(|p| p.iter().zip(scale).map(|(v, s)| v * s).sum::<f32>()));
    }
    grey
}

/// Deviation of the pixel noise, from each pixel's difference to the mean of its four neighbours: their first quartile,
/// because the background is calmer than a textured cell.
fn noise(part: Rect, grey: &[f32]) -> f32 {
    let (h, w) = (part.h(), part.w());
    if h < 3 || w < 3 {
        return 0.0;
    }
    let mut differences = Vec::with_capacity((h - 2) * (w - 2));
    for y in 1..h - 1 {
        for at in y * w + 1..y * w + w - 1 {
            let around = (grey[at - 1] + grey[at + 1] + grey[at - w] + grey[at + w]) / 4.0;
            differences.push((grey[at] - around).abs());
        }
    }
    quantile(&mut differences, 0.25) / (0.3186 * 1.25f32.sqrt())
}

/// 3rd to 97th percentile of the means of `block` x `block` pixels.
fn block_range(part: Rect, grey: &[f32], block: usize) -> f32 {
    let mut means = Vec::new();
    for y in (0..(part.h() + 1).saturating_sub(block)).step_by(block) {
        for x in (0..(part.w() + 1).saturating_sub(block)).step_by(block) {
            let row = |y: usize| grey[y * part.w() + x..][..block].iter().sum::<f32>();
            means.push((y..y + block).map(row).sum::<f32>() / (block * block) as f32);
        }
    }
    range(&mut means, 0.03)
}

/// From the quantile `tail` to `1 - tail`; reorders `values`.
fn range(values: &mut [f32], tail: f32) -> f32 {
    let low = quantile(values, tail);
    quantile(values, 1.0 - tail) - low
}

/// The value at rank `q (n - 1)`, rounded down; reorders `values`.
pub(super) fn quantile(values: &mut [f32], q: f32) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let rank = (q * (values.len() - 1) as f32) as usize;
    *values.select_nth_unstable_by(rank, f32::total_cmp).1
}

impl ChannelPortrait {
    fn new(shape: CropShape, crop: &[f32], part: Rect, c: usize) -> Self {
        let values = || crop[c..].iter().step_by(shape.c).copied();
        let min = values().fold(f32::INFINITY, f32::min);
        let max = values().fold(f32::NEG_INFINITY, f32::max);
        let n_max = values().filter(|&v| v == max).count();
        let middle = |at: usize| {
            let (y, x) = (at / shape.w, at % shape.w);
            (shape.h / 4..shape.h - shape.h / 4).contains(&y)
                && (shape.w / 4..shape.w - shape.w / 4).contains(&x)
        };
        let n_max_middle = values().enumerate().filter(|&(at, v)| v == max && middle(at)).count();
        let width = (part.h().min(part.w()) / 16).max(1);
        let (mut sum, mut rim) = (0.0f64, Vec::new());
        for y in part.top..part.bottom {
            for x in part.left..part.right {
                let v = crop[(y * shape.w + x) * shape.c + c];
                sum += f64::from(v);
                let depth_y = (y - part.top).min(part.bottom - 1 - y);
                if depth_y.min((x - part.left).min(part.right - 1 - x)) < width {
                    rim.push(v);
                }
            }
        }
        let n = (part.h() * part.w()).max(1) as f64;
        ChannelPortrait {
            min,
            max,
            n_max,
            n_max_middle,
            mean: (sum / n) as f32,
            rim: quantile(&mut rim, 0.5),
        }
    }
}

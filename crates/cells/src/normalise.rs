//! How intensities become the input of a network: part of a model's preprocessing contract.

use serde::{Deserialize, Serialize};

use crate::{CropShape, CropSource};

/// How the intensities of one crop are prepared for the network. Deterministic, applied last, after any
/// augmentation; the same setting is stored with a model and used whenever the model is.
///
/// With `x` the intensities and `n` their number, `clip` (when given) finally limits the result to `±clip`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Normalise {
    /// `(x - mean) / max(std, 1/sqrt(n))` with the mean and (population) deviation of the whole crop, all
    /// channels together, `n = h*w*c`. A constant crop becomes zeros. Absolute intensity is lost.
    ///
    /// # Source
    /// Ulicna et al. 2022, doi:10.1007/978-1-0716-2221-6_3, with `clip` 4; TensorFlow's
    /// `per_image_standardization` without the clip.
    PerImage {
        /// Limit of the result, in deviations.
        clip: Option<f32>,
    },
    /// As [`Normalise::PerImage`] for each channel on its own, `n = h*w`. A constant channel becomes zeros.
    PerImageChannel {
        /// Limit of the result, in deviations.
        clip: Option<f32>,
    },
    /// `(x - mean[c]) / std[c]` with figures of the training cells, see [`Normalise::fit_data_set`].
    /// Absolute intensity (DNA content, stain density) is kept.
    DataSet {
        /// Mean of each channel.
        mean: Vec<f32>,
        /// Deviation of each channel, above 0.
        std: Vec<f32>,
        /// Limit of the result, in deviations.
        clip: Option<f32>,
    },
    /// `2 (x - low) / (high - low) - 1`: a fixed range to -1..1. Values outside the range go beyond ±1.
    ///
    /// # Source
    /// Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0, with 0 to 255.
    Range {
        /// Becomes -1.
        low: f32,
        /// Becomes 1.
        high: f32,
    },
}

/// Why a normalisation cannot be used, fitted or applied.
#[derive(Debug, thiserror::Error)]
pub enum NormaliseError {
    /// A setting that makes no sense.
    #[error("normalisation: `{setting}` is {found}; expected {expected}")]
    Setting {
        /// Name of the setting.
        setting: &'static str,
        /// What it may be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The crop holds a NaN or an infinity.
    #[error(
        "a pixel is {value} at row {y}, column {x}, channel {channel}; expected finite intensities \
         (floating-point images often mark missing pixels so)"
    )]
    NotFinite {
        /// Row of the first such pixel.
        y: usize,
        /// Column of the first such pixel.
        x: usize,
        /// Channel of the first such pixel.
        channel: usize,
        /// NaN, inf or -inf.
        value: f32,
    },
    /// As [`NormaliseError::NotFinite`], in the crop of this number while fitting.
    #[error("cell {index}: {error}")]
    Cell {
        /// Index of the crop in its source.
        index: usize,
        /// What is wrong with it.
        error: Box<NormaliseError>,
    },
    /// Nothing to fit on.
    #[error("the mean and deviation of no cells were asked for; expected at least one training cell")]
    NoCells,
    /// A crop could not be read.
    #[error("cell {index} cannot be read: {error}")]
    Read {
        /// Index of the crop in its source.
        index: usize,
        /// Why.
        error: std::io::Error,
    },
}

impl Normalise {
    /// The published setting of the `encoder` workflow: per image, limited to ±4.
    #[must_use]
    pub fn encoder() -> Self {
        Normalise::PerImage { clip: Some(4.0) }
    }

    /// The published setting of the `phase` workflow: 0..255 to -1..1.
    #[must_use]
    pub fn phase() -> Self {
        Normalise::Range { low: 0.0, high: 255.0 }
    }

    /// Mean and deviation of each channel over the crops `indices` of `source`, summed in f64 in that order.
    /// A channel that is constant over all of them gets the deviation 1, so that it becomes zeros.
    ///
    /// # Errors
    /// No cells, a crop that cannot be read, a pixel that is not finite.
    pub fn fit_data_set(
        source: &dyn CropSource,
        indices: &[usize],
        clip: Option<f32>,
    ) -> Result<Self, NormaliseError> {
        let shape = source.shape();
        if indices.is_empty() || shape.is_empty() {
            return Err(NormaliseError::NoCells);
        }
        let mut crop = vec![0.0f32; shape.len()];
        let mut channels = vec![Moments::default(); shape.c];
        for &index in indices {
            source.read(index, &mut crop).map_err(|error| NormaliseError::Read { index, error })?;
            check_finite(shape, &crop)
                .map_err(|error| NormaliseError::Cell { index, error: Box::new(error) })?;
            for (c, all) in channels.iter_mut().enumerate() {
                all.merge(Moments::of(&crop, c, shape.c));
            }
        }
        let std = |m: &Moments| if m.std() > 0.0 { m.std() as f32 } else { 1.0 };
        Ok(Normalise::DataSet {
            mean: channels.iter().map(|m| m.mean as f32).collect(),
            std: channels.iter().map(std).collect(),
            clip,
        })
    }

    /// Whether the setting can be applied to crops of this shape: all mistakes at once.
    ///
    /// # Errors
    /// Every setting that is out of its range or does not fit the number of channels.
    pub fn validate(&self, shape: CropShape) -> Result<(), Vec<NormaliseError>> {
        let mut mistakes = Vec::new();
        let mut wrong = |setting, expected: String, found: String| {
            mistakes.push(NormaliseError::Setting { setting, expected, found });
        };
        if let Some(clip) = self.clip().filter(|&clip| !(clip > 0.0 && clip.is_finite())) {
            wrong("clip", "a number above 0".into(), clip.to_string());
        }
        match self {
            Normalise::PerImage { .. } | Normalise::PerImageChannel { .. } => {}
            Normalise::DataSet { mean, std, .. } => {
                let one_each = format!("one number per channel ({})", shape.c);
                if mean.len() != shape.c {
                    wrong("mean", one_each.clone(), format!("{} numbers", mean.len()));
                }
                if std.len() != shape.c {
                    wrong("std", one_each, format!("{} numbers", std.len()));
                }
                if let Some(m) = mean.iter().find(|m| !m.is_finite()) {
                    wrong("mean", "finite numbers".into(), m.to_string());
                }
                if let Some(s) = std.iter().find(|s| !(**s > 0.0 && s.is_finite())) {
                    wrong("std", "numbers above 0".into(), s.to_string());
                }
            }
            Normalise::Range { low, high } => {
                if !(low.is_finite() && high.is_finite() && low < high) {
                    wrong("low, high", "two numbers, low below high".into(), format!("{low}, {high}"));
                }
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Normalises one crop, `[h, w, c]`, in place. The setting must have passed [`Normalise::validate`] for `shape`.
    ///
    /// ```
    /// use cells::{CropShape, normalise::Normalise};
    /// let shape = CropShape { h: 1, w: 2, c: 1 };
    /// let mut crop = [0.0, 255.0];
    /// Normalise::phase().apply(shape, &mut crop)?;
    /// assert_eq!(crop, [-1.0, 1.0]);
    /// # Ok::<(), cells::normalise::NormaliseError>(())
    /// ```
    ///
    /// # Errors
    /// The first pixel that is NaN or infinite; the crop is then left as it was.
    pub fn apply(&self, shape: CropShape, crop: &mut [f32]) -> Result<(), NormaliseError> {
        check_finite(shape, crop)?;
        match self {
            Normalise::PerImage { .. } => standardise(crop, 0, 1),
            Normalise::PerImageChannel { .. } => {
                for c in 0..shape.c {
                    standardise(crop, c, shape.c);
                }
            }
            Normalise::DataSet { mean, std, .. } => {
                for pixel in crop.chunks_exact_mut(shape.c) {
                    for (v, (m, s)) in pixel.iter_mut().zip(mean.iter().zip(std)) {
                        *v = (*v - m) / s;
                    }
                }
            }
            Normalise::Range { low, high } => {
                let span = high - low;
                crop.iter_mut().for_each(|v| *v = (*v - low) / span * 2.0 - 1.0);
            }
        }
        if let Some(clip) = self.clip() {
            crop.iter_mut().for_each(|v| *v = v.max(-clip).min(clip));
        }
        Ok(())
    }

    fn clip(&self) -> Option<f32> {
        match self {
            Normalise::PerImage { clip }
            | Normalise::PerImageChannel { clip }
            | Normalise::DataSet { clip, .. } => *clip,
            Normalise::Range { .. } => None,
        }
    }
}

fn check_finite(shape: CropShape, crop: &[f32]) -> Result<(), NormaliseError> {
    match crop.iter().position(|v| !v.is_finite()) {
        None => Ok(()),
        Some(at) => Err(NormaliseError::NotFinite {
            y: at / (shape.w * shape.c),
            x: at / shape.c % shape.w,
            channel: at % shape.c,
            value: crop[at],
        }),
    }
}

/// `(x - mean) / max(std, 1/sqrt(n))` over the values `first`, `first + step`, …
fn standardise(crop: &mut [f32], first: usize, step: usize) {
    let moments = Moments::of(crop, first, step);
    let scale = 1.0 / moments.std().max(1.0 / moments.n.sqrt());
    for v in crop.iter_mut().skip(first).step_by(step) {
        *v = ((f64::from(*v) - moments.mean) * scale) as f32;
    }
}

/// Number, mean and sum of squared deviations of some values.
#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    n: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Of the values `first`, `first + step`, … in two passes.
    fn of(values: &[f32], first: usize, step: usize) -> Self {
        let n = (values.len() - first).div_ceil(step) as f64;
        let mean = strided_sum(values, first, step, |v| v) / n;
        let squares = strided_sum(values, first, step, |v| (v - mean) * (v - mean));
        Moments { n, mean, squares }
    }

    /// Takes in the values behind `other` (Chan, Golub, LeVeque 1983).
    fn merge(&mut self, other: Moments) {
        let n = self.n + other.n;
        let delta = other.mean - self.mean;
        self.mean += delta * other.n / n;
        self.squares += other.squares + delta * delta * self.n * other.n / n;
        self.n = n;
    }

    fn std(&self) -> f64 {
        (self.squares / self.n).sqrt()
    }
}

/// Sum of `f` over the values `first`, `first + step`, … in four interleaved partial sums, which do not wait for
/// one another.
fn strided_sum(values: &[f32], first: usize, step: usize, f: impl Fn(f64) -> f64) -> f64 {
    let mut parts = [0.0f64; 4];
    for block in values[first..].chunks(4 * step) {
        for (part, &v) in parts.iter_mut().zip(block.iter().step_by(step)) {
            *part += f(f64::from(v));
        }
    }
    (parts[0] + parts[1]) + (parts[2] + parts[3])
}

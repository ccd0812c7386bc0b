//! Random changes of training crops, applied to raw intensities before normalisation.
//!
//! Each operation happens with its probability `p`, drawn anew for each crop; its parameters are uniform in the
//! ranges given unless said otherwise. Results are not limited to the range of the camera.

mod dihedral;
mod geometry;
mod intensity;
mod validate;

pub use dihedral::Dihedral;
pub(crate) use intensity::{BlurScratch, blur};
pub use validate::AugmentMistake;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::CropShape;

/// How [`Augment::Affine`] reads between pixels. Beyond the border the nearest pixel is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interpolation {
    /// The nearest pixel: intensities stay exact.
    Nearest,
    /// Weighted mean of the four nearest pixels: smoother, slightly blurs.
    Bilinear,
}

/// One random operation. Ranges are `[low, high]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Augment {
    /// A black (0) strip along the left side, 1 pixel to `max_fraction` of the width: imitates cells at the border
    /// of the image, whose windows are filled up with zeros. Put it before turns and flips to have it on all sides.
    EdgeStrip {
        /// Probability.
        p: f32,
        /// Greatest width of the strip, share of the crop's width, 0 to 1.
        max_fraction: f32,
    },
    /// A turn by 0°, 90°, 180° or 270°, equally likely; by 0° or 180° when the crop is not square, so that it keeps
    /// its shape.
    Rotate90 {
        /// Probability that a turn is drawn at all.
        p: f32,
    },
    /// Left and right change places.
    FlipLeftRight {
        /// Probability.
        p: f32,
    },
    /// Top and bottom change places.
    FlipUpDown {
        /// Probability.
        p: f32,
    },
    /// A turn, shift and zoom about the centre of the crop in one step, the nearest pixel repeated outside.
    Affine {
        /// Probability.
        p: f32,
        /// Greatest turn either way, degrees, 0 to 180 (180 is any angle).
        rotation_degrees: f32,
        /// Greatest shift either way and per axis, share of that side, 0 to 1.
        shift: f32,
        /// Magnification, above 0; drawn uniformly in its logarithm. `[1, 1]` keeps the size.
        zoom: [f32; 2],
        /// How to read between pixels.
        interpolation: Interpolation,
    },
    /// `mean + factor (x - mean)` with the mean of each channel, as TensorFlow's `adjust_contrast`.
    /// Undone by normalisation per image when the crop has one channel.
    Contrast {
        /// Probability.
        p: f32,
        /// Range of the factor, 0 or more.
        factor: [f32; 2],
    },
    /// `x + delta (max - min)` with the extremes of the whole crop, the same for all channels. Undone by
    /// normalisation per image.
    ///
    /// TensorFlow's `random_brightness` adds `delta` as it is to floating-point images, where ±0.3 of 255
    /// grey levels is nothing, and `delta` of the full range to integer images; the share of the crop's own range
    /// means the same for all depths and cameras.
    Brightness {
        /// Probability.
        p: f32,
        /// Range of the shift, share of the crop's intensity range.
        delta: [f32; 2],
    },
    /// `min + (max - min) ((x - min) / (max - min))^gamma` with the extremes of the whole crop.
    Gamma {
        /// Probability.
        p: f32,
        /// Range of the exponent, above 0; drawn uniformly in its logarithm.
        gamma: [f32; 2],
    },
    /// Each channel times a factor of its own: stain and lamp differ from day to day.
    ChannelGain {
        /// Probability.
        p: f32,
        /// Range of the factors, above 0; drawn uniformly in their logarithm.
        factor: [f32; 2],
    },
    /// Independent Gaussian noise on every value.
    Noise {
        /// Probability.
        p: f32,
        /// Range of the noise's deviation, in deviations of the channel it is added to.
        sigma: [f32; 2],
    },
    /// Gaussian blur, cut off at three deviations, border pixels repeated: imitates defocus.
    Blur {
        /// Probability.
        p: f32,
        /// Range of the deviation, pixels, 0 to 16.
        sigma_px: [f32; 2],
    },
    /// A rectangle filled with the mean of each channel, fully inside the crop.
    Cutout {
        /// Probability.
        p: f32,
        /// Greatest height and width, share of that side, 0 to 1.
        max_fraction: f32,
    },
}

/// Buffers of [`Augmentations::apply`], to be kept from crop to crop.
#[derive(Debug, Default)]
pub struct Scratch {
    crop: Vec<f32>,
    blur: BlurScratch,
}

/// Operations applied one after the other to raw intensities, before normalisation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Augmentations(pub Vec<Augment>);

impl Augmentations {
    /// The published list of the `encoder` workflow, with all four turns.
    ///
    /// # Source
    /// Ulicna et al. 2022, doi:10.1007/978-1-0716-2221-6_3. Its code never draws 270°.
    #[must_use]
    pub fn encoder() -> Self {
        Self(vec![
            Augment::EdgeStrip { p: 0.05, max_fraction: 0.5 },
            Augment::Rotate90 { p: 1.0 },
            Augment::FlipLeftRight { p: 0.5 },
            Augment::FlipUpDown { p: 0.5 },
            Augment::Contrast { p: 0.1, factor: [0.3, 1.0] },
            Augment::Brightness { p: 0.1, delta: [-0.3, 0.3] },
        ])
    }

    /// The published list of the `phase` workflow: any angle, shifts up to 20 % of each side, flips both ways,
    /// nearest pixel.
    ///
    /// # Source
    /// Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0.
    #[must_use]
    pub fn phase() -> Self {
        Self(vec![
            Augment::Affine {
                p: 1.0,
                rotation_degrees: 180.0,
                shift: 0.2,
                zoom: [1.0, 1.0],
                interpolation: Interpolation::Nearest,
            },
            Augment::FlipLeftRight { p: 0.5 },
            Augment::FlipUpDown { p: 0.5 },
        ])
    }

    /// Whether the list can be applied to crops of this shape: all mistakes at once.
    ///
    /// # Errors
    /// Every setting out of its range, and crops without pixels.
    pub fn validate(&self, shape: CropShape) -> Result<(), Vec<AugmentMistake>> {
        let mistakes: Vec<_> = self
            .0
            .iter()
            .enumerate()
            .flat_map(|(i, augment)| validate::mistakes(i, augment, shape))
            .collect();
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }

    /// Changes one crop, `[h, w, c]`, in place. The list must have passed [`Augmentations::validate`] for `shape`.
    ///
    /// All randomness comes from `rng`: give each crop of each pass a stream of its own and the result does not
    /// depend on the order in which crops are prepared.
    ///
    /// ```
    /// use cells::{CropShape, augment::{Augmentations, Scratch}};
    /// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    /// let (epoch, n_cells, cell) = (3, 1000, 17);
    /// let mut rng = ChaCha8Rng::seed_from_u64(0);
    /// rng.set_stream(epoch * n_cells + cell);
    /// let mut crop = vec![1.0; 64 * 64];
    /// Augmentations::encoder().apply(CropShape { h: 64, w: 64, c: 1 }, &mut crop, &mut rng, &mut Scratch::default());
    /// ```
    pub fn apply(&self, shape: CropShape, crop: &mut [f32], rng: &mut ChaCha8Rng, scratch: &mut Scratch) {
        scratch.crop.resize(shape.len(), 0.0);
        for augment in &self.0 {
            if rng.random::<f32>() < augment.p() {
                augment.apply(shape, crop, rng, scratch);
            }
        }
    }
}

impl Augment {
    /// Probability of the operation.
    #[must_use]
    pub fn p(&self) -> f32 {
        match self {
            Augment::EdgeStrip { p, .. }
            | Augment::Rotate90 { p }
            | Augment::FlipLeftRight { p }
            | Augment::FlipUpDown { p }
            | Augment::Affine { p, .. }
            | Augment::Contrast { p, .. }
            | Augment::Brightness { p, .. }
            | Augment::Gamma { p, .. }
            | Augment::ChannelGain { p, .. }
            | Augment::Noise { p, .. }
            | Augment::Blur { p, .. }
            | Augment::Cutout { p, .. } => *p,
        }
    }

    fn apply(&self, shape: CropShape, crop: &mut [f32], rng: &mut ChaCha8Rng, scratch: &mut Scratch) {
        match self {
            Augment::EdgeStrip { max_fraction, .. } => geometry::edge_strip(shape, crop, rng, *max_fraction),
            Augment::Rotate90 { .. } => {
                scratch.crop.copy_from_slice(crop);
                Dihedral::turn(shape, rng).apply(shape, &scratch.crop, crop);
            }
            Augment::FlipLeftRight { .. } => geometry::flip_left_right(shape, crop),
            Augment::FlipUpDown { .. } => geometry::flip_up_down(shape, crop),
            Augment::Affine { rotation_degrees, shift, zoom, interpolation, .. } => {
                let map = geometry::Affine::draw(shape, rng, *rotation_degrees, *shift, *zoom);
                scratch.crop.copy_from_slice(crop);
                map.apply(shape, *interpolation, &scratch.crop, crop);
            }
            Augment::Contrast { factor, .. } => intensity::contrast(shape, crop, uniform(rng, *factor)),
            Augment::Brightness { delta, .. } => intensity::brightness(crop, uniform(rng, *delta)),
            Augment::Gamma { gamma, .. } => intensity::gamma(crop, log_uniform(rng, *gamma)),
            Augment::ChannelGain { factor, .. } => {
                for c in 0..shape.c {
                    intensity::gain(shape, crop, c, log_uniform(rng, *factor));
                }
            }
            Augment::Noise { sigma, .. } => {
                let sigma = uniform(rng, *sigma);
                intensity::noise(shape, crop, rng, sigma);
            }
            Augment::Blur { sigma_px, .. } => {
                intensity::blur(shape, crop, uniform(rng, *sigma_px), &mut scratch.blur);
            }
            Augment::Cutout { max_fraction, .. } => geometry::cutout(shape, crop, rng, *max_fraction),
        }
    }
}

fn uniform(rng: &mut ChaCha8Rng, [low, high]: [f32; 2]) -> f32 {
    low + (high - low) * rng.random::<f32>()
}

fn log_uniform(rng: &mut ChaCha8Rng, [low, high]: [f32; 2]) -> f32 {
    low * (high / low).powf(rng.random::<f32>())
}

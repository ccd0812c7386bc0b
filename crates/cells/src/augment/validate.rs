//! What is wrong with the settings of an augmentation.

use super::Augment;
use crate::CropShape;

/// One setting of an augmentation that makes no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("augmentation {position} ({augment}): `{setting}` is {found}; expected {expected}")]
pub struct AugmentMistake {
    /// Place in the list, counted from 1.
    pub position: usize,
    /// Kind of the operation.
    pub augment: &'static str,
    /// Name of the setting.
    pub setting: &'static str,
    /// What it may be.
    pub expected: &'static str,
    /// What it is.
    pub found: String,
}

/// All mistakes of the operation at `index` of its list.
pub(super) fn mistakes(index: usize, augment: &Augment, shape: CropShape) -> Vec<AugmentMistake> {
    let mut check = Check { position: index + 1, augment: name(augment), mistakes: Vec::new() };
    check.that("shape", !shape.is_empty(), "crops with pixels", shape.to_string());
    check.share("p", augment.p());
    match augment {
        Augment::EdgeStrip { max_fraction, .. } | Augment::Cutout { max_fraction, .. } => {
            check.share("max_fraction", *max_fraction);
        }
        Augment::Rotate90 { .. } | Augment::FlipLeftRight { .. } | Augment::FlipUpDown { .. } => {}
        Augment::Affine { rotation_degrees, shift, zoom, .. } => {
            let in_range = (0.0..=180.0).contains(rotation_degrees);
            check.that("rotation_degrees", in_range, "0 to 180", rotation_degrees.to_string());
            check.share("shift", *shift);
            check.positive("zoom", *zoom);
        }
        Augment::Contrast { factor, .. } => {
            check.range("factor", *factor, 0.0, f32::MAX, "[low, high], 0 or more");
        }
        Augment::Brightness { delta, .. } => check.range("delta", *delta, -1.0, 1.0, "[low, high], -1 to 1"),
        Augment::Gamma { gamma, .. } => check.positive("gamma", *gamma),
        Augment::ChannelGain { factor, .. } => check.positive("factor", *factor),
        Augment::Noise { sigma, .. } => {
            check.range("sigma", *sigma, 0.0, f32::MAX, "[low, high], 0 or more");
        }
        Augment::Blur { sigma_px, .. } => {
            check.range("sigma_px", *sigma_px, 0.0, 16.0, "[low, high], 0 to 16")
        }
    }
    check.mistakes
}

struct Check {
    position: usize,
    augment: &'static str,
    mistakes: Vec<AugmentMistake>,
}

impl Check {
    fn that(&mut self, setting: &'static str, fine: bool, expected: &'static str, found: String) {
        if !fine {
            let (position, augment) = (self.position, self.augment);
            self.mistakes.push(AugmentMistake { position, augment, setting, expected, found });
        }
    }

    fn share(&mut self, setting: &'static str, value: f32) {
        self.that(setting, (0.0..=1.0).contains(&value), "0 to 1", value.to_string());
    }

    fn range(
        &mut self,
        setting: &'static str,
        [low, high]: [f32; 2],
        min: f32,
        max: f32,
        expected: &'static str,
    ) {
        let fine = min <= low && low <= high && high <= max;
        self.that(setting, fine, expected, format!("[{low}, {high}]"));
    }

    fn positive(&mut self, setting: &'static str, [low, high]: [f32; 2]) {
        self.range(setting, [low, high], f32::MIN_POSITIVE, f32::MAX, "[low, high], above 0");
    }
}

fn name(augment: &Augment) -> &'static str {
    match augment {
        Augment::EdgeStrip { .. } => "edge_strip",
        Augment::Rotate90 { .. } => "rotate90",
        Augment::FlipLeftRight { .. } => "flip_left_right",
        Augment::FlipUpDown { .. } => "flip_up_down",
        Augment::Affine { .. } => "affine",
        Augment::Contrast { .. } => "contrast",
        Augment::Brightness { .. } => "brightness",
        Augment::Gamma { .. } => "gamma",
        Augment::ChannelGain { .. } => "channel_gain",
        Augment::Noise { .. } => "noise",
        Augment::Blur { .. } => "blur",
        Augment::Cutout { .. } => "cutout",
    }
}

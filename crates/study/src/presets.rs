//! The three starting points of [`TrainSettings`].

use cells::augment::{Augment, Augmentations};
use nn::{
    Precision,
    optimizer::{Clip, Optimizer},
    schedule::Schedule,
};

use crate::settings::{
    Architecture, ClassWeights, Keep, NormaliseChoice, Preset, Stains, TrainSettings, Views,
};

impl TrainSettings {
    /// The settings that `preset` stands for.
    #[must_use]
    pub fn preset(preset: Preset) -> Self {
        match preset {
            Preset::Encoder => Self::encoder(),
            Preset::Phase => Self::phase(),
            Preset::Default => Self::small_sets(),
        }
    }

    /// 100 epochs of 312 steps of 64 cells drawn from the shuffled, repeated set, as published. The weights are averaged
    /// over about the last tenth of the run, since those of the last step alone are a matter of luck; the published recipe
    /// to the letter is `weight_average = 0`.
    fn encoder() -> Self {
        TrainSettings {
            preset: Preset::Encoder,
            network: Architecture::Encoder,
            normalise: NormaliseChoice::PerImage { clip: Some(4.0) },
            epochs: 100,
            steps_per_epoch: 20_000 / 64,
            batch: 64,
            precision: Precision::F32,
            seed: 0,
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.0 },
            clip: Clip::None,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            label_smoothing: 0.0,
            class_weights: ClassWeights::None,
            weight_average: 0.1,
            stains: Stains::Alike,
            augment: Augmentations::encoder(),
            views: Views::One,
            validation: 0.2,
            keep: Keep::Best,
            patience: 0,
            allow_leakage: false,
        }
    }

    /// 100 passes in batches of 128 with gradients cut to a common norm of 1, as published.
    fn phase() -> Self {
        TrainSettings {
            preset: Preset::Phase,
            network: Architecture::Phase,
            normalise: NormaliseChoice::Range { low: 0.0, high: 255.0 },
            steps_per_epoch: 0,
            batch: 128,
            optimizer: Optimizer::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 },
            clip: Clip::Global { norm: 1.0 },
            learning_rate: 0.032,
            weight_average: 0.0,
            augment: Augmentations::phase(),
            ..Self::encoder()
        }
    }

    /// What was found to work on small sets of very different cells; the README has the figures.
    fn small_sets() -> Self {
        TrainSettings {
            preset: Preset::Default,
            network: Architecture::Pyramid { filters: Vec::new() },
            normalise: NormaliseChoice::Auto,
            epochs: 0,
            steps_per_epoch: 0,
            batch: 0,
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weight_decay: 0.02 },
            learning_rate: 3e-3,
            schedule: Schedule::OneCycle { warmup: 0.25, initial: 0.1, last: 0.01 },
            label_smoothing: 0.05,
            weight_average: 0.05,
            stains: Stains::Auto,
            augment: Augmentations(vec![Augment::Rotate90 { p: 1.0 }, Augment::FlipLeftRight { p: 0.5 }]),
            views: Views::Dihedral,
            ..Self::encoder()
        }
    }
}

//! Everything a training run depends on besides the data, in one TOML table.
//!
//! A table starts from a preset and is overlaid by the user's file, then by command-line flags. Unknown keys, values of
//! the wrong kind and values out of range are all reported together.

mod stains;

use cells::{CropShape, augment::Augmentations, normalise::Normalise};
pub use nn::Precision;
use nn::{
    optimizer::{Clip, Optimizer},
    schedule::Schedule,
    spec::{NetworkSpec, Shape},
};
use serde::{Deserialize, Serialize};

pub use self::stains::Stains;

use crate::StudyError;

/// A named starting point for [`TrainSettings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The published network for fluorescent nuclei (Ulicna et al. 2022, doi:10.1007/978-1-0716-2221-6_3).
    Encoder,
    /// The published network for phase contrast (Kusumoto et al. 2021, doi:10.1038/s41467-020-20213-0).
    Phase,
    /// The recipe of this program for small data sets; measured in the README.
    Default,
}

impl Preset {
    /// All presets, in the order they are shown.
    pub const ALL: [Preset; 3] = [Preset::Default, Preset::Encoder, Preset::Phase];

    /// The name used in files and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Preset::Encoder => "encoder",
            Preset::Phase => "phase",
            Preset::Default => "default",
        }
    }
}

impl std::str::FromStr for Preset {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Preset::ALL
            .into_iter()
            .find(|p| p.name() == name)
            .ok_or_else(|| format!("preset: expected default, encoder or phase, found {name:?}"))
    }
}

/// Which layers to build; the input's shape and the number of classes come from the data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Architecture {
    /// Convolution, batch norm, swish and pooling per filter count, then a dense layer of 256.
    Encoder,
    /// Two pairs of convolutions with dropout, then a dense layer of 256.
    Phase,
    /// As the encoder, with other filter counts.
    Pyramid {
        /// Channels of each block; the image is halved between blocks. None: what fits the size of the crops, see
        /// [`nn::presets::fitting`].
        filters: Vec<usize>,
    },
    /// Residual stages with global average pooling: slower by far, and a little better on small colour images.
    Residual {
        /// Channels of each stage; the image is halved between stages.
        filters: Vec<usize>,
    },
}

impl Architecture {
    /// The layers for crops of `shape` and `n_classes` classes.
    #[must_use]
    pub fn network(&self, shape: CropShape, n_classes: usize) -> NetworkSpec {
        let input = Shape { h: shape.h, w: shape.w, c: shape.c };
        match self {
            Architecture::Encoder => nn::presets::encoder(input, n_classes),
            Architecture::Phase => nn::presets::phase(input, n_classes),
            Architecture::Pyramid { filters } if filters.is_empty() => nn::presets::fitting(input, n_classes),
            Architecture::Pyramid { filters } => nn::presets::pyramid(input, filters, n_classes),
            Architecture::Residual { filters } => nn::presets::residual(input, filters, n_classes),
        }
    }
}

/// How intensities are brought to a common scale before the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum NormaliseChoice {
    /// Short trials on a validation part of the training groups decide, and the choice is reported.
    Auto,
    /// Mean and deviation of each crop, all channels together.
    PerImage {
        /// Values beyond this many deviations are cut; absent: none are.
        clip: Option<f32>,
    },
    /// Mean and deviation of each channel of each crop.
    PerImageChannel {
        /// Values beyond this many deviations are cut; absent: none are.
        clip: Option<f32>,
    },
    /// One mean and deviation per channel over the training cells: keeps absolute intensity.
    DataSet {
        /// Values beyond this many deviations are cut; absent: none are.
        clip: Option<f32>,
    },
    /// `low..high` to -1..1.
    Range {
        /// Intensity that becomes -1.
        low: f32,
        /// Intensity that becomes 1.
        high: f32,
    },
}

/// Which epoch's network is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The epoch with the highest validation macro-F1 (then the lowest loss).
    Best,
    /// The last epoch.
    Last,
}

/// How much each class weighs in the loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// Every cell weighs 1.
    None,
    /// A cell of class c weighs n / (k n_c), as scikit-learn's "balanced".
    Balanced,
    /// The square root of `balanced`: between the two.
    SquareRoot,
}

/// Views of a crop over which logits are averaged when the model is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Views {
    /// The crop as it is.
    One,
    /// The crop, turned and mirrored: eight views when square, four otherwise.
    Dihedral,
}

/// All settings of a training run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainSettings {
    /// Where the other values started from.
    pub preset: Preset,
    /// The layers.
    pub network: Architecture,
    /// Intensity scaling.
    pub normalise: NormaliseChoice,
    /// Number of epochs; 0 means by the number of cells, see [`TrainSettings::sized_for`].
    pub epochs: u32,
    /// Optimiser steps per epoch; 0 means one pass over the training cells.
    pub steps_per_epoch: u64,
    /// Cells per optimiser step, up to 4096; 0 means 64, or 32 for fewer than 1,000 cells.
    pub batch: usize,
    /// How precisely convolutions multiply: `f32`, or `bf16` where the CPU has AVX-512-BF16.
    pub precision: Precision,
    /// Start of every random sequence.
    pub seed: u64,
    /// The optimiser.
    pub optimizer: Optimizer,
    /// How gradients that are too long are shortened.
    pub clip: Clip,
    /// Its peak learning rate.
    pub learning_rate: f32,
    /// How the learning rate moves over the run.
    pub schedule: Schedule,
    /// Share of the target given to all classes alike, 0 to below 1.
    pub label_smoothing: f32,
    /// Weight of each class in the loss.
    pub class_weights: ClassWeights,
    /// Decay of the exponential average of the weights as a share of the run: 0 keeps the raw weights; 0.05 averages
    /// over about the last twentieth.
    pub weight_average: f64,
    /// Whether colours are varied, so that slides of other colours are recognised too.
    pub stains: Stains,
    /// Further random changes of the training crops, in order.
    pub augment: Augmentations,
    /// Views averaged when the model is applied; carried by the model.
    pub views: Views,
    /// Share of the cells held out to watch the training, 0 to 0.5; whole groups.
    pub validation: f64,
    /// Which epoch is kept when there are validation cells.
    pub keep: Keep,
    /// Stop after this many epochs without a better validation figure; 0 never stops early.
    pub patience: u32,
    /// Let cells of one group stand on both sides of the split; the report then says so.
    pub allow_leakage: bool,
}

impl TrainSettings {
    /// The preset overlaid by a user's TOML table; keys of `table` win.
    ///
    /// # Errors
    /// All mistakes at once: unknown keys, wrong kinds, values out of range.
    pub fn from_table(table: &toml::Table) -> Result<Self, StudyError> {
        let preset = match table.get("preset") {
            None => Preset::Default,
            Some(value) => value.clone().try_into().map_err(|_| {
                StudyError::Settings(vec![format!(
                    "preset: expected default, encoder or phase, found {value}"
                )])
            })?,
        };
        let base = toml::Table::try_from(Self::preset(preset))
            .map_err(|e| StudyError::Settings(vec![format!("preset {}: {e}", preset.name())]))?;
        let mut mistakes = Vec::new();
        let mut merged = base.clone();
        for (key, value) in table {
            match Self::overlay_key(&base, key, value) {
                Ok(value) => drop(merged.insert(key.clone(), value)),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let settings: Option<Self> = merged.try_into().map_err(|e| mistakes.push(e.to_string())).ok();
        if let Some(settings) = &settings {
            mistakes.extend(settings.mistakes());
        }
        match settings {
            Some(settings) if mistakes.is_empty() => Ok(settings),
            _ => Err(StudyError::Settings(mistakes)),
        }
    }

    /// Parses a TOML text and overlays it on its preset.
    ///
    /// # Errors
    /// All mistakes at once, or where the text stops being TOML.
    pub fn from_toml(text: &str) -> Result<Self, StudyError> {
        let table: toml::Table = text
            .parse()
            .map_err(|e: toml::de::Error| StudyError::Settings(vec![e.to_string().trim().to_owned()]))?;
        Self::from_table(&table)
    }

    /// The settings as TOML that [`TrainSettings::from_toml`] reads back.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }

    /// One key laid over the preset's, checked alone so that every mistake is found. A table whose `kind` (or `type`) is
    /// that of the preset, or has none, changes single keys of it; any other value replaces the preset's.
    fn overlay_key(base: &toml::Table, key: &str, value: &toml::Value) -> Result<toml::Value, String> {
        let Some(old) = base.get(key) else {
            let known: Vec<&str> = base.keys().map(String::as_str).collect();
            return Err(format!("{key}: unknown; expected one of {}", known.join(", ")));
        };
        let value = match (old, value) {
            (toml::Value::Table(old), toml::Value::Table(new))
                if ["kind", "type"]
                    .iter()
                    .all(|tag| new.get(*tag).is_none_or(|is| Some(is) == old.get(*tag))) =>
            {
                let mut both = old.clone();
                both.extend(new.clone());
                toml::Value::Table(both)
            }
            _ => value.clone(),
        };
        let mut alone = base.clone();
        alone.insert(key.to_owned(), value.clone());
        match alone.try_into::<Self>() {
            Ok(_) => Ok(value),
            Err(e) => Err(format!("{key}: {}, found {value}", e.message())),
        }
    }

    /// The settings with the numbers that were left open (0) chosen for `n_cells`: batches of 32 below 1,000 cells and of
    /// 64 from there on, and 2200 / sqrt(n_cells) epochs, 8 to 70. Many cells need fewer looks at each; the time of a
    /// run then grows with the root of their number.
    #[must_use]
    pub fn sized_for(&self, n_cells: usize) -> Self {
        let epochs = (2200.0 / (n_cells as f64).sqrt()).round().clamp(8.0, 70.0) as u32;
        let batch = if n_cells < 1000 { 32 } else { 64 };
        TrainSettings {
            epochs: if self.epochs == 0 { epochs } else { self.epochs },
            batch: if self.batch == 0 { batch } else { self.batch },
            ..self.clone()
        }
    }

    /// All random changes of the training crops, in order.
    #[must_use]
    pub fn augmentations(&self) -> Augmentations {
        Augmentations(self.stains.augment().into_iter().chain(self.augment.0.iter().cloned()).collect())
    }

    /// Everything that is out of range, one line each.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        let mut check = |good: bool, text: String| {
            if !good {
                mistakes.push(text);
            }
        };
        check(self.batch <= 4096, format!("batch: expected 0 to 4096, found {}", self.batch));
        check(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            format!("learning_rate: expected a positive number, found {}", self.learning_rate),
        );
        check(
            (0.0..1.0).contains(&self.label_smoothing),
            format!("label_smoothing: expected 0 to below 1, found {}", self.label_smoothing),
        );
        check(
            (0.0..=1.0).contains(&self.weight_average),
            format!("weight_average: expected 0 to 1, found {}", self.weight_average),
        );
        check(
            (0.0..=0.5).contains(&self.validation),
            format!("validation: expected 0 to 0.5, found {}", self.validation),
        );
        if let NormaliseChoice::Range { low, high } = self.normalise {
            check(low < high, format!("normalise: expected low below high, found {low} and {high}"));
        }
        if let Architecture::Residual { filters } | Architecture::Pyramid { filters } = &self.network {
            let may_be_empty = matches!(self.network, Architecture::Pyramid { .. });
            check(
                (may_be_empty || !filters.is_empty()) && filters.iter().all(|f| (1..=4096).contains(f)),
                format!("network: expected filters of 1 to 4096, found {filters:?}"),
            );
        }
        mistakes.extend(self.optimizer.mistakes().into_iter().map(|m| format!("optimizer: {m}")));
        mistakes.extend(self.schedule.mistakes().into_iter().map(|m| format!("schedule: {m}")));
        mistakes
    }

    /// Everything that is out of range for crops of `shape`, one line each.
    #[must_use]
    pub fn mistakes_for(&self, shape: CropShape) -> Vec<String> {
        let mut mistakes = self.mistakes();
        let augment = self.augment.validate(shape).err().unwrap_or_default();
        mistakes.extend(augment.iter().map(ToString::to_string));
        if let Some(normalise) = self.normalise.fixed() {
            let wrong = normalise.validate(shape).err().unwrap_or_default();
            mistakes.extend(wrong.iter().map(ToString::to_string));
        }
        mistakes
    }
}

impl NormaliseChoice {
    /// The scaling itself when it needs no look at the data.
    #[must_use]
    pub fn fixed(&self) -> Option<Normalise> {
        match *self {
            NormaliseChoice::PerImage { clip } => Some(Normalise::PerImage { clip }),
            NormaliseChoice::PerImageChannel { clip } => Some(Normalise::PerImageChannel { clip }),
            NormaliseChoice::Range { low, high } => Some(Normalise::Range { low, high }),
            NormaliseChoice::Auto | NormaliseChoice::DataSet { .. } => None,
        }
    }
}

/// Reads a TOML file of settings, as far as that it is one.
///
/// # Errors
/// When the file cannot be read or is not TOML, with the place.
pub fn read_table(path: &std::path::Path) -> Result<toml::Table, StudyError> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| StudyError::Refused(format!("{}: expected a TOML file, found {e}", path.display())))?;
    text.parse().map_err(|e: toml::de::Error| {
        StudyError::Refused(format!("{}: expected TOML, found\n{}", path.display(), e.to_string().trim()))
    })
}

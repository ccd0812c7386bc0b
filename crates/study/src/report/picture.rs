//! From a crop of any depth and number of channels to something an eye can see.

use std::io;

use cells::CropSource;
use serde::{Deserialize, Serialize};

use super::paint::Rgb;

/// Which pictures share one brightness scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Contrast {
    /// All: dim cells stay dim.
    #[default]
    Shared,
    /// Each its own: faint structure shows, brightness cannot be compared.
    Each,
}

/// How channels become colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Colouring {
    /// One channel.
    Grey,
    /// Red, green and blue of a colour camera.
    Rgb,
    /// Up to three channels in these colours, added up.
    Composite(Vec<(String, &'static str, Rgb)>),
}

/// Colours that stay apart for colour-blind eyes and add up to white.
const PAIR: [(&str, Rgb); 2] = [("green", Rgb(0, 255, 0)), ("magenta", Rgb(255, 0, 255))];
const TRIPLE: [(&str, Rgb); 3] =
    [("cyan", Rgb(0, 128, 128)), ("magenta", Rgb(128, 0, 128)), ("yellow", Rgb(128, 128, 0))];

impl Colouring {
    /// One channel is grey; three channels without names of their own, or named as colours, are a colour camera's;
    /// anything else is a composite of the first three.
    #[must_use]
    pub fn of(n_channels: usize, names: &[String]) -> Colouring {
        match n_channels {
            0 | 1 => Colouring::Grey,
            3 if is_camera(names) => Colouring::Rgb,
            _ => {
                let colours: &[(&str, Rgb)] = if n_channels == 2 { &PAIR } else { &TRIPLE };
                let name = |i: usize| names.get(i).cloned().unwrap_or_else(|| format!("channel {i}"));
                let named = colours.iter().enumerate().map(|(i, &(word, rgb))| (name(i), word, rgb));
                Colouring::Composite(named.collect())
            }
        }
    }

    fn n_channels(&self) -> usize {
        match self {
            Colouring::Grey => 1,
            Colouring::Rgb => 3,
            Colouring::Composite(channels) => channels.len(),
        }
    }
}

/// Whether three channels are those of a colour camera.
fn is_camera(names: &[String]) -> bool {
    let is = |name: &String, colour: &str| {
        let name = name.trim().to_lowercase();
        name == colour || name == colour[..1]
    };
    let unnamed = |name: &String| {
        let digits = name.trim().to_lowercase();
        let digits = digits.trim_start_matches("channel").trim_start_matches(['c', 'h', '_', '-', ' ']);
        digits.chars().all(|c| c.is_ascii_digit())
    };
    let colours = names.len() == 3 && names.iter().zip(["red", "green", "blue"]).all(|(n, c)| is(n, c));
    colours || names.iter().all(unnamed)
}

/// An 8-bit colour picture, `[h, w]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Colours, row by row.
    pub pixels: Vec<Rgb>,
}

/// Turns crops into pictures with one rule.
pub struct Viewer<'a> {
    crops: &'a dyn CropSource,
    rule: Rule,
}

/// How intensities become colours.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    colouring: Colouring,
    contrast: Contrast,
    /// Intensities drawn black and fully bright, per channel; used when contrast is shared.
    ranges: Vec<[f32; 2]>,
}

impl Rule {
    /// Whether all pictures are shades of grey.
    #[must_use]
    pub fn is_grey(&self) -> bool {
        self.colouring == Colouring::Grey
    }
}

/// Quantiles of the intensities that are drawn black and fully bright: the ground of most pictures is dark, and strips
/// of zeros at the border must not lift it.
const TAILS: [f64; 2] = [0.05, 0.998];
/// The same for a colour camera, where the dark end is the nuclei.
const CAMERA_TAILS: [f64; 2] = [0.002, 0.998];
/// Crops whose pixels settle the shared contrast.
const N_SAMPLED: usize = 256;

impl<'a> Viewer<'a> {
    /// A viewer for the crops `shown`, whose pixels settle the shared contrast.
    ///
    /// # Errors
    /// When a crop cannot be read.
    pub fn new(
        crops: &'a dyn CropSource,
        channels: &[String],
        contrast: Contrast,
        shown: &[usize],
    ) -> io::Result<Viewer<'a>> {
        let colouring = Colouring::of(crops.shape().c, channels);
        let mut viewer = Viewer { crops, rule: Rule { colouring, contrast, ranges: Vec::new() } };
        let step = shown.len().div_ceil(N_SAMPLED).max(1);
        let mut values = Vec::new();
        for &index in shown.iter().step_by(step) {
            values.extend(viewer.read(index)?);
        }
        viewer.rule.ranges = viewer.ranges_of(&values);
        Ok(viewer)
    }

    /// A viewer of the same crops as the one that made the `rule`.
    #[must_use]
    pub fn by(rule: Rule, crops: &'a dyn CropSource) -> Viewer<'a> {
        Viewer { crops, rule }
    }

    /// The rule, to be used again.
    #[must_use]
    pub fn into_rule(self) -> Rule {
        self.rule
    }

    /// What the colours and the brightness of the pictures mean, for a caption.
    #[must_use]
    pub fn caption(&self) -> String {
        let colours = match &self.rule.colouring {
            Colouring::Grey => String::new(),
            Colouring::Rgb => " Colours as recorded.".into(),
            Colouring::Composite(channels) => {
                let named: Vec<String> =
                    channels.iter().map(|(name, word, _)| format!("{name} in {word}")).collect();
                let rest = self.crops.shape().c - channels.len();
                let rest = if rest == 0 { String::new() } else { format!("; {rest} more not shown") };
                format!(" {}{rest}.", named.join(", "))
            }
        };
        match self.rule.contrast {
            Contrast::Shared => format!("One brightness scale for all pictures, {}.{colours}", self.scale()),
            Contrast::Each => format!("Each picture has its own brightness scale.{colours}"),
        }
    }

    /// The shared scale in intensities.
    fn scale(&self) -> String {
        let number = |v: f32| {
            if v.abs() >= 100.0 { format!("{v:.0}") } else { format!("{}", (v * 100.0).round() / 100.0) }
        };
        let mut texts: Vec<String> = self
            .rule
            .ranges
            .iter()
            .map(|[low, high]| format!("{} to {}", number(*low), number(*high)))
            .collect();
        texts.dedup();
        format!("intensities {}", texts.join(" / "))
    }

    /// Crop `index` as it is shown.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn picture(&self, index: usize) -> io::Result<Picture> {
        let crop = self.read(index)?;
        let ranges = match self.rule.contrast {
            Contrast::Shared => self.rule.ranges.clone(),
            Contrast::Each => self.ranges_of(&crop),
        };
        let shape = self.crops.shape();
        let pixels = crop.chunks_exact(shape.c.max(1)).map(|pixel| self.colour(pixel, &ranges)).collect();
        Ok(Picture { h: shape.h, w: shape.w, pixels })
    }

    fn read(&self, index: usize) -> io::Result<Vec<f32>> {
        let mut crop = vec![0.0; self.crops.shape().len()];
        self.crops.read(index, &mut crop)?;
        Ok(crop)
    }

    fn colour(&self, pixel: &[f32], ranges: &[[f32; 2]]) -> Rgb {
        let share = |i: usize| {
            let [low, high] = ranges.get(i).copied().unwrap_or([0.0, 1.0]);
            let share = (pixel.get(i).copied().unwrap_or(0.0) - low) / (high - low);
            // NaN is drawn black.
            if share > 0.0 { share.min(1.0) } else { 0.0 }
        };
        let byte = |share: f32| (255.0 * share).round().min(255.0) as u8;
        match &self.rule.colouring {
            Colouring::Grey => {
                let grey = byte(share(0));
                Rgb(grey, grey, grey)
            }
            Colouring::Rgb => Rgb(byte(share(0)), byte(share(1)), byte(share(2))),
            Colouring::Composite(channels) => {
                let add = |part: fn(Rgb) -> u8| {
                    let sum =
                        channels.iter().enumerate().map(|(i, c)| share(i) * f32::from(part(c.2)) / 255.0);
                    byte(sum.sum())
                };
                Rgb(add(|c| c.0), add(|c| c.1), add(|c| c.2))
            }
        }
    }

    /// Black and bright intensity of each channel; a colour camera's channels share theirs, which keeps the hue.
    fn ranges_of(&self, values: &[f32]) -> Vec<[f32; 2]> {
        let n = self.rule.colouring.n_channels();
        if self.rule.colouring == Colouring::Rgb {
            return vec![range(values.to_vec(), CAMERA_TAILS); n];
        }
        let c = self.crops.shape().c.max(1);
        (0..n).map(|i| range(values.iter().skip(i).step_by(c).copied().collect(), TAILS)).collect()
    }
}

/// Robust range of intensities; never empty.
fn range(mut values: Vec<f32>, tails: [f64; 2]) -> [f32; 2] {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        return [0.0, 1.0];
    }
    let last = (values.len() - 1) as f64;
    let [low, high] = tails.map(|tail| {
        let rank = (tail * last).round() as usize;
        *values.select_nth_unstable_by(rank, f32::total_cmp).1
    });
    if high > low { [low, high] } else { [low, low + low.abs().max(1.0)] }
}

//! How the images of a network that was trained elsewhere were prepared, as words.

use cells::normalise::Normalise;

/// `none`, `divide=255`, `range=0,255`, `per_image`, `per_image=4`, `per_image_channel`, `mean_std=MEAN,…/STD,…`.
#[derive(Debug, Clone, PartialEq)]
pub enum Preparation {
    /// `(x - mean) / std`, one number for all channels or one for each.
    MeanStd {
        /// Subtracted.
        mean: Vec<f32>,
        /// Divided by.
        std: Vec<f32>,
    },
    /// As this program prepares its own.
    Own(Normalise),
}

impl Preparation {
    /// The setting for images of `c` channels.
    pub(super) fn normalise(&self, c: usize) -> Normalise {
        let spread = |numbers: &[f32]| match numbers {
            [one] => vec![*one; c],
            several => several.to_vec(),
        };
        match self {
            Preparation::MeanStd { mean, std } => {
                Normalise::DataSet { mean: spread(mean), std: spread(std), clip: None }
            }
            Preparation::Own(normalise) => normalise.clone(),
        }
    }
}

impl std::str::FromStr for Preparation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, value) = text.split_once('=').map_or((text, None), |(kind, value)| (kind, Some(value)));
        let refuse = || {
            "expected none, divide=255, range=0,255, per_image or per_image=4 (limited to ±4), per_image_channel, or \
             mean_std=MEAN,…/STD,…"
                .to_owned()
        };
        let numbers = |text: &str| {
            let numbers: Result<Vec<f32>, _> = text.split(',').map(|n| n.trim().parse::<f32>()).collect();
            numbers.map_err(|_| refuse())
        };
        let clip = || value.map(|text| text.parse().map_err(|_| refuse())).transpose();
        let mean_std = |mean, std| Ok(Preparation::MeanStd { mean, std });
        match (kind, value) {
            ("none", None) => mean_std(vec![0.0], vec![1.0]),
            ("divide", Some(value)) => mean_std(vec![0.0], vec![value.parse().map_err(|_| refuse())?]),
            ("mean_std", Some(value)) => {
                let (mean, std) = value.split_once('/').ok_or_else(refuse)?;
                mean_std(numbers(mean)?, numbers(std)?)
            }
            ("range", Some(value)) => match numbers(value)?[..] {
                [low, high] => Ok(Preparation::Own(Normalise::Range { low, high })),
                _ => Err(refuse()),
            },
            ("per_image", _) => Ok(Preparation::Own(Normalise::PerImage { clip: clip()? })),
            ("per_image_channel", _) => Ok(Preparation::Own(Normalise::PerImageChannel { clip: clip()? })),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood() {
        let normalise = |text: &str| text.parse::<Preparation>().map(|p| p.normalise(2));
        let data_set = |mean: &[f32], std: &[f32]| {
            Ok(Normalise::DataSet { mean: mean.to_vec(), std: std.to_vec(), clip: None })
        };
        assert_eq!(normalise("divide=255"), data_set(&[0.0; 2], &[255.0; 2]));
        assert_eq!(normalise("mean_std=1,2/3,4"), data_set(&[1.0, 2.0], &[3.0, 4.0]));
        assert_eq!(normalise("per_image=4"), Ok(Normalise::encoder()));
        assert_eq!(normalise("range=0,255"), Ok(Normalise::phase()));
        for wrong in ["", "divide", "divide=x", "range=0", "none=1", "mean_std=1,2", "zscore"] {
            assert!(normalise(wrong).is_err(), "{wrong}");
        }
    }
}

//! The preprocessing contract: what a model's input must look like, carried by the model file.

use cells::{CropShape, CropSource, Depth, normalise::Normalise};
use formats::channels;
use serde::{Deserialize, Serialize};

use crate::{Dataset, StudyError, settings::Views};

/// How the input of a model is prepared. Data that does not fit is refused, never quietly resized or rescaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Rows of a crop, pixels.
    pub height: usize,
    /// Columns of a crop, pixels.
    pub width: usize,
    /// Channel names in order.
    pub channels: Vec<String>,
    /// How the intensities of the training cells were stored.
    pub depth: Depth,
    /// Size of a pixel in the training images, micrometres, when known.
    pub pixel_size_um: Option<f64>,
    /// Intensity scaling, the last step before the network.
    pub normalise: Normalise,
    /// Views over which logits are averaged.
    pub views: Views,
    /// How the crops were made, as their set told.
    pub cut: serde_json::Value,
}

impl Contract {
    /// Shape of a crop.
    #[must_use]
    pub fn shape(&self) -> CropShape {
        CropShape { h: self.height, w: self.width, c: self.channels.len() }
    }

    /// Whether the scaling keeps absolute intensity, so that the depth matters.
    fn absolute(&self) -> bool {
        matches!(self.normalise, Normalise::DataSet { .. } | Normalise::Range { .. })
    }

    /// What the user should know of data that fit: channels that nobody named are taken in their order, though they are
    /// called otherwise here and there, as those of photographs and arrays are.
    #[must_use]
    pub fn note(&self, data: &Dataset) -> Option<String> {
        let interchangeable = channels::interchangeable(&data.channels, &self.channels);
        (interchangeable && data.channels != self.channels).then(|| {
            format!(
                "{} of the data are taken for {} of the model, in this order, since nobody named them",
                data.channels.join(", "),
                self.channels.join(", ")
            )
        })
    }

    /// Checks that `data` is what the model was trained on. Channels that were not named by anybody fit any such.
    ///
    /// # Errors
    /// Every difference, with expected and found.
    pub fn check(&self, data: &Dataset) -> Result<(), StudyError> {
        let mut differences = Vec::new();
        if data.shape() != self.shape() {
            differences.push(format!("crops of {}, found {}", self.shape(), data.shape()));
        }
        if data.channels != self.channels && !channels::interchangeable(&data.channels, &self.channels) {
            differences.push(format!(
                "channels {}, found {}",
                self.channels.join(", "),
                data.channels.join(", ")
            ));
        }
        if self.absolute() && data.depth != self.depth {
            differences.push(format!(
                "{} intensities (the model's scaling is absolute), found {}",
                self.depth, data.depth
            ));
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(StudyError::Refused(format!(
            "the data do not fit the model: expected {}",
            differences.join("; expected ")
        )))
    }
}

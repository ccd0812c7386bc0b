//! `explain`: what of a cell a model looks at.

mod agreement;
mod choice;
mod map;
mod noise;
mod output;
mod overlay;
mod page;
mod stream;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use map::{Mapper, rectified, spread};
pub use overlay::Look;

use crate::evaluate::winner;
use crate::{Dataset, Model, Progress, StudyError};

/// The file that says that a folder holds explanations and may be replaced by others.
pub const MARK: &str = "explain.json";

/// A way of asking what of a cell counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Where a layer speaks for the class: its channels weighed by their mean gradients, resized to the crop
    /// (bilinear), what is below 0 set to 0, divided by the maximum.
    ///
    /// # Source
    /// Selvaraju et al. 2017, doi:10.1109/ICCV.2017.74.
    GradCam,
    /// Squared gradient with respect to each pixel, summed over the channels, from 0 for the smallest to 1.
    ///
    /// # Source
    /// Simonyan, Vedaldi & Zisserman 2014, arXiv:1312.6034.
    Saliency,
    /// The same, averaged over noisy copies of the cell.
    ///
    /// # Source
    /// Smilkov et al. 2017, arXiv:1706.03825; squares averaged as Ulicna et al. 2022 do.
    SmoothGrad,
    /// By how much less sure the model is when a square around the pixel is hidden; no gradients, so a check of the others.
    ///
    /// # Source
    /// Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53.
    Occlusion,
}

impl Method {
    /// Name of its files.
    #[must_use]
    pub fn file(self) -> &'static str {
        match self {
            Method::GradCam => "grad_cam",
            Method::Saliency => "saliency",
            Method::SmoothGrad => "smooth_grad",
            Method::Occlusion => "occlusion",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Method::GradCam => "Grad-CAM",
            Method::Saliency => "Saliency",
            Method::SmoothGrad => "SmoothGrad",
            Method::Occlusion => "Occlusion",
        }
    }
}

/// What of the outputs is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Of {
    /// The probability of the class, before the temperature.
    #[default]
    Probability,
    /// Its logit.
    Logit,
    /// The sum of all logits, whatever the class.
    AllLogits,
}

/// How maps are made.
#[derive(Debug, Clone, PartialEq)]
pub struct MapSettings {
    /// Which, in this order.
    pub methods: Vec<Method>,
    /// What is explained.
    pub of: Of,
    /// Layer for Grad-CAM; which is meant, and which is taken without it: [`nn::explain::feature_layer`].
    pub layer: Option<String>,
    /// Noisy copies for SmoothGrad; a single one is without noise.
    pub n_copies: usize,
    /// Deviation of their noise, as a share of the range of the cell's values.
    pub noise: f64,
    /// Rows and columns of the square of occlusion, and its step, pixels; none: a quarter of the cell, and of that.
    pub square: Option<[usize; 2]>,
    /// Seed of the noise.
    pub seed: u64,
}

impl Default for MapSettings {
    fn default() -> Self {
        MapSettings {
            methods: vec![Method::GradCam, Method::Saliency, Method::SmoothGrad],
            of: Of::default(),
            layer: None,
            n_copies: 16,
            noise: 0.15,
            square: None,
            seed: 0,
        }
    }
}

impl MapSettings {
    /// All that is out of range; what depends on the model is told by [`Mapper::new`].
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.methods.is_empty() {
            mistakes.push("methods: expected at least one, found none".to_owned());
        }
        if let Some(twice) = self.methods.iter().enumerate().find(|(i, m)| self.methods[..*i].contains(m)) {
            mistakes.push(format!("methods: expected each once, found {} twice", twice.1.title()));
        }
        if !(1..=10_000).contains(&self.n_copies) {
            mistakes.push(format!("copies: expected 1 to 10000, found {}", self.n_copies));
        }
        if !(0.0..=1.0).contains(&self.noise) {
            mistakes.push(format!("noise: expected 0 to 1 of the range, found {}", self.noise));
        }
        mistakes
    }
}

/// What is explained, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainRequest {
    /// How maps are made.
    pub maps: MapSettings,
    /// The class that is asked about; none: for each cell the one that it is predicted to be.
    pub class: Option<String>,
    /// Cells of each class that are shown.
    pub n_shown: usize,
    /// The folder to write.
    pub output: PathBuf,
}

/// Whether [`explain`] may write `output`; it asks so itself, but callers may not want to open cells in vain.
///
/// # Errors
/// When something else than an earlier explanation is there, or the folder around it is missing.
pub fn check_output(output: &Path) -> Result<(), StudyError> {
    Ok(formats::atomic::check_folder(output, MARK)?)
}

/// Explains all cells of `data` and writes the folder: `explain.html`, a table of the cells, per method an array `[n, h, w]`
/// with a map for each row of it, and per class a board of the cells that are most wrong and most sure. Occlusion, which
/// takes long, is made for the cells on the boards unless it is among the methods. Returns lines for the shell.
///
/// Each cell is seen as it is, in one view. The same input gives the same bytes on any number of threads.
///
/// # Errors
/// When the cells do not fit the model, a setting is out of its range or nothing of that name, the folder cannot be
/// written, or the user stops; then nothing is written.
pub fn explain(
    model: &Model,
    data: &Dataset,
    request: &ExplainRequest,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    check_output(&request.output)?;
    let mistakes = request.maps.mistakes();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let mapper = Mapper::new(model, data, request.maps.clone(), progress)?;
    let asked = request.class.as_deref().map(|name| class(model, name)).transpose()?;
    let probabilities = model.probabilities(data, &everyone, progress)?;
    let predicted: Vec<usize> = probabilities.chunks_exact(model.classes.len()).map(winner).collect();
    let explained = predicted.iter().map(|&class| asked.unwrap_or(class)).collect();
    let work = output::Work { model, data, request, probabilities, predicted, explained };
    output::write(work, mapper, progress)
}

/// Number of the class `name`.
fn class(model: &Model, name: &str) -> Result<usize, StudyError> {
    model.classes.iter().position(|class| class == name).ok_or_else(|| {
        let all = model.classes.join(", ");
        StudyError::Refused(format!("class: expected one of {all}, found {name:?}"))
    })
}

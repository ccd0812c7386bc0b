//! `morphotype explain`.

use std::path::PathBuf;

use clap::ValueEnum;
use study::explain::{ExplainRequest, MapSettings, Method, Of, check_output, explain};
use study::{Model, Progress, StudyError};

use super::sources::Sources;
use crate::bar::Bar;
use crate::out;

/// What of each cell a model looks at: maps by Grad-CAM, gradients and occlusion, on one page and as arrays
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Explain {
    /// The model, .safetensors
    #[arg(value_name = "MODEL")]
    model: PathBuf,

    #[command(flatten)]
    sources: Sources,

    /// How maps are made, each into an array of its own
    #[arg(
        long,
        value_name = "METHOD,…",
        value_delimiter = ',',
        default_value = "grad-cam,saliency,smooth-grad",
        help_heading = "Maps"
    )]
    method: Vec<How>,

    /// The class that is asked about [default: for each cell the one that it is called]
    #[arg(long, value_name = "CLASS", help_heading = "Maps")]
    ask: Option<String>,

    /// What is explained
    #[arg(long, value_name = "WHAT", default_value = "probability", help_heading = "Maps")]
    of: What,

    /// Layer for Grad-CAM: the number of a convolution, from 1, or a layer by its name [default: the last convolution whose
    /// output is at least 4 by 4]
    #[arg(long, value_name = "LAYER", help_heading = "Maps")]
    layer: Option<String>,

    /// Noisy copies of each cell for SmoothGrad
    #[arg(long, value_name = "N", default_value_t = 16, help_heading = "Maps")]
    copies: usize,

    /// Deviation of their noise, as a share of the range of the cell's values
    #[arg(long, value_name = "SHARE", default_value_t = 0.15, help_heading = "Maps")]
    noise: f64,

    /// Side of the square that occlusion hides, and its step, pixels [default: a quarter of the cell, and of that]
    #[arg(long, value_name = "SIDE,STEP", value_delimiter = ',', num_args = 1, help_heading = "Maps")]
    square: Vec<usize>,

    /// Seed of the noise
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Maps")]
    seed: u64,

    /// Cells of each class on the page: those that are most wrong and most sure
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=100))]
    shown: u16,

    /// The folder to write: explain.html, cells.csv, an array per method, boards
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum How {
    /// Where a layer speaks for the class
    GradCam,
    /// Squared gradients of the input
    Saliency,
    /// The same over noisy copies
    SmoothGrad,
    /// What is missed when it is hidden; takes long
    Occlusion,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The probability of the class
    Probability,
    /// Its logit
    Logit,
    /// The sum of all logits
    AllLogits,
}

const EXAMPLES: &str = "\
Examples:
  morphotype explain nuclei.safetensors nuclei.crops -o explained
  morphotype explain nuclei.safetensors nuclei.crops --ask Metaphase --layer 3 -o metaphase
  morphotype explain stress.safetensors --class stress=stress.npy --method grad-cam,occlusion -o explained";

impl Explain {
    /// Explains.
    pub fn run(self) -> Result<(), StudyError> {
        check_output(&self.output)?;
        let (bar, request) = (Bar::new(), self.request()?);
        let model = Model::load(&self.model)?;
        let data = self.sources.open(&bar)?;
        model.contract.note(&data).iter().for_each(|note| bar.say(note));
        out::print(explain(&model, &data, &request, &bar)?)
    }

    fn request(&self) -> Result<ExplainRequest, StudyError> {
        let method = |how: &How| match how {
            How::GradCam => Method::GradCam,
            How::Saliency => Method::Saliency,
            How::SmoothGrad => Method::SmoothGrad,
            How::Occlusion => Method::Occlusion,
        };
        let square = match self.square[..] {
            [] => None,
            [side, step] => Some([side, step]),
            _ => {
                let found = self.square.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
                return Err(StudyError::Settings(vec![format!("square: expected SIDE,STEP, found {found}")]));
            }
        };
        Ok(ExplainRequest {
            maps: MapSettings {
                methods: self.method.iter().map(method).collect(),
                of: match self.of {
                    What::Probability => Of::Probability,
                    What::Logit => Of::Logit,
                    What::AllLogits => Of::AllLogits,
                },
                layer: self.layer.clone(),
                n_copies: self.copies,
                noise: self.noise,
                square,
                seed: self.seed,
            },
            class: self.ask.clone(),
            n_shown: usize::from(self.shown),
            output: self.output.clone(),
        })
    }
}

//! `morphotype embed`.

use std::path::PathBuf;

use clap::ValueEnum;
use study::embed::{EmbedRequest, Init, Of, Tile, Umap, check_output, embed_cells, embed_features};
use study::{Model, Progress, StudyError};

use super::sources::Sources;
use crate::bar::Bar;
use crate::out;

/// A map of cells by what a model makes of them (UMAP), or of features made elsewhere
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("sources", |arg| arg.required_unless_present_any(["class", "features"])))]
pub struct Embed {
    /// The model, .safetensors
    #[arg(value_name = "MODEL", required_unless_present = "features")]
    model: Option<PathBuf>,

    #[command(flatten)]
    sources: Sources,

    /// Features made elsewhere instead of a model and cells: .npy [n, d], .npz with features or x, .csv, .parquet
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "sources"])]
    features: Option<PathBuf>,

    /// What of the model describes a cell
    #[arg(long, value_name = "WHAT", default_value = "features")]
    of: Described,

    /// Put the cells on the map of an earlier embedding, with its settings
    #[arg(long, value_name = "DIR", conflicts_with_all = ["n_neighbors", "min_dist", "n_epochs", "init", "seed"])]
    onto: Option<PathBuf>,

    /// Cells that count as near each other, the cell itself among them
    #[arg(long, value_name = "N", default_value_t = 15)]
    n_neighbors: usize,

    /// How near cells may come on the map
    #[arg(long, value_name = "DISTANCE", default_value_t = 0.1)]
    min_dist: f64,

    /// Passes of the optimisation [default: 400 up to 10,000 cells, 200 above]
    #[arg(long, value_name = "N")]
    n_epochs: Option<usize>,

    /// Where the map starts
    #[arg(long, value_name = "HOW", default_value = "spectral")]
    init: Start,

    /// Seed of all that is random
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// Bins along each side of the picture of what lies where
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=200))]
    bins: u16,

    /// What a bin shows of its cells
    #[arg(long, value_name = "WHAT", default_value = "mean")]
    tile: Shown,

    /// Also write cells.h5ad, for Python's anndata and scanpy
    #[arg(long)]
    h5ad: bool,

    /// The folder to write: map.html, cells.csv, features.npy, figures
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Described {
    /// What the last layer reads
    Features,
    /// The probability of each class, as published
    Probabilities,
}

#[derive(Clone, Copy, ValueEnum)]
enum Start {
    /// Eigenvectors of the graph of neighbours
    Spectral,
    /// Principal components
    Pca,
}

#[derive(Clone, Copy, ValueEnum)]
enum Shown {
    Mean,
    Max,
    Min,
    Sum,
    Std,
    First,
    Random,
}

const EXAMPLES: &str = "\
Examples:
  morphotype embed nuclei.safetensors nuclei.crops -o nuclei_map
  morphotype embed nuclei.safetensors nuclei.crops --of probabilities --n-neighbors 5 --n-epochs 50 -o as_published
  morphotype embed nuclei.safetensors treated.crops --onto nuclei_map -o treated_map
  morphotype embed --features features.npz -o map";

impl Embed {
    /// Maps.
    pub fn run(self) -> Result<(), StudyError> {
        check_output(&self.output)?;
        let (bar, request) = (Bar::new(), self.request());
        let lines = match (&self.features, &self.model) {
            (Some(features), _) => embed_features(features, &request, &bar)?,
            (None, Some(model)) => {
                let model = Model::load(model)?;
                let data = self.sources.open(&bar)?;
                model.contract.note(&data).iter().for_each(|note| bar.say(note));
                embed_cells(&model, &data, &request, &bar)?
            }
            // The parser asks for one of them.
            (None, None) => return Err(StudyError::Refused("expected a model or --features".into())),
        };
        out::print(lines)
    }

    fn request(&self) -> EmbedRequest {
        let umap = Umap {
            n_neighbors: self.n_neighbors,
            min_dist: self.min_dist,
            n_epochs: self.n_epochs,
            init: match self.init {
                Start::Spectral => Init::Spectral,
                Start::Pca => Init::Pca,
            },
            seed: self.seed,
            ..Umap::default()
        };
        EmbedRequest {
            of: match self.of {
                Described::Features => Of::Features,
                Described::Probabilities => Of::Probabilities,
            },
            umap,
            bins: usize::from(self.bins),
            tile: match self.tile {
                Shown::Mean => Tile::Mean,
                Shown::Max => Tile::Max,
                Shown::Min => Tile::Min,
                Shown::Sum => Tile::Sum,
                Shown::Std => Tile::Std,
                Shown::First => Tile::First,
                Shown::Random => Tile::Random,
            },
            onto: self.onto.clone(),
            cells: self.features.is_none().then(|| self.sources.request()),
            h5ad: self.h5ad,
            output: self.output.clone(),
        }
    }
}

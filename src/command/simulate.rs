//! `morphotype simulate`.

use std::path::PathBuf;

use study::{
    StudyError,
    score::{ScreenSettings, simulate_screen},
    simulate::{LargeMovie, Nuclei, Phase, large_movie, nuclei, phase},
};

use crate::{bar::Bar, out};

/// Make movies of nuclei, phase-contrast fields or screens of plates with known truth
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Simulate {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Movies of fluorescent nuclei that go through five states, with tracks, masks, points and patches
    Nuclei {
        /// Folder to write
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        /// Another seed is other dishes
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Movies
        #[arg(long, value_name = "N", default_value_t = 1)]
        n_movies: usize,
        /// Frames of each movie
        #[arg(long, value_name = "N", default_value_t = 40)]
        frames: usize,
        /// Rows and columns of a frame, pixels
        #[arg(long, value_name = "PIXELS", default_value_t = 512)]
        size: usize,
        /// Labelled cells per class and movie, at most
        #[arg(long, value_name = "N", default_value_t = 100)]
        per_class: usize,
    },
    /// Phase-contrast fields of control and senescent-like cells, with masks
    Phase {
        /// Folder to write
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        /// Another seed is other fields
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Fields per condition
        #[arg(long, value_name = "N", default_value_t = 4)]
        n_fields: usize,
        /// Rows and columns of a field, pixels
        #[arg(long, value_name = "PIXELS")]
        size: Option<usize>,
    },
    /// A 16-bit movie as large as a camera makes them, to try how quickly it is shown; its dark parts take no room
    Movie {
        /// The movie to write, .tif; its cells as points go into the .csv of that name
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Another seed is other noise
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Frames
        #[arg(long, value_name = "N", default_value_t = 100)]
        frames: usize,
        /// Rows and columns of a frame, pixels
        #[arg(long, value_name = "PIXELS", default_value_t = 2048)]
        size: usize,
    },
    /// Plates of wells with known hits, toxic compounds, edge effects, drift, donors and dose series, as tables
    Screen {
        /// Folder to write
        #[arg(short, long, value_name = "DIR")]
        output: PathBuf,
        /// Another seed is another screen
        #[arg(long, value_name = "N", default_value_t = 0)]
        seed: u64,
        /// Plates, over all replicates
        #[arg(long, value_name = "N", default_value_t = 8)]
        n_plates: usize,
        /// Plates of one layout
        #[arg(long, value_name = "N", default_value_t = 2)]
        n_replicates: usize,
        /// Share of the samples that are hits
        #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
        hits: f64,
        /// Share of the samples that kill cells
        #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
        toxic: f64,
        /// How much higher the score is in the outermost ring
        #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
        edge: f64,
        /// How much higher the score is in the last column than in the first
        #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
        gradient: f64,
        /// How much the score rises over all plates
        #[arg(long, value_name = "SCORE", default_value_t = 0.0)]
        drift: f64,
        /// Donors, plates taking turns
        #[arg(long, value_name = "N", default_value_t = 1)]
        donors: usize,
        /// Compounds at eight concentrations
        #[arg(long)]
        doses: bool,
        /// Controls anywhere instead of in the outer columns
        #[arg(long)]
        scattered: bool,
    },
}

const EXAMPLES: &str = "\
Examples:
  morphotype simulate nuclei -o movies --n-movies 3 --seed 7
  morphotype simulate phase -o fields --n-fields 8
  morphotype simulate movie -o large.tif --size 2048 --frames 1000";

impl Simulate {
    /// Simulates.
    pub fn run(self) -> Result<(), StudyError> {
        let bar = Bar::new();
        let lines = match self.what {
            What::Nuclei { output, seed, n_movies, frames, size, per_class } => {
                let mut request = Nuclei { n_movies, per_class, ..Nuclei::default() };
                request.movie.n_cells =
                    request.movie.n_cells * size * size / (request.movie.height * request.movie.width);
                (request.movie.seed, request.movie.n_frames) = (seed, frames);
                (request.movie.height, request.movie.width) = (size, size);
                nuclei(&request, &output, &bar)?
            }
            What::Phase { output, seed, n_fields, size } => {
                let mut request = Phase { n_fields, ..Phase::default() };
                request.field.seed = seed;
                if let Some(size) = size {
                    (request.field.height, request.field.width) = (size, size);
                }
                phase(&request, &output, &bar)?
            }
            What::Screen {
                output,
                seed,
                n_plates,
                n_replicates,
                hits,
                toxic,
                edge,
                gradient,
                drift,
                donors,
                doses,
                scattered,
            } => {
                let settings = ScreenSettings {
                    seed,
                    n_plates,
                    n_replicates,
                    p_hit: hits,
                    p_toxic: toxic,
                    edge,
                    gradient,
                    drift,
                    n_donors: donors,
                    doses,
                    scattered,
                    ..ScreenSettings::default()
                };
                simulate_screen(&settings, &output)?
            }
            What::Movie { output, seed, frames, size } => {
                large_movie(&LargeMovie { n_frames: frames, size, seed }, &output, &bar)?
            }
        };
        out::print(lines)
    }
}

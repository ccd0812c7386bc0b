//! `morphotype simulate`.

use std::path::PathBuf;

use study::{
    StudyError,
    simulate::{
        LargeMovie, Nuclei, Phase, ScreenImages, ScreenSettings, large_movie, nuclei, phase, screen,
        screen_images,
    },
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
    /// Plates of wells with known hits, toxic compounds, edge effects, drift, donors and dose series, as tables or images
    Screen(Screen),
}

/// A screen.
#[derive(clap::Args)]
struct Screen {
    /// Folder to write
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Phase-contrast fields of every well, and cells to learn from, instead of a table of wells
    #[arg(long)]
    images: bool,
    /// With --images: fields of a well
    #[arg(long, value_name = "N", default_value_t = 2, requires = "images")]
    n_fields: usize,
    /// With --images: rows and columns of a field, pixels
    #[arg(long, value_name = "PIXELS", default_value_t = 512, requires = "images")]
    size: usize,
    /// With --images: fields to learn from
    #[arg(long, value_name = "N", default_value_t = 40, requires = "images")]
    n_training: usize,
    /// Another seed is another screen
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Wells of a plate: 24, 48, 96, 384 or 1536 [default: 384, as images 96]
    #[arg(long, value_name = "N")]
    n_wells: Option<usize>,
    /// Plates, over all replicates [default: 8, as images 2]
    #[arg(long, value_name = "N")]
    n_plates: Option<usize>,
    /// Plates of one layout
    #[arg(long, value_name = "N", default_value_t = 2)]
    n_replicates: usize,
    /// Share of the samples that are hits [default: 0.02, as images 0.1]
    #[arg(long, value_name = "SHARE")]
    hits: Option<f64>,
    /// Share of the samples that kill cells [default: 0.02, as images 0.05]
    #[arg(long, value_name = "SHARE")]
    toxic: Option<f64>,
    /// How much higher the score of hits is [default: 0.2, as images 0.4]
    #[arg(long, value_name = "SCORE")]
    effect: Option<f64>,
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
}

impl Screen {
    fn run(self, bar: &Bar) -> Result<Vec<String>, StudyError> {
        let images = ScreenImages::default();
        let usual = if self.images { images.screen.clone() } else { ScreenSettings::default() };
        let settings = ScreenSettings {
            seed: self.seed,
            n_wells: self.n_wells.unwrap_or(usual.n_wells),
            n_plates: self.n_plates.unwrap_or(usual.n_plates),
            n_replicates: self.n_replicates,
            p_hit: self.hits.unwrap_or(usual.p_hit),
            p_toxic: self.toxic.unwrap_or(usual.p_toxic),
            effect: self.effect.unwrap_or(usual.effect),
            edge: self.edge,
            gradient: self.gradient,
            drift: self.drift,
            n_donors: self.donors,
            doses: self.doses,
            scattered: self.scattered,
            ..usual
        };
        if !self.images {
            return screen(&settings, &self.output);
        }
        // As many cells to the field as usual.
        let area = |n_fields: usize, size: usize| n_fields as f64 * (size as f64).powi(2);
        let share = area(self.n_fields, self.size) / area(images.n_fields, images.size);
        let n_cells = (images.screen.n_cells * share).round();
        let request = ScreenImages {
            screen: ScreenSettings { n_cells, ..settings },
            n_fields: self.n_fields,
            size: self.size,
            n_training: self.n_training,
        };
        screen_images(&request, &self.output, bar)
    }
}

const EXAMPLES: &str = "\
Examples:
  morphotype simulate nuclei -o movies --n-movies 3 --seed 7
  morphotype simulate phase -o fields --n-fields 8
  morphotype simulate movie -o large.tif --size 2048 --frames 1000
  morphotype simulate screen -o screen --n-plates 20 --edge 0.05
  morphotype simulate screen -o screen --images --toxic 0.1";

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
            What::Screen(screen) => screen.run(&bar)?,
            What::Movie { output, seed, frames, size } => {
                large_movie(&LargeMovie { n_frames: frames, size, seed }, &output, &bar)?
            }
        };
        out::print(lines)
    }
}

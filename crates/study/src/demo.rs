//! `demo`: the whole job on simulated movies, for people without data of their own.

use std::path::{Path, PathBuf};

use stats::metrics::Metrics;

use crate::{
    Dataset, Preset, Progress, Silent, StudyError, TrainSettings,
    evaluate::{EvaluateRequest, evaluate},
    preview::{PreviewSettings, preview},
    simulate::{self, Nuclei},
    train::{Judge, TrainRequest, train},
};

/// What was made, and how good the model is on a movie that it never saw.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The page to look at first.
    pub preview: PathBuf,
    /// The model.
    pub model: PathBuf,
    /// The page that judges it.
    pub report: PathBuf,
    /// Its figures on the held-out movie.
    pub metrics: Metrics,
    /// What was found in the cells before training, for people.
    pub findings: Vec<String>,
}

/// Movies to learn from, and cells of each class to cut out of each.
const MOVIES: (usize, usize) = (3, 60);
/// Passes over the training cells.
const EPOCHS: u32 = 40;

/// Simulates movies with clicked points, cuts the cells out, looks at them, trains, and judges the model on another movie;
/// all in `folder`. The same seed gives the same files.
///
/// # Errors
/// When a file cannot be written, or the user asks to stop.
pub fn demo(folder: &Path, seed: u64, progress: &dyn Progress) -> Result<Demo, StudyError> {
    std::fs::create_dir_all(folder).map_err(|e| {
        StudyError::Refused(format!("{}: expected a folder to write to, found {e}", folder.display()))
    })?;
    let (n_movies, per_class) = MOVIES;
    let seen = movies(n_movies, per_class, seed);
    let unseen = movies(1, 2 * per_class, seed + 1);
    simulate::nuclei(&seen, &folder.join("movies"), progress)?;
    simulate::nuclei(&unseen, &folder.join("held-out"), progress)?;
    let cells = formats::crops::read(&folder.join("movies/cells.crops"))?;
    let looked = preview(&cells, &PreviewSettings::default(), &folder.join("preview"))?;
    let model = folder.join("model.safetensors");
    let request = TrainRequest {
        settings: settings(seed),
        judge: Judge::Validation,
        output: model.clone(),
        start: None,
        resume: false,
        tensorboard: None,
    };
    let trained = train(&Dataset::from(cells), &request, progress)?;
    let held_out = Dataset::from(formats::crops::read(&folder.join("held-out/cells.crops"))?);
    let report = folder.join("report");
    // Who stopped the training has its model judged all the same.
    let metrics = evaluate(&trained.model, held_out, &EvaluateRequest::default(), &report, &Silent)?;
    Ok(Demo {
        preview: folder.join("preview/preview.html"),
        model,
        report: report.join("report.html"),
        metrics,
        findings: looked.lines(),
    })
}

fn movies(n_movies: usize, per_class: usize, seed: u64) -> Nuclei {
    let mut request = Nuclei { n_movies, per_class, ..Nuclei::default() };
    request.movie.seed = seed;
    request
}

fn settings(seed: u64) -> TrainSettings {
    TrainSettings { epochs: EPOCHS, seed, ..TrainSettings::preset(Preset::Default) }
}

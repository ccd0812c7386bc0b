//! What TensorBoard shows of a training run: curves and the confusion matrix while it goes on, the cells at its end.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use formats::{
    FormatError,
    tensorboard::{EventLog, Projector, Shown},
};
use stats::{confusion::Confusion, predictions::Predictions};

use super::{Epoch, Validation};
use crate::{
    Dataset, Model, Progress, Silent, StudyError,
    report::{
        figure,
        gallery::surest_mistakes,
        montage::{self, Column, MontageError},
        paint::Theme,
        picture::{Contrast, Viewer},
        raster,
    },
};

/// Names of the two runs of a fit.
const TRAIN: &str = "train";
const VALIDATION: &str = "validation";
/// Mistakes on the montage, and rows of it.
const MISTAKES: usize = 120;
const ROWS: usize = 10;
/// Cells in the embedding projector, which draws no more fluently.
const PROJECTED: usize = 10_000;
/// Largest side of a picture in the projector, and of all of them together, pixels.
const PICTURE: usize = 64;
const SHEET: usize = 8192;

/// Progress that also goes into a log.
pub struct Logged<'a> {
    progress: &'a dyn Progress,
    folder: PathBuf,
    classes: &'a [String],
    logs: Mutex<Logs>,
}

/// Opened at the first epoch, which may not be the first of all when a run is resumed.
#[derive(Default)]
struct Logs {
    train: Option<EventLog>,
    validation: Option<EventLog>,
    failed: Option<StudyError>,
}

impl<'a> Logged<'a> {
    /// A log in `folder`, and whatever `progress` does.
    pub fn new(progress: &'a dyn Progress, folder: PathBuf, classes: &'a [String]) -> Self {
        Logged { progress, folder, classes, logs: Mutex::default() }
    }

    /// Whether everything was logged.
    ///
    /// # Errors
    /// The first file that could not be written; the run was asked to stop then.
    pub fn finish(self) -> Result<(), StudyError> {
        let logs = self.logs.into_inner().unwrap_or_else(PoisonError::into_inner);
        logs.failed.map_or(Ok(()), Err)
    }

    fn log(&self, logs: &mut Logs, epoch: &Epoch, confusion: Option<&Confusion>) -> Result<(), StudyError> {
        let step = u64::from(epoch.epoch);
        let train = [
            ("loss".to_owned(), Shown::Scalar(epoch.loss as f32)),
            ("accuracy".to_owned(), Shown::Scalar(epoch.accuracy as f32)),
            ("learning_rate".to_owned(), Shown::Scalar(epoch.learning_rate)),
        ];
        if step == 1 {
            // This one may have no cells that are held out.
            EventLog::remove(&self.folder.join(VALIDATION))?;
        }
        opened(&mut logs.train, &self.folder.join(TRAIN), step)?.write(step, &train)?;
        if let (Some(figures), Some(confusion)) = (&epoch.validation, confusion) {
            let shown = judged(self.classes, figures, confusion)?;
            opened(&mut logs.validation, &self.folder.join(VALIDATION), step)?.write(step, &shown)?;
        }
        Ok(())
    }
}

fn opened<'a>(
    log: &'a mut Option<EventLog>,
    folder: &Path,
    step: u64,
) -> Result<&'a mut EventLog, FormatError> {
    Ok(match log {
        Some(log) => log,
        None => log.insert(EventLog::open(folder, step)?),
    })
}

impl Progress for Logged<'_> {
    fn begin(&self, what: &str, total: u64) {
        self.progress.begin(what, total);
    }

    fn advance(&self, done: u64, note: &str) {
        self.progress.advance(done, note);
    }

    fn finish(&self, summary: &str) {
        self.progress.finish(summary);
    }

    fn say(&self, line: &str) {
        self.progress.say(line);
    }

    fn epoch(&self, figures: &Epoch, confusion: Option<&Confusion>) {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = self.log(&mut logs, figures, confusion) {
            logs.failed.get_or_insert(error);
        }
        self.progress.epoch(figures, confusion);
    }

    fn cancelled(&self) -> bool {
        let failed = self.logs.lock().unwrap_or_else(PoisonError::into_inner).failed.is_some();
        failed || self.progress.cancelled()
    }
}

/// Figures on cells that were not learned from.
fn judged(
    classes: &[String],
    figures: &Validation,
    confusion: &Confusion,
) -> Result<Vec<(String, Shown)>, StudyError> {
    let scalar = |name: &str, value: f64| (name.to_owned(), Shown::Scalar(value as f32));
    let mut shown = vec![
        scalar("loss", figures.loss),
        scalar("accuracy", figures.accuracy),
        scalar("macro_f1", figures.macro_f1),
    ];
    let present = classes.iter().zip(confusion.per_class()).filter(|(_, class)| class.is_present());
    shown.extend(present.map(|(name, class)| scalar(&format!("f1/{name}"), class.f1)));
    let matrix = figure::confusion(classes, confusion.counts());
    let png = raster::png(&matrix, Theme::Paper, 1.5).map_err(|e| StudyError::Refused(e.to_string()))?;
    shown.push(("confusion".to_owned(), Shown::Png(png)));
    Ok(shown)
}

/// Cells whose truth is known, with what was predicted of them.
pub struct Predicted<'a> {
    /// The cells.
    pub data: &'a Dataset,
    /// Which of them.
    pub cells: &'a [usize],
    /// The class of every cell of `data`.
    pub labels: &'a [usize],
    /// Probabilities of the cells, `[n, k]`.
    pub probabilities: &'a [f64],
}

impl Predicted<'_> {
    /// Adds the cells that were called wrong to the log of a run that is over, and, for a fold, its figures.
    ///
    /// # Errors
    /// When a crop cannot be read or the log cannot be written.
    pub fn log(&self, folder: &Path, epoch: u32, with_figures: bool) -> Result<(), StudyError> {
        let truth: Vec<usize> = self.cells.iter().map(|&cell| self.labels[cell]).collect();
        let classes = &self.data.classes;
        let mut shown = Vec::new();
        if with_figures {
            let (figures, confusion) = super::judge(&truth, self.probabilities, classes.len())?;
            shown = judged(classes, &figures, &confusion)?;
        }
        let predictions = Predictions::new(&truth, self.probabilities, classes.len())
            .map_err(|e| StudyError::Refused(e.to_string()))?;
        shown.extend(self.mistakes(&predictions)?.map(|png| ("misclassified".to_owned(), Shown::Png(png))));
        Ok(EventLog::close(&folder.join(VALIDATION), u64::from(epoch), &shown)?)
    }

    /// The surest mistakes, a column for each pair of classes that were confounded; none when there are none.
    fn mistakes(&self, predictions: &Predictions) -> Result<Option<Vec<u8>>, StudyError> {
        let mut columns: Vec<Column> = Vec::new();
        for mistake in surest_mistakes(predictions, MISTAKES) {
            let title = self.data.classes[mistake.truth].clone();
            let remark = format!("called {}", self.data.classes[mistake.predicted]);
            let cell = self.cells[mistake.row];
            match columns.iter_mut().find(|c| (&c.title, &c.remark) == (&title, &remark)) {
                Some(column) => column.shown.push(cell),
                None => columns.push(Column { title, remark, shown: vec![cell] }),
            }
        }
        columns.sort_by_key(|column| std::cmp::Reverse(column.shown.len()));
        let Some(n_rows) = columns.first().map(|most| most.shown.len().min(ROWS)) else { return Ok(None) };
        let caption = "Cells that were called wrong, the surest first".to_owned();
        Ok(Some(montage::in_columns(&self.viewer()?, caption, &columns, n_rows).map_err(refused)?))
    }

    /// Writes what the last layer of `model` reads of the cells for the embedding projector.
    ///
    /// # Errors
    /// When a crop cannot be read or a file cannot be written.
    pub fn project(&self, model: &Model, folder: &Path) -> Result<(), StudyError> {
        let step = self.cells.len().div_ceil(PROJECTED).max(1);
        let cells: Vec<usize> = self.cells.iter().copied().step_by(step).collect();
        let (n_columns, values) = model.features(self.data, &cells, &Silent)?;
        let per_side = (cells.len() as f64).sqrt().ceil().max(1.0) as usize;
        let (sprite, picture) =
            montage::sheet(&self.viewer()?, &cells, PICTURE.min(SHEET / per_side)).map_err(refused)?;
        let k = model.classes.len();
        let row = |(i, &cell): (usize, &usize)| {
            let probabilities = &self.probabilities[i * step * k..][..k];
            let predicted = crate::evaluate::winner(probabilities);
            let facts = &self.data.cells[cell];
            vec![
                facts.name.clone(),
                self.data.classes[self.labels[cell]].clone(),
                model.classes[predicted].clone(),
                format!("{:.4}", probabilities[predicted]),
                facts.group.clone(),
            ]
        };
        let projector = Projector {
            name: "features".to_owned(),
            n_columns,
            values,
            header: ["name", "class", "predicted", "confidence", "group"].map(str::to_owned).to_vec(),
            rows: cells.iter().enumerate().map(row).collect(),
            sprite,
            picture,
        };
        Ok(projector.write(folder)?)
    }

    fn viewer(&self) -> Result<Viewer<'_>, StudyError> {
        let viewer = Viewer::new(self.data, &self.data.channels, Contrast::Shared, self.cells);
        viewer.map_err(|e| refused(e.into()))
    }
}

/// The end of a whole run: mistakes and points of the cells that were watched, or points of all where none were.
///
/// # Errors
/// As [`Predicted::log`] and [`Predicted::project`].
pub fn close(
    folder: &Path,
    model: &Model,
    data: &Dataset,
    labels: &[usize],
    (train, validation): (&[usize], &[usize]),
    last: u32,
) -> Result<(), StudyError> {
    let (cells, run) = if validation.is_empty() { (train, TRAIN) } else { (validation, VALIDATION) };
    let probabilities = model.probabilities(data, cells, &Silent)?;
    let predicted = Predicted { data, cells, labels, probabilities: &probabilities };
    if !validation.is_empty() {
        predicted.log(folder, last, false)?;
    }
    predicted.project(model, &folder.join(run))
}

fn refused(error: MontageError) -> StudyError {
    StudyError::Refused(error.to_string())
}

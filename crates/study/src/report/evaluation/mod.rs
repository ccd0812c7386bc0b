//! The report of an evaluation: figures, tables and one page, all in one folder.
//!
//! | file | what |
//! |---|---|
//! | `report.html` | everything, for people |
//! | `metrics.json` | [`Metrics`] |
//! | `confusion.csv` | a row per true class, a column per predicted class |
//! | `per_class.csv` | precision, recall, F1, support, AUC, average precision and their intervals |
//! | `roc.csv`, `pr.csv` | points of the curves of each class against the rest |
//! | `calibration.csv`, `coverage.csv` | accuracy by confidence; accuracy of the surest cells |
//! | `conditions.csv`, `conditions/NAME` | with conditions: a row for each, and all of this for each |
//! | `confusion`, `f1`, `roc`, `pr`, `calibration`, `coverage`, `history` | figures, `.svg` and `.png` |

mod conditions;
mod tables;
mod words;

use std::path::Path;

use cells::{Cell, CropSource};
use serde::Serialize;
use stats::calibration::coverage;
use stats::curve::{PrecisionRecall, Roc};
use stats::metrics::Metrics;
use stats::predictions::Predictions;

pub use self::conditions::Condition;

use super::figure::{self, ClassF1, Curve, Epoch};
use super::folder::Files;
use super::gallery::{self, Item, Shown};
use super::page::{self, Drawing, Page};
use super::picture::{Contrast, Viewer};
use super::scene::Scene;
use crate::StudyError;
use crate::explain::Look;

/// The file that says that a folder is an evaluation and may be replaced by another.
pub const MARK: &str = "metrics.json";

/// Everything that the report of an evaluation is made from. Row `i` of `truth` and `probabilities` is cell
/// `rows[i]` of `cells` and crop `rows[i]` of `crops`.
pub struct EvaluationReport<'a> {
    /// Headline.
    pub title: String,
    /// The figures.
    pub metrics: &'a Metrics,
    /// True classes `[n]`.
    pub truth: &'a [usize],
    /// Class probabilities `[n, k]`.
    pub probabilities: &'a [f64],
    /// Facts of the cells.
    pub cells: &'a [Cell],
    /// Pixels of the cells, for the pictures of mistakes.
    pub crops: &'a dyn CropSource,
    /// Names of the channels.
    pub channels: &'a [String],
    /// Which cell each row is.
    pub rows: &'a [usize],
    /// The model with the same cells, whose Grad-CAM is shown of mistakes.
    pub look: Option<Look<'a>>,
    /// How the training went; empty when that is not told.
    pub history: Vec<Epoch>,
    /// The same cells condition by condition; may be empty.
    pub conditions: &'a [Condition],
    /// Number of the epoch that was kept.
    pub best_epoch: Option<usize>,
    /// What the reader must know before believing a figure.
    pub warnings: Vec<String>,
    /// How the cells were divided into those learnt from and those judged, as sentences; may be empty.
    pub split: String,
    /// What the reader may want to know: name and value (model, data, hashes, seed).
    pub facts: Vec<(String, String)>,
    /// All settings as text; may be empty.
    pub settings: String,
}

/// How many mistakes are shown.
const N_MISTAKES: usize = 24;

impl EvaluationReport<'_> {
    /// Writes all files into `folder`, which is new, empty or an earlier evaluation.
    ///
    /// # Errors
    /// When lengths or probabilities make no sense, a crop cannot be read, or the folder cannot be written; then
    /// nothing of it is left.
    pub fn write(&self, folder: &Path) -> Result<(), StudyError> {
        Ok(self.files()?.write(folder, MARK)?)
    }

    /// The contents of all files.
    ///
    /// # Errors
    /// As [`EvaluationReport::write`].
    pub fn files(&self) -> Result<Files, StudyError> {
        let metrics = self.metrics;
        let predictions =
            Predictions::new(self.truth, self.probabilities, metrics.classes.len()).map_err(refuse)?;
        if self.rows.len() != self.truth.len() || self.rows.iter().any(|&row| row >= self.cells.len()) {
            let found =
                format!("{} numbers for {} of {} cells", self.rows.len(), self.truth.len(), self.cells.len());
            return Err(StudyError::Refused(format!(
                "report: expected the number of each judged cell, found {found}"
            )));
        }
        let k = metrics.classes.len();
        let rocs: Vec<Option<Roc>> = (0..k).map(|class| Roc::one_vs_rest(&predictions, class)).collect();
        let prs: Vec<Option<PrecisionRecall>> =
            (0..k).map(|class| PrecisionRecall::one_vs_rest(&predictions, class)).collect();
        let coverage = coverage(&predictions);
        let figures = Figures::draw(self, &rocs, &prs, &coverage);

        let mut files = Files::default();
        for scene in figures.all() {
            files.add_figure(scene).map_err(refuse)?;
        }
        let json = serde_json::to_string_pretty(metrics).map_err(refuse)?;
        files.add(MARK, json + "\n");
        files.add("confusion.csv", tables::confusion(metrics).to_csv());
        files.add("per_class.csv", tables::per_class(metrics).to_csv());
        files.add("roc.csv", tables::roc(&metrics.classes, &rocs).to_csv());
        files.add("pr.csv", tables::precision_recall(&metrics.classes, &prs).to_csv());
        files.add("calibration.csv", tables::calibration(metrics).to_csv());
        files.add("coverage.csv", tables::coverage(&coverage).to_csv());
        if !self.conditions.is_empty() {
            files.add("conditions.csv", conditions::table(self.conditions).to_csv());
        }
        files.add("report.html", self.page(&predictions, &figures)?);
        Ok(files)
    }

    fn page(&self, predictions: &Predictions, figures: &Figures) -> Result<String, StudyError> {
        let (mistakes, pictures) = self.mistakes(predictions)?;
        let context = Context {
            version: env!("CARGO_PKG_VERSION"),
            title: &self.title,
            summary: words::summary(self.metrics),
            warnings: &self.warnings,
            cards: words::cards(self.metrics),
            classes: words::classes(self.metrics),
            undefined: self.metrics.undefined.iter().collect(),
            calibration_text: words::calibration(self.metrics),
            mistakes,
            pictures,
            split: &self.split,
            facts: &self.facts,
            settings: &self.settings,
            confusion: (&figures.confusion).into(),
            f1: (&figures.f1).into(),
            roc: (&figures.roc).into(),
            pr: (&figures.pr).into(),
            calibration: (&figures.calibration).into(),
            coverage: (&figures.coverage).into(),
            history: figures.history.as_ref().map(Drawing::from),
            conditions: conditions::rows(self.conditions),
            by_condition: figures.conditions.as_ref().map(Drawing::from),
        };
        page::render(Page::Evaluation, &context).map_err(refuse)
    }

    /// Pictures of the mistakes that the model was surest of, and what their brightness means.
    fn mistakes(&self, predictions: &Predictions) -> Result<(Vec<Shown>, String), StudyError> {
        let classes = &self.metrics.classes;
        let mistakes = gallery::surest_mistakes(predictions, N_MISTAKES);
        let items: Vec<Item> = mistakes
            .iter()
            .map(|mistake| Item {
                crop: self.rows[mistake.row],
                title: format!("called {} ({:.2})", classes[mistake.predicted], mistake.confidence),
                lines: vec![format!("labelled {} ({:.2})", classes[mistake.truth], mistake.p_truth)],
                name: self.cells[self.rows[mistake.row]].name.clone(),
            })
            .collect();
        let shown: Vec<usize> = items.iter().map(|item| item.crop).collect();
        let viewer = Viewer::new(self.crops, self.channels, Contrast::Shared, &shown).map_err(refuse)?;
        let mut pictures = gallery::show(&viewer, &items).map_err(refuse)?;
        let mut caption = viewer.caption();
        if let Some(look) = self.look.filter(|_| !items.is_empty()) {
            let asked: Vec<_> = mistakes.iter().map(|m| (self.rows[m.row], m.predicted)).collect();
            let overlays = look.over(&asked, &|i| viewer.picture(shown[i]))?;
            pictures.iter_mut().zip(overlays).for_each(|(picture, overlay)| picture.overlay = overlay);
            caption.push_str(" Below each, what speaks for the class that it was called: from violet to yellow (Grad-CAM).");
        }
        Ok((pictures, caption))
    }
}

/// Any failure to make a page or picture, as one of the verb.
fn refuse(error: impl std::fmt::Display) -> StudyError {
    StudyError::Refused(error.to_string())
}

/// The drawings of the report.
struct Figures {
    confusion: Scene,
    f1: Scene,
    roc: Scene,
    pr: Scene,
    calibration: Scene,
    coverage: Scene,
    history: Option<Scene>,
    conditions: Option<Scene>,
}

impl Figures {
    fn draw(
        report: &EvaluationReport,
        rocs: &[Option<Roc>],
        prs: &[Option<PrecisionRecall>],
        coverage: &stats::calibration::Coverage,
    ) -> Figures {
        let metrics = report.metrics;
        let roc = |roc: &Roc| (pairs(&roc.fpr, &roc.tpr), roc.auc);
        let pr = |pr: &PrecisionRecall| (pairs(&pr.recall, &pr.precision), pr.average_precision);
        Figures {
            confusion: figure::confusion(&metrics.classes, metrics.confusion.counts()),
            f1: figure::f1(&f1_rows(metrics)),
            roc: figure::roc(&curves(&metrics.classes, rocs, roc)),
            pr: figure::precision_recall(&curves(&metrics.classes, prs, pr)),
            calibration: figure::calibration(&metrics.reliability, metrics.ece),
            coverage: figure::coverage(&pairs(&coverage.coverage, &coverage.accuracy)),
            history: (!report.history.is_empty())
                .then(|| figure::history(&report.history, report.best_epoch)),
            conditions: (!report.conditions.is_empty()).then(|| conditions::scene(report.conditions)),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Scene> {
        [&self.confusion, &self.f1, &self.roc, &self.pr, &self.calibration, &self.coverage]
            .into_iter()
            .chain(&self.history)
            .chain(&self.conditions)
    }
}

fn pairs(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    x.iter().copied().zip(y.iter().copied()).collect()
}

/// What is drawn of each class; an undefined curve has no points.
fn curves<T>(
    classes: &[String],
    curves: &[Option<T>],
    points: impl Fn(&T) -> (Vec<(f64, f64)>, f64),
) -> Vec<Curve> {
    let curve = |(name, curve): (&String, &Option<T>)| {
        let (points, area) = curve.as_ref().map(&points).map_or((Vec::new(), None), |(p, a)| (p, Some(a)));
        Curve { name: name.clone(), points, area }
    };
    classes.iter().zip(curves).map(curve).collect()
}

fn f1_rows(metrics: &Metrics) -> Vec<ClassF1> {
    let row = |name: &String| {
        let class = metrics.per_class.get(name);
        let key = format!("per_class.{name}.f1");
        ClassF1 {
            name: name.clone(),
            f1: class.map(|c| c.f1).filter(|_| !metrics.undefined.contains_key(&key)),
            interval: metrics.intervals.get(&key).copied(),
            n: class.map_or(0, |c| usize::try_from(c.support).unwrap_or(usize::MAX)),
        }
    };
    metrics.classes.iter().map(row).collect()
}

/// What the page shows.
#[derive(Serialize)]
struct Context<'a> {
    version: &'static str,
    title: &'a str,
    summary: String,
    warnings: &'a [String],
    cards: Vec<words::Card>,
    classes: Vec<words::ClassRow>,
    undefined: Vec<(&'a String, &'a String)>,
    calibration_text: String,
    mistakes: Vec<Shown>,
    pictures: String,
    split: &'a str,
    facts: &'a [(String, String)],
    settings: &'a str,
    confusion: Drawing,
    f1: Drawing,
    roc: Drawing,
    pr: Drawing,
    calibration: Drawing,
    coverage: Drawing,
    history: Option<Drawing>,
    conditions: Vec<conditions::Row>,
    by_condition: Option<Drawing>,
}

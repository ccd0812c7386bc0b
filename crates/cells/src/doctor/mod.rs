//! The data doctor: looks at labelled cells before any training and says what will spoil it.
//!
//! Each rule is a file, looks at one kind of fault, and stays silent when in doubt: a false alarm costs trust in the
//! next one. Rules judge a cell against the others of its set, so that they hold for fluorescence, phase contrast and
//! stained smears of any depth and size.

mod border;
mod constant;
mod duplicate;
mod empty;
mod few;
mod fingerprint;
mod giveaway;
mod not_finite;
mod portrait;
mod same;
mod saturated;
mod two_classes;

use serde::{Deserialize, Serialize};

use crate::CellSet;
use portrait::Portrait;

/// What the doctor looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Pixels that are NaN or infinite.
    NotFinite,
    /// The same cell under two classes.
    TwoClasses,
    /// Classes with too few cells.
    FewCells,
    /// Patches without a cell: noise only.
    Empty,
    /// Patches that hang over the border of their image and were filled up.
    Border,
    /// The same pixels twice.
    Duplicate,
    /// The same cell cut out again, some pixels away.
    ShiftedDuplicate,
    /// Pixels at the upper end of the camera's range.
    Saturated,
    /// A channel that is the same everywhere.
    Constant,
    /// Intensity tells the class because each class comes from its own groups, which differ in intensity.
    GroupIntensity,
}

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Will make the result worse, or look better than it is.
    Warning,
    /// Repair this before training.
    Problem,
}

/// One thing that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was looked for.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence that names classes and numbers.
    pub summary: String,
    /// Particulars, one per line, at most [`DoctorSettings::max_details`] and then how many more there are.
    pub details: Vec<String>,
    /// Indices of the cells concerned, ascending; empty when the whole set is.
    pub cells: Vec<usize>,
}

/// Where the doctor draws the line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DoctorSettings {
    /// Classes with fewer cells are reported. 20 leaves four in each of five folds.
    pub min_cells_per_class: usize,
    /// A cell is saturated when more than this share of a channel's pixels is at the greatest value of the set.
    pub max_saturated: f32,
    /// Details listed per finding.
    pub max_details: usize,
}

impl Default for DoctorSettings {
    fn default() -> Self {
        DoctorSettings { min_cells_per_class: 20, max_saturated: 0.01, max_details: 20 }
    }
}

impl DoctorSettings {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// A sentence for each that does not.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        if (0.0..1.0).contains(&self.max_saturated) {
            return Ok(());
        }
        Err(vec![format!("`max_saturated` is {}; expected 0 or more and below 1", self.max_saturated)])
    }
}

/// All findings on a set, the gravest first. An empty set has none.
///
/// Time grows with the number of cells, not its square. The same set gives the same findings for any number of threads.
#[must_use]
pub fn examine(set: &CellSet, settings: &DoctorSettings) -> Vec<Finding> {
    if set.is_empty() || set.shape.is_empty() {
        return Vec::new();
    }
    let portraits = portrait::of_all(set);
    let exact = same::identical(set, &portraits);
    let shifted = same::shifted(set, &portraits, &exact);
    let view = View { set, settings, portraits: &portraits };
    let mut findings: Vec<Finding> = [
        not_finite::look(&view),
        few::look(&view),
        empty::look(&view),
        border::look(&view),
        duplicate::exact(&view, &exact),
        duplicate::shifted(&view, &shifted),
        two_classes::look(&view, &exact, &shifted),
        saturated::look(&view),
        constant::look(&view),
        giveaway::look(&view),
    ]
    .into_iter()
    .flatten()
    .collect();
    findings.sort_by_key(|f| (std::cmp::Reverse(f.severity), f.rule));
    findings
}

/// Cells that show the same thing, exactly or some pixels away: sets of two or more indices, ascending, sorted by
/// their first. Give the members of each one group and no split will leak.
#[must_use]
pub fn same_cells(set: &CellSet) -> Vec<Vec<usize>> {
    if set.is_empty() || set.shape.is_empty() {
        return Vec::new();
    }
    let portraits = portrait::of_all(set);
    let exact = same::identical(set, &portraits);
    let shifted = same::shifted(set, &portraits, &exact);
    same::clusters(set.len(), &exact, &shifted)
}

/// What every rule gets to see.
struct View<'a> {
    set: &'a CellSet,
    settings: &'a DoctorSettings,
    portraits: &'a [Portrait],
}

impl View<'_> {
    fn class_name(&self, class: Option<usize>) -> &str {
        class.map_or("unlabelled", |c| self.set.classes.get(c).map_or("?", String::as_str))
    }

    /// Cells of each class.
    fn class_sizes(&self) -> Vec<usize> {
        let mut sizes = vec![0; self.set.classes.len()];
        self.set.cells.iter().filter_map(|cell| cell.class).for_each(|c| sizes[c] += 1);
        sizes
    }

    /// "35 of the 37 cells of class Apoptosis" for each class that has any of `cells`.
    fn by_class(&self, cells: &[usize]) -> Vec<(f64, String)> {
        let mut found = vec![0; self.set.classes.len()];
        cells.iter().filter_map(|&i| self.set.cells[i].class).for_each(|c| found[c] += 1);
        let text = |(c, (&n, &of)): (usize, (&usize, &usize))| {
            let share = n as f64 / of as f64;
            (share, format!("{n} of the {of} cells of class {}", self.set.classes[c]))
        };
        let sizes = self.class_sizes();
        found.iter().zip(&sizes).enumerate().filter(|(_, (n, _))| **n > 0).map(text).collect()
    }

    /// A finding on some cells; details are a line per class, then a line per cell, unless `lines` are given.
    fn finding(&self, rule: Rule, severity: Severity, summary: String, cells: Vec<usize>) -> Finding {
        let mut details: Vec<String> = self.by_class(&cells).into_iter().map(|(_, text)| text).collect();
        let names = cells.iter().map(|&i| self.set.cells[i].name.clone()).collect();
        details.extend(self.shorten(names));
        Finding { rule, severity, summary, details, cells }
    }

    /// At most `max_details` lines and then how many more there are.
    fn shorten(&self, mut lines: Vec<String>) -> Vec<String> {
        let more = lines.len().saturating_sub(self.settings.max_details);
        if more > 0 {
            lines.truncate(self.settings.max_details);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

/// "1 cell", "2 cells".
fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

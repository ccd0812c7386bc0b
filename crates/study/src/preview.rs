//! `preview`: looks at labelled cells before any training: how many there are, what they look like, and what the data
//! doctor finds.

use std::path::Path;

use cells::CellSet;
use cells::doctor::{DoctorSettings, Finding, Rule, examine, same_cells};
use formats::table::{Column, Table};
use serde::{Deserialize, Serialize};

use crate::StudyError;
use crate::report::figure::{self, SourceCounts};
use crate::report::folder::{Files, slug};
use crate::report::gallery::{self, Item, Shown, data_url};
use crate::report::montage::{self, ClassCells, draw_some};
use crate::report::page::{self, Drawing, Page};
use crate::report::picture::{Contrast, Viewer};
use crate::report::text::{counted, percent};

/// The file that says that a folder is a preview and may be replaced by another.
pub const MARK: &str = "findings.json";

/// What a preview shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PreviewSettings {
    /// Headline of the page.
    pub title: String,
    /// Random cells per class in the montage of all classes.
    pub n_per_class: usize,
    /// Random cells in the montage of one class.
    pub n_of_class: usize,
    /// Pictures per finding.
    pub n_per_finding: usize,
    /// Seed of the random choice.
    pub seed: u64,
    /// Which pictures share one brightness scale.
    pub contrast: Contrast,
    /// Where the doctor draws the line.
    pub doctor: DoctorSettings,
}

impl Default for PreviewSettings {
    fn default() -> Self {
        PreviewSettings {
            title: "Cells before training".into(),
            n_per_class: 10,
            n_of_class: 60,
            n_per_finding: 18,
            seed: 0,
            contrast: Contrast::Shared,
            doctor: DoctorSettings::default(),
        }
    }
}

impl PreviewSettings {
    /// Whether the settings make sense.
    ///
    /// # Errors
    /// A sentence for each that does not.
    pub fn validate(&self) -> Result<(), Vec<String>> {
        let mut mistakes = self.doctor.validate().err().unwrap_or_default();
        for (name, n, most) in [("n_per_class", self.n_per_class, 100), ("n_of_class", self.n_of_class, 1000)]
        {
            if !(1..=most).contains(&n) {
                mistakes.push(format!("`{name}` is {n}; expected 1 to {most}"));
            }
        }
        if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
    }
}

/// How many cells a class has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCount {
    /// Class.
    pub name: String,
    /// Cells.
    pub n: usize,
    /// Cells whose window hung over the border of the image.
    pub n_flagged: usize,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// Number of cells.
    pub n: usize,
    /// Cells without a class.
    pub n_unlabelled: usize,
    /// Cells per class.
    pub classes: Vec<ClassCount>,
    /// Cells per source and class.
    pub sources: Vec<SourceCounts>,
    /// What will spoil the training, the gravest first.
    pub findings: Vec<Finding>,
}

impl Preview {
    /// Counts and findings as lines for the shell.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.summary()];
        let widest = self.classes.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
        for class in &self.classes {
            let flagged =
                if class.n_flagged > 0 { format!(", {} flagged", class.n_flagged) } else { String::new() };
            let share = percent(class.n as f64 / self.n.max(1) as f64);
            lines.push(format!("  {:<widest$}  {:>7}  {share:>6}{flagged}", class.name, class.n));
        }
        for finding in &self.findings {
            lines.push(format!("{}: {}", severity(finding), finding.summary));
        }
        lines
    }

    /// One or two sentences.
    fn summary(&self) -> String {
        let classes = match self.classes.len() {
            0 => "without a class".to_owned(),
            n => format!("of {}", counted(n, "class", "classes")),
        };
        let mut text = format!(
            "{} {classes} from {}.",
            counted(self.n, "cell", "cells"),
            counted(self.sources.len(), "source", "sources")
        );
        if self.n_unlabelled > 0 && !self.classes.is_empty() {
            text += &format!(" {} no class.", counted(self.n_unlabelled, "cell has", "cells have"));
        }
        text += &match self.findings.len() {
            0 => " Nothing was found that will spoil the training.".to_owned(),
            n => format!(" {} that may spoil the training.", counted(n, "finding", "findings")),
        };
        text
    }
}

/// Whether [`preview`] may write the folder; it asks so itself, but callers may not want to read cells in vain.
///
/// # Errors
/// When something else than an earlier preview is there, or the folder around it is missing.
pub fn check_output(folder: &Path) -> Result<(), StudyError> {
    Ok(formats::atomic::check_folder(folder, MARK)?)
}

/// Counts the cells, lets the doctor look at them and writes the pictures and `preview.html` into `folder`, which is
/// new, empty or an earlier preview.
///
/// # Errors
/// Mistakes in the settings, no cell, or a folder that cannot be written; then nothing of it is left.
pub fn preview(set: &CellSet, settings: &PreviewSettings, folder: &Path) -> Result<Preview, StudyError> {
    check_output(folder)?;
    let (preview, files) = files(set, settings)?;
    files.write(folder, MARK)?;
    Ok(preview)
}

/// The contents of all files of [`preview`].
///
/// # Errors
/// Mistakes in the settings, no cell.
pub fn files(set: &CellSet, settings: &PreviewSettings) -> Result<(Preview, Files), StudyError> {
    settings.validate().map_err(StudyError::Settings)?;
    if set.is_empty() || set.shape.is_empty() {
        let found = format!("{} of {}", counted(set.len(), "cell", "cells"), set.shape);
        return Err(StudyError::Refused(format!("preview: expected cells with pixels, found {found}")));
    }
    let preview = look(set, settings);
    let mut files = Files::default();
    let names: Vec<String> = preview.classes.iter().map(|c| c.name.clone()).collect();
    let counts: Vec<(usize, usize)> = preview.classes.iter().map(|c| (c.n, c.n_flagged)).collect();
    let class_counts = figure::class_counts(&names, &counts);
    let shares = figure::shares(&names, &rows_of_shares(&preview));
    for scene in [&class_counts, &shares] {
        files.add_figure(scene).map_err(refuse)?;
    }
    let classes = pictured(set, settings);
    let shown: Vec<usize> = classes.iter().flat_map(|c| c.shown.iter().copied()).collect();
    let viewer = Viewer::new(set, &set.channels, settings.contrast, &shown).map_err(refuse)?;
    let montage = montage::by_class(&viewer, &classes, settings.n_per_class).map_err(refuse)?;
    for (i, class) in classes.iter().enumerate() {
        let png = montage::of_class(&viewer, class, 10).map_err(refuse)?;
        files.add(format!("class_{:02}_{}.png", i + 1, slug(&class.name)), png);
    }
    files.add(MARK, findings_json(set, &preview.findings).map_err(refuse)?);
    files.add("findings.csv", findings_table(set, &preview.findings).to_csv());
    let context = Context {
        version: env!("CARGO_PKG_VERSION"),
        title: &settings.title,
        summary: preview.summary(),
        pictures: viewer.caption(),
        findings: findings_shown(set, &preview.findings, &viewer, settings.n_per_finding)?,
        montage: data_url(&montage),
        class_counts: (&class_counts).into(),
        shares: (&shares).into(),
        class_names: &names,
        sources: preview.sources.iter().map(SourceRow::from).collect(),
        facts: facts(set),
    };
    files.add("preview.html", page::render(Page::Preview, &context).map_err(refuse)?);
    files.add("montage.png", montage);
    Ok((preview, files))
}

/// Any failure to make a page or picture, as one of the verb.
fn refuse(error: impl std::fmt::Display) -> StudyError {
    StudyError::Refused(error.to_string())
}

fn look(set: &CellSet, settings: &PreviewSettings) -> Preview {
    let count = |(class, name): (usize, &String)| {
        let of_class = || set.cells.iter().filter(move |cell| cell.class == Some(class));
        ClassCount {
            name: name.clone(),
            n: of_class().count(),
            n_flagged: of_class().filter(|cell| cell.flagged).count(),
        }
    };
    let mut sources: std::collections::BTreeMap<&str, Vec<usize>> = std::collections::BTreeMap::new();
    for cell in &set.cells {
        let counts = sources.entry(&cell.source).or_insert_with(|| vec![0; set.classes.len()]);
        if let Some(n) = cell.class.and_then(|class| counts.get_mut(class)) {
            *n += 1;
        }
    }
    Preview {
        n: set.len(),
        n_unlabelled: set.cells.iter().filter(|cell| cell.class.is_none()).count(),
        classes: set.classes.iter().enumerate().map(count).collect(),
        sources: sources
            .into_iter()
            .map(|(source, counts)| SourceCounts { source: source.to_owned(), counts })
            .collect(),
        findings: examine(set, &settings.doctor),
    }
}

/// Sources that are drawn one by one.
const N_SOURCES: usize = 14;

/// All cells, then each source; what is too many to draw becomes one row.
fn rows_of_shares(preview: &Preview) -> Vec<SourceCounts> {
    let sum = |rows: &[SourceCounts]| {
        let column = |k: usize| rows.iter().filter_map(|row| row.counts.get(k)).sum();
        (0..preview.classes.len()).map(column).collect()
    };
    let mut rows = vec![SourceCounts { source: "all".into(), counts: sum(&preview.sources) }];
    let shown = if preview.sources.len() > N_SOURCES { N_SOURCES - 1 } else { preview.sources.len() };
    let (each, rest) = preview.sources.split_at(shown);
    if preview.sources.len() > 1 {
        rows.extend_from_slice(each);
    }
    if !rest.is_empty() {
        let source = format!("{} more", counted(rest.len(), "source", "sources"));
        rows.push(SourceCounts { source, counts: sum(rest) });
    }
    rows
}

/// Random cells of each class.
fn pictured(set: &CellSet, settings: &PreviewSettings) -> Vec<ClassCells> {
    let cells = |(class, name): (usize, &String)| {
        let all: Vec<usize> = (0..set.len()).filter(|&i| set.cells[i].class == Some(class)).collect();
        let shown =
            draw_some(&all, settings.n_of_class.max(settings.n_per_class), settings.seed, class as u64);
        ClassCells { name: name.clone(), n: all.len(), shown }
    };
    set.classes.iter().enumerate().map(cells).collect()
}

/// What the set is.
fn facts(set: &CellSet) -> Vec<(String, String)> {
    let groups: std::collections::BTreeSet<&str> = set.cells.iter().map(|c| c.group.as_str()).collect();
    let fact = |name: &str, value: String| (name.to_owned(), value);
    vec![
        fact("Size", format!("{} x {} pixels", set.shape.w, set.shape.h)),
        fact("Channels", set.channels.join(", ")),
        fact("Intensities", set.pixels.depth().to_string()),
        fact("Groups of related cells", counted(groups.len(), "group", "groups")),
    ]
}

/// What the doctor calls a finding.
fn severity(finding: &Finding) -> String {
    format!("{:?}", finding.severity).to_lowercase()
}

/// The rule in words.
fn title(rule: Rule) -> &'static str {
    match rule {
        Rule::NotFinite => "Pixels that are not numbers",
        Rule::TwoClasses => "One cell, two classes",
        Rule::FewCells => "Too few cells",
        Rule::Empty => "No cell to be seen",
        Rule::Border => "Hanging over the border",
        Rule::Duplicate => "The same picture twice",
        Rule::ShiftedDuplicate => "The same cell again",
        Rule::Saturated => "Saturated",
        Rule::Constant => "A channel without content",
        Rule::GroupIntensity => "Brightness gives the class away",
    }
}

/// Findings with cells by name.
fn findings_json(set: &CellSet, findings: &[Finding]) -> serde_json::Result<String> {
    let mut values = Vec::with_capacity(findings.len());
    for finding in findings {
        let mut value = serde_json::to_value(finding)?;
        let names: Vec<&str> = finding.cells.iter().map(|&i| set.cells[i].name.as_str()).collect();
        value["names"] = serde_json::to_value(names)?;
        values.push(value);
    }
    Ok(serde_json::to_string_pretty(&values)? + "\n")
}

/// A row per finding and cell; findings on the whole set have one row without a cell.
fn findings_table(set: &CellSet, findings: &[Finding]) -> Table {
    let rows: Vec<(&Finding, Option<usize>)> = findings
        .iter()
        .flat_map(|finding| {
            let cells = finding.cells.iter().map(move |&i| (finding, Some(i)));
            let whole = finding.cells.is_empty().then_some((finding, None));
            cells.chain(whole)
        })
        .collect();
    let word = |value: serde_json::Result<serde_json::Value>| {
        value.ok().and_then(|value| value.as_str().map(str::to_owned))
    };
    let text = |get: &dyn Fn(&Finding, Option<usize>) -> Option<String>| {
        Column::Text(rows.iter().map(|&(finding, cell)| get(finding, cell)).collect())
    };
    let class = |i: usize| set.cells[i].class.and_then(|class| set.classes.get(class).cloned());
    let mut table = Table::default();
    table.push("rule", text(&|finding, _| word(serde_json::to_value(finding.rule))));
    table.push("severity", text(&|finding, _| Some(severity(finding))));
    table.push("cell", text(&|_, cell| cell.map(|i| set.cells[i].name.clone())));
    table.push("class", text(&|_, cell| cell.and_then(class)));
    table.push("source", text(&|_, cell| cell.map(|i| set.cells[i].source.clone())));
    table.push("summary", text(&|finding, _| Some(finding.summary.clone())));
    table
}

/// Findings with pictures of their cells; cells that show the same thing stand side by side.
fn findings_shown(
    set: &CellSet,
    findings: &[Finding],
    viewer: &Viewer,
    n: usize,
) -> Result<Vec<FindingShown>, StudyError> {
    let of_same = |rule| matches!(rule, Rule::TwoClasses | Rule::Duplicate | Rule::ShiftedDuplicate);
    let same = if findings.iter().any(|f| of_same(f.rule)) { same_cells(set) } else { Vec::new() };
    let show = |finding: &Finding| {
        let items =
            if of_same(finding.rule) { side_by_side(set, finding, &same, n) } else { some(set, finding, n) };
        let shown = gallery::show(viewer, &items).map_err(refuse)?;
        let about = match finding.cells.len() {
            0 => "Particulars".to_owned(),
            cells if cells > shown.len() => {
                format!("Particulars ({} of {} shown)", shown.len(), counted(cells, "cell", "cells"))
            }
            cells => format!("Particulars ({})", counted(cells, "cell", "cells")),
        };
        Ok(FindingShown {
            title: title(finding.rule),
            severity: severity(finding),
            summary: finding.summary.clone(),
            details: finding.details.clone(),
            about,
            shown,
        })
    };
    findings.iter().map(show).collect()
}

/// A cell by its class.
fn item(set: &CellSet, i: usize, lines: Vec<String>) -> Item {
    let cell = &set.cells[i];
    let class = cell.class.and_then(|class| set.classes.get(class)).map_or("without a class", String::as_str);
    Item { crop: i, title: class.to_owned(), lines, name: cell.name.clone() }
}

/// At most `n` cells of the finding, evenly from first to last.
fn some(set: &CellSet, finding: &Finding, n: usize) -> Vec<Item> {
    let all = &finding.cells;
    let n = n.min(all.len());
    (0..n)
        .map(|i| item(set, all[i * all.len() / n], vec![set.cells[all[i * all.len() / n]].source.clone()]))
        .collect()
}

/// Cells of the finding by what they show, whole sets of the same, about `n`.
fn side_by_side(set: &CellSet, finding: &Finding, same: &[Vec<usize>], n: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut number = 0;
    for cluster in same {
        let members: Vec<usize> =
            cluster.iter().copied().filter(|i| finding.cells.binary_search(i).is_ok()).collect();
        if members.len() < 2 || (!items.is_empty() && items.len() + members.len() > n) {
            continue;
        }
        number += 1;
        let member = |&i: &usize| item(set, i, vec![format!("cell {number}"), set.cells[i].source.clone()]);
        items.extend(members.iter().take(n).map(member));
    }
    items
}

/// What the page shows.
#[derive(Serialize)]
struct Context<'a> {
    version: &'static str,
    title: &'a str,
    summary: String,
    pictures: String,
    findings: Vec<FindingShown>,
    montage: String,
    class_counts: Drawing,
    shares: Drawing,
    class_names: &'a [String],
    sources: Vec<SourceRow<'a>>,
    facts: Vec<(String, String)>,
}

/// A finding as the page shows it.
#[derive(Serialize)]
struct FindingShown {
    title: &'static str,
    severity: String,
    summary: String,
    details: Vec<String>,
    about: String,
    shown: Vec<Shown>,
}

/// A row of the table of sources.
#[derive(Serialize)]
struct SourceRow<'a> {
    name: &'a str,
    counts: &'a [usize],
    n: usize,
}

impl<'a> From<&'a SourceCounts> for SourceRow<'a> {
    fn from(source: &'a SourceCounts) -> Self {
        SourceRow { name: &source.source, counts: &source.counts, n: source.counts.iter().sum() }
    }
}

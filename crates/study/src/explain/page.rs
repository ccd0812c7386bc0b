//! `explain.html`, the boards, and what is said of them.

use std::io;

use serde::Serialize;
use serde_json::json;

use super::agreement::{Median, words};
use super::choice::{Group, label};
use super::output::{Checks, Maps, Work};
use super::overlay::{COLOURS, drawn, overlay};
use super::{MARK, Mapper, Method, Of};
use crate::StudyError;
use crate::report::folder::{Files, slug};
use crate::report::gallery::data_url;
use crate::report::map_board::{ColourBar, Row, map_board};
use crate::report::montage;
use crate::report::page::{self, Page};
use crate::report::picture::{Contrast, Picture, Viewer};
use crate::report::text::counted;

/// Steps of the colour bar.
const BAR: u32 = 60;

/// All that is shown.
pub struct Shown<'a> {
    pub work: &'a Work<'a>,
    pub groups: &'a [Group],
    pub maps: &'a Maps,
    pub checks: &'a Checks,
    pub mapper: &'a Mapper<'a>,
}

/// Adds the page, the boards and the facts.
pub fn add(shown: &Shown, files: &mut Files) -> Result<(), StudyError> {
    let cells: Vec<usize> = shown.maps.keys().copied().collect();
    let data = shown.work.data;
    let viewer =
        Viewer::new(data, &data.channels, Contrast::Shared, &cells).map_err(|e: io::Error| refused(&e))?;
    let columns = shown.columns();
    let bar = ColourBar {
        colours: (0..BAR).map(|i| COLOURS.of(f64::from(i) / f64::from(BAR - 1))).collect(),
        ends: ["does not count".to_owned(), "counts most".to_owned()],
    };
    let mut groups = Vec::new();
    for (number, group) in shown.groups.iter().enumerate() {
        let rows = shown.rows(&viewer, group)?;
        let remark = remark(group);
        let board = map_board(&group.class, &remark, &columns, &rows, &bar).map_err(|e| refused(&e))?;
        files.add(format!("class_{:02}_{}.png", number + 1, slug(&group.class)), board);
        groups.push(GroupOnPage {
            class: &group.class,
            remark,
            rows: rows
                .iter()
                .zip(&group.shown)
                .map(|(row, &cell)| shown.on_page(row, cell))
                .collect::<Result<_, _>>()?,
        });
    }
    let shape = shown.work.model.contract.shape();
    let context = Context {
        version: env!("CARGO_PKG_VERSION"),
        title: "What the model looks at",
        summary: shown.summary(),
        notes: shown.notes(),
        gradient: COLOURS.gradient(),
        methods: shown.methods(),
        columns,
        width: (shape.w * (128 / shape.w.max(shape.h).max(1)).max(1)).min(192),
        groups,
        facts: shown.facts(&viewer),
    };
    let page = page::render(Page::Explanation, &context).map_err(|e| refused(&e))?;
    files.add("explain.html", page);
    let facts = serde_json::to_string_pretty(&shown.json()).map_err(|e| refused(&e))?;
    files.add(MARK, facts + "\n");
    Ok(())
}

fn remark(group: &Group) -> String {
    let n = counted(group.n, "cell", "cells");
    match group.n_wrong {
        0 => format!("{} of {n}, the surest first.", group.shown.len()),
        wrong => format!(
            "{} of {n}, of which {wrong} {} called otherwise; those are first, each time the surest first.",
            group.shown.len(),
            if wrong == 1 { "is" } else { "are" }
        ),
    }
}

impl Shown<'_> {
    fn columns(&self) -> Vec<&'static str> {
        let methods = self.maps.values().next().into_iter().flatten().map(|(method, _)| method.title());
        ["Cell"].into_iter().chain(methods).collect()
    }

    fn rows(&self, viewer: &Viewer, group: &Group) -> Result<Vec<Row>, StudyError> {
        let Work { model, predicted, explained, .. } = self.work;
        let row = |&cell: &usize| {
            let picture = viewer.picture(cell).map_err(|e| refused(&e))?;
            let mut pictures: Vec<Picture> = vec![picture.clone()];
            for (method, map) in &self.maps[&cell] {
                pictures.push(overlay(&picture, &drawn(*method, map)));
            }
            let mut lines = Vec::new();
            lines.extend(label(self.work.data, cell).map(|label| format!("labelled {label}")));
            if explained[cell] != predicted[cell] {
                lines.push(format!("asked about {}", model.classes[explained[cell]]));
            }
            lines.push(self.work.data.cells[cell].name.clone());
            let class = &model.classes[predicted[cell]];
            Ok(Row { pictures, title: format!("called {class} ({:.2})", self.work.confidence(cell)), lines })
        };
        group.shown.iter().map(row).collect()
    }

    fn on_page(&self, row: &Row, cell: usize) -> Result<RowOnPage, StudyError> {
        let image = |picture| montage::png(picture).map(|png| data_url(&png)).map_err(|e| refused(&e));
        let called = &self.work.model.classes[self.work.predicted[cell]];
        Ok(RowOnPage {
            images: row.pictures.iter().map(image).collect::<Result<_, _>>()?,
            title: row.title.clone(),
            lines: row.lines.clone(),
            name: self.work.data.cells[cell].name.clone(),
            wrong: label(self.work.data, cell).is_some_and(|label| label != called),
        })
    }

    fn summary(&self) -> String {
        let n = counted(self.work.predicted.len(), "cell", "cells");
        let asked = match &self.work.request.class {
            Some(class) => format!("what speaks for {class}"),
            None => "what speaks for the class that each is called".to_owned(),
        };
        format!("{n}: {asked}.")
    }

    /// The checks, for people.
    fn notes(&self) -> Vec<String> {
        let n = |medians: &[Median]| medians.iter().map(|m| m.n).max().unwrap_or(0);
        let Checks { occlusion, random } = self.checks;
        vec![
            format!(
                "Rank correlation with occlusion, median over {}: {}. Near 1, what counts by the gradients is what is \
                 missed when it is hidden; near 0 or below, do not believe these maps alone.",
                counted(n(occlusion), "cell", "cells"),
                words(occlusion)
            ),
            format!(
                "Rank correlation with the same network with random weights, median over {}: {}. Near 1, maps show the \
                 cells rather than what was learned.",
                counted(n(random), "cell", "cells"),
                words(random)
            ),
        ]
    }

    /// For the shell.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.summary()];
        lines.extend(self.mapper.layer().map(|layer| format!("Grad-CAM at {layer}")));
        lines.push(format!("rank correlation with occlusion: {}", words(&self.checks.occlusion)));
        lines.push(format!("the same with random weights: {}", words(&self.checks.random)));
        lines.push(format!("page: {}", self.work.request.output.join("explain.html").display()));
        lines
    }

    fn methods(&self) -> Vec<[String; 2]> {
        let settings = &self.work.request.maps;
        let square = self.mapper.occlusion();
        let words = |method: &Method| match method {
            Method::GradCam => format!(
                "where the layer {} speaks for the class (its output is coarser than the cell)",
                self.mapper.layer().unwrap_or_default()
            ),
            Method::Saliency => {
                "pixels whose change would change the answer most; drawn are roots, up to the 99th percentile"
                    .to_owned()
            }
            Method::SmoothGrad => format!(
                "the same over {} copies with noise of {} of the cell's range",
                settings.n_copies, settings.noise
            ),
            Method::Occlusion => format!(
                "by how much less the answer is when {} by {} pixels are hidden; no gradients, a check of the others",
                square.side, square.side
            ),
        };
        let shown = self.maps.values().next().into_iter().flatten();
        shown.map(|(method, _)| [method.title().to_owned(), words(method)]).collect()
    }

    fn facts(&self, viewer: &Viewer) -> Vec<[String; 2]> {
        let settings = &self.work.request.maps;
        let of = match settings.of {
            Of::Probability => "the probability of the class",
            Of::Logit => "the logit of the class",
            Of::AllLogits => "the sum of all logits",
        };
        vec![
            ["What is explained".into(), of.into()],
            ["View".into(), "each cell as it is, in one view, in 32-bit floats".into()],
            ["Step of occlusion, pixels".into(), self.mapper.occlusion().stride.to_string()],
            ["Seed".into(), settings.seed.to_string()],
            ["Pictures".into(), viewer.caption()],
        ]
    }

    fn json(&self) -> serde_json::Value {
        let settings = &self.work.request.maps;
        let square = self.mapper.occlusion();
        json!({
            "n": self.work.predicted.len(),
            "methods": settings.methods,
            "of": settings.of,
            "class": self.work.request.class,
            "layer": self.mapper.layer(),
            "copies": settings.n_copies,
            "noise": settings.noise,
            "occlusion": { "side": square.side, "stride": square.stride },
            "seed": settings.seed,
            "rank_correlation_with_occlusion": self.checks.occlusion,
            "rank_correlation_with_random_weights": self.checks.random,
        })
    }
}

fn refused(error: &dyn std::fmt::Display) -> StudyError {
    StudyError::Refused(error.to_string())
}

#[derive(Serialize)]
struct Context<'a> {
    version: &'static str,
    title: &'static str,
    summary: String,
    notes: Vec<String>,
    gradient: String,
    methods: Vec<[String; 2]>,
    columns: Vec<&'static str>,
    width: usize,
    groups: Vec<GroupOnPage<'a>>,
    facts: Vec<[String; 2]>,
}

#[derive(Serialize)]
struct GroupOnPage<'a> {
    class: &'a str,
    remark: String,
    rows: Vec<RowOnPage>,
}

#[derive(Serialize)]
struct RowOnPage {
    images: Vec<String>,
    title: String,
    lines: Vec<String>,
    name: String,
    wrong: bool,
}

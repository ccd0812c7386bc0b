//! The page: what was found, every number a click away from its wells.

use serde::Serialize;
use stats::plate::NoFigure;

use super::conditions::Condition;
use super::figures;
use super::heat::{Colours, picture};
use super::links::Links;
use super::pictures::{Pictures, WellPictures};
use super::plates::PlateReport;
use super::{ScoreRequest, Screen};
use crate::report::page::{self, Drawing, Page, PageError};
use crate::report::raster::RasterError;
use crate::report::text::{counted, thousands};

/// Most conditions and, but for hits, treatments in the tables of the page; the files have all.
const MAX_ROWS: usize = 300;
/// Most hits in the table of the page.
const MAX_HITS: usize = 2000;

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum NoPage {
    /// A template.
    #[error(transparent)]
    Page(#[from] PageError),
    /// A picture.
    #[error(transparent)]
    Picture(#[from] RasterError),
}

#[derive(Serialize)]
struct Context {
    version: &'static str,
    title: &'static str,
    summary: String,
    notes: Vec<String>,
    cards: Vec<Card>,
    fractions: Option<Drawing>,
    conditions: Vec<ConditionRow>,
    quality: Vec<QualityRow>,
    controls: Option<Drawing>,
    plates: Vec<PlatePicture>,
    scales: Vec<Scale>,
    links: String,
    volcano: Option<Drawing>,
    hits: Vec<HitRow>,
    n_more: usize,
    doses: Option<Drawing>,
    pictures: Vec<WellPictures>,
    n_not_shown: usize,
    facts: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Card {
    name: &'static str,
    value: String,
    meaning: String,
}

#[derive(Serialize)]
struct ConditionRow {
    name: String,
    cells: String,
    units: usize,
    fraction: Figure,
    mean: Figure,
}

/// A figure with its interval, or the word for why there is none.
#[derive(Serialize)]
struct Figure {
    text: String,
    range: String,
    sort: String,
    why: String,
}

impl Figure {
    fn new(value: Result<f64, String>, range: Option<[f64; 2]>) -> Figure {
        let range = range.map_or(String::new(), |[low, high]| format!("{low:.3} to {high:.3}"));
        match value.and_then(|v| if v.is_finite() { Ok(v) } else { Err("not a finite number".to_owned()) }) {
            Ok(v) => Figure { text: short(v), range, sort: v.to_string(), why: String::new() },
            Err(why) => Figure { text: "–".to_owned(), range, sort: String::new(), why },
        }
    }

    fn of(value: &Result<f64, NoFigure>) -> Figure {
        Figure::new(value.clone().map_err(|e| e.to_string()), None)
    }

    fn maybe(value: Option<f64>, why: &str) -> Figure {
        Figure::new(value.ok_or_else(|| why.to_owned()), None)
    }
}

/// Three digits that say something.
pub(super) fn short(v: f64) -> String {
    if v != 0.0 && v.abs() < 0.001 {
        format!("{v:.1e}")
    } else if v.abs() >= 1000.0 {
        format!("{v:.0}")
    } else {
        format!("{v:.3}")
    }
}

#[derive(Serialize)]
struct QualityRow {
    plate: String,
    n: [usize; 3],
    figures: Vec<Figure>,
    verdict: String,
}

#[derive(Serialize)]
struct PlatePicture {
    name: String,
    rows: usize,
    columns: usize,
    pictures: Vec<String>,
}

#[derive(Serialize)]
struct Scale {
    name: &'static str,
    gradient: String,
    low: String,
    high: String,
}

#[derive(Serialize)]
struct HitRow {
    name: String,
    hit: &'static str,
    n: String,
    score: Figure,
    difference: Figure,
    q: Figure,
    cells: Figure,
    verdict: String,
    place: String,
}

/// The page of everything that was found.
///
/// # Errors
/// A template or picture that cannot be made: a fault of the program.
pub fn page(
    request: &ScoreRequest,
    lines: &[String],
    conditions: Option<(&[Condition], usize, &[String])>,
    screen: Option<&Screen>,
    pictures: Pictures,
) -> Result<String, NoPage> {
    let heat = screen.map(|screen| heat(screen, request)).transpose()?;
    let (plates, scales) = heat.unwrap_or_default();
    let has_p = screen.filter(|s| s.treatments.iter().any(|t| t.p.is_some()));
    let has_controls = screen.filter(|s| s.plates.plates.iter().any(|p| p.n[1] + p.n[2] > 0));
    let volcano = has_p.map(|s| figures::volcano(&s.treatments, request.rule.threshold));
    let controls = has_controls.map(|s| figures::controls(&s.rows, &s.plates.plates, &s.plates));
    let (volcano, of_volcano) = volcano.unzip();
    let (controls, of_controls) = controls.unzip();
    let links = screen
        .map(|s| Links::new(s, n_rows(s), of_volcano.unwrap_or_default(), &of_controls.unwrap_or_default()));
    let context = Context {
        version: env!("CARGO_PKG_VERSION"),
        title: if screen.is_some() { "Plates and hits" } else { "Conditions" },
        summary: lines.last().cloned().unwrap_or_default(),
        notes: lines.iter().rev().skip(1).rev().cloned().collect(),
        cards: screen.map(cards).unwrap_or_default(),
        fractions: conditions
            .map(|(c, class, names)| Drawing::from(&figures::fractions(c, class, &names[class]))),
        conditions: conditions.map(condition_rows).unwrap_or_default(),
        quality: screen.map(|s| s.plates.plates.iter().map(quality_row).collect()).unwrap_or_default(),
        controls: controls.as_ref().map(Drawing::from),
        plates,
        scales,
        links: links.map(|links| links.json()).unwrap_or_default(),
        volcano: volcano.as_ref().map(Drawing::from),
        hits: screen.map(hit_rows).unwrap_or_default(),
        n_more: screen.map_or(0, |s| s.treatments.len().saturating_sub(n_rows(s))),
        doses: screen.and_then(|s| figures::doses(&s.doses)).map(|scene| Drawing::from(&scene)),
        pictures: pictures.wells,
        n_not_shown: pictures.n_left_out,
        facts: facts(request, screen),
    };
    Ok(page::render(Page::Plates, &context)?)
}

fn cards(screen: &Screen) -> Vec<Card> {
    let plates = &screen.plates.plates;
    let good: Vec<f64> = plates.iter().filter_map(|p| p.quality.robust_z_prime.clone().ok()).collect();
    let z = stats::plate::median(&good);
    let n_hits = screen.treatments.iter().filter(|t| t.hit.is_some()).count();
    let n_toxic = screen.treatments.iter().filter(|t| t.verdict.starts_with("toxic")).count();
    vec![
        Card {
            name: "Plates",
            value: thousands(plates.len()),
            meaning: counted(screen.rows.len(), "well", "wells"),
        },
        Card {
            name: "Treatments",
            value: thousands(screen.treatments.len()),
            meaning: "compound and dose, or place".into(),
        },
        Card {
            name: "Hits",
            value: thousands(n_hits),
            meaning: "beyond the threshold, told from controls, not toxic".into(),
        },
        Card { name: "Toxic", value: thousands(n_toxic), meaning: "too few cells left".into() },
        Card {
            name: "Robust Z′",
            value: z.map_or("–".into(), |z| format!("{z:.2}")),
            meaning: z.map_or("no plate has both controls twice".into(), |_| {
                "median over plates; 0.5 is excellent".into()
            }),
        },
    ]
}

fn condition_rows((conditions, class, _): (&[Condition], usize, &[String])) -> Vec<ConditionRow> {
    let row = |condition: &Condition| {
        let share = &condition.classes[class];
        ConditionRow {
            name: if condition.name.is_empty() { "all".into() } else { condition.name.clone() },
            cells: condition.n_cells.to_string(),
            units: condition.n_units,
            fraction: Figure::new(Ok(share.fraction), share.fraction_interval),
            mean: Figure::new(Ok(share.mean), share.mean_interval),
        }
    };
    conditions.iter().take(MAX_ROWS).map(row).collect()
}

fn quality_row(plate: &PlateReport) -> QualityRow {
    let q = &plate.quality;
    let ring = plate.position.ring.clone().map(|e| e.size);
    let figures =
        [&q.z_prime, &q.robust_z_prime, &q.ssmd, &q.robust_ssmd, &q.signal_window, &ring].map(Figure::of);
    QualityRow { plate: plate.plate.clone(), n: plate.n, figures: figures.into(), verdict: plate.verdict() }
}

/// Pictures of all plates on common scales: normalised, score, cells.
fn heat(screen: &Screen, request: &ScoreRequest) -> Result<(Vec<PlatePicture>, Vec<Scale>), RasterError> {
    let normalised = |i: usize| screen.plates.wells[i].normalised;
    let score = |i: usize| screen.rows[i].score;
    let count = |i: usize| screen.rows[i].n_cells.map(|n| n as f64);
    let get: [&dyn Fn(usize) -> Option<f64>; 3] = [&normalised, &score, &count];
    let all = |k: usize| (0..screen.rows.len()).filter_map(move |i| get[k](i));
    let reach = 2.0 * request.rule.threshold.max(0.5);
    let is_score = matches!(request.scale, super::Scale::Z | super::Scale::RobustZ | super::Scale::BScore);
    let first =
        if is_score { Colours { range: [-reach, reach], diverging: true } } else { Colours::rising(all(0)) };
    let colours = [first, Colours::rising(all(1)), Colours::rising(all(2))];
    let kept: Vec<usize> = (0..3).filter(|&k| all(k).next().is_some()).collect();
    let mut plates = Vec::new();
    for plate in &screen.plates.plates {
        let (rows, columns) = plate.shape;
        let mut pictures = Vec::new();
        for &k in &kept {
            let mut values = vec![None; rows * columns];
            for &i in &plate.rows {
                values[screen.rows[i].well.row * columns + screen.rows[i].well.column] = get[k](i);
            }
            pictures.push(picture(&values, columns, colours[k])?);
        }
        plates.push(PlatePicture { name: plate.plate.clone(), rows, columns, pictures });
    }
    let names = ["normalised score", "score", "cells"];
    let scale = |&k: &usize| Scale {
        name: names[k],
        gradient: colours[k].gradient(),
        low: short(colours[k].range[0]),
        high: short(colours[k].range[1]),
    };
    Ok((plates, kept.iter().map(scale).collect()))
}

/// How many treatments the table of the page has, hits first.
fn n_rows(screen: &Screen) -> usize {
    screen.treatments.iter().filter(|t| t.hit.is_some()).count().clamp(MAX_ROWS, MAX_HITS)
}

fn hit_rows(screen: &Screen) -> Vec<HitRow> {
    let row = |t: &super::hits::Treatment| {
        let why = t.verdict.as_str();
        let places =
            t.wells.iter().take(4).map(|&i| format!("{} {}", screen.rows[i].plate, screen.rows[i].well));
        let more = if t.wells.len() > 4 { format!(" and {} more", t.wells.len() - 4) } else { String::new() };
        HitRow {
            name: t.name.clone(),
            hit: t.hit.map_or("", figures::way),
            n: format!("{} of {}", t.n, t.wells.len()),
            score: Figure::maybe(t.score, why),
            difference: Figure::new(
                t.difference.map(|d| d[0]).ok_or_else(|| "not tested against negative controls".to_owned()),
                t.difference.map(|d| [d[1], d[2]]),
            ),
            q: Figure::maybe(t.q, "not tested against negative controls"),
            cells: Figure::maybe(t.cell_ratio, "cells were not counted"),
            verdict: t.verdict.clone(),
            place: format!("{}{more}", places.collect::<Vec<_>>().join(", ")),
        }
    };
    screen.treatments.iter().take(n_rows(screen)).map(row).collect()
}

fn facts(request: &ScoreRequest, screen: Option<&Screen>) -> Vec<(String, String)> {
    let rule = &request.rule;
    let mut facts = Vec::new();
    if let Some(screen) = screen {
        facts.push(("normalisation".to_owned(), format!("{:?}, plate by plate", screen.plates.method)));
        let n =
            rule.n_needed.map_or("two replicates, or the only one".to_owned(), |n| format!("{n} replicates"));
        facts.push(("hit".to_owned(), format!("at least {} from 0 in {n}", rule.threshold)));
        facts.push((
            "false discoveries".to_owned(),
            format!("at most {} against the negative controls of the plate at equal cell number (Benjamini & Hochberg)", rule.fdr),
        ));
        facts.push(("toxic".to_owned(), format!("fewer cells than {} of the controls'", rule.toxic_below)));
        facts.push(("smallest well".to_owned(), format!("{} cells", rule.min_cells)));
    }
    facts.push(("intervals".to_owned(), "95 %; the well (or field) is the unit, not the cell".to_owned()));
    facts
}

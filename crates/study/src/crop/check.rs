//! Pictures of what was cut: each field beside its binarisation, a montage of random crops, one sheet of all fields, one page.

use std::path::Path;

use cells::cut::percentile::{self, Room};
use cells::cut::{Plane, auto};
use cells::{CropShape, CropSource, Pixels};
use formats::crops::CropFile;
use formats::{atomic, image};
use serde::Serialize;

use super::parts::Part;
use super::request::{CropRequest, Method};
use super::unit::{Cut, Given, Rooms};
use super::view::View;
use super::{Unit, Work, names};
use crate::StudyError;
use crate::error::plural;
use crate::report::gallery::data_url;
use crate::report::montage::{self, ClassCells, draw_some};
use crate::report::page::{self, Page};
use crate::report::paint::Rgb;
use crate::report::picture::{Contrast, Picture, Viewer};

/// The page, and what says that the folder is a check that may be replaced.
const PAGE: &str = "crops.html";
/// Longest side of a field in a picture, pixels.
const LARGEST: usize = 1024;
/// Longest side of a field on the sheet, and how many it shows.
const SMALL: usize = 200;
const N_ON_SHEET: usize = 120;
const COLUMNS: usize = 6;
/// Random crops of the montage.
const N_CROPS: usize = 50;

const KEPT: Rgb = Rgb(0x56, 0xb4, 0xe9);
const FLAGGED: Rgb = Rgb(0xe6, 0x9f, 0x00);
const INSIDE: Rgb = Rgb(0xff, 0xff, 0xff);
const GROUND: Rgb = Rgb(0x20, 0x24, 0x28);

/// Writes the picture of one frame as PNG: the channel in which cells are looked for with the windows drawn, and beside it, for
/// methods that have one, the binarisation.
///
/// # Errors
/// When it cannot be written.
pub fn picture(
    view: &View,
    given: &Given,
    cut: &Cut,
    request: &CropRequest,
    path: &Path,
) -> Result<(), StudyError> {
    let step = view.shape.h.max(view.shape.w).div_ceil(LARGEST);
    write(path, &pictured(view, given, cut, request, step))
}

/// One percentile of a choice.
#[derive(Serialize)]
struct Panel {
    percent: String,
    cells: String,
    file: String,
    picture: String,
}

#[derive(Serialize)]
struct Choices {
    version: &'static str,
    title: String,
    summary: String,
    panels: Vec<Panel>,
}

/// Writes a page that shows a field cut at each of `percents`; says how many cells each has.
///
/// # Errors
/// When the field cannot be cut or the folder not be written.
pub fn choose(
    view: &View,
    request: &CropRequest,
    percents: &[f64],
    name: &str,
    folder: &Path,
) -> Result<Vec<String>, StudyError> {
    let Method::Percentile(settings) = &request.method else {
        return Err(StudyError::Refused("expected the method percentile, found another".to_owned()));
    };
    let step = view.shape.h.max(view.shape.w).div_ceil(LARGEST / 2);
    let (mut panels, mut files, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    let rooms = Rooms::default();
    for &percent in percents {
        let settings = percentile::PercentileSettings { percent, ..*settings };
        let request = CropRequest { method: Method::Percentile(settings), ..request.clone() };
        let cut = super::unit::cut(view, &Given::Nothing, &request, &rooms)?;
        let picture = pictured(view, &Given::Nothing, &cut, &request, step);
        let png = montage::png(&picture).map_err(|e| StudyError::Refused(e.to_string()))?;
        let (percent, cells) = (percent.to_string(), plural(cut.rows.len(), "cell"));
        let file = format!("percent_{:06.2}.png", settings.percent);
        lines.push(format!("percent {percent}: {cells}"));
        panels.push(Panel { percent, cells, file: file.clone(), picture: data_url(&png) });
        files.push((file, png));
    }
    let context = Choices {
        version: env!("CARGO_PKG_VERSION"),
        title: "Which percentile?".to_owned(),
        summary: format!("{name}, {}.", plural(percents.len(), "percentile")),
        panels,
    };
    let html = page::render(Page::Sweep, &context).map_err(|e| StudyError::Refused(e.to_string()))?;
    files.push(("sweep.html".to_owned(), html.into_bytes()));
    atomic::write_folder(folder, "sweep.html", |inside| {
        files.iter().try_for_each(|(name, content)| {
            atomic::write_file(&inside.join(name), |out| std::io::Write::write_all(out, content))
        })
    })?;
    Ok(lines)
}

/// The field with the windows drawn, and beside it the binarisation of methods that have one.
fn pictured(view: &View, given: &Given, cut: &Cut, request: &CropRequest, step: usize) -> Picture {
    let mut seen = shown(view, step);
    draw_windows(&mut seen, cut, request, step);
    let Some(inside) = foreground(view, given, request) else { return seen };
    let CropShape { h, w, .. } = view.shape;
    let mut mask = sampled(h, w, step, |y, x| if inside[y * w + x] { INSIDE } else { GROUND });
    draw_windows(&mut mask, cut, request, step);
    beside(&seen, &mask)
}

fn foreground(view: &View, given: &Given, request: &CropRequest) -> Option<Vec<bool>> {
    let CropShape { h, w, .. } = view.shape;
    let of_mask = |mask: &cells::cut::contour::Mask| {
        (0..h).flat_map(|y| (0..w).map(move |x| (y, x))).map(|(y, x)| mask.is_inside(y, x)).collect()
    };
    match (&request.method, given, &view.seen) {
        (Method::Percentile(s), _, Pixels::Uint8(v)) => Plane::new(v, h, w)
            .map(|p| of_mask(percentile::binarise(p, s.percent, s.side, &mut Room::default()))),
        (Method::Percentile(s), _, Pixels::Uint16(v)) => Plane::new(v, h, w)
            .map(|p| of_mask(percentile::binarise(p, s.percent, s.side, &mut Room::default()))),
        (Method::Auto(settings), _, _) => {
            Plane::new(&view.seen_as_float(), h, w).map(|p| auto::foreground(p, settings))
        }
        (_, Given::Labels(labels), _) => Some(labels.iter().map(|&label| label != 0).collect()),
        _ => None,
    }
}

/// The channel in which cells are looked for, in grey, its darkest and brightest half per cent clipped.
fn shown(view: &View, step: usize) -> Picture {
    let values = view.seen_as_float();
    let some: Vec<f32> = values.iter().copied().step_by((values.len() / 100_000).max(1)).collect();
    let [low, high] = [0.005, 0.995].map(|q| cells::cut::smooth::quantile(some.clone(), q));
    let scale = 255.0 / (high - low).max(f32::MIN_POSITIVE);
    let CropShape { h, w, .. } = view.shape;
    sampled(h, w, step, |y, x| {
        let grey = ((values[y * w + x] - low) * scale).clamp(0.0, 255.0) as u8;
        Rgb(grey, grey, grey)
    })
}

fn sampled(h: usize, w: usize, step: usize, colour: impl Fn(usize, usize) -> Rgb) -> Picture {
    let step = step.max(1);
    let (rows, columns) = (h.div_ceil(step), w.div_ceil(step));
    let pixels = (0..rows * columns).map(|i| colour(i / columns * step, i % columns * step)).collect();
    Picture { h: rows, w: columns, pixels }
}

fn draw_windows(picture: &mut Picture, cut: &Cut, request: &CropRequest, step: usize) {
    let step = step.max(1) as i64;
    for row in &cut.rows {
        let colour = if row.flagged { FLAGGED } else { KEPT };
        let size = (picture.h * step as usize, picture.w * step as usize);
        let Ok(window) = request.window.place((row.found.y, row.found.x), size.0, size.1) else { continue };
        let (top, left) = (window.top / step, window.left / step);
        let (bottom, right) = (top + (window.h as i64 - 1) / step, left + (window.w as i64 - 1) / step);
        let mut dot = |y: i64, x: i64| {
            if (0..picture.h as i64).contains(&y) && (0..picture.w as i64).contains(&x) {
                picture.pixels[y as usize * picture.w + x as usize] = colour;
            }
        };
        (left..=right).for_each(|x| [top, bottom].into_iter().for_each(|y| dot(y, x)));
        (top..=bottom).for_each(|y| [left, right].into_iter().for_each(|x| dot(y, x)));
        let (y, x) = (row.found.y as i64 / step, row.found.x as i64 / step);
        (-1..=1).for_each(|d| [(y + d, x), (y, x + d)].into_iter().for_each(|(y, x)| dot(y, x)));
    }
}

/// Two pictures of one height side by side.
fn beside(a: &Picture, b: &Picture) -> Picture {
    const GAP: usize = 8;
    let (h, w) = (a.h.max(b.h), a.w + GAP + b.w);
    let mut both = Picture { h, w, pixels: vec![Rgb(0x0d, 0x0f, 0x12); h * w] };
    paste(&mut both, a, 0, 0);
    paste(&mut both, b, 0, a.w + GAP);
    both
}

fn paste(onto: &mut Picture, picture: &Picture, top: usize, left: usize) {
    for (y, row) in picture.pixels.chunks_exact(picture.w.max(1)).enumerate() {
        let start = (top + y) * onto.w + left;
        onto.pixels[start..start + picture.w].copy_from_slice(row);
    }
}

fn write(path: &Path, picture: &Picture) -> Result<(), StudyError> {
    let bytes: Vec<u8> = picture.pixels.iter().flat_map(|c| [c.0, c.1, c.2]).collect();
    Ok(image::write_png_rgb(path, picture.h, picture.w, &bytes)?)
}

/// A row of the page's table.
#[derive(Serialize)]
struct FieldRow {
    name: String,
    picture: String,
    n_cells: usize,
    n_dropped: usize,
    focus: String,
    shading: String,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Context<'a> {
    version: &'static str,
    title: &'a str,
    summary: String,
    warned: usize,
    rows: Vec<FieldRow>,
    montage: String,
    n_montage: usize,
    sheet: String,
    n_sheet: usize,
    facts: Vec<(String, String)>,
}

/// Writes the folder of pictures and its page.
///
/// # Errors
/// When the crop set cannot be read or the folder not be written.
pub fn check(work: &Work, units: &[Unit], folder: &Path) -> Result<(), StudyError> {
    let refuse = |e: &dyn std::fmt::Display| StudyError::Refused(e.to_string());
    let crops = CropFile::open(&work.request.output)?;
    let all: Vec<usize> = (0..crops.len()).collect();
    let some = draw_some(&all, N_CROPS, 0, 0);
    let viewer = Viewer::new(&crops, crops.channels(), Contrast::Shared, &some).map_err(|e| refuse(&e))?;
    let n_montage = some.len();
    let random = ClassCells { name: "Random crops".into(), n: crops.len(), shown: some };
    let board = montage::of_class(&viewer, &random, 10).map_err(|e| refuse(&e))?;
    let done: Vec<(Unit, Part)> =
        units.iter().filter_map(|unit| Some((*unit, work.parts.get(unit.image, unit.index)?))).collect();
    let rows = rows(work, &done);
    let sheet = sheet(work, &done)?;
    let (h, w, c) = (crops.shape().h, crops.shape().w, crops.shape().c);
    let warned = rows.iter().filter(|row| !row.warnings.is_empty()).count();
    let n_warned = if warned > 0 { format!(" {warned} with a warning.") } else { String::new() };
    let context = Context {
        version: env!("CARGO_PKG_VERSION"),
        title: "Crops",
        summary: format!("{} from {}.{n_warned}", plural(crops.len(), "cell"), plural(done.len(), "frame")),
        warned,
        rows,
        montage: data_url(&board),
        n_montage,
        sheet: data_url(&sheet),
        n_sheet: done.len().min(N_ON_SHEET),
        facts: vec![
            ("Method".into(), work.request.method.name().into()),
            ("Size".into(), format!("{w} x {h} pixels")),
            ("Channels".into(), format!("{c}: {}", crops.channels().join(", "))),
            ("Intensities".into(), crops.depth().to_string()),
        ],
    };
    let html = page::render(Page::Crops, &context).map_err(|e| refuse(&e))?;
    Ok(atomic::write_folder(folder, PAGE, |inside| {
        let write = |name: &str, content: &[u8]| {
            atomic::write_file(&inside.join(name), |out| std::io::Write::write_all(out, content))
        };
        write(PAGE, html.as_bytes())?;
        write("montage.png", &board)?;
        write("fields.png", &sheet)?;
        for (i, (unit, _)) in done.iter().enumerate() {
            let picture = work.parts.picture(unit.image, unit.index);
            let to = inside.join(file_name(i));
            std::fs::copy(&picture, &to)
                .map_err(|e| formats::FormatError::io(&to, "a picture that can be written", &e))?;
        }
        Ok(())
    })?)
}

fn file_name(i: usize) -> String {
    format!("field_{:04}.png", i + 1)
}

fn rows(work: &Work, done: &[(Unit, Part)]) -> Vec<FieldRow> {
    let names = names::short(&work.request.images);
    let mut focus: Vec<f64> = done.iter().filter_map(|(_, part)| part.quality.map(|q| q.focus)).collect();
    focus.sort_by(f64::total_cmp);
    let usual = focus.get(focus.len() / 2).copied().unwrap_or(0.0);
    let has_frames = done.iter().any(|(unit, _)| unit.t > 0 || unit.field > 0);
    let row = |(i, (unit, part)): (usize, &(Unit, Part))| {
        let place =
            if has_frames { format!(", field {}, frame {}", part.field, part.t) } else { String::new() };
        let figure = |of: fn(&super::quality::Quality) -> f64| {
            part.quality.as_ref().map_or_else(|| "–".to_owned(), |q| format!("{:.2}", of(q)))
        };
        let mut warnings = part.quality.map(|q| q.warnings(usual)).unwrap_or_default();
        if part.rows.is_empty() {
            warnings.push("no cells".to_owned());
        }
        FieldRow {
            name: format!("{}{place}", names[unit.image]),
            picture: file_name(i),
            n_cells: part.rows.len(),
            n_dropped: part.dropped.values().sum(),
            focus: figure(|q| q.focus),
            shading: figure(|q| q.shading),
            warnings,
        }
    };
    done.iter().enumerate().map(row).collect()
}

/// All fields in small, the first [`N_ON_SHEET`] of them.
fn sheet(work: &Work, done: &[(Unit, Part)]) -> Result<Vec<u8>, StudyError> {
    const GAP: usize = 6;
    let mut small = Vec::new();
    for (unit, _) in done.iter().take(N_ON_SHEET) {
        let image = image::read(&work.parts.picture(unit.image, unit.index))?;
        let Pixels::Uint8(values) = image.pixels else { continue };
        let CropShape { h, w, c } = image.shape;
        let step = h.max(w).div_ceil(2 * SMALL);
        small.push(sampled(h, w, step, |y, x| {
            let at = (y * w + x) * c;
            Rgb(values[at], values[at + 1], values[at + 2])
        }));
    }
    let h = small.iter().map(|p| p.h).max().unwrap_or(1) + GAP;
    let w = small.iter().map(|p| p.w).max().unwrap_or(1) + GAP;
    let (columns, n_rows) = (small.len().clamp(1, COLUMNS), small.len().div_ceil(COLUMNS).max(1));
    let size = (n_rows * h + GAP, columns * w + GAP);
    let mut board = Picture { h: size.0, w: size.1, pixels: vec![Rgb(0x0d, 0x0f, 0x12); size.0 * size.1] };
    for (i, picture) in small.iter().enumerate() {
        paste(&mut board, picture, GAP + i / COLUMNS * h, GAP + i % COLUMNS * w);
    }
    montage::png(&board).map_err(|e| StudyError::Refused(e.to_string()))
}

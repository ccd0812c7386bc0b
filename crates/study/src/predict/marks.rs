//! Images with a mark on each predicted cell: a colour and a shape for each class.

use std::io;
use std::ops::Range;
use std::path::Path;

use cells::{Cell, CropShape, CropSource, Pixels};
use formats::image::{self, Image};
use formats::microscope::Field;
use formats::{FormatError, atomic, movie};
use rayon::prelude::*;

use super::images::ImagesRequest;
use crate::crop::view::{Choice, View};
use crate::crop::{CropRequest, Focus, Frame, short};
use crate::report::figure::legend;
use crate::report::paint::{Rgb, Theme, series};
use crate::report::picture::{Contrast, Picture, Viewer};
use crate::report::raster;
use crate::report::scene::{Scene, Type};
use crate::{Model, Progress, StudyError};

/// The file that says that a folder is one of marked images: what the marks mean.
pub const MARK: &str = "legend.png";

/// Different shapes; with six colours, 36 classes look different.
const N_SHAPES: usize = 6;
const DARK: Rgb = Rgb(0x0d, 0x0f, 0x12);

/// A mark: where its middle is, pixels, and the class.
struct Mark {
    y: f64,
    x: f64,
    class: usize,
}

/// The cells of a frame, by their place in the set.
type Cells = (Frame, Range<usize>);

/// Writes the folder; says which fields could not be drawn.
///
/// # Errors
/// When the folder cannot be written; a request to stop.
pub fn write(
    model: &Model,
    request: &ImagesRequest,
    frames: &[Frame],
    cells: &[Cell],
    classes: &[usize],
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    let mut start = 0;
    let frames: Vec<Cells> = frames
        .iter()
        .map(|&frame| {
            start += frame.n_cells;
            (frame, start - frame.n_cells..start)
        })
        .collect();
    let fields: Vec<&[Cells]> =
        frames.chunk_by(|(a, _), (b, _)| (a.image, a.field) == (b.image, b.field)).collect();
    let names = file_names(request, &fields);
    let mark =
        |i: usize| Mark { y: cells[i].y.unwrap_or(0.0), x: cells[i].x.unwrap_or(0.0), class: classes[i] };
    let mut failed = Vec::new();
    progress.begin("marking", fields.len() as u64);
    let n_done = std::sync::atomic::AtomicU64::new(0);
    let done = atomic::write_folder(&request.marked, MARK, |inside| {
        let half = request.crop.window.half_h.min(request.crop.window.half_w);
        let size = (0.42 * half as f64).clamp(4.0, 24.0);
        let alone = legend_of(&model.classes, 480, 2);
        image::write_png_rgb(&inside.join(MARK), alone.h, alone.w, &bytes(&alone))?;
        let results: Vec<Result<(), String>> = fields
            .par_iter()
            .zip(&names)
            .map(|(field, name)| {
                if progress.cancelled() {
                    return Ok(());
                }
                let drawn = Drawn { request: &request.crop, classes: &model.classes, size };
                let result = drawn.write(field, &mark, &inside.join(name));
                let done = 1 + n_done.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                progress.advance(done, "");
                result.map_err(|e| format!("{name}: {e}"))
            })
            .collect();
        if progress.cancelled() {
            return Err(FormatError::new(&request.marked, "the time to mark all cells", "a request to stop"));
        }
        failed = results.into_iter().filter_map(Result::err).collect();
        Ok(())
    });
    if progress.cancelled() {
        return Err(StudyError::Interrupted("the table is written, the marked images are not".to_owned()));
    }
    done?;
    Ok(failed)
}

/// A name for the picture or movie of each field, without its ending: the image's, and a number when there are several.
fn file_names(request: &ImagesRequest, fields: &[&[Cells]]) -> Vec<String> {
    let names = short(&request.crop.images);
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let name = |(i, field): (usize, &&[Cells])| {
        let (frame, _) = &field[0];
        let name: String = names[frame.image].chars().map(safe).collect();
        let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem).trim_matches('_');
        let stem: String = stem.chars().take(80).collect();
        if fields.len() == 1 { stem } else { format!("{:04}_{stem}", i + 1) }
    };
    fields.iter().enumerate().map(name).collect()
}

/// How fields are drawn.
struct Drawn<'a> {
    request: &'a CropRequest,
    classes: &'a [String],
    /// Radius of a mark, pixels.
    size: f64,
}

impl Drawn<'_> {
    /// Writes a field as PNG, or one of several frames as a TIFF movie; `path` has no ending yet.
    fn write(&self, cells: &[Cells], mark: &impl Fn(usize) -> Mark, path: &Path) -> Result<(), StudyError> {
        let (first, _) = cells[0];
        let source = &self.request.images[first.image];
        let field = crate::info::open(source, self.request.pattern.as_deref())?.field(first.field)?;
        let seen = Seen::of(&field, self.request, cells)?;
        let shown = [0, seen.len() / 2, seen.len() - 1];
        let unread = |e: io::Error| StudyError::Refused(e.to_string());
        let viewer = Viewer::new(&seen, &seen.choice.names, Contrast::Shared, &shown).map_err(unread)?;
        let legend = legend_of(self.classes, field.w(), field.w().div_ceil(1200));
        let draw = |t: usize| -> io::Result<Picture> {
            let mut picture = viewer.picture(t)?;
            let here = cells.iter().filter(|(frame, _)| frame.t == t);
            here.flat_map(|(_, range)| range.clone()).for_each(|i| put(&mut picture, &mark(i), self.size));
            picture.pixels.extend(&legend.pixels);
            picture.h += legend.h;
            Ok(picture)
        };
        let with = |ending: &str| path.with_file_name(format!("{}.{ending}", file_name(path)));
        if seen.len() == 1 {
            let picture = draw(0).map_err(unread)?;
            return Ok(image::write_png_rgb(&with("png"), picture.h, picture.w, &bytes(&picture))?);
        }
        let frames = (0..seen.len()).map(|t| {
            let picture = draw(t)?;
            let shape = CropShape { h: picture.h, w: picture.w, c: 3 };
            Ok(Image { shape, pixels: Pixels::Uint8(bytes(&picture)) })
        });
        Ok(movie::write_pictures(&with("tif"), seen.len(), frames)?)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// The frames of a field as a [`Viewer`] takes them, as in the file.
struct Seen<'a> {
    field: &'a Field,
    choice: Choice,
    request: CropRequest,
    /// Focal plane of each frame whose cells have their own.
    depths: Vec<Option<usize>>,
}

impl<'a> Seen<'a> {
    fn of(field: &'a Field, request: &CropRequest, cells: &[Cells]) -> Result<Self, StudyError> {
        let choice = Choice::of(field, request)?;
        let mut depths = vec![None; field.facts().n_t];
        for (frame, _) in cells {
            depths[frame.t] = depths[frame.t].or(frame.z);
        }
        // Frames without points have no focal plane of their own.
        let focus = if request.focus == Focus::Only { Focus::Max } else { request.focus };
        Ok(Seen { field, choice, request: CropRequest { eight_bit: None, focus, ..request.clone() }, depths })
    }
}

impl CropSource for Seen<'_> {
    fn shape(&self) -> CropShape {
        CropShape { h: self.field.h(), w: self.field.w(), c: self.choice.kept.len() }
    }

    fn len(&self) -> usize {
        self.depths.len()
    }

    fn bytes_in_memory(&self) -> usize {
        0
    }

    fn read(&self, t: usize, out: &mut [f32]) -> io::Result<()> {
        let view = View::read(self.field, (t, self.depths[t]), &self.choice, &self.request, None);
        view.map_err(io::Error::other)?.pixels.copy_to(0, out);
        Ok(())
    }
}

fn bytes(picture: &Picture) -> Vec<u8> {
    picture.pixels.iter().flat_map(|c| [c.0, c.1, c.2]).collect()
}

/// Draws a mark: an open shape with a dark rim, so that it shows on any ground and the cell stays to be seen.
fn put(picture: &mut Picture, mark: &Mark, size: f64) {
    let (line, rim) = ((size / 6.0).clamp(0.8, 2.5), (size / 6.0).clamp(0.8, 1.6));
    let reach = (1.5 * size + line + rim).ceil();
    let range = |middle: f64, n: usize| {
        let end = (middle + reach).clamp(-1.0, n as f64 - 1.0) as isize;
        let start = (middle - reach).clamp(0.0, n as f64) as isize;
        (start..=end).map(|i| i as usize)
    };
    for y in range(mark.y, picture.h) {
        for x in range(mark.x, picture.w) {
            let far = outline(mark.class, y as f64 - mark.y, x as f64 - mark.x, size).abs();
            if far <= line + rim {
                picture.pixels[y * picture.w + x] = if far <= line { series(mark.class) } else { DARK };
            }
        }
    }
}

/// Signed distance to the outline of the shape of a class, about its middle: circle, square, triangle, cross with an open middle,
/// diamond, and triangle on its tip. Beyond as many classes as colours, shapes and colours are paired anew.
fn outline(class: usize, y: f64, x: f64, size: f64) -> f64 {
    let triangle = |y: f64| (y - 0.6 * size).max(0.866 * x.abs() - 0.5 * (y + 1.15 * size));
    match (class + class / N_SHAPES) % N_SHAPES {
        0 => x.hypot(y) - size,
        1 => x.abs().max(y.abs()) - 0.88 * size,
        2 => triangle(y),
        3 => {
            let along = (0.5 * (x.abs() + y.abs())).clamp(0.45 * size, 0.9 * size);
            (x.abs() - along).hypot(y.abs() - along)
        }
        4 => (x.abs() + y.abs() - 1.3 * size) * 0.5f64.sqrt(),
        _ => triangle(-y),
    }
}

/// What the marks mean, `w` pixels wide and enlarged by `zoom`.
fn legend_of(classes: &[String], w: usize, zoom: usize) -> Picture {
    let zoom = zoom.max(1);
    let (places, height) = legend::flow(classes, w as f64 / zoom as f64 - 16.0);
    let mut scene =
        Scene::new("legend", "What the marks mean", (w as f64 / zoom as f64).ceil(), height + 10.0);
    for (x, y, label) in &places {
        scene.text((x + 28.0, y + 19.0), Type::LABEL, label);
    }
    let drawn = raster::draw(&scene, Theme::Dark, zoom as f64);
    // Names that cannot be drawn leave the marks without words.
    let (h, pixels) = drawn.map_or((0, Vec::new()), |pixmap| {
        let row = 4 * pixmap.width() as usize;
        let rows = pixmap.data().chunks_exact(row);
        let rgb = |p: &[u8]| Rgb(p[0], p[1], p[2]);
        let kept = rows.flat_map(|row| row.chunks_exact(4).take(w).map(rgb)).collect();
        (pixmap.height() as usize, kept)
    });
    let mut picture = Picture { h, w, pixels };
    for (class, (x, y, _)) in places.iter().enumerate() {
        let [x, y] = [x + 16.0, y + 15.0].map(|v| v * zoom as f64);
        put(&mut picture, &Mark { y, x, class }, 5.5 * zoom as f64);
    }
    picture
}

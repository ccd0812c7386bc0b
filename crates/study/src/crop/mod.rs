//! `crop`: cells cut out of images into a crop set.
//!
//! Frames are done in parallel; each is kept as a part (`parts.rs`) until all are there. Memory holds only the frames at work.

mod check;
mod join;
mod names;
mod parts;
mod place;
mod points;
mod quality;
mod request;
mod shading;
pub(crate) mod unfinished;
mod unit;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cells::cut::{Plane, labels};
use formats::labels::LabelImage;
use formats::microscope::{Field, Image, Place};
use formats::{FormatError, atomic, crops};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use cells::cut::auto::{AutoSettings, Modality};
pub use cells::cut::percentile::{PercentileSettings, Side};
pub use cells::cut::window::{Border, Rounding, WindowSettings};
pub use formats::point_table::PointUnit;
pub use names::images;
pub(crate) use names::{fingerprint, short};
pub(crate) use parts::remove as remove_parts;
pub use request::{CropRequest, EightBit, Focus, Group, Method};

use parts::{Part, Parts};
use points::Points;
use unit::{Given, Rooms};
use view::{Choice, Shading, View};

use crate::{Progress, StudyError};

/// A cell may be drawn in so many pieces.
const MOST_PIECES: usize = 2;

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cropped {
    /// Cells, drops and images, in lines for people.
    pub lines: Vec<String>,
    /// Images or frames that failed, with the reason; the others are in the set.
    pub failed: Vec<String>,
    /// The frames whose cells are in the set, in its order.
    pub frames: Vec<Frame>,
}

/// A frame that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    /// Number of its image in the request.
    pub image: usize,
    /// Number of the field in the image.
    pub field: usize,
    /// Frame of the field.
    pub t: usize,
    /// Focal plane, when it is one.
    pub z: Option<usize>,
    /// How many cells it has.
    pub n_cells: usize,
}

/// A frame to be cut: number of the image, number of the frame in it, field, frame, focal plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    image: usize,
    index: usize,
    field: usize,
    t: usize,
    z: Option<usize>,
}

/// The fields of an image.
#[derive(Default)]
struct Fields {
    /// Where they were taken.
    places: Vec<Place>,
    /// The group of the cells of each.
    groups: Vec<String>,
}

/// Everything that frames have in common.
struct Work<'a> {
    request: &'a CropRequest,
    parts: &'a Parts,
    points: Option<Points>,
    labels: Vec<std::path::PathBuf>,
    /// The fields of each image; none when it cannot be opened.
    fields: Vec<Fields>,
    shading: Option<Shading>,
    rooms: Rooms,
    progress: &'a dyn Progress,
}

/// Cuts cells out of images and writes them as a crop set.
///
/// Images that cannot be read are passed over and named in [`Cropped::failed`]. An interrupted run leaves its finished
/// frames beside the output, and goes on from there with `resume`.
///
/// # Errors
/// Mistakes in the request; no image that can be read; an output that cannot be written; a request to stop.
pub fn crop(request: &CropRequest, progress: &dyn Progress) -> Result<Cropped, StudyError> {
    let mistakes = request.validate();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    atomic::check_folder(&request.output, crops::MARK)?;
    names::check_once(&request.images)?;
    let groups = match &request.group {
        Group::Path(pattern) => names::groups(&request.images, pattern)?,
        _ => vec![String::new(); request.images.len()],
    };
    let points = match &request.method {
        Method::Points { file, unit } => Some(Points::read(file, *unit)?),
        _ => None,
    };
    let labels = match &request.method {
        Method::Labels { files, .. } => names::labels(&request.images, files, request.pattern.as_deref())?,
        _ => Vec::new(),
    };
    let parts = Parts::open(&request.output, &names::fingerprint(request)?, request.resume)?;
    let mut work = Work {
        request,
        parts: &parts,
        points,
        labels,
        fields: Vec::new(),
        shading: None,
        rooms: Rooms::default(),
        progress,
    };
    let done = work.run(&groups);
    // Parts of an interrupted run are kept, and of one that could not write its result; those of a request that is refused are of
    // no use.
    if matches!(done, Ok(_) | Err(StudyError::Refused(_))) {
        parts.remove();
    }
    progress.finish("");
    done
}

/// Shows the first frame of the first image cut by percentile at each of `percents`, on a page in `folder`; nothing else is written.
///
/// # Errors
/// Mistakes in the request; an image that cannot be read; a folder that cannot be written.
pub fn sweep(request: &CropRequest, percents: &[f64], folder: &Path) -> Result<Vec<String>, StudyError> {
    let mistakes = request.validate();
    let Some(path) = request.images.first().filter(|_| mistakes.is_empty()) else {
        return Err(StudyError::Settings(mistakes));
    };
    atomic::check_folder(folder, "sweep.html")?;
    let field = crate::info::open(path, request.pattern.as_deref())?.field(0)?;
    let choice = Choice::of(&field, request)?;
    let view = View::read(&field, (0, None), &choice, request, None)?;
    check::choose(&view, request, percents, &names::short(&request.images)[0], folder)
}

/// Messages by image and frame.
type Failed = BTreeMap<(usize, usize), String>;

impl Work<'_> {
    fn run(&mut self, groups: &[String]) -> Result<Cropped, StudyError> {
        let (fields, units, mut failed) = self.units(groups);
        self.fields = fields;
        if units.is_empty() {
            let reasons: Vec<String> = failed.into_values().collect();
            let found = if reasons.is_empty() { "none".to_owned() } else { reasons.join("\n  ") };
            return Err(StudyError::Refused(format!("expected an image with frames to cut, found {found}")));
        }
        if self.request.illumination {
            self.shading = Some(self.shading(&units)?);
        }
        failed.extend(self.cut_all(&units)?);
        let (lines, frames) = join::join(self, &units, &mut failed)?;
        if let Some(folder) = &self.request.check {
            check::check(self, &units, folder)?;
        }
        Ok(Cropped { lines, failed: failed.into_values().collect(), frames })
    }

    /// The fields of all images, all frames to be cut, and the images that cannot be opened. `groups` are those of paths.
    fn units(&self, groups: &[String]) -> (Vec<Fields>, Vec<Unit>, Failed) {
        let images = &self.request.images;
        let names = names::short(images);
        let opened: Vec<_> =
            (0..images.len()).into_par_iter().map(|i| self.units_of(i, (&names[i], &groups[i]))).collect();
        let (mut fields, mut units, mut failed) = (Vec::new(), Vec::new(), Failed::new());
        for (i, of_image) in opened.into_iter().enumerate() {
            let (of_fields, of_image) = of_image.unwrap_or_else(|error| {
                failed.insert((i, 0), error.to_string());
                (Fields::default(), Vec::new())
            });
            fields.push(of_fields);
            units.extend(of_image);
        }
        for name in self.points.iter().flat_map(|p| p.by_image.keys()) {
            let only = images.len() == 1;
            if !images.iter().any(|path| Points::is_of(name, path, only)) {
                let which =
                    if name.is_empty() { "without an image".to_owned() } else { format!("of {name}") };
                self.progress.say(&format!("points {which} belong to none of the images and are left out"));
            }
        }
        (fields, units, failed)
    }

    fn units_of(&self, i: usize, (name, by_path): (&str, &str)) -> Result<(Fields, Vec<Unit>), StudyError> {
        let (image, only) = (self.open(i)?, self.request.images.len() == 1);
        let places = image.places().to_vec();
        let group = |f| place::group(&self.request.group, (name, by_path, only), &places, f);
        let groups = (0..places.len()).map(group).collect::<Result<_, _>>()?;
        let frames: Vec<Vec<_>> = (0..places.len())
            .into_par_iter()
            .map(|f| match &self.points {
                Some(points) => {
                    let points = points.of_field(&self.request.images[i], only, &places, f);
                    let frames: BTreeSet<_> = points.iter().map(|p| (p.frame, p.z)).collect();
                    Ok(frames.into_iter().map(|(t, z)| (f, t, z)).collect())
                }
                None => Ok((0..image.field(f)?.facts().n_t).map(|t| (f, t, None)).collect()),
            })
            .collect::<Result<_, StudyError>>()?;
        let unit = |(index, (field, t, z))| Unit { image: i, index, field, t, z };
        Ok((Fields { places, groups }, frames.into_iter().flatten().enumerate().map(unit).collect()))
    }

    fn open(&self, i: usize) -> Result<Image, StudyError> {
        crate::info::open(&self.request.images[i], self.request.pattern.as_deref())
    }

    /// Cuts all frames that are not finished yet.
    fn cut_all(&self, units: &[Unit]) -> Result<Failed, StudyError> {
        let (done, n_cells) = (AtomicU64::new(0), AtomicU64::new(0));
        self.progress.begin("cutting", units.len() as u64);
        // An image is opened once and its frames are shared out, so that few files are open at a time.
        let by_image: Vec<&[Unit]> = units.chunk_by(|a, b| a.image == b.image).collect();
        let failed: Vec<Failed> = by_image
            .par_iter()
            .map(|units| {
                let image = self.open(units[0].image);
                let results: Vec<_> = units
                    .par_iter()
                    .map(|unit| {
                        let cut = match &image {
                            Ok(image) => self.cut_one(image, unit),
                            Err(error) => Err(StudyError::Refused(error.to_string())),
                        };
                        if let Ok(n) = &cut {
                            n_cells.fetch_add(*n as u64, Ordering::Relaxed);
                        }
                        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                        self.progress.advance(done, &format!("{} cells", n_cells.load(Ordering::Relaxed)));
                        (unit, cut)
                    })
                    .collect();
                let mut failed = Failed::new();
                for (unit, result) in results {
                    match result {
                        Ok(_) => {}
                        Err(StudyError::Interrupted(message)) => {
                            return Err(StudyError::Interrupted(message));
                        }
                        Err(error) => {
                            let path = self.request.images[unit.image].display().to_string();
                            let message = error.to_string();
                            let message =
                                if message.contains(&path) { message } else { format!("{path}: {message}") };
                            failed.insert((unit.image, unit.index), message);
                        }
                    }
                }
                Ok(failed)
            })
            .collect::<Result<_, _>>()?;
        Ok(failed.into_iter().flatten().collect())
    }

    /// Cuts one frame and keeps it; says how many cells it has.
    fn cut_one(&self, image: &Image, unit: &Unit) -> Result<usize, StudyError> {
        if self.progress.cancelled() {
            return Err(StudyError::Interrupted(
                "what was cut is kept; --resume goes on from there".to_owned(),
            ));
        }
        if let Some(part) = self.parts.get(unit.image, unit.index) {
            return Ok(part.rows.len());
        }
        let field = image.field(unit.field)?;
        let choice = Choice::of(&field, self.request)?;
        let view = View::read(&field, (unit.t, unit.z), &choice, self.request, self.shading.as_ref())?;
        let given = self.given(unit, &field)?;
        let cut = unit::cut(&view, &given, self.request, &self.rooms)?;
        let quality = match &self.request.check {
            Some(_) => {
                let picture = self.parts.picture(unit.image, unit.index);
                check::picture(&view, &given, &cut, self.request, &picture)?;
                Some(quality::Quality::of(&view.seen, view.shape.h, view.shape.w))
            }
            None => None,
        };
        let part = Part {
            field: unit.field,
            t: unit.t,
            z: unit.z.or(match self.request.focus {
                Focus::Only => Some(0),
                Focus::Plane(z) => Some(z),
                Focus::Max => None,
            }),
            channels: choice.names,
            depth: view.pixels.depth(),
            micron: self.micron(&field),
            rows: cut.rows.clone(),
            dropped: cut.dropped.clone(),
            quality,
        };
        self.parts.put(unit.image, unit.index, &part, &cut)?;
        Ok(part.rows.len())
    }

    /// Micrometres per pixel along y and x.
    fn micron(&self, field: &Field) -> [Option<f64>; 2] {
        let sizes = field.facts().sizes;
        [sizes.y_um, sizes.x_um].map(|um| self.request.micron_per_pixel.or(um))
    }

    fn given(&self, unit: &Unit, field: &Field) -> Result<Given, StudyError> {
        let path = &self.request.images[unit.image];
        if let Some(points) = &self.points {
            let places = &self.fields[unit.image].places;
            let all = points.of_field(path, self.request.images.len() == 1, places, unit.field);
            let here = all.into_iter().filter(|p| (p.frame, p.z) == (unit.t, unit.z)).cloned();
            let micron = self.micron(field);
            let in_pixels = here.map(|point| point.in_pixels(points.scale, micron)).collect::<Option<_>>();
            return in_pixels.map(Given::Points).ok_or_else(|| {
                let expected = "the size of a pixel (--micron) for points in micrometres";
                StudyError::Refused(format!("{}: expected {expected}, found none", path.display()))
            });
        }
        let Method::Labels { pieces, min_area, .. } = self.request.method else { return Ok(Given::Nothing) };
        let file = self.open_labels(unit)?;
        let (h, w) = (field.h(), field.w());
        if file.size() != (h, w) {
            let expected = format!("labels of {h} rows x {w} columns as {}", path.display());
            let found = format!("{} x {}", file.size().0, file.size().1);
            return Err(FormatError::new(&self.labels[unit.image], expected, found).into());
        }
        let drawn = file.frame(unit.t)?;
        Ok(Given::Labels(match Plane::new(&drawn, h, w) {
            Some(plane) if pieces => labels::components(plane),
            Some(plane) => {
                self.refuse_mask(unit, plane, min_area)?;
                drawn
            }
            None => drawn,
        }))
    }

    /// A mask of all cells is no label image: taken for one, it would be a single cell in the midst of them all.
    fn refuse_mask(&self, unit: &Unit, labels: Plane<'_, u32>, min_area: usize) -> Result<(), StudyError> {
        match labels::pieces_of_one(labels, min_area) {
            Some((label, n)) if n > MOST_PIECES => {
                let expected = "a number for each cell (or --pieces, which makes each piece a cell)";
                let found = format!("{n} pieces of the one number {label}");
                Err(FormatError::new(&self.labels[unit.image], expected, found).into())
            }
            _ => Ok(()),
        }
    }

    /// The labels of the field of a frame: those of the field of the same number.
    fn open_labels(&self, unit: &Unit) -> Result<LabelImage, StudyError> {
        let path = &self.labels[unit.image];
        if !path.is_dir() && path.exists() && self.fields[unit.image].places.len() == 1 {
            return Ok(LabelImage::open(path)?);
        }
        let image = crate::info::open(path, self.request.pattern.as_deref().filter(|_| path.is_dir()))?;
        let (n, expected) = (image.places().len(), self.fields[unit.image].places.len());
        if n != expected {
            let expected =
                format!("labels of {expected} fields as {}", self.request.images[unit.image].display());
            return Err(FormatError::new(path, expected, n.to_string()).into());
        }
        Ok(LabelImage::of_field(path, image.field(unit.field)?)?)
    }

    /// The shading that all frames have in common, from at most 200 of them.
    fn shading(&self, units: &[Unit]) -> Result<Shading, StudyError> {
        let some: Vec<Unit> = units.iter().copied().step_by(units.len().div_ceil(200)).collect();
        shading::estimate(&some, self)
    }
}

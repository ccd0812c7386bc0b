//! `crop`: cells cut out of images into a crop set.
//!
//! Frames are done in parallel; each is kept as a part (`parts.rs`) until all are there. Memory holds only the frames at work.

mod check;
mod join;
mod names;
mod parts;
mod points;
mod quality;
mod request;
mod shading;
mod unit;
mod view;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use cells::cut::{Plane, labels};
use formats::labels::LabelImage;
use formats::microscope::{Field, Image};
use formats::{FormatError, atomic, crops};
use rayon::prelude::*;

pub use cells::cut::auto::{AutoSettings, Modality};
pub use cells::cut::percentile::{PercentileSettings, Side};
pub use cells::cut::window::{Border, Rounding, WindowSettings};
pub use names::images;
pub use request::{CropRequest, EightBit, Focus, Method};

use parts::{Part, Parts};
use points::Points;
use unit::Given;
use view::{Choice, Shading, View};

use crate::{Progress, StudyError};

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Cropped {
    /// Cells, drops and images, in lines for people.
    pub lines: Vec<String>,
    /// Images or frames that failed, with the reason; the others are in the set.
    pub failed: Vec<String>,
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

/// Everything that frames have in common.
struct Work<'a> {
    request: &'a CropRequest,
    parts: &'a Parts,
    points: Option<Points>,
    labels: Vec<std::path::PathBuf>,
    shading: Option<Shading>,
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
    let groups = names::groups(&request.images, request.group_pattern.as_deref())?;
    let points = match &request.method {
        Method::Points { file } => Some(Points::read(file)?),
        _ => None,
    };
    let labels = match &request.method {
        Method::Labels { files, .. } => names::labels(&request.images, files)?,
        _ => Vec::new(),
    };
    let parts = Parts::open(&request.output, &names::fingerprint(request)?, request.resume)?;
    let mut work = Work { request, parts: &parts, points, labels, shading: None, progress };
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
    let field = Image::open(path)?.field(0)?;
    let choice = Choice::of(&field, request)?;
    let view = View::read(&field, (0, None), &choice, request, None)?;
    check::choose(&view, request, percents, &names::short(&request.images)[0], folder)
}

/// Messages by image and frame.
type Failed = BTreeMap<(usize, usize), String>;

impl Work<'_> {
    fn run(&mut self, groups: &[String]) -> Result<Cropped, StudyError> {
        let (units, mut failed) = self.units();
        if units.is_empty() {
            let reasons: Vec<String> = failed.into_values().collect();
            let found = if reasons.is_empty() { "none".to_owned() } else { reasons.join("\n  ") };
            return Err(StudyError::Refused(format!("expected an image with frames to cut, found {found}")));
        }
        if self.request.illumination {
            self.shading = Some(self.shading(&units)?);
        }
        failed.extend(self.cut_all(&units)?);
        let lines = join::join(self, &units, groups, &mut failed)?;
        if let Some(folder) = &self.request.check {
            check::check(self, &units, folder)?;
        }
        Ok(Cropped { lines, failed: failed.into_values().collect() })
    }

    /// All frames to be cut, and the images that cannot be opened.
    fn units(&self) -> (Vec<Unit>, Failed) {
        let images = &self.request.images;
        let opened: Vec<_> = images.par_iter().enumerate().map(|(i, path)| self.units_of(i, path)).collect();
        let (mut units, mut failed) = (Vec::new(), Failed::new());
        for (i, of_image) in opened.into_iter().enumerate() {
            match of_image {
                Ok(of_image) => units.extend(of_image),
                Err(error) => {
                    failed.insert((i, 0), error.to_string());
                }
            }
        }
        for name in self.points.iter().flat_map(|p| p.by_image.keys()) {
            let only = images.len() == 1;
            if !images.iter().any(|path| Points::is_of(name, path, only)) {
                let which =
                    if name.is_empty() { "without an image".to_owned() } else { format!("of {name}") };
                self.progress.say(&format!("points {which} belong to none of the images and are left out"));
            }
        }
        (units, failed)
    }

    fn units_of(&self, i: usize, path: &Path) -> Result<Vec<Unit>, StudyError> {
        let image = Image::open(path)?;
        let mut frames = Vec::new();
        if let Some(points) = &self.points {
            let points = points.of_image(path, self.request.images.len() == 1);
            let places: std::collections::BTreeSet<_> = points.iter().map(|p| (p.frame, p.z)).collect();
            frames.extend(places.into_iter().map(|(t, z)| (0, t, z)));
        } else {
            for f in 0..image.places().len() {
                frames.extend((0..image.field(f)?.facts().n_t).map(|t| (f, t, None)));
            }
        }
        let unit = |(index, (field, t, z))| Unit { image: i, index, field, t, z };
        Ok(frames.into_iter().enumerate().map(unit).collect())
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
                let image = Image::open(&self.request.images[units[0].image]);
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
        let cut = unit::cut(&view, &given, self.request)?;
        let quality = match &self.request.check {
            Some(_) => {
                let picture = self.parts.picture(unit.image, unit.index);
                check::picture(&view, &given, &cut, self.request, &picture)?;
                Some(quality::Quality::of(&view.seen, view.shape.h, view.shape.w))
            }
            None => None,
        };
        let sizes = field.facts().sizes;
        let micron = [sizes.y_um, sizes.x_um].map(|um| self.request.micron_per_pixel.or(um));
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
            micron,
            rows: cut.rows.clone(),
            dropped: cut.dropped.clone(),
            quality,
        };
        self.parts.put(unit.image, unit.index, &part, &cut)?;
        Ok(part.rows.len())
    }

    fn given(&self, unit: &Unit, field: &Field) -> Result<Given<'_>, StudyError> {
        let path = &self.request.images[unit.image];
        if let Some(points) = &self.points {
            let all = points.of_image(path, self.request.images.len() == 1);
            return Ok(Given::Points(
                all.into_iter().filter(|p| (p.frame, p.z) == (unit.t, unit.z)).collect(),
            ));
        }
        let Method::Labels { pieces, .. } = self.request.method else { return Ok(Given::Nothing) };
        let file = LabelImage::open(&self.labels[unit.image])?;
        let (h, w) = (field.h(), field.w());
        if file.size() != (h, w) {
            let expected = format!("labels of {h} rows x {w} columns as {}", path.display());
            let found = format!("{} x {}", file.size().0, file.size().1);
            return Err(FormatError::new(&self.labels[unit.image], expected, found).into());
        }
        let drawn = file.frame(unit.t)?;
        Ok(Given::Labels(match Plane::new(&drawn, h, w) {
            Some(plane) if pieces => labels::components(plane),
            _ => drawn,
        }))
    }

    /// The shading that all frames have in common, from at most 200 of them.
    fn shading(&self, units: &[Unit]) -> Result<Shading, StudyError> {
        let some: Vec<Unit> = units.iter().copied().step_by(units.len().div_ceil(200)).collect();
        shading::estimate(&some, self)
    }
}

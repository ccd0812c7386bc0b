//! Labels from files of other programs, laid on an image by their coordinates.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use formats::label_points::{self, LabelPoint};
use formats::label_store::{Class, Edit, Gesture, LabelStore, Reason, StoredCell, StoredImage, is_uuid};
use serde::Serialize;

use super::id::uuid;
use super::{Event, LabelError, Labelling, folder, lock};
use crate::StudyError;

/// Labels of one frame and focal plane that are this near each other are the same click, pixels.
pub const SAME_PLACE: f64 = 3.0;
/// Edits of one gesture: each is undone as one.
const PER_GESTURE: usize = 5000;
/// Okabe and Ito's colours, doi:10.1038/nmeth.1618, and the shapes of the page's markers.
const LOOKS: [(&str, &str); 8] = [
    ("#56b4e9", "circle"),
    ("#e69f00", "square"),
    ("#009e73", "triangle"),
    ("#f0e442", "diamond"),
    ("#d55e00", "plus"),
    ("#cc79a7", "cross"),
    ("#0072b2", "star"),
    ("#bbbbbb", "hexagon"),
];

/// What is done with a label where there is one already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnDuplicate {
    /// It is left out.
    #[default]
    Skip,
    /// Both are there.
    Add,
}

/// What became of the labels of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Cells that are new.
    pub added: usize,
    /// Cells that were there already.
    pub skipped: usize,
    /// Cells that lie outside of the image.
    pub outside: usize,
    /// The newest revision.
    pub revision: i64,
}

/// Whose labels, on which image.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportRequest {
    /// Number of the image.
    pub image: i64,
    /// What is done with a label where there is one already.
    pub on_duplicate: OnDuplicate,
    /// Who labels, for points that do not say.
    pub by: String,
    /// The file's name, for messages.
    pub name: String,
}

impl Labelling {
    /// Adds the labels in the bytes of a file, see [`label_points::read`], to an image, as gestures that can be undone. Classes go by
    /// their names and are made when they are not there.
    ///
    /// # Errors
    /// When the file cannot be read or the store not be written.
    pub fn import(&self, request: &ImportRequest, bytes: &[u8]) -> Result<Imported, LabelError> {
        let sizes = self.image(request.image)?.field.facts().sizes;
        let imported = import(&mut lock(&self.store), request, bytes, [sizes.y_um, sizes.x_um])?;
        self.tell(Event::Labels { revision: imported.revision });
        Ok(imported)
    }
}

/// As [`Labelling::import`], into a study whose images are not open; `image` is the name or number of one of them, and may be left out
/// when there is only one, `micron` the side of a pixel, for points in micrometres.
///
/// # Errors
/// No such study or image; a file that cannot be read; a store that cannot be written.
pub fn import_file(
    study: &Path,
    image: Option<&str>,
    file: &Path,
    on_duplicate: OnDuplicate,
    by: &str,
    micron: Option<f64>,
) -> Result<Imported, StudyError> {
    if let Some(micron) = micron.filter(|micron| !(*micron > 0.0 && micron.is_finite())) {
        return Err(StudyError::Refused(format!("expected micrometres per pixel above 0, found {micron}")));
    }
    let mut store = LabelStore::open(&folder::existing(study)?).map_err(LabelError::from)?;
    let images = store.images().map_err(LabelError::from)?;
    let image = one_of(&images, image)?.id;
    let bytes = label_points::bytes(file)?;
    let name = file.to_string_lossy().into_owned();
    let request = ImportRequest { image, on_duplicate, by: by.to_owned(), name };
    Ok(import(&mut store, &request, &bytes, [micron; 2])?)
}

fn one_of<'a>(images: &'a [StoredImage], wanted: Option<&str>) -> Result<&'a StoredImage, StudyError> {
    let fits = |image: &&StoredImage| {
        wanted.is_none_or(|wanted| {
            let file = Path::new(wanted).file_name().and_then(|file| file.to_str());
            image.name == wanted || file == Some(&image.name) || image.id.to_string() == wanted
        })
    };
    let found: Vec<&StoredImage> = images.iter().filter(fits).collect();
    let [one] = found[..] else {
        let names: Vec<String> =
            images.iter().map(|image| format!("{} ({})", image.name, image.id)).collect();
        let what = wanted.map_or_else(|| "no choice".to_owned(), |wanted| format!("{wanted:?}"));
        return Err(StudyError::Refused(format!(
            "expected one image of the study (--image NAME or its number) of {}, found {what}",
            names.join(", ")
        )));
    };
    Ok(one)
}

fn import(
    store: &mut LabelStore,
    request: &ImportRequest,
    bytes: &[u8],
    pixel_um: [Option<f64>; 2],
) -> Result<Imported, LabelError> {
    let points = label_points::read(Path::new(&request.name), bytes, pixel_um)?;
    let labels = store.labels()?;
    let image = store.images()?.into_iter().find(|image| image.id == request.image);
    let mut points = of_image(points, &image.map(|image| image.name).unwrap_or_default())?;
    let n = points.len();
    if request.on_duplicate == OnDuplicate::Skip {
        let taken = Taken::of(labels.cells.iter().filter(|cell| cell.image == request.image));
        points.retain(|p| taken.is_free(p.t, p.z, p.y, p.x));
    }
    let (classes, mut made) = classes(&labels.classes, &points);
    let by_labeller = points.chunk_by(|a, b| a.by == b.by).flat_map(|chunk| chunk.chunks(PER_GESTURE));
    let mut imported =
        Imported { added: 0, skipped: n - points.len(), outside: 0, revision: labels.revision };
    for (k, chunk) in by_labeller.enumerate() {
        let gesture = uuid(&[bytes, format!("{} {} {k}", request.image, labels.revision).as_bytes()]);
        let mut edits: Vec<Edit> = std::mem::take(&mut made).into_iter().map(Edit::PutClass).collect();
        for (i, point) in chunk.iter().enumerate() {
            let derived = uuid(&[gesture.as_bytes(), &i.to_le_bytes()]);
            let id = match &point.id {
                Some(own) if is_uuid(own) && !store.knows(own)? => own.clone(),
                _ => derived,
            };
            edits.push(add(request.image, point, id, &classes));
        }
        let by = chunk.first().and_then(|p| p.by.as_deref()).unwrap_or(&request.by);
        let gesture =
            Gesture { client: "import".into(), base: imported.revision, gesture, undoes: None, edits };
        let answer = store.apply(&gesture, by)?;
        let is_cell = |edit: &Edit| matches!(edit, Edit::Add { .. });
        imported.added += answer.applied.iter().filter(|made| is_cell(&made.edit)).count();
        for no in answer.refused.iter().filter(|no| is_cell(&gesture.edits[no.index])) {
            match no.reason {
                Reason::Outside => imported.outside += 1,
                _ => imported.skipped += 1,
            }
        }
        imported.revision = answer.revision;
    }
    Ok(imported)
}

/// The points of an image: of a file about several images those that name it, of one about one image all, whatever it is called there.
fn of_image(mut points: Vec<LabelPoint>, name: &str) -> Result<Vec<LabelPoint>, LabelError> {
    let named: BTreeSet<String> = points.iter().filter_map(|p| p.image.clone()).collect();
    if named.len() > 1 {
        points.retain(|p| p.image.as_deref().is_none_or(|other| is_same_image(other, name)));
        if points.is_empty() {
            let found = named.into_iter().collect::<Vec<_>>().join(", ");
            return Err(LabelError::refused(format!("labels of {name}"), format!("those of {found}")));
        }
    }
    Ok(points)
}

fn add(image: i64, point: &LabelPoint, id: String, classes: &BTreeMap<String, String>) -> Edit {
    Edit::Add {
        id,
        image,
        t: point.t,
        z: point.z,
        y: point.y,
        x: point.x,
        class: point.class.as_ref().and_then(|name| classes.get(name).cloned()),
        suggestion: None,
        version: None,
    }
}

/// Whether two names are of one image, by whatever ending.
fn is_same_image(a: &str, b: &str) -> bool {
    let stem = |name: &str| {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
        file.split_once('.').map_or(file, |(stem, _)| stem).to_owned()
    };
    a == b || stem(a) == stem(b)
}

/// Ids of the classes of points by name, and those of them that have to be made.
fn classes(there: &[Class], points: &[LabelPoint]) -> (BTreeMap<String, String>, Vec<Class>) {
    let mut ids: BTreeMap<String, String> =
        there.iter().map(|class| (class.name.clone(), class.id.clone())).collect();
    let mut made: Vec<Class> = Vec::new();
    let position = there.iter().map(|class| class.position + 1).max().unwrap_or(0);
    for name in points.iter().filter_map(|point| point.class.as_ref()) {
        if ids.contains_key(name) {
            continue;
        }
        let n = there.len() + made.len();
        let (color, shape) = LOOKS[n % LOOKS.len()];
        let has = |key: u8| there.iter().chain(&made).any(|class| class.hotkey == Some(key));
        let class = Class {
            id: uuid(&[b"class", name.as_bytes()]),
            name: name.clone(),
            color: color.to_owned(),
            shape: shape.to_owned(),
            hotkey: (1..=9).find(|&key| !has(key)),
            target: None,
            position: position + made.len() as u32,
        };
        ids.insert(name.clone(), class.id.clone());
        made.push(class);
    }
    (ids, made)
}

/// Frame, slice, and row and column of a square as wide as what counts as one place.
type Square = (u32, u32, i64, i64);

/// Places that have a label, by the square that they lie in.
struct Taken(BTreeMap<Square, Vec<(f64, f64)>>);

impl Taken {
    fn of<'a>(cells: impl Iterator<Item = &'a StoredCell>) -> Self {
        let mut taken = Taken(BTreeMap::new());
        cells.for_each(|cell| taken.take(cell.t, cell.z, cell.y, cell.x));
        taken
    }

    fn tile(v: f64) -> i64 {
        (v / SAME_PLACE).floor() as i64
    }

    fn take(&mut self, t: u32, z: u32, y: f64, x: f64) {
        self.0.entry((t, z, Self::tile(y), Self::tile(x))).or_default().push((y, x));
    }

    fn is_free(&self, t: u32, z: u32, y: f64, x: f64) -> bool {
        let tiles = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dy, dx)));
        let near = tiles
            .filter_map(|(dy, dx)| {
                self.0.get(&(t, z, Self::tile(y).saturating_add(dy), Self::tile(x).saturating_add(dx)))
            })
            .flatten()
            .any(|(other_y, other_x)| (y - other_y).hypot(x - other_x) <= SAME_PLACE);
        !near
    }
}

//! Labels into files of other programs; the store is only read.

use std::io::Write;
use std::path::Path;

use cells::CellSet;
use formats::annotation::{self, Annotation};
use formats::label_points::{self, LabelPoint, PointFormat, PointImage};
use formats::{FormatError, atomic, crops};

use super::cut::{Choice, Chosen};
use super::{LabelError, Labelling, WINDOW};

/// A kind of file that labels are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A zip of patches in class folders, with their coordinates.
    Annotation,
    /// A crop set.
    Crops,
    /// Labelled points.
    Points(PointFormat),
}

impl ExportFormat {
    /// All of them by name.
    pub const ALL: [(&'static str, ExportFormat); 6] = [
        ("annotation", ExportFormat::Annotation),
        ("crops", ExportFormat::Crops),
        ("csv", ExportFormat::Points(PointFormat::Csv)),
        ("fiji", ExportFormat::Points(PointFormat::Fiji)),
        ("napari", ExportFormat::Points(PointFormat::Napari)),
        ("coco", ExportFormat::Points(PointFormat::Coco)),
    ];
}

impl std::fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = ExportFormat::ALL.into_iter().find(|(_, format)| format == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl std::str::FromStr for ExportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = ExportFormat::ALL.into_iter().find(|(n, _)| *n == name);
        found.map(|(_, format)| format).ok_or_else(|| {
            let names: Vec<&str> = ExportFormat::ALL.iter().map(|(name, _)| *name).collect();
            format!("expected {}, found {name:?}", names.join(", "))
        })
    }
}

/// A file, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// Its name.
    pub name: String,
    /// MIME type.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Labelling {
    /// Writes labels to `output`, atomically: a file, or the folder of a crop set.
    ///
    /// # Errors
    /// No cell that is chosen; a plane that cannot be read; a file that cannot be written.
    pub fn export(&self, format: ExportFormat, choice: &Choice, output: &Path) -> Result<(), LabelError> {
        match format {
            ExportFormat::Annotation => {
                let set = self.crops(choice)?;
                let annotation = self.annotation(&set)?;
                Ok(annotation::write_zip(output, &set, &annotation)?)
            }
            ExportFormat::Crops => Ok(crops::write(output, &self.crops(choice)?)?),
            ExportFormat::Points(points) => {
                let bytes = self.points(points, choice)?;
                Ok(atomic::write_file(output, |out| out.write_all(&bytes))?)
            }
        }
    }

    /// Labels as one file; a crop set as a zip of its folder.
    ///
    /// # Errors
    /// As [`Labelling::export`].
    pub fn exported(&self, format: ExportFormat, choice: &Choice) -> Result<Exported, LabelError> {
        let session = self.session()?;
        let file = |name: String, kind, bytes| Exported { name, kind, bytes };
        if let ExportFormat::Points(points) = format {
            let bytes = self.points(points, choice)?;
            let (ending, kind) = match points {
                PointFormat::Csv => ("csv", "text/csv"),
                PointFormat::Napari => ("napari.csv", "text/csv"),
                PointFormat::Fiji => ("rois.zip", "application/zip"),
                PointFormat::Coco => ("coco.json", "application/json"),
            };
            return Ok(file(format!("labels_{session}.{ending}"), kind, bytes));
        }
        if format == ExportFormat::Annotation {
            let unwritable = |e: std::io::Error| FormatError::io(&self.folder, "room for the export", &e);
            let folder = tempfile::tempdir().map_err(unwritable)?;
            let path = folder.path().join("annotation.zip");
            self.export(format, choice, &path)?;
            let bytes = std::fs::read(&path).map_err(unwritable)?;
            return Ok(file(format!("annotation_{session}.zip"), "application/zip", bytes));
        }
        crop_set(&format!("labels_{session}.crops"), &self.crops(choice)?, &self.folder)
    }

    /// The time of the newest edit, as annotation zips have it in their names: the same labels give the same bytes.
    fn session(&self) -> Result<String, LabelError> {
        let newest = self.revision()?;
        let (_, last, _) = self.log(newest - 1, None)?;
        // 2026-11-22T10:58:49.544Z
        let at = last.last().map_or("1970-01-01T00:00:00Z", |gesture| gesture.at.as_str());
        let part = |from: usize, to: usize| at.get(from..to).unwrap_or("00");
        Ok(format!(
            "{}-{}-{}--{}-{}-{}",
            part(5, 7),
            part(8, 10),
            part(0, 4),
            part(11, 13),
            part(14, 16),
            part(17, 19)
        ))
    }

    /// The layers are the channels that were cut, of the image of the first cell.
    fn annotation(&self, set: &CellSet) -> Result<Annotation, LabelError> {
        let file = set.cells.first().map_or("", |cell| &cell.source);
        let layers = set.channels.iter().map(|name| (name.clone(), file.to_owned())).collect();
        Ok(Annotation { session: self.session()?, layers })
    }

    fn points(&self, format: PointFormat, choice: &Choice) -> Result<Vec<u8>, LabelError> {
        let Chosen { images, classes, cells } = self.chosen(choice)?;
        let used: Vec<_> =
            images.iter().filter(|image| cells.iter().any(|cell| cell.image == image.facts.id)).collect();
        let Some(first) = used.first() else { return Err(LabelError::refused("labelled cells", "none")) };
        if used.len() > 1 && format != PointFormat::Csv {
            let names: Vec<&str> = used.iter().map(|image| image.facts.name.as_str()).collect();
            return Err(LabelError::refused("one image, since this format holds no more", names.join(", ")));
        }
        let name_of = |id: &String| classes.iter().find(|class| class.id == *id).map(|c| c.name.clone());
        let point = |cell: formats::label_store::StoredCell| LabelPoint {
            image: images.iter().find(|i| i.facts.id == cell.image).map(|i| i.facts.name.clone()),
            id: Some(cell.id),
            t: cell.t,
            z: cell.z,
            y: cell.y,
            x: cell.x,
            class: cell.class.as_ref().and_then(name_of),
            by: Some(cell.by),
            flagged: cell.flagged,
        };
        let points: Vec<LabelPoint> = cells.into_iter().map(point).collect();
        let shape = first.facts.shape;
        let image = PointImage {
            name: first.facts.name.clone(),
            h: shape.y,
            w: shape.x,
            n_z: shape.z,
            window: WINDOW,
        };
        let names: Vec<String> = classes.into_iter().map(|class| class.name).collect();
        Ok(label_points::write(format, &image, &points, &names)?)
    }
}

/// A crop set as a zip of its folder, which is called `name`; `of` is what it was made of, for messages.
pub(crate) fn crop_set(name: &str, set: &CellSet, of: &Path) -> Result<Exported, LabelError> {
    let unwritable = |e: std::io::Error| FormatError::io(of, "room for the export", &e);
    let folder = tempfile::tempdir().map_err(unwritable)?;
    let path = folder.path().join(name);
    crops::write(&path, set)?;
    let bytes = zipped(&path, name).map_err(unwritable)?;
    Ok(Exported { name: format!("{name}.zip"), kind: "application/zip", bytes })
}

/// The files of a folder in a zip.
fn zipped(folder: &Path, name: &str) -> std::io::Result<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    files.sort_by_key(std::fs::DirEntry::file_name);
    let mut members = Vec::new();
    for file in files {
        let inside = format!("{name}/{}", file.file_name().to_string_lossy());
        members.push((inside, std::fs::read(file.path())?));
    }
    formats::zip_of(&members)
}

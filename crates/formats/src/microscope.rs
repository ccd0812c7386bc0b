//! Images as microscopes write them: opened at once however large, planes read on demand by any number of threads.
//!
//! An [`Image`] has one or more [`Field`]s; a field has the axes T, Z, C, Y, X, of which the planes `[y, x]` are read
//! one at a time, in the type of the file. What a file is, is told by its content, not by its name.

mod bytes;
mod field;
mod folder;
mod pattern;
mod picture;
mod refused;
mod tiff;
mod units;
mod values;
mod zarr;

pub use field::{At, Facts, Field, Level, Plane, Sizes, Window};
pub use pattern::Pattern;
pub(crate) use tiff::Pages;
pub use values::{Dtype, Values, f32_from_f16};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::bytes::Bytes;
use crate::error::quote;
use crate::{FormatError, foreign};

/// Where a field was taken, as far as the image says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// Name of the field in the image; empty when there is only one without a name.
    pub name: String,
    /// Plate.
    pub plate: Option<String>,
    /// Well, such as `B07`.
    pub well: Option<String>,
    /// Number or name of the field within its well.
    pub field: Option<String>,
}

/// How the fields of a kind of image are opened.
trait Fields: Send + Sync {
    /// Opens field `index`, which exists.
    fn field(&self, index: usize) -> Result<Field, FormatError>;
}

/// An open image. Its pixels stay on disk.
#[derive(Clone)]
pub struct Image {
    path: PathBuf,
    format: &'static str,
    places: Vec<Place>,
    fields: Arc<dyn Fields>,
}

impl Image {
    /// Opens a file (TIFF, also BigTIFF, OME and ImageJ; PNG; JPEG), an OME-Zarr, or a folder of files, which are
    /// taken as frames in the order of their names. A path with `{t}` and the like is a folder and a [`Pattern`].
    ///
    /// ```no_run
    /// use formats::microscope::{At, Image};
    ///
    /// let image = Image::open("movie.ome.tif".as_ref())?;
    /// let field = image.field(0)?;
    /// let plane = field.plane(At { t: field.facts().n_t - 1, z: 0, c: 0 })?;
    /// println!("{} x {} {}", plane.h, plane.w, plane.values.dtype().name());
    /// # Ok::<(), formats::FormatError>(())
    /// ```
    ///
    /// # Errors
    /// When it is none of them, by name when it is a format of a microscope's maker; or when it is broken.
    pub fn open(path: &Path) -> Result<Self, FormatError> {
        if path.is_dir() {
            if zarr::is_zarr(path) {
                let (format, places, fields) = zarr::open(path)?;
                return Self::checked(path, format, places, Arc::new(fields));
            }
            let (places, fields) = folder::open(path, None)?;
            return Self::checked(path, "folder", places, Arc::new(fields));
        }
        match split_pattern(path) {
            Some((folder, pattern)) if !path.exists() => {
                let pattern = Pattern::parse(&pattern)
                    .map_err(|found| FormatError::new(path, "a file, or a pattern of names", found))?;
                Self::open_folder(&folder, &pattern)
            }
            _ => Self::of(Bytes::open(path)?),
        }
    }

    /// Opens a folder of files whose names tell what they are.
    ///
    /// # Errors
    /// When the pattern fits no name, or two files are the same plane.
    pub fn open_folder(path: &Path, pattern: &Pattern) -> Result<Self, FormatError> {
        let (places, fields) = folder::open(path, Some(pattern))?;
        Self::checked(path, "folder", places, Arc::new(fields))
    }

    /// Opens an image from its bytes; `path` is for messages, and where files lie that the image refers to.
    ///
    /// # Errors
    /// As [`Image::open`].
    pub fn parse(path: &Path, bytes: Vec<u8>) -> Result<Self, FormatError> {
        Self::of(Bytes::of(path, bytes))
    }

    fn of(bytes: Bytes) -> Result<Self, FormatError> {
        let path = bytes.path().to_path_buf();
        let head = bytes.read_up_to(0, 4096)?;
        refused::by_name(&path, &head)?;
        let (format, places, fields): (_, _, Arc<dyn Fields>) = match &head[..] {
            [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
                let (format, places, fields) = foreign::decode(&path, "a TIFF image", || tiff::open(bytes))?;
                (format, places, Arc::new(fields))
            }
            [0x89, b'P', b'N', b'G', ..] => ("PNG", vec![Place::default()], Arc::new(picture::open(bytes)?)),
            [0xff, 0xd8, 0xff, ..] => ("JPEG", vec![Place::default()], Arc::new(picture::open(bytes)?)),
            _ => return Err(FormatError::new(path, "a TIFF, PNG or JPEG image", quote(&head))),
        };
        Self::checked(&path, format, places, fields)
    }

    /// An image whose first field can be opened: what cannot be read is refused now, not when a plane is wanted.
    fn checked(
        path: &Path,
        format: &'static str,
        places: Vec<Place>,
        fields: Arc<dyn Fields>,
    ) -> Result<Self, FormatError> {
        let image = Image { path: path.to_path_buf(), format, places, fields };
        image.field(0)?;
        Ok(image)
    }

    /// The file or folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `OME-TIFF`, `PNG`, …
    #[must_use]
    pub fn format(&self) -> &'static str {
        self.format
    }

    /// Where each field was taken, in order; there is at least one.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// Opens field `index`, counted from 0.
    ///
    /// # Errors
    /// When there is none, or what the file says of it is wrong.
    pub fn field(&self, index: usize) -> Result<Field, FormatError> {
        if index >= self.places.len() {
            let expected = format!("a field below {}", self.places.len());
            return Err(FormatError::new(&self.path, expected, index.to_string()));
        }
        self.fields.field(index)
    }
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Image { path, format, places, .. } = self;
        f.debug_struct("Image").field("path", path).field("format", format).field("places", places).finish()
    }
}

/// The folder before the first key, and the pattern from there on.
fn split_pattern(path: &Path) -> Option<(PathBuf, String)> {
    let text = path.to_str()?;
    let key = text.find('{')?;
    let start = text[..key].rfind('/').map_or(0, |i| i + 1);
    let folder = if start == 0 { "." } else { &text[..start] };
    Some((PathBuf::from(folder), text[start..].to_owned()))
}

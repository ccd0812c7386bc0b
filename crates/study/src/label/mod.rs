//! `annotate`: cells labelled in images that are open together, kept in the folder of a study.
//!
//! A [`Labelling`] is what a page needs: pixels of the images, the labels and their log, export and import, training on what was
//! labelled, and suggestions. It may be asked by any number of threads. What it does on its own accord it tells a listener.

mod agreement;
mod cut;
mod export;
mod folder;
pub(crate) mod id;
mod image;
mod import;
mod pixels;
mod relatives;
mod suggest;
mod train;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use formats::label_store::{
    Answer, Applied, Class, Edit, Gesture, Labels, Logged, Reason, Refused, StoreError, StoredCell, Thing,
};
use formats::label_store::{LabelStore, StoredImage};
pub use formats::microscope::At;

pub use agreement::{Agreement, Counts};
pub use cells::cut::auto::{AutoSettings, Modality};
pub use cut::Choice;
pub(crate) use export::crop_set;
pub use export::{ExportFormat, Exported};
pub use folder::{Address, folder_for};
pub use image::{Channel, ImageFacts, Shape};
pub use import::{ImportRequest, Imported, OnDuplicate, import_file};
pub use pixels::Histogram;
pub use suggest::{SuggestState, Suggestion, Suggestions};
pub use train::{Figures, TrainOrder, TrainState};

use self::image::OpenImage;
use crate::StudyError;

/// Rows and columns of the window around a cell, pixels.
pub const WINDOW: usize = 2 * formats::label_store::WINDOW.half_h;

/// What is opened for labelling.
#[derive(Debug, Clone)]
pub struct LabelRequest {
    /// Images, each with one or more fields.
    pub images: Vec<PathBuf>,
    /// Folder of the study; made when it is not there.
    pub folder: PathBuf,
    /// Who labels when nobody has said who it is.
    pub labeller: String,
    /// How cells are found to suggest classes for, when the model does not say.
    pub detect: AutoSettings,
    /// A model to begin with.
    pub model: Option<PathBuf>,
}

/// Why the study did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// No such image, plane, class, …
    #[error("expected {expected}, found {found}")]
    Unknown {
        /// What there is.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// What is asked for cannot be.
    #[error("expected {expected}, found {found}")]
    Refused {
        /// What can be.
        expected: String,
        /// What was asked for.
        found: String,
    },
    /// What is asked for contradicts what is going on.
    #[error("{0}")]
    Conflict(String),
    /// The label store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Any other verb.
    #[error(transparent)]
    Study(#[from] StudyError),
}

impl From<formats::FormatError> for LabelError {
    fn from(error: formats::FormatError) -> Self {
        LabelError::Study(error.into())
    }
}

impl LabelError {
    pub(crate) fn unknown(expected: impl Into<String>, found: impl ToString) -> Self {
        LabelError::Unknown { expected: expected.into(), found: found.to_string() }
    }

    pub(crate) fn refused(expected: impl Into<String>, found: impl ToString) -> Self {
        LabelError::Refused { expected: expected.into(), found: found.to_string() }
    }
}

impl From<LabelError> for StudyError {
    fn from(error: LabelError) -> Self {
        match error {
            LabelError::Study(error) => error,
            other => StudyError::Refused(other.to_string()),
        }
    }
}

/// What the page is told without asking.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// There is a newer revision of the labels.
    Labels {
        /// It.
        revision: i64,
    },
    /// Training goes on, or is over.
    Train(TrainState),
    /// The search for cells goes on, or is over.
    Suggest(SuggestState),
}

type Listener = Box<dyn Fn(Event) + Send + Sync>;

/// Images that are open for labelling, and their labels.
pub struct Labelling {
    folder: PathBuf,
    images: Vec<OpenImage>,
    store: Mutex<LabelStore>,
    listener: Mutex<Option<Listener>>,
    notes: Vec<String>,
    labeller: String,
    detect: AutoSettings,
    training: Mutex<train::Training>,
    suggesting: Mutex<suggest::Suggesting>,
}

impl Labelling {
    /// Opens images and the study's label store.
    ///
    /// # Errors
    /// An image or store that cannot be read, or a folder that cannot be made.
    pub fn open(request: &LabelRequest) -> Result<Self, StudyError> {
        let mistakes = request.detect.validate();
        if !mistakes.is_empty() {
            return Err(StudyError::Settings(mistakes));
        }
        let path = folder::prepare(&request.folder)?;
        let mut store = LabelStore::open(&path).map_err(LabelError::from)?;
        let images = image::open_all(&request.images, |images| Ok(store.number(images)?))?;
        let labelling = Self::of(request, store, images);
        if let Some(model) = &request.model {
            labelling.use_model(model)?;
        }
        Ok(labelling)
    }

    /// Opens a study that is there, with its images, to export from it; nothing in it is changed, and its labels are held against
    /// their log. `images` are the files where those
    /// that were labelled lie now; when there are none, they are looked for where they lay.
    ///
    /// # Errors
    /// No such study; an image that is not there or was never labelled.
    pub fn reopen(folder: &Path, images: &[PathBuf]) -> Result<Self, StudyError> {
        let store = LabelStore::open(&folder::existing(folder)?).map_err(LabelError::from)?;
        store.check().map_err(LabelError::from)?;
        let known = store.images().map_err(LabelError::from)?;
        let paths: Vec<PathBuf> = if images.is_empty() {
            let all: std::collections::BTreeSet<PathBuf> =
                known.iter().map(|i| PathBuf::from(&i.path)).collect();
            all.into_iter().collect()
        } else {
            images.to_vec()
        };
        if let Some(map) = paths.iter().find(|path| path.join(crate::embed::MARK).is_file()) {
            let found = format!("that of the map {}, whose cells `explore` exports", map.display());
            return Err(LabelError::refused("the study of images", found).into());
        }
        let number = |image: &StoredImage| {
            let same = |k: &&StoredImage| (&k.fingerprint, k.field) == (&image.fingerprint, image.field);
            let names: Vec<&str> = known.iter().map(|image| image.name.as_str()).collect();
            let expected = format!("an image of this study, {}", names.join(", "));
            let found = format!("{}, which is none of them or has other pixels now", image.path);
            known.iter().find(same).map(|k| k.id).ok_or_else(|| LabelError::refused(expected, found))
        };
        let images = image::open_all(&paths, |images| images.iter().map(number).collect())?;
        let detect = AutoSettings::of(Modality::Fluorescence);
        let (folder, labeller) = (folder.to_path_buf(), String::new());
        let request = LabelRequest { images: paths, folder, labeller, detect, model: None };
        Ok(Self::of(&request, store, images))
    }

    fn of(request: &LabelRequest, store: LabelStore, images: Vec<OpenImage>) -> Self {
        let backup = store.backup().map(|copy| {
            format!("the labels are now kept as this version does; a copy as they were: {}", copy.display())
        });
        Labelling {
            folder: request.folder.clone(),
            notes: backup.into_iter().chain(images.iter().flat_map(OpenImage::notes)).collect(),
            images,
            store: Mutex::new(store),
            listener: Mutex::new(None),
            labeller: request.labeller.clone(),
            detect: request.detect,
            training: Mutex::default(),
            suggesting: Mutex::default(),
        }
    }

    /// What the user should know.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Folder of the study.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the study is called.
    #[must_use]
    pub fn name(&self) -> String {
        let name = self.folder.file_name().map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| "study".to_owned())
    }

    /// Who is told of events from now on.
    pub fn listen(&self, listener: impl Fn(Event) + Send + Sync + 'static) {
        *lock(&self.listener) = Some(Box::new(listener));
    }

    pub(crate) fn tell(&self, event: Event) {
        if let Some(listener) = &*lock(&self.listener) {
            listener(event);
        }
    }

    /// The label store.
    pub(crate) fn store(&self) -> MutexGuard<'_, LabelStore> {
        lock(&self.store)
    }

    /// The images, in the order in which they were given.
    #[must_use]
    pub fn images(&self) -> Vec<&ImageFacts> {
        self.images.iter().map(|image| &image.facts).collect()
    }

    fn image(&self, id: i64) -> Result<&OpenImage, LabelError> {
        self.images.iter().find(|image| image.facts.id == id).ok_or_else(|| {
            let ids: Vec<String> = self.images.iter().map(|image| image.facts.id.to_string()).collect();
            LabelError::unknown(format!("image {}", ids.join(" or ")), id)
        })
    }

    /// Classes, and cells of the images that are open.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labels(&self) -> Result<Labels, LabelError> {
        let mut labels = lock(&self.store).labels()?;
        let open: BTreeSet<i64> = self.images.iter().map(|image| image.facts.id).collect();
        labels.cells.retain(|cell| open.contains(&cell.image));
        Ok(labels)
    }

    /// Classes, and the cells of one image.
    ///
    /// # Errors
    /// No such image is open; or the store cannot be read.
    pub fn labels_of(&self, image: i64) -> Result<Labels, LabelError> {
        self.image(image)?;
        Ok(lock(&self.store).labels_of(image)?)
    }

    /// Makes the edits of a gesture; see [`LabelStore::apply`].
    ///
    /// # Errors
    /// When the gesture is malformed or cannot be kept. Nothing was changed then.
    pub fn edit(&self, gesture: &Gesture, by: &str) -> Result<Answer, LabelError> {
        let answer = lock(&self.store).apply(gesture, by)?;
        self.tell(Event::Labels { revision: answer.revision });
        Ok(answer)
    }

    /// Gestures above a revision, with the newest revision and whether there are more than these; see [`LabelStore::log`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn log(&self, after: i64, by: Option<&str>) -> Result<(i64, Vec<Logged>, bool), LabelError> {
        Ok(lock(&self.store).log(after, by)?)
    }

    /// The last gestures below a revision, and whether there are earlier ones; see [`LabelStore::log_before`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn log_before(&self, before: i64, by: Option<&str>) -> Result<(Vec<Logged>, bool), LabelError> {
        Ok(lock(&self.store).log_before(before, by)?)
    }

    /// The newest revision.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn revision(&self) -> Result<i64, LabelError> {
        Ok(lock(&self.store).revision()?)
    }

    /// Name of the labeller with this session.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn labeller(&self, session: &str) -> Result<String, LabelError> {
        Ok(lock(&self.store).labeller(session)?.unwrap_or_else(|| self.labeller.clone()))
    }

    /// Names the labeller with this session.
    ///
    /// # Errors
    /// A name that is empty or longer than 100 bytes, or when it cannot be kept.
    pub fn name_labeller(&self, session: &str, name: &str) -> Result<(), LabelError> {
        let name = name.trim();
        if name.is_empty() || name.len() > 100 || name.contains(char::is_control) {
            return Err(LabelError::refused("a name of 1 to 100 bytes", format!("{name:?}")));
        }
        Ok(lock(&self.store).name_labeller(session, name)?)
    }
}

/// A panic elsewhere leaves what is behind a lock as the last complete change did: SQLite rolls back, and the rest is replaced whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
mod tests;

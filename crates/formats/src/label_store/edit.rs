//! The words of the log: what a labeller does, and what a cell and a class are.

use serde::{Deserialize, Serialize};

/// A labelled cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredCell {
    /// UUID, made by whoever added it.
    pub id: String,
    /// Number of its image in the store.
    pub image: i64,
    /// Frame, from 0.
    pub t: u32,
    /// Focal plane, from 0.
    pub z: u32,
    /// Row, pixels; the centre of the first is 0.
    pub y: f64,
    /// Column, pixels; the centre of the first is 0.
    pub x: f64,
    /// Its class; none when nobody has said.
    pub class: Option<String>,
    /// Who said so last.
    pub by: String,
    /// Counts the edits of this cell, deletion and restoration among them, from 1.
    pub version: i64,
    /// Its window hangs over the border of the image.
    pub flagged: bool,
}

/// A class that cells can be given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// UUID, made by whoever defined it.
    pub id: String,
    /// Unique among the classes, and a possible name for a folder.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
    /// Name of the marker's shape.
    pub shape: String,
    /// 1 to 9, unique among the classes.
    pub hotkey: Option<u8>,
    /// How many cells are wanted.
    pub target: Option<u32>,
    /// Place in the list, which numbers the classes.
    pub position: u32,
}

impl Edit {
    /// The same edit, with the version that it made.
    pub(super) fn with_version(mut self, made: i64) -> Self {
        match &mut self {
            Edit::Add { version, .. } => *version = Some(made),
            Edit::Move { version, .. }
            | Edit::Reclass { version, .. }
            | Edit::Delete { version, .. }
            | Edit::Restore { version, .. } => *version = made,
            Edit::PutClass(_) | Edit::DropClass { .. } => {}
        }
        self
    }
}

/// One thing a labeller does to a cell or a class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Edit {
    /// A new cell.
    Add {
        /// Its id.
        id: String,
        /// Its image.
        image: i64,
        /// Frame.
        t: u32,
        /// Focal plane.
        #[serde(default)]
        z: u32,
        /// Row.
        y: f64,
        /// Column.
        x: f64,
        /// Its class.
        #[serde(default)]
        class: Option<String>,
        /// The suggestion that was accepted or corrected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        suggestion: Option<String>,
        /// 1, once it is made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        version: Option<i64>,
    },
    /// A cell is elsewhere.
    Move {
        /// Which.
        id: String,
        /// The version that was seen; once it is made, the version that it made.
        version: i64,
        /// Row.
        y: f64,
        /// Column.
        x: f64,
        /// Frame, when it changes too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        t: Option<u32>,
        /// Focal plane, when it changes too.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        z: Option<u32>,
    },
    /// A cell is of a class; of the same one as before, it is confirmed by another labeller.
    Reclass {
        /// Which.
        id: String,
        /// The version that was seen; once it is made, the version that it made.
        version: i64,
        /// Its class.
        class: Option<String>,
    },
    /// A cell is none.
    Delete {
        /// Which.
        id: String,
        /// The version that was seen; once it is made, the version that it made.
        version: i64,
    },
    /// A deleted cell is one after all.
    Restore {
        /// Which.
        id: String,
        /// The version that was seen; once it is made, the version that it made.
        version: i64,
    },
    /// A class is defined, or changed. The last one to say so is right.
    PutClass(Class),
    /// A class is no more.
    DropClass {
        /// Which.
        id: String,
        /// The class of its cells from now on.
        #[serde(default)]
        reassign: Option<String>,
    },
}

/// Edits that are made in one transaction, but for those that do not fit, and undone together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gesture {
    /// The page or program that makes it.
    pub client: String,
    /// The revision that it had seen.
    pub base: i64,
    /// UUID. A gesture that is sent again is answered as before and not made again.
    pub gesture: String,
    /// The gesture that this one undoes.
    #[serde(default)]
    pub undoes: Option<String>,
    /// What is done.
    pub edits: Vec<Edit>,
}

/// A cell or a class, as it is on one side of an edit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Thing {
    /// A cell.
    Cell(StoredCell),
    /// A class.
    Class(Class),
}

/// An edit that was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Applied {
    /// Its place in the gesture.
    pub index: usize,
    /// What was asked for, with the version that it made.
    #[serde(flatten)]
    pub edit: Edit,
    /// What was there before; nothing for what is new or was deleted.
    pub before: Option<Thing>,
    /// What is there now; nothing for what is deleted.
    pub after: Option<Thing>,
    /// Cells of a dropped class, which have another one now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cells: Vec<StoredCell>,
}

/// Why an edit was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody else has changed it since.
    Stale,
    /// Somebody else has deleted it.
    Gone,
    /// It is there already.
    Exists,
    /// No cell of that id.
    UnknownCell,
    /// No class of that id.
    UnknownClass,
    /// No image of that number.
    UnknownImage,
    /// Not within the image.
    Outside,
    /// The class's name is none that a folder could have.
    BadName,
    /// Another class has the name.
    NameTaken,
    /// Another class has the hotkey.
    HotkeyTaken,
    /// An id that is no UUID, a colour that is none, a text that is too long.
    Malformed,
}

/// An edit that was not made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Its place in the gesture.
    pub index: usize,
    /// Why.
    pub reason: Reason,
    /// What is there instead.
    pub current: Option<Thing>,
}

/// What became of a gesture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The revision that it made.
    pub revision: i64,
    /// Which gesture.
    pub gesture: String,
    /// Edits that were made.
    pub applied: Vec<Applied>,
    /// Edits that were not.
    pub refused: Vec<Refused>,
    /// Gestures of others between the base and this one.
    pub since: Vec<Logged>,
    /// There were so many that `since` is empty and reading all labels is shorter.
    pub more: bool,
}

/// A gesture in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Logged {
    /// Which.
    pub gesture: String,
    /// The revision that it made.
    pub revision: i64,
    /// Who made it.
    pub by: String,
    /// The page or program that made it.
    pub client: String,
    /// When, ISO 8601, UTC.
    pub at: String,
    /// The gesture that it undoes.
    pub undoes: Option<String>,
    /// What was done.
    pub edits: Vec<Applied>,
}

/// All cells and classes at one revision.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Labels {
    /// The revision.
    pub revision: i64,
    /// Classes by position.
    pub classes: Vec<Class>,
    /// Cells in the order in which they were added.
    pub cells: Vec<StoredCell>,
}

/// An image that cells are in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredImage {
    /// Its number in the store, from 1.
    pub id: i64,
    /// Its name, for people.
    pub name: String,
    /// Where it was when it was last opened.
    pub path: String,
    /// Field of the image.
    pub field: u32,
    /// What it is told by, wherever it lies.
    pub fingerprint: String,
    /// Frames, focal planes, channels, rows, columns.
    pub shape: [u32; 5],
}

//! New labels of the cells of a map, kept in the label log of a study.
//!
//! To the log a map is an image with a frame for each of its cells, as large as a window, and the cell in the middle of it. The same
//! cells mapped anew are the same image and keep their labels.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};

use formats::FormatError;
use formats::label_store::{LabelStore, MAX_EDITS, StoredImage, WINDOW, is_class_name, is_uuid};
use formats::table::Column;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::columns::Columns;
use super::{ExploreRequest, Exploring};
use crate::StudyError;
use crate::embed::FEATURES;
use crate::label::id::uuid;
use crate::label::{
    AutoSettings, Class, Edit, Event, Gesture, LabelError, LabelRequest, Labelling, Modality, Refused,
};
use crate::report::paint::series;

/// Most cells that are given a label at once.
pub const MAX_CELLS: usize = MAX_EDITS / 2;

/// Where a map is in the label log.
pub struct Place {
    /// Number of the image.
    image: i64,
    /// What it is told by.
    fingerprint: String,
}

/// New labels for some cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relabel {
    /// Which cells.
    pub cells: Vec<u32>,
    /// What they are.
    pub classes: Classes,
    /// UUID; what is sent again is not made again.
    pub gesture: String,
}

/// The classes of some cells; none takes the new label away. One for all is kept once, however many cells are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Classes {
    /// All are of this class.
    All(Option<String>),
    /// A class for each, in their order.
    Each(Vec<Option<String>>),
}

impl Classes {
    /// The one, or all of them.
    fn given(&self) -> &[Option<String>] {
        match self {
            Classes::All(class) => std::slice::from_ref(class),
            Classes::Each(classes) => classes,
        }
    }
}

/// What became of new labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relabelled {
    /// The revision that was made.
    pub revision: i64,
    /// Cells that somebody else changed at the same time.
    pub refused: Vec<u32>,
}

/// All new labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Relabels {
    /// The newest revision.
    pub revision: i64,
    /// Cells that have one, in the order in which they first had.
    pub cells: Vec<u32>,
    /// The class of each.
    pub class: Vec<String>,
    /// All classes of the study.
    pub classes: Vec<NamedClass>,
}

/// A class, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NamedClass {
    /// Its name.
    pub name: String,
    /// `#rrggbb`.
    pub color: String,
}

/// Opens the study that keeps the new labels, and finds the map in it.
pub fn open(
    request: &ExploreRequest,
    name: &str,
    columns: &Columns,
) -> Result<(Labelling, Place), StudyError> {
    let fingerprint = fingerprint(request, columns)?;
    let labelling = Labelling::open(&LabelRequest {
        images: Vec::new(),
        folder: request.study.clone(),
        labeller: request.labeller.clone(),
        detect: AutoSettings::of(Modality::Fluorescence),
        model: None,
    })?;
    let full = std::path::absolute(&request.folder).unwrap_or_else(|_| request.folder.clone());
    let n = columns.table().n_rows() as u32;
    let stored = StoredImage {
        id: 0,
        name: name.to_owned(),
        path: full.to_string_lossy().into_owned(),
        field: 0,
        fingerprint: fingerprint.clone(),
        shape: [n, 1, 1, 2 * WINDOW.half_h as u32, 2 * WINDOW.half_w as u32],
    };
    let numbers = labelling.store().number(std::slice::from_ref(&stored)).map_err(LabelError::from)?;
    let image = numbers.first().copied().unwrap_or(stored.id);
    Ok((labelling, Place { image, fingerprint }))
}

/// SHA-256 over the names and sources of the cells, or over their features when they have no names.
fn fingerprint(request: &ExploreRequest, columns: &Columns) -> Result<String, StudyError> {
    let table = columns.table();
    let mut hash = Sha256::new();
    hash.update(format!("map of {} cells\n", table.n_rows()));
    if let Some(names) = table.column("name") {
        let sources = table.column("source");
        for row in 0..table.n_rows() {
            let text = |column: Option<&Column>| column.and_then(|c| c.text_at(row));
            hash.update(format!("{:?} {:?}\n", text(Some(names)), text(sources)));
        }
    } else {
        let path = request.folder.join(FEATURES);
        let mut feed = || -> std::io::Result<()> {
            let mut file = BufReader::with_capacity(1 << 20, File::open(&path)?);
            while let n @ 1.. = file.fill_buf()?.len() {
                hash.update(file.buffer());
                file.consume(n);
            }
            Ok(())
        };
        feed().map_err(|e| FormatError::io(&path, "features that can be read", &e))?;
    }
    Ok(hex(&hash.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

impl Exploring {
    /// Gives cells new labels; answered when they are on the disk. A class that is not there yet is made.
    ///
    /// # Errors
    /// No or too many cells, one that is not there or twice, a name that no class can have; or when they cannot be kept. No label was
    /// changed then.
    pub fn relabel(&self, order: &Relabel, by: &str) -> Result<Relabelled, LabelError> {
        self.check_order(order)?;
        let answer = {
            let mut store = self.labelling.store();
            let ids = self.class_ids(&mut store, order, by)?;
            let mut edits = Vec::with_capacity(order.cells.len());
            for (&cell, class) in order.cells.iter().zip(order.classes.given().iter().cycle()) {
                let class = class.as_ref().and_then(|name| ids.get(name).cloned());
                let id = uuid(&[b"cell of a map", self.place.fingerprint.as_bytes(), &cell.to_le_bytes()]);
                edits.push(match store.cell(&id)? {
                    Some(there) => Edit::Reclass { id, version: there.version, class },
                    None => self.add(id, cell, class),
                });
            }
            let order = gesture(order.gesture.clone(), store.revision()?, edits);
            store.apply(&order, by)?
        };
        self.labelling.tell(Event::Labels { revision: answer.revision });
        let cell = |refused: &Refused| order.cells.get(refused.index).copied();
        Ok(Relabelled {
            revision: answer.revision,
            refused: answer.refused.iter().filter_map(cell).collect(),
        })
    }

    /// All new labels that cells of this map have now.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn relabels(&self) -> Result<Relabels, LabelError> {
        let labels = self.labelling.store().labels()?;
        let names: BTreeMap<&str, &str> =
            labels.classes.iter().map(|class| (class.id.as_str(), class.name.as_str())).collect();
        let own = labels.cells.iter().filter(|cell| cell.image == self.place.image);
        let (cells, class) =
            own.filter_map(|cell| Some((cell.t, (*names.get(cell.class.as_deref()?)?).to_owned()))).unzip();
        let named = |class: &Class| NamedClass { name: class.name.clone(), color: class.color.clone() };
        Ok(Relabels {
            revision: labels.revision,
            cells,
            class,
            classes: labels.classes.iter().map(named).collect(),
        })
    }

    /// The new label of each cell of the map.
    pub(super) fn relabel_column(&self) -> Result<Vec<Option<String>>, LabelError> {
        let Relabels { cells, class, .. } = self.relabels()?;
        let mut column = vec![None; self.facts.cells];
        for (cell, class) in cells.into_iter().zip(class) {
            if let Some(value) = column.get_mut(cell as usize) {
                *value = Some(class);
            }
        }
        Ok(column)
    }

    fn check_order(&self, order: &Relabel) -> Result<(), LabelError> {
        let n = order.cells.len();
        if !(1..=MAX_CELLS).contains(&n) {
            return Err(LabelError::refused(format!("1 to {MAX_CELLS} cells"), n));
        }
        if let Classes::Each(classes) = &order.classes
            && classes.len() != n
        {
            return Err(LabelError::refused(format!("a class for each of {n} cells"), classes.len()));
        }
        if !is_uuid(&order.gesture) {
            return Err(LabelError::refused("a UUID as gesture", format!("{:?}", order.gesture)));
        }
        if let Some(bad) = order.classes.given().iter().flatten().find(|name| !is_class_name(name)) {
            let expected = "a class's name of 1 to 200 bytes that a folder could have";
            return Err(LabelError::refused(expected, format!("{bad:?}")));
        }
        self.check_once(&order.cells)
    }

    /// The id of each class of an order by its name; those that are not there are made first.
    fn class_ids(
        &self,
        store: &mut LabelStore,
        order: &Relabel,
        by: &str,
    ) -> Result<BTreeMap<String, String>, LabelError> {
        let there = store.classes()?;
        let mut ids: BTreeMap<String, String> =
            there.iter().map(|c| (c.name.clone(), c.id.clone())).collect();
        // Known classes have the colours of the columns, others the next ones.
        let known = self.columns.class_names();
        let mut free = there.iter().map(|c| c.position as usize + 1).fold(known.len(), usize::max);
        let mut made = Vec::new();
        for name in order.classes.given().iter().flatten().collect::<BTreeSet<_>>() {
            if ids.contains_key(name) {
                continue;
            }
            // A class of another name may have been called so once.
            let taken = |id: &String| ids.values().any(|other| other == id);
            let id = |k: u32| uuid(&[b"class of a map", name.as_bytes(), &k.to_le_bytes()]);
            let id = (0..).map(id).find(|id| !taken(id)).unwrap_or_default();
            let position = known.iter().position(|level| level == name).unwrap_or_else(|| {
                free += 1;
                free - 1
            });
            let color = series(position).to_string();
            let shape = "circle".to_owned();
            let (hotkey, target, position) = (None, None, position as u32);
            ids.insert(name.clone(), id.clone());
            made.push(Edit::PutClass(Class {
                id,
                name: name.clone(),
                color,
                shape,
                hotkey,
                target,
                position,
            }));
        }
        if !made.is_empty() {
            let id = uuid(&[b"classes of a relabelling", order.gesture.as_bytes()]);
            let order = gesture(id, store.revision()?, made);
            store.apply(&order, by)?;
        }
        Ok(ids)
    }

    /// A cell that had no new label yet.
    fn add(&self, id: String, cell: u32, class: Option<String>) -> Edit {
        let (y, x) = (WINDOW.half_h as f64, WINDOW.half_w as f64);
        let image = self.place.image;
        Edit::Add { id, image, t: cell, z: 0, y, x, class, suggestion: None, version: None }
    }
}

fn gesture(id: String, base: i64, edits: Vec<Edit>) -> Gesture {
    Gesture { client: "map".to_owned(), base, gesture: id, undoes: None, edits }
}

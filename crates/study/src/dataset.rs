//! The cells a verb works on: facts in memory, crops in memory or read by position from a crop set.

use std::sync::Arc;

use cells::{Cell, CellSet, CropShape, CropSource, Depth};
use formats::crops::CropFile;
use sha2::{Digest, Sha256};

use crate::{StudyError, error::plural};

/// Cells with their facts, and where their pixels come from.
pub struct Dataset {
    /// One row per cell.
    pub cells: Vec<Cell>,
    /// Class names in the order of their numbers.
    pub classes: Vec<String>,
    /// Channel names.
    pub channels: Vec<String>,
    /// How intensities are stored.
    pub depth: Depth,
    /// How the crops were made.
    pub provenance: serde_json::Value,
    crops: Arc<dyn CropSource>,
    /// Where the crop of each cell stands in `crops`.
    rows: Vec<usize>,
}

impl From<CellSet> for Dataset {
    fn from(mut set: CellSet) -> Self {
        Dataset {
            rows: (0..set.len()).collect(),
            cells: set.cells.clone(),
            classes: std::mem::take(&mut set.classes),
            channels: std::mem::take(&mut set.channels),
            depth: set.pixels.depth(),
            provenance: std::mem::take(&mut set.provenance),
            crops: Arc::new(set),
        }
    }
}

impl From<CropFile> for Dataset {
    fn from(mut file: CropFile) -> Self {
        Dataset {
            cells: file.take_cells(),
            classes: file.classes().to_vec(),
            channels: file.channels().to_vec(),
            depth: file.depth(),
            provenance: file.provenance().clone(),
            rows: (0..CropSource::len(&file)).collect(),
            crops: Arc::new(file),
        }
    }
}

impl CropSource for Dataset {
    fn shape(&self) -> CropShape {
        self.crops.shape()
    }

    fn len(&self) -> usize {
        self.rows.len()
    }

    fn bytes_in_memory(&self) -> usize {
        self.crops.bytes_in_memory()
    }

    fn read(&self, index: usize, out: &mut [f32]) -> std::io::Result<()> {
        self.crops.read(self.rows[index], out)
    }
}

/// Numbers the classes as `names`; cells of other classes lose theirs.
///
/// # Errors
/// When a name is not a class of these cells, or given twice.
pub(crate) fn choose_classes(
    cells: &mut [Cell],
    classes: &mut Vec<String>,
    names: &[String],
) -> Result<(), StudyError> {
    for (i, name) in names.iter().enumerate() {
        if !classes.contains(name) || names[..i].contains(name) {
            return Err(StudyError::Refused(format!(
                "classes: expected names, each once, of {}, found {}",
                classes.join(", "),
                names.join(", ")
            )));
        }
    }
    renumber(cells, classes, names);
    Ok(())
}

fn renumber(cells: &mut [Cell], classes: &mut Vec<String>, names: &[String]) {
    let new: Vec<Option<usize>> =
        classes.iter().map(|old| names.iter().position(|name| name == old)).collect();
    for cell in cells {
        cell.class = cell.class.and_then(|old| new[old]);
    }
    *classes = names.to_vec();
}

impl Dataset {
    /// The crops from number `first` on, whose facts are `cells`.
    pub(crate) fn part(&self, first: usize, cells: Vec<Cell>) -> Dataset {
        Dataset {
            rows: self.rows[first..first + cells.len()].to_vec(),
            cells,
            classes: self.classes.clone(),
            channels: self.channels.clone(),
            depth: self.depth,
            provenance: serde_json::Value::Null,
            crops: Arc::clone(&self.crops),
        }
    }

    /// How many cells of how many classes, for people.
    #[must_use]
    pub fn summary(&self) -> String {
        let cells = plural(self.cells.len(), "cell");
        match self.classes.len() {
            0 => format!("{cells} without a class"),
            1 => format!("{cells}, 1 class"),
            n => format!("{cells}, {n} classes"),
        }
    }

    /// The class of every cell.
    ///
    /// # Errors
    /// When a cell has none, with the first of them and how many there are.
    pub fn labels(&self) -> Result<Vec<usize>, StudyError> {
        let unlabelled: Vec<&str> =
            self.cells.iter().filter(|c| c.class.is_none()).map(|c| c.name.as_str()).collect();
        match unlabelled.first() {
            None => Ok(self.cells.iter().filter_map(|c| c.class).collect()),
            Some(first) => Err(StudyError::Refused(format!(
                "expected a class for every cell, found {} without one, the first is {first}",
                plural(unlabelled.len(), "cell")
            ))),
        }
    }

    /// Keeps the cells for which `keep` says so, in their order.
    pub fn retain(&mut self, keep: impl Fn(&Cell) -> bool) {
        let kept: Vec<usize> = (0..self.len()).filter(|&i| keep(&self.cells[i])).collect();
        self.rows = kept.iter().map(|&i| self.rows[i]).collect();
        self.cells = kept.iter().map(|&i| self.cells[i].clone()).collect();
    }

    /// Keeps the cells of the classes `names` and numbers them in that order.
    ///
    /// # Errors
    /// When a name is not a class of these cells, or given twice.
    pub fn only_classes(&mut self, names: &[String]) -> Result<(), StudyError> {
        choose_classes(&mut self.cells, &mut self.classes, names)?;
        self.retain(|cell| cell.class.is_some());
        Ok(())
    }

    /// Numbers the classes as `names`, all of which the cells' classes must be among.
    ///
    /// # Errors
    /// The classes that have cells but are not among `names`.
    pub fn number_classes_as(&mut self, names: &[String]) -> Result<(), StudyError> {
        let has_cells = |class: usize| self.cells.iter().any(|c| c.class == Some(class));
        let unknown: Vec<&str> = self
            .classes
            .iter()
            .enumerate()
            .filter(|(class, name)| !names.contains(name) && has_cells(*class))
            .map(|(_, name)| name.as_str())
            .collect();
        if !unknown.is_empty() {
            return Err(StudyError::Refused(format!(
                "expected cells of the model's classes {}, found also {}",
                names.join(", "),
                unknown.join(", ")
            )));
        }
        renumber(&mut self.cells, &mut self.classes, names);
        Ok(())
    }

    /// The cells of `indices` as a set in memory, for pictures.
    ///
    /// # Errors
    /// When the crops cannot be read.
    pub fn collect(&self, indices: &[usize]) -> Result<CellSet, StudyError> {
        let size = self.shape().len();
        let mut values = vec![0.0; indices.len() * size];
        for (&i, crop) in indices.iter().zip(values.chunks_exact_mut(size.max(1))) {
            self.read_crop(i, crop)?;
        }
        Ok(CellSet {
            shape: self.shape(),
            pixels: cells::Pixels::Float32(values),
            cells: indices.iter().map(|&i| self.cells[i].clone()).collect(),
            classes: self.classes.clone(),
            channels: self.channels.clone(),
            provenance: self.provenance.clone(),
        })
    }

    /// Crop `index` as floats, unscaled, `[h, w, c]`.
    ///
    /// # Errors
    /// When it cannot be read or holds a value that is not finite, naming the cell.
    pub fn read_crop(&self, index: usize, out: &mut [f32]) -> Result<(), StudyError> {
        let Cell { name, source, .. } = &self.cells[index];
        let refused = |what: String| StudyError::Refused(format!("{source}, cell {name}: {what}"));
        self.crops.read(self.rows[index], out).map_err(|e| refused(e.to_string()))?;
        match out.iter().position(|v| !v.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let CropShape { w, c, .. } = self.shape();
                let (row, column, channel) = (at / (w * c), at / c % w, at % c);
                Err(refused(format!(
                    "expected finite intensities, found {} at row {row}, column {column}, channel {channel}",
                    out[at]
                )))
            }
        }
    }

    /// SHA-256 over shape, depth, classes, channels and every cell's facts and pixels, in hexadecimal: the same
    /// wherever the files lie.
    ///
    /// # Errors
    /// When the crops cannot be read.
    pub fn hash(&self) -> Result<String, StudyError> {
        let mut hash = Sha256::new();
        hash.update(format!("{} {} {:?} {:?}\n", self.shape(), self.depth, self.classes, self.channels));
        let mut crop = vec![0.0; self.shape().len()];
        for (i, cell) in self.cells.iter().enumerate() {
            hash.update(format!("{:?} {:?} {:?}\n", cell.name, cell.class, cell.group));
            self.read_crop(i, &mut crop)?;
            crop.iter().for_each(|v| hash.update(v.to_le_bytes()));
        }
        Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
    }
}

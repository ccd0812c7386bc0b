//! How far labellers agree on the cells that both of them labelled.

use std::collections::{BTreeMap, BTreeSet};

use formats::label_store::{Edit, Thing};
use serde::Serialize;
use stats::confusion::Confusion;

use super::{LabelError, Labelling};

/// Clicks of two labellers in one frame that are this near each other are the same cell, pixels.
const SAME_CELL: f64 = 8.0;

/// Two labellers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// One of them.
    pub a: String,
    /// The other.
    pub b: String,
    /// Cells that both labelled.
    pub n: usize,
    /// Cohen's kappa: 1 when they always agree, 0 when no more than by chance; none when it is undefined.
    pub kappa: Option<f64>,
    /// How often which class was taken for which.
    pub confusion: Counts,
}

/// A table of counts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Counts {
    /// Names of the classes.
    pub classes: Vec<String>,
    /// Rows are `a` (or the truth), columns `b` (or the prediction).
    pub counts: Vec<Vec<u64>>,
}

/// What one labeller said of a cell.
#[derive(Debug, Clone)]
struct Opinion {
    cell: String,
    place: (i64, u32, u32),
    y: f64,
    x: f64,
    class: String,
}

impl Labelling {
    /// Cohen's kappa of each two labellers over the cells that both labelled: one cell that both gave a class (also the same again),
    /// or two clicks within 8 pixels of one frame. What counts is what each said last and did not undo, whatever others said later.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn agreement(&self) -> Result<Vec<Agreement>, LabelError> {
        let labels = self.labels()?;
        let classes: Vec<&str> = labels.classes.iter().map(|class| class.name.as_str()).collect();
        let number = |id: &str| labels.classes.iter().position(|class| class.id == id);
        let opinions = self.opinions()?;
        let mut pairs = Vec::new();
        let names: Vec<&String> = opinions.keys().collect();
        for (i, a) in names.iter().enumerate() {
            for b in &names[i + 1..] {
                let both: Vec<(usize, usize)> = shared(&opinions[*a], &opinions[*b])
                    .into_iter()
                    .filter_map(|(a, b)| Some((number(&a.class)?, number(&b.class)?)))
                    .collect();
                let (of_a, of_b): (Vec<usize>, Vec<usize>) = both.iter().copied().unzip();
                let Ok(confusion) = Confusion::new(&of_a, &of_b, classes.len()) else { continue };
                pairs.push(Agreement {
                    a: (*a).clone(),
                    b: (*b).clone(),
                    n: both.len(),
                    kappa: stats::agreement::cohen_kappa(&confusion),
                    confusion: Counts {
                        classes: classes.iter().map(|c| (*c).to_owned()).collect(),
                        counts: confusion.counts().to_vec(),
                    },
                });
            }
        }
        Ok(pairs)
    }

    /// What each labeller said last of each cell that is still there.
    fn opinions(&self) -> Result<BTreeMap<String, Vec<Opinion>>, LabelError> {
        let labels = self.labels()?;
        let there: BTreeMap<&str, _> = labels.cells.iter().map(|cell| (cell.id.as_str(), cell)).collect();
        let mut opinions: BTreeMap<String, Vec<Opinion>> = BTreeMap::new();
        for ((by, id), class) in self.last_said()? {
            if let (Some(cell), Some(class)) = (there.get(id.as_str()), class) {
                let place = (cell.image, cell.t, cell.z);
                let opinion = Opinion { cell: id, place, y: cell.y, x: cell.x, class };
                opinions.entry(by).or_default().push(opinion);
            }
        }
        Ok(opinions)
    }

    /// The class that each labeller gave each cell last, without what was undone. The log is read from its end, where an undo comes
    /// before what it took back.
    fn last_said(&self) -> Result<BTreeMap<(String, String), Option<String>>, LabelError> {
        let mut last = BTreeMap::new();
        let mut undone: BTreeSet<(String, String)> = BTreeSet::new();
        let mut before = self.revision()? + 1;
        loop {
            let (gestures, more) = self.log_before(before, None)?;
            for gesture in gestures.iter().rev() {
                for made in gesture.edits.iter().rev() {
                    let Some(Thing::Cell(cell)) = made.after.as_ref().or(made.before.as_ref()) else {
                        continue;
                    };
                    if undone.contains(&(gesture.gesture.clone(), cell.id.clone())) {
                        continue;
                    }
                    if let Some(taken_back) = &gesture.undoes {
                        undone.insert((taken_back.clone(), cell.id.clone()));
                    } else if matches!(made.edit, Edit::Add { .. } | Edit::Reclass { .. }) {
                        let said = (gesture.by.clone(), cell.id.clone());
                        last.entry(said).or_insert_with(|| cell.class.clone());
                    }
                }
            }
            match gestures.first() {
                Some(gesture) if more => before = gesture.revision,
                _ => break Ok(last),
            }
        }
    }
}

/// Cells that both have an opinion of: the same ones first, then the nearest pairs of what is left.
fn shared<'a>(a: &'a [Opinion], b: &'a [Opinion]) -> Vec<(&'a Opinion, &'a Opinion)> {
    let by_id: BTreeMap<&str, &Opinion> = b.iter().map(|o| (o.cell.as_str(), o)).collect();
    let mut pairs: Vec<_> = a.iter().filter_map(|o| Some((o, *by_id.get(o.cell.as_str())?))).collect();
    let mut used: BTreeSet<&str> = pairs.iter().map(|(o, _)| o.cell.as_str()).collect();
    let mut by_place: BTreeMap<(i64, u32, u32), Vec<&Opinion>> = BTreeMap::new();
    for o in b.iter().filter(|o| !used.contains(o.cell.as_str())) {
        by_place.entry(o.place).or_default().push(o);
    }
    let mut near: Vec<(f64, &Opinion, &Opinion)> = Vec::new();
    for o in a.iter().filter(|o| !used.contains(o.cell.as_str())) {
        for other in by_place.get(&o.place).into_iter().flatten() {
            let distance = (o.y - other.y).hypot(o.x - other.x);
            if distance <= SAME_CELL {
                near.push((distance, o, *other));
            }
        }
    }
    near.sort_by(|p, q| p.0.total_cmp(&q.0).then_with(|| p.1.cell.cmp(&q.1.cell)));
    for (_, o, other) in near {
        if !used.contains(o.cell.as_str()) && !used.contains(other.cell.as_str()) {
            used.extend([o.cell.as_str(), other.cell.as_str()]);
            pairs.push((o, other));
        }
    }
    pairs
}

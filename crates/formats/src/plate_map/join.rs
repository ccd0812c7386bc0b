//! Wells that were measured, and what the map says of them.

use std::collections::{BTreeMap, BTreeSet};

use super::text::key;
use super::{PlateMap, Well};

/// What a join leaves without partner.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lost {
    /// Measured plates that the map does not have, each with its number of wells and the plate of the map that is spelt most alike.
    pub plates: Vec<(String, usize, Option<String>)>,
    /// Measured wells that the map does not have on a plate that it has.
    pub wells: Vec<(String, Well)>,
    /// Wells of the map on measured plates that were not measured.
    pub unmeasured: Vec<(String, Well)>,
}

/// Plates as they are called where they were measured, and in the map.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Match {
    /// Name in the map, by the name in the measurements.
    pub plates: BTreeMap<String, String>,
    /// Those of them that are spelt differently, only in signs or case, and alike only to each other.
    pub respelt: Vec<(String, String)>,
    /// What has no partner.
    pub lost: Lost,
}

impl PlateMap {
    /// Finds each measured plate in the map: by its name, or by one that differs only in signs and case (`P1-0.5`, `P1-0-5`) when exactly one
    /// does on either side; and says what is left over.
    #[must_use]
    pub fn join(&self, measured: &BTreeMap<String, BTreeSet<Well>>) -> Match {
        let mut found = Match::default();
        let is_for_all = self.plates.is_empty();
        let mut alike: BTreeMap<String, Vec<&String>> = BTreeMap::new();
        self.plates.keys().for_each(|plate| alike.entry(key(plate)).or_default().push(plate));
        let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
        measured.keys().for_each(|plate| *wanted.entry(key(plate)).or_insert(0) += 1);
        for (plate, wells) in measured {
            let close = alike.get(&key(plate)).filter(|names| names.len() == 1 && wanted[&key(plate)] == 1);
            let name =
                if is_for_all || self.plates.contains_key(plate) { Some(plate) } else { close.map(|n| n[0]) };
            let Some(name) = name else {
                let nearest = nearest(plate, self.plates.keys()).map(str::to_owned);
                found.lost.plates.push((plate.clone(), wells.len(), nearest));
                continue;
            };
            if name != plate {
                found.respelt.push((plate.clone(), name.clone()));
            }
            found.plates.insert(plate.clone(), name.clone());
            let empty = BTreeMap::new();
            let layout = self.layout(name).unwrap_or(&empty);
            let of_plate = |well: &Well| (plate.clone(), *well);
            found.lost.wells.extend(wells.iter().filter(|w| !layout.contains_key(w)).map(of_plate));
            found.lost.unmeasured.extend(layout.keys().filter(|w| !wells.contains(w)).map(of_plate));
        }
        found
    }
}

/// The name that takes the fewest changes of single letters, the first of equals; None when all differ in more than half of their letters.
///
/// ```
/// use formats::plate_map::nearest;
/// assert_eq!(nearest("E31L458-0-5", ["E31L458-3", "E31L458-0.5"]), Some("E31L458-0.5"));
/// assert_eq!(nearest("x", ["plate"]), None);
/// ```
pub fn nearest<'a, S: AsRef<str> + ?Sized + 'a>(
    name: &str,
    among: impl IntoIterator<Item = &'a S>,
) -> Option<&'a str> {
    let of = |other: &'a S| (distance(name, other.as_ref()), other.as_ref());
    let (changes, nearest) = among.into_iter().map(of).min_by_key(|(changes, _)| *changes)?;
    (2 * changes <= name.chars().count().max(nearest.chars().count())).then_some(nearest)
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

//! Which cells belong to one condition.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cells::{Cell, Fact};

use crate::report::folder::slug;
use crate::{Dataset, StudyError, plural};

/// Most conditions: each has a report of its own.
const MAX_CONDITIONS: usize = 400;

/// The cells of each condition, by its name; `by` is `source` (file), `folder` (of the file), `group`, `split` or a column that the set of
/// cells has (well, plate, donor, …).
///
/// # Errors
/// A column that no cell has, or more than 400 conditions.
pub fn split(data: &Dataset, by: &str) -> Result<BTreeMap<String, Vec<usize>>, StudyError> {
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, cell) in data.cells.iter().enumerate() {
        if let Some(name) = condition(cell, by) {
            found.entry(name).or_default().push(i);
        }
    }
    if found.is_empty() {
        let facts: BTreeSet<&str> =
            data.cells.iter().flat_map(|c| &c.facts).map(|(name, _)| &**name).collect();
        let mut known = vec!["source", "folder", "group", "split"];
        known.extend(facts);
        let message =
            format!("expected conditions by one of {}, found no cell with {by:?}", known.join(", "));
        return Err(StudyError::Refused(message));
    }
    if found.len() > MAX_CONDITIONS {
        let message =
            format!("expected at most {MAX_CONDITIONS} conditions, found {} by {by:?}", found.len());
        return Err(StudyError::Refused(message));
    }
    Ok(found)
}

/// What the user should know of cells without a value of `by`: they belong to no condition.
#[must_use]
pub fn note(data: &Dataset, by: &str) -> Option<String> {
    let n = n_without(&data.cells, by);
    let cells = plural(data.cells.len(), "cell");
    (n > 0).then(|| format!("{n} of {cells} without {by:?}: judged with all cells, but under no condition"))
}

fn n_without(cells: &[Cell], by: &str) -> usize {
    cells.iter().filter(|cell| condition(cell, by).is_none()).count()
}

fn condition(cell: &Cell, by: &str) -> Option<String> {
    let name = match by {
        "source" => cell.source.clone(),
        "folder" => Path::new(&cell.source).parent()?.to_string_lossy().replace('\\', "/"),
        "group" => cell.group.clone(),
        "split" => cell.split.clone()?,
        column => match cell.fact(column)? {
            Fact::Text(text) => text.clone()?,
            Fact::Int(n) => (*n)?.to_string(),
            Fact::Float(v) => (*v)?.to_string(),
            Fact::Bool(b) => (*b)?.to_string(),
        },
    };
    (!name.is_empty()).then_some(name)
}

/// A folder for each condition, none twice.
pub fn folders<'a>(names: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut taken = BTreeSet::new();
    names
        .map(|name| {
            let plain = format!("conditions/{}", slug(name));
            let numbered = (2..).map(|k| format!("{plain}-{k}"));
            // Letters of both cases are one to some file systems.
            let free =
                std::iter::once(plain.clone()).chain(numbered).find(|f| taken.insert(f.to_lowercase()));
            free.unwrap_or(plain)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_differ_where_names_hardly_do() {
        let names = ["a/1", "a-1", "A 1", "b"].map(str::to_owned);
        let expected = ["conditions/a-1", "conditions/a-1-2", "conditions/A-1-3", "conditions/b"];
        assert_eq!(folders(names.iter()), expected);
    }

    #[test]
    fn cells_without_a_value_are_counted() {
        let cell = |donor: Option<&str>| {
            let facts = vec![("donor".into(), Fact::Text(donor.map(str::to_owned)))];
            Cell { source: "f.png".into(), facts, ..Cell::default() }
        };
        let cells = [cell(Some("d1")), cell(None), Cell::default(), cell(Some(""))];
        assert_eq!(n_without(&cells, "donor"), 3);
        assert_eq!(n_without(&cells, "source"), 1);
        assert_eq!(n_without(&cells[..1], "donor"), 0);
    }

    #[test]
    fn conditions_are_folders_files_or_columns() {
        let facts = vec![("donor".into(), Fact::Text(Some("d7".into())))];
        let cell = Cell { source: "new/10uM/f1.png".into(), group: "g".into(), facts, ..Cell::default() };
        let of = |by| condition(&cell, by);
        assert_eq!([of("folder"), of("donor")], [Some("new/10uM".into()), Some("d7".into())]);
        assert_eq!([of("split"), of("well")], [None, None]);
    }
}

//! Columns of a crop set beyond those that every set has, and the facts of cells that they hold.

use std::sync::Arc;

use cells::{Cell, Fact};

use crate::table::{Column, Table};

/// Columns that are fields of [`Cell`].
const OWN: [&str; 10] =
    ["name", "class", "class_name", "group", "split", "flagged", "source", "frame", "y", "x"];

/// The further columns of a table.
pub(super) struct Facts<'a>(Vec<(Arc<str>, &'a Column)>);

impl<'a> Facts<'a> {
    /// All columns but those that every set has.
    pub fn of(table: &'a Table) -> Self {
        let further = table.columns.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
        Facts(further.map(|(name, column)| (Arc::from(name.as_str()), column)).collect())
    }

    /// The facts of row `i`.
    pub fn of_row(&self, i: usize) -> Vec<(Arc<str>, Fact)> {
        let fact = |column: &Column| match column {
            Column::Text(v) => Fact::Text(v[i].clone()),
            Column::Int(v) => Fact::Int(v[i]),
            Column::Float(v) => Fact::Float(v[i]),
            Column::Bool(v) => Fact::Bool(v[i]),
        };
        self.0.iter().map(|(name, column)| (Arc::clone(name), fact(column))).collect()
    }
}

/// The facts of cells as columns of a table, in the order in which they first come. Where cells do not agree on the kind of a fact,
/// as those of two sources may, it is text.
#[must_use]
pub fn columns(cells: &[Cell]) -> Vec<(String, Column)> {
    let mut names: Vec<&Arc<str>> = Vec::new();
    for (k, (name, _)) in cells.iter().flat_map(|cell| cell.facts.iter().enumerate()) {
        // Cells of one source have the same facts in the same order.
        if names.get(k) != Some(&name) && !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| (name.to_string(), column(cells, name))).collect()
}

fn column(cells: &[Cell], name: &str) -> Column {
    let facts: Vec<Option<&Fact>> = cells.iter().map(|cell| cell.fact(name)).collect();
    let text = || Column::Text(facts.iter().map(|fact| fact.and_then(text)).collect());
    None.or_else(|| all(&facts, |f| if let Fact::Int(x) = f { Some(*x) } else { None }).map(Column::Int))
        .or_else(|| all(&facts, |f| if let Fact::Float(x) = f { Some(*x) } else { None }).map(Column::Float))
        .or_else(|| all(&facts, |f| if let Fact::Bool(x) = f { Some(*x) } else { None }).map(Column::Bool))
        .unwrap_or_else(text)
}

/// The values of facts that are all of one kind, which `get` knows.
fn all<T>(facts: &[Option<&Fact>], get: fn(&Fact) -> Option<Option<T>>) -> Option<Vec<Option<T>>> {
    facts.iter().map(|fact| fact.map_or(Some(None), get)).collect()
}

fn text(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Text(x) => x.clone(),
        Fact::Int(x) => x.map(|x| x.to_string()),
        Fact::Float(x) => x.map(|x| x.to_string()),
        Fact::Bool(x) => x.map(|x| x.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_stay_unless_cells_disagree() {
        let cell = |facts: &[(&str, Fact)]| Cell {
            facts: facts.iter().map(|(name, fact)| (Arc::from(*name), fact.clone())).collect(),
            ..Cell::default()
        };
        let cells = [
            cell(&[("z", Fact::Int(None)), ("field", Fact::Int(Some(3)))]),
            cell(&[("field", Fact::Text(Some("s1".into()))), ("area", Fact::Float(Some(2.5)))]),
        ];
        let field = Column::Text(vec![Some("3".into()), Some("s1".into())]);
        let expected = [
            ("z".to_owned(), Column::Int(vec![None, None])),
            ("field".to_owned(), field),
            ("area".to_owned(), Column::Float(vec![None, Some(2.5)])),
        ];
        assert_eq!(columns(&cells), expected);
    }
}

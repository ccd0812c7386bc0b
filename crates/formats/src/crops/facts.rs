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

/// The columns of a table that hold the facts of cells, in the order in which they first come. Where cells do not agree on the kind
/// of a fact, as those of two sources may, it is text.
///
/// They are found among all cells of a table, of which any part can then be written.
///
/// # Examples
/// ```
/// use cells::{Cell, Fact};
/// use formats::{crops::FactColumns, table::Column};
/// let cell = |well: &str| Cell { facts: vec![("well".into(), Fact::Text(Some(well.into())))], ..Cell::default() };
/// let cells = [cell("A01"), cell("A02")];
/// let columns = FactColumns::of(&cells).columns(&cells[1..]);
/// assert_eq!(columns, [("well".to_owned(), Column::Text(vec![Some("A02".into())]))]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FactColumns(Vec<(Arc<str>, Kind)>);

/// What a column of facts holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Int,
    Float,
    Bool,
}

impl FactColumns {
    /// Those of `cells`.
    #[must_use]
    pub fn of(cells: &[Cell]) -> FactColumns {
        let mut columns: Vec<(Arc<str>, Kind)> = Vec::new();
        for (k, (name, fact)) in cells.iter().flat_map(|cell| cell.facts.iter().enumerate()) {
            // Cells of one source have the same facts in the same order.
            let here = columns.get(k).is_some_and(|(known, _)| known == name).then_some(k);
            match here.or_else(|| columns.iter().position(|(known, _)| known == name)) {
                Some(column) if columns[column].1 != kind(fact) => columns[column].1 = Kind::Text,
                Some(_) => {}
                None => columns.push((Arc::clone(name), kind(fact))),
            }
        }
        FactColumns(columns)
    }

    /// Their values for some of the cells.
    #[must_use]
    pub fn columns(&self, cells: &[Cell]) -> Vec<(String, Column)> {
        self.0.iter().map(|(name, kind)| (name.to_string(), column(cells, name, *kind))).collect()
    }
}

fn kind(fact: &Fact) -> Kind {
    match fact {
        Fact::Text(_) => Kind::Text,
        Fact::Int(_) => Kind::Int,
        Fact::Float(_) => Kind::Float,
        Fact::Bool(_) => Kind::Bool,
    }
}

fn column(cells: &[Cell], name: &str, kind: Kind) -> Column {
    let facts = cells.iter().map(|cell| cell.fact(name));
    match kind {
        Kind::Text => Column::Text(facts.map(|fact| fact.and_then(text)).collect()),
        Kind::Int => Column::Int(facts.map(|f| if let Some(Fact::Int(x)) = f { *x } else { None }).collect()),
        Kind::Float => {
            Column::Float(facts.map(|f| if let Some(Fact::Float(x)) = f { *x } else { None }).collect())
        }
        Kind::Bool => {
            Column::Bool(facts.map(|f| if let Some(Fact::Bool(x)) = f { *x } else { None }).collect())
        }
    }
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
        let columns = FactColumns::of(&cells);
        assert_eq!(columns.columns(&cells), expected);
        // A part has the columns of all.
        let part: Vec<(String, Column)> = columns.columns(&cells[1..]);
        assert_eq!(part[0].1, Column::Int(vec![None]));
        assert_eq!(part[1].1, Column::Text(vec![Some("s1".into())]));
    }
}

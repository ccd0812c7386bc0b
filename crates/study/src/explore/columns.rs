//! What is known of the cells of a map, as columns.

use std::collections::{BTreeMap, BTreeSet};

use formats::table::{Column, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::label::LabelError;
use crate::report::paint::series;

/// Most values of a column of classes.
const MAX_LEVELS: usize = 2000;
/// Columns that are classes however many cells have each.
const ALWAYS: [&str; 5] = [LABEL, PREDICTION, "cluster", "plate", "well"];
/// Most cells of which a column of text is given whole.
const MAX_TEXTS: usize = 100_000;
/// The class that people gave.
const LABEL: &str = "label";
/// The class that a model gave.
const PREDICTION: &str = "prediction";
/// The code of a cell without a class.
const NO_CODE: u16 = u16::MAX;

/// Of which kind the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// One of a few words.
    Class,
    /// A number.
    Number,
    /// Words of its own for nearly each cell.
    Text,
}

/// What is known of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnFacts {
    /// Its name.
    pub name: String,
    /// Of which kind its values are.
    pub kind: ColumnKind,
    /// The values of a column of classes in the order of their codes.
    pub levels: Option<Vec<String>>,
    /// A colour for each of them, `#rrggbb`.
    pub colors: Option<Vec<String>>,
    /// Smallest finite number.
    pub min: Option<f64>,
    /// Largest finite number.
    pub max: Option<f64>,
}

/// The values of a column, one for each cell.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnValues<'a> {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f32>),
    /// Places in the list of levels; 65535 where there is none.
    Codes(&'a [u16]),
    /// Words.
    Texts(&'a [Option<String>]),
}

/// A table whose columns have kinds. The classes that a model gave are called `prediction` here and `class` in the table.
pub struct Columns {
    table: Table,
    shown: Vec<Shown>,
}

/// A column of the table that has any value.
struct Shown {
    at: usize,
    facts: ColumnFacts,
    /// Of a column of classes.
    codes: Vec<u16>,
}

impl Columns {
    /// Finds the kind of each column.
    pub fn of(table: Table) -> Columns {
        let class = class_is(&table);
        let name = |name: &str| if name == "class" { class.to_owned() } else { name.to_owned() };
        // Both lists of classes have the same codes and colours.
        let mut classes = BTreeSet::new();
        for column in table.columns.iter().filter(|(n, _)| is_class(&name(n))).map(|(_, column)| column) {
            classes.extend(levels(column, MAX_LEVELS).unwrap_or_default());
        }
        let mut shown = Vec::new();
        for (at, (file_name, column)) in table.columns.iter().enumerate() {
            let name = name(file_name);
            let known = is_class(&name).then(|| classes.iter().cloned().collect());
            if let Some((facts, codes)) = look(name, column, known) {
                shown.push(Shown { at, facts, codes });
            }
        }
        Columns { table, shown }
    }

    /// The table as it was read.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Facts of each column.
    pub fn facts(&self) -> Vec<ColumnFacts> {
        self.shown.iter().map(|shown| shown.facts.clone()).collect()
    }

    /// Levels and codes of a column of classes.
    pub fn classes(&self, name: &str) -> Option<(&[String], &[u16])> {
        let shown = self.shown.iter().find(|shown| shown.facts.name == name)?;
        Some((shown.facts.levels.as_deref()?, &shown.codes))
    }

    /// Names of the columns of labels and of predictions, when there are such.
    pub fn class_columns(&self) -> (Option<&'static str>, Option<&'static str>) {
        let there = |name: &'static str| self.classes(name).is_some().then_some(name);
        (there(LABEL), there(PREDICTION))
    }

    /// Names of the classes of labels and predictions, in the order of their codes.
    pub fn class_names(&self) -> &[String] {
        let of = |name| self.classes(name).map(|(levels, _)| levels);
        of(LABEL).or_else(|| of(PREDICTION)).unwrap_or_default()
    }

    /// The label of a cell.
    pub fn label(&self, cell: usize) -> Option<&str> {
        let (levels, codes) = self.classes(LABEL)?;
        levels.get(usize::from(codes[cell])).map(String::as_str)
    }

    /// The values of a column.
    pub fn values(&self, name: &str) -> Result<ColumnValues<'_>, LabelError> {
        let Some(shown) = self.shown.iter().find(|shown| shown.facts.name == name) else {
            let names: Vec<&str> = self.shown.iter().map(|shown| shown.facts.name.as_str()).collect();
            return Err(LabelError::unknown(
                format!("a column of {}", names.join(", ")),
                format!("{name:?}"),
            ));
        };
        if shown.facts.kind == ColumnKind::Class {
            return Ok(ColumnValues::Codes(&shown.codes));
        }
        match &self.table.columns[shown.at].1 {
            Column::Float(v) => {
                Ok(ColumnValues::Numbers(v.iter().map(|v| v.map_or(f32::NAN, |v| v as f32)).collect()))
            }
            Column::Int(v) => {
                Ok(ColumnValues::Numbers(v.iter().map(|v| v.map_or(f32::NAN, |v| v as f32)).collect()))
            }
            Column::Text(v) if v.len() <= MAX_TEXTS => Ok(ColumnValues::Texts(v)),
            _ => {
                let n = self.table.n_rows();
                Err(LabelError::refused(
                    format!("text of at most {MAX_TEXTS} cells"),
                    format!("{name} of {n}"),
                ))
            }
        }
    }

    /// All values of a row by the names of their columns.
    pub fn row(&self, row: usize) -> Map<String, Value> {
        let value = |column: &Column| match column {
            Column::Text(v) => Value::from(v[row].clone()),
            Column::Int(v) => Value::from(v[row]),
            Column::Float(v) => Value::from(v[row]),
            Column::Bool(v) => Value::from(v[row]),
        };
        let named = self.shown.iter().map(|s| (s.facts.name.clone(), value(&self.table.columns[s.at].1)));
        named.collect()
    }
}

fn is_class(name: &str) -> bool {
    name == LABEL || name == PREDICTION
}

/// What the column `class` of a table is: a model says how sure it is, people do not.
fn class_is(table: &Table) -> &'static str {
    let free = |name: &'static str| table.column(name).is_none().then_some(name);
    let by_model = table.column("confidence").is_some();
    if by_model { free(PREDICTION) } else { free(LABEL) }.unwrap_or("class")
}

/// Kind and codes of a column; none when it has no value. `known` are levels that it shares with another.
fn look(name: String, column: &Column, known: Option<Vec<String>>) -> Option<(ColumnFacts, Vec<u16>)> {
    let always = ALWAYS.contains(&name.as_str());
    let (kind, levels) = match column {
        Column::Float(_) => (ColumnKind::Number, None),
        Column::Int(_) if !always => (ColumnKind::Number, None),
        _ => match levels(column, MAX_LEVELS) {
            Some(few) if few.is_empty() => return None,
            Some(few) if always || 2 * few.len() <= column.len() => {
                (ColumnKind::Class, Some(known.unwrap_or(few)))
            }
            _ => (ColumnKind::Text, None),
        },
    };
    let levels = levels.filter(|levels| levels.len() <= MAX_LEVELS);
    let kind = if kind == ColumnKind::Class && levels.is_none() { ColumnKind::Text } else { kind };
    let (min, max) = range(column);
    if kind == ColumnKind::Number && min.is_none() {
        return None;
    }
    let codes = levels.as_ref().map_or_else(Vec::new, |levels| codes(column, levels));
    let colors = levels.as_ref().map(|levels| (0..levels.len()).map(|k| series(k).to_string()).collect());
    Some((ColumnFacts { name, kind, levels, colors, min, max }, codes))
}

/// The different values of a column in order, or none when there are more than `most`.
fn levels(column: &Column, most: usize) -> Option<Vec<String>> {
    fn few<T: Ord>(values: impl Iterator<Item = T>, most: usize) -> Option<BTreeSet<T>> {
        let mut found = BTreeSet::new();
        for value in values {
            found.insert(value);
            if found.len() > most {
                return None;
            }
        }
        Some(found)
    }
    match column {
        Column::Text(v) => Some(few(v.iter().flatten(), most)?.into_iter().cloned().collect()),
        Column::Int(v) => Some(few(v.iter().flatten(), most)?.into_iter().map(i64::to_string).collect()),
        Column::Bool(v) => Some(few(v.iter().flatten(), most)?.into_iter().map(bool::to_string).collect()),
        Column::Float(_) => None,
    }
}

/// Places in the list of levels.
fn codes(column: &Column, levels: &[String]) -> Vec<u16> {
    let numbers: BTreeMap<&str, u16> = levels.iter().map(String::as_str).zip(0..).collect();
    let code = |text: Option<&str>| text.and_then(|text| numbers.get(text).copied()).unwrap_or(NO_CODE);
    match column {
        Column::Text(v) => v.iter().map(|text| code(text.as_deref())).collect(),
        other => (0..other.len()).map(|row| code(other.text_at(row).as_deref())).collect(),
    }
}

/// Smallest and largest finite number.
fn range(column: &Column) -> (Option<f64>, Option<f64>) {
    fn of(values: impl Iterator<Item = f64>) -> (Option<f64>, Option<f64>) {
        values.filter(|v| v.is_finite()).fold((None, None), |(min, max), v| {
            (Some(min.map_or(v, |m: f64| m.min(v))), Some(max.map_or(v, |m: f64| m.max(v))))
        })
    }
    match column {
        Column::Float(v) => of(v.iter().flatten().copied()),
        Column::Int(v) => of(v.iter().flatten().map(|&v| v as f64)),
        Column::Text(_) | Column::Bool(_) => (None, None),
    }
}

//! AnnData files, `.h5ad`: numbers of cells with what is known of each, for scanpy and its kin.
//!
//! # Source
//! <https://anndata.readthedocs.io/en/stable/fileformat-prose.html>, encodings of version 0.8 and later.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::FormatError;
use crate::hdf5_write::{Array, Attribute, Group, Values};
use crate::table::{Column, Table};

/// What an `.h5ad` file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnData<'a> {
    /// Numbers of the cells, `[n, var.len()]`.
    pub x: &'a [f32],
    /// Name of each column of `x`; they differ.
    pub var: Vec<String>,
    /// A row for each cell. The column `name` names the cells; without it they are numbered. Text is a categorical where
    /// values repeat or are missing. A `/` in the name of a column becomes `|`, since HDF5 has it in paths.
    pub obs: &'a Table,
    /// Further numbers of the cells: name, `[n, width]`, and the width.
    pub obsm: Vec<(String, Vec<f32>, usize)>,
    /// Whatever holds for all cells: texts, numbers, truth values, and objects of them.
    pub uns: BTreeMap<String, Value>,
}

impl AnnData<'_> {
    /// The bytes of the file.
    ///
    /// # Errors
    /// When two columns have one name, or lengths disagree; `name` is the file's, for messages.
    pub fn to_bytes(&self, name: &str) -> Result<Vec<u8>, FormatError> {
        let n = self.obs.n_rows();
        let numbers = |values, width: usize| Array::new(&[n, width], values);
        let none = || encoded(Group::default(), "dict", "0.1.0");
        let mut obsm = none();
        for (name, values, width) in &self.obsm {
            obsm = obsm.array(name, typed(numbers(values.as_slice(), *width), "array"));
        }
        let var: Vec<&str> = self.var.iter().map(String::as_str).collect();
        let root = encoded(Group::default(), "anndata", "0.1.0")
            .array("X", typed(numbers(self.x, var.len()), "array"))
            .group("obs", frame(self.obs))
            .group("var", data_frame(&[]).array("_index", texts(var)))
            .group("obsm", obsm)
            .group("uns", object(&self.uns));
        let root =
            ["varm", "obsp", "varp", "layers"].iter().fold(root, |root, name| root.group(name, none()));
        let mut bytes = Vec::new();
        root.write(&mut bytes)
            .map_err(|e| FormatError::io(name, "columns that an .h5ad file can hold", &e))?;
        Ok(bytes)
    }
}

fn encoded<'a>(group: Group<'a>, kind: &str, version: &str) -> Group<'a> {
    group.attribute("encoding-type", kind).attribute("encoding-version", version)
}

fn typed<'a>(array: Array<'a>, kind: &str) -> Array<'a> {
    array.attribute("encoding-type", kind).attribute("encoding-version", "0.2.0")
}

fn texts(texts: Vec<&str>) -> Array<'_> {
    typed(Array::new(&[texts.len()], texts), "string-array")
}

/// A data frame with these columns, which are added later.
fn data_frame(columns: &[String]) -> Group<'static> {
    encoded(Group::default(), "dataframe", "0.2.0")
        .attribute("_index", "_index")
        .attribute("column-order", Attribute::Texts(columns.to_vec()))
}

/// The table of cells.
fn frame(table: &Table) -> Group<'_> {
    let index = match table.column("name") {
        Some(Column::Text(names)) => names.iter().map(|name| name.as_deref().unwrap_or("")).collect(),
        _ => Vec::new(),
    };
    let columns = table.columns.iter().filter(|(name, _)| name != "name" || index.is_empty());
    let named: Vec<(String, &Column)> =
        columns.map(|(name, column)| (name.replace('/', "|"), column)).collect();
    let order: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    let index = if index.is_empty() { numbered(table.n_rows()) } else { texts(index) };
    let frame = data_frame(&order).array("_index", index);
    named.into_iter().fold(frame, |frame, (name, column)| add(frame, &name, column))
}

/// Numbers as texts, of one width: an index is text.
fn numbered(n: usize) -> Array<'static> {
    let texts: Vec<String> = (0..n).map(|i| i.to_string()).collect();
    typed(Array::new(&[n], texts), "string-array")
}

fn add<'a>(frame: Group<'a>, name: &str, column: &'a Column) -> Group<'a> {
    match column {
        Column::Text(values) => match values.iter().map(Option::as_deref).collect::<Option<Vec<_>>>() {
            Some(all) if all.iter().collect::<BTreeSet<_>>().len() == all.len() => {
                frame.array(name, texts(all))
            }
            _ => frame.group(name, categorical(values)),
        },
        Column::Float(values) => {
            let values: Vec<f64> = values.iter().map(|x| x.unwrap_or(f64::NAN)).collect();
            frame.array(name, typed(Array::new(&[values.len()], values), "array"))
        }
        Column::Int(values) => optional(frame, name, "nullable-integer", values),
        Column::Bool(values) => optional(frame, name, "nullable-boolean", values),
    }
}

/// Values with their places marked where some are missing.
fn optional<'a, T: Copy + Default>(
    frame: Group<'a>,
    name: &str,
    kind: &str,
    values: &[Option<T>],
) -> Group<'a>
where
    Vec<T>: Into<Values<'a>>,
{
    let n = [values.len()];
    let missing: Vec<bool> = values.iter().map(Option::is_none).collect();
    let values: Vec<T> = values.iter().map(|x| x.unwrap_or_default()).collect();
    let array = typed(Array::new(&n, values), "array");
    if !missing.contains(&true) {
        return frame.array(name, array);
    }
    let group = encoded(Group::default(), kind, "0.1.0").array("values", array);
    frame.group(name, group.array("mask", typed(Array::new(&n, missing), "array")))
}

/// Texts as numbers of the sorted different ones; -1: none.
fn categorical(values: &[Option<String>]) -> Group<'_> {
    let mut codes: BTreeMap<&str, i32> = values.iter().flatten().map(|text| (text.as_str(), 0)).collect();
    codes.values_mut().zip(0..).for_each(|(code, i)| *code = i);
    let of = |value: &Option<String>| value.as_deref().map_or(-1, |text| codes[text]);
    let numbers: Vec<i32> = values.iter().map(of).collect();
    encoded(Group::default(), "categorical", "0.2.0")
        .attribute("ordered", Attribute::Bool(false))
        .array("codes", typed(Array::new(&[numbers.len()], numbers), "array"))
        .array("categories", texts(codes.into_keys().collect()))
}

/// An object; what it does not have, or has as null, is left out, and lists are text.
fn object(values: &BTreeMap<String, Value>) -> Group<'_> {
    values
        .iter()
        .fold(encoded(Group::default(), "dict", "0.1.0"), |group, (name, value)| member(group, name, value))
}

fn member<'a>(group: Group<'a>, name: &str, value: &'a Value) -> Group<'a> {
    let name = name.replace('/', "|");
    let one = |array| typed(array, "numeric-scalar");
    match value {
        Value::Null => group,
        Value::Bool(x) => group.array(&name, one(Array::new(&[], vec![*x]))),
        Value::Number(x) => match x.as_i64() {
            Some(x) => group.array(&name, one(Array::new(&[], vec![x]))),
            None => group.array(&name, one(Array::new(&[], vec![x.as_f64().unwrap_or(f64::NAN)]))),
        },
        Value::String(text) => group.array(&name, typed(Array::new(&[], vec![text.as_str()]), "string")),
        Value::Array(_) => group.array(&name, typed(Array::new(&[], vec![value.to_string()]), "string")),
        Value::Object(members) => {
            let none = encoded(Group::default(), "dict", "0.1.0");
            group.group(&name, members.iter().fold(none, |group, (name, value)| member(group, name, value)))
        }
    }
}

#[cfg(test)]
mod tests {
    use hdf5_pure::File;
    use serde_json::json;

    use super::*;

    #[test]
    fn encodings_are_those_of_the_specification() {
        let mut obs = Table::default();
        let text = |texts: [Option<&str>; 3]| Column::Text(texts.map(|t| t.map(str::to_owned)).to_vec());
        obs.push("name", text([Some("a"), Some("b"), Some("c")]));
        obs.push("well/site", text([Some("A01"), None, Some("A01")]));
        obs.push("path", text([Some("x"), Some("y"), Some("z")]));
        obs.push("area", Column::Int(vec![Some(3), None, Some(4)]));
        obs.push("p", Column::Float(vec![Some(0.5), None, Some(1.0)]));
        obs.push("flagged", Column::Bool(vec![Some(true), Some(false), Some(false)]));
        let uns = json!({ "umap": { "n_neighbors": 15, "min_dist": 0.1, "init": "pca" } });
        let write = |obs: &Table| {
            let x = &[1., 2., 3., 4., 5., 6.];
            let var = vec!["f0".into(), "f1".into()];
            let obsm = vec![("X_umap".into(), vec![0.0; 6], 2)];
            let uns = serde_json::from_value(uns.clone()).unwrap();
            AnnData { x, var, obs, obsm, uns }.to_bytes("a.h5ad")
        };
        let file = File::from_bytes(write(&obs).unwrap()).unwrap();
        assert_eq!(file.dataset("X").unwrap().shape().unwrap(), [3, 2]);
        let kind = |place: &str| {
            file.group(place).unwrap().attrs().unwrap()["encoding-type"].as_str().unwrap().to_owned()
        };
        assert_eq!(kind("obs"), "dataframe");
        assert_eq!(kind("obs/well|site"), "categorical");
        assert_eq!(kind("obs/area"), "nullable-integer");
        assert_eq!(file.dataset("obs/well|site/codes").unwrap().read_i32().unwrap(), [0, -1, 0]);
        assert_eq!(file.dataset("obs/_index").unwrap().read_string().unwrap(), ["a", "b", "c"]);
        assert_eq!(file.dataset("obs/path").unwrap().read_string().unwrap(), ["x", "y", "z"]);
        assert_eq!(file.dataset("uns/umap/n_neighbors").unwrap().read_i64().unwrap(), [15]);
        obs.push("well|site", Column::Bool(vec![None; 3]));
        assert!(write(&obs).is_err());
    }
}

//! A package for the BioImage Model Zoo: a zip with a description, `rdf.yaml`, and the files that it names.
//!
//! # Source
//! <https://bioimage-io.github.io/spec-bioimage-io/>; what the description of a model says, version 0.5.4, is written by
//! who knows the model. YAML is <https://yaml.org/spec/1.2.2/>.

use std::io::Write;
use std::path::Path;

use serde_json::Value;

use crate::{FormatError, atomic, zip_of};

/// Version of the description.
pub const FORMAT_VERSION: &str = "0.5.4";
/// Name of the description.
const DESCRIPTION: &str = "rdf.yaml";

/// A part of a description; entries keep their order.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Text, a number, a truth value or nothing.
    Scalar(Value),
    /// One after the other.
    List(Vec<Node>),
    /// By name. Names are letters, digits and `_`.
    Map(Vec<(String, Node)>),
}

impl<T: Into<Value>> From<T> for Node {
    fn from(value: T) -> Node {
        match value.into() {
            Value::Array(values) => Node::List(values.into_iter().map(Node::from).collect()),
            Value::Object(fields) => {
                Node::Map(fields.into_iter().map(|(name, value)| (name, Node::from(value))).collect())
            }
            scalar => Node::Scalar(scalar),
        }
    }
}

impl Node {
    /// Entries by name.
    #[must_use]
    pub fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
        Node::Map(entries.into_iter().map(|(name, node)| (name.to_owned(), node)).collect())
    }

    /// As YAML. Text is quoted, so that nothing in it is taken for structure.
    ///
    /// ```
    /// use formats::bioimage_package::Node;
    /// let axes = Node::List(vec![Node::map([("type", "batch".into())]), Node::map([("id", "x".into()), ("size", 64.into())])]);
    /// let text = Node::map([("axes", axes), ("cite", Node::List(vec![]))]).to_yaml();
    /// assert_eq!(text, "axes:\n- type: \"batch\"\n- id: \"x\"\n  size: 64\ncite: []\n");
    /// ```
    #[must_use]
    pub fn to_yaml(&self) -> String {
        self.lines().into_iter().map(|line| line + "\n").collect()
    }

    fn is_block(&self) -> bool {
        match self {
            Node::Scalar(_) => false,
            Node::List(items) => !items.is_empty(),
            Node::Map(entries) => !entries.is_empty(),
        }
    }

    fn lines(&self) -> Vec<String> {
        match self {
            Node::Scalar(value) => vec![value.to_string()],
            Node::List(items) if items.is_empty() => vec!["[]".to_owned()],
            Node::Map(entries) if entries.is_empty() => vec!["{}".to_owned()],
            Node::List(items) => items.iter().flat_map(Node::item).collect(),
            Node::Map(entries) => entries.iter().flat_map(|(name, node)| node.entry(name)).collect(),
        }
    }

    fn item(&self) -> Vec<String> {
        let begins = |(number, line): (usize, String)| {
            if number == 0 { format!("- {line}") } else { format!("  {line}") }
        };
        self.lines().into_iter().enumerate().map(begins).collect()
    }

    fn entry(&self, name: &str) -> Vec<String> {
        if !self.is_block() {
            return self.lines().into_iter().map(|line| format!("{name}: {line}")).collect();
        }
        let indent = if matches!(self, Node::Map(_)) { "  " } else { "" };
        let inner = self.lines().into_iter().map(|line| format!("{indent}{line}"));
        std::iter::once(format!("{name}:")).chain(inner).collect()
    }
}

/// Writes a package, atomically: the description and the files that it names. The same content gives the same bytes.
///
/// # Errors
/// When a name occurs twice or the file cannot be written.
pub fn write(path: &Path, description: &Node, files: Vec<(String, Vec<u8>)>) -> Result<(), FormatError> {
    let mut members = vec![(DESCRIPTION.to_owned(), description.to_yaml().into_bytes())];
    members.extend(files);
    let zip = zip_of(&members).map_err(|e| FormatError::io(path, "a package that can be written", &e))?;
    atomic::write_file(path, |out| out.write_all(&zip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for text in ["- a: b\n\"c\"", "yes", "0.5.4", "#", "größer"] {
            let yaml = Node::map([("key", text.into())]).to_yaml();
            let quoted = yaml.strip_prefix("key: ").unwrap();
            assert_eq!(serde_json::from_str::<String>(quoted).unwrap(), text);
        }
    }

    #[test]
    fn lists_and_maps_in_each_other() {
        let node = Node::from(serde_json::json!({ "a": { "b": [[1, 2], [], {}], "c": null } }));
        assert_eq!(node.to_yaml(), "a:\n  b:\n  - - 1\n    - 2\n  - []\n  - {}\n  c: null\n");
    }
}

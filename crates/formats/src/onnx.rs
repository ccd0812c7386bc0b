//! ONNX models, written: a graph of operations with constants.
//!
//! # Source
//! <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3>, which has the numbers of the fields.

use std::path::Path;

use crate::protobuf::Message;
use crate::{FormatError, atomic};

/// Version of the operators that are used.
pub const OPSET: i64 = 17;
/// Version of the file format; the oldest that has them.
const IR_VERSION: i64 = 8;

/// A setting of an operation.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// One whole number.
    Int(i64),
    /// One number.
    Float(f32),
    /// Whole numbers.
    Ints(Vec<i64>),
}

/// Values of a constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// 32-bit floats.
    Float(Vec<f32>),
    /// 64-bit floats.
    Double(Vec<f64>),
    /// 64-bit integers.
    Int(Vec<i64>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub struct Constant {
    /// Name by which operations read it.
    pub name: String,
    /// Lengths of the axes.
    pub shape: Vec<usize>,
    /// Values in C order.
    pub values: Values,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// `Conv`, `Relu`, …
    pub op: &'static str,
    /// What it reads.
    pub inputs: Vec<String>,
    /// Name of what it gives.
    pub output: String,
    /// Its settings.
    pub attributes: Vec<(&'static str, Attribute)>,
}

/// An input or output of 32-bit floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Length of each axis; none: the number of samples, which may be any.
    pub shape: Vec<Option<usize>>,
}

/// A model: operations in an order in which each comes after all that it reads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OnnxModel {
    /// Name of the graph.
    pub name: String,
    /// What the model is, for people.
    pub description: String,
    /// Inputs.
    pub inputs: Vec<Port>,
    /// Outputs.
    pub outputs: Vec<Port>,
    /// Constants.
    pub constants: Vec<Constant>,
    /// Operations.
    pub nodes: Vec<Node>,
    /// Facts about the model.
    pub metadata: Vec<(String, String)>,
}

impl OnnxModel {
    /// Adds an operation without settings; gives the name of what it computes.
    pub fn add(&mut self, op: &'static str, inputs: &[&str], output: &str) -> String {
        self.add_with(op, inputs, output, Vec::new())
    }

    /// Adds an operation; gives the name of what it computes.
    pub fn add_with(
        &mut self,
        op: &'static str,
        inputs: &[&str],
        output: &str,
        attributes: Vec<(&'static str, Attribute)>,
    ) -> String {
        let inputs = inputs.iter().map(|&name| name.to_owned()).collect();
        self.nodes.push(Node { op, inputs, output: output.to_owned(), attributes });
        output.to_owned()
    }

    /// Adds a constant; gives its name.
    pub fn constant(&mut self, name: &str, shape: &[usize], values: Values) -> String {
        self.constants.push(Constant { name: name.to_owned(), shape: shape.to_vec(), values });
        name.to_owned()
    }

    /// The bytes of the file; the same model gives the same bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let graph = Message::default()
            .messages(1, &self.nodes, node)
            .bytes(2, &self.name)
            .messages(5, &self.constants, constant)
            .bytes(10, &self.description)
            .messages(11, &self.inputs, port)
            .messages(12, &self.outputs, port);
        Message::default()
            .int(1, IR_VERSION)
            .bytes(2, "morphotype")
            .bytes(3, env!("CARGO_PKG_VERSION"))
            .message(7, graph)
            .message(8, Message::default().bytes(1, "").int(2, OPSET))
            .messages(14, &self.metadata, |(key, value)| Message::default().bytes(1, key).bytes(2, value))
            .into_bytes()
    }

    /// Writes the file, atomically.
    ///
    /// # Errors
    /// When it cannot be written, or would be larger than the 2 GB that the format allows.
    pub fn write(&self, path: &Path) -> Result<(), FormatError> {
        let bytes = self.to_bytes();
        if bytes.len() > i32::MAX as usize {
            let found = format!("{} bytes", bytes.len());
            return Err(FormatError::new(path, "a model that fits into 2 GB, as ONNX files must", found));
        }
        atomic::write_file(path, |out| std::io::Write::write_all(out, &bytes))
    }
}

fn node(node: &Node) -> Message {
    let message = node.inputs.iter().fold(Message::default(), |message, input| message.bytes(1, input));
    let message = message.bytes(2, &node.output).bytes(3, &node.output).bytes(4, node.op);
    message.messages(5, &node.attributes, |(name, value)| {
        let message = Message::default().bytes(1, name);
        match value {
            Attribute::Float(value) => message.float(2, *value).int(20, 1),
            Attribute::Int(value) => message.int(3, *value).int(20, 2),
            Attribute::Ints(values) => {
                values.iter().fold(message, |message, &value| message.int(8, value)).int(20, 7)
            }
        }
    })
}

fn constant(constant: &Constant) -> Message {
    let dimensions = |message: Message, &length: &usize| message.int(1, length as i64);
    let (kind, raw): (i64, Vec<u8>) = match &constant.values {
        Values::Float(values) => (1, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Values::Int(values) => (7, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
        Values::Double(values) => (11, values.iter().flat_map(|v| v.to_le_bytes()).collect()),
    };
    let message = constant.shape.iter().fold(Message::default(), dimensions);
    message.int(2, kind).bytes(8, &constant.name).bytes(9, raw)
}

fn port(port: &Port) -> Message {
    let axis = |length: &Option<usize>| match length {
        Some(length) => Message::default().int(1, *length as i64),
        None => Message::default().bytes(2, "n"),
    };
    let shape = Message::default().messages(1, &port.shape, axis);
    let tensor = Message::default().int(1, 1).message(2, shape);
    Message::default().bytes(1, &port.name).message(2, Message::default().message(1, tensor))
}

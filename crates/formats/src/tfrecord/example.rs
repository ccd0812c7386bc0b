//! The message `tf.train.Example`: lists of bytes or numbers by name.
//!
//! # Source
//! <https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/example/feature.proto>

use std::collections::BTreeMap;

use crate::protobuf::{Fields, Message, Value, varint};

/// What a feature holds. Lists of floats are skipped: there is none in records of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feature {
    Bytes(Vec<Vec<u8>>),
    Ints(Vec<i64>),
    Other,
}

/// The features of one record, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Example(pub BTreeMap<String, Feature>);

impl Example {
    /// The same example, with bytes.
    pub fn bytes(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(name.to_owned(), Feature::Bytes(vec![bytes.into()]));
        self
    }

    /// The same example, with a whole number.
    pub fn int(mut self, name: &str, value: i64) -> Self {
        self.0.insert(name.to_owned(), Feature::Ints(vec![value]));
        self
    }

    /// The bytes called `name`, when there is one such value.
    pub fn one_bytes(&self, name: &str) -> Option<&[u8]> {
        match self.0.get(name)? {
            Feature::Bytes(values) if values.len() == 1 => Some(&values[0]),
            _ => None,
        }
    }

    /// The whole number called `name`, when there is one such value.
    pub fn one_int(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Feature::Ints(values) if values.len() == 1 => Some(values[0]),
            _ => None,
        }
    }

    /// The message as bytes, features in the order of their names.
    pub fn encode(&self) -> Vec<u8> {
        let feature = |feature: &Feature| match feature {
            Feature::Bytes(values) => {
                let list = values.iter().fold(Message::default(), |list, value| list.bytes(1, value));
                Message::default().message(1, list)
            }
            Feature::Ints(values) => {
                let list = values.iter().fold(Message::default(), |list, &value| list.int(1, value));
                Message::default().message(3, list)
            }
            Feature::Other => Message::default(),
        };
        let entry = |(name, value)| Message::default().bytes(1, name).message(2, feature(value));
        let features = Message::default().messages(1, &self.0, entry);
        Message::default().message(1, features).into_bytes()
    }

    /// The message in `bytes`; none when it is broken.
    pub fn decode(bytes: &[u8]) -> Option<Example> {
        let mut found = BTreeMap::new();
        for features in messages(bytes, 1) {
            for entry in messages(features?, 1) {
                let (mut name, mut feature) = (String::new(), Feature::Other);
                for field in Fields::new(entry?) {
                    match field? {
                        (1, Value::Bytes(text)) => name = String::from_utf8(text.to_vec()).ok()?,
                        (2, Value::Bytes(message)) => feature = decode_feature(message)?,
                        _ => {}
                    }
                }
                found.insert(name, feature);
            }
        }
        Some(Example(found))
    }
}

fn decode_feature(bytes: &[u8]) -> Option<Feature> {
    let mut feature = Feature::Other;
    for field in Fields::new(bytes) {
        feature = match field? {
            (1, Value::Bytes(list)) => {
                let values: Option<Vec<Vec<u8>>> =
                    messages(list, 1).map(|value| value.map(<[u8]>::to_vec)).collect();
                Feature::Bytes(values?)
            }
            (3, Value::Bytes(list)) => Feature::Ints(ints(list)?),
            _ => Feature::Other,
        };
    }
    Some(feature)
}

/// Whole numbers, one by one or packed.
fn ints(list: &[u8]) -> Option<Vec<i64>> {
    let mut values = Vec::new();
    for field in Fields::new(list) {
        match field? {
            (1, Value::Int(value)) => values.push(value.cast_signed()),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    values.push(varint(&mut packed)?.cast_signed());
                }
            }
            _ => return None,
        }
    }
    Some(values)
}

/// The messages or bytes in field `number`; a broken field is none, and the last.
fn messages(bytes: &[u8], number: u64) -> impl Iterator<Item = Option<&[u8]>> {
    Fields::new(bytes).filter_map(move |field| match field {
        None => Some(None),
        Some((n, Value::Bytes(message))) if n == number => Some(Some(message)),
        Some(_) => None,
    })
}

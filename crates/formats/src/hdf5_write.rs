//! Writing HDF5 files: groups, arrays and attributes, in the order in which they were added.
//!
//! Files are in the format of HDF5 1.8, which every reader in use opens. Nothing in them depends on the clock.
//!
//! # Source
//! <https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>, written by the crate `hdf5-pure`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};

use hdf5_pure::{
    AttrValue, DatasetBuilder, EnumTypeBuilder, Error, FileBuilder, GroupBuilder, LibVer, make_i8_type,
};

/// What an attribute says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Attribute {
    Text(String),
    Texts(Vec<String>),
    /// As h5py writes a truth value.
    Bool(bool),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Attribute::Text(text.to_owned())
    }
}

/// The values of an array, in C order; made from slices and vectors of them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Values<'a> {
    F32(Cow<'a, [f32]>),
    F64(Cow<'a, [f64]>),
    I32(Cow<'a, [i32]>),
    I64(Cow<'a, [i64]>),
    Bools(Cow<'a, [bool]>),
    /// UTF-8, each of its own length.
    Texts(Vec<Cow<'a, str>>),
}

macro_rules! values {
    ($($of:ty => $kind:ident),*) => {$(
        impl<'a> From<&'a [$of]> for Values<'a> {
            fn from(values: &'a [$of]) -> Self {
                Values::$kind(values.into())
            }
        }

        impl<'a> From<Vec<$of>> for Values<'a> {
            fn from(values: Vec<$of>) -> Self {
                Values::$kind(values.into())
            }
        }
    )*};
}
values!(f32 => F32, f64 => F64, i32 => I32, i64 => I64, bool => Bools);

impl<'a> From<Vec<&'a str>> for Values<'a> {
    fn from(texts: Vec<&'a str>) -> Self {
        Values::Texts(texts.into_iter().map(Cow::Borrowed).collect())
    }
}

impl From<Vec<String>> for Values<'_> {
    fn from(texts: Vec<String>) -> Self {
        Values::Texts(texts.into_iter().map(Cow::Owned).collect())
    }
}

/// An array: `shape` is empty for a single value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array<'a> {
    shape: Vec<usize>,
    values: Values<'a>,
    attributes: Vec<(String, Attribute)>,
}

impl<'a> Array<'a> {
    /// An array of these lengths of the axes; their product is the number of values.
    pub fn new(shape: &[usize], values: impl Into<Values<'a>>) -> Self {
        Array { shape: shape.to_vec(), values: values.into(), attributes: Vec::new() }
    }

    /// The same array, with an attribute.
    pub fn attribute(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    fn fill(&self, array: &mut DatasetBuilder) -> Result<(), Error> {
        match &self.values {
            Values::F32(values) => array.with_f32_data(values),
            Values::F64(values) => array.with_f64_data(values),
            Values::I32(values) => array.with_i32_data(values),
            Values::I64(values) => array.with_i64_data(values),
            Values::Bools(values) => {
                let bytes: Vec<u8> = values.iter().map(|value| u8::from(*value)).collect();
                let kind = EnumTypeBuilder::with_base(make_i8_type());
                let kind = kind.raw_value("FALSE", &[0]).raw_value("TRUE", &[1]).build()?;
                array.with_enum_u8_data(kind, &bytes)
            }
            Values::Texts(texts) => {
                array.with_vlen_strings(&texts.iter().map(AsRef::as_ref).collect::<Vec<_>>())
            }
        };
        let shape: Vec<u64> = self.shape.iter().map(|&n| n as u64).collect();
        array.with_shape(&shape);
        for (name, value) in &self.attributes {
            array.set_attr(name, attribute(value));
        }
        Ok(())
    }
}

/// A group, which holds groups and arrays; the outermost one is the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Group<'a> {
    attributes: Vec<(String, Attribute)>,
    arrays: Vec<(String, Array<'a>)>,
    groups: Vec<(String, Group<'a>)>,
}

impl<'a> Group<'a> {
    /// The same group, with an attribute.
    pub fn attribute(mut self, name: &str, value: impl Into<Attribute>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same group, with an array in it. Names have no `/`.
    pub fn array(mut self, name: &str, array: Array<'a>) -> Self {
        self.arrays.push((name.to_owned(), array));
        self
    }

    /// The same group, with a group in it. Names have no `/`.
    pub fn group(mut self, name: &str, group: Group<'a>) -> Self {
        self.groups.push((name.to_owned(), group));
        self
    }

    /// Writes a file with this group as its root.
    ///
    /// # Errors
    /// When two things have one name, a name has a `/`, a shape does not fit its values, or `out` fails.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let broken = |error| match error {
            Error::Io(error) => error,
            error => io::Error::new(io::ErrorKind::InvalidInput, error.to_string()),
        };
        let mut file = FileBuilder::new();
        file.with_libver_bounds(LibVer::Earliest, LibVer::V18);
        self.fill(&mut file).map_err(broken)?;
        file.finish_to(out).map_err(broken)
    }

    fn fill(&self, place: &mut impl Place) -> Result<(), Error> {
        let mut names =
            self.arrays.iter().map(|(name, _)| name).chain(self.groups.iter().map(|(name, _)| name));
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.find(|&name| !seen.insert(name)) {
            let message = format!("expected names that differ in a group, found {twice:?} twice");
            return Err(Error::Io(io::Error::new(io::ErrorKind::InvalidInput, message)));
        }
        for (name, value) in &self.attributes {
            place.attribute(name, attribute(value));
        }
        for (name, array) in &self.arrays {
            array.fill(place.array(name))?;
        }
        for (name, group) in &self.groups {
            let mut inner = place.group(name);
            group.fill(&mut inner)?;
            place.add(inner);
        }
        Ok(())
    }
}

fn attribute(value: &Attribute) -> AttrValue {
    match value {
        Attribute::Text(text) => AttrValue::VarLenString(text.clone()),
        Attribute::Texts(texts) => AttrValue::VarLenStringArray(texts.clone()),
        Attribute::Bool(value) => AttrValue::U8(u8::from(*value)),
    }
}

/// The root and a group inside are filled alike.
trait Place {
    fn attribute(&mut self, name: &str, value: AttrValue);
    fn array(&mut self, name: &str) -> &mut DatasetBuilder;
    fn group(&mut self, name: &str) -> GroupBuilder;
    fn add(&mut self, group: GroupBuilder);
}

macro_rules! place {
    ($kind:ty) => {
        impl Place for $kind {
            fn attribute(&mut self, name: &str, value: AttrValue) {
                self.set_attr(name, value);
            }

            fn array(&mut self, name: &str) -> &mut DatasetBuilder {
                self.create_dataset(name)
            }

            fn group(&mut self, name: &str) -> GroupBuilder {
                self.create_group(name)
            }

            fn add(&mut self, group: GroupBuilder) {
                self.add_group(group.finish());
            }
        }
    };
}
place!(FileBuilder);
place!(GroupBuilder);

#[cfg(test)]
mod tests {
    use hdf5_pure::File;

    use super::*;

    fn example() -> Group<'static> {
        let column = Array::new(&[2], vec!["µm", ""]).attribute("encoding-type", "string-array");
        let deep = Group::default()
            .array("0", Array::new(&[2, 2], vec![1_f32, 2., 3., 4.]))
            .array("none", Array::new(&[0, 7], Vec::<f32>::new()));
        Group::default()
            .attribute("names", Attribute::Texts(vec!["a".into(), "größer".into()]))
            .attribute("ordered", Attribute::Bool(false))
            .array("text", column)
            .array("one", Array::new(&[], vec!["alone"]))
            .array("codes", Array::new(&[3], vec![0, -1, 1]))
            .array("right", Array::new(&[2], vec![true, false]))
            .group("layers", Group::default().group("vars", deep).attribute("n", "three"))
    }

    #[test]
    fn what_is_written_is_read() {
        let mut bytes = Vec::new();
        example().write(&mut bytes).unwrap();
        let mut again = Vec::new();
        example().write(&mut again).unwrap();
        assert!(bytes == again);
        let file = File::from_bytes(bytes).unwrap();
        assert_eq!(file.dataset("layers/vars/0").unwrap().read_f32().unwrap(), [1., 2., 3., 4.]);
        assert_eq!(file.dataset("layers/vars/none").unwrap().shape().unwrap(), [0, 7]);
        assert_eq!(file.dataset("text").unwrap().read_string().unwrap(), ["µm", ""]);
        assert_eq!(file.dataset("one").unwrap().shape().unwrap(), [0_u64; 0]);
        assert_eq!(file.dataset("codes").unwrap().read_i32().unwrap(), [0, -1, 1]);
        let names = &file.root().attrs().unwrap()["names"];
        assert_eq!(names.as_strings().unwrap(), ["a", "größer"]);
        assert_eq!(file.group("layers").unwrap().attrs().unwrap()["n"].as_str(), Some("three"));
    }

    #[test]
    fn names_and_shapes_that_cannot_be_are_refused() {
        let one = || Array::new(&[1], vec![1]);
        let refused = |root: Group<'_>| root.write(Vec::new()).is_err();
        assert!(refused(Group::default().array("a/b", one())));
        assert!(refused(Group::default().array("a", one()).array("a", one())));
        assert!(refused(Group::default().array("a", Array::new(&[2], vec![1]))));
        assert!(!refused(Group::default().array("a", one())));
    }
}

//! The only place that knows file formats; every file is hostile.
//!
//! [`source::open`] reads labelled cells from whatever they are in; [`crops`] keeps them; [`model`] and [`table`]
//! hold what is learned from them. [`microscope::Image`] opens what microscopes write. Readers take bytes or a reader
//! underneath, check lengths before they allocate, and refuse with a [`FormatError`] that has the path, what was
//! expected and what was found. Writers are [`atomic`].

pub mod anndata;
pub mod annotation;
mod archive;
pub mod atomic;
pub mod bioimage_package;
pub mod channels;
pub mod class_folders;
pub mod crops;
mod error;
pub mod features;
pub mod fit;
mod foreign;
pub mod groups;
mod hdf5;
mod hdf5_write;
pub mod image;
mod input;
mod jpeg;
pub mod keras;
pub mod label_points;
pub mod label_store;
pub mod labels;
pub mod microscope;
pub mod model;
pub mod movie;
pub mod npy;
pub mod npz;
pub mod onnx;
mod patch;
pub mod plate_map;
pub mod point_table;
mod protobuf;
pub mod source;
pub mod sparse_movie;
mod spreadsheet;
pub mod table;
pub mod tensorboard;
pub mod tfrecord;
mod watch;

pub use archive::{ZipLimits, zip_of};
pub use error::FormatError;
pub use watch::{Watch, unwatched};

//! The words by which every verb is told its cells.

use std::path::PathBuf;

use study::{
    Dataset, Progress, StudyError,
    source::{Axes, CellSet, Filter, Fit, FitMethod, GroupBy, ReadOptions, Request},
};

/// Labelled cells: annotation zips, folders of class folders, .npy, .npz, TFRecord, crop sets
#[derive(clap::Args)]
pub struct Sources {
    /// Annotation zips or a folder of them, a folder of class folders with images, .npy, .npz, .tfrecord, crop sets
    #[arg(value_name = "CELLS", required_unless_present = "class")]
    sources: Vec<PathBuf>,

    /// A file or folder whose cells are all of one class, e.g. --class stress=stress.npy
    #[arg(long, value_name = "NAME=FILE", value_parser = pair)]
    class: Vec<(String, String)>,

    /// Only these classes, numbered in this order
    #[arg(long, value_name = "NAME,…", value_delimiter = ',')]
    classes: Vec<String>,

    /// Also take cells whose window hangs over the border of their image
    #[arg(long)]
    flagged: bool,

    /// Names of keys in an .npz, e.g. images=x,labels=y
    #[arg(long, value_name = "KEY=NAME,…", value_delimiter = ',', value_parser = pair)]
    keys: Vec<(String, String)>,

    /// Order of the axes of .npy and .npz images, when it cannot be told
    #[arg(long, value_name = "ORDER", value_parser = ["nchw", "nhwc"])]
    axes: Option<String>,

    /// Only the cells of this part of the data as published, e.g. train
    #[arg(long, value_name = "NAME")]
    split: Option<String>,

    /// What to do with patches of unequal size
    #[arg(long, value_name = "HOW", value_parser = ["crop", "pad", "resize"], requires = "size")]
    fit: Option<String>,

    /// Rows and columns of the fitted patches, pixels
    #[arg(long, value_name = "PIXELS", requires = "fit")]
    size: Option<usize>,

    /// A table about the cells (.csv or .parquet) with a column file or name; cells that it does not list are left out
    #[arg(long, value_name = "TABLE")]
    table: Option<PathBuf>,

    /// Only cells whose row in the table says so: COLUMN=VALUE or COLUMN!=VALUE
    #[arg(long = "where", value_name = "CONDITION", requires = "table")]
    conditions: Vec<Filter>,

    /// Column of the table that names each cell's group (its image, movie, donor, …)
    #[arg(long, value_name = "COLUMN", requires = "table")]
    group_column: Option<String>,

    /// Regular expression that finds the group in a file name
    #[arg(long, value_name = "REGEX", conflicts_with = "group_column")]
    group_pattern: Option<String>,

    /// Each source file is a group
    #[arg(long, conflicts_with_all = ["group_column", "group_pattern"])]
    group_source: bool,
}

impl Sources {
    /// Opens the cells.
    pub fn open(&self, progress: &dyn Progress) -> Result<Dataset, StudyError> {
        let data = self.request().open(progress)?;
        progress.say(&data.summary());
        Ok(data)
    }

    /// The cells, when any are named.
    pub fn named(&self) -> Option<Request> {
        (!self.sources.is_empty() || !self.class.is_empty()).then(|| self.request())
    }

    /// Reads the cells into memory.
    pub fn read(&self, progress: &dyn Progress) -> Result<CellSet, StudyError> {
        self.request().read(progress)
    }

    /// The files and folders, as named.
    pub fn paths(&self) -> &[PathBuf] {
        &self.sources
    }

    /// The regular expression for groups.
    pub fn group_pattern(&self) -> Option<&str> {
        self.group_pattern.as_deref()
    }

    /// The cells, as named.
    pub fn request(&self) -> Request {
        let group = match (&self.group_column, &self.group_pattern) {
            (Some(column), _) => GroupBy::Column(column.clone()),
            (None, Some(pattern)) => GroupBy::Pattern(pattern.clone()),
            (None, None) if self.group_source => GroupBy::Source,
            (None, None) => GroupBy::Known,
        };
        let method = match self.fit.as_deref() {
            Some("crop") => FitMethod::Crop,
            Some("pad") => FitMethod::Pad,
            _ => FitMethod::Resize,
        };
        let options = ReadOptions {
            flagged: self.flagged,
            keys: self.keys.iter().cloned().collect(),
            axes: self.axes.as_deref().map(|a| if a == "nchw" { Axes::Nchw } else { Axes::Nhwc }),
            split: self.split.clone(),
            fit: self.size.map(|size| Fit { method, size }),
            classes: self.class.iter().map(|(name, file)| (name.clone(), PathBuf::from(file))).collect(),
            table: self.table.clone(),
            filters: self.conditions.clone(),
            group,
            ..ReadOptions::default()
        };
        Request { sources: self.sources.clone(), options, classes: self.classes.clone() }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .filter(|(key, value)| !key.is_empty() && !value.is_empty())
        .ok_or_else(|| format!("expected NAME=VALUE, found {text:?}"))
}

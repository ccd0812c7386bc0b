//! The files of a report, written all together or not at all.

use std::{collections::BTreeMap, io::Write, path::Path};

use formats::{FormatError, atomic};

use super::paint::Theme;
use super::raster::{self, RasterError};
use super::scene::Scene;

/// Pixels of a PNG per unit of its drawing: 192 dots per inch.
const SCALE: f64 = 2.0;

/// Contents of files by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    /// Adds a file.
    pub fn add(&mut self, name: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), content.into());
    }

    /// Adds a drawing as SVG and PNG.
    ///
    /// # Errors
    /// When it is larger than can be drawn.
    pub fn add_figure(&mut self, scene: &Scene) -> Result<(), RasterError> {
        self.add(format!("{}.svg", scene.name), scene.svg(Theme::Paper));
        self.add(format!("{}.png", scene.name), raster::png(scene, Theme::Paper, SCALE)?);
        Ok(())
    }

    /// Adds all files of `more`.
    pub fn add_all(&mut self, more: Files) {
        self.0.extend(more.0);
    }

    /// Adds all files of another report into `folder` of this one.
    pub fn add_folder(&mut self, folder: &str, files: Files) {
        self.0.extend(files.0.into_iter().map(|(name, content)| (format!("{folder}/{name}"), content)));
    }

    /// The content of a file.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Names in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Writes all into the folder `path`, which is new, empty, or holds a file `mark` of an earlier report and is then
    /// replaced.
    ///
    /// # Errors
    /// When something else is there or it cannot be written; then what was there stays.
    pub fn write(&self, path: &Path, mark: &str) -> Result<(), FormatError> {
        atomic::write_folder(path, mark, |folder| {
            self.0.iter().try_for_each(|(name, content)| {
                let file = folder.join(name);
                if let Some(inside) = file.parent() {
                    std::fs::create_dir_all(inside)
                        .map_err(|e| FormatError::io(inside, "a folder that can be written", &e))?;
                }
                atomic::write_file(&file, |out| out.write_all(content))
            })
        })
    }
}

/// A file name from any text: letters, digits and `-`, at most 40.
///
/// ```
/// assert_eq!(study::report::folder::slug("../Pro metaphase/2"), "Pro-metaphase-2");
/// ```
#[must_use]
pub fn slug(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let short: String = out.trim_end_matches('-').chars().take(40).collect();
    if short.is_empty() { "class".to_owned() } else { short }
}

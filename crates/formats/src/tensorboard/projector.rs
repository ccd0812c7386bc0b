//! Files of TensorBoard's embedding projector: points, what is known of them, their pictures.
//!
//! # Source
//! <https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/projector/projector_config.proto>

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use crate::{FormatError, atomic};

/// File by which the projector finds the others.
pub(super) const CONFIG: &str = "projector_config.pbtxt";

/// Points, each with what is known of it and a picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Projector {
    /// What the points are called.
    pub name: String,
    /// Numbers of a point.
    pub n_columns: usize,
    /// All numbers, `[n, n_columns]`.
    pub values: Vec<f32>,
    /// Names of the columns of `rows`.
    pub header: Vec<String>,
    /// What is known of each point.
    pub rows: Vec<Vec<String>>,
    /// All pictures as one PNG file: as many columns as rows of them, one after another.
    pub sprite: Vec<u8>,
    /// Width and height of one picture, pixels.
    pub picture: (u32, u32),
}

impl Projector {
    /// Writes `projector_config.pbtxt`, `tensors.tsv`, `metadata.tsv` and `sprite.png` into the folder of a run. Tabs and
    /// ends of lines in texts become spaces.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), FormatError> {
        std::fs::create_dir_all(folder)
            .map_err(|e| FormatError::io(folder, "a folder that can be written", &e))?;
        let put =
            |name: &str, bytes: &[u8]| atomic::write_file(&folder.join(name), |out| out.write_all(bytes));
        put("tensors.tsv", self.tensors().as_bytes())?;
        put("metadata.tsv", self.metadata().as_bytes())?;
        put("sprite.png", &self.sprite)?;
        put(CONFIG, self.config().as_bytes())
    }

    fn tensors(&self) -> String {
        let mut text = String::new();
        for row in self.values.chunks_exact(self.n_columns.max(1)) {
            for (i, value) in row.iter().enumerate() {
                let _ = write!(text, "{}{value}", if i == 0 { "" } else { "\t" });
            }
            text.push('\n');
        }
        text
    }

    /// With one column the projector takes the first line for a point, so there is no header then.
    fn metadata(&self) -> String {
        let header = (self.header.len() > 1).then_some(&self.header);
        let line = |texts: &Vec<String>| {
            let texts: Vec<String> = texts.iter().map(|text| text.replace(['\t', '\n', '\r'], " ")).collect();
            texts.join("\t") + "\n"
        };
        header.into_iter().chain(&self.rows).map(line).collect()
    }

    fn config(&self) -> String {
        let (w, h) = self.picture;
        format!(
            "embeddings {{\n  tensor_name: {:?}\n  tensor_path: \"tensors.tsv\"\n  metadata_path: \"metadata.tsv\"\n  \
             sprite {{\n    image_path: \"sprite.png\"\n    single_image_dim: {w}\n    single_image_dim: {h}\n  }}\n}}\n",
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_in_their_line() {
        let projector = Projector {
            name: "features".into(),
            n_columns: 2,
            values: vec![0.5, 1.0, -2.0, 1e-9],
            header: vec!["name".into(), "class".into()],
            rows: vec![vec!["a\tb\n".into(), "x".into()], vec!["c".into(), "y".into()]],
            sprite: Vec::new(),
            picture: (64, 48),
        };
        assert_eq!(projector.metadata(), "name\tclass\na b \tx\nc\ty\n");
        assert_eq!(projector.tensors(), "0.5\t1\n-2\t0.000000001\n");
        assert!(projector.config().contains("single_image_dim: 64\n    single_image_dim: 48"));
    }
}

//! `morphotype info`.

use std::path::PathBuf;

use study::StudyError;
use study::info::{InfoSettings, info};

use crate::out;

/// What is in an image: axes, channels, type, sizes, units, intensities
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Info {
    /// TIFF, PNG, JPEG, OME-Zarr, a folder of images, or a path with {t}, {c}, {z}, {plate}, {well}, {field}
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// What the names of files in a folder mean: imagexpress, operetta, or such as {well}_s{field}_w{c}.tif
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<String>,

    /// The field to describe, counted from 0
    #[arg(long, value_name = "N", default_value_t = 0)]
    field: usize,

    /// Look up intensities in all planes, not only in three frames
    #[arg(long)]
    all_planes: bool,

    /// Print JSON, one object on a line for each image
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  morphotype info movie.ome.tif
  morphotype info plate.zarr --field 3 --json
  morphotype info 'screen/{plate}/{well}_s{field}_w{c}.tif'
  morphotype info screen/ --pattern imagexpress";

impl Info {
    /// Looks.
    pub fn run(self) -> Result<(), StudyError> {
        let settings = InfoSettings { pattern: self.pattern, field: self.field, all_planes: self.all_planes };
        for path in &self.images {
            let found = info(path, &settings)?;
            if self.json {
                out::print([found.json()])?;
            } else {
                out::print(found.lines())?;
            }
        }
        Ok(())
    }
}

//! `morphotype crop`.

use std::path::PathBuf;

use study::StudyError;
use study::crop::{CropRequest, Group, crop, sweep};

use super::cutting::{Cutting, half};
use crate::bar::Bar;
use crate::out;

/// Cut cells out of images: around points, by contours, from masks, or detected
#[derive(clap::Args)]
#[command(after_help = EXAMPLES, mut_group("how", |how| how.required(true)))]
pub struct Crop {
    /// Images (TIFF, OME-TIFF, ImageJ, PNG, JPEG, OME-Zarr), folders of them, or a path with {t}, {c}, {z}, {plate}, {well}, {field}
    #[arg(value_name = "IMAGE", required = true)]
    images: Vec<PathBuf>,

    /// The crop set to write, a folder NAME.crops
    #[arg(short, long, value_name = "NAME.crops", default_value = "cells.crops")]
    output: PathBuf,

    #[command(flatten)]
    cutting: Cutting,

    /// Half of the crop's rows and columns, pixels: 25, or 25,20 [default: 32 for points, else 25]
    #[arg(long, value_name = "PIXELS", value_parser = half)]
    half: Option<(usize, usize)>,

    /// Which cells are relatives: those of one field, image, well or plate
    #[arg(long, value_name = "WHAT", value_parser = ["field", "image", "well", "plate"], default_value = "field")]
    group_by: String,

    /// Regular expression that finds the group (well, plate, donor) in the path of an image
    #[arg(long, value_name = "REGEX", conflicts_with = "group_by")]
    group_pattern: Option<String>,

    /// Folder for pictures of what was cut, and a page
    #[arg(long, value_name = "DIR")]
    check: Option<PathBuf>,

    /// Go on where an interrupted run of the same command stopped
    #[arg(long)]
    resume: bool,
}

const EXAMPLES: &str = "\
Examples:
  morphotype crop control/*.tif -o control.crops --method percentile --check control_check
  morphotype crop fields/ -o cells.crops --method auto --group-pattern '([A-P][0-9]{2})_s'
  morphotype crop movie.tif -o nuclei.crops --points clicks.csv --half 32
  morphotype crop images/ -o cells.crops --labels masks/ --blank
  morphotype crop field.tif --method percentile --percent 1..10 --check choice";

impl Crop {
    /// Cuts.
    pub fn run(self) -> Result<(), StudyError> {
        let request = self.request()?;
        let bar = Bar::new();
        if let Some(percents) = self.cutting.choice() {
            let (Some(folder), true) = (&self.check, self.cutting.is_published()) else {
                let expected =
                    "a range of --percent with --method percentile and --check DIR, which shows the choice";
                return Err(StudyError::Refused(format!("expected {expected}, found it without")));
            };
            let lines = sweep(&request, percents, folder)?;
            return out::print(
                lines.into_iter().chain([format!("choice: {}", folder.join("sweep.html").display())]),
            );
        }
        let done = crop(&request, &bar)?;
        let mut lines = done.lines;
        lines.push(format!("crop set: {}", request.output.display()));
        if let Some(folder) = &request.check {
            lines.push(format!("check: {}", folder.join("crops.html").display()));
        }
        out::print(lines)?;
        if done.failed.is_empty() { Ok(()) } else { Err(StudyError::SomeFailed(done.failed)) }
    }

    fn request(&self) -> Result<CropRequest, StudyError> {
        let half = self.half.unwrap_or_else(|| self.cutting.usual_half());
        let request = self.cutting.request(&self.images, self.output.clone(), half)?;
        let group = match (&self.group_pattern, self.group_by.as_str()) {
            (Some(pattern), _) => Group::Path(pattern.clone()),
            (None, "image") => Group::Image,
            (None, "well") => Group::Well,
            (None, "plate") => Group::Plate,
            _ => Group::Field,
        };
        Ok(CropRequest { group, resume: self.resume, check: self.check.clone(), ..request })
    }
}

//! The shading that the images of a plate or movie have in common.

use cells::Pixels;
use cells::cut::Plane;
use cells::cut::smooth::{Grid, quantile};
use formats::microscope::At;
use rayon::prelude::*;

use super::request::Focus;
use super::view::Shading;
use super::{Unit, Work};
use crate::StudyError;

/// Blocks along the longer side.
const BLOCKS: usize = 16;

/// For each channel and block the median over frames of the block's mean, divided by its own mean: what all frames share, whatever
/// cells lie in them. Frames that cannot be read do not count.
///
/// # Errors
/// Images of different size or number of channels; an image that is dark throughout; a request to stop.
pub fn estimate(units: &[Unit], work: &Work) -> Result<Shading, StudyError> {
    work.progress.begin("shading", units.len() as u64);
    let grids: Vec<Vec<Grid>> = units.par_iter().filter_map(|unit| of_frame(unit, work).ok()).collect();
    if work.progress.cancelled() {
        return Err(StudyError::Interrupted("nothing was cut yet".to_owned()));
    }
    let Some(first) = grids.first() else {
        return Err(StudyError::Refused(
            "expected a frame to estimate the shading from, found none".to_owned(),
        ));
    };
    let size = |grids: &Vec<Grid>| (grids.len(), grids.first().map(Grid::size));
    if let Some(other) = grids.iter().find(|grids| size(grids) != size(first)) {
        let message = format!(
            "expected images of one size and number of channels for --illumination, found blocks of {:?} and {:?}",
            size(first),
            size(other)
        );
        return Err(StudyError::Refused(message));
    }
    let common = |c: usize| {
        let (rows, columns) = first[c].size();
        let median = |k: usize| quantile(grids.iter().map(|frame| frame[c].values()[k]).collect(), 0.5);
        let medians: Vec<f32> = (0..rows * columns).map(median).collect();
        let mean = medians.iter().sum::<f32>() / medians.len() as f32;
        // Dividing by next to nothing would make noise into cells.
        let even = |v: f32| (v / mean).clamp(0.1, 10.0);
        let values: Vec<f32> = medians.into_iter().map(even).collect();
        (mean > 0.0).then_some(values).and_then(|values| Grid::new(rows, columns, values)).ok_or_else(|| {
            StudyError::Refused(format!("expected light in channel {c} for --illumination, found none"))
        })
    };
    let grids = (0..first.len()).map(common).collect::<Result<_, _>>()?;
    Ok(Shading { grids })
}

/// Means of blocks of each channel.
fn of_frame(unit: &Unit, work: &Work) -> Result<Vec<Grid>, StudyError> {
    let field = work.open(unit.image)?.field(unit.field)?;
    let z = unit.z.unwrap_or(if let Focus::Plane(z) = work.request.focus { z } else { 0 });
    let side = field.h().max(field.w()).div_ceil(BLOCKS);
    let mean = |block: Vec<f32>| block.iter().sum::<f32>() / block.len().max(1) as f32;
    (0..field.facts().channels.len())
        .map(|c| {
            let pixels: Pixels = field.plane(At { t: unit.t, z, c })?.values.into_pixels();
            let mut values = vec![0.0; pixels.len()];
            pixels.copy_to(0, &mut values);
            Plane::new(&values, field.h(), field.w())
                .map(|plane| Grid::of_blocks(plane, side, mean))
                .ok_or_else(|| StudyError::Refused("expected an image with pixels, found none".to_owned()))
        })
        .collect()
}

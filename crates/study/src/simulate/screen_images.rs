//! `simulate screen --images`: a small screen as a microscope leaves it, and cells to learn from.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cells::cut::auto::{AutoSettings, Modality};
use cells::cut::window::{Border, Rounding, WindowSettings};
use cells::simulate::screen::MAX_FIELDS;
use cells::simulate::{
    Condition, PhaseCell, PhaseField, PhaseSettings, ScreenSettings, ScreenWell, field_of, phase,
};
use cells::{Cell, CellSet};
use formats::crops;
use formats::table::{Column, Table};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::screen::{name, plate, summary, write_map};
use super::{make, real, whole, words};
use crate::crop::{CropRequest, Focus, Group, Method, crop};
use crate::error::plural;
use crate::progress::stop_if_asked;
use crate::{Progress, Silent, StudyError};

/// Share of senescent cells in the fields to learn from.
const P_TRAINING: f32 = 0.5;

/// A screen as images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenImages {
    /// Plates and wells; the score of a well is its share of senescent cells, and its cells are all that are pictured.
    pub screen: ScreenSettings,
    /// Fields of a well.
    pub n_fields: usize,
    /// Rows and columns of a field, pixels.
    pub size: usize,
    /// Fields to learn from, half of whose cells are senescent.
    pub n_training: usize,
}

impl Default for ScreenImages {
    fn default() -> Self {
        let screen = ScreenSettings {
            n_wells: 96,
            n_plates: 2,
            n_cells: 60.0,
            base: 0.1,
            p_hit: 0.1,
            p_toxic: 0.05,
            effect: 0.4,
            ..ScreenSettings::default()
        };
        ScreenImages { screen, n_fields: 2, size: 512, n_training: 40 }
    }
}

impl ScreenImages {
    fn validate(&self) -> Vec<String> {
        let mut mistakes = self.screen.validate();
        for (name, n, least) in [("n_fields", self.n_fields, 1), ("n_training", self.n_training, 2)] {
            if !(least..=1000).contains(&n) {
                mistakes.push(format!("{name} {least} to 1,000, not {n}"));
            }
        }
        let n = self.screen.n_plates.saturating_mul(self.screen.n_wells).saturating_mul(self.n_fields);
        if n.saturating_add(self.n_training) > MAX_FIELDS {
            mistakes.push(format!("at most {MAX_FIELDS} fields in all, not {n}"));
        }
        // Wells have more cells than usual by chance.
        let n_cells = (1.5 * self.screen.n_cells / self.n_fields.max(1) as f64) as usize;
        let field =
            PhaseSettings { height: self.size, width: self.size, n_cells, ..PhaseSettings::default() };
        mistakes.extend(field.validate().into_iter().map(|mistake| format!("a field: {mistake}")));
        mistakes
    }
}

/// A cell of a field of a well.
struct Seen {
    plate: String,
    well: String,
    field: usize,
    cell: PhaseCell,
}

/// Writes the folder `output`: `images/PLATE/WELL_sFIELD.png`, the fields; `plate_map.csv`, what is in the wells; `truth.csv`, hits,
/// toxic compounds and the true share of senescent cells of each well; `cells.csv`, every cell with its class and place; `training`, fields
/// of both classes, and `training.crops`, the cells that detection finds in them, with their classes; `simulation.json`. Returns what
/// was made, in lines for people. The same settings give the same bytes on any number of threads.
///
/// # Errors
/// Mistakes in the settings; files that cannot be written; a request to stop. Then nothing is left.
pub fn screen_images(
    request: &ScreenImages,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    let mistakes = request.validate();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    let wells = cells::simulate::screen(&request.screen)?;
    let mut lines = vec![summary(&wells, &request.screen)];
    super::folder(output, request, |folder| {
        write_map(&wells, folder)?;
        for well in wells.iter().filter(|well| (well.row, well.column) == (0, 0)) {
            make(&folder.join("images").join(plate(well)))?;
        }
        progress.begin("simulating fields", (wells.len() * request.n_fields) as u64);
        let done = AtomicU64::new(0);
        let seen: Vec<Vec<Seen>> = wells
            .par_iter()
            .map(|well| {
                let seen = picture(request, well, folder, progress)?;
                let n = request.n_fields as u64;
                progress.advance(done.fetch_add(n, Ordering::Relaxed) + n, &name(well));
                Ok(seen)
            })
            .collect::<Result<_, StudyError>>()?;
        let seen: Vec<Seen> = seen.into_iter().flatten().collect();
        table(&seen).write(&folder.join("cells.csv"))?;
        let learnt = training(request, folder, progress)?;
        lines.push(format!(
            "{} of {}",
            plural(seen.len(), "cell"),
            plural(wells.len() * request.n_fields, "field")
        ));
        lines.push(format!("{} to learn from", plural(learnt, "cell")));
        Ok(())
    })?;
    progress.finish("");
    Ok(lines)
}

/// Writes the fields of a well.
fn picture(
    request: &ScreenImages,
    well: &ScreenWell,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<Vec<Seen>, StudyError> {
    stop_if_asked(progress)?;
    let folder = folder.join("images").join(plate(well));
    let mut seen = Vec::new();
    for k in 0..request.n_fields {
        let field = phase(&field_of(&request.screen, well, (k, request.n_fields), request.size))?;
        write(&field, &folder.join(format!("{}_s{}.png", name(well), k + 1)))?;
        let of_cell = |cell| Seen { plate: plate(well), well: name(well), field: k + 1, cell };
        seen.extend(field.cells.into_iter().map(of_cell));
    }
    Ok(seen)
}

fn write(field: &PhaseField, path: &Path) -> Result<(), StudyError> {
    Ok(formats::image::write_png_rgb(path, field.shape.h, field.shape.w, &field.pixels)?)
}

/// Writes fields of both classes, and the cells that are found in them; says how many there are.
fn training(request: &ScreenImages, folder: &Path, progress: &dyn Progress) -> Result<usize, StudyError> {
    let images = folder.join("training");
    make(&images)?;
    progress.begin("simulating cells to learn from", request.n_training as u64);
    let done = AtomicU64::new(0);
    let path = |k: usize| images.join(format!("field_{:03}.png", k + 1));
    let fields: Vec<PhaseField> = (0..request.n_training)
        .into_par_iter()
        .map(|k| {
            stop_if_asked(progress)?;
            let field = phase(&training_field(request, k))?;
            write(&field, &path(k))?;
            progress.advance(done.fetch_add(1, Ordering::Relaxed) + 1, "");
            // Only the truth is held of all fields at once.
            Ok(PhaseField { pixels: Vec::new(), ..field })
        })
        .collect::<Result<_, StudyError>>()?;
    let output = folder.join("training.crops");
    crop(&cut((0..request.n_training).map(path).collect(), output.clone()), &Silent)?;
    let set = labelled(&crops::read(&output)?, &fields);
    crops::write(&output, &set)?;
    Ok(set.len())
}

/// Field `k` to learn from; its seed is counted from the end, where the screen has none.
fn training_field(request: &ScreenImages, k: usize) -> PhaseSettings {
    let last = (MAX_FIELDS - 1 - k) as u64;
    PhaseSettings {
        seed: request.screen.seed.wrapping_mul(MAX_FIELDS as u64).wrapping_add(last),
        height: request.size,
        width: request.size,
        n_cells: (request.screen.n_cells / request.n_fields as f64).round() as usize,
        p_senescent: P_TRAINING,
        ..PhaseSettings::default()
    }
}

/// As `score --method auto` cuts.
fn cut(images: Vec<PathBuf>, output: PathBuf) -> CropRequest {
    let (half_h, half_w) = (25, 25);
    CropRequest {
        images,
        pattern: None,
        output,
        method: Method::Auto(AutoSettings::of(Modality::Phase)),
        window: WindowSettings { half_h, half_w, round: Rounding::Nearest, border: Border::Drop },
        channels: Vec::new(),
        channel: "0".to_owned(),
        focus: Focus::Only,
        eight_bit: None,
        illumination: false,
        micron_per_pixel: None,
        group: Group::Field,
        resume: false,
        check: None,
    }
}

/// The cells whose centre lies on a simulated cell, with its class; debris is left out. The cells of `set` come field by field.
fn labelled(set: &CellSet, fields: &[PhaseField]) -> CellSet {
    let classes = [Condition::Control, Condition::Senescent];
    let class = |cell: &Cell| {
        let field: usize = cell.source.strip_prefix("field_")?.strip_suffix(".png")?.parse().ok()?;
        let field = fields.get(field.checked_sub(1)?)?;
        let (y, x) = (cell.y?.round() as usize, cell.x?.round() as usize);
        let owner = *field.masks.get(y * field.shape.w + x)?;
        let found = field.cells.iter().find(|cell| cell.cell == u32::from(owner))?;
        classes.iter().position(|class| *class == found.condition)
    };
    let known: Vec<usize> = (0..set.len()).filter(|&i| class(&set.cells[i]).is_some()).collect();
    let mut kept = set.select(&known);
    kept.cells.iter_mut().for_each(|cell| cell.class = class(cell));
    kept.classes = classes.map(|class| class.name().to_owned()).into();
    kept
}

fn table(seen: &[Seen]) -> Table {
    let mut table = Table::default();
    table.push("plate", words(seen, |s| &s.plate));
    table.push("well", words(seen, |s| &s.well));
    table.push("field", Column::Int(seen.iter().map(|s| i64::try_from(s.field).ok()).collect()));
    table.push("cell", whole(seen, |s| s.cell.cell.into()));
    table.push("y", real(seen, |s| s.cell.y));
    table.push("x", real(seen, |s| s.cell.x));
    table.push("class", words(seen, |s| s.cell.condition.name()));
    table.push("area", whole(seen, |s| s.cell.area as i64));
    table
}

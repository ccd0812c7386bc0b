//! `simulate`: movies of nuclei, phase-contrast fields or screens with exact truth, in the files of the real ones.

mod large;
mod screen;
mod screen_images;

use std::path::Path;

use cells::simulate::{
    self as sim, Condition, Movie, NucleiSettings, PhaseField, PhaseSettings, Point, SimulateError, State,
    sub_seed,
};
use cells::{CellSet, CropShape, Pixels};
use formats::annotation::{Annotation, write_zip};
use formats::image::Image;
use formats::movie::Scale;
use formats::table::{Column, Table};
use formats::{FormatError, atomic, crops, movie};
use serde::{Deserialize, Serialize};

use crate::error::plural;
use crate::progress::stop_if_asked;
use crate::{Progress, StudyError};

pub use self::large::{LargeMovie, large_movie};
pub use self::screen::screen;
pub use self::screen_images::{ScreenImages, screen_images};
pub use cells::simulate::ScreenSettings;

/// The file that says what was simulated, and that the folder may be replaced by another simulation.
pub const MARK: &str = "simulation.json";
/// Most movies or fields of one condition: more would share seeds with the next set.
pub const MAX_MEMBERS: usize = 1000;

/// A set of movies of nuclei.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Nuclei {
    /// How each movie is made; movie `k` has the seed `1000 seed + k`.
    pub movie: NucleiSettings,
    /// Movies.
    pub n_movies: usize,
    /// Labelled cells per class and movie, at most.
    pub per_class: usize,
    /// Rows and columns of a patch.
    pub patch: usize,
}

impl Default for Nuclei {
    fn default() -> Self {
        Nuclei { movie: NucleiSettings::default(), n_movies: 1, per_class: 100, patch: 64 }
    }
}

/// Fields of two conditions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Phase {
    /// How each field is made; its seed counts on over all fields, its share of senescent cells is its condition's.
    pub field: PhaseSettings,
    /// Fields per condition.
    pub n_fields: usize,
    /// Share of senescent cells in the folder `control`.
    pub p_control: f32,
    /// Share of senescent cells in the folder `stress`.
    pub p_stress: f32,
}

impl Default for Phase {
    fn default() -> Self {
        Phase { field: PhaseSettings::default(), n_fields: 4, p_control: 0.05, p_stress: 0.8 }
    }
}

impl From<SimulateError> for StudyError {
    fn from(error: SimulateError) -> Self {
        match error {
            SimulateError::Settings(mistakes) => StudyError::Settings(mistakes),
            other => StudyError::Refused(other.to_string()),
        }
    }
}

/// Writes the folder `output`: for each movie NAME `NAME.tif`, `NAME_masks.tif` (number of the cell at each pixel), `NAME_tracks.csv`
/// (all cells in all frames), `NAME_points.csv` (the clicks) and `annotation_NAME.zip`; for all together
/// `cells.crops`, whose groups are families of cells, and `simulation.json`. Returns what was made, in lines for people.
///
/// # Errors
/// Mistakes in the settings; files that cannot be written; a request to stop. Then nothing is left.
pub fn nuclei(request: &Nuclei, output: &Path, progress: &dyn Progress) -> Result<Vec<String>, StudyError> {
    let mut mistakes = request.movie.validate();
    mistakes.extend(members("n_movies", request.n_movies));
    if request.patch < 2 || request.patch % 2 == 1 {
        mistakes.push(format!("patch even and at least 2, not {}", request.patch));
    }
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    progress.begin("simulating movies", request.n_movies as u64);
    let mut lines = Vec::new();
    folder(output, request, |folder| {
        let mut sets = Vec::new();
        for k in 0..request.n_movies {
            stop_if_asked(progress)?;
            let settings = NucleiSettings { seed: sub_seed(request.movie.seed, k), ..request.movie.clone() };
            let movie = sim::nuclei(&settings)?;
            let points = sim::points(&movie, request.per_class, settings.seed);
            let set = sim::patches(&movie, &points, request.patch)?;
            write_movie(folder, &movie, &points, &set)?;
            progress.advance(k as u64 + 1, &movie.name);
            sets.push(set);
        }
        let all = sim::join_unflagged(&sets);
        crops::write(&folder.join("cells.crops"), &all)?;
        lines = summary(request, &all);
        Ok(())
    })?;
    progress.finish("");
    Ok(lines)
}

/// Writes the folder `output`: in `control` and `stress` the fields as PNG, in `masks` beside them one 16-bit TIFF per field (number of
/// the cell at each pixel), `cells.csv` with a row per cell, and `simulation.json`. Returns what was made, in lines for
/// people.
///
/// # Errors
/// Mistakes in the settings; files that cannot be written; a request to stop. Then nothing is left.
pub fn phase(request: &Phase, output: &Path, progress: &dyn Progress) -> Result<Vec<String>, StudyError> {
    let mut mistakes = request.field.validate();
    mistakes.extend(members("n_fields", request.n_fields.saturating_mul(2)));
    for (name, share) in [("p_control", request.p_control), ("p_stress", request.p_stress)] {
        if !(0.0..=1.0).contains(&share) {
            mistakes.push(format!("{name} within 0 to 1, not {share}"));
        }
    }
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    progress.begin("simulating fields", 2 * request.n_fields as u64);
    let mut counts = [0usize; 2];
    folder(output, request, |folder| {
        let mut rows = Vec::new();
        let conditions = [("control", request.p_control), ("stress", request.p_stress)];
        for (c, (condition, p_senescent)) in conditions.into_iter().enumerate() {
            make(&folder.join(condition))?;
            make(&folder.join("masks").join(condition))?;
            for k in 0..request.n_fields {
                stop_if_asked(progress)?;
                let member = c * request.n_fields + k;
                let seed = sub_seed(request.field.seed, member);
                let field = sim::phase(&PhaseSettings { seed, p_senescent, ..request.field.clone() })?;
                write_field(folder, condition, &field)?;
                progress.advance(member as u64 + 1, &field.name);
                rows.push((condition, field));
            }
        }
        for cell in rows.iter().flat_map(|(_, field)| &field.cells) {
            counts[usize::from(cell.condition == Condition::Senescent)] += 1;
        }
        Ok(field_table(&rows).write(&folder.join("cells.csv"))?)
    })?;
    let lines = vec![format!(
        "{} per condition, {} control and {} senescent cells",
        plural(request.n_fields, "field"),
        counts[0],
        counts[1]
    )];
    progress.finish("");
    Ok(lines)
}

fn members(name: &str, n: usize) -> Option<String> {
    (!(1..=MAX_MEMBERS).contains(&n)).then(|| format!("{name}: 1 to {MAX_MEMBERS} in all, not {n}"))
}

/// Makes the folder completely or not at all, with the settings in it.
fn folder(
    output: &Path,
    request: &impl Serialize,
    fill: impl FnOnce(&Path) -> Result<(), StudyError>,
) -> Result<(), StudyError> {
    // What is not about a file goes around the writer of folders, which only knows of those.
    let mut other = None;
    let written = atomic::write_folder(output, MARK, |folder| {
        fill(folder).map_err(|error| match error {
            StudyError::Format(error) => error,
            error => {
                let told = FormatError::new(output, "a simulation", error.to_string());
                other = Some(error);
                told
            }
        })?;
        let text = serde_json::to_vec_pretty(request)
            .map_err(|e| FormatError::new(output, "settings as JSON", e.to_string()))?;
        atomic::write_file(&folder.join(MARK), |out| std::io::Write::write_all(out, &text))
    });
    match other {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

fn make(folder: &Path) -> Result<(), StudyError> {
    Ok(std::fs::create_dir_all(folder)
        .map_err(|e| FormatError::io(folder, "a folder that can be written", &e))?)
}

fn write_movie(folder: &Path, movie: &Movie, points: &[Point], set: &CellSet) -> Result<(), StudyError> {
    let name = &movie.name;
    let shape = CropShape { h: movie.height, w: movie.width, c: 1 };
    let scale = Scale {
        micron_per_pixel: Some(sim::nuclei::MICRON_PER_PIXEL),
        seconds_per_frame: Some(sim::nuclei::SECONDS_PER_FRAME),
    };
    let frames = (0..movie.n_frames).map(|t| {
        let mut pixels = Pixels::empty(movie.pixels.depth());
        let same_depth = pixels.extend_from(&movie.pixels, t * shape.len()..(t + 1) * shape.len());
        debug_assert!(same_depth.is_ok());
        Image { shape, pixels }
    });
    let file = format!("{name}.tif");
    movie::write(&folder.join(&file), movie.n_frames, frames, scale)?;
    let masks =
        movie.masks.chunks_exact(shape.len()).map(|m| Image { shape, pixels: Pixels::Uint16(m.to_vec()) });
    movie::write(&folder.join(format!("{name}_masks.tif")), movie.n_frames, masks, scale)?;
    track_table(movie).write(&folder.join(format!("{name}_tracks.csv")))?;
    point_table(points).write(&folder.join(format!("{name}_points.csv")))?;
    let layers = vec![(set.channels.join(" "), file)];
    let annotation = Annotation { session: name.clone(), layers };
    Ok(write_zip(&folder.join(format!("annotation_{name}.zip")), set, &annotation)?)
}

fn write_field(folder: &Path, condition: &str, field: &PhaseField) -> Result<(), StudyError> {
    let CropShape { h, w, c } = field.shape;
    let png = folder.join(condition).join(format!("{}.png", field.name));
    if c == 3 {
        formats::image::write_png_rgb(&png, h, w, &field.pixels)?;
    } else {
        formats::image::write_png_grey(&png, h, w, &field.pixels)?;
    }
    let masks = Image { shape: CropShape { h, w, c: 1 }, pixels: Pixels::Uint16(field.masks.clone()) };
    let tif = folder.join("masks").join(condition).join(format!("{}.tif", field.name));
    Ok(movie::write(&tif, 1, [masks], Scale::default())?)
}

fn whole<T>(rows: &[T], value: impl Fn(&T) -> i64) -> Column {
    Column::Int(rows.iter().map(|row| Some(value(row))).collect())
}

fn real<T>(rows: &[T], value: impl Fn(&T) -> f64) -> Column {
    Column::Float(rows.iter().map(|row| Some(value(row))).collect())
}

fn words<T>(rows: &[T], value: impl Fn(&T) -> &str) -> Column {
    Column::Text(rows.iter().map(|row| Some(value(row).to_owned())).collect())
}

fn track_table(movie: &Movie) -> Table {
    let rows = &movie.sightings;
    let mut table = Table::default();
    table.push("cell", whole(rows, |s| s.cell.into()));
    table.push("frame", whole(rows, |s| s.frame as i64));
    table.push("y", real(rows, |s| s.y));
    table.push("x", real(rows, |s| s.x));
    table.push("state", words(rows, |s| s.state.name()));
    table.push("parent", Column::Int(rows.iter().map(|s| s.parent.map(i64::from)).collect()));
    table.push("founder", whole(rows, |s| s.founder.into()));
    table.push("area", whole(rows, |s| s.area as i64));
    table
}

fn point_table(points: &[Point]) -> Table {
    let mut table = Table::default();
    table.push("frame", whole(points, |p| p.frame as i64));
    table.push("y", real(points, |p| p.y));
    table.push("x", real(points, |p| p.x));
    table.push("class", words(points, |p| p.state.name()));
    table.push("cell", whole(points, |p| p.cell.into()));
    table.push("group", whole(points, |p| p.founder.into()));
    table
}

fn field_table(fields: &[(&str, PhaseField)]) -> Table {
    let rows: Vec<_> = fields
        .iter()
        .flat_map(|(condition, field)| {
            field.cells.iter().map(move |cell| (*condition, field.name.as_str(), cell))
        })
        .collect();
    let mut table = Table::default();
    table.push("condition", words(&rows, |r| r.0));
    table.push("field", words(&rows, |r| r.1));
    table.push("cell", whole(&rows, |r| r.2.cell.into()));
    table.push("y", real(&rows, |r| r.2.y));
    table.push("x", real(&rows, |r| r.2.x));
    table.push("class", words(&rows, |r| r.2.condition.name()));
    table.push("area", whole(&rows, |r| r.2.area as i64));
    table
}

fn summary(request: &Nuclei, all: &CellSet) -> Vec<String> {
    let frames = plural(request.movie.n_frames, "frame");
    let mut lines = vec![format!(
        "{} of {frames}, {} inside of the picture",
        plural(request.n_movies, "movie"),
        plural(all.len(), "labelled cell")
    )];
    for state in State::ALL {
        let n = all.cells.iter().filter(|c| c.class == Some(state.class())).count();
        lines.push(format!("  {}: {n}", state.name()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Silent;

    fn quick() -> Nuclei {
        let movie =
            NucleiSettings { n_frames: 16, height: 192, width: 192, n_cells: 20, ..Default::default() };
        Nuclei { movie, n_movies: 2, per_class: 6, patch: 64 }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("sim");
        nuclei(&quick(), &out, &Silent).unwrap();
        // A simulation replaces an earlier one.
        nuclei(&quick(), &out, &Silent).unwrap();
        let set = crops::read(&out.join("cells.crops")).unwrap();
        assert_eq!(set.classes.len(), 5);
        let truth = sim::nuclei(&quick().movie).unwrap();
        let file = formats::microscope::Image::open(&out.join("nuclei_0.tif")).unwrap().field(0).unwrap();
        assert_eq!(file.facts().n_t, 16);
        let mut last = Pixels::empty(truth.pixels.depth());
        last.extend_from(&truth.pixels, 15 * 192 * 192..16 * 192 * 192).unwrap();
        assert_eq!(file.channels(15, 0).unwrap().remove(0).values.into_pixels(), last);
        let zip = out.join("annotation_nuclei_1.zip");
        let options = formats::annotation::AnnotationOptions { flagged: true, ..Default::default() };
        let read = formats::annotation::read(&[zip], &options, &formats::unwatched).unwrap();
        let points = Table::read(&out.join("nuclei_1_points.csv")).unwrap();
        assert_eq!(read.len(), points.n_rows());
        assert!(read.cells.iter().all(|c| c.y.is_some()));
        let tracks = Table::read(&out.join("nuclei_0_tracks.csv")).unwrap();
        assert_eq!(tracks.n_rows(), truth.sightings.len());
    }

    #[test]
    fn fields_lie_in_folders_of_their_condition() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("fields");
        let field = PhaseSettings { height: 128, width: 160, n_cells: 5, ..Default::default() };
        phase(&Phase { field, n_fields: 1, ..Default::default() }, &out, &Silent).unwrap();
        let picture = formats::image::read(&out.join("control").join("phase_0.png")).unwrap();
        assert_eq!(picture.shape, CropShape { h: 128, w: 160, c: 3 });
        let masks = formats::image::read(&out.join("masks/stress/phase_1.tif")).unwrap();
        let table = Table::read(&out.join("cells.csv")).unwrap();
        let Pixels::Uint16(masks) = masks.pixels else { panic!("expected 16 bits") };
        let rows = (0..table.n_rows())
            .filter(|&r| table.column("condition").and_then(|c| c.text_at(r)).as_deref() == Some("stress"));
        let seen: std::collections::BTreeSet<u16> = masks.into_iter().filter(|&m| m > 0).collect();
        assert_eq!(rows.count(), seen.len());
    }

    #[test]
    fn mistakes_are_told_together_and_foreign_folders_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let movie = NucleiSettings { n_frames: 0, ..Default::default() };
        let request = Nuclei { movie, n_movies: 0, per_class: 1, patch: 63 };
        let Err(StudyError::Settings(mistakes)) = nuclei(&request, &dir.path().join("a"), &Silent) else {
            panic!("expected a refusal")
        };
        assert!(mistakes.len() >= 3, "{mistakes:?}");
        std::fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        assert!(matches!(nuclei(&quick(), dir.path(), &Silent), Err(StudyError::Format(_))));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

//! `score`: from cells to wells, conditions and hits.

mod cells;
mod column;
mod conditions;
mod dose;
mod figures;
pub(crate) mod heat;
mod hits;
mod images;
mod links;
mod page;
mod pictures;
mod plates;
mod published;
mod replicates;
mod request;
mod tables;
mod tally;
mod wells;

use std::collections::BTreeMap;
use std::path::Path;

use formats::plate_map::PlateMap;
use formats::table::Table;
use formats::{FormatError, atomic};

pub use self::cells::{CellTable, Place};
pub use formats::plate_map::RoleNames;
pub use images::{ScoredImages, condition_folders, score_images};
pub use request::{ColumnNames, HitRule, Input, Scale, ScoreRequest, Statistic};
pub use stats::hit::Direction;
pub use stats::plate::Reference;

use crate::{Progress, StudyError, error::plural};
use conditions::Condition;
use dose::DoseRow;
use hits::Treatment;
use pictures::Pictures;
use plates::Plates;
use wells::WellRow;

/// Most conditions or plates of which a line is told.
const SHOWN: usize = 12;
/// The file that says that a folder holds scores and may be replaced.
pub const MARK: &str = "score.json";

/// Scores what is asked for and writes the folder `output`: `report.html` and tables of fields, wells, conditions, plates, hits, doses and replicates as far as
/// there are such. Returns what was found, in lines for people.
///
/// # Errors
/// Mistakes in the request, files that cannot be read, wells that the plate map does not have, an output that may not be replaced.
pub fn score(
    request: &ScoreRequest,
    output: &Path,
    progress: &dyn Progress,
) -> Result<Vec<String>, StudyError> {
    atomic::check_folder(output, MARK)?;
    let mistakes = request.validate();
    if !mistakes.is_empty() {
        return Err(StudyError::Settings(mistakes));
    }
    let cells = match &request.input {
        Input::Cells(path) => Some(CellTable::read(path, &request.columns)?),
        Input::Wells(_) | Input::Screen(_) => None,
        Input::Images => {
            return Err(StudyError::Refused("expected a table, found images, which need a model".to_owned()));
        }
    };
    let scored = scored(request, cells.as_ref(), progress)?;
    let page = scored.page(request, Pictures::default())?;
    write(&scored, &page, None, request, output)?;
    Ok(scored.lines)
}

/// The wells, once the notes on how they were read are said.
fn said((rows, notes): (Vec<WellRow>, Vec<String>), progress: &dyn Progress) -> Vec<WellRow> {
    notes.iter().for_each(|note| progress.say(note));
    rows
}

/// Everything that was found.
struct Scored {
    tables: Vec<(String, Table)>,
    lines: Vec<String>,
    /// Conditions, the class that is scored, the names of the classes.
    conditions: Option<(Vec<Condition>, usize, Vec<String>)>,
    screen: Option<Screen>,
}

/// What was found on plates.
struct Screen {
    rows: Vec<WellRow>,
    plates: Plates,
    treatments: Vec<Treatment>,
    doses: Vec<DoseRow>,
}

impl Scored {
    fn page(&self, request: &ScoreRequest, pictures: Pictures) -> Result<String, StudyError> {
        let conditions =
            self.conditions.as_ref().map(|(c, class, names)| (c.as_slice(), *class, names.as_slice()));
        page::page(request, &self.lines, conditions, self.screen.as_ref(), pictures)
            .map_err(|e| StudyError::Refused(e.to_string()))
    }
}

fn scored(
    request: &ScoreRequest,
    cells: Option<&CellTable>,
    progress: &dyn Progress,
) -> Result<Scored, StudyError> {
    let map = plate_map(request)?;
    let class = cells.map(|cells| class(&cells.classes, request.class.as_deref())).transpose()?.unwrap_or(0);
    let mut rows = match (&request.input, cells) {
        (Input::Wells(paths), _) => said(wells::read(paths, request)?, progress),
        (Input::Screen(path), _) => said(wells::of_screen(path)?, progress),
        (Input::Cells(_) | Input::Images, Some(cells)) => wells::of_cells(cells, class, request.statistic),
        (Input::Cells(_) | Input::Images, None) => Vec::new(),
    };
    let mut found = Scored { tables: Vec::new(), lines: Vec::new(), conditions: None, screen: None };
    if let Some(map) = &map {
        if rows.is_empty() {
            return Err(StudyError::Refused(
                "expected cells or values of wells for the plate map, in columns \"plate\" and \"well\" (other \
                 names by --plate-column and --well-column), found no well"
                    .to_owned(),
            ));
        }
        let notes = wells::join(&mut rows, map, request.allow_lost)?;
        if let Some((last, others)) = notes.split_last() {
            others.iter().for_each(|note| progress.say(note));
            found.lines.push(last.clone());
        }
    }
    if let Some(cells) = cells {
        by_condition(cells, &rows, class, request, &mut found);
    }
    if !rows.is_empty() {
        by_plate(rows, map.as_ref(), request, &mut found);
    }
    Ok(found)
}

fn plate_map(request: &ScoreRequest) -> Result<Option<PlateMap>, StudyError> {
    let path = match (&request.plate_map, &request.input) {
        (Some(path), _) | (None, Input::Screen(path)) => path,
        _ => return Ok(None),
    };
    Ok(Some(PlateMap::read(path, &request.roles)?))
}

/// The class whose probability is the score.
fn class(classes: &[String], named: Option<&str>) -> Result<usize, StudyError> {
    let all = classes.join(", ");
    match named {
        Some(name) => classes
            .iter()
            .position(|class| class == name)
            .ok_or_else(|| StudyError::Refused(format!("expected a class of {all}, found {name:?}"))),
        None if classes.len() <= 2 => Ok(classes.len() - 1),
        None => Err(StudyError::Refused(format!("expected --class, one of {all}, found none"))),
    }
}

/// Fields and conditions.
fn by_condition(
    cells: &CellTable,
    rows: &[WellRow],
    class: usize,
    request: &ScoreRequest,
    found: &mut Scored,
) {
    found.tables.push(("fields".to_owned(), tables::fields(cells)));
    let treatments: BTreeMap<_, String> =
        rows.iter().map(|row| ((row.plate.as_str(), row.well), row.treatment())).collect();
    let has_wells = cells.places.iter().any(|place| place.well.is_some());
    let is_mapped = request.plate_map.is_some();
    let condition = |place: &Place| match place.well {
        Some(well) if is_mapped => treatments.get(&(place.plate.as_str(), well)).cloned().unwrap_or_default(),
        _ => place.condition.clone(),
    };
    let units = cells.tally(|place| {
        let unit = match place.well {
            Some(well) => format!("{} {well}", place.plate),
            None => place.field.clone(),
        };
        (condition(place), unit)
    });
    let unit = if has_wells { "well" } else { "field" };
    let conditions = conditions::conditions(&units, cells.classes.len(), request.seed);
    for condition in conditions.iter().take(SHOWN) {
        let share = &condition.classes[class];
        let name = if condition.name.is_empty() { "all" } else { &condition.name };
        found.lines.push(format!(
            "{name}: {} in {}, {} {:.1} %, mean probability {:.3}",
            plural(condition.n_cells as usize, "cell"),
            plural(condition.n_units, unit),
            cells.classes[class],
            100.0 * share.fraction,
            share.mean
        ));
    }
    found.lines.push(format!("{} of {}", plural(cells.len(), "cell"), plural(conditions.len(), "condition")));
    found.tables.push(("conditions".to_owned(), tables::conditions(&conditions, &cells.classes, unit)));
    if request.published_tables {
        let published = published::tables(cells, class);
        found.tables.extend(published.into_iter().map(|(name, table)| (format!("published_{name}"), table)));
    }
    found.conditions = Some((conditions, class, cells.classes.clone()));
}

/// Wells, plates, treatments, doses and replicates.
fn by_plate(rows: Vec<WellRow>, map: Option<&PlateMap>, request: &ScoreRequest, found: &mut Scored) {
    let shape = map.map_or_else(|| PlateMap::shape_of(rows.iter().map(|row| row.well)), PlateMap::shape);
    let plates: Plates = plates::plates(&rows, shape, request);
    let treatments = hits::treatments(&rows, &plates, &request.rule);
    let doses = dose::doses(&rows, &plates);
    let pairs = replicates::pairs(&rows, &plates);
    let n_hits = treatments.iter().filter(|t| t.hit.is_some()).count();
    if let Ok(drift) = replicates::drift(&plates.plates) {
        found.lines.push(format!("drift across plates: Spearman's r {:.2}, p {:.2}", drift.r, drift.p));
    }
    for plate in plates.plates.iter().filter(|plate| plate.not_normalised.is_some()).take(SHOWN) {
        let name = if plate.plate.is_empty() { "the plate" } else { &format!("plate {}", plate.plate) };
        found.lines.push(format!("{name}: {}", plate.verdict()));
    }
    found.lines.push(format!(
        "{}, {}, {}",
        plural(plates.plates.len(), "plate"),
        plural(rows.len(), "well"),
        plural(n_hits, "hit")
    ));
    let mut add = |name: &str, table| found.tables.push((name.to_owned(), table));
    add("wells", tables::wells(&rows, &plates));
    add("plates", tables::plates(&plates.plates));
    add("hits", tables::hits(&treatments));
    if !doses.is_empty() {
        add("doses", tables::doses(&doses));
    }
    if !pairs.is_empty() {
        add("replicates", tables::replicates(&pairs));
    }
    found.screen = Some(Screen { rows, plates, treatments, doses });
}

/// A table that memory need not hold: its name, how many rows it has, and what writes it.
type Streamed<'a> = (&'static str, usize, &'a dyn Fn(&Path) -> Result<(), FormatError>);

fn write(
    scored: &Scored,
    page: &str,
    streamed: Option<Streamed>,
    request: &ScoreRequest,
    output: &Path,
) -> Result<(), StudyError> {
    let ending = if request.parquet { "parquet" } else { "csv" };
    let mut n_rows: BTreeMap<&str, usize> = BTreeMap::new();
    n_rows.extend(scored.tables.iter().map(|(name, table)| (name.as_str(), table.n_rows())));
    n_rows.extend(streamed.iter().map(|(name, n, _)| (*name, *n)));
    let facts = serde_json::json!({
        "tables": n_rows,
        "found": scored.lines,
    });
    let facts = serde_json::to_vec_pretty(&facts)
        .map_err(|e| FormatError::new(output, "facts as JSON", e.to_string()))?;
    Ok(atomic::write_folder(output, MARK, |folder| {
        for (name, table) in &scored.tables {
            table.write(&folder.join(format!("{name}.{ending}")))?;
        }
        if let Some((name, _, fill)) = streamed {
            fill(&folder.join(format!("{name}.{ending}")))?;
        }
        atomic::write_file(&folder.join("report.html"), |out| {
            std::io::Write::write_all(out, page.as_bytes())
        })?;
        atomic::write_file(&folder.join(MARK), |out| std::io::Write::write_all(out, &facts))
    })?)
}

#[cfg(test)]
mod kcviab;
#[cfg(test)]
mod tests;

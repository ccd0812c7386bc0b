//! Plates: are the controls good, does the place matter, and every well on one scale.

use std::collections::BTreeMap;

use formats::plate_map::{Role, Well};
use stats::hit::Null;
use stats::plate::{
    NoFigure, Normalisation, Plate, Position, Quality, Reference, median, normalise, position, quality,
};

use super::request::{HitRule, ScoreRequest};
use super::wells::WellRow;

/// Negative controls that a plate should have before others are related to them.
const ENOUGH_CONTROLS: usize = 4;

/// Why a well does not count, or `counts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Counts,
    /// Nothing was measured, or no cell was found.
    NoValue,
    /// Too few cells.
    FewCells,
    /// The map takes it out.
    Flagged,
    /// Empty by the map, or of no part.
    NoPart,
}

impl Standing {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Standing::Counts => "counts",
            Standing::NoValue => "no value",
            Standing::FewCells => "too few cells",
            Standing::Flagged => "flagged in the plate map",
            Standing::NoPart => "no part in the analysis",
        }
    }

    fn of(row: &WellRow, rule: &HitRule) -> Standing {
        if row.flag.is_some() {
            Standing::Flagged
        } else if matches!(row.content.role, Role::Empty | Role::Other) {
            Standing::NoPart
        } else if row.score.is_none() {
            Standing::NoValue
        } else if row.n_cells.is_some_and(|n| n < rule.min_cells) {
            Standing::FewCells
        } else {
            Standing::Counts
        }
    }
}

/// A well on its plate.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Whether it counts.
    pub standing: Standing,
    /// Its score on the scale of all plates.
    pub normalised: Option<f64>,
    /// Score less that of the negative controls, with its interval at 95 %.
    pub difference: Option<[f64; 3]>,
    /// Probability of one as far from the negative controls without effect.
    pub p: Option<f64>,
    /// Its cells over the middle of the negative controls' (of the samples' without any).
    pub cell_ratio: Option<f64>,
}

/// What is found on a plate.
#[derive(Debug, Clone, PartialEq)]
pub struct PlateReport {
    /// Its name.
    pub plate: String,
    /// Rows of the table of wells that are on it.
    pub rows: Vec<usize>,
    /// Rows and columns.
    pub shape: (usize, usize),
    /// Wells that count: samples, negative and positive controls.
    pub n: [usize; 3],
    /// Median score of the same.
    pub medians: [Option<f64>; 3],
    /// Wells that do not count because they have too few cells.
    pub n_few: usize,
    /// How well the controls are told apart.
    pub quality: Quality,
    /// Whether the place matters.
    pub position: Position,
    /// Why it could not be normalised.
    pub not_normalised: Option<NoFigure>,
    /// Why there is no test against its negative controls.
    pub not_tested: Option<NoFigure>,
}

impl PlateReport {
    /// Good or not, in words.
    #[must_use]
    pub fn verdict(&self) -> String {
        let controls = match &self.quality.robust_z_prime {
            Ok(z) if *z >= 0.5 => "controls well apart".to_owned(),
            Ok(z) if *z > 0.0 => "controls apart, narrowly".to_owned(),
            Ok(_) => "controls overlap".to_owned(),
            Err(reason) => format!("controls not judged: {reason}"),
        };
        let mut parts = vec![controls];
        if let Some(reason) = &self.not_normalised {
            parts.push(format!("not normalised: {reason}"));
        }
        if self.n_few > 0 && self.n_few >= self.n.iter().sum::<usize>() {
            parts.push(format!("{} with too few cells (--min-cells)", crate::plural(self.n_few, "well")));
        }
        let matters = |size: f64, p: f64| p < 0.001 && size.abs() >= 0.3;
        if self.position.ring.as_ref().is_ok_and(|e| matters(e.size, e.p)) {
            parts.push("edge effect".to_owned());
        }
        for (name, found) in [("rows", &self.position.rows), ("columns", &self.position.columns)] {
            if found.as_ref().is_ok_and(|c| matters(c.r, c.p)) {
                parts.push(format!("gradient over {name}"));
            }
        }
        parts.join("; ")
    }
}

/// All plates, and every well on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plates {
    /// By name.
    pub plates: Vec<PlateReport>,
    /// As many as wells.
    pub wells: Vec<Placed>,
    /// How they were normalised.
    pub method: Normalisation,
}

/// Judges and normalises all plates.
#[must_use]
pub fn plates(rows: &[WellRow], shape: (usize, usize), request: &ScoreRequest) -> Plates {
    let standings: Vec<Standing> = rows.iter().map(|row| Standing::of(row, &request.rule)).collect();
    let mut by_plate: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    rows.iter().enumerate().for_each(|(i, row)| by_plate.entry(&row.plate).or_default().push(i));
    let n_negative =
        |wells: &Vec<usize>| wells.iter().filter(|&&i| is(rows, &standings, i, Role::Negative)).count();
    let reference = request.reference.unwrap_or_else(|| {
        let enough = by_plate.values().all(|wells| n_negative(wells) >= ENOUGH_CONTROLS);
        if enough { Reference::Negative } else { Reference::Samples }
    });
    let method = request.scale.to(reference);
    let absent =
        |standing| Placed { standing, normalised: None, difference: None, p: None, cell_ratio: None };
    let mut found =
        Plates { plates: Vec::new(), wells: standings.iter().map(|&s| absent(s)).collect(), method };
    for (plate, wells) in by_plate {
        let report = one(plate, &wells, (rows, &standings), shape, &mut found);
        found.plates.push(report);
    }
    found
}

fn is(rows: &[WellRow], standings: &[Standing], i: usize, role: Role) -> bool {
    standings[i] == Standing::Counts && rows[i].content.role == role
}

fn one(
    name: &str,
    wells: &[usize],
    (rows, standings): (&[WellRow], &[Standing]),
    shape: (usize, usize),
    found: &mut Plates,
) -> PlateReport {
    let at = |well: Well| well.row * shape.1 + well.column;
    let of =
        |role| -> Vec<usize> { wells.iter().copied().filter(|&i| is(rows, standings, i, role)).collect() };
    let roles = [Role::Sample, Role::Negative, Role::Positive].map(of);
    let mut values = vec![None; shape.0 * shape.1];
    wells
        .iter()
        .filter(|&&i| standings[i] == Standing::Counts)
        .for_each(|&i| values[at(rows[i].well)] = rows[i].score);
    let places = |role: &Vec<usize>| role.iter().map(|&i| at(rows[i].well)).collect::<Vec<_>>();
    let plate = Plate {
        n_columns: shape.1,
        values,
        samples: places(&roles[0]),
        negative: places(&roles[1]),
        positive: places(&roles[2]),
    };
    let normalised = normalise(&plate, found.method);
    let controls: Vec<_> = roles[1].iter().filter_map(|&i| rows[i].mean()).collect();
    let null = Null::of(&controls);
    let usual = if roles[1].is_empty() { &roles[0] } else { &roles[1] };
    let counts: Vec<f64> = usual.iter().filter_map(|&i| rows[i].n_cells).map(|n| n as f64).collect();
    let usual_count = median(&counts).filter(|n| *n > 0.0);
    for &i in wells {
        let well = &mut found.wells[i];
        let n_cells = rows[i].n_cells.map(|n| n as f64);
        well.cell_ratio = n_cells.zip(usual_count).map(|(n, usual)| n / usual);
        if well.standing != Standing::Counts {
            continue;
        }
        well.normalised = normalised.as_ref().ok().and_then(|v| v[at(rows[i].well)]);
        if let (Ok(null), Some(mean)) = (&null, rows[i].mean()) {
            well.p = Some(null.p(&mean));
            let half = null.half_width(mean.n_cells);
            let d = mean.mean - null.centre();
            well.difference = Some([d, d - half, d + half]);
        }
    }
    PlateReport {
        plate: name.to_owned(),
        rows: wells.to_vec(),
        shape,
        n: [0, 1, 2].map(|k| roles[k].len()),
        n_few: wells.iter().filter(|&&i| standings[i] == Standing::FewCells).count(),
        medians: [&plate.samples, &plate.negative, &plate.positive].map(|wells| median(&plate.at(wells))),
        quality: quality(&plate),
        position: position(&plate),
        not_normalised: normalised.err(),
        not_tested: null.err(),
    }
}

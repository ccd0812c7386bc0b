//! What was found, as tables. What cannot be given is left out, and the last column says why.

use formats::table::{Column, Table};
use stats::hit::Direction;

use super::cells::{CellTable, Place};
use super::conditions::Condition;
use super::dose::DoseRow;
use super::hits::Treatment;
use super::plates::{PlateReport, Plates};
use super::replicates::Pair;
use super::tally::Tally;
use super::wells::WellRow;

fn text<T>(rows: &[T], get: impl Fn(&T) -> Option<String>) -> Column {
    Column::Text(rows.iter().map(|row| get(row).filter(|t| !t.is_empty())).collect())
}

fn real<T>(rows: &[T], get: impl Fn(&T) -> Option<f64>) -> Column {
    Column::Float(rows.iter().map(|row| get(row).filter(|v| v.is_finite())).collect())
}

fn whole<T>(rows: &[T], get: impl Fn(&T) -> Option<u64>) -> Column {
    Column::Int(rows.iter().map(|row| get(row).and_then(|n| i64::try_from(n).ok())).collect())
}

/// A row per field.
pub fn fields(cells: &CellTable) -> Table {
    let tallies: Vec<(Place, Tally)> = cells.tally(Place::clone).into_iter().collect();
    let mut table = Table::default();
    table.push("plate", text(&tallies, |t| Some(t.0.plate.clone())));
    table.push("well", text(&tallies, |t| t.0.well.map(|w| w.to_string())));
    table.push("condition", text(&tallies, |t| Some(t.0.condition.clone())));
    table.push("field", text(&tallies, |t| Some(t.0.field.clone())));
    table.push("n_cells", whole(&tallies, |t| Some(t.1.n)));
    for (class, name) in cells.classes.iter().enumerate() {
        table.push(format!("fraction_{name}"), real(&tallies, |t| t.1.fraction(class)));
        table.push(format!("mean_p_{name}"), real(&tallies, |t| t.1.mean(class)));
    }
    table
}

/// A row per condition.
pub fn conditions(conditions: &[Condition], classes: &[String], unit: &str) -> Table {
    let mut table = Table::default();
    table.push("condition", text(conditions, |c| Some(c.name.clone())));
    table.push("n_cells", whole(conditions, |c| Some(c.n_cells)));
    table.push(format!("n_{unit}s"), whole(conditions, |c| Some(c.n_units as u64)));
    for (class, name) in classes.iter().enumerate() {
        let of = |c: &Condition| c.classes[class].clone();
        table.push(format!("fraction_{name}"), real(conditions, |c| Some(of(c).fraction)));
        for (end, bound) in ["low", "high"].into_iter().enumerate() {
            table.push(
                format!("fraction_{name}_{bound}"),
                real(conditions, |c| of(c).fraction_interval.map(|i| i[end])),
            );
        }
        table.push(format!("mean_p_{name}"), real(conditions, |c| Some(of(c).mean)));
        for (end, bound) in ["low", "high"].into_iter().enumerate() {
            table.push(
                format!("mean_p_{name}_{bound}"),
                real(conditions, |c| of(c).mean_interval.map(|i| i[end])),
            );
        }
    }
    let note = |c: &Condition| match c.n_units {
        1 => Some(format!("one {unit}: no interval")),
        2 => Some(format!("two {unit}s: no interval of the mean")),
        _ => None,
    };
    table.push("note", text(conditions, note));
    table
}

/// A row per well.
pub fn wells(rows: &[WellRow], plates: &Plates) -> Table {
    let all: Vec<_> = rows.iter().zip(&plates.wells).collect();
    let mut table = Table::default();
    table.push("plate", text(&all, |(r, _)| Some(r.plate.clone())));
    table.push("well", text(&all, |(r, _)| Some(r.well.to_string())));
    table.push("role", text(&all, |(r, _)| Some(r.content.role.name().to_owned())));
    table.push("compound", text(&all, |(r, _)| r.content.compound.clone()));
    table.push("concentration", real(&all, |(r, _)| r.content.concentration.as_ref().map(|c| c.value)));
    table.push("unit", text(&all, |(r, _)| r.content.concentration.as_ref().map(|c| c.unit.clone())));
    table.push("layout", text(&all, |(r, _)| Some(r.layout.clone())));
    table.push("replicate", text(&all, |(r, _)| r.replicate.clone()));
    table.push("batch", text(&all, |(r, _)| r.content.batch.clone()));
    table.push("donor", text(&all, |(r, _)| r.content.donor.clone()));
    table.push("n_cells", whole(&all, |(r, _)| r.n_cells));
    table.push("n_called", whole(&all, |(r, _)| r.n_called));
    table.push("score", real(&all, |(r, _)| r.score));
    table.push("sd", real(&all, |(r, _)| r.sd));
    table.push("normalised", real(&all, |(_, w)| w.normalised));
    table.push("difference", real(&all, |(_, w)| w.difference.map(|d| d[0])));
    table.push("difference_low", real(&all, |(_, w)| w.difference.map(|d| d[1])));
    table.push("difference_high", real(&all, |(_, w)| w.difference.map(|d| d[2])));
    table.push("p", real(&all, |(_, w)| w.p));
    table.push("cell_ratio", real(&all, |(_, w)| w.cell_ratio));
    table.push(
        "verdict",
        text(&all, |(r, w)| {
            let flag = r.flag.as_ref().map_or(String::new(), |flag| format!(": {flag}"));
            Some(format!("{}{flag}", w.standing.words()))
        }),
    );
    table
}

/// A row per plate.
pub fn plates(plates: &[PlateReport]) -> Table {
    let mut table = Table::default();
    table.push("plate", text(plates, |p| Some(p.plate.clone())));
    for (k, name) in ["sample", "negative", "positive"].into_iter().enumerate() {
        table.push(format!("n_{name}"), whole(plates, |p| Some(p.n[k] as u64)));
        table.push(format!("median_{name}"), real(plates, |p| p.medians[k]));
    }
    table.push("z_prime", real(plates, |p| p.quality.z_prime.clone().ok()));
    table.push("robust_z_prime", real(plates, |p| p.quality.robust_z_prime.clone().ok()));
    table.push("ssmd", real(plates, |p| p.quality.ssmd.clone().ok()));
    table.push("robust_ssmd", real(plates, |p| p.quality.robust_ssmd.clone().ok()));
    table.push("signal_window", real(plates, |p| p.quality.signal_window.clone().ok()));
    table.push("ring_delta", real(plates, |p| p.position.ring.as_ref().ok().map(|e| e.size)));
    table.push("ring_p", real(plates, |p| p.position.ring.as_ref().ok().map(|e| e.p)));
    table.push("row_r", real(plates, |p| p.position.rows.as_ref().ok().map(|c| c.r)));
    table.push("row_p", real(plates, |p| p.position.rows.as_ref().ok().map(|c| c.p)));
    table.push("column_r", real(plates, |p| p.position.columns.as_ref().ok().map(|c| c.r)));
    table.push("column_p", real(plates, |p| p.position.columns.as_ref().ok().map(|c| c.p)));
    table.push("verdict", text(plates, |p| Some(p.verdict())));
    table
}

/// A row per treatment, hits first.
pub fn hits(treatments: &[Treatment]) -> Table {
    let mut table = Table::default();
    table.push("treatment", text(treatments, |t| Some(t.name.clone())));
    table.push("role", text(treatments, |t| Some(t.role.name().to_owned())));
    table.push("n_wells", whole(treatments, |t| Some(t.wells.len() as u64)));
    table.push("n_counting", whole(treatments, |t| Some(t.n as u64)));
    table.push("score", real(treatments, |t| t.score));
    table.push("difference", real(treatments, |t| t.difference.map(|d| d[0])));
    table.push("difference_low", real(treatments, |t| t.difference.map(|d| d[1])));
    table.push("difference_high", real(treatments, |t| t.difference.map(|d| d[2])));
    table.push("p", real(treatments, |t| t.p));
    table.push("q", real(treatments, |t| t.q));
    table.push("cell_ratio", real(treatments, |t| t.cell_ratio));
    let way = |t: &Treatment| t.hit.map(|way| if way == Direction::Up { "up" } else { "down" }.to_owned());
    table.push("hit", text(treatments, way));
    table.push("verdict", text(treatments, |t| Some(t.verdict.clone())));
    table
}

/// A row per compound with doses.
pub fn doses(rows: &[DoseRow]) -> Table {
    let mut table = Table::default();
    let fit = |r: &DoseRow| r.fit.clone().ok();
    table.push("compound", text(rows, |r| Some(r.compound.clone())));
    table.push("unit", text(rows, |r| Some(r.unit.clone())));
    table.push("n_wells", whole(rows, |r| Some(r.points.len() as u64)));
    table.push("ec50", real(rows, |r| fit(r).map(|f| 10f64.powf(f.curve.log_ec50))));
    table.push("ec50_low", real(rows, |r| fit(r).map(|f| 10f64.powf(f.intervals[2][0]))));
    table.push("ec50_high", real(rows, |r| fit(r).map(|f| 10f64.powf(f.intervals[2][1]))));
    table.push("hill", real(rows, |r| fit(r).map(|f| f.curve.hill)));
    table.push("bottom", real(rows, |r| fit(r).map(|f| f.curve.bottom)));
    table.push("top", real(rows, |r| fit(r).map(|f| f.curve.top)));
    table.push("p_flat", real(rows, |r| fit(r).map(|f| f.p_flat)));
    let verdict = |r: &DoseRow| match &r.fit {
        Ok(_) => "curve".to_owned(),
        Err(reason) => reason.to_string(),
    };
    table.push("verdict", text(rows, |r| Some(verdict(r))));
    table
}

/// A row per pair of replicate plates.
pub fn replicates(pairs: &[Pair]) -> Table {
    let mut table = Table::default();
    table.push("layout", text(pairs, |p| Some(p.layout.clone())));
    table.push("plate_a", text(pairs, |p| Some(p.plates[0].clone())));
    table.push("plate_b", text(pairs, |p| Some(p.plates[1].clone())));
    table.push("n_wells", whole(pairs, |p| Some(p.n as u64)));
    table.push("pearson", real(pairs, |p| p.pearson.clone().ok().map(|c| c.r)));
    table.push("spearman", real(pairs, |p| p.spearman.clone().ok().map(|c| c.r)));
    let verdict = |p: &Pair| match &p.pearson {
        Ok(c) if c.r >= 0.7 => "agree".to_owned(),
        Ok(c) if c.r >= 0.3 => "agree in part".to_owned(),
        Ok(_) => "do not agree".to_owned(),
        Err(reason) => reason.to_string(),
    };
    table.push("verdict", text(pairs, |p| Some(verdict(p))));
    table
}

//! Treatments, their replicates, and which are hits.

use std::collections::BTreeMap;

use formats::plate_map::Role;
use stats::hit::{Direction, combine, false_discovery, in_replicates};
use stats::plate::median;

use super::plates::{Plates, Standing};
use super::request::HitRule;
use super::wells::WellRow;

/// A treatment over its wells.
#[derive(Debug, Clone, PartialEq)]
pub struct Treatment {
    /// Compound and amount, or layout and well.
    pub name: String,
    /// What its wells are there for.
    pub role: Role,
    /// Rows of the table of wells.
    pub wells: Vec<usize>,
    /// Those that count.
    pub n: usize,
    /// Normalised scores of those, in the order of the wells.
    pub scores: Vec<Option<f64>>,
    /// Median of the normalised scores.
    pub score: Option<f64>,
    /// Mean distance from the negative controls with its interval at 95 %.
    pub difference: Option<[f64; 3]>,
    /// Probability by chance, all replicates together.
    pub p: Option<f64>,
    /// Rate of false discoveries at which it would be called, among the samples.
    pub q: Option<f64>,
    /// Median of cells over those of the controls.
    pub cell_ratio: Option<f64>,
    /// Which way it is a hit.
    pub hit: Option<Direction>,
    /// Why, or why not.
    pub verdict: String,
}

/// All treatments, hits first, then by how far they are from the controls.
#[must_use]
pub fn treatments(rows: &[WellRow], plates: &Plates, rule: &HitRule) -> Vec<Treatment> {
    let mut by_name: BTreeMap<(Role, String), Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        if !matches!(row.content.role, Role::Empty | Role::Other) {
            by_name.entry((row.content.role, row.treatment())).or_default().push(i);
        }
    }
    let mut found: Vec<Treatment> =
        by_name.into_iter().map(|((role, name), wells)| one(name, role, wells, plates)).collect();
    let p: Vec<Option<f64>> = found.iter().map(|t| t.p.filter(|_| t.role == Role::Sample)).collect();
    for (treatment, q) in found.iter_mut().zip(false_discovery(&p)) {
        treatment.q = q;
        judge(treatment, plates, rule);
    }
    let strength = |t: &Treatment| t.score.map_or(-1.0, f64::abs);
    found.sort_by(|a, b| {
        let first = (b.hit.is_some(), b.role == Role::Sample).cmp(&(a.hit.is_some(), a.role == Role::Sample));
        first.then(strength(b).total_cmp(&strength(a))).then_with(|| a.name.cmp(&b.name))
    });
    found
}

fn one(name: String, role: Role, wells: Vec<usize>, plates: &Plates) -> Treatment {
    let counting = || wells.iter().map(|&i| &plates.wells[i]).filter(|w| w.standing == Standing::Counts);
    let scores: Vec<Option<f64>> = counting().map(|w| w.normalised).collect();
    let known: Vec<f64> = scores.iter().flatten().copied().collect();
    let tested: Vec<(f64, [f64; 3])> = counting().filter_map(|w| w.p.zip(w.difference)).collect();
    let (p, signs): (Vec<f64>, Vec<f64>) = tested.iter().map(|(p, d)| (*p, d[0])).unzip();
    let ratios: Vec<f64> = wells.iter().filter_map(|&i| plates.wells[i].cell_ratio).collect();
    Treatment {
        name,
        role,
        n: scores.len(),
        score: median(&known),
        difference: pooled(&tested),
        p: combine(&p, &signs),
        q: None,
        cell_ratio: median(&ratios),
        hit: None,
        verdict: String::new(),
        scores,
        wells,
    }
}

/// The mean of differences, each with an error of its own.
fn pooled(tested: &[(f64, [f64; 3])]) -> Option<[f64; 3]> {
    let n = tested.len() as f64;
    let mean = stats::plate::mean(&tested.iter().map(|(_, d)| d[0]).collect::<Vec<_>>())?;
    let half = tested.iter().map(|(_, d)| (0.5 * (d[2] - d[1])).powi(2)).sum::<f64>().sqrt() / n;
    Some([mean, mean - half, mean + half])
}

fn judge(treatment: &mut Treatment, plates: &Plates, rule: &HitRule) {
    let way = |direction| if direction == Direction::Up { "up" } else { "down" };
    let n_needed = rule.n_needed.unwrap_or(treatment.wells.len().clamp(1, 2));
    let beyond = in_replicates(&treatment.scores, rule.threshold, n_needed, rule.direction);
    let is_toxic = treatment.cell_ratio.is_some_and(|ratio| ratio < rule.toxic_below);
    let is_false = treatment.q.is_some_and(|q| q > rule.fdr);
    let has_few = treatment.wells.iter().any(|&i| plates.wells[i].standing == Standing::FewCells);
    treatment.verdict = if treatment.n == 0 && !(is_toxic && has_few) {
        let mut why: Vec<&str> = treatment.wells.iter().map(|&i| plates.wells[i].standing.words()).collect();
        why.dedup();
        format!("not judged: {}", why.join(", "))
    } else if is_toxic {
        "toxic: too few cells left".to_owned()
    } else if treatment.role != Role::Sample {
        format!("{} control", treatment.role.name())
    } else if treatment.score.is_none() {
        "not judged: its plates could not be normalised".to_owned()
    } else if treatment.n < n_needed {
        format!("not judged: {} of {n_needed} replicates count", treatment.n)
    } else {
        match beyond {
            Some(_) if is_false => "beyond the threshold, but not told from the negative controls".to_owned(),
            Some(direction) => {
                treatment.hit = Some(direction);
                let tested =
                    if treatment.q.is_some() { "" } else { ", not tested against negative controls" };
                format!("hit {}{tested}", way(direction))
            }
            None if treatment
                .score
                .is_some_and(|score| rule.direction.of(score, rule.threshold).is_some()) =>
            {
                format!("no hit: not in {n_needed} replicates")
            }
            None => "no hit".to_owned(),
        }
    };
}

//! Simulated screens, whose truth is known.

use ::cells::simulate::{ScreenRole, ScreenSettings, ScreenWell, screen};
use formats::plate_map::{Content, Role, Well};
use stats::hit::{Null, false_discovery};

use super::hits::treatments;
use super::plates::{Plates, plates};
use super::wells::WellRow;
use super::{Input, Scale, ScoreRequest};

const SHAPE: (usize, usize) = (16, 24);

fn rows(wells: &[ScreenWell]) -> Vec<WellRow> {
    let row = |w: &ScreenWell| {
        let (role, compound) = match w.role {
            ScreenRole::Sample => (Role::Sample, format!("C{}", w.compound)),
            ScreenRole::Negative => (Role::Negative, "DMSO".to_owned()),
            ScreenRole::Positive => (Role::Positive, "inducer".to_owned()),
        };
        WellRow {
            plate: format!("P{:04}", w.plate),
            well: Well { row: w.row, column: w.column },
            content: Content { role, compound: Some(compound), ..Content::default() },
            layout: w.layout.to_string(),
            score: w.score,
            sd: w.sd,
            n_cells: Some(w.n_cells),
            ..WellRow::default()
        }
    };
    wells.iter().map(row).collect()
}

fn request() -> ScoreRequest {
    ScoreRequest::new(Input::Images)
}

fn done(settings: &ScreenSettings, request: &ScoreRequest) -> (Vec<ScreenWell>, Vec<WellRow>, Plates) {
    let wells = screen(settings).unwrap();
    let rows = rows(&wells);
    let plates = plates(&rows, SHAPE, request);
    (wells, rows, plates)
}

/// Thousands of plates on which nothing happens: wells, and plates with any hit, are called at the rate that was asked for, within a fifth.
/// A share of 0.05 among 4,000 plates is known to 0.0034, so that a fifth is three times its error.
#[test]
fn without_effects_false_hits_come_at_the_stated_rate() {
    const SEEDS: u64 = 4;
    for n_cells in [400.0, 40.0] {
        let (mut p_values, mut n_any) = (Vec::new(), 0);
        for seed in 0..SEEDS {
            let still = ScreenSettings { p_hit: 0.0, p_toxic: 0.0, effect: 0.0, ..Default::default() };
            let rows = rows(&screen(&ScreenSettings { seed, n_cells, n_plates: 1000, ..still }).unwrap());
            for plate in rows.chunks(SHAPE.0 * SHAPE.1) {
                let of =
                    |role| plate.iter().filter(move |row| row.content.role == role).filter_map(WellRow::mean);
                let null = Null::of(&of(Role::Negative).collect::<Vec<_>>()).unwrap();
                let p: Vec<Option<f64>> = of(Role::Sample).map(|well| Some(null.p(&well))).collect();
                n_any += usize::from(false_discovery(&p).into_iter().flatten().any(|q| q <= 0.05));
                p_values.extend(p.into_iter().flatten());
            }
        }
        assert_eq!(p_values.len(), SEEDS as usize * 1000 * 320);
        for rate in [0.05, 0.01, 0.001] {
            let found = p_values.iter().filter(|p| **p < rate).count() as f64 / p_values.len() as f64;
            assert!((found / rate - 1.0).abs() < 0.2, "{n_cells} cells: {found} at {rate}");
        }
        // Without true hits the rate of false discoveries is the share of plates with any.
        let share = n_any as f64 / (1000 * SEEDS) as f64;
        assert!(
            (share / 0.05 - 1.0).abs() < 0.2,
            "{n_cells} cells: {share} of plates with a false hit at 0.05"
        );
    }
}

/// Against mean and three standard deviations of all wells, at no more false hits.
#[test]
fn more_known_hits_are_found_than_by_the_plain_mean_rule() {
    let settings =
        ScreenSettings { n_plates: 40, p_hit: 0.05, effect: 0.09, drift: 0.2, ..Default::default() };
    let (wells, rows, plates) = done(&settings, &request());
    let found = treatments(&rows, &plates, &request().rule);
    let truth = |name: &str| wells.iter().any(|w| w.is_hit && format!("C{}", w.compound) == name);
    let hits: Vec<bool> = found.iter().filter(|t| t.hit.is_some()).map(|t| truth(&t.name)).collect();
    let (ours, false_hits) = (hits.iter().filter(|h| **h).count(), hits.iter().filter(|h| !**h).count());
    let scores: Vec<f64> = wells.iter().filter_map(|w| w.score).collect();
    let limit = stats::plate::mean(&scores).unwrap() + 3.0 * stats::plate::sd(&scores).unwrap();
    let mut plain: Vec<&ScreenWell> = wells.iter().filter(|w| w.score.is_some_and(|s| s > limit)).collect();
    plain.retain(|w| w.role == ScreenRole::Sample && w.is_hit);
    let plain: std::collections::BTreeSet<usize> = plain.iter().map(|w| w.compound).collect();
    assert!(ours > 2 * plain.len(), "{ours} against {}", plain.len());
    assert!(false_hits as f64 <= 0.08 * hits.len() as f64, "{false_hits} false of {}", hits.len());
}

#[test]
fn the_b_score_takes_a_planted_gradient_away() {
    let settings = ScreenSettings { scattered: true, gradient: 0.2, n_plates: 2, ..Default::default() };
    let (wells, mut rows, before) = done(&settings, &request());
    let b_score = ScoreRequest { scale: Scale::BScore, ..request() };
    let after = plates(&rows, SHAPE, &b_score);
    for (row, well) in rows.iter_mut().zip(&after.wells) {
        row.score = well.normalised;
    }
    let cleaned = plates(&rows, SHAPE, &request());
    for (before, after) in before.plates.iter().zip(&cleaned.plates) {
        assert!(before.position.columns.as_ref().unwrap().r > 0.7);
        assert!(after.position.columns.as_ref().unwrap().r.abs() < 0.1);
    }
    assert_eq!(wells.len(), rows.len());
}

#[test]
fn controls_in_outer_columns_refuse_the_b_score() {
    let (_, _, plates) =
        done(&ScreenSettings::default(), &ScoreRequest { scale: Scale::BScore, ..request() });
    let reason = plates.plates[0].not_normalised.as_ref().unwrap().to_string();
    assert!(reason.contains("column 1, column 2, column 23, column 24"), "{reason}");
    assert!(plates.wells.iter().all(|w| w.normalised.is_none()));
}

/// An empty well, one of a single cell, a plate without controls, one whose wells are all equal, values that are none.
#[test]
fn what_cannot_be_judged_gets_a_word() {
    let mut wells = screen(&ScreenSettings { n_plates: 3, n_replicates: 1, ..Default::default() }).unwrap();
    (wells[2].score, wells[2].n_cells) = (None, 0);
    wells[3].n_cells = 1;
    wells.iter_mut().filter(|w| w.plate == 1).for_each(|w| w.role = ScreenRole::Sample);
    wells.iter_mut().filter(|w| w.plate == 2).for_each(|w| w.score = Some(0.5));
    let rows = rows(&wells);
    let plates = plates(&rows, SHAPE, &request());
    let found = treatments(&rows, &plates, &request().rule);
    for (table, name) in [
        (super::tables::wells(&rows, &plates), "wells"),
        (super::tables::hits(&found), "hits"),
        (super::tables::plates(&plates.plates), "plates"),
    ] {
        let csv = table.to_csv();
        assert!(!csv.contains("NaN") && !csv.contains("inf,"), "{name}");
        let verdicts = table.column("verdict").unwrap();
        assert!((0..table.n_rows()).all(|row| verdicts.text_at(row).is_some()), "{name}");
    }
    let verdict = |i: usize| plates.wells[i].standing.words();
    assert_eq!([verdict(2), verdict(3)], ["no value", "too few cells"]);
    assert!(plates.plates[2].verdict().contains("all equal"), "{}", plates.plates[2].verdict());
    assert!(plates.plates[1].verdict().contains("controls not judged"));
    assert!(found.iter().all(|t| t.wells.iter().all(|&i| wells[i].plate != 2) || t.hit.is_none()));
}

//! A viability screen of 57 plates in two replicates, against `stats/tests/golden/plates.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use formats::plate_map::{PlateMap, Role, RoleNames};
use serde::Deserialize;
use stats::plate::{Location, Reference, mad, median, z_prime};
use stats::replicate::{Summary, summarise};

use super::plates::{Standing, plates};
use super::wells::{self, WellRow};
use super::{Input, Scale, ScoreRequest};

#[derive(Deserialize)]
struct Golden {
    plates: Vec<GoldenPlate>,
    robust_z_prime: BTreeMap<String, f64>,
    screen: BTreeMap<String, [f64; 2]>,
    summary_mean: Vec<[f64; 4]>,
    summary_closest: Vec<[f64; 4]>,
    summary_rms: Vec<[f64; 4]>,
}

#[derive(Deserialize)]
struct GoldenPlate {
    plate: u64,
    replicate: u64,
    median: f64,
    checked: Vec<usize>,
    ratio: Vec<Option<f64>>,
    percent_inhibition: Vec<Option<f64>>,
    percent_of_positive: Vec<Option<f64>>,
    z: Vec<Option<f64>>,
    robust_z: Vec<Option<f64>>,
    b_score: Vec<Option<f64>>,
}

/// What is asked of figures of this screen.
const ALLOWED: f64 = 1e-6;

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= ALLOWED * expected.abs().max(1.0)
}

fn screen() -> (PathBuf, Vec<WellRow>) {
    let folder = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../shared/data/screens/cellHTS2/inst/KcViab"
    ));
    assert!(folder.exists(), "this test needs the data set {}", folder.display());
    let map = PlateMap::read(&folder, &RoleNames::default()).unwrap();
    let (mut rows, _) = wells::of_screen(&folder).unwrap();
    wells::join(&mut rows, &map, false).unwrap();
    (folder, rows)
}

fn normalised(rows: &[WellRow], folder: &Path, scale: Scale, reference: Reference) -> Vec<Option<f64>> {
    let request = ScoreRequest {
        scale,
        reference: Some(reference),
        ..ScoreRequest::new(Input::Screen(folder.to_path_buf()))
    };
    let plates = plates(rows, (16, 24), &request);
    assert!(plates.plates.iter().all(|plate| plate.not_normalised.is_none()));
    assert!(plates.wells.iter().all(|w| w.normalised.is_some() == (w.standing == Standing::Counts)));
    plates.wells.into_iter().map(|well| well.normalised).collect()
}

fn golden() -> Golden {
    serde_json::from_str(include_str!("../../../stats/tests/golden/kcviab.json")).unwrap()
}

/// Number of a plate and its replicate in the table, which is sorted by `FT01-G01`, ….
fn first_row(plate: u64, replicate: u64) -> usize {
    (2 * (plate as usize - 1) + replicate as usize - 1) * 384
}

#[test]
fn every_normalisation_is_that_of_the_script() {
    let (golden, (folder, rows)) = (golden(), screen());
    assert_eq!((rows.len(), golden.plates.len()), (114 * 384, 114));
    type Get = fn(&GoldenPlate) -> &Vec<Option<f64>>;
    let methods: [(Scale, Reference, Get); 6] = [
        (Scale::Ratio, Reference::Samples, |p| &p.ratio),
        (Scale::PercentInhibition, Reference::Negative, |p| &p.percent_inhibition),
        (Scale::PercentOfControl, Reference::Positive, |p| &p.percent_of_positive),
        (Scale::Z, Reference::Samples, |p| &p.z),
        (Scale::RobustZ, Reference::Samples, |p| &p.robust_z),
        (Scale::BScore, Reference::Samples, |p| &p.b_score),
    ];
    for (scale, reference, get) in methods {
        let found = normalised(&rows, &folder, scale, reference);
        let mut n = 0;
        for plate in &golden.plates {
            let first = first_row(plate.plate, plate.replicate);
            for (&well, expected) in plate.checked.iter().zip(get(plate)) {
                let row = &rows[first + well];
                assert_eq!(row.flag.is_some(), expected.is_none(), "{} {}", row.plate, row.well);
                if let (Some(found), Some(expected)) = (found[first + well], expected) {
                    assert!(
                        near(found, *expected),
                        "{scale:?} {} {}: {found}, {expected}",
                        row.plate,
                        row.well
                    );
                    n += 1;
                }
            }
        }
        assert!(n > 1400, "{n}");
    }
}

#[test]
fn scores_and_summaries_of_replicates_are_those_of_the_script() {
    let (golden, (folder, rows)) = (golden(), screen());
    let ratio = normalised(&rows, &folder, Scale::Ratio, Reference::Samples);
    let plain = plates(&rows, (16, 24), &ScoreRequest::new(Input::Screen(folder.clone())));
    for (plate, report) in golden.plates.iter().zip(&plain.plates) {
        assert!(near(report.medians[0].unwrap(), plate.median));
    }
    let of = |replicate: &str, role: Role| -> Vec<f64> {
        let here =
            |i: &usize| rows[*i].replicate.as_deref() == Some(replicate) && rows[*i].content.role == role;
        (0..rows.len()).filter(here).filter_map(|i| ratio[i]).collect()
    };
    for (replicate, expected) in &golden.robust_z_prime {
        let found = z_prime(&of(replicate, Role::Positive), &of(replicate, Role::Negative), Location::Median)
            .unwrap();
        assert!(near(found, *expected), "{found}, {expected}");
        let samples = of(replicate, Role::Sample);
        let [centre, spread] = golden.screen[replicate];
        assert!(near(median(&samples).unwrap(), centre) && near(mad(&samples).unwrap(), spread));
    }
    let score = |i: usize| {
        let [centre, spread] = golden.screen[rows[i].replicate.as_ref().unwrap()];
        ratio[i].map(|v| -(v - centre) / spread)
    };
    for (k, ((mean, closest), rms)) in
        golden.summary_mean.iter().zip(&golden.summary_closest).zip(&golden.summary_rms).enumerate()
    {
        for (j, well) in [50, 100, 200, 300].into_iter().enumerate() {
            let plate = k as u64 + 1;
            let both: Vec<f64> =
                [1, 2].into_iter().filter_map(|r| score(first_row(plate, r) + well)).collect();
            let found =
                [Summary::Mean, Summary::ClosestToZero, Summary::Rms].map(|by| summarise(&both, by).unwrap());
            for (found, expected) in found.into_iter().zip([mean[j], closest[j], rms[j]]) {
                assert!(near(found, expected), "plate {plate} well {well}: {found}, {expected}");
            }
        }
    }
}

//! A model applied: the same figures from memory and from disk, as CSV and as Parquet.

use cells::{CropShape, Fact};
use formats::table::{Column, Table};
use study::predict::{predict, table};
use study::train::Judge;
use study::{Dataset, Model, Silent};

use crate::made::{Until, data, request, run, set, settings};

fn floats(table: &Table, name: &str) -> Vec<f64> {
    match table.column(name) {
        Some(Column::Float(values)) => values.iter().map(|v| v.expect("a value")).collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn model() -> Model {
    let folder = tempfile::tempdir().expect("a folder");
    let request =
        request(&settings("normalise = { kind = \"per_image\" }"), Judge::Validation, folder.path());
    run(&data(40, 3, 12), &request, u64::MAX).0.expect("a model");
    Model::load(&request.output).expect("a model")
}

#[test]
fn tables_of_both_kinds_hold_the_same_probabilities() {
    let (model, folder) = (model(), tempfile::tempdir().expect("a folder"));
    let tables = ["cells.csv", "cells.parquet"].map(|name| {
        let path = folder.path().join(name);
        assert_eq!(predict(&model, &data(24, 3, 12), &path, None, &Silent).expect("predictions"), 24);
        Table::read(&path).expect("a table")
    });
    let p = model.classes.iter().map(|c| floats(&tables[1], &format!("p_{c}"))).collect::<Vec<_>>();
    for (class, column) in model.classes.iter().zip(&p) {
        assert_eq!(&floats(&tables[0], &format!("p_{class}")), column);
    }
    let (margin, confidence) = (floats(&tables[1], "margin"), floats(&tables[1], "confidence"));
    for cell in 0..24 {
        let mut row: Vec<f64> = p.iter().map(|column| column[cell]).collect();
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let winner = row.iter().position(|&v| v == confidence[cell]).expect("the confidence");
        let called = tables[1].column("class").and_then(|c| c.text_at(cell));
        assert_eq!(called.as_deref(), Some(model.classes[winner].as_str()));
        row.sort_by(|a, b| b.total_cmp(a));
        assert!((margin[cell] - (row[0] - row[1])).abs() < 1e-12 && confidence[cell] == row[0]);
    }
}

#[test]
fn tables_that_are_written_part_by_part_are_those_of_all_cells() {
    let (model, folder) = (model(), tempfile::tempdir().expect("a folder"));
    let mut set = set(8200, 3, CropShape { h: 12, w: 12, c: 1 });
    // Only the last part has this fact.
    set.cells[8199].facts = vec![("well".into(), Fact::Text(Some("A01".to_owned())))];
    let data = Dataset::from(set);
    let everyone: Vec<usize> = (0..data.cells.len()).collect();
    let probabilities = model.probabilities(&data, &everyone, &Silent).expect("probabilities");
    let whole = table(&model, &data.cells, &probabilities);
    let [csv, parquet, profiles] =
        ["cells.csv", "cells.parquet", "profiles.parquet"].map(|name| folder.path().join(name));
    predict(&model, &data, &csv, Some(&profiles), &Silent).expect("predictions");
    predict(&model, &data, &parquet, None, &Silent).expect("predictions");
    assert!(std::fs::read_to_string(&csv).expect("a table") == whole.to_csv());
    assert!(Table::read(&parquet).expect("a table") == whole);
    let profiles = Table::read(&profiles).expect("a table");
    let (n, features) = model.features(&data, &everyone, &Silent).expect("features");
    for column in 0..n {
        let expected: Vec<f64> = features.iter().skip(column).step_by(n).map(|&v| f64::from(v)).collect();
        assert_eq!(floats(&profiles, &format!("Cells_Network_{column}")), expected);
    }
    assert_eq!(profiles.column("Metadata_Well").and_then(|c| c.text_at(8199)).as_deref(), Some("A01"));
}

#[test]
fn who_stops_a_prediction_finds_nothing_half_written() {
    let (model, folder) = (model(), tempfile::tempdir().expect("a folder"));
    let path = folder.path().join("cells.csv");
    let stop = Until::after(0);
    let stopped = predict(&model, &data(24, 3, 12), &path, None, &stop).expect_err("a stop");
    assert_eq!((stopped.exit_code(), path.exists()), (130, false), "{stopped}");
}

#[test]
fn cells_are_the_same_in_memory_and_in_a_crop_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("made.crops");
    let made = set(24, 3, CropShape { h: 12, w: 12, c: 1 });
    study::import::import(&made, &path).expect("a crop set");
    let request = study::source::Request { sources: vec![path], ..Default::default() };
    let (read, made) = (request.open(&Silent).expect("cells"), Dataset::from(made));
    assert_eq!(read.hash().expect("a hash"), made.hash().expect("a hash"));
    let all: Vec<usize> = (0..24).collect();
    let model = model();
    assert_eq!(
        model.probabilities(&read, &all, &Silent).expect("figures"),
        model.probabilities(&made, &all, &Silent).expect("figures")
    );
}

#[test]
fn a_model_is_the_same_after_saving_and_loading() {
    let (model, folder) = (model(), tempfile::tempdir().expect("a folder"));
    let paths = ["a.safetensors", "b.safetensors"].map(|name| folder.path().join(name));
    model.save(&paths[0]).expect("a file");
    Model::load(&paths[0]).expect("a model").save(&paths[1]).expect("a file");
    assert!(std::fs::read(&paths[0]).expect("a file") == std::fs::read(&paths[1]).expect("a file"));
}

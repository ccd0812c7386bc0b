//! Real nuclei (the annotations of the first workflow) through every verb.

use crate::support::{Place, shared, small};

fn annotations() -> String {
    shared("data/mdck_annotator").to_str().expect("text").to_owned()
}

const FOUR: &str = "Interphase,Metaphase,Anaphase,Prometaphase";

#[test]
fn the_doctor_finds_what_is_wrong_with_real_annotations() {
    let place = Place::new();
    let done = place.run(&["preview", &annotations(), "--flagged", "-o", "seen"]).good();
    assert!(done.out.contains("Apoptosis"), "{}", done.out);
    let findings = place.json("seen/findings.json");
    let finding = |rule: &str| -> &serde_json::Value {
        let all = findings.as_array().expect("a list");
        all.iter().find(|f| f["rule"] == rule).unwrap_or_else(|| panic!("no {rule} in {findings}"))
    };
    let twice = finding("two_classes")["details"].as_array().expect("a list");
    assert_eq!(twice.len(), 2, "{twice:?}");
    let empty = finding("empty")["summary"].as_str().expect("text");
    assert!(empty.contains("class Apoptosis"), "{empty}");
    let page = place.text("seen/preview.html");
    for elsewhere in ["src=\"http", "href=\"http", "@import", "url(http", "src=\"preview", ".png\""] {
        assert!(!page.contains(elsewhere), "the page needs {elsewhere}");
    }
}

#[test]
fn from_annotations_to_predictions() {
    let place = Place::new();
    place.write("small.toml", small(&["epochs = 2"]));
    place.run(&["import", &annotations(), "--classes", FOUR, "-o", "nuclei.crops"]).good();
    let words =
        ["train", "nuclei.crops", "--config", "small.toml", "--folds", "2", "-o", "nuclei.safetensors"];
    let done = place.run(&words).good();
    assert!(done.out.contains("cross-validation, pooled"), "{}", done.out);
    place.run(&["evaluate", "nuclei.safetensors", "nuclei.crops", "-o", "judged"]).good();
    place.run(&["predict", "nuclei.safetensors", "nuclei.crops", "-o", "cells.csv"]).good();
    let n = place.json("judged/metrics.json")["n"].as_u64().expect("a number");
    assert!(n >= 200, "{n}");
    assert_eq!(place.json("nuclei.folds/metrics.json")["n"].as_u64(), Some(n));
    assert_eq!(place.text("cells.csv").lines().count() as u64, n + 1);
    assert!(place.text("judged/report.html").contains("the very cells"));
}

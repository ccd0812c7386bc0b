//! `evaluate` condition by condition: every condition gets the published outputs, and together they are all cells.

use crate::score::rows;
use crate::support::{Discs, Place, small};

#[test]
fn conditions_are_judged_one_by_one() {
    let place = Place::new();
    place.write("cells.npz", Discs { n: 60, per_group: 20, ..Discs::default() }.npz());
    place.write("small.toml", small(&["epochs = 4"]));
    place.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    let judge = ["evaluate", "m.safetensors", "cells.npz", "-o", "judged", "--by"];
    place.run(&[&judge[..], &["group"]].concat()).good();
    let conditions = rows(&place, "judged/conditions.csv");
    let names: Vec<&str> = conditions.iter().map(|row| row["condition"].as_str()).collect();
    assert_eq!(names, ["movie 0", "movie 1", "movie 2"]);
    let (mut n, mut n_right) = (0.0, 0.0);
    for row in &conditions {
        for file in ["metrics.json", "confusion.csv", "confusion.png", "roc.csv", "roc.png", "report.html"] {
            assert!(!place.bytes(&format!("judged/{}/{file}", row["folder"])).is_empty());
        }
        let metrics = place.json(&format!("judged/{}/metrics.json", row["folder"]));
        assert_eq!(metrics["accuracy"].as_f64(), row["accuracy"].parse().ok());
        assert_eq!(row["note"], "one group: no interval");
        let cells: f64 = row["n_cells"].parse().expect("a number");
        n += cells;
        n_right += cells * metrics["accuracy"].as_f64().expect("an accuracy");
    }
    let all = place.json("judged/metrics.json")["accuracy"].as_f64().expect("an accuracy");
    assert!(n == 60.0 && (n_right / n - all).abs() < 1e-12, "{n_right} of {n}, {all}");
    assert_eq!(place.bytes("judged/history.csv"), place.bytes("history.csv"));
    let page = place.text("judged/report.html").replace("&#x2f;", "/");
    assert!(page.contains("href=\"conditions/movie-1/report.html\""));
    place.refused(&[&judge[..], &["dose"]].concat(), &["source, folder, group, split", "\"dose\""]);
}

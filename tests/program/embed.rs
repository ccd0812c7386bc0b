//! `embed` and `cluster`: a folder with everything in it, the same bytes again, and refusals in words.

use crate::support::{Discs, Place, small};

/// A model of discs, and the cells it learned from.
fn trained() -> Place {
    let place = Place::new();
    place.write("cells.npz", Discs { n: 48, ..Discs::default() }.npz());
    place.write("small.toml", small(&[]));
    place.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    place
}

/// `column` of a CSV.
fn column(text: &str, name: &str) -> Vec<String> {
    let mut lines = text.lines();
    let at = lines.next().expect("a header").split(',').position(|c| c == name).expect("the column");
    lines.map(|line| line.split(',').nth(at).expect("a value").to_owned()).collect()
}

#[test]
fn a_map_has_a_place_for_each_cell_on_any_number_of_threads() {
    let place = trained();
    for (folder, threads) in [("one", "1"), ("four", "4")] {
        let words = ["embed", "m.safetensors", "cells.npz", "--bins", "8", "-o", folder];
        let mut command = place.command(&words);
        assert!(command.env("RAYON_NUM_THREADS", threads).output().expect("it runs").status.success());
    }
    for file in [
        "cells.csv",
        "features.npy",
        "counts.npy",
        "projection.npy",
        "projection.png",
        "map.svg",
        "embedding.json",
    ] {
        assert!(
            place.bytes(&format!("one/{file}")) == place.bytes(&format!("four/{file}")),
            "{file} differs"
        );
    }
    let cells = place.text("one/cells.csv");
    let places: Vec<f64> = column(&cells, "umap_1").iter().map(|v| v.parse().expect("a number")).collect();
    assert_eq!(places.len(), 48);
    assert!(places.iter().all(|v| v.is_finite()));
    assert!(place.text("one/map.html").contains("projection.png"));
}

#[test]
fn cells_are_put_on_an_earlier_map() {
    let place = trained();
    place.run(&["embed", "m.safetensors", "cells.npz", "-o", "map"]).good();
    place.run(&["embed", "m.safetensors", "cells.npz", "--onto", "map", "-o", "again"]).good();
    let read = |folder: &str| -> Vec<f64> {
        let cells = place.text(&format!("{folder}/cells.csv"));
        column(&cells, "umap_1").iter().map(|v| v.parse().expect("a number")).collect()
    };
    let (first, again) = (read("map"), read("again"));
    let width = first.iter().fold(0.0f64, |a, b| a.max(b.abs())) * 2.0;
    let far = first.iter().zip(&again).filter(|(a, b)| (*a - *b).abs() > 0.25 * width).count();
    assert!(far <= first.len() / 10, "{far} of {} lie elsewhere", first.len());
}

#[test]
fn features_made_elsewhere_are_mapped_and_grouped() {
    let place = Place::new();
    let row =
        |i: usize| format!("{},{}.5,{}.25,{}\n", i, i / 20 * 50, i % 20, if i < 20 { "a" } else { "b" });
    let rows: String = (0..40).map(row).collect();
    place.write("f.csv", format!("id,one,two,label\n{rows}"));
    place.run(&["embed", "--features", "f.csv", "--n-neighbors", "5", "-o", "map"]).good();
    let cells = place.text("map/cells.csv");
    assert_eq!(column(&cells, "class")[39], "b");
    assert_eq!(column(&cells, "id")[39], "39");
    place.run(&["cluster", "map", "--min-cluster-size", "5", "-o", "c.csv"]).good();
    let clusters = column(&place.text("c.csv"), "cluster");
    assert!(
        clusters[..20].iter().all(|c| *c == clusters[0]) && clusters[20..].iter().all(|c| *c == clusters[20])
    );
    assert_ne!(clusters[0], clusters[20]);
    place.run(&["cluster", "f.csv", "--method", "k-means", "--clusters", "2", "-o", "k.parquet"]).good();
}

#[test]
fn what_cannot_be_mapped_is_refused() {
    let place = trained();
    place.write("nan.csv", "a,b\n1.5,2.5\nNaN,1.5\n");
    place.write("gap.csv", "a,b\n1.5,2.5\n,1.5\n");
    place.write("words.csv", "a,b\nx,y\n");
    place.write("mine/keep.txt", "mine");
    fn map<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["embed"], more, &["-o", "map"]].concat()
    }
    place.refused(&map(&["--features", "nan.csv"]), &["nan.csv", "point 1, column 0", "NaN"]);
    place.refused(&map(&["--features", "gap.csv"]), &["gap.csv", "row 2", "a"]);
    place.refused(&map(&["--features", "words.csv"]), &["words.csv", "real numbers"]);
    place.refused(&map(&["--features", "m.safetensors"]), &["m.safetensors"]);
    place.refused(&map(&["m.safetensors", "cells.npz", "--n-neighbors", "1"]), &["n_neighbors", "2", "1"]);
    place.refused(&map(&["m.safetensors", "cells.npz", "--onto", "mine"]), &["mine", "embed"]);
    place.refused(&["embed", "m.safetensors", "cells.npz", "-o", "mine"], &["mine", "left alone"]);
    place.refused(&["cluster", "gap.csv", "-o", "c.csv"], &["gap.csv"]);
    place.refused(&["cluster", "nan.csv", "-o", "c.txt"], &[".csv or .parquet"]);
}

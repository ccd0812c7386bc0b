//! `score`: tables, plates and screens in; wells, hits and words out.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::Place;

/// The rows of a CSV without quotes, by the names of its columns.
pub fn rows(place: &Place, name: &str) -> Vec<BTreeMap<String, String>> {
    let text = place.text(name);
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().expect("a header");
    lines.map(|line| head.iter().cloned().zip(line).collect()).collect()
}

/// No table of the folder holds what is no number.
fn all_numbers(place: &Place, folder: &str) {
    for path in place.listing().into_keys().filter(|path| path.starts_with(place.path(folder))) {
        if path.extension().is_some_and(|e| e == "csv") {
            let text = std::fs::read_to_string(&path).expect("text").to_lowercase();
            let is_none = |value: &str| ["nan", "inf", "-inf"].contains(&value);
            assert!(!text.split([',', '\n']).any(is_none), "{}", path.display());
        }
    }
}

/// Cells of two conditions with the probability of stress.
const CELLS: [(&str, f64); 7] = [
    ("drug", 0.9),
    ("drug", 0.8),
    ("drug", 0.3),
    ("control", 0.1),
    ("control", 0.7),
    ("control", 0.2),
    ("control", 0.30000000000000004),
];

#[test]
fn the_published_figures_come_out_exactly() {
    let place = Place::new();
    let line = |(condition, p): &(&str, f64)| format!("{condition},{},{p}\n", 1.0 - p);
    let lines: String = CELLS.iter().map(line).collect();
    place.write("cells.csv", format!("condition,p_control,p_stress\n{lines}"));
    place.run(&["score", "--cells", "cells.csv", "--published-tables", "-o", "s"]).good();
    let of = |name: &str| -> Vec<f64> {
        CELLS.iter().filter(|(condition, _)| *condition == name).map(|(_, p)| *p).collect()
    };
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let called =
        |values: &[f64]| -> Vec<f64> { values.iter().map(|p| f64::from(u8::from(*p > 0.5))).collect() };
    for (file, value) in [
        ("published_probes_mean", &(|v: &[f64]| v.to_vec()) as &dyn Fn(&[f64]) -> Vec<f64>),
        ("published_probs_with_class", &(|v: &[f64]| v.to_vec())),
        ("published_ratio", &called),
        ("published_with_class", &called),
    ] {
        let found = rows(&place, &format!("s/{file}.csv"));
        let names: Vec<&str> = found.iter().map(|row| row[""].as_str()).collect();
        assert_eq!(names, ["control", "drug"], "{file}");
        for (row, name) in found.iter().zip(names) {
            let values = value(&of(name));
            assert_eq!(row["mean"].parse(), Ok(mean(&values)), "{file} {name}");
            if file.contains("with_class") {
                let cells: Vec<f64> =
                    (0..values.len()).map(|i| row[&i.to_string()].parse().unwrap()).collect();
                assert_eq!(cells, values, "{file} {name}");
            }
        }
    }
    let table = rows(&place, "s/conditions.csv");
    assert_eq!(table[0]["n_cells"], "4");
    assert_eq!(table[1]["mean_p_stress"].parse(), Ok(mean(&of("drug"))));
    all_numbers(&place, "s");
}

/// Wells of a plate as a table: the last column, the sixth of the row, is the negative control.
fn wells(plates: &[&str], value: impl Fn(&str, usize) -> (String, u64)) -> String {
    let mut text = "plate,well,score,sd,n_cells\n".to_owned();
    for plate in plates {
        for place in 0..24 {
            let (score, n_cells) = value(plate, place);
            text += &format!("{plate},{},{score},0.2,{n_cells}\n", well(place));
        }
    }
    text
}

fn well(place: usize) -> String {
    format!("{}{:02}", char::from(b'A' + (place / 6) as u8), place % 6 + 1)
}

/// The role of each of 24 wells.
fn role(place: usize) -> &'static str {
    match place % 6 {
        5 => "negative",
        4 if place > 12 => "positive",
        _ => "sample",
    }
}

fn map(plates: &[&str], role: impl Fn(&str, usize) -> &'static str) -> String {
    let mut text = "plate,well,role,compound\n".to_owned();
    for plate in plates {
        for place in 0..24 {
            text += &format!("{plate},{},{},C{place}\n", well(place), role(plate, place));
        }
    }
    text
}

/// A score that scatters and depends on nothing but the place.
fn idle(place: usize) -> f64 {
    0.2 + 0.002 * ((place * 7919) % 13) as f64
}

#[test]
fn what_cannot_be_judged_gets_a_word() {
    let place = Place::new();
    let plates = ["good", "no_controls", "equal"];
    let value = |plate: &str, at: usize| match (plate, at) {
        ("equal", _) => ("0.5".to_owned(), 100),
        ("good", 0) => (String::new(), 0),
        ("good", 1) => ("0.9".to_owned(), 1),
        ("good", 2) => ("NaN".to_owned(), 100),
        ("good", 3) => ("inf".to_owned(), 100),
        ("good", 6) => ("0.9".to_owned(), 100),
        ("good", 7) => ("0.9".to_owned(), 25),
        ("good", at) if role(at) == "positive" => (format!("{}", 0.6 + idle(at)), 100),
        (_, at) => (idle(at).to_string(), 100),
    };
    place.write("wells.csv", wells(&plates, value));
    let of_plate = |plate: &str, at| if plate == "no_controls" { "sample" } else { role(at) };
    place.write("map.csv", map(&plates, of_plate));
    let words = [
        "score",
        "--wells",
        "wells.csv",
        "--plate-map",
        "map.csv",
        "--replicates",
        "1",
        "--reference",
        "negative",
    ];
    let done = place.run(&[&words[..], &["-o", "s"]].concat()).good();
    assert!(done.out.contains("plate equal: ") && done.out.contains("plate no_controls: "), "{}", done.out);
    all_numbers(&place, "s");
    let verdict = |plate: &str, at: usize| {
        let found = rows(&place, "s/wells.csv");
        let row =
            found.iter().find(|row| row["plate"] == plate && row["well"] == well(at)).expect("the well");
        row["verdict"].clone()
    };
    assert_eq!(
        [0, 1, 2, 3].map(|at| verdict("good", at)),
        ["no value", "too few cells", "no value", "no value"]
    );
    let plates = rows(&place, "s/plates.csv");
    let of = |name: &str| &plates.iter().find(|row| row["plate"] == name).expect("the plate")["verdict"];
    assert!(of("good").starts_with("controls well apart"), "{}", of("good"));
    assert!(of("no_controls").contains("controls not judged"), "{}", of("no_controls"));
    assert!(place.text("s/plates.csv").contains("all equal"));
    let hits = rows(&place, "s/hits.csv");
    assert!(hits.iter().all(|row| !row["verdict"].is_empty()));
    assert!(place.text("s/report.html").contains("all equal"));
}

#[test]
fn a_hit_is_found_and_a_toxic_one_is_none() {
    let place = Place::new();
    let value = |_: &str, at: usize| match at {
        6 => ("0.9".to_owned(), 100),
        7 => ("0.9".to_owned(), 25),
        at => (idle(at).to_string(), 100),
    };
    place.write("wells.csv", wells(&["p1", "p2"], value));
    place.write("map.csv", map(&["p1", "p2"], |_, at| role(at)));
    for (format, name) in [("csv", "s"), ("parquet", "q")] {
        let words =
            ["score", "--wells", "wells.csv", "--plate-map", "map.csv", "--format", format, "-o", name];
        place.run(&words).good();
    }
    let hits = rows(&place, "s/hits.csv");
    let called: Vec<&str> =
        hits.iter().filter(|row| row["hit"] == "up").map(|row| &*row["treatment"]).collect();
    assert_eq!(called, ["C6"]);
    let toxic = hits.iter().find(|row| row["treatment"] == "C7").expect("the toxic compound");
    assert_eq!(
        (toxic["verdict"].as_str(), toxic["cell_ratio"].as_str()),
        ("toxic: too few cells left", "0.25")
    );
    assert!(place.path("q/hits.parquet").exists() && !place.path("q/hits.csv").exists());
}

/// A plate of 24 wells as a plate reader writes it.
fn reader_file(value: impl Fn(usize) -> String) -> String {
    let mut text = "Plate information\nMeasured,luminescence\n\n,1,2,3,4,5,6\n".to_owned();
    for row in 0..4 {
        let values: Vec<String> = (0..6).map(|column| value(row * 6 + column)).collect();
        text += &format!("{},{}\n", char::from(b'A' + row as u8), values.join(","));
    }
    text + "\nInstrument,12345\n"
}

#[test]
fn plates_of_a_reader_are_scored_as_the_table_of_their_wells() {
    let place = Place::new();
    let value = |plate: &str, at: usize| if at == 6 { 0.9 } else { idle(at + plate.len()) };
    let mut table = "plate,well,score\n".to_owned();
    for plate in ["p1", "plate2"] {
        place.write(&format!("{plate}.csv"), reader_file(|at| value(plate, at).to_string()));
        (0..24).for_each(|at| table += &format!("{plate},{},{}\n", well(at), value(plate, at)));
    }
    place.write("wells.csv", table);
    place.write("map.csv", map(&["p1", "plate2"], |_, at| role(at)));
    let rest = ["--plate-map", "map.csv", "-o"];
    place.run(&[&["score", "--wells", "wells.csv"][..], &rest, &["table"]].concat()).good();
    place.run(&[&["score", "--wells", "p1.csv", "plate2.csv"][..], &rest, &["grids"]].concat()).good();
    for name in ["wells.csv", "plates.csv", "hits.csv"] {
        assert_eq!(place.text(&format!("grids/{name}")), place.text(&format!("table/{name}")), "{name}");
    }
    let twice = [&["score", "--wells", "p1.csv", "wells.csv"][..], &rest, &["twice"]].concat();
    place.refused(&twice, &["wells.csv", "A01 of plate \"p1\" twice"]);
    place.write("p1.csv", reader_file(|at| if at == 3 { "high".to_owned() } else { "1".to_owned() }));
    let words = [&["score", "--wells", "p1.csv"][..], &rest, &["words"]].concat();
    place.refused(&words, &["p1.csv", "well A04: expected a number or NA, found \"high\""]);
}

#[test]
fn mistakes_of_a_plate_map_are_told_together() {
    let place = Place::new();
    place.write("wells.csv", wells(&["p1"], |_, at| (idle(at).to_string(), 100)));
    place.write(
        "map.csv",
        "plate,well,role,concentration\np1,A01,sampel,1 uM\np1,Z99,sample,1 uM\np1,A03,sample,much\n",
    );
    let words = ["score", "--wells", "wells.csv", "--plate-map", "map.csv", "-o", "s"];
    place.refused(&words, &["map.csv", "sampel", "Z99", "much"]);
    place.write("map.csv", map(&["p_1x"], |_, at| role(at)));
    place.refused(
        &words,
        &["p1 (24 wells) is not in the plate map", "nearest in spelling: p_1x", "--allow-lost"],
    );
    place.write("map.csv", map(&["p-1"], |_, at| role(at)));
    let done = place.run(&words).good();
    assert!(done.err.contains("they differ only in signs"), "{}", done.err);
    place.write("wells.csv", "well,score\nA01,0.5\nA1,0.5\nB99,0.1\n");
    place.refused(&words, &["row 3", "A01", "twice", "row 4", "B99"]);
}

#[test]
fn what_cannot_be_scored_is_refused() {
    let place = Place::new();
    place.write("cells.csv", "condition,p_a,p_b,p_c\nx,0.2,0.3,0.5\nx,1.2,NaN,0.5\n");
    let words = ["score", "--cells", "cells.csv", "--class", "c", "-o", "s"];
    place.refused(&words, &["row 3, column p_a: 1.2", "row 3, column p_b"]);
    place.write("cells.csv", "condition,p_a,p_b,p_c\nx,0.2,0.3,0.5\n");
    place.refused(&["score", "--cells", "cells.csv", "-o", "s"], &["--class", "a, b, c"]);
    place.refused(&["score", "--cells", "cells.csv", "--class", "d", "-o", "s"], &["a, b, c", "\"d\""]);
    place.run(&words).good();
    place.write("mine/thesis.txt", "mine");
    place.refused(&["score", "--cells", "cells.csv", "--class", "c", "-o", "mine"], &["mine", "left alone"]);
    place.write("none.csv", "condition,score\nx,0.5\n");
    place.refused(&["score", "--cells", "none.csv", "-o", "t"], &["p_CLASS", "condition, score"]);
    place.refused(
        &["score", "--cells", "cells.csv", "--fdr", "2", "--toxic-below", "3", "-o", "t"],
        &["fdr", "toxic_below"],
    );
}

#[test]
fn a_screen_in_the_files_of_others_is_scored() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/screens/cellHTS2/inst/KcViab");
    assert!(Path::new(folder).exists(), "this test needs the data set {folder}");
    let place = Place::new();
    let done = place.run(&["score", "--screen", folder, "--direction", "down", "-o", "s"]).good();
    assert!(done.out.contains("114 plates, 43776 wells"), "{}", done.out);
    all_numbers(&place, "s");
    assert_eq!(rows(&place, "s/plates.csv").len(), 114);
    // Two plates of each of 57 layouts agree.
    let pairs = rows(&place, "s/replicates.csv");
    assert_eq!(pairs.len(), 57);
    let good = pairs.iter().filter(|row| row["pearson"].parse::<f64>().is_ok_and(|r| r > 0.5)).count();
    assert!(good > 50, "{good}");
}

#[test]
fn a_page_leads_from_every_figure_to_its_wells() {
    let place = Place::new();
    place
        .run(&["simulate", "screen", "-o", "screen", "--n-wells", "24", "--n-plates", "2", "--doses"])
        .good();
    let words = ["score", "--wells", "screen/wells.csv", "--plate-map", "screen/plate_map.csv", "-o", "s"];
    place.run(&words).good();
    let page = place.text("s/report.html");
    let start = page.find("id=\"links\">").expect("the links") + 11;
    let end = page[start..].find("</script>").expect("their end");
    let links: serde_json::Value = serde_json::from_str(&page[start..start + end]).expect("JSON");
    assert_eq!(links["words"][1].as_array().map(Vec::len), Some(24));
    let discs = |id: &str| {
        let from = page.find(&format!("id=\"{id}\"")).expect("the figure");
        page[from..][..page[from..].find("</svg>").expect("its end")].matches("<circle").count()
    };
    for figure in ["volcano", "controls"] {
        assert_eq!(links[figure].as_array().map(Vec::len), Some(discs(figure)), "{figure}");
    }
    let n_rows = page.matches("data-treatment=").count();
    assert!((0..n_rows).all(|k| links["treatments"][k.to_string()][1].is_array()), "{n_rows}");
}

/// A plate reader's grid between lines about the instrument, and a plate map that is a bare grid of as many rows and columns.
#[test]
fn what_a_plate_reader_wrote_is_scored_with_a_bare_grid_as_map() {
    let place = Place::new();
    let grid = |value: &dyn Fn(usize, usize) -> String| {
        let line = |row| (0..6).map(|column| value(row, column)).collect::<Vec<_>>();
        (0..4).map(line).collect::<Vec<_>>()
    };
    let signals = grid(&|row, column| format!("{}", 100 * column + 7 * row));
    let letters = ["A", "B", "C", "D"].iter().zip(&signals);
    let lines: String = letters.map(|(letter, line)| format!("{letter},{},\n", line.join(","))).collect();
    std::fs::create_dir(place.path("run")).expect("a folder");
    place.write("run/Platelist.txt", "Filename\tPlate\tReplicate\nP1.csv\t1\t1\n");
    place.write(
        "run/P1.csv",
        format!("Plate,Label\n1,US LUM\n\n,01,02,03,04,05,06,\n{lines}\nAssay ID: ,1500\n"),
    );
    let words = ["score", "--screen", "run", "-o", "s"];
    place.refused(&words, &["run", "Plateconf.txt", "--plate-map"]);
    let what = grid(&|_, column| if column == 5 { "neg".to_owned() } else { format!("drug {column}") });
    place.write("map.csv", what.iter().map(|line| line.join(";") + "\r\n").collect::<String>());
    place.run(&[&words[..], &["--plate-map", "map.csv"]].concat()).good();
    let wells = rows(&place, "s/wells.csv");
    assert_eq!(wells.len(), 24);
    assert_eq!((&*wells[8]["well"], &*wells[8]["compound"]), ("B03", "drug 2"));
    assert_eq!(wells[8]["score"].parse(), Ok(207.0));
    assert_eq!(wells.iter().filter(|row| row["role"] == "negative").count(), 4);
    all_numbers(&place, "s");
}

#[test]
fn a_plate_without_a_name_is_the_plate() {
    let place = Place::new();
    place.write("wells.csv", "well,score\nA01,1\n");
    let done = place.run(&["score", "--wells", "wells.csv", "-o", "s"]).good();
    assert!(done.out.contains("the plate: controls not judged"), "{}", done.out);
}

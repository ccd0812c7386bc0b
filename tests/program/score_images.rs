//! `score` on images: a simulated screen from pictures to hits, and a run that was killed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::score::rows;
use crate::support::{Place, done, small};

const IMAGES: &str = "screen/images/{plate}/{well}_s{field}.png";

/// A simulated screen of `n_wells`, and a model that learned from its training cells.
fn screen(place: &Place, n_wells: &str, more: &[&str]) {
    let words = ["simulate", "screen", "--images", "-o", "screen", "--n-wells", n_wells, "--n-fields", "1"];
    let more = &[more, &["--n-training", "24"]].concat();
    place.run(&[&words[..], more].concat()).good();
    place.write("small.toml", small(&["epochs = 15", "batch = 32"]));
    place.run(&["train", "screen/training.crops", "--config", "small.toml", "-o", "m.safetensors"]).good();
}

const SCORE: [&str; 11] = [
    "score",
    "m.safetensors",
    IMAGES,
    "--method",
    "auto",
    "--plate-map",
    "screen/plate_map.csv",
    "--class",
    "senescent",
    "--min-cells",
    "8",
];

#[test]
fn planted_hits_are_found_in_images() {
    let place = Place::new();
    screen(&place, "24", &["--hits", "0.4", "--toxic", "0.1", "--effect", "0.6"]);
    place.run(&[&SCORE[..], &["-o", "s"]].concat()).good();
    let truth = rows(&place, "screen/truth.csv");
    let planted = |column: &str| -> BTreeSet<String> {
        truth.iter().filter(|row| row[column] == "true").map(|row| row["compound"].clone()).collect()
    };
    let hits = rows(&place, "s/hits.csv");
    let found = |verdict: &str| -> BTreeSet<String> {
        hits.iter()
            .filter(|row| row["verdict"].starts_with(verdict))
            .map(|row| row["treatment"].clone())
            .collect()
    };
    let toxic = planted("toxic");
    let expected: BTreeSet<String> = planted("hit").difference(&toxic).cloned().collect();
    let called = found("hit up");
    assert!(expected.len() >= 3, "{expected:?}");
    let n_right = called.intersection(&expected).count();
    assert!(5 * n_right >= 4 * expected.len(), "found {called:?} of {expected:?}");
    assert!(called.len() <= n_right + 1, "found {called:?}, planted {expected:?}");
    assert!(found("hit").is_disjoint(&toxic), "{:?} {toxic:?}", found("hit"));
    let page = place.text("s/report.html");
    assert!(page.contains("data-well=\"P0001 A01\"") && page.contains("data-well=\"P0002 D06\""));
    let wells = rows(&place, "s/wells.csv");
    let score = |role: &str| {
        let of: Vec<f64> =
            wells.iter().filter(|w| w["role"] == role).filter_map(|w| w["score"].parse().ok()).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    assert!(score("positive") > score("negative") + 0.2, "{} {}", score("positive"), score("negative"));
}

/// How many files and folders an unfinished run keeps; some vanish while they are counted.
fn kept(place: &Place) -> usize {
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let folders = inside(place.path(""))
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(".broken.crops"));
    folders.map(|folder| 1 + inside(folder.path()).count()).sum()
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let place = Place::new();
    screen(&place, "24", &["--n-plates", "1", "--n-replicates", "1"]);
    let words = |output: &'static str| [&SCORE[..], &["--resume", "-o", output]].concat();
    place.run(&words("whole")).good();
    // Killed when the first field is cut, then with every further file that is kept.
    let mut n_kills = 0;
    for n_kept in [2, 12, 30] {
        let mut child = place.start(&words("broken"));
        while child.try_wait().expect("its state").is_none() {
            if kept(&place) >= n_kept {
                child.kill().expect("SIGKILL");
                n_kills += 1;
                break;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        done(child);
        if place.path("broken/score.json").exists() {
            break;
        }
    }
    assert!(n_kills > 0, "the program was always quicker than the kill");
    let refused = [&SCORE[..], &["--border", "reflect", "--resume", "-o", "broken"]].concat();
    if !place.path("broken/score.json").exists() {
        assert_eq!(place.run(&refused).code, Some(2), "another command does not go on from these parts");
    }
    place.run(&words("broken")).good();
    for file in
        ["cells.csv", "fields.csv", "wells.csv", "hits.csv", "plates.csv", "conditions.csv", "report.html"]
    {
        assert!(
            place.bytes(&format!("whole/{file}")) == place.bytes(&format!("broken/{file}")),
            "{file} differs"
        );
    }
    let left = place.listing().into_keys().filter(|path| path.to_string_lossy().contains(".crops"));
    let left: Vec<_> = left.filter(|path| !path.to_string_lossy().contains("training.crops")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_simulated_screen_is_the_same_on_any_number_of_threads() {
    let place = Place::new();
    for (folder, threads) in [("one", "1"), ("four", "4")] {
        let words = ["simulate", "screen", "--images", "--n-wells", "24", "--n-fields", "1", "--size", "192"];
        let more = ["--n-plates", "1", "--n-training", "2", "--threads", threads, "-o", folder];
        place.run(&[&words[..], &more].concat()).good();
    }
    let inside = |folder: &str| -> Vec<_> {
        let root = place.path(folder);
        let files = place.listing().into_keys().filter(|path| path.is_file() && path.starts_with(&root));
        files
            .map(|path| {
                (path.strip_prefix(&root).expect("inside").to_owned(), std::fs::read(&path).expect("bytes"))
            })
            .collect()
    };
    let (one, four) = (inside("one"), inside("four"));
    assert_eq!(one.len(), 24 + 2 + 3 + 3 + 1);
    assert!(one == four);
}

//! `explore`: what `embed` wrote is opened with the cells where they lay, and what is none is refused in words.

use crate::server::Server;
use crate::support::{Discs, Place, small};

#[test]
fn a_map_is_opened_with_its_cells_until_they_are_gone() {
    let place = Place::new();
    place.write("cells.npz", Discs { n: 48, ..Discs::default() }.npz());
    place.write("small.toml", small(&[]));
    place.run(&["train", "cells.npz", "--config", "small.toml", "-o", "m.safetensors"]).good();
    place.run(&["embed", "m.safetensors", "cells.npz", "-o", "map"]).good();
    let words = ["explore", "map", "--no-open"];
    let map = Server::start(&place, &words).get("/api/map");
    assert!(map.contains("\"cells\":48") && map.contains("\"channels\":1"), "{map}");
    assert!(place.path("map.study/study.sqlite").is_file());
    place.write("elsewhere/cells.npz", place.bytes("cells.npz"));
    std::fs::remove_file(place.path("cells.npz")).expect("a file that can go");
    assert!(Server::start(&place, &words).get("/api/map").contains("\"picture\":null"));
    let moved = Server::start(&place, &["explore", "map", "elsewhere/cells.npz", "--no-open"]);
    assert!(moved.get("/api/map/pictures?cells=0,47").starts_with("HTTP/1.1 200"));
}

#[test]
fn what_is_no_map_is_refused() {
    let place = Place::new();
    place.write("mine/notes.txt", "mine");
    place.refused(&["explore", "mine"], &["mine", "embed"]);
    place.refused(&["explore", "nowhere"], &["nowhere", "embed"]);
    place.refused(&["explore", "mine", "--bind", "192.168.1.20"], &["--password-file"]);
    assert!(!place.path("mine.study").exists());
}

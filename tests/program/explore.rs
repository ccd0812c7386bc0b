//! `explore`: what `embed` wrote is opened with the cells where they lay, and what is none is refused in words.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use crate::support::{Discs, Place, small};

/// A running server, which ends with the test.
struct Server {
    child: Child,
    host: String,
    cookie: String,
}

impl Server {
    fn start(place: &Place, words: &[&str]) -> Server {
        let mut child = place.command(words).stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let out = child.stdout.take().expect("its output");
        BufReader::new(out).read_line(&mut line).expect("an address");
        let (host, path) =
            line.trim().strip_prefix("http://").and_then(|l| l.split_once('/')).expect("an address");
        let mut server = Server { child, host: host.to_owned(), cookie: String::new() };
        let answer = server.get(&format!("/{path}"));
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        server.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        server
    }

    /// The whole answer, with its headers.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.host).expect("a server");
        let Server { host, cookie, .. } = self;
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("a question");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("an answer");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

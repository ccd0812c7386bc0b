//! Points per second of a whole map, seeded, with umap-learn's settings:
//! `echo umap 2 | cargo run --release -p embed --example umap_rate FEATURES.npz` (`x` `[n, d]`).
//!
//! Each line of standard input names the row and for how many seconds to run it; each line of output is
//! `{"what": …, "per_s": …}`. umap-learn in `bench/peers` answers the same way, and `cargo xtask bench` asks both in turn.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for developers")]

#[expect(dead_code, reason = "the figures of the tests")]
#[path = "../tests/embed/features.rs"]
mod features;

use std::hint::black_box;
use std::io::stdin;
use std::time::Instant;

use embed::Umap;
use features::Features;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let points = Features::read(path.as_ref()).points;
    for line in stdin().lines().map(Result::unwrap) {
        let ("umap", seconds) = line.split_once(' ').unwrap_or_default() else {
            panic!("{line:?}: expected umap SECONDS");
        };
        let (seconds, start): (f64, _) = (seconds.parse().unwrap(), Instant::now());
        let mut mapped = 0;
        while start.elapsed().as_secs_f64() < seconds {
            black_box(Umap::default().fit(&points).unwrap());
            mapped += points.len();
        }
        println!("{{\"what\": \"umap\", \"per_s\": {}}}", mapped as f64 / start.elapsed().as_secs_f64());
    }
}

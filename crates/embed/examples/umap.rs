//! Maps the points of an `.npz` with keys `x` `[n, d]` and `y` `[n]` and prints a line of figures per seed:
//! `cargo run --release -p embed --example umap -- ../shared/golden/umap/features.npz [seeds] [copies]`.
//! With `copies` the points are repeated with a little noise, to see how time grows.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement for developers")]

#[path = "../tests/embed/features.rs"]
mod features;

use std::time::Instant;

use embed::{Points, Umap};
use features::{Features, label_accuracy};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let features = Features::read(args[0].as_ref());
    let number = |i: usize| args.get(i).map_or(1, |text: &String| text.parse().unwrap());
    let (seeds, copies) = (number(1), number(2));
    let points = repeated(&features.points, copies);
    for seed in 0..seeds {
        let start = Instant::now();
        let map = Umap { seed, ..Umap::default() }.fit(&points).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let recall = map.neighbours().recall();
        let first = &map.positions()[..features.points.len()];
        println!(
            "seed {seed}: {} points in {seconds:.2} s, recall {recall:?}, trustworthiness {:.4}, neighbours kept {:.4}, labels {:.4}",
            points.len(),
            embed::trustworthiness(&features.sample(), &features.sampled(first), 15).unwrap(),
            embed::neighbours_kept(&features.points, first, 15).unwrap(),
            label_accuracy(&features.labels, first, &features.rows()),
        );
    }
}

/// The points, and after them copies that differ by a few hundredths.
fn repeated(points: &Points, copies: u64) -> Points {
    let noise = |i: usize, copy: u64| {
        let bits = (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(copy as u32 * 7);
        (bits >> 40) as f32 / 16_777_216.0 - 0.5
    };
    let copy = |copy: u64| {
        let amount = if copy == 0 { 0.0 } else { 0.1 };
        points.values().iter().enumerate().map(move |(i, v)| v + amount * noise(i, copy))
    };
    Points::new(points.columns(), (0..copies).flat_map(copy).collect()).unwrap()
}

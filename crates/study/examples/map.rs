//! A large map as `embed` writes it, to see how `explore` bears it:
//! `cargo run --release -p study --example map -- DIR [CELLS]` (1,000,000). The cells have no pictures.

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;

const CLASSES: [&str; 8] = [
    "Anaphase",
    "Apoptosis",
    "Cytokinesis",
    "Interphase",
    "Metaphase",
    "Prophase",
    "Prometaphase",
    "Telophase",
];
/// Numbers of each cell.
const FEATURES: usize = 16;
const N_PLATES: usize = 4;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("expected DIR [CELLS]")?;
    let n: usize = args.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let mut random = ChaCha8Rng::seed_from_u64(n as u64);
    let mut table = BufWriter::new(File::create(folder.join("cells.csv"))?);
    let mut features = BufWriter::new(File::create(folder.join("features.npy"))?);
    features.write_all(&formats::npy::float32_header(&[n, FEATURES]))?;
    let probabilities = CLASSES.map(|class| format!("p_{class}")).join(",");
    writeln!(
        table,
        "name,source,group,flagged,class,confidence,margin,{probabilities},plate,well,label,outlier,umap_1,umap_2"
    )?;
    let (mut from, mut to) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for i in 0..n {
        let class = random.random_range(0..CLASSES.len());
        let point: Vec<f32> = (0..FEATURES).map(|k| normal(&mut random) + middle(class, k)).collect();
        point.iter().try_for_each(|v| features.write_all(&v.to_le_bytes()))?;
        let place = [8.0 * middle(class, 0) + 2.0 * point[1], 8.0 * middle(class, 1) + 2.0 * point[2]];
        for axis in 0..2 {
            (from[axis], to[axis]) = (from[axis].min(place[axis]), to[axis].max(place[axis]));
        }
        row(&mut table, i, class, place, &mut random)?;
    }
    table.flush()?;
    features.flush()?;
    let about = json!({
        "n": n, "columns": FEATURES, "n_neighbors": 15, "min_dist": 0.1, "spread": 1.0, "n_epochs": null, "init": "spectral",
        "learning_rate": 1.0, "seed": 0,
        "quality": { "trustworthiness": 0.9, "neighbours_kept": 0.2, "recall": 0.97 }, "extent": [from, to],
    });
    std::fs::write(folder.join("embedding.json"), serde_json::to_string_pretty(&about)?)?;
    println!("{n} cells in {}", folder.display());
    Ok(())
}

/// A row of the table; one in ten cells is taken for one of another class.
fn row(
    out: &mut impl Write,
    i: usize,
    class: usize,
    place: [f32; 2],
    random: &mut ChaCha8Rng,
) -> std::io::Result<()> {
    let predicted = if random.random_bool(0.1) { random.random_range(0..CLASSES.len()) } else { class };
    let confidence = 0.5 + 0.5 * random.random::<f64>();
    let rest = (1.0 - confidence) / (CLASSES.len() - 1) as f64;
    let p: Vec<String> =
        (0..CLASSES.len()).map(|k| if k == predicted { confidence } else { rest }.to_string()).collect();
    let (plate, well) = (i % N_PLATES, i / N_PLATES % 384);
    let well = format!("{}{:02}", char::from(b'A' + (well / 24) as u8), well % 24 + 1);
    writeln!(
        out,
        "movie_{:03}/{i},movie_{:03}.tif,movie_{:03},false,{},{confidence},{},{},plate {},{well},{},{},{:?},{:?}",
        i % 500,
        i % 500,
        i % 500,
        CLASSES[predicted],
        confidence - rest,
        p.join(","),
        plate + 1,
        CLASSES[class],
        random.random::<f64>(),
        place[0],
        place[1],
    )
}

/// Where the cells of a class are, along one feature.
fn middle(class: usize, feature: usize) -> f32 {
    2.0 * (class as f32 * 0.785 + feature as f32 * 1.57).cos()
}

/// Nearly normally distributed.
fn normal(random: &mut ChaCha8Rng) -> f32 {
    (0..4).map(|_| random.random::<f32>() - 0.5).sum::<f32>() * 1.7
}

//! How well cells are found, against cells drawn by hand: `cargo run --release -p study --example crops -- DATA`.
//!
//! DATA holds `phase_usiigaci/fields` (`*_raw.tif` with `*_instances.png`) and `bbbc039` (`images`, `masks`). A centre hits the
//! cell in whose mask it falls; a second one there and one outside of all are false; cells whose window of 50 pixels crosses
//! the border count on neither side.

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::path::{Path, PathBuf};

use cells::cut::auto::{self, AutoSettings, Modality};
use cells::cut::percentile::{self, PercentileSettings, Room, Side};
use cells::cut::score::Score;
use cells::cut::{Plane, labels};
use formats::labels::LabelImage;
use formats::microscope::{At, Image};

const HALF: usize = 25;

fn main() -> Result<(), Box<dyn Error>> {
    let data = std::env::args().nth(1).unwrap_or_else(|| "../shared/data".to_owned());
    let data = Path::new(&data);
    println!(
        "| data | method | fields | true cells | hit once | share | false per field | F1 | ms per megapixel |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let phase = pairs(&data.join("phase_usiigaci/fields"), "_raw.tif", |name, folder| {
        folder.join(name.replace("_raw.tif", "_instances.png"))
    })?;
    judge("phase contrast", &phase, Modality::Phase, PercentileSettings::default(), false)?;
    let nuclei = pairs(&data.join("bbbc039/images"), ".tif", |name, folder| {
        folder.with_file_name("masks").join(name.replace(".tif", ".png"))
    })?;
    for percent in [80.0, 90.0, 95.0] {
        let bright = PercentileSettings { percent, side: Side::Bright, ..PercentileSettings::default() };
        judge("nuclei", &nuclei, Modality::Fluorescence, bright, true)?;
    }
    Ok(())
}

/// Images and their masks.
fn pairs(
    folder: &Path,
    ending: &str,
    mask: impl Fn(&str, &Path) -> PathBuf,
) -> Result<Vec<(PathBuf, PathBuf)>, Box<dyn Error>> {
    let mut pairs = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ending) {
            pairs.push((folder.join(&name), mask(&name, folder)));
        }
    }
    pairs.sort();
    Ok(pairs)
}

fn judge(
    name: &str,
    pairs: &[(PathBuf, PathBuf)],
    modality: Modality,
    published: PercentileSettings,
    pieces: bool,
) -> Result<(), Box<dyn Error>> {
    let (mut ours, mut theirs) = (Score::default(), Score::default());
    let (mut our_time, mut their_time, mut n_pixels) = (0.0, 0.0, 0);
    for (image, mask) in pairs {
        let plane = Image::open(image)?.field(0)?.plane(At::default())?;
        let (h, w) = (plane.h, plane.w);
        let floats = plane.values.to_f32();
        let levels: Vec<u16> = floats.iter().map(|&v| v as u16).collect();
        let mut truth = LabelImage::open(mask)?.frame(0)?;
        if pieces {
            truth = Plane::new(&truth, h, w).map(labels::components).ok_or("a mask of another size")?;
        }
        let truth = Plane::new(&truth, h, w).ok_or("a mask of another size")?;
        let start = std::time::Instant::now();
        let found = auto::find(Plane::new(&floats, h, w).ok_or("no pixels")?, &AutoSettings::of(modality));
        our_time += start.elapsed().as_secs_f64();
        ours = ours + Score::of(&found.cells, truth, HALF);
        let start = std::time::Instant::now();
        let found =
            percentile::find(Plane::new(&levels, h, w).ok_or("no pixels")?, &published, &mut Room::default());
        their_time += start.elapsed().as_secs_f64();
        theirs = theirs + Score::of(&found.cells, truth, HALF);
        n_pixels += h * w;
    }
    let setting = format!("percentile {}", published.percent);
    for (method, score, time) in [("auto", ours, our_time), (setting.as_str(), theirs, their_time)] {
        println!(
            "| {name} | {method} | {} | {} | {} | {:.3} | {:.2} | {:.3} | {:.1} |",
            pairs.len(),
            score.n_true,
            score.n_hit,
            score.recall(),
            score.n_false as f64 / pairs.len().max(1) as f64,
            score.f1(),
            1e9 * time / n_pixels.max(1) as f64
        );
    }
    Ok(())
}

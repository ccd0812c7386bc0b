//! Milliseconds per megapixel of the published contour method on one core: `cargo run --release -p cells --example percentile FIELD.tif…`
//!
//! Median of 15 runs on the first channel, as read and (16-bit fields) also in 8 bits.

use std::time::Instant;

use cells::cut::level::Level;
use cells::cut::percentile::{PercentileSettings, find};
use cells::cut::{Plane, plane};
use tiff::decoder::{Decoder, DecodingResult};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let mut decoder = Decoder::new(std::io::BufReader::new(std::fs::File::open(&path)?))?;
        let (w, h) = decoder.dimensions()?;
        let (h, w) = (h as usize, w as usize);
        match decoder.read_image()? {
            DecodingResult::U8(v) => time(&path, &v, h, w),
            DecodingResult::U16(v) => {
                time(&path, &v, h, w);
                let eight: Vec<u8> = v.iter().map(|&v| ((u32::from(v) + 128) / 257) as u8).collect();
                time(&path, &eight, h, w);
            }
            _ => return Err(format!("{path}: expected 8 or 16 bits").into()),
        }
    }
    Ok(())
}

#[allow(clippy::print_stdout, reason = "this is a program")]
fn time<T: Level>(path: &str, values: &[T], h: usize, w: usize) {
    let n_channels = values.len() / (h * w);
    let mut runs: Vec<f64> = (0..15)
        .map(|_| {
            let start = Instant::now();
            let plane = plane::channel(values, 0, n_channels);
            let found = Plane::new(&plane, h, w).map(|p| find(p, &PercentileSettings::default()));
            std::hint::black_box(found);
            start.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    let bits = 8 * size_of::<T>();
    println!("{path}: {:.2} ms per megapixel, {bits} bits", 1e9 * runs[7] / (h * w) as f64);
}

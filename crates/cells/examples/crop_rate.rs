//! Fields per second of the published contour method, from the pixels of a field to the pixels of its cells, on one
//! core: `echo crop-percentile 2 | cargo run --release -p cells --example crop_rate FIELD.tif` (8-bit RGB).
//!
//! Each line of standard input names the row and for how many seconds to run it; each line of output is
//! `{"what": …, "per_s": …}`. OpenCV in `bench/peers` answers the same way, and `cargo xtask bench` asks both in turn.

#![expect(clippy::print_stdout, reason = "this is a program")]

use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, stdin};
use std::time::Instant;

use cells::cut::Plane;
use cells::cut::percentile::{PercentileSettings, Room, find};
use kernels::{Kernels, PlainCode};
use tiff::decoder::{Decoder, DecodingResult};

const CHANNELS: usize = 3;

/// Buffers kept from field to field.
#[derive(Default)]
struct Kept {
    plane: Vec<u8>,
    room: Room<u8>,
    crops: Vec<u8>,
}

/// An image `[h, w, 3]`.
struct Field {
    pixels: Vec<u8>,
    h: usize,
    w: usize,
}

impl Field {
    fn read(path: &str) -> Result<Field, Box<dyn Error>> {
        let mut decoder = Decoder::new(BufReader::new(File::open(path)?))?;
        let (w, h) = decoder.dimensions()?;
        let (h, w) = (h as usize, w as usize);
        match decoder.read_image()? {
            DecodingResult::U8(pixels) if pixels.len() == h * w * CHANNELS => Ok(Field { pixels, h, w }),
            _ => Err(format!("{path}: expected an 8-bit RGB image").into()),
        }
    }

    /// The crops of all cells, one after another.
    fn crops<'a>(&self, settings: &PercentileSettings, kept: &'a mut Kept) -> &'a [u8] {
        let Kept { plane, room, crops } = kept;
        plane.clear();
        Kernels::best().run_plain(FirstChannel { pixels: self.pixels.as_chunks().0, out: plane });
        let cells =
            Plane::new(plane, self.h, self.w).map(|p| find(p, settings, room).cells).unwrap_or_default();
        crops.clear();
        for cell in cells {
            let (top, left) = (cell.y as usize - settings.half_h, cell.x as usize - settings.half_w);
            for y in top..top + 2 * settings.half_h {
                let start = (y * self.w + left) * CHANNELS;
                crops.extend_from_slice(&self.pixels[start..start + 2 * settings.half_w * CHANNELS]);
            }
        }
        crops
    }
}

/// Constant steps, compiled for the CPU: several times as fast as any other way to take a channel.
struct FirstChannel<'a> {
    pixels: &'a [[u8; CHANNELS]],
    out: &'a mut Vec<u8>,
}

impl PlainCode for FirstChannel<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        self.out.extend(self.pixels.iter().map(|pixel| pixel[0]));
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("expected FIELD.tif")?;
    let (field, settings) = (Field::read(&path)?, PercentileSettings::default());
    let mut kept = Kept::default();
    black_box(field.crops(&settings, &mut kept));
    for line in stdin().lines() {
        let line = line?;
        let ("crop-percentile", seconds) = line.split_once(' ').unwrap_or_default() else {
            return Err(format!("{line:?}: expected crop-percentile SECONDS").into());
        };
        let (seconds, start): (f64, _) = (seconds.parse()?, Instant::now());
        let mut fields = 0;
        while start.elapsed().as_secs_f64() < seconds {
            black_box(field.crops(&settings, &mut kept));
            fields += 1;
        }
        let per_s = f64::from(fields) / start.elapsed().as_secs_f64();
        println!("{{\"what\": \"crop-percentile\", \"per_s\": {per_s}}}");
    }
    Ok(())
}

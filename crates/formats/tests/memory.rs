//! Broken images take little memory: the published crashers of a TIFF library, and whole files damaged at random.
//!
//! `MORPHOTYPE_DAMAGED=10000 cargo test --release -p formats --test memory -- --nocapture` damages so many.

use std::alloc::System;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cap::Cap;
use formats::FormatError;
use formats::microscope::Image;

/// Counts what is allocated.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Most bytes that a broken file may take.
const MOST: usize = 256 << 20;

/// Images that are damaged: every layout, compression and kind of metadata.
const FILES: [&str; 16] = [
    "made/ome_pyramid_tiled_lzw.ome.tif",
    "made/ome_tyx_u8_deflate.ome.tif",
    "made/ome_tczyx_u16.ome.tif",
    "made/imagej_tzcyx_u16.tif",
    "made/imagej_truncated_one_ifd.tif",
    "made/bigtiff_u16_zstd.tif",
    "made/planar_rgb_u16.tif",
    "made/rgb_u8_packbits.tif",
    "made/i16_negative.tif",
    "image-tiff/images/12bit.cropped.tiff",
    "image-tiff/images/tiled-gray-i1.tif",
    "image-tiff/images/predictor-3-gray-f32.tif",
    "image-tiff/images/quad-tile.jpg.tiff",
    "image-tiff/images/tiled-jpeg-ycbcr.tif",
    "image-tiff/images/bigtiff/BigTIFF.tif",
    "image-tiff/images/bigtiff/BigTIFFMotorola.tif",
];

fn collection() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/formats");
    assert!(path.is_dir(), "{}: the tests need these data", path.display());
    path
}

/// Reads every plane of every field.
fn read(path: &Path, bytes: Vec<u8>) -> Result<usize, FormatError> {
    let image = Image::parse(path, bytes)?;
    let mut n = 0;
    for i in 0..image.places().len() {
        let field = image.field(i)?;
        for at in field.all() {
            n += field.plane(at)?.values.len();
        }
    }
    Ok(n)
}

/// What became of files.
#[derive(Default)]
struct Tally {
    n: usize,
    n_refused: usize,
    most: usize,
    slowest: f64,
}

impl Tally {
    fn add(&mut self, name: &str, bytes: Vec<u8>) {
        let (before, start) = (MEMORY.allocated(), Instant::now());
        let result = read(Path::new(name), bytes);
        // The peak since the program began: the first file that lifts it over the limit is the one that fails.
        let taken = MEMORY.max_allocated().saturating_sub(before);
        assert!(taken < MOST, "{name}: {} MB", taken >> 20);
        self.n += 1;
        self.n_refused += usize::from(result.is_err());
        self.most = self.most.max(taken);
        self.slowest = self.slowest.max(start.elapsed().as_secs_f64());
    }

    #[expect(clippy::print_stdout, reason = "the figures are asked for by --nocapture")]
    fn say(&self, what: &str) {
        let Tally { n, n_refused, most, slowest } = self;
        println!(
            "{what}: {n} files, {n_refused} refused, at most {} MB and {slowest:.2} s for one",
            most >> 20
        );
    }
}

/// Puts one to six wrong bytes where they hurt, the same for each `version`.
fn damaged(whole: &[u8], version: u64) -> Vec<u8> {
    let (mut bytes, mut state) = (whole.to_vec(), version);
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..1 + version % 6 {
        // Headers, wherever they are, hold the small numbers.
        let at = match next(3) {
            0 => next(bytes.len().min(400)),
            1 => bytes.len() - 1 - next(bytes.len().min(600)),
            _ => next(bytes.len()),
        };
        bytes[at] = [0, 1, 0x7f, 0x80, 0xff, next(256) as u8][next(6)];
    }
    bytes
}

#[test]
fn broken_images_take_little_memory() {
    let content = |path: &Path| std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (mut published, mut folders) = (Tally::default(), vec![collection().join("image-tiff/fuzz_images")]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                published.add(&path.display().to_string(), content(&path));
            }
        }
    }
    published.say("published crashers");
    assert!(published.n > 50 && published.n_refused > 50, "{} refused", published.n_refused);

    let asked = std::env::var("MORPHOTYPE_DAMAGED").ok().and_then(|n| n.parse().ok());
    let per_file = asked.unwrap_or(960usize).div_ceil(FILES.len()) as u64;
    let mut made = Tally::default();
    for name in FILES {
        let whole = content(&collection().join(name));
        (0..per_file)
            .for_each(|version| made.add(&format!("{name}, version {version}"), damaged(&whole, version)));
    }
    made.say("damaged at random");
    assert!(made.n_refused > made.n / 8, "{} of {} refused", made.n_refused, made.n);
}

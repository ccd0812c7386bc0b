//! TIFF movies, written one frame at a time; [`microscope`](crate::microscope) reads them.
//!
//! Written as ImageJ hyperstacks: pages in the order of channels, then time, and a description that says so.

use std::fmt::Write as _;
use std::io::{self, Cursor, Seek, Write};
use std::path::Path;

use cells::{CropShape, Depth, Pixels};
use tiff::encoder::colortype::{self, ColorType};
use tiff::encoder::{
    Compression, DeflateLevel, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard, TiffValue,
};
use tiff::tags::{ResolutionUnit, Tag};
use tiff::{TiffError, TiffResult};

use crate::image::Image;
use crate::{FormatError, atomic};

/// Bytes of pixels above which offsets need 64 bits, with room for the tags.
const MAX_CLASSIC: usize = 0xf000_0000;

/// Physical sizes, written when known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Scale {
    /// Side of a pixel, in micrometres.
    pub micron_per_pixel: Option<f64>,
    /// Time between frames, in seconds.
    pub seconds_per_frame: Option<f64>,
}

/// Writes `n_frames` images of one shape and depth as a TIFF movie, atomically. Channels become pages of their own.
///
/// # Errors
/// When `frames` ends early or its images differ in shape or depth, or the file cannot be written.
pub fn write(
    path: &Path,
    n_frames: usize,
    frames: impl IntoIterator<Item = Image>,
    scale: Scale,
) -> Result<(), FormatError> {
    write_pages(path, n_frames, frames.into_iter().map(Ok), Samples::Pages, scale)
}

/// Writes `n_frames` pictures in red, green and blue of 8 bits and one size as a TIFF movie for people, compressed, atomically.
///
/// # Errors
/// As [`write()`]; when a picture is of another kind; the first error among `frames`.
pub fn write_pictures(
    path: &Path,
    n_frames: usize,
    frames: impl IntoIterator<Item = io::Result<Image>>,
) -> Result<(), FormatError> {
    write_pages(path, n_frames, frames.into_iter(), Samples::Colours, Scale::default())
}

/// Where the channels of a frame go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Samples {
    /// A page each.
    Pages,
    /// Red, green and blue of one page.
    Colours,
}

fn write_pages(
    path: &Path,
    n_frames: usize,
    frames: impl Iterator<Item = io::Result<Image>>,
    samples: Samples,
    scale: Scale,
) -> Result<(), FormatError> {
    let mut frames = frames.take(n_frames).peekable();
    let first = match frames.peek() {
        Some(Ok(first)) => (first.shape, first.pixels.depth()),
        // The error comes again when the frame is written.
        Some(Err(_)) => (CropShape { h: 1, w: 1, c: 1 }, Depth::Uint8),
        None => return Err(FormatError::new(path, "at least one frame to write", "none")),
    };
    let description = hyperstack(n_frames, if samples == Samples::Pages { first.0.c } else { 1 }, scale);
    let checked = frames.map(|frame| match frame? {
        frame if (frame.shape, frame.pixels.depth()) == first => Ok(frame),
        _ => Err(io::Error::other("a frame of another shape or depth")),
    });
    let compression = match samples {
        Samples::Pages => Compression::Uncompressed,
        Samples::Colours => Compression::Deflate(DeflateLevel::Fast),
    };
    // Four bytes bound every depth.
    let large = first.0.len().saturating_mul(4).saturating_mul(n_frames) > MAX_CLASSIC;
    atomic::write_file(path, |out| {
        let n_written = if large {
            let encoder = TiffEncoder::<_, TiffKindBig>::new_generic(out).map_err(into_io)?;
            let mut encoder = encoder.with_compression(compression);
            write_frames(&mut encoder, checked, samples, &description, scale)
        } else {
            let encoder = TiffEncoder::<_, TiffKindStandard>::new_generic(out).map_err(into_io)?;
            let mut encoder = encoder.with_compression(compression);
            write_frames(&mut encoder, checked, samples, &description, scale)
        }?;
        if n_written < n_frames {
            return Err(io::Error::other(format!("{n_frames} frames announced, {n_written} given")));
        }
        Ok(())
    })
}

fn into_io(error: TiffError) -> io::Error {
    match error {
        TiffError::IoError(e) => e,
        other => io::Error::other(other),
    }
}

/// What ImageJ reads: number of pages, channels, frames, sizes.
pub(crate) fn hyperstack(n_frames: usize, channels: usize, scale: Scale) -> String {
    let mut text = format!("ImageJ=1.54f\nimages={}\n", n_frames * channels);
    if channels > 1 {
        let _ = writeln!(text, "channels={channels}");
    }
    let _ = writeln!(text, "frames={n_frames}\nhyperstack=true\nmode=grayscale");
    if scale.micron_per_pixel.is_some() {
        text.push_str("unit=micron\n");
    }
    if let Some(seconds) = scale.seconds_per_frame {
        let _ = writeln!(text, "finterval={seconds}");
    }
    text.push_str("loop=false\n");
    text
}

fn write_frames<W: Write + Seek, K: TiffKind>(
    encoder: &mut TiffEncoder<W, K>,
    frames: impl Iterator<Item = io::Result<Image>>,
    samples: Samples,
    description: &str,
    scale: Scale,
) -> io::Result<usize> {
    let mut description = Some(description);
    let mut n_written = 0;
    for frame in frames {
        let frame = frame?;
        let CropShape { h, w, c } = frame.shape;
        if samples == Samples::Colours {
            let Pixels::Uint8(values) = &frame.pixels else {
                return Err(io::Error::other("a picture of another depth than 8 bits"));
            };
            let text = description.take();
            write_page::<_, _, colortype::RGB8>(encoder, h, w, values, text, scale).map_err(into_io)?;
            n_written += 1;
            continue;
        }
        for channel in 0..c {
            let text = description.take();
            match &frame.pixels {
                Pixels::Uint8(v) => {
                    write_page::<_, _, colortype::Gray8>(encoder, h, w, &pick(v, c, channel), text, scale)
                }
                Pixels::Uint16(v) => {
                    write_page::<_, _, colortype::Gray16>(encoder, h, w, &pick(v, c, channel), text, scale)
                }
                Pixels::Float32(v) => write_page::<_, _, colortype::Gray32Float>(
                    encoder,
                    h,
                    w,
                    &pick(v, c, channel),
                    text,
                    scale,
                ),
            }
            .map_err(into_io)?;
        }
        n_written += 1;
    }
    Ok(n_written)
}

/// One channel of interleaved values.
fn pick<T: Copy>(values: &[T], c: usize, channel: usize) -> Vec<T> {
    values.iter().skip(channel).step_by(c).copied().collect()
}

fn write_page<W: Write + Seek, K: TiffKind, C: ColorType>(
    encoder: &mut TiffEncoder<W, K>,
    h: usize,
    w: usize,
    values: &[C::Inner],
    description: Option<&str>,
    scale: Scale,
) -> TiffResult<()>
where
    [C::Inner]: TiffValue,
{
    let size = |n: usize| u32::try_from(n).map_err(|_| TiffError::LimitsExceeded);
    let mut page = encoder.new_image::<C>(size(w)?, size(h)?)?;
    if let Some(text) = description {
        page.encoder().write_tag(Tag::ImageDescription, text)?;
    }
    if let Some(micron) = scale.micron_per_pixel.filter(|m| *m > 0.0) {
        // ImageJ reads pixels per unit, and the unit from the description.
        let per_unit = Rational { n: (1e6 / micron).round() as u32, d: 1_000_000 };
        page.resolution(ResolutionUnit::None, per_unit);
    }
    page.write_data(values)
}

/// A patch as the bytes of a TIFF file: grey, RGB, or rows as pages with the shape that tifffile writes and reads.
pub(crate) fn patch_bytes(path: &Path, shape: CropShape, pixels: &Pixels) -> Result<Vec<u8>, FormatError> {
    let mut out = Cursor::new(Vec::new());
    let CropShape { h, w, c } = shape;
    let scale = Scale::default();
    let mut write = || -> TiffResult<()> {
        let mut encoder = TiffEncoder::new(&mut out)?;
        let e = &mut encoder;
        match (pixels, c) {
            (Pixels::Uint8(v), 1) => return write_page::<_, _, colortype::Gray8>(e, h, w, v, None, scale),
            (Pixels::Uint16(v), 1) => return write_page::<_, _, colortype::Gray16>(e, h, w, v, None, scale),
            (Pixels::Float32(v), 1) => {
                return write_page::<_, _, colortype::Gray32Float>(e, h, w, v, None, scale);
            }
            (Pixels::Uint8(v), 3) => return write_page::<_, _, colortype::RGB8>(e, h, w, v, None, scale),
            (Pixels::Uint16(v), 3) => return write_page::<_, _, colortype::RGB16>(e, h, w, v, None, scale),
            (Pixels::Float32(v), 3) => {
                return write_page::<_, _, colortype::RGB32Float>(e, h, w, v, None, scale);
            }
            _ => {}
        }
        let text = format!("{{\"shape\": [{h}, {w}, {c}]}}");
        for row in 0..h {
            let (range, text) = (row * w * c..(row + 1) * w * c, (row == 0).then_some(text.as_str()));
            match pixels {
                Pixels::Uint8(v) => write_page::<_, _, colortype::Gray8>(e, w, c, &v[range], text, scale)?,
                Pixels::Uint16(v) => write_page::<_, _, colortype::Gray16>(e, w, c, &v[range], text, scale)?,
                Pixels::Float32(v) => {
                    write_page::<_, _, colortype::Gray32Float>(e, w, c, &v[range], text, scale)?
                }
            }
        }
        Ok(())
    };
    write().map_err(|e| FormatError::new(path, "a TIFF image to write", e.to_string()))?;
    Ok(out.into_inner())
}

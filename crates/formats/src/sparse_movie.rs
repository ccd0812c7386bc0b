//! Large 16-bit movies most of which is dark, as BigTIFF: what is never written takes no room on the disk (a sparse file) and is read
//! as 0.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::movie::{self, Scale};
use crate::{FormatError, atomic};

/// Pixels of a frame that are not dark: a part of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Row.
    pub y: usize,
    /// First column.
    pub x: usize,
    /// Values from there on.
    pub values: Vec<u16>,
}

/// Entries of a directory, and its bytes.
const N_ENTRIES: u64 = 12;
const DIRECTORY: u64 = 8 + 20 * N_ENTRIES + 8;
/// Frames begin at multiples of this, which is a block of usual disks.
const BLOCK: u64 = 4096;

/// Writes `n_frames` frames of `h` x `w` pixels, atomically; `runs` gives what is not dark of each. All directories come first, so that
/// opening reads one place of the file.
///
/// # Errors
/// No frame or pixel, a run outside of its frame, or a file that cannot be written.
pub fn write(
    path: &Path,
    (n_frames, h, w): (usize, usize, usize),
    scale: Scale,
    mut runs: impl FnMut(usize) -> Vec<Run>,
) -> Result<(), FormatError> {
    if n_frames == 0 || h == 0 || w == 0 {
        let found = format!("{n_frames} frames of {h} x {w}");
        return Err(FormatError::new(path, "at least one frame with pixels", found));
    }
    let description = movie::hyperstack(n_frames, 1, scale) + "\0";
    let (texts, n) = (16 + n_frames as u64 * DIRECTORY, description.len() as u64);
    let pixels = (texts + n).div_ceil(BLOCK) * BLOCK;
    let frame_bytes = (2 * h * w) as u64;
    let frame = frame_bytes.div_ceil(BLOCK) * BLOCK;
    atomic::write_file(path, |out| {
        out.write_all(b"II\x2b\0\x08\0\0\0")?;
        out.write_all(&16u64.to_le_bytes())?;
        for t in 0..n_frames as u64 {
            let next = if t + 1 < n_frames as u64 { 16 + (t + 1) * DIRECTORY } else { 0 };
            out.write_all(&directory(
                [h as u64, w as u64],
                scale,
                (texts, n),
                (pixels + t * frame, frame_bytes),
                next,
            ))?;
        }
        out.write_all(description.as_bytes())?;
        for t in 0..n_frames {
            for Run { y, x, values } in runs(t) {
                if y >= h || x + values.len() > w {
                    return Err(std::io::Error::other(format!("a run at {y}, {x} outside of {h} x {w}")));
                }
                out.seek(SeekFrom::Start(pixels + t as u64 * frame + 2 * (y * w + x) as u64))?;
                let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
                out.write_all(&bytes)?;
            }
        }
        out.flush()?;
        out.get_mut().set_len(pixels + n_frames as u64 * frame)
    })
}

/// One directory; its entries hold their values, but for the description.
fn directory(
    [h, w]: [u64; 2],
    scale: Scale,
    (text, n): (u64, u64),
    (pixels, n_bytes): (u64, u64),
    next: u64,
) -> Vec<u8> {
    let (short, long, ascii, rational, long8) = (3u16, 4u16, 2u16, 5u16, 16u16);
    let per_pixel = scale.micron_per_pixel.filter(|um| *um > 0.0);
    // Numerator in the lower half, denominator in the upper one.
    let resolution = per_pixel.map_or((1 << 32) | 1, |um| (1_000_000 << 32) | (1e6 / um).round() as u64);
    let entries: [(u16, u16, u64, u64); N_ENTRIES as usize] = [
        (256, long, 1, w),
        (257, long, 1, h),
        (258, short, 1, 16),
        (259, short, 1, 1),
        (262, short, 1, 1),
        (270, ascii, n, text),
        (273, long8, 1, pixels),
        (278, long, 1, h),
        (279, long8, 1, n_bytes),
        (282, rational, 1, resolution),
        (283, rational, 1, resolution),
        (296, short, 1, 1),
    ];
    let mut out = N_ENTRIES.to_le_bytes().to_vec();
    for (tag, kind, count, value) in entries {
        out.extend(tag.to_le_bytes());
        out.extend(kind.to_le_bytes());
        out.extend(count.to_le_bytes());
        out.extend(value.to_le_bytes());
    }
    out.extend(next.to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microscope::{At, Image, Values};

    #[test]
    fn runs_are_where_they_were_put_and_the_rest_is_dark() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("movie.tif");
        let scale = Scale { micron_per_pixel: Some(0.5), seconds_per_frame: Some(240.0) };
        write(&path, (3, 50, 70), scale, |t| vec![Run { y: 10 + t, x: 68, values: vec![7, 65_535] }])
            .unwrap();
        let field = Image::open(&path).unwrap().field(0).unwrap();
        let facts = field.facts();
        assert_eq!((facts.n_t, facts.n_z, facts.channels.len(), field.h(), field.w()), (3, 1, 1, 50, 70));
        assert_eq!((facts.sizes.y_um, facts.sizes.t_s), (Some(0.5), Some(240.0)));
        for t in 0..3 {
            let mut expected = vec![0; 50 * 70];
            expected[(10 + t) * 70 + 68..][..2].copy_from_slice(&[7, 65_535]);
            assert_eq!(field.plane(At { t, z: 0, c: 0 }).unwrap().values, Values::U16(expected));
        }
        assert!(write(&path, (3, 50, 70), scale, |_| vec![Run { y: 0, x: 69, values: vec![1, 2] }]).is_err());
        assert!(write(&path, (0, 50, 70), scale, |_| Vec::new()).is_err());
    }
}

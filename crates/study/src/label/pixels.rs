//! Pixels for the eye: planes, windows, histograms.

use cells::cut::window::WindowSettings;
use formats::label_store::WINDOW;
use formats::microscope::{At, Dtype, Values, Window};
use serde::Serialize;

use super::image::Shape;
use super::{LabelError, Labelling};

/// Bars of a histogram.
pub const N_BARS: usize = 256;
/// Largest side of a patch, pixels.
pub const MAX_PATCH: usize = 512;

/// How often which intensity occurs in a plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Least intensity.
    pub min: f64,
    /// Greatest intensity.
    pub max: f64,
    /// A thousandth of the pixels is at most as bright.
    pub p_low: f64,
    /// A thousandth of the pixels is at least as bright.
    pub p_high: f64,
    /// Where the first bar begins.
    pub edges_from: f64,
    /// Where the last bar ends.
    pub edges_to: f64,
    /// Pixels of each bar; all bars are equally wide.
    pub counts: Vec<u64>,
}

impl Labelling {
    /// The pixels of a plane, row by row, little endian, in the image's `dtype`.
    ///
    /// # Errors
    /// When there is no such image or plane, or it cannot be read.
    pub fn plane(&self, image: i64, at: At) -> Result<Vec<u8>, LabelError> {
        Ok(little_endian(&self.values(image, at)?))
    }

    /// The pixels of the `size` x `size` window whose centre is the pixel of (y, x), as [`Labelling::plane`]; zeros outside of the
    /// image.
    ///
    /// # Errors
    /// As [`Labelling::plane`], and when the size is odd or above 512.
    pub fn patch(&self, image: i64, at: At, (y, x): (f64, f64), size: usize) -> Result<Vec<u8>, LabelError> {
        let image = self.image(image)?;
        image.check(at)?;
        if size == 0 || size > MAX_PATCH || size % 2 == 1 {
            return Err(LabelError::refused(format!("an even size up to {MAX_PATCH}"), size));
        }
        let Shape { y: h, x: w, .. } = image.facts.shape;
        let settings = WindowSettings { half_h: size / 2, half_w: size / 2, ..WINDOW };
        let place = settings.place((y, x), h, w).map_err(|reason| {
            LabelError::refused("a centre within the image", format!("{y}, {x}: {}", reason.words()))
        })?;
        // The part of the window that is within the image.
        let within = |start: i64, n: usize| {
            let from = start.clamp(0, n as i64) as usize;
            let to = (start + size as i64).clamp(0, n as i64) as usize;
            (from, to - from)
        };
        let ((top, rows), (left, columns)) = (within(place.top, h), within(place.left, w));
        let plane = image.field.region(0, at, Window { y: top, x: left, h: rows, w: columns })?;
        let pixels = little_endian(&plain(plane.values));
        let width = pixels.len() / (rows * columns).max(1);
        let mut out = vec![0; size * size * width];
        let (down, right) = ((top as i64 - place.top) as usize, (left as i64 - place.left) as usize);
        for (row, line) in pixels.chunks_exact((columns * width).max(1)).enumerate() {
            let start = ((down + row) * size + right) * width;
            out[start..start + line.len()].copy_from_slice(line);
        }
        Ok(out)
    }

    /// The histogram of a plane.
    ///
    /// # Errors
    /// As [`Labelling::plane`].
    pub fn histogram(&self, image: i64, at: At) -> Result<Histogram, LabelError> {
        Ok(match self.values(image, at)? {
            Values::U8(v) => of_integers(v.iter().map(|&v| v.into()), 1 << 8),
            Values::U16(v) => of_integers(v.iter().map(|&v| v.into()), 1 << 16),
            other => of_floats(other.to_f32()),
        })
    }

    fn values(&self, image: i64, at: At) -> Result<Values, LabelError> {
        let image = self.image(image)?;
        image.check(at)?;
        Ok(plain(image.field.plane(at)?.values))
    }
}

/// As the page takes them: 8 and 16 bits without sign stay, all else becomes single precision.
fn plain(values: Values) -> Values {
    match values.dtype() {
        Dtype::U8 | Dtype::U16 | Dtype::F32 => values,
        _ => Values::F32(values.to_f32()),
    }
}

fn little_endian(values: &Values) -> Vec<u8> {
    match values {
        Values::U16(v) if cfg!(target_endian = "big") => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
        Values::F32(v) if cfg!(target_endian = "big") => v.iter().flat_map(|v| v.to_le_bytes()).collect(),
        other => other.bytes().to_vec(),
    }
}

fn of_integers(values: impl Iterator<Item = usize>, n_levels: usize) -> Histogram {
    let mut levels = vec![0u64; n_levels];
    values.for_each(|v| levels[v] += 1);
    let n: u64 = levels.iter().sum();
    let first = levels.iter().position(|&n| n > 0).unwrap_or(0);
    let last = levels.iter().rposition(|&n| n > 0).unwrap_or(0);
    // The level at which `share` of all pixels is reached.
    let reached = |share: f64| {
        let wanted = (share * n as f64).ceil().max(1.0) as u64;
        let sums = levels.iter().scan(0, |sum, &n| {
            *sum += n;
            Some(*sum)
        });
        sums.enumerate().find(|&(_, sum)| sum >= wanted).map_or(last, |(level, _)| level)
    };
    // Bars of a whole number of levels each, so that none is empty for want of levels.
    let width = (last + 1 - first).div_ceil(N_BARS);
    let mut counts = vec![0; N_BARS];
    for (i, count) in levels[first..=last].iter().enumerate() {
        counts[i / width] += count;
    }
    Histogram {
        min: first as f64,
        max: last as f64,
        p_low: reached(0.001) as f64,
        p_high: reached(0.999) as f64,
        edges_from: first as f64,
        edges_to: (first + width * N_BARS) as f64,
        counts,
    }
}

fn of_floats(mut values: Vec<f32>) -> Histogram {
    values.retain(|v| v.is_finite());
    if values.is_empty() {
        values.push(0.0);
    }
    let n = values.len();
    let mut quantile = |share: f64| {
        let rank = ((share * n as f64).ceil() as usize).clamp(1, n) - 1;
        f64::from(*values.select_nth_unstable_by(rank, f32::total_cmp).1)
    };
    let (min, p_low, p_high, max) = (quantile(0.0), quantile(0.001), quantile(0.999), quantile(1.0));
    let to = if max > min { max } else { min + 1.0 };
    let mut counts = vec![0; N_BARS];
    for v in values {
        let bar = ((f64::from(v) - min) / (to - min) * N_BARS as f64) as usize;
        counts[bar.min(N_BARS - 1)] += 1;
    }
    Histogram { min, max, p_low, p_high, edges_from: min, edges_to: to, counts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_intensities_that_occur() {
        // 0 once, 1 … 998 once each, 4000 once.
        let values = (0..999).chain([4000]);
        let histogram = of_integers(values.clone(), 1 << 16);
        assert_eq!((histogram.min, histogram.max), (0.0, 4000.0));
        assert_eq!((histogram.p_low, histogram.p_high), (0.0, 998.0));
        assert_eq!((histogram.edges_to, histogram.counts.iter().sum::<u64>()), (4096.0, 1000));
        assert_eq!((histogram.counts[0], histogram.counts[62], histogram.counts[250]), (16, 7, 1));
        let floats = of_floats(values.map(|v| v as f32).chain([f32::NAN]).collect());
        assert_eq!((floats.min, floats.max, floats.p_low, floats.p_high), (0.0, 4000.0, 0.0, 998.0));
        assert_eq!(floats.counts.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn a_plane_of_one_intensity_has_one_bar() {
        let histogram = of_integers(std::iter::repeat_n(7, 10), 256);
        assert_eq!((histogram.min, histogram.max, histogram.edges_to), (7.0, 7.0, 263.0));
        assert_eq!(histogram.counts[0], 10);
        assert_eq!(of_floats(vec![7.0; 10]).counts[0], 10);
    }
}

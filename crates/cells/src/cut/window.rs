//! The pixels around a point.

use serde::{Deserialize, Serialize};

use super::Reason;
use super::plane::reflect;
use crate::CropShape;

/// Largest half side of a window, pixels.
pub const MAX_HALF: usize = 2048;

/// How the centre becomes a whole pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// Down, as the published tools do.
    Floor,
    /// To the nearest pixel, halves up.
    #[default]
    Nearest,
}

/// What is done where a window hangs over the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Border {
    /// Zeros fill it and the cell is flagged.
    #[default]
    FlagZero,
    /// The image is mirrored, without repeating its outermost pixel, and the cell is flagged.
    Reflect,
    /// The cell is dropped.
    Drop,
}

/// A window: size, and how it lies around a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WindowSettings {
    /// Half of the rows.
    pub half_h: usize,
    /// Half of the columns.
    pub half_w: usize,
    /// How the centre becomes a whole pixel.
    pub round: Rounding,
    /// What is done at the border.
    pub border: Border,
}

impl WindowSettings {
    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        [("half_h", self.half_h), ("half_w", self.half_w)]
            .into_iter()
            .filter(|(_, half)| !(1..=MAX_HALF).contains(half))
            .map(|(name, half)| format!("{name} from 1 to {MAX_HALF}, not {half}"))
            .collect()
    }

    /// The window `[y - half_h, y + half_h)` by `[x - half_w, x + half_w)` around a point, in an image of `h` x `w`.
    ///
    /// # Errors
    /// The reason to drop it: the point lies outside (pixels reach half a pixel around their centres), or the window crosses
    /// the border and [`Border::Drop`] is asked for.
    pub fn place(&self, (y, x): (f64, f64), h: usize, w: usize) -> Result<Window, Reason> {
        let inside = |v: f64, n: usize| v >= -0.5 && v < n as f64 - 0.5;
        let whole = |v: f64| match self.round {
            Rounding::Floor => v.floor(),
            Rounding::Nearest => (v + 0.5).floor(),
        };
        let pixel = |v: f64, n: usize| (whole(v) as i64).clamp(0, n as i64 - 1);
        if !(inside(y, h) && inside(x, w)) {
            return Err(Reason::Outside);
        }
        let (top, left) = (pixel(y, h) - self.half_h as i64, pixel(x, w) - self.half_w as i64);
        let (rows, columns) = (2 * self.half_h, 2 * self.half_w);
        let hangs = |start: i64, size: usize, n: usize| start < 0 || start + size as i64 > n as i64;
        let crosses = hangs(top, rows, h) || hangs(left, columns, w);
        if crosses && self.border == Border::Drop {
            return Err(Reason::Border);
        }
        Ok(Window { top, left, h: rows, w: columns, crosses, mirror: self.border == Border::Reflect })
    }
}

/// A rectangle of pixels that may hang over the border of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First row.
    pub top: i64,
    /// First column.
    pub left: i64,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    /// Whether it hangs over the border.
    pub crosses: bool,
    /// Whether what hangs over is the mirrored image, rather than zeros.
    pub mirror: bool,
}

impl Window {
    /// Appends its pixels, all channels; `values` is the image, `[h, w, c]`.
    ///
    /// ```
    /// use cells::CropShape;
    /// use cells::cut::window::{Border, Rounding, WindowSettings};
    /// let image = [1u8, 2, 3, 4, 5, 6];
    /// let settings = WindowSettings { half_h: 1, half_w: 1, round: Rounding::Floor, border: Border::FlagZero };
    /// let window = settings.place((0.0, 1.0), 2, 3).unwrap();
    /// let mut crop = Vec::new();
    /// window.cut(&image, CropShape { h: 2, w: 3, c: 1 }, &mut crop);
    /// assert_eq!((crop, window.crosses), (vec![0, 0, 1, 2], true));
    /// ```
    pub fn cut<T: Copy + Default>(&self, values: &[T], shape: CropShape, out: &mut Vec<T>) {
        let CropShape { h, w, c } = shape;
        for y in self.top..self.top + self.h as i64 {
            let row_inside = (0..h as i64).contains(&y);
            if row_inside && !self.crosses {
                let start = (y as usize * w + self.left as usize) * c;
                out.extend_from_slice(&values[start..start + self.w * c]);
                continue;
            }
            for x in self.left..self.left + self.w as i64 {
                if self.mirror || (row_inside && (0..w as i64).contains(&x)) {
                    let at = (reflect(y, h) * w + reflect(x, w)) * c;
                    out.extend_from_slice(&values[at..at + c]);
                } else {
                    out.extend(std::iter::repeat_n(T::default(), c));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: CropShape = CropShape { h: 4, w: 5, c: 2 };

    fn image() -> Vec<u16> {
        (0..SHAPE.len() as u16).map(|i| i + 1).collect()
    }

    fn crop(point: (f64, f64), round: Rounding, border: Border) -> Result<(Vec<u16>, bool), Reason> {
        let settings = WindowSettings { half_h: 1, half_w: 1, round, border };
        let window = settings.place(point, SHAPE.h, SHAPE.w)?;
        let mut out = Vec::new();
        window.cut(&image(), SHAPE, &mut out);
        Ok((out, window.crosses))
    }

    #[test]
    fn floor_and_nearest_differ_by_a_pixel() {
        let (down, _) = crop((2.0, 2.7), Rounding::Floor, Border::Drop).unwrap();
        let (near, _) = crop((2.0, 2.7), Rounding::Nearest, Border::Drop).unwrap();
        assert_eq!(down, [13, 14, 15, 16, 23, 24, 25, 26]);
        assert_eq!(near, [15, 16, 17, 18, 25, 26, 27, 28]);
    }

    #[test]
    fn the_border_is_filled_mirrored_or_refused() {
        let corner = (0.2, 0.4);
        assert_eq!(crop(corner, Rounding::Floor, Border::FlagZero), Ok((vec![0, 0, 0, 0, 0, 0, 1, 2], true)));
        assert_eq!(
            crop(corner, Rounding::Floor, Border::Reflect),
            Ok((vec![13, 14, 11, 12, 3, 4, 1, 2], true))
        );
        assert_eq!(crop(corner, Rounding::Floor, Border::Drop), Err(Reason::Border));
        // One pixel further the window fits.
        assert_eq!(crop((1.0, 1.0), Rounding::Floor, Border::Drop).map(|c| c.1), Ok(false));
        assert_eq!(crop((3.0, 4.0), Rounding::Floor, Border::Drop).map(|c| c.1), Ok(false));
    }

    #[test]
    fn points_outside_and_not_numbers_are_dropped() {
        for point in [(-0.6, 1.0), (1.0, 4.5), (f64::NAN, 1.0), (1.0, f64::INFINITY), (1e300, -1e300)] {
            assert_eq!(crop(point, Rounding::Nearest, Border::FlagZero), Err(Reason::Outside), "{point:?}");
        }
        // Half a pixel beyond a centre still belongs to the pixel.
        assert!(crop((-0.5, 4.4), Rounding::Floor, Border::FlagZero).is_ok());
    }
}

//! A plate as a picture, one pixel per well.

use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

use crate::report::gallery::data_url;
use crate::report::paint::Rgb;
use crate::report::raster::{self, RasterError};

/// From low over the middle to high; blue and orange are told apart by every eye.
const DIVERGING: [Rgb; 5] = [
    Rgb(0x05, 0x4b, 0x8c),
    Rgb(0x6b, 0xac, 0xd6),
    Rgb(0xf3, 0xf3, 0xf0),
    Rgb(0xf0, 0x9c, 0x50),
    Rgb(0xa5, 0x3c, 0x02),
];

/// From low to high, lightness rising evenly.
///
/// # Source
/// Viridis, Nuñez, Anderton & Renslow 2018, doi:10.1371/journal.pone.0199239, at five places.
const RISING: [Rgb; 5] = [
    Rgb(0x44, 0x01, 0x54),
    Rgb(0x3b, 0x52, 0x8b),
    Rgb(0x21, 0x91, 0x8c),
    Rgb(0x5e, 0xc9, 0x62),
    Rgb(0xfd, 0xe7, 0x25),
];

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Colours {
    /// Values of the first and the last colour.
    pub range: [f64; 2],
    /// Whether the middle of the range means nothing happened.
    pub diverging: bool,
}

impl Colours {
    /// From the 1st to the 99th percentile of `values`.
    #[must_use]
    pub fn rising(values: impl Iterator<Item = f64>) -> Colours {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = values.len().saturating_sub(1) as f64;
            values.get((share * last).round() as usize).copied().unwrap_or(0.0)
        };
        let (low, high) = (at(0.01), at(0.99));
        Colours { range: [low, if high > low { high } else { low + 1.0 }], diverging: false }
    }

    fn stops(self) -> [Rgb; 5] {
        if self.diverging { DIVERGING } else { RISING }
    }

    /// The colour of a value; what is beyond the range has that of its end.
    #[must_use]
    pub fn of(self, value: f64) -> Rgb {
        let share = ((value - self.range[0]) / (self.range[1] - self.range[0])).clamp(0.0, 1.0) * 4.0;
        let below = (share.floor() as usize).min(3);
        let (a, b) = (self.stops()[below], self.stops()[below + 1]);
        let mix = |a: u8, b: u8| {
            (f64::from(a) + (f64::from(b) - f64::from(a)) * (share - below as f64)).round() as u8
        };
        Rgb(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }

    /// The colours from left to right, for a style sheet.
    #[must_use]
    pub fn gradient(self) -> String {
        let stops: Vec<String> = self.stops().iter().map(Rgb::to_string).collect();
        format!("linear-gradient(90deg,{})", stops.join(","))
    }
}

/// The picture of `values` `[rows, columns]` as an address; wells without value are transparent.
///
/// # Errors
/// A plate without wells.
pub fn picture(values: &[Option<f64>], columns: usize, colours: Colours) -> Result<String, RasterError> {
    let rows = values.len() / columns.max(1);
    let Some(mut pixmap) = Pixmap::new(columns as u32, rows as u32) else { return Ok(String::new()) };
    for (pixel, value) in pixmap.pixels_mut().iter_mut().zip(values) {
        let colour = value.map(|value| colours.of(value));
        if let Some(colour) = colour.and_then(|c| PremultipliedColorU8::from_rgba(c.0, c.1, c.2, 255)) {
            *pixel = colour;
        }
    }
    raster::encode(&pixmap, "plate").map(|png| data_url(&png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_and_middle_have_their_colours() {
        let colours = Colours { range: [-6.0, 6.0], diverging: true };
        assert_eq!([-9.0, 0.0, 6.0].map(|v| colours.of(v)), [DIVERGING[0], DIVERGING[2], DIVERGING[4]]);
        let equal = Colours::rising([2.0, 2.0].into_iter());
        assert_eq!(equal.of(2.0), RISING[0]);
        assert!(picture(&[None, Some(1.0)], 2, equal).unwrap().starts_with("data:image/png"));
        assert_eq!(picture(&[], 0, equal).unwrap(), "");
    }
}

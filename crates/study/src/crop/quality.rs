//! Is the picture in focus, evenly lit, and not saturated?

use cells::Pixels;
use cells::cut::Plane;
use cells::cut::smooth::{Grid, gaussian, quantile};
use serde::{Deserialize, Serialize};

/// Figures of one picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Fine structure over coarse structure: standard deviation of what a blur of 1 pixel leaves and one of 2 takes, over that of 2
    /// and 6. Falls when the picture blurs.
    pub focus: f64,
    /// Brightest over darkest ninth of the picture, median of each; 1 is even.
    pub shading: f64,
    /// Share of pixels at the largest value that the type can hold.
    pub saturated: f64,
}

/// Below this share of the set's median focus a picture is reported.
const BLURRED: f64 = 0.6;
/// Above this shading a picture is reported.
const UNEVEN: f64 = 1.5;
/// Above this share of saturated pixels a picture is reported.
const SATURATED: f64 = 0.01;

impl Quality {
    /// The figures of `h` rows of `w` pixels.
    #[must_use]
    pub fn of(pixels: &Pixels, h: usize, w: usize) -> Quality {
        let mut values = vec![0.0; pixels.len()];
        pixels.copy_to(0, &mut values);
        let blurs = [1.0, 2.0, 6.0].map(|sigma| gaussian(&values, h, w, sigma));
        let spread = |a: &[f32], b: &[f32]| {
            let squares: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum();
            (squares / a.len().max(1) as f64).sqrt()
        };
        let coarse = spread(&blurs[1], &blurs[2]);
        let ninths = Plane::new(&values, h, w)
            .map(|plane| Grid::of_blocks(plane, h.min(w).div_ceil(3).max(1), |block| quantile(block, 0.5)));
        let ninths = ninths.as_ref().map_or(&[][..], Grid::values);
        let (dark, light) = ninths.iter().fold((f32::INFINITY, 0.0f32), |(a, b), &v| (a.min(v), b.max(v)));
        let full = match pixels {
            Pixels::Uint8(v) => v.iter().filter(|&&v| v == u8::MAX).count(),
            Pixels::Uint16(v) => v.iter().filter(|&&v| v == u16::MAX).count(),
            Pixels::Float32(_) => 0,
        };
        Quality {
            focus: if coarse > 0.0 { spread(&blurs[0], &blurs[1]) / coarse } else { 0.0 },
            shading: if dark > 0.0 { f64::from(light / dark) } else { 1.0 },
            saturated: full as f64 / pixels.len().max(1) as f64,
        }
    }

    /// What a user should know; `usual_focus` is the median over the set.
    #[must_use]
    pub fn warnings(&self, usual_focus: f64) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.focus < BLURRED * usual_focus {
            warnings.push(format!("blurred: focus {:.2}, usual is {usual_focus:.2}", self.focus));
        }
        if self.shading > UNEVEN {
            warnings
                .push(format!("unevenly lit: one side is {:.1} times as bright as another", self.shading));
        }
        if self.saturated > SATURATED {
            warnings.push(format!("saturated: {:.1} % of the pixels", 100.0 * self.saturated));
        }
        warnings
    }
}

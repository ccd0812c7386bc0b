//! From light to numbers: uneven illumination, photon and read noise, digitisation.

use rand_chacha::ChaCha8Rng;

use super::canvas::Canvas;
use super::noise::{normal, uniform};
use crate::{Depth, Pixels};

/// A camera and its lamp, the same for all frames of a movie.
#[derive(Debug, Clone)]
pub(super) struct Camera {
    /// Electrons per pixel without any cell.
    background: f32,
    /// Electrons per unit of light.
    exposure: f32,
    /// Deviation of the read noise, electrons.
    read_noise: f32,
    /// Numbers per electron, and the number without light, in 16 bits.
    gain: f32,
    offset: f32,
    /// Illumination: fall-off towards the corners, its centre, a tilt.
    falloff: f32,
    centre: [f32; 2],
    tilt: [f32; 2],
}

impl Camera {
    /// Draws a camera; each movie has another.
    pub(super) fn new(rng: &mut ChaCha8Rng) -> Self {
        Camera {
            background: uniform(rng, 50.0, 130.0),
            exposure: uniform(rng, 1.1, 2.0),
            read_noise: uniform(rng, 2.0, 6.0),
            gain: uniform(rng, 4.0, 6.0),
            offset: uniform(rng, 1300.0, 1900.0),
            falloff: uniform(rng, 0.05, 0.3),
            centre: [uniform(rng, 0.35, 0.65), uniform(rng, 0.35, 0.65)],
            tilt: [uniform(rng, -0.06, 0.06), uniform(rng, -0.06, 0.06)],
        }
    }

    /// Relative illumination at a place given as fractions of height and width.
    fn illumination(&self, y: f32, x: f32) -> f32 {
        let (dy, dx) = (y - self.centre[0], x - self.centre[1]);
        1.0 - self.falloff * 2.0 * (dy * dy + dx * dx) + self.tilt[0] * dy + self.tilt[1] * dx
    }

    /// Takes a picture of `light` and appends it to `pixels` (8-bit data are the 16-bit ones over 24, cut off at 255).
    pub(super) fn expose(&self, rng: &mut ChaCha8Rng, light: &Canvas, depth: Depth) -> Pixels {
        let mut numbers = Vec::with_capacity(light.values.len());
        for (i, &value) in light.values.iter().enumerate() {
            let y = (i / light.w) as f32 / light.h as f32;
            let x = (i % light.w) as f32 / light.w as f32;
            let electrons = self.illumination(y, x) * (self.background + self.exposure * value);
            // Above some tens of electrons the Poisson distribution is a normal one.
            let deviation = (electrons + self.read_noise * self.read_noise).sqrt();
            numbers.push(self.offset + self.gain * (electrons + deviation * normal(rng)));
        }
        match depth {
            Depth::Uint8 => Pixels::Uint8(numbers.iter().map(|v| (v / 24.0).round() as u8).collect()),
            Depth::Uint16 => Pixels::Uint16(numbers.iter().map(|v| v.round() as u16).collect()),
            Depth::Float32 => Pixels::Float32(numbers),
        }
    }
}

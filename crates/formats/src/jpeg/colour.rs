//! From components to pixels, and from brightness and colour differences to colours.
//!
//! # Source
//! ITU-T T.871 (JFIF, 2011), section 7, in libjpeg's fixed point of 16 bits; Adobe technical note 5116 (1992).

use super::frame::{Frame, Plane};
use super::tables::Tables;
use super::upsample;

/// How colours are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// As they are given.
    AsIs,
    /// Brightness and the differences of blue and red to it, for red, green and blue.
    YCbCr,
    /// The same for the complements of cyan, magenta and yellow; black as it is.
    Ycck,
}

/// What the markers say of the colours, and where they do not, what libjpeg takes them for.
pub(super) fn told(frame: &Frame, tables: &Tables) -> Stored {
    let ids: Vec<u8> = frame.components.iter().map(|c| c.id).collect();
    match (ids.len(), tables.jfif, tables.adobe) {
        (3, true, _) => Stored::YCbCr,
        (3, false, Some(0)) => Stored::AsIs,
        (3, false, Some(_)) => Stored::YCbCr,
        (3, false, None) if ids == *b"RGB" => Stored::AsIs,
        (3, false, None) => Stored::YCbCr,
        (4, _, Some(1..)) => Stored::Ycck,
        _ => Stored::AsIs,
    }
}

/// Pixels `[h, w, samples]` from planes of components.
pub(super) fn interleave(frame: &Frame, planes: &[Plane], stored: Stored) -> Vec<u8> {
    let (w, n) = (frame.w, planes.len());
    let mut out = vec![0; frame.h * w * n];
    let mut made = vec![Vec::new(); n];
    for (y, pixels) in out.chunks_exact_mut(w * n).enumerate() {
        let of = planes.iter().zip(&frame.components).zip(&mut made);
        let rows: Vec<&[u8]> =
            of.map(|((plane, of), made)| &upsample::row(plane, of, y, made)[..w]).collect();
        match (&rows[..], stored) {
            ([grey], _) => pixels.copy_from_slice(grey),
            ([y, cb, cr], Stored::YCbCr) => {
                for (i, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    *pixel = rgb(y[i], cb[i], cr[i]);
                }
            }
            ([y, cb, cr, black], Stored::Ycck) => {
                for (i, pixel) in pixels.as_chunks_mut::<4>().0.iter_mut().enumerate() {
                    let [r, g, b] = rgb(y[i], cb[i], cr[i]);
                    *pixel = [255 - r, 255 - g, 255 - b, black[i]];
                }
            }
            ([a, b, c], _) => {
                for (i, pixel) in pixels.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    *pixel = [a[i], b[i], c[i]];
                }
            }
            _ => {
                for (i, pixel) in pixels.chunks_exact_mut(n).enumerate() {
                    pixel.iter_mut().zip(&rows).for_each(|(out, row)| *out = row[i]);
                }
            }
        }
    }
    out
}

/// Red, green and blue.
#[inline]
fn rgb(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    const fn fixed(x: f64) -> i32 {
        (x * 65536.0 + 0.5) as i32
    }
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = (fixed(1.402) * cr + HALF) >> 16;
    let green = (-fixed(0.714_14) * cr - fixed(0.344_14) * cb + HALF) >> 16;
    let blue = (fixed(1.772) * cb + HALF) >> 16;
    [red, green, blue].map(|c| (y + c).clamp(0, 255) as u8)
}

//! From components to pixels, and from brightness and colour differences to colours.
//!
//! # Source
//! ITU-T T.871 (JFIF, 2011), section 7, in libjpeg's fixed point of 16 bits; Adobe technical note 5116 (1992).

use super::frame::{Frame, Plane};
use super::tables::Tables;
use super::upsample::{self, Row};

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
    let mut made = vec![Row::default(); n];
    let mut converted = [const { Vec::new() }; 3];
    for (y, pixels) in out.chunks_exact_mut(w * n).enumerate() {
        let of = planes.iter().zip(&frame.components).zip(&mut made);
        let mut rows: Vec<&[u8]> =
            of.map(|((plane, of), made)| &upsample::row(plane, of, y, made)[..w]).collect();
        if let (&[y, cb, cr, ..], true) = (&rows[..], stored != Stored::AsIs) {
            convert([y, cb, cr], stored == Stored::Ycck, &mut converted);
            rows.iter_mut().zip(&converted).for_each(|(row, made)| *row = made);
        }
        match rows[..] {
            [grey] => pixels.copy_from_slice(grey),
            [a, b, c] => {
                for (((pixel, &a), &b), &c) in pixels.as_chunks_mut().0.iter_mut().zip(a).zip(b).zip(c) {
                    *pixel = [a, b, c];
                }
            }
            _ => {
                for (k, row) in rows.iter().enumerate() {
                    pixels[k..].iter_mut().step_by(n).zip(*row).for_each(|(out, &value)| *out = value);
                }
            }
        }
    }
    out
}

/// Rows of red, green and blue, or of their complements.
///
/// Factors have 16 bits after the point; the whole numbers nearest to them are taken out, so that products need 16
/// bits only.
fn convert([y, cb, cr]: [&[u8]; 3], is_complement: bool, out: &mut [Vec<u8>; 3]) {
    const HALF: i32 = 1 << 15;
    const fn fixed(x: f64) -> i32 {
        (x * 65536.0 + 0.5).floor() as i32
    }
    let w = y.len();
    let [red, green, blue] = out.each_mut().map(|row| {
        row.resize(w, 0);
        &mut row[..w]
    });
    let (cb, cr) = (&cb[..w], &cr[..w]);
    let turn = if is_complement { 255 } else { 0 };
    for i in 0..w {
        let [y, cb, cr] = [i32::from(y[i]), i32::from(cb[i]) - 128, i32::from(cr[i]) - 128];
        let byte = |value: i32| value.clamp(0, 255) as u8 ^ turn;
        red[i] = byte(y + cr + ((fixed(0.402) * cr + HALF) >> 16));
        green[i] = byte(y - cr + ((fixed(1.0 - 0.714_14) * cr - fixed(0.344_14) * cb + HALF) >> 16));
        blue[i] = byte(y + 2 * cb + ((fixed(1.772 - 2.0) * cb + HALF) >> 16));
    }
}

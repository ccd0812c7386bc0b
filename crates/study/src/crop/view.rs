//! One frame of one field, as it is cut: channels interleaved, converted, shading taken off.

use std::ops::Range;

use cells::cut::smooth::Grid;
use cells::{CropShape, Pixels};
use formats::microscope::{At, Field};
use formats::{FormatError, channels};

use super::request::{CropRequest, EightBit, Focus};
use crate::StudyError;

/// What is cut.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// Rows, columns, channels that are kept.
    pub shape: CropShape,
    /// `[h, w, c]`.
    pub pixels: Pixels,
    /// The channel in which cells are looked for, `[h, w]`.
    pub seen: Pixels,
}

/// Which channels of a field are kept, and in which cells are looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Numbers in the field.
    pub kept: Vec<usize>,
    /// Names of the kept ones.
    pub names: Vec<String>,
    /// Number in the field.
    pub seen: usize,
}

impl Choice {
    /// The channels that are asked for.
    ///
    /// # Errors
    /// A channel that the field does not have.
    pub fn of(field: &Field, request: &CropRequest) -> Result<Choice, StudyError> {
        let mut names = field.facts().channels.clone();
        let numbered = match names.len() {
            3 if names.iter().all(String::is_empty) => channels::colours(),
            n => channels::numbered(n),
        };
        for (name, number) in names.iter_mut().zip(numbered) {
            if name.is_empty() {
                *name = number;
            }
        }
        let find = |wanted: &String| {
            let by_number = || wanted.parse().ok().filter(|&c| c < names.len());
            names.iter().position(|name| name == wanted).or_else(by_number).ok_or_else(|| {
                let found = format!("{} (numbered from 0; --channels says which)", names.join(", "));
                StudyError::Refused(format!("channel {wanted}: expected one of the image's, found {found}"))
            })
        };
        let kept = match &request.channels[..] {
            [] => (0..names.len()).collect(),
            wanted => wanted.iter().map(find).collect::<Result<Vec<_>, _>>()?,
        };
        let seen = find(&request.channel)?;
        let names = kept.iter().map(|&c| names[c].clone()).collect();
        Ok(Choice { kept, names, seen })
    }
}

impl View {
    /// Reads frame `t`, in the focal plane `z` or the one asked for.
    ///
    /// # Errors
    /// When it cannot be read, or several focal planes leave a choice.
    pub fn read(
        field: &Field,
        (t, z): (usize, Option<usize>),
        choice: &Choice,
        request: &CropRequest,
        shading: Option<&Shading>,
    ) -> Result<View, StudyError> {
        let (h, w) = (field.h(), field.w());
        let prepared = |c: usize, pixels: Pixels| -> Result<Pixels, StudyError> {
            let pixels = match shading {
                Some(shading) => shading.divide(pixels, c, h, w)?,
                None => pixels,
            };
            Ok(match request.eight_bit {
                Some(range) => to_eight_bit(&pixels, range),
                None => pixels,
            })
        };
        let read = |channels: Range<usize>| -> Result<Vec<Pixels>, StudyError> {
            let planes = planes_of(field, (t, z), channels.clone(), request.focus)?;
            channels.zip(planes).map(|(c, plane)| prepared(c, plane)).collect()
        };
        let mut planes = Vec::new();
        for channels in runs(&choice.kept) {
            planes.extend(read(channels)?);
        }
        let seen = match choice.kept.iter().position(|&c| c == choice.seen) {
            Some(k) => planes[k].clone(),
            None => read(choice.seen..choice.seen + 1)?.remove(0),
        };
        let pixels = interleaved(planes, h * w);
        Ok(View { shape: CropShape { h, w, c: choice.kept.len() }, pixels, seen })
    }

    /// The channel in which cells are looked for as floats.
    #[must_use]
    pub fn seen_as_float(&self) -> Vec<f32> {
        let mut out = vec![0.0; self.seen.len()];
        self.seen.copy_to(0, &mut out);
        out
    }
}

/// Channels that follow each other, and are read together.
fn runs(channels: &[usize]) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for &c in channels {
        match runs.last_mut() {
            Some(run) if run.end == c => run.end += 1,
            _ => runs.push(c..c + 1),
        }
    }
    runs
}

/// Channels in the focal plane asked for.
fn planes_of(
    field: &Field,
    (t, z): (usize, Option<usize>),
    channels: Range<usize>,
    focus: Focus,
) -> Result<Vec<Pixels>, StudyError> {
    let n_z = field.facts().n_z;
    let read = |z: usize| -> Result<Vec<Pixels>, FormatError> {
        let planes = field.channels_from(At { t, z, c: channels.start }, channels.len())?;
        Ok(planes.into_iter().map(|plane| plane.values.into_pixels()).collect())
    };
    let z = match (z, focus) {
        (Some(z), _) | (None, Focus::Plane(z)) => z,
        (None, Focus::Max) => {
            let mut all = (0..n_z).map(read);
            let first = all
                .next()
                .unwrap_or_else(|| Err(FormatError::new("image", "at least one focal plane", "none")))?;
            let most = |most: Vec<Pixels>, planes: Result<Vec<Pixels>, FormatError>| {
                Ok(most.into_iter().zip(planes?).map(|(most, plane)| larger(most, plane)).collect())
            };
            return all.try_fold(first, most);
        }
        (None, Focus::Only) if n_z == 1 => 0,
        (None, Focus::Only) => {
            let found = format!("{n_z} focal planes");
            return Err(StudyError::Refused(format!("expected --z N or --z max, found {found}")));
        }
    };
    Ok(read(z)?)
}

fn larger(a: Pixels, b: Pixels) -> Pixels {
    fn of<T: Copy + PartialOrd>(mut a: Vec<T>, b: &[T]) -> Vec<T> {
        a.iter_mut().zip(b).for_each(|(a, &b)| *a = if b > *a { b } else { *a });
        a
    }
    match (a, b) {
        (Pixels::Uint8(a), Pixels::Uint8(b)) => Pixels::Uint8(of(a, &b)),
        (Pixels::Uint16(a), Pixels::Uint16(b)) => Pixels::Uint16(of(a, &b)),
        (Pixels::Float32(a), Pixels::Float32(b)) => Pixels::Float32(of(a, &b)),
        (a, _) => a,
    }
}

/// `[c][h, w]` to `[h, w, c]`; all planes have one depth.
fn interleaved(mut planes: Vec<Pixels>, n: usize) -> Pixels {
    fn of<T: Copy>(planes: &[&Vec<T>], n: usize) -> Vec<T> {
        (0..n).flat_map(|i| planes.iter().map(move |plane| plane[i])).collect()
    }
    if planes.len() == 1 {
        return planes.remove(0);
    }
    macro_rules! gather {
        ($depth:ident) => {{
            let planes: Vec<_> = planes
                .iter()
                .filter_map(|p| if let Pixels::$depth(v) = p { Some(v) } else { None })
                .collect();
            Pixels::$depth(of(&planes, n))
        }};
    }
    match planes[0] {
        Pixels::Uint8(_) => gather!(Uint8),
        Pixels::Uint16(_) => gather!(Uint16),
        Pixels::Float32(_) => gather!(Float32),
    }
}

fn to_eight_bit(pixels: &Pixels, EightBit { low, high }: EightBit) -> Pixels {
    // Whole numbers below 2^53 and one division keep `floor(v / 257 + 0.5)` of the full 16-bit range exact.
    let level = |v: f64| ((v - low) * 255.0 / (high - low) + 0.5).floor().clamp(0.0, 255.0) as u8;
    match pixels {
        Pixels::Uint8(v) => Pixels::Uint8(v.iter().map(|&v| level(v.into())).collect()),
        Pixels::Uint16(v) => {
            let table: Vec<u8> = (0..=u16::MAX).map(|v| level(v.into())).collect();
            Pixels::Uint8(v.iter().map(|&v| table[usize::from(v)]).collect())
        }
        Pixels::Float32(v) => Pixels::Uint8(v.iter().map(|&v| level(v.into())).collect()),
    }
}

/// The shading of each channel: mean 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Shading {
    /// One grid for each channel of the field.
    pub grids: Vec<Grid>,
}

impl Shading {
    /// Divides channel `c` by its shading; whole numbers are rounded and clipped.
    fn divide(&self, pixels: Pixels, c: usize, h: usize, w: usize) -> Result<Pixels, StudyError> {
        let Some(grid) = self.grids.get(c) else {
            let found = format!("channel {c} of an image with more");
            return Err(StudyError::Refused(format!(
                "expected {} channels, found {found}",
                self.grids.len()
            )));
        };
        let gain = grid.resized(h, w);
        let pairs = |v: f32, gain: f32| v / gain;
        Ok(match pixels {
            Pixels::Uint8(v) => {
                Pixels::Uint8(v.iter().zip(&gain).map(|(&v, &g)| pairs(v.into(), g).round() as u8).collect())
            }
            Pixels::Uint16(v) => Pixels::Uint16(
                v.iter().zip(&gain).map(|(&v, &g)| pairs(v.into(), g).round() as u16).collect(),
            ),
            Pixels::Float32(v) => Pixels::Float32(v.iter().zip(&gain).map(|(&v, &g)| pairs(v, g)).collect()),
        })
    }
}

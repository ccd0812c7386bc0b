//! Values of pixels in the type that the file has them in.

use cells::Pixels;

/// The type of a pixel's value, named as numpy names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dtype {
    /// Integers from 0, 8 bits; narrower ones (1 to 7 bits) are widened.
    U8,
    /// Integers from 0, 16 bits; those of 9 to 15 bits are widened.
    U16,
    /// Integers from 0, 32 bits; those of 17 to 31 bits are widened.
    U32,
    /// Integers from 0, 64 bits.
    U64,
    /// Integers with a sign, 8 bits.
    I8,
    /// Integers with a sign, 16 bits.
    I16,
    /// Integers with a sign, 32 bits.
    I32,
    /// Integers with a sign, 64 bits.
    I64,
    /// Half precision (IEEE 754 binary16).
    F16,
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Dtype {
    /// All of them.
    pub const ALL: [Dtype; 11] = [
        Dtype::U8,
        Dtype::U16,
        Dtype::U32,
        Dtype::U64,
        Dtype::I8,
        Dtype::I16,
        Dtype::I32,
        Dtype::I64,
        Dtype::F16,
        Dtype::F32,
        Dtype::F64,
    ];

    /// Bytes of one value.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Dtype::U8 | Dtype::I8 => 1,
            Dtype::U16 | Dtype::I16 | Dtype::F16 => 2,
            Dtype::U32 | Dtype::I32 | Dtype::F32 => 4,
            Dtype::U64 | Dtype::I64 | Dtype::F64 => 8,
        }
    }

    /// `uint16`, `float32`, …
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Dtype::U8 => "uint8",
            Dtype::U16 => "uint16",
            Dtype::U32 => "uint32",
            Dtype::U64 => "uint64",
            Dtype::I8 => "int8",
            Dtype::I16 => "int16",
            Dtype::I32 => "int32",
            Dtype::I64 => "int64",
            Dtype::F16 => "float16",
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
        }
    }
}

/// Values of one type. Half precision is kept as its bits.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// `uint8`
    U8(Vec<u8>),
    /// `uint16`
    U16(Vec<u16>),
    /// `uint32`
    U32(Vec<u32>),
    /// `uint64`
    U64(Vec<u64>),
    /// `int8`
    I8(Vec<i8>),
    /// `int16`
    I16(Vec<i16>),
    /// `int32`
    I32(Vec<i32>),
    /// `int64`
    I64(Vec<i64>),
    /// `float16`, the bits of each value
    F16(Vec<u16>),
    /// `float32`
    F32(Vec<f32>),
    /// `float64`
    F64(Vec<f64>),
}

/// The same expression for the vector of every type; it may give values of the same type.
macro_rules! each {
    ($values:expr, $v:ident => $body:expr) => {
        match $values {
            Values::U8($v) => $body,
            Values::U16($v) | Values::F16($v) => $body,
            Values::U32($v) => $body,
            Values::U64($v) => $body,
            Values::I8($v) => $body,
            Values::I16($v) => $body,
            Values::I32($v) => $body,
            Values::I64($v) => $body,
            Values::F32($v) => $body,
            Values::F64($v) => $body,
        }
    };
}

impl Values {
    /// `n` zeros. Memory is taken when it is written to.
    #[must_use]
    pub fn zeros(dtype: Dtype, n: usize) -> Self {
        match dtype {
            Dtype::U8 => Values::U8(vec![0; n]),
            Dtype::U16 => Values::U16(vec![0; n]),
            Dtype::U32 => Values::U32(vec![0; n]),
            Dtype::U64 => Values::U64(vec![0; n]),
            Dtype::I8 => Values::I8(vec![0; n]),
            Dtype::I16 => Values::I16(vec![0; n]),
            Dtype::I32 => Values::I32(vec![0; n]),
            Dtype::I64 => Values::I64(vec![0; n]),
            Dtype::F16 => Values::F16(vec![0; n]),
            Dtype::F32 => Values::F32(vec![0.0; n]),
            Dtype::F64 => Values::F64(vec![0.0; n]),
        }
    }

    /// Their type.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        match self {
            Values::U8(_) => Dtype::U8,
            Values::U16(_) => Dtype::U16,
            Values::U32(_) => Dtype::U32,
            Values::U64(_) => Dtype::U64,
            Values::I8(_) => Dtype::I8,
            Values::I16(_) => Dtype::I16,
            Values::I32(_) => Dtype::I32,
            Values::I64(_) => Dtype::I64,
            Values::F16(_) => Dtype::F16,
            Values::F32(_) => Dtype::F32,
            Values::F64(_) => Dtype::F64,
        }
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        each!(self, v => v.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Their bytes, in the order of this machine.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        each!(self, v => bytemuck::cast_slice(v))
    }

    /// Their bytes, to be filled in the order of this machine.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        each!(self, v => bytemuck::cast_slice_mut(v))
    }

    /// As single precision. Integers above 2²⁴ and double precision are rounded to the nearest.
    #[must_use]
    pub fn to_f32(&self) -> Vec<f32> {
        match self {
            Values::F16(v) => v.iter().map(|&bits| f32_from_f16(bits)).collect(),
            Values::F32(v) => v.clone(),
            Values::U8(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Values::U16(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Values::I8(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Values::I16(v) => v.iter().map(|&x| f32::from(x)).collect(),
            Values::U32(v) => v.iter().map(|&x| x as f32).collect(),
            Values::U64(v) => v.iter().map(|&x| x as f32).collect(),
            Values::I32(v) => v.iter().map(|&x| x as f32).collect(),
            Values::I64(v) => v.iter().map(|&x| x as f32).collect(),
            Values::F64(v) => v.iter().map(|&x| x as f32).collect(),
        }
    }

    /// As crops keep them: 8 and 16 bits without sign stay as they are, all else becomes single precision as in
    /// [`Values::to_f32`].
    #[must_use]
    pub fn into_pixels(self) -> Pixels {
        match self {
            Values::U8(v) => Pixels::Uint8(v),
            Values::U16(v) => Pixels::Uint16(v),
            Values::F32(v) => Pixels::Float32(v),
            other => Pixels::Float32(other.to_f32()),
        }
    }

    /// As [`Values::into_pixels`] does, but integers that single precision does not have are no intensities.
    ///
    /// # Errors
    /// The first of them, as text.
    pub(crate) fn into_exact_pixels(self) -> Result<Pixels, String> {
        /// What `x` is when it is beyond 2²⁴ on either side of 0.
        fn beyond<T: Copy + std::fmt::Display>(values: &[T], size: impl Fn(T) -> u64) -> Option<String> {
            values.iter().find(|&&x| size(x) > 1 << 24).map(ToString::to_string)
        }
        let beyond = match &self {
            Values::U32(v) => beyond(v, u64::from),
            Values::U64(v) => beyond(v, |x| x),
            Values::I32(v) => beyond(v, |x| x.unsigned_abs().into()),
            Values::I64(v) => beyond(v, i64::unsigned_abs),
            _ => None,
        };
        beyond.map_or_else(|| Ok(self.into_pixels()), Err)
    }

    /// As the labels of an instance mask: whole numbers from 0 to 2³² - 1.
    ///
    /// # Errors
    /// The first value that is none, as text.
    pub fn to_labels(&self) -> Result<Vec<u32>, String> {
        fn whole<T: Copy + std::fmt::Display>(
            values: &[T],
            label: impl Fn(T) -> Option<u32>,
        ) -> Result<Vec<u32>, String> {
            values.iter().map(|&x| label(x).ok_or_else(|| x.to_string())).collect()
        }
        let from_f64 = |x: f64| {
            let fits = x.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&x);
            fits.then_some(x as u32)
        };
        match self {
            Values::U8(v) => Ok(v.iter().map(|&x| x.into()).collect()),
            Values::U16(v) => Ok(v.iter().map(|&x| x.into()).collect()),
            Values::U32(v) => Ok(v.clone()),
            Values::U64(v) => whole(v, |x| x.try_into().ok()),
            Values::I8(v) => whole(v, |x| x.try_into().ok()),
            Values::I16(v) => whole(v, |x| x.try_into().ok()),
            Values::I32(v) => whole(v, |x| x.try_into().ok()),
            Values::I64(v) => whole(v, |x| x.try_into().ok()),
            Values::F16(_) => whole(&self.to_f32(), |x| from_f64(x.into())),
            Values::F32(v) => whole(v, |x| from_f64(x.into())),
            Values::F64(v) => whole(v, from_f64),
        }
    }

    /// The least and the greatest value; NaN is passed over. None when there is no number.
    #[must_use]
    pub fn range(&self) -> Option<(f64, f64)> {
        fn of<T: Copy>(values: &[T], number: impl Fn(T) -> f64) -> Option<(f64, f64)> {
            let start = (f64::INFINITY, f64::NEG_INFINITY);
            let found = values.iter().map(|&x| number(x)).fold(start, |(a, b), x| (a.min(x), b.max(x)));
            (found.0 <= found.1).then_some(found)
        }
        /// Integers are compared as they are, which is quick.
        fn of_integers<T: Copy + Ord>(values: &[T], number: impl Fn(T) -> f64) -> Option<(f64, f64)> {
            let (least, most) = (values.iter().min()?, values.iter().max()?);
            Some((number(*least), number(*most)))
        }
        match self {
            Values::U8(v) => of_integers(v, f64::from),
            Values::U16(v) => of_integers(v, f64::from),
            Values::U32(v) => of_integers(v, f64::from),
            Values::U64(v) => of_integers(v, |x| x as f64),
            Values::I8(v) => of_integers(v, f64::from),
            Values::I16(v) => of_integers(v, f64::from),
            Values::I32(v) => of_integers(v, f64::from),
            Values::I64(v) => of_integers(v, |x| x as f64),
            Values::F16(v) => of(v, |bits| f32_from_f16(bits).into()),
            Values::F32(v) => of(v, f64::from),
            Values::F64(v) => of(v, |x| x),
        }
    }

    /// Takes samples apart: of `[n, k]` values those of sample `sample`, `n` of them.
    #[must_use]
    pub(super) fn sample(&self, k: usize, sample: usize) -> Self {
        fn pick<T: Copy>(values: &[T], k: usize, sample: usize) -> Vec<T> {
            values.chunks_exact(k).map(|pixel| pixel[sample]).collect()
        }
        match self {
            Values::U8(v) => Values::U8(pick(v, k, sample)),
            Values::U16(v) => Values::U16(pick(v, k, sample)),
            Values::U32(v) => Values::U32(pick(v, k, sample)),
            Values::U64(v) => Values::U64(pick(v, k, sample)),
            Values::I8(v) => Values::I8(pick(v, k, sample)),
            Values::I16(v) => Values::I16(pick(v, k, sample)),
            Values::I32(v) => Values::I32(pick(v, k, sample)),
            Values::I64(v) => Values::I64(pick(v, k, sample)),
            Values::F16(v) => Values::F16(pick(v, k, sample)),
            Values::F32(v) => Values::F32(pick(v, k, sample)),
            Values::F64(v) => Values::F64(pick(v, k, sample)),
        }
    }
}

/// The value of a half-precision number, exactly.
#[must_use]
pub fn f32_from_f16(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    match exponent {
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        0 => sign * fraction * 2f32.powi(-24),
        _ => sign * (1024.0 + fraction) * 2f32.powi(exponent - 25),
    }
}

/// Turns the bytes of each value of `size` bytes around.
pub(super) fn swap_bytes(bytes: &mut [u8], size: usize) {
    fn turn<const N: usize>(bytes: &mut [u8]) {
        bytes.as_chunks_mut::<N>().0.iter_mut().for_each(|value| value.reverse());
    }
    match size {
        2 => turn::<2>(bytes),
        4 => turn::<4>(bytes),
        8 => turn::<8>(bytes),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision() {
        let cases = [
            (0x0000, 0.0),
            (0x8000, -0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2f32.powi(-24)),
            (0x0400, 2f32.powi(-14)),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(f32_from_f16(bits).to_bits(), f32::to_bits(value), "{bits:04x}");
        }
        assert!(f32_from_f16(0x7e00).is_nan());
    }

    #[test]
    fn labels_are_whole_numbers() {
        assert_eq!(Values::F32(vec![0.0, 7.0]).to_labels(), Ok(vec![0, 7]));
        assert_eq!(Values::F64(vec![0.5]).to_labels(), Err("0.5".to_owned()));
        assert_eq!(Values::I16(vec![3, -1]).to_labels(), Err("-1".to_owned()));
        assert_eq!(Values::U64(vec![1 << 32]).to_labels(), Err("4294967296".to_owned()));
    }

    #[test]
    fn ranges_pass_over_nan() {
        assert_eq!(Values::F32(vec![f32::NAN, 2.0, -1.0]).range(), Some((-1.0, 2.0)));
        assert_eq!(Values::F32(vec![f32::NAN]).range(), None);
        assert_eq!(Values::I8(vec![-128, 127]).range(), Some((-128.0, 127.0)));
    }

    #[test]
    fn bytes_are_turned_around() {
        let mut bytes = [1, 2, 3, 4];
        swap_bytes(&mut bytes, 2);
        assert_eq!(bytes, [2, 1, 4, 3]);
        swap_bytes(&mut bytes, 4);
        assert_eq!(bytes, [3, 4, 1, 2]);
        swap_bytes(&mut bytes, 1);
        assert_eq!(bytes, [3, 4, 1, 2]);
    }
}

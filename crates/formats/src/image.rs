//! Single-plane images: patches, and pictures for people.

mod jpeg_file;
mod png_file;
mod tiff_file;

pub use png_file::{write_png_grey, write_png_rgb};

use std::path::Path;

use cells::{CropShape, Depth, Pixels};

use crate::error::quote;
use crate::{FormatError, foreign, input};

/// Endings of the names of files that are read as images, lower case.
pub const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "tif", "tiff"];

/// Largest image that is decoded, in values (rows x columns x channels).
pub const MAX_VALUES: usize = 1 << 28;
/// Largest image file, in bytes.
pub const MAX_FILE: u64 = 1 << 30;

/// One image; intensities are as in the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Rows, columns, channels.
    pub shape: CropShape,
    /// Intensities, `[h, w, c]`.
    pub pixels: Pixels,
}

/// Whether a file name ends as the name of an image does.
#[must_use]
pub fn has_image_name(name: &str) -> bool {
    Path::new(name)
        .extension()
        .is_some_and(|e| ENDINGS.contains(&e.to_string_lossy().to_lowercase().as_str()))
}

/// Reads a PNG, JPEG or TIFF file; which one is told by its content.
///
/// 8- and 16-bit grey and RGB; in TIFF any number of channels, and any other numbers, which become floats of 32 bits
/// (integers only as far as those have them exactly). An alpha channel of PNG is dropped, and what it hides is read as it is
/// stored; JPEG is decoded as libjpeg-turbo does, to the byte, and inks become the colours that they print. The pages of
/// a TIFF with several are its channels, unless its description says `{"shape": [h, w, c]}`, as tifffile writes.
///
/// # Errors
/// When it is none of them, broken, larger than [`MAX_VALUES`], or has integers that floats do not have.
pub fn read(path: &Path) -> Result<Image, FormatError> {
    parse(path, &input::read(path, MAX_FILE)?)
}

/// Reads the bytes of an image file; `path` is for messages.
///
/// # Errors
/// As [`read`].
pub fn parse(path: &Path, bytes: &[u8]) -> Result<Image, FormatError> {
    parse_noting(path, bytes).map(|(image, _)| image)
}

/// As [`parse`], and what a user of the image should know of it.
pub(crate) fn parse_noting(path: &Path, bytes: &[u8]) -> Result<(Image, Vec<String>), FormatError> {
    let mut notes = Vec::new();
    let image = match bytes {
        [0xff, 0xd8, 0xff, ..] => jpeg_file::parse(path, bytes),
        [0x89, b'P', b'N', b'G', ..] => {
            let (image, hides) = foreign::decode(path, "an image", || png_file::parse(path, bytes))?;
            if hides {
                notes.push("some pixels are transparent, and are read as they are stored".to_owned());
            }
            Ok(image)
        }
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => {
            foreign::decode(path, "an image", || tiff_file::parse(path, bytes))
        }
        _ => Err(FormatError::new(path, "a PNG, JPEG or TIFF image", quote(bytes))),
    }?;
    if image.shape.is_empty() || image.pixels.len() != image.shape.len() {
        let found = format!("{} with {} values", image.shape, image.pixels.len());
        return Err(FormatError::new(path, "an image with pixels", found));
    }
    Ok((image, notes))
}

/// Shape and depth of a PNG or JPEG by its head, with nothing to note. None where all of it must be decoded to know.
///
/// # Errors
/// As [`parse`], but for damaged pixels.
pub(crate) fn head(path: &Path, bytes: &[u8]) -> Result<Option<(CropShape, Depth)>, FormatError> {
    let known = match bytes {
        [0xff, 0xd8, 0xff, ..] => Some((jpeg_file::head(path, bytes)?, Depth::Uint8)),
        [0x89, b'P', b'N', b'G', ..] => foreign::decode(path, "an image", || png_file::head(path, bytes))?,
        _ => None,
    };
    Ok(known.filter(|(shape, _)| !shape.is_empty()))
}

/// The values of a PNG as a drawing program of labels means them, `[h, w]`: numbers of the colours of a palette, and grey of
/// fewer than 8 bits as it is stored. None of any other image.
///
/// # Errors
/// When it is broken, or larger than [`MAX_VALUES`].
pub(crate) fn indices(path: &Path, bytes: &[u8]) -> Result<Option<(CropShape, Vec<u8>)>, FormatError> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => foreign::decode(path, "an image", || png_file::indices(path, bytes)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{head, parse};

    #[test]
    fn the_head_says_what_decoding_gives() {
        for name in ["grey8.png", "grey16.png", "rgb8.png", "palette.png", "palette4.png", "flat.jpg"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name);
            let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{name}: {e}"));
            let image = parse(&path, &bytes).unwrap_or_else(|e| panic!("{e}"));
            let expected = Some((image.shape, image.pixels.depth()));
            assert_eq!(head(&path, &bytes).unwrap_or_else(|e| panic!("{e}")), expected, "{name}");
            assert!(head(&path, &bytes[..bytes.len() / 8]).is_err(), "{name} without its end");
        }
    }
}

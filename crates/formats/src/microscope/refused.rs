//! Formats of microscopes' makers that are recognised and refused, with what to do instead.

use std::path::Path;

use crate::FormatError;

/// First bytes, where they are, name, and how to get an image that is read.
const FORMATS: [(usize, &[u8], &str, &str); 17] = [
    (0, b"version https://git-lfs", "a pointer of Git LFS instead of a file", "fetch it with git lfs pull"),
    (0, b"ZISRAWFILE", "a Zeiss CZI file", "export it from ZEN as OME-TIFF"),
    (
        0,
        b"\xda\xce\xbe\x0a",
        "a Nikon ND2 file",
        "export it from NIS-Elements as TIFF, or convert it with bfconvert",
    ),
    (4, b"jP  \r\n\x87\n", "a JPEG 2000 or old Nikon ND2 file", "export it as TIFF"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 image", "save it as TIFF or PNG"),
    (0, b"\x70\x00\x00\x00", "a Leica LIF file", "export it from LAS X as OME-TIFF"),
    (0, b"OLYMPUSRAWFORMAT", "an Olympus OIR file", "export it from cellSens or FluoView as OME-TIFF"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an OLE file (Olympus OIB, Zeiss ZVI)", "export it as OME-TIFF"),
    (
        0,
        b"\x89HDF\r\n\x1a\n",
        "an HDF5 file (ilastik, Imaris IMS, BigDataViewer)",
        "export it as TIFF, OME-TIFF or OME-Zarr",
    ),
    (0, b"SIS0", "an Olympus VSI image (ETS)", "export it as OME-TIFF"),
    (0, b"IIN1", "a JPEG XR image", "save it as TIFF or PNG"),
    (0, b"II\xbc\x01", "a JPEG XR image", "save it as TIFF or PNG"),
    (8, b"WEBP", "a WebP image", "save it as TIFF or PNG"),
    (0, b"GIF8", "a GIF image", "save it as TIFF or PNG"),
    (0, b"\x93NUMPY", "a NumPy array", "save it as TIFF"),
    (0, b"PK\x03\x04", "a zip archive", "unpack it, or save the array of an .npz as TIFF"),
    (0, b"BM", "a BMP image", "save it as TIFF or PNG"),
];

/// Refuses a file that begins as one of them.
pub(super) fn by_name(path: &Path, head: &[u8]) -> Result<(), FormatError> {
    for (at, magic, name, instead) in FORMATS {
        if head.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            let expected = format!("an image that is read ({instead})");
            return Err(FormatError::new(path, expected, name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makers_formats_are_named() {
        let cases: [(&[u8], &str); 4] = [
            (b"ZISRAWFILE\0\0\0\0\0\0", "CZI"),
            (b"\xda\xce\xbe\x0a\x10\0\0\0", "ND2"),
            (b"\x70\0\0\0\x2a\0\0\0", "LIF"),
            (b"OLYMPUSRAWFORMAT", "OIR"),
        ];
        for (head, name) in cases {
            let message = by_name(Path::new("a"), head).unwrap_err().to_string();
            assert!(message.contains(name), "{message}");
        }
        assert!(by_name(Path::new("a"), b"II\x2a\0").is_ok());
    }
}

//! The compressions of strips and tiles.

use std::io::Read;

use weezl::BitOrder;
use weezl::decode::Decoder as Lzw;

use super::super::bytes::Bytes;
use super::ifd::{Ifd, tag};
use super::jpeg::Jpeg;
use super::page::Kind;
use crate::FormatError;

/// A compression that is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Codec {
    None,
    Lzw,
    Deflate,
    PackBits,
    Zstd,
    Jpeg(Jpeg),
}

impl Codec {
    /// The compression of a page.
    ///
    /// # Errors
    /// By its name, any that is not read.
    pub fn of(bytes: &Bytes, ifd: &Ifd, kind: &Kind) -> Result<Self, FormatError> {
        let photometric = ifd.one(bytes, tag::PHOTOMETRIC, 1)?;
        let codec = match ifd.one(bytes, tag::COMPRESSION, 1)? {
            1 => Codec::None,
            5 => Codec::Lzw,
            8 | 32946 => Codec::Deflate,
            32773 => Codec::PackBits,
            50000 => Codec::Zstd,
            7 => Codec::Jpeg(Jpeg::of(bytes, ifd, kind, photometric)?),
            other => {
                let expected =
                    "no compression, LZW, Deflate, PackBits, ZSTD or JPEG (save it anew with one of them)";
                return Err(bytes.refuse(expected, refused(other)));
            }
        };
        let subsampling = ifd.all(bytes, tag::YCBCR_SUBSAMPLING, 2)?;
        let is_subsampled = photometric == 6 && (subsampling.is_empty() || subsampling != [1, 1]);
        if is_subsampled && !matches!(codec, Codec::Jpeg(_)) {
            return Err(bytes.refuse("colours at full resolution", "YCbCr with coarser colours"));
        }
        Ok(codec)
    }

    /// Decompresses a piece to at most `n` bytes; fewer when the piece has fewer.
    pub fn decode(&self, packed: &[u8], n: usize) -> Result<Vec<u8>, String> {
        let as_text = |e: std::io::Error| e.to_string();
        if n as u64 > self.most(packed.len() as u64) {
            return Err(format!("{} compressed bytes, too few for {n}", packed.len()));
        }
        let mut out = Vec::new();
        match self {
            Codec::None => out.extend_from_slice(&packed[..n.min(packed.len())]),
            Codec::Lzw => return lzw(packed, n),
            Codec::PackBits => return Ok(pack_bits(packed, n)),
            Codec::Deflate => {
                let mut decoder = flate2::read::ZlibDecoder::new(packed).take(n as u64);
                decoder.read_to_end(&mut out).map_err(as_text)?;
            }
            Codec::Zstd => {
                let decoder = ruzstd::decoding::StreamingDecoder::new(packed).map_err(|e| e.to_string())?;
                decoder.take(n as u64).read_to_end(&mut out).map_err(as_text)?;
            }
            Codec::Jpeg(jpeg) => return jpeg.decode(packed),
        }
        Ok(out)
    }

    /// Most bytes that `n` compressed ones can stand for.
    pub fn most(&self, n: u64) -> u64 {
        let each = match self {
            Codec::None => 1,
            // A code of 12 bits for a sequence of nearly 4096 bytes.
            Codec::Lzw => 4096,
            Codec::Deflate => 1032,
            Codec::PackBits => 64,
            // A block of 128 KiB in four bytes.
            Codec::Zstd => 32768,
            // A bit for a block of 8 x 8, of which each colour has one for 16 x 16 pixels.
            Codec::Jpeg(_) => 1024,
        };
        n.saturating_mul(each)
    }
}

/// Names of the compressions that are not read.
fn refused(number: u64) -> String {
    let name = match number {
        2..=4 | 32771 => "CCITT fax",
        6 => "old-style JPEG",
        9 | 10 => "JBIG",
        32766 => "NeXT",
        32809 => "ThunderScan",
        32895..=32898 => "prepress",
        33003..=33005 | 34712 => "JPEG 2000",
        34661 => "JBIG",
        34676 | 34677 => "SGILog (LogLuv)",
        34887 => "LERC",
        34892 => "lossy JPEG of DNG",
        34925 => "LZMA",
        34933 => "PNG",
        34934 | 22610 => "JPEG XR",
        50001 => "WebP",
        50002 | 52546 => "JPEG XL",
        _ => return format!("compression {number}"),
    };
    format!("{name} compression")
}

/// LZW with the highest bit first, or as written before TIFF 6.0 with the lowest first.
fn lzw(packed: &[u8], n: usize) -> Result<Vec<u8>, String> {
    let is_old = packed.len() > 1 && packed[0] == 0 && packed[1] & 1 == 1;
    let mut decoder =
        if is_old { Lzw::new(BitOrder::Lsb, 8) } else { Lzw::with_tiff_size_switch(BitOrder::Msb, 8) };
    let (mut out, mut done, mut rest) = (vec![0; n], 0, packed);
    while done < n && !decoder.has_ended() {
        let step = decoder.decode_bytes(rest, &mut out[done..]);
        step.status.map_err(|e| e.to_string())?;
        if step.consumed_in == 0 && step.consumed_out == 0 {
            break;
        }
        rest = &rest[step.consumed_in..];
        done += step.consumed_out;
    }
    out.truncate(done);
    Ok(out)
}

/// Runs of a byte, and bytes as they are (TIFF 6.0, section 9).
fn pack_bits(packed: &[u8], n: usize) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), packed);
    while let [head, body @ ..] = rest
        && out.len() < n
    {
        let count = usize::from(*head);
        rest = match (head, body) {
            (0..128, _) => {
                let (literal, after) = body.split_at(body.len().min(count + 1));
                out.extend_from_slice(literal);
                after
            }
            (128, _) => body,
            (_, [byte, after @ ..]) => {
                out.resize(out.len() + 257 - count, *byte);
                after
            }
            (_, []) => body,
        };
    }
    out.truncate(n);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pack_bits_as_in_the_specification() {
        let packed =
            [0xfe, 0xaa, 0x02, 0x80, 0x00, 0x2a, 0xfd, 0xaa, 0x03, 0x80, 0x00, 0x2a, 0x22, 0xf7, 0xaa];
        let plain = [
            0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0xaa, 0xaa, 0xaa, 0xaa, 0x80, 0x00, 0x2a, 0x22, 0xaa, 0xaa,
            0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa,
        ];
        assert_eq!(pack_bits(&packed, 100), plain);
        assert_eq!(pack_bits(&packed, 5), plain[..5]);
        assert!(pack_bits(&packed[..1], 5).is_empty());
    }

    #[test]
    fn a_few_bytes_do_not_become_a_gigabyte() {
        for codec in [Codec::Lzw, Codec::Deflate, Codec::PackBits, Codec::Zstd] {
            assert!(codec.decode(&[1, 2, 3], 1 << 30).is_err(), "{codec:?}");
        }
    }
}

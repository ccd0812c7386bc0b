//! Huffman codes.

use super::JpegError;
use super::bits::Bits;
use super::markers::Segment;

/// Codes of at most so many bits are looked up at once.
const QUICK: u32 = 9;

/// A table of codes of 1 to 16 bits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Huffman {
    /// By the next [`QUICK`] bits: length of the code and symbol; length 0 when the code is longer.
    quick: [(u8, u8); 1 << QUICK],
    /// By the next [`QUICK`] bits: a coefficient whose code and bits are within them.
    short: [Short; 1 << QUICK],
    /// By length: the first 16 bits that are too high for a code of this length.
    limits: [u32; 17],
    /// By length: what to add to a code to get the index of its symbol.
    offsets: [i32; 17],
    symbols: Vec<u8>,
}

/// A coefficient, after a run of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Short {
    pub value: i16,
    /// Zeros before it.
    pub run: u8,
    /// Bits of all this; 0 when there is no such coefficient.
    pub length: u8,
}

impl Huffman {
    pub fn read(segment: &mut Segment) -> Result<Self, JpegError> {
        let counts = segment.take::<16>()?;
        let n: usize = counts.iter().map(|&n| usize::from(n)).sum();
        let mut table = Huffman {
            quick: [(0, 0); 1 << QUICK],
            short: [Short::default(); 1 << QUICK],
            limits: [0; 17],
            offsets: [0; 17],
            symbols: Vec::with_capacity(n.min(256)),
        };
        let mut code = 0u32;
        for (length, &count) in (1u32..).zip(&counts) {
            let end = code + u32::from(count);
            if end > 1 << length || table.symbols.len() + usize::from(count) > 256 {
                return Err(segment.refuse(format!("codes of {length} bits"), format!("{count}, too many")));
            }
            table.offsets[length as usize] = table.symbols.len() as i32 - code as i32;
            table.limits[length as usize] = end << (16 - length);
            for code in code..end {
                let symbol = segment.byte()?;
                table.symbols.push(symbol);
                if length <= QUICK {
                    let first = (code << (QUICK - length)) as usize;
                    table.quick[first..first + (1 << (QUICK - length))].fill((length as u8, symbol));
                }
            }
            code = end << 1;
        }
        table.fill_short();
        Ok(table)
    }

    fn fill_short(&mut self) {
        for (bits, (short, &(length, symbol))) in (0u32..).zip(self.short.iter_mut().zip(&self.quick)) {
            let (run, size) = (symbol >> 4, symbol & 15);
            let all = u32::from(length) + u32::from(size);
            if length == 0 || size == 0 || all > QUICK {
                continue;
            }
            let value = bits >> (QUICK - all) & ((1 << size) - 1);
            *short = Short { value: extend(value, size.into()) as i16, run, length: all as u8 };
        }
    }

    /// The next symbol; none when the bits are no code. At least 16 bits must be held.
    pub fn symbol(&self, bits: &mut Bits) -> Option<u8> {
        let (length, symbol) = self.quick[bits.peek(QUICK) as usize];
        if length > 0 {
            bits.skip(length.into());
            return Some(symbol);
        }
        let next = bits.peek(16);
        let length = (QUICK + 1..=16).find(|&length| next < self.limits[length as usize])?;
        bits.skip(length);
        let index = (next >> (16 - length)) as i32 + self.offsets[length as usize];
        self.symbols.get(index as usize).copied()
    }

    /// What the next bits say when they are a short code and a small coefficient.
    pub fn short(&self, bits: &Bits) -> Short {
        self.short[bits.peek(QUICK) as usize]
    }
}

/// The number that `size` bits stand for: those that begin with 0 are negative.
pub(super) fn extend(value: u32, size: u32) -> i32 {
    let half = 1 << size >> 1;
    if value < half { value as i32 - (1 << size) + 1 } else { value as i32 }
}

#[cfg(test)]
mod tests {
    use super::super::tables::Tables;
    use super::*;

    #[test]
    fn coefficients_of_eight_bits_after_a_code_of_one() {
        // One code of one bit, for a coefficient of eight bits, and one of two bits, for the end of a block.
        let mut stream = vec![0xff, 0xd8, 0xff, 0xc4, 0, 21, 0x10, 1, 1];
        stream.extend([0; 14]);
        stream.extend([0x08, 0x00]);
        let tables = Tables::parse(&stream).expect("tables");
        let codes = tables.ac[0].as_deref().expect("a table");
        for (bytes, value) in [([0x7f, 0x80], 255), ([0x40, 0x00], 128), ([0x00, 0x00], -255)] {
            let mut bits = Bits::new(&bytes, 0);
            bits.fill();
            assert_eq!(codes.short(&bits), Short { value, run: 0, length: 9 });
            assert_eq!(codes.symbol(&mut bits), Some(8));
            assert_eq!(bits.coefficient(8), i32::from(value));
        }
        let mut none = Bits::new(&[0xc0], 0);
        none.fill();
        assert_eq!(codes.symbol(&mut none), None);
    }

    #[test]
    fn more_codes_than_there_are_is_refused() {
        let mut stream = vec![0xff, 0xd8, 0xff, 0xc4, 0, 22, 0x00, 3];
        stream.extend([0; 18]);
        let message = Tables::parse(&stream).expect_err("three codes of one bit").to_string();
        assert!(message.contains("codes of 1 bits"), "{message}");
    }
}

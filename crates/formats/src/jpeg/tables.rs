//! What a stream says outside its scans: tables, how often it restarts, and what its colours are.

use super::JpegError;
use super::huffman::Huffman;
use super::markers::{Markers, Segment, code};
use super::transform::NATURAL;

/// Tables of a kind; a new one takes the place of the one before.
type Four<T> = [Option<T>; 4];

/// Tables and settings that hold for the scans that follow.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Tables {
    /// Steps of the coefficients, in natural order.
    pub(super) quantisation: Four<[u16; 64]>,
    /// Codes of means.
    pub(super) dc: Four<Box<Huffman>>,
    /// Codes of the other coefficients.
    pub(super) ac: Four<Box<Huffman>>,
    /// Units between restarts; 0 for none.
    pub(super) restart_interval: usize,
    /// Whether there is a marker of JFIF.
    pub(super) jfif: bool,
    /// How a marker of Adobe says that colours are stored.
    pub(super) adobe: Option<u8>,
}

impl Tables {
    /// Those of a stream of tables alone, as TIFF has it.
    ///
    /// # Errors
    /// When it is damaged.
    pub fn parse(bytes: &[u8]) -> Result<Self, JpegError> {
        let (mut tables, mut markers) = (Tables::default(), Markers::open(bytes)?);
        while markers.left() > 0 {
            match markers.next()? {
                (_, code::END) => break,
                (_, code) => tables.read(code, &mut markers)?,
            }
        }
        Ok(tables)
    }

    /// Takes the codes of `others` that are not known.
    pub(super) fn complete(&mut self, others: Tables) {
        let all = self.dc.iter_mut().chain(&mut self.ac).zip(others.dc.into_iter().chain(others.ac));
        all.filter(|(own, _)| own.is_none()).for_each(|(own, other)| *own = other);
    }

    /// Reads the segment of a marker; passes over those that do not matter.
    pub(super) fn read(&mut self, code: u8, markers: &mut Markers) -> Result<(), JpegError> {
        if matches!(code, 0x01 | code::RESTART..=code::START) {
            return Ok(());
        }
        let mut segment = markers.segment()?;
        match code {
            code::HUFFMAN => self.read_codes(segment),
            code::QUANTISATION => self.read_steps(segment),
            code::RESTART_INTERVAL => {
                self.restart_interval = segment.short()?.into();
                Ok(())
            }
            code::APP0 => {
                self.jfif |= segment.body().len() >= 12 && segment.body().starts_with(b"JFIF\0");
                Ok(())
            }
            code::APP14 => {
                if segment.body().starts_with(b"Adobe") {
                    self.adobe = segment.body().get(11).copied().or(self.adobe);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn read_codes(&mut self, mut segment: Segment) -> Result<(), JpegError> {
        while !segment.body().is_empty() {
            let (kind, k) = segment.halves()?;
            if kind > 1 || k > 3 {
                return Err(
                    segment.refuse("Huffman tables 0 to 3 of two kinds", format!("{k} of kind {kind}"))
                );
            }
            let table = Some(Box::new(Huffman::read(&mut segment)?));
            if kind == 0 {
                self.dc[k] = table;
            } else {
                self.ac[k] = table;
            }
        }
        Ok(())
    }

    fn read_steps(&mut self, mut segment: Segment) -> Result<(), JpegError> {
        while !segment.body().is_empty() {
            let (wide, k) = segment.halves()?;
            if wide > 1 || k > 3 {
                let found = format!("{k} of kind {wide}");
                return Err(segment.refuse("quantisation tables 0 to 3 of 8 or 16 bits", found));
            }
            let mut steps = [0; 64];
            for place in NATURAL {
                steps[place] = if wide == 1 { segment.short()? } else { segment.byte()?.into() };
            }
            self.quantisation[k] = Some(steps);
        }
        Ok(())
    }
}

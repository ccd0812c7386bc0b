//! The image as a whole: its size and its components.

use super::JpegError;
use super::markers::Markers;

/// How coefficients come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Process {
    /// Each block at once.
    Sequential,
    /// From coarse to fine, in several scans.
    Progressive,
}

/// The process whose frame begins with this marker; none when it is another marker.
///
/// # Errors
/// By name, processes that are not read.
pub(super) fn process(at: usize, code: u8) -> Result<Option<Process>, JpegError> {
    let name = match code {
        0xc0 | 0xc1 => return Ok(Some(Process::Sequential)),
        0xc2 => return Ok(Some(Process::Progressive)),
        0xc3 => "lossless JPEG",
        0xc5..=0xc7 => "hierarchical JPEG",
        0xc9..=0xcb | 0xcd..=0xcf => "JPEG with arithmetic coding",
        0xf7 => "JPEG-LS",
        _ => return Ok(None),
    };
    Err(JpegError::new(at, "baseline or progressive JPEG with Huffman coding (save it anew)", name))
}

/// Size and components.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    pub process: Process,
    /// Rows.
    pub h: usize,
    /// Columns.
    pub w: usize,
    pub components: Vec<Component>,
    /// Rows and columns of units, in which all components have their blocks.
    pub units: (usize, usize),
}

/// A component: brightness, a colour difference, a colour, an ink.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Component {
    pub id: u8,
    /// Rows and columns of blocks in a unit.
    pub sampling: (usize, usize),
    /// Pixels of the image for each sample, down and across.
    pub step: (usize, usize),
    /// Rows and columns of samples.
    pub size: (usize, usize),
    /// Rows and columns of blocks in whole units.
    pub blocks: (usize, usize),
    /// Index of the quantisation table.
    pub quantisation: usize,
}

impl Component {
    /// Rows and columns of blocks that have samples of the image.
    pub fn real_blocks(&self) -> (usize, usize) {
        (self.size.0.div_ceil(8), self.size.1.div_ceil(8))
    }
}

impl Frame {
    pub fn read(process: Process, markers: &mut Markers) -> Result<Self, JpegError> {
        let mut segment = markers.segment()?;
        let bits = segment.byte()?;
        if bits != 8 {
            return Err(segment.refuse("JPEG of 8 bits", format!("{bits} bits")));
        }
        let (h, w) = (usize::from(segment.short()?), usize::from(segment.short()?));
        if h == 0 || w == 0 {
            return Err(
                segment.refuse("pixels, their number at the start", format!("{h} rows x {w} columns"))
            );
        }
        let n = segment.byte()?;
        if !(1..=4).contains(&n) {
            return Err(segment.refuse("1 to 4 components", n.to_string()));
        }
        let mut components: Vec<Component> = Vec::new();
        for _ in 0..n {
            let (id, (across, down), quantisation) = (segment.byte()?, segment.halves()?, segment.byte()?);
            let is_allowed = (1..=4).contains(&across) && (1..=4).contains(&down) && quantisation < 4;
            if !is_allowed || components.iter().any(|c| c.id == id) {
                let found = format!("number {id}, {across} x {down}, table {quantisation}");
                return Err(segment.refuse("components of their own, 1 to 4 blocks wide and high", found));
            }
            let quantisation = usize::from(quantisation);
            let (sampling, none) = ((down, across), (0, 0));
            components.push(Component { id, sampling, step: none, size: none, blocks: none, quantisation });
        }
        let most = |of: fn(&Component) -> usize| components.iter().map(of).max().unwrap_or(1);
        let (down, across) = (most(|c| c.sampling.0), most(|c| c.sampling.1));
        let units = (h.div_ceil(8 * down), w.div_ceil(8 * across));
        for component in &mut components {
            let (y, x) = component.sampling;
            if down % y > 0 || across % x > 0 {
                let found = format!("{x} x {y} of {across} x {down}");
                return Err(segment.refuse("whole pixels for each sample", found));
            }
            component.step = (down / y, across / x);
            component.size = ((h * y).div_ceil(down), (w * x).div_ceil(across));
            component.blocks = (units.0 * y, units.1 * x);
        }
        Ok(Frame { process, h, w, components, units })
    }
}

/// The samples of a component, in whole blocks: `[rows of blocks * 8, w]`.
#[derive(Debug, Clone)]
pub(super) struct Plane {
    pub values: Vec<u8>,
    pub w: usize,
}

impl Plane {
    /// Zeros.
    pub fn of(component: &Component) -> Self {
        let (down, across) = component.blocks;
        Plane { values: vec![0; down * across * 64], w: across * 8 }
    }

    /// The samples of the block at `[y, x]`, and on: its rows are `w` apart.
    pub fn block(&mut self, y: usize, x: usize) -> &mut [u8] {
        &mut self.values[8 * (y * self.w + x)..]
    }

    /// A row of samples.
    pub fn row(&self, y: usize) -> &[u8] {
        &self.values[y * self.w..(y + 1) * self.w]
    }
}

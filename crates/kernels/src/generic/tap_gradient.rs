//! The gradient with respect to the weights of one tap, summed over several packs at once.
//!
//! Where images are small, adding up the sixteen cells would cost more than the few pixels of one pack. A register tile
//! is `I` input by four output channels.

use std::ops::Range;

use crate::layout::Lanes;
use crate::vector::{Operation, Simd};

use super::correlation::Axis;

/// Output channels of a tile.
const FILTERS: usize = 4;

/// Input channels of a tile at most.
const CHANNELS: usize = 6;

/// Pixels that a tile sums up before it adds up the cells: as many as stay in the first-level cache.
const PIXELS: usize = 48;

/// Sums up `dw` of one tap and some input channels.
pub(crate) struct TapGradient<'a, P> {
    pub axes: [Axis; 2],
    pub channels: usize,
    pub filters: usize,
    /// Row and column of the tap.
    pub tap: [usize; 2],
    /// The input channels.
    pub range: Range<usize>,
    pub n_packs: usize,
    /// `x` and `dy` of a pack.
    pub packs: P,
    /// `[range.len()][filters]`.
    pub dw: &'a mut [f32],
}

impl<'p, P: Fn(usize) -> [&'p [Lanes]; 2]> Operation for TapGradient<'_, P> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Self { axes, channels, filters, tap, ref range, n_packs, ref packs, dw } = self;
        assert_eq!(dw.len(), range.len() * filters);
        assert!(range.end <= channels);
        dw.fill(0.0);
        if dw.is_empty() {
            return;
        }
        let [rows, columns] = [0, 1].map(|i| axes[i].outputs(tap[i], 1));
        let n = n_packs * rows.len() * columns.len();
        let some = n.div_ceil(n.div_ceil(PIXELS).max(1)).max(1);
        let mut gathered = [[0.0; 16]; CHANNELS * PIXELS];
        let [mut x, mut dy] = [[&[][..]; PIXELS]; 2];
        for first in (0..n).step_by(some) {
            let n = some.min(n - first);
            for (i, pixel) in (first..first + n).enumerate() {
                let (line, column) = (pixel / columns.len(), columns.start + pixel % columns.len());
                let (pack, row) = (line / rows.len(), rows.start + line % rows.len());
                let from = |axis: usize, at: usize| at * axes[axis].stride + tap[axis] - axes[axis].before;
                let images = packs(pack);
                x[i] = &images[0][from(0, row) * channels * axes[1].input + from(1, column)..];
                dy[i] = &images[1][row * filters * axes[1].output + column..];
            }
            for channel in range.clone().step_by(3 * S::SUMMED) {
                let n_channels = (range.end - channel).min(3 * S::SUMMED);
                // Rows of an image are apart by powers of two: few of them would stay in the cache.
                for (i, to) in gathered.chunks_exact_mut(n).take(n_channels).enumerate() {
                    let at = (channel + i) * axes[1].input;
                    to.iter_mut().zip(&x).for_each(|(to, x)| *to = x[at]);
                }
                let sums = PixelSums {
                    x: &gathered[..n_channels * n],
                    dy: &dy[..n],
                    step: axes[1].output,
                    filters,
                    dw: &mut dw[(channel - range.start) * filters..][..n_channels * filters],
                };
                sums.add(simd, n_channels);
            }
        }
    }
}

/// The products of some input channels with all output channels, summed up over some pixels.
struct PixelSums<'a> {
    /// Inputs, `[channel][pixel]`.
    x: &'a [Lanes],
    /// Per pixel, the gradient of its first output channel; those of the others follow `step` apart.
    dy: &'a [&'a [Lanes]],
    step: usize,
    filters: usize,
    /// `[channel][filters]`.
    dw: &'a mut [f32],
}

impl PixelSums<'_> {
    #[inline(always)]
    fn add<S: Simd>(self, simd: S, n_channels: usize) {
        match n_channels {
            1 => simd.call(Tiles::<1>(self)),
            2 => simd.call(Tiles::<2>(self)),
            3 => simd.call(Tiles::<3>(self)),
            4 => simd.call(Tiles::<4>(self)),
            5 => simd.call(Tiles::<5>(self)),
            _ => simd.call(Tiles::<CHANNELS>(self)),
        }
    }
}

/// Register tiles of `I` input by four output channels, one after the other.
struct Tiles<'a, const I: usize>(PixelSums<'a>);

impl<const I: usize> Operation for Tiles<'_, I> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let PixelSums { x, dy, step, filters, dw } = self.0;
        let n = dy.len();
        assert_eq!(x.len(), I * n);
        assert!(dy.iter().all(|dy| dy.len() > (filters - 1) * step));
        for filter in (0..filters).step_by(FILTERS) {
            // Past the last channel a tile repeats it, and drops the sums.
            let more = (filters - filter).min(FILTERS) - 1;
            let mut sums = [[simd.no_sum(); FILTERS]; I];
            for (pixel, dy) in dy.iter().enumerate() {
                let mut vectors = [simd.splat(0.0); FILTERS];
                for (o, vector) in vectors.iter_mut().enumerate() {
                    // SAFETY: the channel is at most the last one, which each of the slices holds, as asserted.
                    *vector = simd.load(unsafe { dy.get_unchecked((filter + o.min(more)) * step) });
                }
                for (i, sums) in sums.iter_mut().enumerate() {
                    // SAFETY: the slice holds `n` pixels of each of `I` channels, as asserted.
                    let x = simd.load(unsafe { x.get_unchecked(i * n + pixel) });
                    for (sum, &dy) in sums.iter_mut().zip(&vectors) {
                        *sum = simd.add_products(x, dy, *sum);
                    }
                }
            }
            for (sums, dw) in sums.into_iter().zip(dw.chunks_exact_mut(filters)) {
                let dw = &mut dw[filter..=filter + more];
                dw.iter_mut().zip(simd.totals(sums)).for_each(|(dw, total)| *dw += total);
            }
        }
    }
}

//! Samples on their way into a step: sixteen side by side, with their targets and weights.

use kernels::LANES;
use rayon::prelude::*;

use crate::spec::Shape;

/// Sixteen samples.
#[derive(Debug, Clone)]
pub(crate) struct Pack {
    /// `[h][c][w][16]`.
    pub(crate) x: Vec<f32>,
    /// `[16][classes]`.
    pub(crate) targets: Vec<f32>,
    /// Weight of each sample in the loss; 0 for padding.
    pub(crate) weights: [f32; LANES],
    /// `[16][h][w][c]`, where samples are written before they are set side by side.
    samples: Vec<f32>,
}

/// A batch of samples with soft targets and weights. Made once, filled for each step.
#[derive(Debug, Clone)]
pub struct Batch {
    input: Shape,
    classes: usize,
    size: usize,
    len: usize,
    packs: Vec<Pack>,
}

impl Batch {
    /// An empty batch for up to `size` samples of shape `input`.
    #[must_use]
    pub fn new(input: Shape, classes: usize, size: usize) -> Batch {
        let pack = Pack {
            x: vec![0.0; input.len() * LANES],
            targets: vec![0.0; classes * LANES],
            weights: [0.0; LANES],
            samples: vec![0.0; input.len() * LANES],
        };
        Batch { input, classes, size, len: 0, packs: vec![pack; size.div_ceil(LANES)] }
    }

    /// Shape of a sample.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.input
    }

    /// Number of classes, the length of a target.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Number of samples that it can hold.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size
    }

    /// Number of samples in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no sample in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Fills the whole batch, see [`Batch::fill_part`].
    ///
    /// # Errors
    /// The error of the first sample (by number) that failed; the batch is then empty.
    pub fn fill<E, F>(&mut self, f: F) -> Result<(), E>
    where
        E: Send,
        F: Fn(usize, &mut [f32], &mut [f32]) -> Result<f32, E> + Sync,
    {
        self.fill_part(self.size, f)
    }

    /// Puts `n` samples into the batch; the rest is padding, with weight 0.
    ///
    /// `f(i, sample, target)` writes sample `i` as `[h, w, c]` and its target, one share per class that sum to 1 (both
    /// are zeros before), and returns the sample's weight in the loss. Packs are filled in parallel.
    ///
    /// # Errors
    /// The error of the first sample (by number) that failed; the batch is then empty.
    ///
    /// # Panics
    /// When `n` is more than the batch can hold.
    pub fn fill_part<E, F>(&mut self, n: usize, f: F) -> Result<(), E>
    where
        E: Send,
        F: Fn(usize, &mut [f32], &mut [f32]) -> Result<f32, E> + Sync,
    {
        assert!(n <= self.size, "{n} samples for a batch of {}", self.size);
        let (input, classes) = (self.input, self.classes);
        let failed = self
            .packs
            .par_iter_mut()
            .enumerate()
            .map(|(p, pack)| pack.fill(input, classes, p * LANES..n.min((p + 1) * LANES), &f))
            .find_first(Result::is_err);
        self.len = if failed.is_some() { 0 } else { n };
        failed.unwrap_or(Ok(()))
    }

    /// Target and weight of each sample.
    pub(crate) fn samples(&self) -> impl Iterator<Item = (&[f32], f32)> {
        let packs = self.packs.iter();
        packs.flat_map(|pack| pack.targets.chunks_exact(self.classes).zip(pack.weights)).take(self.len)
    }

    /// The packs, in order.
    pub(crate) fn packs(&self) -> &[Pack] {
        &self.packs
    }
}

impl Pack {
    fn fill<E>(
        &mut self,
        input: Shape,
        classes: usize,
        numbers: std::ops::Range<usize>,
        f: impl Fn(usize, &mut [f32], &mut [f32]) -> Result<f32, E>,
    ) -> Result<(), E> {
        self.samples.fill(0.0);
        self.targets.fill(0.0);
        self.weights.fill(0.0);
        let samples = self.samples.chunks_exact_mut(input.len());
        let targets = self.targets.chunks_exact_mut(classes);
        for (((i, sample), target), weight) in numbers.zip(samples).zip(targets).zip(&mut self.weights) {
            *weight = f(i, sample, target)?;
        }
        kernels::pack_cells(input.into(), &self.samples, &mut self.x);
        Ok(())
    }
}

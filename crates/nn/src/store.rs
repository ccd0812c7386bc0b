//! The buffers of one pack, or of the flat features of a whole batch.

use kernels::{Buffer, LANES};

use crate::plan::{Layout, Slots};

/// Numbered arrays, each `[units][lanes]` or an image `[h][c][w][16]`.
#[derive(Debug, Clone)]
pub(crate) struct Arrays {
    buffers: Vec<Buffer>,
    /// Buffer and length of each array.
    places: Vec<(usize, usize)>,
}

impl Arrays {
    fn new(slots: &Slots, lanes: usize) -> Arrays {
        Arrays {
            buffers: slots.buffers.iter().map(|units| Buffer::new(units * lanes)).collect(),
            places: slots.arrays.iter().map(|slot| (slot.buffer, slot.units * lanes)).collect(),
        }
    }

    fn len(&self) -> usize {
        self.buffers.iter().map(|buffer| buffer.len()).sum()
    }

    pub(crate) fn get(&self, array: usize) -> &[f32] {
        let (buffer, len) = self.places[array];
        &self.buffers[buffer][..len]
    }

    pub(crate) fn get_mut(&mut self, array: usize) -> &mut [f32] {
        let (buffer, len) = self.places[array];
        &mut self.buffers[buffer][..len]
    }

    /// Two different arrays, the first to read, the second to write.
    pub(crate) fn pair(&mut self, read: usize, write: usize) -> (&[f32], &mut [f32]) {
        let ((a, a_len), (b, b_len)) = (self.places[read], self.places[write]);
        let both = self.buffers.get_disjoint_mut([a, b]);
        let [read, write] = both.expect("arrays of one operation have their own buffers");
        (&read[..a_len], &mut write[..b_len])
    }
}

/// Sums over the lanes and pixels of a store, per channel: of `x` and `x^2` on the way forward, of `dz` and `dz * x` on
/// the way back.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    pub(crate) first: Vec<f64>,
    pub(crate) second: Vec<f64>,
}

/// Values and gradients that are computed together.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// Samples side by side: 16 in a pack, 16 times the packs in the flat part.
    pub(crate) lanes: usize,
    /// How many of them are samples; the rest is padding.
    pub(crate) real: usize,
    /// Which pack it is; tells the stores' random numbers apart.
    pub(crate) number: u64,
    pub(crate) values: Arrays,
    pub(crate) gradients: Arrays,
    /// Per norm of the plan.
    pub(crate) sums: Vec<Sums>,
    /// This store's share of the gradients of each convolution's kernel and bias; empty where it has none.
    pub(crate) convs: Vec<[Buffer; 2]>,
}

impl Store {
    /// Buffers as laid out, for `packs` packs side by side.
    pub(crate) fn new(layout: &Layout, packs: usize, number: u64) -> Store {
        let lanes = packs * LANES;
        let sums = |&c: &usize| Sums { first: vec![0.0; c], second: vec![0.0; c] };
        Store {
            lanes,
            real: 0,
            number,
            values: Arrays::new(&layout.values, lanes),
            gradients: Arrays::new(&layout.gradients, lanes),
            sums: layout.sums.iter().map(sums).collect(),
            convs: layout.convs.iter().map(|sizes| sizes.map(Buffer::new)).collect(),
        }
    }
}

impl Layout {
    /// Memory of the values and gradients of one pack.
    pub(crate) fn bytes(&self) -> usize {
        let units: usize = self.values.buffers.iter().chain(&self.gradients.buffers).sum();
        units * LANES * size_of::<f32>()
    }
}

impl Store {
    /// Memory of the buffers.
    pub(crate) fn bytes(&self) -> usize {
        let convs: usize = self.convs.iter().flatten().map(|share| share.len()).sum();
        (self.values.len() + self.gradients.len() + convs) * size_of::<f32>()
    }
}

/// Sets the padding lanes of an array to zero.
pub(crate) fn clear_padding(x: &mut [f32], lanes: usize, real: usize) {
    if real < lanes {
        x.chunks_exact_mut(lanes).for_each(|row| row[real..].fill(0.0));
    }
}

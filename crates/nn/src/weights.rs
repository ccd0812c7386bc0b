//! The parameters of a network: named arrays in the order of its layers.

/// One named array.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// `<layer>.kernel`, `.bias`, `.gamma`, `.beta`, `.moving_mean` or `.moving_variance`.
    pub name: String,
    /// Sizes of the axes, outermost first: convolution kernels `[kh, kw, in, out]`, dense kernels `[in, out]` with the
    /// inputs of a flattened image in the order (h, w, c).
    pub shape: Vec<usize>,
    /// The values, in C order.
    pub data: Vec<f32>,
    /// Whether gradients change it; moving statistics follow the batches instead.
    pub trainable: bool,
}

/// All parameters of a network, in the order of its layers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    /// The arrays.
    pub tensors: Vec<Tensor>,
}

impl Weights {
    /// The array of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }

    /// Number of values in all arrays.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.data.len()).sum()
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

//! Arithmetic on sixteen cells at once.
//!
//! The innermost axis of every image is sixteen *cells* ([`LANES`]), not sixteen pixels or channels: every operation is
//! the same scalar code done for sixteen cells, at full vector width for any number of channels and without masks at
//! the borders. Sixteen cells side by side are a *pack*.
//!
//! * Images: one pack of [`Shape`] `{h, w, c}` is `[h][c][w][16]` `f32`, rows before channels, because with planes the
//!   stride between channels would be a multiple of the size of a cache set.
//! * Dense activations: a batch is `[units][n]` with `n = 16 * packs`, so that a range of units is one contiguous chunk.
//!
//! Every method of [`Kernels`] is single-threaded, allocates nothing and panics when a slice has not the length that its
//! documentation states. Callers run packs, or ranges of units, in parallel; sums over a pack have one fixed order, so
//! that results do not depend on the number of threads.
//!
//! ```
//! use kernels::{Activation, Kernels};
//! let kernels = Kernels::detect()?;
//! let mut y = [0.0; 3];
//! kernels.activation(Activation::Relu, &[-1.0, 0.0, 2.0], &mut y);
//! assert_eq!(y, [0.0, 0.0, 2.0]);
//! # Ok::<(), kernels::KernelError>(())
//! ```

mod activation;
mod affine;
mod buffer;
mod convolution;
mod dense;
mod dispatch;
mod elementwise;
mod generic;
mod layout;
mod optimiser;
mod peak;
mod pool;
mod portable;
mod precision;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use activation::Activation;
pub use buffer::Buffer;
pub use convolution::{Conv, ConvWeights, Padding};
pub use dense::Dense;
pub use dispatch::{InstructionSet, KernelError, Kernels, PlainCode};
pub use layout::{LANES, Shape, flatten, pack_cells, unflatten, unpack_cells};
pub use optimiser::{Adam, Sgd};
pub use pool::Squares;
pub use precision::Precision;

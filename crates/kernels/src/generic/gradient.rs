//! What the gradient of one pack with respect to a convolution's weights is made of, however it is summed up.

use crate::layout::Lanes;

use super::correlation::Axis;

/// Output channels of a register tile.
pub(crate) const FILTERS: usize = 4;

/// A gradient to be added; strides are those of `rows` and `columns`.
pub(crate) struct Gradient<'a> {
    pub rows: Axis,
    pub columns: Axis,
    pub channels: usize,
    pub filters: usize,
    /// `[rows.input][channels][columns.input]`.
    pub x: &'a [Lanes],
    /// `[rows.output][filters][columns.output]`.
    pub dy: &'a [Lanes],
    /// `[rows.taps][columns.taps][channels][filters]`.
    pub dw: &'a mut [f32],
}

impl Gradient<'_> {
    /// Stops where a length does not fit: what follows reads without looking.
    #[inline(always)]
    pub(crate) fn check(&self) {
        assert_eq!(self.x.len(), self.rows.input * self.channels * self.columns.input);
        assert_eq!(self.dy.len(), self.rows.output * self.filters * self.columns.output);
        assert_eq!(self.dw.len(), self.rows.taps * self.columns.taps * self.channels * self.filters);
    }
}

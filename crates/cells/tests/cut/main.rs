//! Cutting cells: against OpenCV and numpy, and against what must always hold.

mod auto;
mod contours;
mod golden;

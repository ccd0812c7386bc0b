//! Cutting cells: against OpenCV and numpy, and against what must always hold.

mod contours;
mod golden;

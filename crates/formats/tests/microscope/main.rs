//! Images as microscopes write them.

mod folder;
mod hostile;
mod pixels;
mod zarr;

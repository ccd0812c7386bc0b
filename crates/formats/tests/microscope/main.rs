//! Images as microscopes write them.

mod folder;
mod hostile;
mod many_files;
mod pixels;
mod zarr;

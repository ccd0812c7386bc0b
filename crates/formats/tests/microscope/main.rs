//! Images as microscopes write them.

mod folder;
mod hostile;
mod makers;
mod many_files;
mod pixels;
mod zarr;

//! Pictures and pages for people: figures as SVG and PNG, montages of crops, self-contained HTML reports.
//!
//! A figure is a [`Scene`](scene::Scene): shapes in named paints. The same scene is written as an SVG file on white
//! paper, as PNG (drawn by `resvg` with an embedded typeface, so that nothing depends on the fonts of the machine) or
//! inline into a page, where the paints follow the light or dark theme of the reader.
//!
//! Everything here is a function of its arguments: the same input gives the same bytes.

pub mod evaluation;
pub mod figure;
pub mod folder;
pub mod gallery;
pub mod map_board;
pub mod montage;
pub mod page;
pub mod paint;
pub mod picture;
pub mod raster;
pub mod scene;
pub mod text;

#[cfg(test)]
mod tests;

//! Boards of pictures of cells on a dark ground, as PNG.

use std::io;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use resvg::tiny_skia::Pixmap;

use super::paint::{Paint, Theme};
use super::picture::{Picture, Viewer};
use super::raster::{self, RasterError};
use super::scene::{Scene, Stroke, Type};
use super::text::counted;

/// The cells of one class of which some are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassCells {
    /// Class.
    pub name: String,
    /// Number of its cells.
    pub n: usize,
    /// Those that are shown.
    pub shown: Vec<usize>,
}

/// Draws `n` of `indices` without repetition; stream `stream` of `seed`, so that classes do not depend on each other.
///
/// ```
/// use study::report::montage::draw_some;
/// let all: Vec<usize> = (0..100).collect();
/// assert_eq!(draw_some(&all, 10, 1, 0), draw_some(&all, 10, 1, 0));
/// assert_eq!(draw_some(&all[..3], 10, 1, 0).len(), 3);
/// ```
#[must_use]
pub fn draw_some(indices: &[usize], n: usize, seed: u64, stream: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    let mut drawn = indices.to_vec();
    let (chosen, _) = drawn.partial_shuffle(&mut rng, n);
    chosen.to_vec()
}

/// Columns side by side before a new band of columns begins.
const MAX_COLUMNS: usize = 12;
const GAP: f64 = 8.0;
const MARGIN: f64 = 18.0;
const HEAD: f64 = 46.0;
/// Pixels of the PNG per unit of the drawing.
const SCALE: f64 = 2.0;

/// One column of `n_rows` places per class, under its name and number of cells. A class with fewer cells leaves places
/// empty and says so.
///
/// # Errors
/// When a crop cannot be read or the board is larger than 32,000 pixels.
pub fn by_class(viewer: &Viewer, classes: &[ClassCells], n_rows: usize) -> Result<Vec<u8>, MontageError> {
    let caption = format!("Random cells of each of {} classes", classes.len());
    let column = |class: &ClassCells| Column {
        title: class.name.clone(),
        remark: counted(class.n, "cell", "cells"),
        shown: class.shown.clone(),
    };
    in_columns(viewer, caption, &classes.iter().map(column).collect::<Vec<_>>(), n_rows)
}

/// Cells that are shown below each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The line that is read first.
    pub title: String,
    /// The line below it.
    pub remark: String,
    /// The cells.
    pub shown: Vec<usize>,
}

/// Columns of `n_rows` places.
///
/// # Errors
/// As [`by_class`].
pub fn in_columns(
    viewer: &Viewer,
    caption: String,
    columns: &[Column],
    n_rows: usize,
) -> Result<Vec<u8>, MontageError> {
    let tile = Tile::of(viewer, columns.iter().flat_map(|c| &c.shown).next())?;
    let n_columns = columns.len().clamp(1, MAX_COLUMNS);
    let width = tile.w.max(96.0) + 2.0 * GAP;
    let band = HEAD + n_rows as f64 * (tile.h + GAP) + MARGIN;
    let n_bands = columns.len().div_ceil(n_columns).max(1);
    let size = (2.0 * MARGIN + width * n_columns as f64, MARGIN + band * n_bands as f64);
    let mut board = Board::new("montage", caption, size, tile);
    for (i, column) in columns.iter().enumerate() {
        let x = MARGIN + width * (i % n_columns) as f64;
        let y = MARGIN + band * (i / n_columns) as f64;
        let middle = x + 0.5 * width;
        let title = Type { size: 13.0, ..Type::LABEL.bold().middle() };
        board.scene.elided((middle, y + 12.0), title, &column.title, 0.93 * (width - 4.0));
        board.scene.elided((middle, y + 30.0), Type::SMALL.middle(), &column.remark, width - 4.0);
        for row in 0..n_rows {
            let corner = (x + 0.5 * (width - tile.w), y + HEAD + row as f64 * (tile.h + GAP));
            match column.shown.get(row) {
                Some(&index) => board.put(corner, viewer.picture(index)?),
                None => board.leave_empty(corner, (row == column.shown.len()).then_some("no more")),
            }
        }
    }
    board.png()
}

/// The cells of one class in rows of `n_columns`.
///
/// # Errors
/// As [`by_class`].
pub fn of_class(viewer: &Viewer, class: &ClassCells, n_columns: usize) -> Result<Vec<u8>, MontageError> {
    let tile = Tile::of(viewer, class.shown.first())?;
    let n_columns = n_columns.max(1);
    let n_rows = class.shown.len().div_ceil(n_columns).max(1);
    let w = 2.0 * MARGIN - GAP + n_columns as f64 * (tile.w + GAP);
    let size = (w.max(240.0), MARGIN + HEAD + n_rows as f64 * (tile.h + GAP) + MARGIN - GAP);
    let mut board = Board::new("class", format!("Cells of {}", class.name), size, tile);
    board.scene.elided((MARGIN, MARGIN + 12.0), Type::TITLE, &class.name, 0.93 * (size.0 - 2.0 * MARGIN));
    let remark = match (class.shown.len(), class.n) {
        (0, _) => "no cells".to_owned(),
        (shown, n) if shown == n => format!("all {}", counted(n, "cell", "cells")),
        (shown, n) => format!("{shown} of {}", counted(n, "cell", "cells")),
    };
    board.scene.text((MARGIN, MARGIN + 30.0), Type::SMALL, remark);
    for (i, &index) in class.shown.iter().enumerate() {
        let (row, column) = (i / n_columns, i % n_columns);
        let x = MARGIN + column as f64 * (tile.w + GAP);
        board.put((x, MARGIN + HEAD + row as f64 * (tile.h + GAP)), viewer.picture(index)?);
    }
    board.png()
}

/// A montage that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum MontageError {
    /// A crop cannot be read.
    #[error("a crop cannot be read: {0}")]
    Crop(#[from] io::Error),
    /// The board cannot be drawn.
    #[error(transparent)]
    Raster(#[from] RasterError),
}

/// Size of a picture on the board.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tile {
    w: f64,
    h: f64,
}

impl Tile {
    /// Enlarged by a whole factor to about 80 units, or shrunk to 160; square when there is no picture.
    fn of(viewer: &Viewer, first: Option<&usize>) -> io::Result<Tile> {
        let size = first.map_or(Ok((64, 64)), |&index| viewer.picture(index).map(|p| (p.w, p.h)));
        Ok(Tile::of_size(size?).0)
    }

    /// The same for pictures of so many pixels, with its width and height.
    pub(super) fn of_size((w, h): (usize, usize)) -> (Tile, f64, f64) {
        let (w, h) = (w as f64, h as f64);
        let largest = w.max(h).max(1.0);
        let zoom = if largest > 160.0 { 160.0 / largest } else { (96.0 / largest).floor().max(1.0) };
        let tile = Tile { w: (w * zoom).ceil(), h: (h * zoom).ceil() };
        (tile, tile.w, tile.h)
    }
}

/// A dark drawing and the pictures that go onto it.
pub(super) struct Board {
    pub(super) scene: Scene,
    tile: Tile,
    pictures: Vec<((f64, f64), Picture)>,
}

impl Board {
    pub(super) fn new(name: &str, caption: String, (w, h): (f64, f64), tile: Tile) -> Board {
        Board { scene: Scene::new(name, caption, w, h), tile, pictures: Vec::new() }
    }

    pub(super) fn put(&mut self, corner: (f64, f64), picture: Picture) {
        self.pictures.push((corner, picture));
    }

    fn leave_empty(&mut self, (x, y): (f64, f64), remark: Option<&str>) {
        let Tile { w, h } = self.tile;
        let stroke = Stroke { dashed: true, ..Stroke::GRID };
        self.scene.path(vec![(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)], stroke);
        if let Some(remark) = remark {
            let style = Type::SMALL.middle().in_paint(Paint::Muted);
            self.scene.text((x + 0.5 * w, y + 0.5 * h + 4.0), style, remark);
        }
    }

    pub(super) fn png(self) -> Result<Vec<u8>, MontageError> {
        let mut pixmap = raster::draw(&self.scene, Theme::Dark, SCALE)?;
        let size = ((self.tile.w * SCALE) as usize, (self.tile.h * SCALE) as usize);
        for ((x, y), picture) in &self.pictures {
            paste(&mut pixmap, picture, ((x * SCALE) as usize, (y * SCALE) as usize), size);
        }
        Ok(raster::encode(&pixmap, &self.scene.name)?)
    }
}

/// Writes `picture` at (`x`, `y`), `w` by `h` pixels large, by repeating or leaving out pixels: nothing is smoothed.
fn paste(pixmap: &mut Pixmap, picture: &Picture, (x, y): (usize, usize), (w, h): (usize, usize)) {
    let (width, height) = (pixmap.width() as usize, pixmap.height() as usize);
    let data = pixmap.data_mut();
    for row in 0..h.min(height.saturating_sub(y)) {
        for column in 0..w.min(width.saturating_sub(x)) {
            let colour = picture.pixels[row * picture.h / h * picture.w + column * picture.w / w];
            let at = 4 * ((y + row) * width + x + column);
            data[at..at + 4].copy_from_slice(&[colour.0, colour.1, colour.2, 255]);
        }
    }
}

/// Pictures of the cells side by side without any space between them, in as many columns as are needed for as many rows,
/// none larger than `side` pixels; and the width and height of one of them.
///
/// # Errors
/// As [`by_class`].
pub fn sheet(viewer: &Viewer, shown: &[usize], side: usize) -> Result<(Vec<u8>, (u32, u32)), MontageError> {
    let (mut w, mut h) = (1, 1);
    if let Some(&first) = shown.first() {
        let picture = viewer.picture(first)?;
        let largest = picture.w.max(picture.h).max(1);
        let shrunk = |n: usize| if largest > side { (n * side / largest).max(1) } else { n };
        (w, h) = (shrunk(picture.w), shrunk(picture.h));
    }
    let n_columns = (shown.len() as f64).sqrt().ceil().max(1.0) as usize;
    let size = (w * n_columns, h * shown.len().div_ceil(n_columns).max(1));
    let blank = Scene::new("sheet", "", size.0 as f64, size.1 as f64);
    let mut pixmap = raster::draw(&blank, Theme::Dark, 1.0)?;
    for (i, &index) in shown.iter().enumerate() {
        let corner = (i % n_columns * w, i / n_columns * h);
        paste(&mut pixmap, &viewer.picture(index)?, corner, (w, h));
    }
    Ok((raster::encode(&pixmap, "sheet")?, (w as u32, h as u32)))
}

/// One picture as the bytes of a PNG file, a pixel for a pixel.
///
/// # Errors
/// When it has no pixel.
pub fn png(picture: &Picture) -> Result<Vec<u8>, MontageError> {
    let blank = Scene::new("crop", "", picture.w as f64, picture.h as f64);
    let mut pixmap = raster::draw(&blank, Theme::Dark, 1.0)?;
    paste(&mut pixmap, picture, (0, 0), (picture.w, picture.h));
    Ok(raster::encode(&pixmap, "crop")?)
}

//! Boards with a row per cell: its picture, maps over it, and what is said of it.

use super::montage::{Board, MontageError, Tile};
use super::paint::{Paint, Rgb};
use super::picture::Picture;
use super::scene::Type;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// One picture per column, all of one size.
    pub pictures: Vec<Picture>,
    /// The line that is read first.
    pub title: String,
    /// Further lines.
    pub lines: Vec<String>,
}

/// A bar that says what the colours of the maps mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColourBar {
    /// Colours from the lowest to the highest value.
    pub colours: Vec<Rgb>,
    /// What the ends are.
    pub ends: [String; 2],
}

const GAP: f64 = 8.0;
const MARGIN: f64 = 18.0;
const HEAD: f64 = 74.0;
const WORDS: f64 = 230.0;
/// Width and height of the colour bar.
const BAR: [f64; 2] = [150.0, 9.0];

/// A board with the title, a remark below it, a heading per column and a row per cell.
///
/// # Errors
/// When the board is larger than 32,000 pixels.
pub fn map_board(
    title: &str,
    remark: &str,
    columns: &[&str],
    rows: &[Row],
    bar: &ColourBar,
) -> Result<Vec<u8>, MontageError> {
    let first = rows.iter().flat_map(|row| &row.pictures).next();
    let (tile, w, h) = Tile::of_size(first.map_or((64, 64), |picture| (picture.w, picture.h)));
    let step = w.max(84.0) + GAP;
    let words = MARGIN + step * columns.len() as f64 + GAP;
    let size = (words + WORDS + MARGIN, HEAD + MARGIN + rows.len() as f64 * (h + GAP) + 30.0);
    let mut board = Board::new("maps", format!("{title}: {remark}"), size, tile);
    board.scene.elided((MARGIN, MARGIN + 10.0), Type::TITLE, title, 0.93 * (size.0 - 2.0 * MARGIN));
    board.scene.elided((MARGIN, MARGIN + 28.0), Type::SMALL, remark, size.0 - 2.0 * MARGIN);
    for (i, column) in columns.iter().enumerate() {
        board.scene.text((MARGIN + step * i as f64, HEAD - 8.0), Type::SMALL, *column);
    }
    for (number, row) in rows.iter().enumerate() {
        let y = HEAD + number as f64 * (h + GAP);
        for (i, picture) in row.pictures.iter().enumerate() {
            board.put((MARGIN + step * i as f64, y), picture.clone());
        }
        board.scene.elided((words, y + 13.0), Type::LABEL.bold(), &row.title, 0.93 * WORDS);
        for (i, line) in row.lines.iter().enumerate() {
            board.scene.elided((words, y + 31.0 + 16.0 * i as f64), Type::SMALL, line, WORDS);
        }
    }
    draw_bar(&mut board, (MARGIN, size.1 - 22.0), bar);
    board.png()
}

fn draw_bar(board: &mut Board, (x, y): (f64, f64), bar: &ColourBar) {
    let [w, h] = BAR;
    let [low, high] = &bar.ends;
    let left = x + super::text::width(low, Type::SMALL.size) + GAP;
    let step = w / bar.colours.len().max(1) as f64;
    board.scene.text((x, y + h), Type::SMALL, low.as_str());
    for (i, &colour) in bar.colours.iter().enumerate() {
        // Half a pixel more: no seams.
        board.scene.rect([left + step * i as f64, y, step + 0.5, h], Paint::Fixed(colour));
    }
    board.scene.text((left + w + GAP, y + h), Type::SMALL, high.as_str());
}

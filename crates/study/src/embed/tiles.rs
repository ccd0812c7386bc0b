//! The manifold projection: for each bin of the map one picture of its cells.

use ::embed::Bins;
use cells::CropShape;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::input::Pictures;
use crate::StudyError;

/// What a bin shows of its cells, pixel by pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tile {
    /// Their mean.
    #[default]
    Mean,
    /// Their maximum.
    Max,
    /// Their minimum.
    Min,
    /// Their sum; the brightest pixel of all bins is 255.
    Sum,
    /// Their standard deviation; the largest of all bins is 255.
    Std,
    /// The first of them.
    First,
    /// One at random.
    Random,
}

/// A picture per bin, 0 to 255.
pub struct Tiles {
    pub shape: CropShape,
    /// Of bin (i, j), at `i * side + j`; none where no cell is.
    pub pictures: Vec<Option<Vec<u8>>>,
}

/// Draws the bins. Cells are as the network sees them, all of them scaled so that the lowest value is 0 and the highest 255.
pub fn draw(pictures: &Pictures, bins: &Bins, tile: Tile, seed: u64) -> Result<Tiles, StudyError> {
    let shape = pictures.model.contract.shape();
    let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
    for i in 0..pictures.data.cells.len() {
        for v in pictures.read(i)? {
            (low, high) = (low.min(v), high.max(v));
        }
    }
    let scale = if high > low { 255.0 / (high - low) } else { 0.0 };
    let mut values = Vec::new();
    for i in 0..bins.side() {
        for j in 0..bins.side() {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream((i * bins.side() + j) as u64);
            let members = bins.members(i, j);
            let chosen = match tile {
                Tile::First => &members[..members.len().min(1)],
                Tile::Random if !members.is_empty() => {
                    let at = random.random_range(0..members.len());
                    &members[at..=at]
                }
                _ => members,
            };
            let mut crops = Vec::new();
            for &cell in chosen {
                let crop = pictures.read(cell as usize)?;
                // Whole grey levels, as published.
                crops.push(crop.into_iter().map(|v| ((v - low) * scale).floor()).collect::<Vec<f32>>());
            }
            values.push((!crops.is_empty()).then(|| joined(&crops, tile)));
        }
    }
    let most = values.iter().flatten().flatten().copied().fold(0.0f32, f32::max);
    let stretch = if matches!(tile, Tile::Sum | Tile::Std) && most > 0.0 { 255.0 / most } else { 1.0 };
    let bytes = |tile: Vec<f32>| tile.into_iter().map(|v| (v * stretch) as u8).collect();
    Ok(Tiles { shape, pictures: values.into_iter().map(|tile| tile.map(bytes)).collect() })
}

/// One picture of several.
fn joined(crops: &[Vec<f32>], tile: Tile) -> Vec<f32> {
    let n = crops.len() as f32;
    let pixel = |i: usize| {
        let values = crops.iter().map(|crop| crop[i]);
        match tile {
            Tile::Max => values.fold(f32::NEG_INFINITY, f32::max),
            Tile::Min => values.fold(f32::INFINITY, f32::min),
            Tile::Sum => values.sum(),
            Tile::Std => {
                let mean = values.clone().sum::<f32>() / n;
                (values.map(|v| (v - mean) * (v - mean)).sum::<f32>() / n).sqrt()
            }
            Tile::Mean | Tile::First | Tile::Random => values.sum::<f32>() / n,
        }
    };
    (0..crops[0].len()).map(pixel).collect()
}

impl Tiles {
    /// The published canvas, `[side, side, channels]` with `side = (h + 1) bins + h / 2` for crops of `h` rows: bins counted
    /// from 1, the tile of bin (i, j) fills rows `h i - h / 2` to `h i + h / 2` and columns likewise; x on rows.
    pub fn canvas(&self, bins: usize) -> (usize, Vec<u8>) {
        let CropShape { h, w, c } = self.shape;
        let tile = h.max(w);
        let side = (tile + 1) * bins + tile / 2;
        let mut canvas = vec![0; side * side * c];
        for (at, picture) in self.pictures.iter().enumerate() {
            let Some(picture) = picture else { continue };
            let (top, left) = (tile * (at / bins + 1) - tile / 2, tile * (at % bins + 1) - tile / 2);
            for y in 0..h {
                let row = ((top + y) * side + left) * c;
                canvas[row..row + w * c].copy_from_slice(&picture[y * w * c..(y + 1) * w * c]);
            }
        }
        (side, canvas)
    }
}

//! What an embedding leaves on the disk: table, features, figures, one page.

use std::collections::BTreeMap;
use std::path::Path;

use ::embed::{Bins, Extent, Init, Umap};
use cells::Pixels;
use formats::{FormatError, npy};
use serde::{Deserialize, Serialize};

use super::input::Known;
use super::tiles::{self, Tiles};
use super::{EmbedRequest, MARK, Quality, anndata};
use crate::StudyError;
use crate::report::figure;
use crate::report::folder::Files;
use crate::report::gallery::data_url;
use crate::report::montage;
use crate::report::page::{self, Drawing, Page};
use crate::report::paint::{Rgb, series};
use crate::report::picture::Picture;
use crate::report::text::thousands;
use crate::source::Request;

/// The table of cells.
pub const CELLS: &str = "cells.csv";
/// What the map was made of, `[n, d]` float32.
pub const FEATURES: &str = "features.npy";
/// Pixels between two tiles of the picture, and of the frame that has the colour of the class.
const FRAME: usize = 2;

/// What `embedding.json` says, which is all that is needed to put further cells on the map and to look at those that are there.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    n: usize,
    columns: usize,
    n_neighbors: usize,
    min_dist: f64,
    spread: f64,
    n_epochs: Option<usize>,
    init: String,
    learning_rate: f64,
    seed: u64,
    /// How well the map keeps what it was made of.
    pub quality: Quality,
    /// Smallest and largest coordinate, x then y.
    extent: [[f32; 2]; 2],
    /// Where the cells lay.
    #[serde(default)]
    pub cells: Option<Request>,
}

impl About {
    /// The settings of the map.
    pub fn settings(&self) -> Umap {
        Umap {
            n_neighbors: self.n_neighbors,
            min_dist: self.min_dist,
            spread: self.spread,
            n_epochs: self.n_epochs,
            init: if self.init == "pca" { Init::Pca } else { Init::Spectral },
            learning_rate: self.learning_rate,
            seed: self.seed,
            ..Umap::default()
        }
    }
}

/// What an earlier embedding says of itself.
pub fn read_about(folder: &Path) -> Result<About, StudyError> {
    let path = folder.join(MARK);
    let expected = "an embedding written by `embed`";
    let text = std::fs::read_to_string(&path).map_err(|e| FormatError::io(&path, expected, &e))?;
    Ok(serde_json::from_str(&text).map_err(|e| FormatError::new(&path, expected, e.to_string()))?)
}

/// Writes the folder, all of it or nothing.
pub fn write(
    known: &Known,
    positions: &[[f32; 2]],
    settings: &Umap,
    quality: &Quality,
    request: &EmbedRequest,
) -> Result<(), StudyError> {
    let mut files = Files::default();
    let classes = Classes::of(&known.classes);
    let map = figure::map(&classes.names, &classes.of, positions);
    files.add_figure(&map).map_err(|e| StudyError::Refused(e.to_string()))?;
    let extent = Extent::of(positions).map_or([[0.0; 2]; 2], |e| [e.from, e.to]);
    let about = about(known, settings, quality, extent, request);
    let json = serde_json::to_string_pretty(&about).map_err(|e| StudyError::Refused(e.to_string()))?;
    files.add(MARK, json);
    let projection = projection(known, positions, settings, &classes, request, &mut files)?;
    let facts = facts(&about, quality);
    let page = page::render(
        Page::Embedding,
        &Context {
            version: env!("CARGO_PKG_VERSION"),
            title: "A map of cells",
            summary: format!("{} cells by {} features", thousands(positions.len()), about.columns),
            map: Drawing::from(&map),
            projection,
            facts,
        },
    );
    files.add("map.html", page.map_err(|e| StudyError::Refused(e.to_string()))?);
    files.add(CELLS, known.about.to_csv());
    if request.h5ad {
        files.add(anndata::FILE, anndata::anndata(known, positions, (settings, quality), request.of)?);
    }
    let points = &known.points;
    let features = Pixels::Float32(points.values().to_vec());
    files.add(FEATURES, npy::to_bytes(&[points.len(), points.columns()], &features));
    files.write(&request.output, MARK)?;
    Ok(())
}

#[derive(Serialize)]
struct Context {
    version: &'static str,
    title: &'static str,
    summary: String,
    map: Drawing,
    /// The manifold projection as a data address.
    projection: Option<String>,
    facts: Vec<[String; 2]>,
}

fn about(
    known: &Known,
    settings: &Umap,
    quality: &Quality,
    extent: [[f32; 2]; 2],
    request: &EmbedRequest,
) -> About {
    About {
        n: known.points.len(),
        columns: known.points.columns(),
        n_neighbors: settings.n_neighbors,
        min_dist: settings.min_dist,
        spread: settings.spread,
        n_epochs: settings.n_epochs,
        init: if settings.init == Init::Pca { "pca".into() } else { "spectral".into() },
        learning_rate: settings.learning_rate,
        seed: settings.seed,
        quality: *quality,
        extent,
        cells: request.cells.as_ref().and_then(Request::absolute),
    }
}

fn facts(about: &About, quality: &Quality) -> Vec<[String; 2]> {
    let figure = |value: Option<f64>| value.map_or("not defined".into(), |v| format!("{v:.3}"));
    vec![
        ["Trustworthiness (1 perfect, 0.5 chance)".into(), figure(quality.trustworthiness)],
        ["Nearest 15 kept on the map".into(), figure(Some(quality.neighbours_kept))],
        ["n_neighbors".into(), about.n_neighbors.to_string()],
        ["min_dist".into(), about.min_dist.to_string()],
        ["seed".into(), about.seed.to_string()],
    ]
}

/// Names of the classes in order, and the class of each point.
struct Classes {
    names: Vec<String>,
    of: Vec<Option<usize>>,
}

impl Classes {
    fn of(classes: &[Option<String>]) -> Classes {
        let mut numbers: BTreeMap<&str, usize> = classes.iter().flatten().map(|c| (c.as_str(), 0)).collect();
        numbers.values_mut().enumerate().for_each(|(i, number)| *number = i);
        let of = classes.iter().map(|c| c.as_deref().and_then(|c| numbers.get(c).copied())).collect();
        Classes { of, names: numbers.into_keys().map(str::to_owned).collect() }
    }

    /// The class that most of these points have; the first of equals.
    fn most(&self, points: &[u32]) -> Option<usize> {
        let mut votes = vec![0; self.names.len()];
        points.iter().filter_map(|&i| self.of[i as usize]).for_each(|class| votes[class] += 1);
        let most = votes.iter().copied().max().filter(|most| *most > 0)?;
        votes.iter().position(|v| *v == most)
    }
}

/// Adds the manifold projection as picture and arrays; returns the picture for the page.
fn projection(
    known: &Known,
    positions: &[[f32; 2]],
    settings: &Umap,
    classes: &Classes,
    request: &EmbedRequest,
    files: &mut Files,
) -> Result<Option<String>, StudyError> {
    let Some(bins) = Bins::new(positions, request.bins) else {
        return Err(StudyError::Refused("bins: expected at least 1, found 0".into()));
    };
    let side = bins.side();
    let counts = Pixels::Float32(bins.counts().into_iter().map(|n| n as f32).collect());
    files.add("counts.npy", npy::to_bytes(&[side, side], &counts));
    let Some(pictures) = &known.pictures else { return Ok(None) };
    let tiles = tiles::draw(pictures, &bins, request.tile, settings.seed)?;
    let (canvas_side, canvas) = tiles.canvas(side);
    let canvas_shape = [canvas_side, canvas_side, tiles.shape.c];
    files.add("projection.npy", npy::to_bytes(&canvas_shape, &Pixels::Uint8(canvas)));
    let png =
        montage::png(&picture(&tiles, &bins, classes)).map_err(|e| StudyError::Refused(e.to_string()))?;
    let url = data_url(&png);
    files.add("projection.png", png);
    Ok(Some(url))
}

/// All tiles with x to the right and y upwards, each in a frame of the colour of its class.
fn picture(tiles: &Tiles, bins: &Bins, classes: &Classes) -> Picture {
    let (h, w, c) = (tiles.shape.h, tiles.shape.w, tiles.shape.c);
    let (step_y, step_x) = (h + 2 * FRAME, w + 2 * FRAME);
    let side = bins.side();
    let mut picture = Picture {
        h: step_y * side,
        w: step_x * side,
        pixels: vec![Rgb(0x0d, 0x0f, 0x12); step_y * side * step_x * side],
    };
    for (at, tile) in tiles.pictures.iter().enumerate() {
        let Some(tile) = tile else { continue };
        let (i, j) = (at / side, at % side);
        let frame = classes.most(bins.members(i, j)).map_or(Rgb(0x57, 0x60, 0x6a), series);
        let (top, left) = ((side - 1 - j) * step_y, i * step_x);
        for y in 0..step_y {
            for x in 0..step_x {
                let inside = (FRAME..FRAME + h).contains(&y) && (FRAME..FRAME + w).contains(&x);
                let colour =
                    if inside { colour(&tile[((y - FRAME) * w + x - FRAME) * c..][..c]) } else { frame };
                picture.pixels[(top + y) * picture.w + left + x] = colour;
            }
        }
    }
    picture
}

/// Three channels as red, green and blue, else the first as grey.
fn colour(pixel: &[u8]) -> Rgb {
    match *pixel {
        [r, g, b] => Rgb(r, g, b),
        [v, ..] => Rgb(v, v, v),
        [] => Rgb(0, 0, 0),
    }
}

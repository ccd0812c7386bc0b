//! Drawings as PNG, in the embedded typeface.

use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use super::paint::Theme;
use super::scene::Scene;
use super::text::{REGULAR, SEMIBOLD};

/// The embedded typeface; fonts of the machine are never looked at.
static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMIBOLD.to_vec());
    Arc::new(fonts)
});

/// A drawing that cannot be turned into pixels.
#[derive(Debug, thiserror::Error)]
#[error("{name}: expected a drawing of 1 to 32,000 pixels a side, found {reason}")]
pub struct RasterError {
    name: String,
    reason: String,
}

/// Largest width or height that is drawn.
const LARGEST: f64 = 32_000.0;

/// The drawing at `scale` pixels per unit.
///
/// # Errors
/// When it is empty or larger than 32,000 pixels.
pub fn draw(scene: &Scene, theme: Theme, scale: f64) -> Result<Pixmap, RasterError> {
    let refuse = |reason: String| RasterError { name: scene.name.clone(), reason };
    let (w, h) = ((scene.w * scale).ceil(), (scene.h * scale).ceil());
    let size = format!("{w} x {h}");
    if !(w >= 1.0 && h >= 1.0 && w <= LARGEST && h <= LARGEST) {
        return Err(refuse(size));
    }
    let options = Options { fontdb: Arc::clone(&FONTS), font_family: "Inter".into(), ..Options::default() };
    let tree = Tree::from_str(&scene.svg(theme), &options).map_err(|e| refuse(e.to_string()))?;
    let mut pixmap = Pixmap::new(w as u32, h as u32).ok_or_else(|| refuse(size))?;
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    Ok(pixmap)
}

/// The drawing as the bytes of a PNG file at `scale` pixels per unit.
///
/// # Errors
/// As [`draw`].
pub fn png(scene: &Scene, theme: Theme, scale: f64) -> Result<Vec<u8>, RasterError> {
    encode(&draw(scene, theme, scale)?, &scene.name)
}

/// Pixels as the bytes of a PNG file.
///
/// # Errors
/// When the encoder refuses.
pub fn encode(pixmap: &Pixmap, name: &str) -> Result<Vec<u8>, RasterError> {
    pixmap.encode_png().map_err(|e| RasterError { name: name.to_owned(), reason: e.to_string() })
}

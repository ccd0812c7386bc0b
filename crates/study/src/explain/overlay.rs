//! A map in colours over the grey picture of its cell.

use std::io;

use nn::explain::feature_layer;

use super::{MapSettings, Mapper, Method};
use crate::report::gallery::data_url;
use crate::report::montage;
use crate::report::paint::Rgb;
use crate::report::picture::Picture;
use crate::score::heat::Colours;
use crate::{Dataset, Model, Silent, StudyError};

/// The colours of maps, from 0 to 1.
pub(crate) const COLOURS: Colours = Colours { range: [0.0, 1.0], diverging: false };
/// Share of the pixels whose squared gradients are drawn with colours of their own; those above have the last.
const MOST: f64 = 0.99;
/// Share of the colour of the map in a pixel, the rest is grey.
const COVER: f64 = 0.55;

/// The picture in grey under the colours of `map`, `[h, w]` from 0 to 1.
pub fn overlay(picture: &Picture, map: &[f32]) -> Picture {
    let mixed = |(pixel, &value): (&Rgb, &f32)| {
        // Lightness as Rec. 709 has it.
        let grey = 0.2126 * f64::from(pixel.0) + 0.7152 * f64::from(pixel.1) + 0.0722 * f64::from(pixel.2);
        let colour = COLOURS.of(f64::from(value));
        let mix = |part: u8| (COVER * f64::from(part) + (1.0 - COVER) * grey).round() as u8;
        Rgb(mix(colour.0), mix(colour.1), mix(colour.2))
    };
    Picture { pixels: picture.pixels.iter().zip(map).map(mixed).collect(), ..*picture }
}

/// A map as it is drawn: from 0 to 1. Of squared gradients the roots, up to [`MOST`], or else a few pixels would outshine
/// all others; occlusion as far as it is positive.
pub fn drawn(method: Method, map: &[f32]) -> Vec<f32> {
    match method {
        Method::GradCam => map.to_vec(),
        Method::Occlusion => super::rectified(&map.iter().map(|&v| f64::from(v)).collect::<Vec<_>>()),
        Method::Saliency | Method::SmoothGrad => {
            let mut sorted = map.to_vec();
            sorted.sort_unstable_by(f32::total_cmp);
            let most = sorted.get((MOST * map.len().saturating_sub(1) as f64) as usize).copied();
            let most = most.filter(|most| *most > 0.0).unwrap_or(1.0);
            map.iter().map(|v| (v / most).sqrt().min(1.0)).collect()
        }
    }
}

/// A model and cells that fit it.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Which looks.
    pub model: &'a Model,
    /// What it looks at.
    pub data: &'a Dataset,
}

impl Look<'_> {
    /// Grad-CAM for cells and the classes that are asked about, each over `picture(i)` of its cell, as
    /// addresses for a page; none for models without a convolution.
    ///
    /// # Errors
    /// When the cells do not fit the model or cannot be read.
    pub fn over(
        self,
        asked: &[(usize, usize)],
        picture: &dyn Fn(usize) -> io::Result<Picture>,
    ) -> Result<Vec<Option<String>>, StudyError> {
        let Look { model, data } = self;
        if feature_layer(model.network.spec(), None).is_err() {
            return Ok(vec![None; asked.len()]);
        }
        let methods = vec![Method::GradCam];
        let settings = MapSettings { methods: methods.clone(), ..MapSettings::default() };
        let mut mapper = Mapper::new(model, data, settings, &Silent)?;
        let refused = |e: &dyn std::fmt::Display| StudyError::Refused(e.to_string());
        let mut addresses = Vec::with_capacity(asked.len());
        for some in asked.chunks(mapper.at_once()) {
            let (cells, classes): (Vec<usize>, Vec<usize>) = some.iter().copied().unzip();
            let maps = mapper.maps(&methods, &cells, &classes)?.concat();
            for map in maps.chunks_exact(maps.len() / some.len()) {
                let picture = picture(addresses.len()).map_err(|e| refused(&e))?;
                let png = montage::png(&overlay(&picture, map)).map_err(|e| refused(&e))?;
                addresses.push(Some(data_url(&png)));
            }
        }
        Ok(addresses)
    }
}

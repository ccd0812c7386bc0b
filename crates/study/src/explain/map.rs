//! Maps of cells, a batch at a time.

use cells::{CropShape, CropSource};
use formats::fit::resize;
use nn::batch::Batch;
use nn::explain::{Explainer, Objective, Occlusion, feature_layer};
use nn::predict::Predictor;

use super::{MapSettings, Method, Of, noise};
use crate::model::normalise;
use crate::progress::stop_if_asked;
use crate::{Dataset, Model, Progress, StudyError};

/// Makes maps of the cells of a data set, as a model sees them.
pub struct Mapper<'a> {
    model: &'a Model,
    data: &'a Dataset,
    settings: MapSettings,
    progress: &'a dyn Progress,
    /// Name of the layer that Grad-CAM looks at.
    layer: Option<String>,
    explainer: Explainer,
    batch: Batch,
    predictor: Predictor,
    occlusion: Occlusion,
}

impl<'a> Mapper<'a> {
    /// A mapper of cells that fit the model, which stops when `progress` is asked to.
    ///
    /// # Errors
    /// When they do not, there is no such layer, or the square of occlusion does not fit the cells.
    pub fn new(
        model: &'a Model,
        data: &'a Dataset,
        settings: MapSettings,
        progress: &'a dyn Progress,
    ) -> Result<Self, StudyError> {
        model.contract.check(data)?;
        let spec = model.network.spec();
        let layer = (settings.methods.contains(&Method::GradCam) || settings.layer.is_some())
            .then(|| feature_layer(spec, settings.layer.as_deref()))
            .transpose()
            .map_err(|e| StudyError::Refused(format!("layer for Grad-CAM: {e}")))?;
        let refused = |e: &dyn std::fmt::Display| StudyError::Refused(e.to_string());
        let explainer = Explainer::new(&model.network, layer).map_err(|e| refused(&e))?;
        let occlusion = match settings.square {
            Some([side, stride]) => Occlusion { side, stride },
            None => Occlusion::fitting(spec.input),
        };
        occlusion.check(spec.input).map_err(|e| StudyError::Refused(format!("occlusion: {e}")))?;
        Ok(Mapper {
            model,
            data,
            settings,
            progress,
            layer: layer.map(|layer| spec.layers[layer].name.clone()),
            batch: explainer.new_batch(),
            explainer,
            predictor: Predictor::new(&model.network).map_err(|e| refused(&e))?,
            occlusion,
        })
    }

    /// Most cells of one call of [`Mapper::maps`].
    #[must_use]
    pub fn at_once(&self) -> usize {
        self.batch.size()
    }

    /// Name of the layer that Grad-CAM looks at.
    #[must_use]
    pub fn layer(&self) -> Option<&str> {
        self.layer.as_deref()
    }

    /// The square of occlusion.
    #[must_use]
    pub fn occlusion(&self) -> Occlusion {
        self.occlusion
    }

    /// Maps of the cells with the numbers `cells`, each for its class in `classes`: per method `[n, h, w]`.
    /// All are from 0 to 1 but those of occlusion, which are differences of what is explained.
    ///
    /// # Errors
    /// When a crop cannot be read, or the user stops.
    ///
    /// # Panics
    /// When there are no cells, or more than [`Mapper::at_once`].
    pub fn maps(
        &mut self,
        methods: &[Method],
        cells: &[usize],
        classes: &[usize],
    ) -> Result<Vec<Vec<f32>>, StudyError> {
        if methods.iter().any(|method| matches!(method, Method::GradCam | Method::Saliency)) {
            self.explain(cells, classes, &|_, _| {})?;
        }
        // Taken at once: the gradients of SmoothGrad replace these.
        let (mut cams, mut saliency) = (None, None);
        if methods.contains(&Method::GradCam) {
            cams = Some(self.class_activation());
        }
        if methods.contains(&Method::Saliency) {
            saliency = Some(spread(&self.squared_gradients(), self.data.shape().h * self.data.shape().w));
        }
        let map = |method: Method| match method {
            Method::GradCam => Ok(cams.take().unwrap_or_default()),
            Method::Saliency => Ok(saliency.take().unwrap_or_default()),
            Method::SmoothGrad => {
                let MapSettings { n_copies, noise, seed, .. } = self.settings;
                let n = n_copies as u64;
                self.smoothed(cells, classes, n_copies, &|cell, copy, values| {
                    if n_copies > 1 {
                        noise::add(values, noise, seed, cell as u64 * n + copy as u64);
                    }
                })
            }
            Method::Occlusion => self.occluded(cells, classes),
        };
        methods.iter().copied().map(map).collect()
    }

    /// SmoothGrad over `n_copies`; `disturb(cell, copy, values)` changes the values `[h, w, c]` of a copy.
    ///
    /// # Errors
    /// As [`Mapper::maps`].
    ///
    /// # Panics
    /// As [`Mapper::maps`].
    pub fn smoothed(
        &mut self,
        cells: &[usize],
        classes: &[usize],
        n_copies: usize,
        disturb: &(dyn Fn(usize, usize, &mut [f32]) + Sync),
    ) -> Result<Vec<f32>, StudyError> {
        let mut sums: Vec<f64> = Vec::new();
        for copy in 0..n_copies {
            self.explain(cells, classes, &|cell, values| disturb(cell, copy, values))?;
            let squares = self.squared_gradients();
            if sums.is_empty() {
                sums = squares;
            } else {
                sums.iter_mut().zip(squares).for_each(|(sum, square)| *sum += square);
            }
        }
        Ok(spread(&sums, self.data.shape().h * self.data.shape().w))
    }

    /// Computes outputs and gradients of cells, whose values `change` may change.
    fn explain(
        &mut self,
        cells: &[usize],
        classes: &[usize],
        change: &(dyn Fn(usize, &mut [f32]) + Sync),
    ) -> Result<(), StudyError> {
        stop_if_asked(self.progress)?;
        let (data, contract, of) = (self.data, &self.model.contract, self.settings.of);
        self.batch.fill_part(cells.len(), |i, values, target| {
            data.read_crop(cells[i], values)?;
            normalise(contract, data, cells[i], values)?;
            change(cells[i], values);
            aim(of, classes[i], target);
            Ok::<f32, StudyError>(1.0)
        })?;
        self.explainer.explain(&self.batch, objective(of));
        Ok(())
    }

    /// Squared gradients of the last cells, summed over the channels, `[n, h, w]`.
    fn squared_gradients(&self) -> Vec<f64> {
        let gradients = self.explainer.input_gradients();
        let square = |pixel: &[f32]| pixel.iter().map(|&g| f64::from(g) * f64::from(g)).sum();
        gradients.chunks_exact(self.data.shape().c).map(square).collect()
    }

    /// Grad-CAM of the last cells, `[n, h, w]` of the crops.
    fn class_activation(&self) -> Vec<f32> {
        let Some((shape, maps)) = self.explainer.class_activation() else { return Vec::new() };
        let from = CropShape { h: shape.h, w: shape.w, c: 1 };
        let to = CropShape { c: 1, ..self.data.shape() };
        let maps = maps.chunks_exact(from.len());
        maps.flat_map(|map| rectified(&resize(map, from, to))).collect()
    }

    fn occluded(&self, cells: &[usize], classes: &[usize]) -> Result<Vec<f32>, StudyError> {
        let mut values = vec![0.0; self.data.shape().len()];
        let mut target = vec![0.0; self.model.classes.len()];
        let mut maps = Vec::new();
        for (&cell, &class) in cells.iter().zip(classes) {
            stop_if_asked(self.progress)?;
            self.data.read_crop(cell, &mut values)?;
            normalise(&self.model.contract, self.data, cell, &mut values)?;
            target.fill(0.0);
            aim(self.settings.of, class, &mut target);
            let map = self.occlusion.map(&self.predictor, &values, &target, objective(self.settings.of));
            maps.extend(map.map_err(|e| StudyError::Refused(format!("occlusion: {e}")))?);
        }
        Ok(maps)
    }
}

fn objective(of: Of) -> Objective {
    if of == Of::Probability { Objective::Probabilities } else { Objective::Logits }
}

/// Says in `target`, all zeros, which outputs count.
fn aim(of: Of, class: usize, target: &mut [f32]) {
    if of == Of::AllLogits { target.fill(1.0) } else { target[class] = 1.0 }
}

/// What is below 0 set to 0, divided by the maximum; a map without anything above 0 is 0.
#[must_use]
pub fn rectified(map: &[f64]) -> Vec<f32> {
    let most = map.iter().copied().fold(0.0, f64::max);
    let share = |v: f64| if v > 0.0 { (v / most) as f32 } else { 0.0 };
    map.iter().map(|&v| share(v)).collect()
}

/// Each map of `len` values from 0 for its smallest to 1 for its largest; a map of equal values is 0.
///
/// # Panics
/// When `len` is 0.
#[must_use]
pub fn spread(maps: &[f64], len: usize) -> Vec<f32> {
    let one = |map: &[f64]| {
        let low = map.iter().copied().fold(f64::INFINITY, f64::min);
        let high = map.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let width = high - low;
        map.iter().map(|&v| if width > 0.0 { ((v - low) / width) as f32 } else { 0.0 }).collect::<Vec<_>>()
    };
    maps.chunks_exact(len).flat_map(one).collect()
}

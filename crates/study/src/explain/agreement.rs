//! How far maps agree: rank correlations, pixel by pixel, and their medians over cells.

use std::collections::BTreeMap;

use serde::Serialize;
use stats::plate::median;
use stats::replicate::spearman;

use super::Method;

/// Correlations of single cells.
#[derive(Debug, Clone, Default)]
pub struct Agreement(BTreeMap<Method, Vec<f64>>);

/// Their median.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Median {
    /// Method whose maps were compared.
    pub method: Method,
    /// Median of Spearman's correlation, -1 to 1.
    pub r: f64,
    /// Cells for which it is defined: both maps vary.
    pub n: usize,
}

impl Agreement {
    /// Compares two maps of one cell.
    pub fn add(&mut self, method: Method, map: &[f32], other: &[f32]) {
        let of = |map: &[f32]| -> Vec<f64> { map.iter().map(|&v| f64::from(v)).collect() };
        if let Ok(correlation) = spearman(&of(map), &of(other)) {
            self.0.entry(method).or_default().push(correlation.r);
        }
    }

    /// The median of each method that has any.
    pub fn medians(&self) -> Vec<Median> {
        let of =
            |(&method, all): (&Method, &Vec<f64>)| Some(Median { method, r: median(all)?, n: all.len() });
        self.0.iter().filter_map(of).collect()
    }
}

/// The medians in words: `Grad-CAM 0.61, SmoothGrad 0.40`.
pub fn words(medians: &[Median]) -> String {
    let all: Vec<String> = medians.iter().map(|m| format!("{} {:.2}", m.method.title(), m.r)).collect();
    if all.is_empty() { "not defined".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_what_is_defined() {
        let mut agreement = Agreement::default();
        let rising = [0.0, 0.1, 0.2, 0.9];
        agreement.add(Method::Saliency, &rising, &[1.0, 2.0, 3.0, 4.0]);
        agreement.add(Method::Saliency, &rising, &[4.0, 3.0, 2.0, 1.0]);
        agreement.add(Method::Saliency, &rising, &[1.0, 2.0, 3.0, 5.0]);
        agreement.add(Method::GradCam, &[0.0; 4], &rising);
        let medians = agreement.medians();
        let [Median { method: Method::Saliency, r, n: 3 }] = medians[..] else { panic!("{medians:?}") };
        assert!((r - 1.0).abs() < 1e-12, "{r}");
        assert_eq!(words(&medians), "Saliency 1.00");
        assert_eq!(words(&[]), "not defined");
    }
}

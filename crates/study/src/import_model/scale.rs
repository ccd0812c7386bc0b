//! Layers that scale each channel.

use serde_json::Value;

use super::builder::Builder;
use super::layers::Step;

impl Step<'_> {
    /// `scale * x + offset` or `(x - mean) / deviation`, for each channel on its own.
    pub(super) fn affine(&self, builder: &mut Builder, input: String) -> Result<String, String> {
        let c = builder.extent(&input).channels();
        let (scale, offset) = if self.layer.class == "Rescaling" {
            (self.per_channel("scale", c)?, self.per_channel("offset", c)?)
        } else {
            let none = |axis: &Value| axis.is_null() || axis.as_array().is_some_and(Vec::is_empty);
            let all = self.layer.config.get("axis").is_some_and(none);
            if !all {
                self.last_axis(builder, &input)?;
            }
            let figure = |key: &str| match self.arrays.one(key) {
                Ok(array) if all && array.values.len() == 1 => Ok(vec![f64::from(array.values[0]); c]),
                Ok(array) => Ok(array.values.iter().map(|&v| f64::from(v)).collect()),
                Err(_) => self.per_channel(key, c),
            };
            let (mean, variance): (Vec<f64>, Vec<f64>) = (figure("mean")?, figure("variance")?);
            // Keras' smallest deviation.
            let deviation: Vec<f64> = variance.iter().map(|v| v.sqrt().max(1e-7)).collect();
            let invert = self.flag("invert", false);
            let pairs = mean.iter().zip(&deviation);
            pairs.map(|(m, d)| if invert { (*d, *m) } else { (1.0 / d, -m / d) }).unzip()
        };
        let floats = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let (scale, offset) = (floats(&scale), floats(&offset));
        let same = |values: &[f32]| values.windows(2).all(|two| two[0] == two[1]);
        match (scale.first(), offset.first()) {
            (Some(&factor), Some(&term)) if same(&scale) && same(&offset) && scale.len() == c => {
                builder.affine(&self.layer.name, input, factor, term)
            }
            _ => builder.diagonal(&self.layer.name, input, &scale, Some(&offset)),
        }
    }

    /// One number for all channels or one for each, however deep in lists.
    fn per_channel(&self, key: &str, c: usize) -> Result<Vec<f64>, String> {
        fn flatten(value: &Value, numbers: &mut Vec<f64>) {
            match value {
                Value::Array(values) => values.iter().for_each(|value| flatten(value, numbers)),
                value => numbers.extend(value.as_f64()),
            }
        }
        let mut numbers = Vec::new();
        flatten(self.layer.config.get(key).unwrap_or(&Value::Null), &mut numbers);
        match numbers[..] {
            [one] => Ok(vec![one; c]),
            [] if key == "offset" => Ok(vec![0.0; c]),
            [] => Err(format!("expected {key:?}, found none")),
            _ => Ok(numbers),
        }
    }
}

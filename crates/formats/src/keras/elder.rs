//! What Keras 1 wrote, in the words of Keras 2, and kernels of the Theano backend.
//!
//! # Source
//! `preprocess_weights_for_loading` and `legacy_*_support` of Keras 2.0 to 2.3, which still read such files.

use serde_json::{Map, Value, json};

use super::KerasArray;

/// Settings of Keras 1 and what they have been called since.
const SETTINGS: [(&str, &str); 8] = [
    ("nb_filter", "filters"),
    ("subsample", "strides"),
    ("border_mode", "padding"),
    ("atrous_rate", "dilation_rate"),
    ("bias", "use_bias"),
    ("output_dim", "units"),
    ("p", "rate"),
    ("concat_axis", "axis"),
];

/// Endings of names of arrays in Keras 1 and their roles since; what is called a deviation there is a variance.
const ROLES: [(&str, &str); 9] = [
    ("_depthwise_kernel", "depthwise_kernel"),
    ("_pointwise_kernel", "pointwise_kernel"),
    ("_running_mean", "moving_mean"),
    ("_running_std", "moving_variance"),
    ("_alphas", "alpha"),
    ("_gamma", "gamma"),
    ("_beta", "beta"),
    ("_W", "kernel"),
    ("_b", "bias"),
];

/// The class and settings of a layer as Keras 2 would write them; what Keras 2 wrote is left as it is.
pub(super) fn modern(class: &str, config: Value) -> (String, Value) {
    let Value::Object(mut config) = config else { return (class.to_owned(), config) };
    let class = match class {
        "Convolution2D" | "AtrousConvolution2D" => "Conv2D",
        "SeparableConvolution2D" => "SeparableConv2D",
        "Merge" => merge(&config),
        class => class,
    };
    for (old, new) in SETTINGS {
        if let Some(value) = config.get(old).filter(|_| !config.contains_key(new)).cloned() {
            config.insert(new.to_owned(), value);
        }
    }
    if let (Some(rows), Some(columns)) = (config.get("nb_row"), config.get("nb_col")) {
        let size = json!([rows, columns]);
        config.insert("kernel_size".to_owned(), size);
    }
    if let Some(order) = config.get("dim_ordering").and_then(Value::as_str) {
        let format = if order == "th" { "channels_first" } else { "channels_last" };
        config.insert("data_format".to_owned(), json!(format));
    }
    (class.to_owned(), Value::Object(config))
}

/// The one layer for all operators that Keras 1 had.
fn merge(config: &Map<String, Value>) -> &'static str {
    match config.get("mode").and_then(Value::as_str) {
        Some("sum") => "Add",
        Some("mul") => "Multiply",
        Some("concat") => "Concatenate",
        Some("ave") => "Average",
        Some("max") => "Maximum",
        _ => "Merge",
    }
}

/// The role of an array that Keras 1 named.
pub(super) fn role(name: &str) -> Option<&'static str> {
    ROLES.iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, role)| *role)
}

/// A kernel `[filters, in, rows, columns]` as `[rows, columns, in, filters]`; another array as it is.
pub(super) fn filters_last(array: KerasArray) -> KerasArray {
    let [f, c, h, w] = array.shape[..] else { return array };
    // Of an array without values the sides may be any numbers.
    if array.values.is_empty() {
        return array;
    }
    let mut values = Vec::with_capacity(array.values.len());
    for at in 0..h * w {
        for i in 0..c {
            values.extend((0..f).filter_map(|o| array.values.get((o * c + i) * h * w + at)));
        }
    }
    KerasArray { shape: vec![h, w, c, f], values, ..array }
}

/// A kernel `[rows, columns, in, filters]` turned by half a turn: Theano convolves, where others correlate.
pub(super) fn turned(array: KerasArray) -> KerasArray {
    let [h, w, _, _] = array.shape[..] else { return array };
    let n_taps = h.saturating_mul(w).max(1);
    let values = array.values.chunks((array.values.len() / n_taps).max(1)).rev().flatten().copied().collect();
    KerasArray { values, ..array }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_the_names_of_today() {
        let config = json!({ "name": "c", "nb_filter": 6, "nb_row": 3, "nb_col": 2, "border_mode": "same",
            "subsample": [2, 1], "dim_ordering": "th", "bias": false });
        let (class, config) = modern("Convolution2D", config);
        assert_eq!(class, "Conv2D");
        for (key, value) in [
            ("filters", json!(6)),
            ("kernel_size", json!([3, 2])),
            ("padding", json!("same")),
            ("strides", json!([2, 1])),
            ("data_format", json!("channels_first")),
            ("use_bias", json!(false)),
        ] {
            assert_eq!(config[key], value, "{key}");
        }
        assert_eq!(modern("Merge", json!({ "mode": "concat", "concat_axis": 1 })).0, "Concatenate");
        assert_eq!(role("convolution2d_1_W"), Some("kernel"));
        assert_eq!(role("batchnormalization_1_running_std"), Some("moving_variance"));
        assert_eq!(role("kernel"), None);
    }

    /// Against `numpy.transpose(k, (2, 3, 1, 0))` and `k[::-1, ::-1]`, written out.
    #[test]
    fn kernels_are_turned() {
        let array = |shape: &[usize], values: &[f32]| KerasArray {
            role: "kernel".to_owned(),
            shape: shape.to_vec(),
            values: values.to_vec(),
        };
        // Two filters, one channel, one row, three columns.
        let last = filters_last(array(&[2, 1, 1, 3], &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(last, array(&[1, 3, 1, 2], &[0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(turned(last), array(&[1, 3, 1, 2], &[2.0, 5.0, 1.0, 4.0, 0.0, 3.0]));
        let none = array(&[0, usize::MAX, usize::MAX, usize::MAX], &[]);
        assert_eq!(filters_last(none.clone()), none);
        assert_eq!(turned(none.clone()), none);
    }
}

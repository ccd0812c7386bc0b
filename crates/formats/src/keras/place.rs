//! Where in a file the weights of a layer are.

use std::collections::BTreeMap;

/// The models around a layer and its place among them.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    /// Name of the outermost model.
    pub root: String,
    /// Names of the models from the outermost inside the root to the innermost, then of the layer itself.
    pub names: Vec<String>,
    /// `layers/functional/layers/conv2d`, see [`Numbers`].
    pub numbered: String,
    /// Which applications of the models around and of the layer it is of, where one is applied again: `:2`.
    pub again: String,
}

impl Place {
    /// The place of the layer `name` in the model at this place, `numbered` by its kind in a group called `folder`.
    pub fn inside(&self, name: &str, folder: &str, numbered: &str) -> Place {
        let mut names = self.names.clone();
        names.push(name.to_owned());
        let before = if self.numbered.is_empty() { "" } else { "/" };
        Place {
            root: self.root.clone(),
            names,
            numbered: format!("{}{before}{folder}/{numbered}", self.numbered),
            again: self.again.clone(),
        }
    }

    /// The place of application number `time`, from 0, of the same layer.
    pub fn applied(&self, time: usize) -> Place {
        let mut place = self.clone();
        if time > 0 {
            place.again.push_str(&format!(":{}", time + 1));
        }
        place
    }

    /// The names as one and the application, unique in the whole model.
    pub fn name(&self) -> String {
        self.names.join("/") + &self.again
    }
}

/// Names of layers in `.weights.h5`: their class in snake case, then `_1`, `_2`, … where it occurs again.
#[derive(Debug, Default)]
pub(super) struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    /// The name of the next layer of a class.
    pub fn next(&mut self, class: &str) -> String {
        let kind = snake_case(class);
        let count = self.0.entry(kind.clone()).or_default();
        *count += 1;
        if *count == 1 { kind } else { format!("{kind}_{}", *count - 1) }
    }
}

/// `GlobalAveragePooling2D` becomes `global_average_pooling2d`, as in Keras' `to_snake_case`.
fn snake_case(class: &str) -> String {
    let letters: Vec<char> = class.chars().filter(|c| c.is_alphanumeric() || *c == '_').collect();
    let mut text = String::new();
    for (i, &c) in letters.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| letters[i]);
        let word = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
        if c.is_uppercase() && before.is_some_and(|b| b.is_lowercase() || (word && b != '_')) {
            text.push('_');
        }
        text.extend(c.to_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_keras() {
        let mut numbers = Numbers::default();
        let classes = ["Conv2D", "BatchNormalization", "Conv2D", "GlobalAveragePooling2D", "ReLU", "PReLU"];
        let names = classes.map(|class| numbers.next(class));
        let expected =
            ["conv2d", "batch_normalization", "conv2d_1", "global_average_pooling2d", "re_lu", "p_re_lu"];
        assert_eq!(names, expected);
    }
}

//! The arrays of a Keras layer by their roles, and kernels that are written out in full.

use formats::keras::{KerasArray, KerasLayer};

/// Most values of a kernel that is written out in full.
const MAX_FULL: usize = 1 << 26;

/// The arrays of one layer.
pub(super) struct Arrays<'a>(pub &'a KerasLayer);

impl<'a> Arrays<'a> {
    /// The array number `n` of those with a role.
    pub fn nth(&self, role: &str, n: usize) -> Result<&'a KerasArray, String> {
        let count = self.0.weights.iter().filter(|array| array.role == role).count();
        let found = self.0.weights.iter().filter(|array| array.role == role).nth(n);
        found.ok_or_else(|| {
            format!("expected weights called {role:?}, number {}, found {count} of them", n + 1)
        })
    }

    /// The only array with a role. Two of them are those of two layers of one name, which the file does not tell apart.
    pub fn one(&self, role: &str) -> Result<&'a KerasArray, String> {
        match self.count(role) {
            0 | 1 => self.nth(role, 0),
            n => Err(format!("expected one array of weights called {role:?}, found {n}")),
        }
    }

    /// How many there are with a role.
    pub fn count(&self, role: &str) -> usize {
        self.0.weights.iter().filter(|array| array.role == role).count()
    }
}

/// The four axes of a kernel.
pub(super) fn axes(array: &KerasArray) -> Result<[usize; 4], String> {
    <[usize; 4]>::try_from(&array.shape[..])
        .map_err(|_| format!("expected a kernel [rows, columns, in, out], found {:?}", array.shape))
}

/// A kernel whose taps are `dilation` pixels apart, with zeros between them.
pub(super) fn dilated(kernel: &KerasArray, [dy, dx]: [usize; 2]) -> Result<KerasArray, String> {
    let [kh, kw, c, f] = axes(kernel)?;
    let (h, w) = ((kh.max(1) - 1) * dy + 1, (kw.max(1) - 1) * dx + 1);
    full(kernel, [h, w, c, f], |[y, x, i, o]| [y * dy, x * dx, i, o])
}

/// A kernel of `groups` groups as one for all channels, with zeros between groups.
pub(super) fn ungrouped(kernel: &KerasArray, groups: usize) -> Result<KerasArray, String> {
    let [h, w, c, f] = axes(kernel)?;
    if groups == 0 || f % groups != 0 {
        return Err(format!("expected filters in {groups} groups, found {f}"));
    }
    full(kernel, [h, w, c.saturating_mul(groups), f], |[y, x, i, o]| [y, x, o / (f / groups) * c + i, o])
}

/// A kernel of another shape with the values of `kernel` at other places and zeros elsewhere.
fn full(
    kernel: &KerasArray,
    shape: [usize; 4],
    place: impl Fn([usize; 4]) -> [usize; 4],
) -> Result<KerasArray, String> {
    let [_, w, c, f] = axes(kernel)?;
    let n = shape.iter().try_fold(1_usize, |n, &length| n.checked_mul(length)).unwrap_or(usize::MAX);
    if n > MAX_FULL {
        return Err(format!(
            "expected a kernel of at most {MAX_FULL} values when written out, found {shape:?}"
        ));
    }
    let mut values = vec![0.0; n];
    for (at, &value) in kernel.values.iter().enumerate() {
        let [y, x, i, o] = place([at / (w * c * f), at / (c * f) % w, at / f % c, at % f]);
        values[((y * shape[1] + x) * shape[2] + i) * shape[3] + o] = value;
    }
    Ok(KerasArray { role: kernel.role.clone(), shape: shape.to_vec(), values })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_of_two_layers_of_one_name_are_not_taken_for_each_other() {
        let kernel = |value| KerasArray { role: "kernel".into(), shape: vec![1], values: vec![value] };
        let layer = KerasLayer {
            name: "base/conv".into(),
            class: "Conv2D".into(),
            config: serde_json::Value::Null,
            inputs: Vec::new(),
            numbers: Vec::new(),
            call: serde_json::Value::Null,
            weights: vec![kernel(1.0), kernel(2.0)],
        };
        let refused = Arrays(&layer).one("kernel").unwrap_err();
        assert_eq!(refused, "expected one array of weights called \"kernel\", found 2");
        let single = KerasLayer { weights: vec![kernel(1.0)], ..layer };
        assert_eq!(Arrays(&single).one("kernel"), Ok(&kernel(1.0)));
    }
}

//! What the names of files mean: frame, focal plane, channel, plate, well, field.

use std::collections::BTreeMap;

use regex::{Regex, RegexBuilder};

use super::Place;
use super::units::well_name;

/// Molecular Devices ImageXpress: `TimePoint_1/Plate_B02_s1_w2<identifier>.tif`, without the thumbnails.
const IMAGEXPRESS: &str = r"^(?:.*?/)??(?:TimePoint_(?<t>\d+)/)?(?:ZStep_(?<z>\d+)/)?(?<plate>[^/]+?)_(?<well>[A-Z]{1,2}\d{2})(?:_s(?<field>\d+))?(?:_w(?<c>\d))?(?:[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12})?\.tiff?$";

/// Revvity Operetta and Opera Phenix: `r02c03f01p01-ch2sk1fk1fl1.tiff`.
const OPERETTA: &str =
    r"^(?:.*/)?r(?<row>\d+)c(?<column>\d+)f(?<field>\d+)p(?<z>\d+)-ch(?<c>\d+)sk(?<t>\d+)fk\d+fl\d+\.tiff?$";

/// The keys of a pattern.
const KEYS: [&str; 6] = ["t", "z", "c", "plate", "well", "field"];

/// The meaning of names: `{plate}/{well}_s{field}_w{c}_t{t}.tif`, `imagexpress` or `operetta`.
///
/// `{t}` and `{z}` stand for numbers; `{c}`, `{plate}`, `{well}` and `{field}` for the shortest text that fits, without
/// `/`; `{*}` for anything that means nothing. Names are paths within the folder, with `/` between folders; capital and
/// small letters are one.
///
/// ```
/// use formats::microscope::Pattern;
///
/// let pattern = Pattern::parse("{well}_s{field}_w{c}.tif")?;
/// assert!(pattern.fits("B02_s1_w2.tif"));
/// assert!(!pattern.fits("notes.txt"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: Regex,
}

/// What a name says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Meaning {
    pub place: Place,
    pub t: Option<u64>,
    pub z: Option<u64>,
    pub c: Option<String>,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A key that there is not, one that comes twice, or no key at all.
    pub fn parse(text: &str) -> Result<Self, String> {
        let regex = match text.to_lowercase().as_str() {
            "imagexpress" => IMAGEXPRESS.to_owned(),
            "operetta" => OPERETTA.to_owned(),
            _ => regex_of(text)?,
        };
        let regex = RegexBuilder::new(&regex).case_insensitive(true).build();
        Ok(Pattern { regex: regex.map_err(|e| format!("the pattern {text:?}: {e}"))? })
    }

    /// Whether it fits a name.
    #[must_use]
    pub fn fits(&self, name: &str) -> bool {
        self.meaning(name).is_some()
    }

    /// Whether a key is part of it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.regex.capture_names().flatten().any(|name| name == key)
    }

    /// What a name says; none when the pattern does not fit it.
    pub(super) fn meaning(&self, name: &str) -> Option<Meaning> {
        let found = self.regex.captures(name)?;
        let text = |key: &str| found.name(key).map(|m| m.as_str().to_owned());
        let number = |key: &str| text(key).map(|n| n.parse::<u64>().ok()).map_or(Some(None), |n| n.map(Some));
        let (t, z) = (number("t")?, number("z")?);
        let well = match (number("row")?, number("column")?) {
            (Some(row), Some(column)) => {
                Some(well_name(row.saturating_sub(1) as usize, column.saturating_sub(1) as usize))
            }
            _ => text("well"),
        };
        let (plate, field) = (text("plate"), text("field"));
        let parts = [plate.as_deref(), well.as_deref(), field.as_deref()];
        let name = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        Some(Meaning { place: Place { name, plate, well, field }, t, z, c: text("c") })
    }
}

fn regex_of(text: &str) -> Result<String, String> {
    let mut regex = "^".to_owned();
    let mut seen: BTreeMap<&str, ()> = BTreeMap::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let (key, after) =
            after.split_once('}').ok_or_else(|| format!("the pattern {text:?}: expected }} after {{"))?;
        regex.push_str(&regex::escape(literal));
        rest = after;
        if key == "*" {
            regex.push_str("[^/]*");
            continue;
        }
        let known = KEYS.iter().find(|k| **k == key);
        let known = known.ok_or_else(|| {
            format!("the pattern {text:?}: expected {{t}}, {{z}}, {{c}}, {{plate}}, {{well}}, {{field}} or {{*}}, found {{{key}}}")
        })?;
        if seen.insert(known, ()).is_some() {
            return Err(format!("the pattern {text:?}: expected {{{key}}} once, found it twice"));
        }
        let class = if matches!(*known, "t" | "z") { r"\d+" } else { "[^/]+?" };
        regex.push_str(&format!("(?<{known}>{class})"));
    }
    if seen.is_empty() {
        return Err(format!("the pattern {text:?}: expected keys such as {{t}} or {{well}}, found none"));
    }
    regex.push_str(&regex::escape(rest));
    regex.push('$');
    Ok(regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_microscopes() {
        let pattern = Pattern::parse("imagexpress").unwrap();
        let found = pattern
            .meaning("2024-01-05/TimePoint_2/My_plate_B02_s3_w1A0B1C2D3-0011-2233-4455-66778899AABB.tif")
            .unwrap();
        assert_eq!((found.t, found.z, found.c.as_deref()), (Some(2), None, Some("1")));
        assert_eq!(found.place.name, "My_plate/B02/3");
        assert!(!pattern.fits("My_plate_B02_s3_w1_thumb12345678-0011-2233-4455-66778899AABB.tif"));
        let found =
            Pattern::parse("operetta").unwrap().meaning("Images/r02c03f04p05-ch2sk7fk1fl1.tiff").unwrap();
        assert_eq!((found.t, found.z, found.c.as_deref()), (Some(7), Some(5), Some("2")));
        assert_eq!(found.place.name, "B03/04");
    }

    #[test]
    fn patterns_of_users() {
        let pattern = Pattern::parse("{plate}/{well}_{*}_t{t}_{c}.tif").unwrap();
        let found = pattern.meaning("p1/B7_x.y_t012_GFP.TIF").unwrap();
        assert_eq!((found.t, found.c.as_deref(), &*found.place.name), (Some(12), Some("GFP"), "p1/B7"));
        assert!(pattern.meaning("p1/B7_x.y_tx_GFP.tif").is_none());
        assert!(pattern.meaning("p1/B7_x_t99999999999999999999999_GFP.tif").is_none());
        for (text, says) in [("{q}.tif", "{q}"), ("{t}{t}", "twice"), ("{t", "expected }"), ("a.tif", "none")]
        {
            let message = Pattern::parse(text).unwrap_err();
            assert!(message.contains(says), "{message}");
        }
    }
}

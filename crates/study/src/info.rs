//! What is in an image: axes, channels, type, sizes, units, intensities.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use formats::microscope::{At, Facts, Field, Image, Pattern, Place, Window};
use serde_json::{Value, json};

use crate::StudyError;
use crate::error::plural;

/// Pixels of the planes in which intensities are looked up; larger images are judged by a coarser level, or by their middle.
const MAX_PIXELS: usize = 1 << 26;
/// Rows of that middle.
const MIDDLE_ROWS: usize = 1 << 13;
/// Fields that are listed by name.
const MAX_LISTED: usize = 12;

/// What to look at.
#[derive(Debug, Clone, Default)]
pub struct InfoSettings {
    /// What the names of files in a folder mean: `imagexpress`, `operetta`, or `{well}_s{field}_w{c}.tif`.
    pub pattern: Option<String>,
    /// The field that is described, counted from 0.
    pub field: usize,
    /// Look up intensities in all planes, not only in three frames.
    pub all_planes: bool,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Info {
    path: PathBuf,
    format: &'static str,
    places: Vec<Place>,
    field: usize,
    facts: Facts,
    /// Least and greatest intensity of each channel.
    ranges: Vec<Option<(f64, f64)>>,
    /// In how many planes of how many, at which level, and in which part of it.
    n_seen: usize,
    n_planes: usize,
    level: usize,
    window: Window,
}

/// Opens an image as [`Image::open`] does, or a folder by a pattern.
///
/// # Errors
/// When the pattern makes no sense, or the image is refused.
pub fn open(path: &Path, pattern: Option<&str>) -> Result<Image, StudyError> {
    match pattern {
        None => Ok(Image::open(path)?),
        Some(pattern) => {
            let pattern = Pattern::parse(pattern).map_err(StudyError::Refused)?;
            Ok(Image::open_folder(path, &pattern)?)
        }
    }
}

/// Describes an image.
///
/// # Errors
/// When it is refused, or has no such field.
pub fn info(path: &Path, settings: &InfoSettings) -> Result<Info, StudyError> {
    let image = open(path, settings.pattern.as_deref())?;
    let field = image.field(settings.field)?;
    let levels = &field.facts().levels;
    let level = levels.iter().position(|l| l.h.saturating_mul(l.w) <= MAX_PIXELS).unwrap_or(levels.len() - 1);
    let window = middle(field.whole(level)?);
    let seen = planes(&field, settings.all_planes);
    Ok(Info {
        path: path.to_path_buf(),
        format: image.format(),
        places: image.places().to_vec(),
        field: settings.field,
        facts: field.facts().clone(),
        ranges: field.ranges(level, window, &seen)?,
        n_seen: seen.len(),
        n_planes: field.n_planes(),
        level,
        window,
    })
}

/// The middle of a window that has too many pixels; the window itself where it has not.
fn middle(whole: Window) -> Window {
    if whole.h.checked_mul(whole.w).is_some_and(|n| n <= MAX_PIXELS) {
        return whole;
    }
    let h = whole.h.min(MIDDLE_ROWS);
    let w = whole.w.min(MAX_PIXELS / h);
    Window { y: whole.y + (whole.h - h) / 2, x: whole.x + (whole.w - w) / 2, h, w }
}

/// All planes, or those of the first, middle and last frame in the middle of the depth.
fn planes(field: &Field, all: bool) -> Vec<At> {
    if all {
        return field.all().collect();
    }
    let Facts { n_t, n_z, .. } = field.facts();
    let frames = BTreeSet::from([0, n_t / 2, n_t - 1]);
    field.all().filter(|at| frames.contains(&at.t) && at.z == n_z / 2).collect()
}

impl Info {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Facts { n_t, n_z, channels, dtype, bits, levels, sizes, notes } = &self.facts;
        let mut lines = vec![format!("{}: {}", self.path.display(), self.format)];
        if self.places.len() > 1 {
            lines.extend(self.places_lines());
        }
        let (h, w) = (levels[0].h, levels[0].w);
        lines.push(format!("axes      T {n_t}, Z {n_z}, C {}, Y {h}, X {w}", channels.len()));
        let used =
            if usize::from(*bits) < 8 * dtype.size() { format!(", {bits} bits used") } else { String::new() };
        lines.push(format!("type      {}{used}", dtype.name()));
        let um = |value: Option<f64>| value.map_or("unknown".to_owned(), |v| format!("{} µm", short(v)));
        let pixel = if sizes.y_um == sizes.x_um {
            um(sizes.x_um)
        } else {
            format!("{} high, {} wide", um(sizes.y_um), um(sizes.x_um))
        };
        lines.push(format!("pixel     {pixel}"));
        if *n_z > 1 {
            lines.push(format!("z step    {}", um(sizes.z_um)));
        }
        if *n_t > 1 {
            let step = sizes.t_s.map_or("unknown".to_owned(), |s| format!("{} s", short(s)));
            lines.push(format!("time step {step}"));
        }
        if levels.len() > 1 {
            let levels: Vec<String> = levels.iter().map(|l| format!("{} x {}", l.h, l.w)).collect();
            lines.push(format!("levels    {}", levels.join(", ")));
        }
        for (c, (name, range)) in channels.iter().zip(&self.ranges).enumerate() {
            let name = if name.is_empty() { "without a name" } else { name };
            let range =
                range.map_or("no number".to_owned(), |(a, b)| format!("{} to {}", short(a), short(b)));
            lines.push(format!("channel {c} {name}: {range}"));
        }
        let level = if self.level > 0 { format!(" at level {}", self.level) } else { String::new() };
        let Window { h, w, .. } = self.window;
        let seen = levels[self.level];
        let middle =
            if (h, w) == (seen.h, seen.w) { String::new() } else { format!(", the middle {h} x {w}") };
        lines.push(format!(
            "intensities of {} of {}{level}{middle}",
            self.n_seen,
            plural(self.n_planes, "plane")
        ));
        lines.extend(notes.iter().map(|note| format!("note: {note}")));
        lines
    }

    fn places_lines(&self) -> Vec<String> {
        let count = |key: fn(&Place) -> Option<&String>| {
            self.places.iter().filter_map(key).collect::<BTreeSet<_>>().len()
        };
        let (n_plates, n_wells) = (count(|p| p.plate.as_ref()), count(|p| p.well.as_ref()));
        let mut line = format!("fields    {}", self.places.len());
        if n_wells > 0 {
            line.push_str(&format!(" in {}", plural(n_wells, "well")));
        }
        if n_plates > 0 {
            line.push_str(&format!(" of {}", plural(n_plates, "plate")));
        }
        let listed = self.places.iter().enumerate().take(MAX_LISTED);
        let mut lines = vec![line];
        lines.extend(listed.map(|(i, p)| format!("  {i}: {}", p.name)));
        if self.places.len() > MAX_LISTED {
            lines.push(format!("  and {} more", self.places.len() - MAX_LISTED));
        }
        lines.push(format!("field {}:", self.field));
        lines
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let Facts { n_t, n_z, channels, dtype, bits, levels, sizes, notes } = &self.facts;
        let channel = |(name, range): (&String, &Option<(f64, f64)>)| json!({ "name": name, "min": range.map(|r| r.0), "max": range.map(|r| r.1) });
        let place = |p: &Place| json!({ "name": p.name, "plate": p.plate, "well": p.well, "field": p.field });
        json!({
            "path": self.path.display().to_string(),
            "format": self.format,
            "fields": self.places.iter().map(place).collect::<Vec<_>>(),
            "field": self.field,
            "shape": { "t": n_t, "z": n_z, "c": channels.len(), "y": levels[0].h, "x": levels[0].w },
            "dtype": dtype.name(),
            "bits": bits,
            "levels": levels.iter().map(|l| [l.h, l.w]).collect::<Vec<_>>(),
            "pixel_um": { "y": sizes.y_um, "x": sizes.x_um, "z": sizes.z_um },
            "time_step_s": sizes.t_s,
            "channels": channels.iter().zip(&self.ranges).map(channel).collect::<Vec<_>>(),
            "planes_seen": self.n_seen,
            "level_seen": self.level,
            "window_seen": { "y": self.window.y, "x": self.window.x, "h": self.window.h, "w": self.window.w },
            "notes": notes,
        })
    }
}

/// A number with at most six digits that tell something.
fn short(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return format!("{value:.0}");
    }
    let digits = (5 - value.abs().log10().floor() as i32).clamp(0, 17) as usize;
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_too_large_the_middle_is_seen() {
        let of = |h, w| middle(Window { y: 0, x: 0, h, w });
        assert_eq!(of(8192, 8192), Window { y: 0, x: 0, h: 8192, w: 8192 });
        assert_eq!(of(8194, 100_000), Window { y: 1, x: 45_904, h: 8192, w: 8192 });
        assert_eq!(of(2, 1 << 30), Window { y: 0, x: (1 << 29) - (1 << 24), h: 2, w: 1 << 25 });
        assert_eq!(of(1 << 62, 1 << 62).h, 8192);
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.325, "0.325"),
            (1.0 / 3.0, "0.333333"),
            (240.0, "240"),
            (12_345.678, "12345.7"),
            (-0.5, "-0.5"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
    }
}

//! Cells without the three faults of the published method: an empty field has none, touching cells are split, clutter is
//! rejected.
//!
//! A pixel is foreground where its *signal* (brightness above the local ground for fluorescence, texture for phase contrast)
//! exceeds a threshold that adapts to the field: Otsu's on the logarithm of the signal, never within the noise. Each blob is split
//! at the maxima of the smoothed distance to its edge; centres are these maxima, so that they lie inside of their cells.
//!
//! The settings of a modality were fixed on 6 phase-contrast fields and 13 fields of nuclei; see `docs/crop.md` for the
//! figures and for other magnifications.

use serde::{Deserialize, Serialize};

use super::labels::components;
use super::smooth::{Grid, gaussian, quantile};
use super::{Finding, Found, Plane, Reason, distance};

/// What kind of picture it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Modality {
    /// Phase contrast, or brightfield: cells are rougher than the ground.
    Phase,
    /// Fluorescence: nuclei or cells are brighter than the ground.
    Fluorescence,
}

/// How cells are detected.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AutoSettings {
    /// What kind of picture it is.
    pub modality: Modality,
    /// Diameter of a usual cell, pixels; all lengths follow it.
    pub diameter: f64,
}

impl AutoSettings {
    /// The settings that the figures were measured with.
    #[must_use]
    pub fn of(modality: Modality) -> Self {
        AutoSettings { modality, diameter: Scale::of(modality).diameter }
    }

    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let is_possible = (4.0..=1000.0).contains(&self.diameter);
        (!is_possible)
            .then(|| format!("diameter from 4 to 1000 pixels, not {}", self.diameter))
            .into_iter()
            .collect()
    }
}

/// Lengths and areas in pixels for cells of `diameter`.
#[derive(Debug, Clone, Copy)]
struct Scale {
    diameter: f64,
    /// Standard deviation of the blur that takes the noise off.
    fine: f32,
    /// Of the blur that texture is measured against, and of the window it is averaged in.
    coarse: f32,
    window: f32,
    /// Of the blur of distances.
    rounding: f32,
    /// Half side of the square in which a centre has the largest distance.
    apart: usize,
    /// Smallest smoothed distance at a centre.
    depth: f32,
    /// Two centres are one when the distance on the way between them stays above this share of the smaller of theirs.
    neck: f32,
    /// Smallest area of a blob, and largest hole that is filled.
    area: f64,
    hole: f64,
    /// Side of the blocks in which the ground is looked for.
    block: usize,
}

impl Scale {
    fn of(modality: Modality) -> Scale {
        match modality {
            Modality::Phase => Scale {
                diameter: 60.0,
                fine: 1.0,
                coarse: 5.0,
                window: 4.0,
                rounding: 7.0,
                apart: 12,
                depth: 8.0,
                neck: 0.9,
                area: 500.0,
                hole: 2000.0,
                block: 256,
            },
            Modality::Fluorescence => Scale {
                diameter: 22.0,
                fine: 1.0,
                coarse: 5.0,
                window: 4.0,
                rounding: 1.2,
                apart: 6,
                depth: 2.0,
                neck: 0.91,
                area: 16.0,
                hole: 200.0,
                block: 176,
            },
        }
    }

    /// For cells of another diameter. The finest blur stays: noise does not grow with cells.
    fn to(self, diameter: f64) -> Scale {
        let zoom = diameter / self.diameter;
        let length = |v: f32| v * zoom as f32;
        Scale {
            diameter,
            fine: self.fine,
            coarse: length(self.coarse).max(1.5),
            window: length(self.window).max(1.0),
            rounding: length(self.rounding).max(0.5),
            apart: ((self.apart as f64 * zoom).round() as usize).max(1),
            depth: length(self.depth),
            neck: self.neck,
            area: self.area * zoom * zoom,
            hole: self.hole * zoom * zoom,
            block: ((self.block as f64 * zoom).round() as usize).max(16),
        }
    }
}

/// Cells of one plane; windows are placed, and centres near the border dropped, by who cuts.
///
/// ```
/// use cells::cut::{Plane, auto::{AutoSettings, Modality, find}};
/// let image: Vec<f32> = (0..120 * 120).map(|i| {
///     let (y, x) = ((i / 120) as f32, (i % 120) as f32);
///     let disc = |cy: f32, cx: f32| (y - cy).hypot(x - cx) < 10.0;
///     let noise = ((i * 7919) % 13) as f32; // Two touching discs.
///     if disc(60.0, 50.0) || disc(60.0, 69.0) { 800.0 + noise } else { 100.0 + noise }
/// }).collect();
/// let settings = AutoSettings::of(Modality::Fluorescence);
/// assert_eq!(find(Plane::new(&image, 120, 120).unwrap(), &settings).cells.len(), 2);
/// ```
#[must_use]
pub fn find(plane: Plane<'_, f32>, settings: &AutoSettings) -> Finding {
    let scale = Scale::of(settings.modality).to(settings.diameter);
    let (h, w) = (plane.h(), plane.w());
    let blobs = Blobs::of(foreground(plane, settings), h, w);
    let mut finding = Finding::default();
    let large: Vec<bool> = blobs.numbers.iter().map(|&n| n > 0 && blobs.area(n) >= scale.area).collect();
    let peaks = peaks(&blobs, &large, h, w, &scale);
    let mut n_peaks = vec![0usize; blobs.sums.len()];
    peaks.iter().for_each(|&at| n_peaks[blobs.numbers[at] as usize] += 1);
    for &at in &peaks {
        let n = blobs.numbers[at];
        let area = blobs.area(n) / n_peaks[n as usize] as f64;
        finding.cells.push(Found { y: (at / w) as f64, x: (at % w) as f64, area: Some(area), label: None });
    }
    for n in (1..blobs.sums.len()).filter(|&n| n_peaks[n] == 0) {
        // A small nucleus is as good as a large one; a small rough patch is debris.
        if settings.modality == Modality::Fluorescence && blobs.area(n as u32) >= scale.area {
            finding.cells.push(blobs.centre(n));
        } else {
            finding.drop(Reason::Small);
        }
    }
    finding.cells.sort_by(|a, b| a.y.total_cmp(&b.y).then(a.x.total_cmp(&b.x)));
    finding
}

/// What is taken for cells and debris, before it is split.
#[must_use]
pub fn foreground(plane: Plane<'_, f32>, settings: &AutoSettings) -> Vec<bool> {
    let scale = Scale::of(settings.modality).to(settings.diameter);
    let inside = match settings.modality {
        Modality::Phase => rough(plane, &scale),
        Modality::Fluorescence => bright(plane, &scale),
    };
    filled(inside, plane.h(), plane.w(), scale.hole)
}

/// How far above the usual roughness of the ground foreground is at least, natural logarithm.
const ABOVE_GROUND: f32 = 0.92;
/// How far above Otsu's threshold of roughness: halos blur it outwards.
const ABOVE_OTSU: f32 = 0.9;

/// Pixels around which the picture is rough.
fn rough(plane: Plane<'_, f32>, scale: &Scale) -> Vec<bool> {
    let (h, w) = (plane.h(), plane.w());
    let fine = gaussian(plane.values(), h, w, scale.fine);
    let coarse = gaussian(plane.values(), h, w, scale.coarse);
    let squares: Vec<f32> = fine.iter().zip(&coarse).map(|(a, b)| (a - b) * (a - b)).collect();
    let power = gaussian(&squares, h, w, scale.window);
    let usual = quantile(power.clone(), 0.5);
    let most = power.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return vec![false; h * w];
    }
    // Pixels without any texture, such as a black frame, must not draw the threshold down.
    let least = (0.01 * usual).max(1e-8 * most);
    let log: Vec<f32> = power.iter().map(|&p| 0.5 * p.max(least).ln()).collect();
    let ground = quantile(log.clone(), 0.25);
    let threshold = (otsu(&log) + ABOVE_OTSU).max(ground + ABOVE_GROUND);
    log.iter().map(|&v| v > threshold).collect()
}

/// Standard deviations of the ground that foreground is above it at least.
const ABOVE_NOISE: f32 = 6.0;

/// Pixels that are brighter than the ground around them.
fn bright(plane: Plane<'_, f32>, scale: &Scale) -> Vec<bool> {
    let (h, w) = (plane.h(), plane.w());
    let fine = gaussian(plane.values(), h, w, scale.fine);
    let Some(smooth) = Plane::new(&fine, h, w) else { return Vec::new() };
    let ground = Grid::of_blocks(smooth, scale.block, |block| quantile(block, 0.2)).resized(h, w);
    let above: Vec<f32> = fine.iter().zip(&ground).map(|(a, b)| a - b).collect();
    // The darker half is ground, whatever the cells cover.
    let middle = quantile(above.clone(), 0.5);
    let dark: Vec<f32> = above.iter().copied().filter(|&v| v <= middle).collect();
    let centre = quantile(dark.clone(), 0.5);
    let noise = 1.4826 * quantile(dark.iter().map(|v| (v - centre).abs()).collect(), 0.5);
    let most = above.iter().copied().fold(0.0, f32::max);
    if most <= 0.0 {
        return vec![false; h * w];
    }
    let least = 3.0 * noise + 5e-4 * most;
    let log: Vec<f32> = above.iter().map(|&v| (v.max(0.0) + least).ln()).collect();
    let threshold = (otsu(&log).exp() - least).max(ABOVE_NOISE * noise + centre);
    above.iter().map(|&v| v > threshold).collect()
}

/// The threshold that divides `values` into two classes of the largest variance between them.
///
/// # Source
/// Otsu 1979, doi:10.1109/TSMC.1979.4310076, on 256 levels.
fn otsu(values: &[f32]) -> f32 {
    const LEVELS: usize = 256;
    let (low, high) =
        values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), &v| (a.min(v), b.max(v)));
    let width = (high - low) / LEVELS as f32;
    if !(width > 0.0 && width.is_finite()) {
        return high;
    }
    let mut counts = [0u32; LEVELS];
    values.iter().for_each(|&v| counts[(((v - low) / width) as usize).min(LEVELS - 1)] += 1);
    let total: f64 = counts.iter().enumerate().map(|(i, &n)| i as f64 * f64::from(n)).sum();
    let n_total = values.len() as f64;
    let (mut n, mut sum, mut best, mut level) = (0.0, 0.0, 0.0, 0);
    for (i, &count) in counts.iter().enumerate() {
        n += f64::from(count);
        sum += i as f64 * f64::from(count);
        let between = (total * n / n_total - sum).powi(2) / (n * (n_total - n)).max(1.0);
        if between > best {
            (best, level) = (between, i);
        }
    }
    low + (level + 1) as f32 * width
}

/// Holes of at most `largest` pixels belong to what is around them.
fn filled(mut inside: Vec<bool>, h: usize, w: usize, largest: f64) -> Vec<bool> {
    let ground: Vec<bool> = inside.iter().map(|&v| !v).collect();
    let holes = Blobs::of(ground, h, w);
    for (at, inside) in inside.iter_mut().enumerate() {
        let n = holes.numbers[at];
        *inside |= n > 0 && holes.area(n) <= largest && !holes.sums[n as usize].at_edge;
    }
    inside
}

/// Connected pieces of a mask.
struct Blobs {
    /// Number of the piece at each pixel, 0 for none.
    numbers: Vec<u32>,
    sums: Vec<Sum>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    n: u64,
    y: u64,
    x: u64,
    at_edge: bool,
}

impl Blobs {
    fn of(inside: Vec<bool>, h: usize, w: usize) -> Blobs {
        let mask: Vec<u32> = inside.into_iter().map(u32::from).collect();
        let numbers = Plane::new(&mask, h, w).map(components).unwrap_or_default();
        let n = numbers.iter().max().map_or(0, |&n| n as usize);
        let mut sums = vec![Sum::default(); n + 1];
        for (at, &number) in numbers.iter().enumerate() {
            let (y, x) = (at / w, at % w);
            let sum = &mut sums[number as usize];
            sum.n += 1;
            sum.y += y as u64;
            sum.x += x as u64;
            sum.at_edge |= y == 0 || x == 0 || y + 1 == h || x + 1 == w;
        }
        Blobs { numbers, sums }
    }

    fn area(&self, n: u32) -> f64 {
        self.sums[n as usize].n as f64
    }

    fn centre(&self, n: usize) -> Found {
        let Sum { n, y, x, .. } = self.sums[n];
        let area = n as f64;
        Found { y: y as f64 / area, x: x as f64 / area, area: Some(area), label: None }
    }
}

/// Pixels whose smoothed distance to the edge of their blob is the largest around and at least the depth asked for, the deepest
/// first; of those without a neck between them only one.
fn peaks(blobs: &Blobs, large: &[bool], h: usize, w: usize, scale: &Scale) -> Vec<usize> {
    let depth = gaussian(&distance::to_ground(large, h, w), h, w, scale.rounding);
    let around = largest_around(&depth, h, w, scale.apart);
    let is_peak = |at: &usize| large[*at] && depth[*at] > scale.depth && depth[*at] >= around[*at];
    let mut candidates: Vec<usize> = (0..h * w).filter(is_peak).collect();
    candidates.sort_by(|&a, &b| depth[b].total_cmp(&depth[a]).then(a.cmp(&b)));
    let mut kept: Vec<usize> = Vec::new();
    for at in candidates {
        let same_cell = |&other: &usize| {
            blobs.numbers[other] == blobs.numbers[at]
                && narrowest(&depth, w, at, other) >= scale.neck * depth[at]
        };
        if !kept.iter().any(same_cell) {
            kept.push(at);
        }
    }
    kept
}

/// The smallest depth on the straight way between two pixels.
fn narrowest(depth: &[f32], w: usize, a: usize, b: usize) -> f32 {
    let (ay, ax) = ((a / w) as f32, (a % w) as f32);
    let (dy, dx) = ((b / w) as f32 - ay, (b % w) as f32 - ax);
    let n = dy.abs().max(dx.abs()).max(1.0);
    let on_way = (0..=n as usize).map(|k| {
        let share = k as f32 / n;
        depth[(ay + dy * share).round() as usize * w + (ax + dx * share).round() as usize]
    });
    on_way.fold(f32::INFINITY, f32::min)
}

/// The largest value in the square of `2 reach + 1` pixels around each pixel.
fn largest_around(values: &[f32], h: usize, w: usize, reach: usize) -> Vec<f32> {
    let mut along_y = values.to_vec();
    for (y, out) in along_y.chunks_exact_mut(w.max(1)).enumerate() {
        for row in y.saturating_sub(reach)..(y + reach + 1).min(h) {
            out.iter_mut().zip(&values[row * w..]).for_each(|(o, v)| *o = o.max(*v));
        }
    }
    let mut out = along_y.clone();
    for (row, out) in along_y.chunks_exact(w.max(1)).zip(out.chunks_exact_mut(w.max(1))) {
        for step in 1..=reach.min(w - 1) {
            out[step..].iter_mut().zip(row).for_each(|(o, v)| *o = o.max(*v));
            out[..w - step].iter_mut().zip(&row[step..]).for_each(|(o, v)| *o = o.max(*v));
        }
    }
    out
}

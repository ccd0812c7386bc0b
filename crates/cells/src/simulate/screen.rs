//! Screens: plates of wells with known hits, toxic compounds, edge effects, drift, donors and dose series, as numbers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{PhaseSettings, SimulateError, noise};

/// How a screen is made. The two outer columns on either side of a plate hold controls, as in many laboratories, unless `scattered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenSettings {
    /// Seed; every plate and layout draws from a stream of its own.
    pub seed: u64,
    /// Wells of a plate: 24, 48, 96, 384 or 1536.
    pub n_wells: usize,
    /// Plates, over all replicates.
    pub n_plates: usize,
    /// Plates of one layout that follow each other.
    pub n_replicates: usize,
    /// Controls lie anywhere.
    pub scattered: bool,
    /// Cells of a usual well.
    pub n_cells: f64,
    /// Mean score of cells without effect, 0 to 1.
    pub base: f64,
    /// Standard deviation from well to well.
    pub between: f64,
    /// Standard deviation from cell to cell.
    pub within: f64,
    /// Share of the samples that are hits.
    pub p_hit: f64,
    /// How much higher their score is.
    pub effect: f64,
    /// Share of the samples that kill three cells of four.
    pub p_toxic: f64,
    /// How much higher the score is in the outermost ring.
    pub edge: f64,
    /// How much higher the score is from the first to the last column.
    pub gradient: f64,
    /// How much the score rises over all plates.
    pub drift: f64,
    /// Donors, plates taking turns; each shifts the score by as much as `between`.
    pub n_donors: usize,
    /// Samples are compounds at eight concentrations, 1 nM to 10 uM; hits respond with half the effect at 100 nM.
    pub doses: bool,
}

impl Default for ScreenSettings {
    fn default() -> Self {
        ScreenSettings {
            seed: 0,
            n_wells: 384,
            n_plates: 8,
            n_replicates: 2,
            scattered: false,
            n_cells: 400.0,
            base: 0.2,
            between: 0.02,
            within: 0.25,
            p_hit: 0.02,
            effect: 0.2,
            p_toxic: 0.02,
            edge: 0.0,
            gradient: 0.0,
            drift: 0.0,
            n_donors: 1,
            doses: false,
        }
    }
}

impl ScreenSettings {
    /// Rows and columns of a plate.
    #[must_use]
    pub fn shape(&self) -> (usize, usize) {
        let is_shape = |shape: &&(usize, usize)| shape.0 * shape.1 == self.n_wells;
        SHAPES.iter().find(is_shape).copied().unwrap_or((16, 24))
    }

    /// All mistakes.
    #[must_use]
    pub fn validate(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.shape().0 * self.shape().1 != self.n_wells {
            mistakes.push(format!("n_wells 24, 48, 96, 384 or 1536, not {}", self.n_wells));
        }
        if !(1..=10_000).contains(&self.n_plates) {
            mistakes.push(format!("n_plates 1 to 10,000, not {}", self.n_plates));
        }
        for (name, n) in [("n_replicates", self.n_replicates), ("n_donors", self.n_donors)] {
            if !(1..=10_000).contains(&n) {
                mistakes.push(format!("{name} 1 to 10,000, not {n}"));
            }
        }
        for (name, share) in [("base", self.base), ("p_hit", self.p_hit), ("p_toxic", self.p_toxic)] {
            if !(0.0..=1.0).contains(&share) {
                mistakes.push(format!("{name} within 0 to 1, not {share}"));
            }
        }
        for (name, size) in [("n_cells", self.n_cells), ("between", self.between), ("within", self.within)] {
            if !(0.0..1e6).contains(&size) {
                mistakes.push(format!("{name} from 0 to a million, not {size}"));
            }
        }
        for (name, size) in
            [("effect", self.effect), ("edge", self.edge), ("gradient", self.gradient), ("drift", self.drift)]
        {
            if !size.is_finite() {
                mistakes.push(format!("{name} finite, not {size}"));
            }
        }
        mistakes
    }
}

/// What a simulated well is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScreenRole {
    /// A compound.
    Sample,
    /// Solvent.
    Negative,
    /// A compound of known effect.
    Positive,
}

/// A simulated well.
#[derive(Debug, Clone, PartialEq)]
pub struct ScreenWell {
    /// Plate, from 0.
    pub plate: usize,
    /// Layout, from 0.
    pub layout: usize,
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// Donor, from 0.
    pub donor: usize,
    /// What it is there for.
    pub role: ScreenRole,
    /// Number of the compound, unique over layouts; 0 for controls.
    pub compound: usize,
    /// Concentration, micromoles per litre, in dose series.
    pub micromolar: Option<f64>,
    /// Whether its compound has the effect.
    pub is_hit: bool,
    /// Whether its compound kills cells.
    pub is_toxic: bool,
    /// Score that its cells have on average, were there many.
    pub level: f64,
    /// Mean score of its cells; None without cells.
    pub score: Option<f64>,
    /// Standard deviation of its cells' scores; None of fewer than two.
    pub sd: Option<f64>,
    /// Cells.
    pub n_cells: u64,
}

/// Rows and columns of the plates that there are.
const SHAPES: [(usize, usize); 5] = [(4, 6), (6, 8), (8, 12), (16, 24), (32, 48)];
/// What a stream of random numbers is for.
const CELLS: u32 = 1;
const LAYOUT: u32 = 2;
const DONORS: u32 = 3;
const FIELDS: u32 = 4;
/// Most fields of a screen: more would share seeds with the next.
pub const MAX_FIELDS: usize = 1_000_000;
/// Concentrations of a dose series.
const N_DOSES: usize = 8;

/// Micromoles per litre of step `step` of a series from 1 nM to 10 uM, of three digits as one would write them on a plate map.
fn dose(step: usize) -> f64 {
    let exact = 10f64.powf(-3.0 + 4.0 * step as f64 / (N_DOSES - 1) as f64);
    format!("{exact:.2e}").parse().unwrap_or(exact)
}

/// Makes a screen: the wells of all plates, plate by plate, row by row.
///
/// # Errors
/// Mistakes in the settings.
pub fn screen(settings: &ScreenSettings) -> Result<Vec<ScreenWell>, SimulateError> {
    let mistakes = settings.validate();
    if !mistakes.is_empty() {
        return Err(SimulateError::Settings(mistakes));
    }
    let mut donors = noise::stream(settings.seed, DONORS, 0);
    let shifts: Vec<f64> = (0..settings.n_donors).map(|_| settings.between * normal(&mut donors)).collect();
    let shift = |donor: usize| if settings.n_donors > 1 { shifts[donor] } else { 0.0 };
    let (_, n_columns) = settings.shape();
    let mut wells = Vec::new();
    for plate in 0..settings.n_plates {
        let layout = plate / settings.n_replicates;
        let contents = contents(settings, layout);
        let mut rng = noise::stream(settings.seed, CELLS, plate as u32);
        let donor = plate % settings.n_donors;
        let along = plate as f64 / (settings.n_plates.max(2) - 1) as f64;
        for (place, content) in contents.into_iter().enumerate() {
            let well =
                ScreenWell { plate, donor, row: place / n_columns, column: place % n_columns, ..content };
            let level = settings.base + settings.drift * along + shift(donor) + of_place(settings, &well);
            wells.push(measured(settings, well, level, &mut rng));
        }
    }
    Ok(wells)
}

/// What lies in the wells of a layout: the same on all its replicates.
fn contents(settings: &ScreenSettings, layout: usize) -> Vec<ScreenWell> {
    let (rows, columns) = settings.shape();
    let mut rng = noise::stream(settings.seed, LAYOUT, layout as u32);
    let mut roles: Vec<ScreenRole> = (0..rows * columns)
        .map(|place| match (place % columns).min(columns - 1 - place % columns) {
            0 => ScreenRole::Negative,
            1 if place / columns < rows / 2 => ScreenRole::Negative,
            1 => ScreenRole::Positive,
            _ => ScreenRole::Sample,
        })
        .collect();
    if settings.scattered {
        for last in (1..roles.len()).rev() {
            roles.swap(last, rng.random_range(0..=last));
        }
    }
    let n_samples = roles.iter().filter(|role| **role == ScreenRole::Sample).count();
    let n_doses = if settings.doses { N_DOSES } else { 1 };
    let n_compounds = n_samples.div_ceil(n_doses);
    let kinds: Vec<(bool, bool)> = (0..n_compounds)
        .map(|_| (rng.random::<f64>() < settings.p_hit, rng.random::<f64>() < settings.p_toxic))
        .collect();
    let mut next = 0;
    let well = |role| {
        let (mut compound, mut micromolar, mut kind) = (0, None, (false, false));
        if role == ScreenRole::Sample {
            let number = next / n_doses;
            compound = 1 + layout * n_compounds + number;
            micromolar = settings.doses.then(|| dose(next % n_doses));
            kind = kinds[number];
            next += 1;
        }
        let (is_hit, is_toxic) = kind;
        ScreenWell {
            plate: 0,
            layout,
            row: 0,
            column: 0,
            donor: 0,
            role,
            compound,
            micromolar,
            is_hit,
            is_toxic,
            level: 0.0,
            score: None,
            sd: None,
            n_cells: 0,
        }
    };
    roles.into_iter().map(well).collect()
}

/// What the place of a well does.
fn of_place(settings: &ScreenSettings, well: &ScreenWell) -> f64 {
    let (rows, columns) = settings.shape();
    let is_ring = well.row == 0 || well.row + 1 == rows || well.column == 0 || well.column + 1 == columns;
    let along = well.column as f64 / (columns - 1) as f64;
    settings.gradient * along + if is_ring { settings.edge } else { 0.0 }
}

/// The well with its cells.
fn measured(settings: &ScreenSettings, well: ScreenWell, level: f64, rng: &mut ChaCha8Rng) -> ScreenWell {
    let share = well.micromolar.map_or(1.0, |dose| dose / (dose + 0.1));
    let responds = well.is_hit || well.role == ScreenRole::Positive;
    let effect = if responds { settings.effect * share } else { 0.0 };
    let left = if well.is_toxic { 1.0 - 0.75 * share } else { 1.0 };
    let mean = settings.n_cells * left;
    let n_cells = (mean + mean.sqrt() * normal(rng)).round().max(0.0) as u64;
    let own = level + effect + settings.between * normal(rng);
    let n = n_cells as f64;
    let off = normal(rng);
    // A standard deviation of n numbers is itself uncertain by one part in √2n.
    let spread = settings.within * (1.0 + normal(rng) / (2.0 * n.max(2.0)).sqrt()).max(0.0);
    let score = (n_cells > 0).then(|| own + settings.within * off / n.sqrt());
    ScreenWell { level: own, score, sd: (n_cells > 1).then_some(spread), n_cells, ..well }
}

/// How field `k` of `n_fields` of a well is pictured, `size` pixels in square: its share of the well's cells, each of them senescent with
/// the well's level as probability.
#[must_use]
pub fn field_of(
    settings: &ScreenSettings,
    well: &ScreenWell,
    (k, n_fields): (usize, usize),
    size: usize,
) -> PhaseSettings {
    let (_, columns) = settings.shape();
    let number = (well.plate * settings.n_wells + well.row * columns + well.column) * n_fields + k;
    let mut rng = noise::stream(settings.seed, FIELDS, number as u32);
    let all = well.n_cells as usize;
    let n_cells = all * (k + 1) / n_fields - all * k / n_fields;
    let n_senescent = (0..n_cells).filter(|_| noise::chance(&mut rng, well.level as f32)).count();
    PhaseSettings {
        seed: settings.seed.wrapping_mul(MAX_FIELDS as u64).wrapping_add(number as u64),
        height: size,
        width: size,
        n_cells,
        p_senescent: n_senescent as f32 / n_cells.max(1) as f32,
        ..PhaseSettings::default()
    }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(noise::normal(rng))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_where_they_were_planted() {
        let settings =
            ScreenSettings { edge: 0.3, p_hit: 0.1, p_toxic: 0.1, drift: 0.5, ..ScreenSettings::default() };
        let wells = screen(&settings).unwrap();
        assert_eq!(wells.len(), 8 * 384);
        let mean = |keep: &dyn Fn(&ScreenWell) -> bool| {
            let kept: Vec<f64> = wells.iter().filter(|w| keep(w)).filter_map(|w| w.score).collect();
            kept.iter().sum::<f64>() / kept.len() as f64
        };
        let inside = |w: &ScreenWell| {
            (1..15).contains(&w.row) && (2..22).contains(&w.column) && w.role == ScreenRole::Sample
        };
        let plain = mean(&|w| inside(w) && !w.is_hit);
        assert!((mean(&|w| inside(w) && w.is_hit) - plain - 0.2).abs() < 0.05);
        assert!(
            (mean(&|w| w.row == 0 && (2..22).contains(&w.column) && !w.is_hit) - plain - 0.3).abs() < 0.05
        );
        assert!(
            (mean(&|w| w.plate == 7 && inside(w) && !w.is_hit)
                - mean(&|w| w.plate == 0 && inside(w) && !w.is_hit)
                - 0.5)
                .abs()
                < 0.03
        );
        let toxic = wells.iter().filter(|w| w.is_toxic).map(|w| w.n_cells).max().unwrap();
        assert!(toxic < 200);
        // Replicates have one layout, and a longer screen begins as a shorter one.
        assert_eq!(wells[384 + 7].compound, wells[7].compound);
        let longer = screen(&ScreenSettings { n_plates: 9, drift: 0.0, ..settings.clone() }).unwrap();
        let shorter = screen(&ScreenSettings { drift: 0.0, ..settings }).unwrap();
        assert_eq!(longer[..shorter.len()], shorter);
    }

    #[test]
    fn plates_of_any_size_have_samples_between_controls() {
        for (n_wells, samples) in [(24, 8), (48, 24), (96, 64), (384, 320), (1536, 1408)] {
            let wells =
                screen(&ScreenSettings { n_wells, n_plates: 1, ..ScreenSettings::default() }).unwrap();
            assert_eq!(wells.len(), n_wells);
            assert_eq!(wells.iter().filter(|w| w.role == ScreenRole::Sample).count(), samples);
            assert_eq!(
                (wells[0].role, wells[n_wells - 2].role),
                (ScreenRole::Negative, ScreenRole::Positive)
            );
        }
    }

    #[test]
    fn fields_share_the_cells_of_their_well() {
        let settings = ScreenSettings { n_wells: 24, n_plates: 2, n_cells: 301.0, ..Default::default() };
        let wells = screen(&settings).unwrap();
        let fields = |well: &ScreenWell| [0, 1, 2].map(|k| field_of(&settings, well, (k, 3), 256));
        let all: Vec<PhaseSettings> = wells.iter().flat_map(fields).collect();
        let seeds: std::collections::BTreeSet<u64> = all.iter().map(|field| field.seed).collect();
        assert_eq!(seeds.len(), 2 * 24 * 3);
        let n: usize = all.iter().map(|field| field.n_cells).sum();
        assert_eq!(n as u64, wells.iter().map(|well| well.n_cells).sum::<u64>());
        // Of some 3,600 cells in wells of the solvent a fifth is senescent, with an error of 0.007 and 0.005 of the wells' own.
        let share = |role| {
            let of = all.chunks(3).zip(&wells).filter(|(_, well)| well.role == role).flat_map(|(f, _)| f);
            let (k, n) =
                of.fold((0.0, 0.0), |(k, n), f| (k + f.p_senescent * f.n_cells as f32, n + f.n_cells as f32));
            k / n
        };
        assert!((share(ScreenRole::Negative) - 0.2).abs() < 0.03);
        assert!((share(ScreenRole::Positive) - 0.4).abs() < 0.05);
    }

    #[test]
    fn mistakes_are_told_together() {
        let settings = ScreenSettings {
            n_wells: 100,
            n_plates: 0,
            p_hit: 2.0,
            n_cells: f64::NAN,
            ..ScreenSettings::default()
        };
        assert_eq!(settings.validate().len(), 4);
        assert!(screen(&settings).is_err());
    }
}

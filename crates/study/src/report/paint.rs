//! The colours of figures: named paints, resolved for white paper or for a page with a light and a dark theme.

/// A colour of 8-bit red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rgb(pub u8, pub u8, pub u8);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

/// What a shape is painted with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paint {
    /// Titles and figures.
    Ink,
    /// Axis labels and remarks.
    Muted,
    /// Grid lines and frames.
    Grid,
    /// What the figure lies on.
    Surface,
    /// The colour of class or series `k`; they repeat after [`Paint::N_SERIES`].
    Series(usize),
    /// The same colour in every theme.
    Fixed(Rgb),
}

/// The palette of Okabe and Ito without black and yellow, which vanish on a dark or a white surface.
///
/// # Source
/// Okabe & Ito, *Color Universal Design*, 2008, <https://jfly.uni-koeln.de/color/>.
const SERIES: [Rgb; 6] = [
    Rgb(0x00, 0x72, 0xb2),
    Rgb(0xd5, 0x5e, 0x00),
    Rgb(0x00, 0x9e, 0x73),
    Rgb(0xcc, 0x79, 0xa7),
    Rgb(0x56, 0xb4, 0xe9),
    Rgb(0xe6, 0x9f, 0x00),
];

/// The colour of class or series `k`, as [`Paint::Series`].
#[must_use]
pub fn series(k: usize) -> Rgb {
    SERIES[k % SERIES.len()]
}

/// What the paints become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// White paper: files for print and slides.
    Paper,
    /// Near-black: around pictures of cells.
    Dark,
    /// The variables `--ink`, `--muted`, `--grid`, `--surface` and `--series-0` … of a page's style sheet.
    Page,
}

impl Paint {
    /// How many series colours differ.
    pub const N_SERIES: usize = SERIES.len();

    /// The paint as a CSS colour.
    #[must_use]
    pub fn css(self, theme: Theme) -> String {
        let [ink, muted, grid, surface] = match theme {
            Theme::Paper => {
                [Rgb(0x1b, 0x1f, 0x24), Rgb(0x57, 0x60, 0x6a), Rgb(0xdd, 0xe1, 0xe6), Rgb(255, 255, 255)]
            }
            Theme::Dark => {
                [Rgb(0xee, 0xf1, 0xf4), Rgb(0xa3, 0xac, 0xb6), Rgb(0x33, 0x39, 0x41), Rgb(0x0d, 0x0f, 0x12)]
            }
            Theme::Page => return self.variable(),
        };
        match self {
            Paint::Ink => ink,
            Paint::Muted => muted,
            Paint::Grid => grid,
            Paint::Surface => surface,
            Paint::Series(k) => series(k),
            Paint::Fixed(colour) => colour,
        }
        .to_string()
    }

    fn variable(self) -> String {
        match self {
            Paint::Ink => "var(--ink)".into(),
            Paint::Muted => "var(--muted)".into(),
            Paint::Grid => "var(--grid)".into(),
            Paint::Surface => "var(--surface)".into(),
            Paint::Series(k) => format!("var(--series-{})", k % SERIES.len()),
            Paint::Fixed(colour) => colour.to_string(),
        }
    }
}

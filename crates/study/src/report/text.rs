//! The typeface of the figures: its bytes, the width of a text in it, and what is allowed into markup.

use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// Inter, regular (`assets/fonts/README.md`).
pub const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.otf");
/// Inter, semi-bold.
pub const SEMIBOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.otf");
/// The families that a viewer tries, the embedded one first.
pub const FAMILY: &str = "Inter, 'Helvetica Neue', Arial, sans-serif";

/// Width of `text` at `size` pixels in the regular weight, pixels; signs that the typeface lacks count as one em.
#[must_use]
pub fn width(text: &str, size: f64) -> f64 {
    let em = text.chars().count() as f64 * size;
    let Ok(font) = FontRef::new(REGULAR) else { return em };
    let charmap = font.charmap();
    let metrics = font.glyph_metrics(Size::new(size as f32), LocationRef::default());
    text.chars()
        .map(|c| charmap.map(c).and_then(|glyph| metrics.advance_width(glyph)).map_or(size, f64::from))
        .sum()
}

/// `text` shortened in its middle to at most `limit` pixels: beginnings and ends tell class names apart.
///
/// ```
/// use study::report::text::{elide, width};
/// assert_eq!(elide("Interphase", 12.0, 200.0), "Interphase");
/// let short = elide("Lymphocytes, atypical, large granular", 12.0, 100.0);
/// assert!(short.starts_with("Lymp") && short.ends_with("lar") && width(&short, 12.0) <= 100.0);
/// ```
#[must_use]
pub fn elide(text: &str, size: f64, limit: f64) -> String {
    if width(text, size) <= limit {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    for n_kept in (1..chars.len()).rev() {
        let n_head = n_kept.div_ceil(2);
        let head: String = chars[..n_head].iter().collect();
        let tail: String = chars[chars.len() - (n_kept - n_head)..].iter().collect();
        let short = format!("{}…{}", head.trim_end(), tail.trim_start());
        if width(&short, size) <= limit {
            return short;
        }
    }
    "…".to_owned()
}

/// `text` as the content of an element or attribute of XML; signs that XML forbids become U+FFFD.
///
/// ```
/// assert_eq!(study::report::text::escape("<b a='1'>&\u{1}"), "&lt;b a=&#39;1&#39;&gt;&amp;\u{fffd}");
/// ```
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as a percentage: `12.3%`, whole from 99.95 and at 0.
#[must_use]
pub fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if value == 0.0 || value >= 99.95 { format!("{value:.0}%") } else { format!("{value:.1}%") }
}

/// `1 cell`, `1,234 cells`.
#[must_use]
pub fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(n), if n == 1 { one } else { many })
}

//! A drawing: shapes in pixels, x to the right and y down, written as SVG.

use std::fmt::Write;

use super::paint::{Paint, Theme};
use super::text::{FAMILY, escape};

/// Where a text is anchored horizontally.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// At its beginning.
    Start,
    /// At its middle.
    Middle,
    /// At its end.
    End,
}

/// How a line of text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Type {
    /// Height of the typeface, pixels.
    pub size: f64,
    /// Semi-bold.
    pub bold: bool,
    /// Colour.
    pub paint: Paint,
    /// Which part of the text lies at its point.
    pub anchor: Anchor,
    /// Clockwise rotation about its point, degrees.
    pub turn: f64,
}

impl Type {
    /// Axis numbers and remarks.
    pub const SMALL: Type =
        Type { size: 11.0, bold: false, paint: Paint::Muted, anchor: Anchor::Start, turn: 0.0 };
    /// Labels.
    pub const LABEL: Type = Type { size: 12.5, paint: Paint::Ink, ..Type::SMALL };
    /// Titles.
    pub const TITLE: Type = Type { size: 15.0, bold: true, ..Type::LABEL };

    /// The same, anchored at its middle.
    #[must_use]
    pub fn middle(self) -> Type {
        Type { anchor: Anchor::Middle, ..self }
    }

    /// The same, anchored at its end.
    #[must_use]
    pub fn end(self) -> Type {
        Type { anchor: Anchor::End, ..self }
    }

    /// The same in another colour.
    #[must_use]
    pub fn in_paint(self, paint: Paint) -> Type {
        Type { paint, ..self }
    }

    /// The same in semi-bold.
    #[must_use]
    pub fn bold(self) -> Type {
        Type { bold: true, ..self }
    }

    /// The same, turned clockwise by so many degrees.
    #[must_use]
    pub fn turned(self, turn: f64) -> Type {
        Type { turn, ..self }
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    /// Colour.
    pub paint: Paint,
    /// Width, pixels.
    pub width: f64,
    /// Dashed instead of solid.
    pub dashed: bool,
}

impl Stroke {
    /// Grid lines.
    pub const GRID: Stroke = Stroke { paint: Paint::Grid, width: 1.0, dashed: false };
    /// Axes.
    pub const AXIS: Stroke = Stroke { paint: Paint::Muted, width: 1.0, dashed: false };

    /// The curve of series `k`: colours repeat dashed.
    #[must_use]
    pub fn series(k: usize) -> Stroke {
        Stroke { paint: Paint::Series(k), width: 2.0, dashed: !(k / Paint::N_SERIES).is_multiple_of(2) }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Rect { x: f64, y: f64, w: f64, h: f64, radius: f64, fill: Paint, opacity: f64, hint: Option<String> },
    Path { points: Vec<(f64, f64)>, stroke: Stroke },
    Area { points: Vec<(f64, f64)>, fill: Paint, opacity: f64 },
    Disc { x: f64, y: f64, radius: f64, fill: Paint, hint: Option<String> },
    Text { x: f64, y: f64, style: Type, text: String, hint: Option<String> },
}

/// A drawing of so many pixels, with a name for its file and a sentence for who cannot see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Name of its file without the ending.
    pub name: String,
    /// What is to be seen, as one sentence.
    pub caption: String,
    /// Width, pixels.
    pub w: f64,
    /// Height, pixels.
    pub h: f64,
    shapes: Vec<Shape>,
}

impl Scene {
    /// An empty drawing.
    #[must_use]
    pub fn new(name: &str, caption: impl Into<String>, w: f64, h: f64) -> Scene {
        Scene { name: name.to_owned(), caption: caption.into(), w: w.ceil(), h: h.ceil(), shapes: Vec::new() }
    }

    /// A filled rectangle with its upper left corner at (`x`, `y`).
    pub fn rect(&mut self, [x, y, w, h]: [f64; 4], fill: Paint) {
        self.bar([x, y, w, h], fill, 1.0, None);
    }

    /// A filled rectangle with rounded corners, an opacity of 0 to 1, and a hint that shows under the pointer.
    pub fn bar(&mut self, [x, y, w, h]: [f64; 4], fill: Paint, opacity: f64, hint: Option<String>) {
        let radius = if hint.is_some() { f64::min(2.0, 0.5 * w.min(h)).max(0.0) } else { 0.0 };
        self.shapes.push(Shape::Rect { x, y, w, h, radius, fill, opacity, hint });
    }

    /// An open line through `points`.
    pub fn path(&mut self, points: Vec<(f64, f64)>, stroke: Stroke) {
        self.shapes.push(Shape::Path { points, stroke });
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke) {
        self.path(vec![from, to], stroke);
    }

    /// A filled polygon.
    pub fn area(&mut self, points: Vec<(f64, f64)>, fill: Paint, opacity: f64) {
        self.shapes.push(Shape::Area { points, fill, opacity });
    }

    /// A filled disc, with a hint under the pointer.
    pub fn disc(&mut self, (x, y): (f64, f64), radius: f64, fill: Paint, hint: Option<String>) {
        self.shapes.push(Shape::Disc { x, y, radius, fill, hint });
    }

    /// A line of text whose baseline is at `y`.
    pub fn text(&mut self, (x, y): (f64, f64), style: Type, text: impl Into<String>) {
        self.shapes.push(Shape::Text { x, y, style, text: text.into(), hint: None });
    }

    /// A line of text that is shortened to `limit` pixels; the whole shows under the pointer.
    pub fn elided(&mut self, (x, y): (f64, f64), style: Type, text: &str, limit: f64) {
        let short = super::text::elide(text, style.size, limit);
        let hint = (short != text).then(|| text.to_owned());
        self.shapes.push(Shape::Text { x, y, style, text: short, hint });
    }

    /// The drawing as an SVG file, on the surface of its theme.
    #[must_use]
    pub fn svg(&self, theme: Theme) -> String {
        let (w, h) = (self.w, self.h);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"{FAMILY}\" role=\"img\"><title>{}</title>\n",
            escape(&self.caption)
        );
        if theme != Theme::Page {
            let _ =
                writeln!(out, "<rect width=\"{w}\" height=\"{h}\" fill=\"{}\"/>", Paint::Surface.css(theme));
        }
        for shape in &self.shapes {
            shape.write(&mut out, theme);
        }
        out.push_str("</svg>\n");
        out
    }
}

impl Shape {
    /// Appends the shape as a line of SVG. Writing into a `String` cannot fail.
    fn write(&self, out: &mut String, theme: Theme) {
        let _ = match self {
            Shape::Rect { x, y, w, h, radius, fill, opacity, hint } => writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"{} fill=\"{}\"{}{}",
                Px(*x),
                Px(*y),
                Px(w.max(0.0)),
                Px(h.max(0.0)),
                if *radius > 0.0 { format!(" rx=\"{radius}\"") } else { String::new() },
                fill.css(theme),
                opaque(*opacity),
                close("rect", hint.as_deref()),
            ),
            Shape::Path { points, stroke } => writeln!(
                out,
                "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{} stroke-linejoin=\"round\"/>",
                outline(points),
                stroke.paint.css(theme),
                stroke.width,
                if stroke.dashed { " stroke-dasharray=\"5 4\"" } else { "" },
            ),
            Shape::Area { points, fill, opacity } => writeln!(
                out,
                "<path d=\"{}Z\" fill=\"{}\"{}/>",
                outline(points),
                fill.css(theme),
                opaque(*opacity),
            ),
            Shape::Disc { x, y, radius, fill, hint } => writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{}\"{}",
                Px(*x),
                Px(*y),
                fill.css(theme),
                close("circle", hint.as_deref()),
            ),
            Shape::Text { x, y, style, text, hint } => writeln!(
                out,
                "<text{} font-size=\"{}\"{}{} fill=\"{}\">{}{}</text>",
                place(*x, *y, style.turn),
                style.size,
                if style.bold { " font-weight=\"600\"" } else { "" },
                match style.anchor {
                    Anchor::Start => "",
                    Anchor::Middle => " text-anchor=\"middle\"",
                    Anchor::End => " text-anchor=\"end\"",
                },
                style.paint.css(theme),
                title(hint.as_deref()),
                escape(text),
            ),
        };
    }
}

/// A coordinate to a hundredth of a pixel, without trailing zeros; anything not finite is 0.
struct Px(f64);

impl std::fmt::Display for Px {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        write!(f, "{}", if rounded.is_finite() { rounded + 0.0 } else { 0.0 })
    }
}

fn place(x: f64, y: f64, turn: f64) -> String {
    if turn == 0.0 {
        format!(" x=\"{}\" y=\"{}\"", Px(x), Px(y))
    } else {
        format!(" transform=\"translate({} {}) rotate({turn})\"", Px(x), Px(y))
    }
}

fn opaque(opacity: f64) -> String {
    if opacity < 1.0 {
        format!(" fill-opacity=\"{}\"", (opacity * 1000.0).round() / 1000.0)
    } else {
        String::new()
    }
}

fn title(hint: Option<&str>) -> String {
    hint.map_or(String::new(), |hint| format!("<title>{}</title>", escape(hint)))
}

fn close(element: &str, hint: Option<&str>) -> String {
    if hint.is_some() { format!(">{}</{element}>", title(hint)) } else { "/>".to_owned() }
}

fn outline(points: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (i, &(x, y)) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, Px(x), Px(y));
    }
    d
}

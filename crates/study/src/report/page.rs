//! Self-contained HTML pages: one file, light and dark, no address outside of it, readable without scripts.

use minijinja::{Environment, UndefinedBehavior, value::Serde};
use serde::Serialize;

use super::paint::Theme;
use super::scene::Scene;

/// A page that cannot be made: a fault of a template, not of the data.
#[derive(Debug, thiserror::Error)]
#[error("page {name}: {source}")]
pub struct PageError {
    name: &'static str,
    source: minijinja::Error,
}

/// The pages there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// How well a model does.
    Evaluation,
    /// What a set of cells holds.
    Preview,
    /// What was cut out of images.
    Crops,
    /// Plates, conditions and hits.
    Plates,
    /// A threshold at several values.
    Sweep,
    /// Where cells lie on a map.
    Embedding,
    /// What of cells a model looks at.
    Explanation,
}

const FILES: [(&str, &str); 12] = [
    ("base.html", include_str!("../../assets/page/base.html")),
    ("macros.html", include_str!("../../assets/page/macros.html")),
    ("style.css", include_str!("../../assets/page/style.css")),
    ("sort.js", include_str!("../../assets/page/sort.js")),
    ("evaluation.html", include_str!("../../assets/page/evaluation.html")),
    ("preview.html", include_str!("../../assets/page/preview.html")),
    ("crops.html", include_str!("../../assets/page/crops.html")),
    ("plates.html", include_str!("../../assets/page/plates.html")),
    ("plates.js", include_str!("../../assets/page/plates.js")),
    ("sweep.html", include_str!("../../assets/page/sweep.html")),
    ("embedding.html", include_str!("../../assets/page/embedding.html")),
    ("explanation.html", include_str!("../../assets/page/explanation.html")),
];

/// A drawing as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawing {
    /// Name of its files without the ending.
    pub name: String,
    /// Markup.
    pub svg: String,
}

impl From<&Scene> for Drawing {
    fn from(scene: &Scene) -> Self {
        Drawing { name: scene.name.clone(), svg: scene.svg(Theme::Page) }
    }
}

/// The page with the facts in `context`. Every text in it is escaped; only [`Drawing::svg`] is taken as markup.
///
/// # Errors
/// When a template asks for what the context does not have.
pub fn render(page: Page, context: &impl Serialize) -> Result<String, PageError> {
    let name = match page {
        Page::Evaluation => "evaluation.html",
        Page::Preview => "preview.html",
        Page::Crops => "crops.html",
        Page::Plates => "plates.html",
        Page::Sweep => "sweep.html",
        Page::Embedding => "embedding.html",
        Page::Explanation => "explanation.html",
    };
    let fault = |source| PageError { name, source };
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    for (file, content) in FILES {
        environment.add_template(file, content).map_err(fault)?;
    }
    environment.get_template(name).and_then(|t| t.render(Serde(context))).map_err(fault)
}

//! What a package tells people.

use formats::bioimage_package::Node;
use serde_json::Value;

use super::Package;
use crate::{Model, settings::Views};

/// What published recipes are to be cited by.
const RECIPES: [(&str, &str, &str); 2] = [
    (
        "encoder",
        "Ulicna et al. 2022: Learning dynamic image representations for self-supervised cell cycle annotation; the \
         annotation workflow, Methods in Molecular Biology",
        "10.1007/978-1-0716-2221-6_3",
    ),
    (
        "phase",
        "Kusumoto et al. 2021: Anti-senescent drug screening by deep learning-based morphology senescence scoring, \
         Nature Communications",
        "10.1038/s41467-020-20213-0",
    ),
];

/// The model in a sentence.
pub(super) fn sentence(model: &Model) -> String {
    let shape = model.contract.shape();
    let classes = model.classes.join(", ");
    let text = format!(
        "Tells single cells apart in crops of {shape} pixels and channels ({}): {classes}.",
        model.contract.channels.join(", ")
    );
    if text.len() <= 512 {
        text
    } else {
        format!("Tells single cells of {} classes apart.", model.classes.len())
    }
}

/// What is to be cited: what was named, and the published recipe that the model was trained by.
pub(super) fn citations(model: &Model, package: &Package) -> Vec<Node> {
    let preset = model.manifest.settings.parse::<toml::Table>().ok();
    let preset = preset.as_ref().and_then(|settings| settings.get("preset")?.as_str());
    let recipe =
        RECIPES.into_iter().filter(|(name, ..)| Some(*name) == preset).map(|(_, text, doi)| (text, doi));
    let named = package.cite.iter().map(|doi| (doi.as_str(), doi.as_str()));
    let entry = |(text, doi): (&str, &str)| Node::map([("text", text.into()), ("doi", doi.into())]);
    named.chain(recipe).map(entry).collect()
}

/// The documentation, Markdown.
pub(super) fn readme(model: &Model, package: &Package) -> String {
    let (contract, shape) = (&model.contract, model.contract.shape());
    let pixel = contract.pixel_size_um.map_or(String::new(), |um| format!(" A pixel has {um} µm."));
    let views = match contract.views {
        Views::One => "",
        Views::Dihedral => {
            " The network looks at each crop mirrored and turned and takes the mean of the scores."
        }
    };
    let classes: Vec<String> = model
        .classes
        .iter()
        .enumerate()
        .map(|(number, name)| format!("| {number} | {} |", cell(name)))
        .collect();
    format!(
        "# {name}\n\n{sentence}\n\n## Input\n\nCrops of one cell each, {shape} (rows, columns, channels), intensities as \
         stored ({depth}).{pixel} Preparation: the operations under `preprocessing`; with them the numbers are those of \
         the program that trained the model, but for crops whose intensities hardly differ (a deviation below 1 / \
         sqrt({n_values})), which that program scales less.{views}\n\n## Output\n\n| number | class |\n|---|---|\n\
         {classes}\n\n## Validation\n\n{validation}\n\nOn labelled crops of your own: compare the class with the \
         largest probability with the label; count per class.\n\n## How it was trained\n\nBy morphotype {program}; \
         {split}.\n\n```toml\n{settings}\n```\n",
        name = package.name,
        sentence = cell(&sentence(model)),
        depth = contract.depth,
        n_values = shape.len(),
        classes = classes.join("\n"),
        validation = validation(&model.validation),
        program = model.manifest.program,
        split = cell(&model.manifest.split),
        settings = model.manifest.settings.trim_end(),
    )
}

fn validation(metrics: &Value) -> String {
    let figure = |key: &str| {
        let value = metrics.get(key)?;
        value.as_f64().or_else(|| value.get("value")?.as_f64())
    };
    match (figure("accuracy"), figure("macro_f1")) {
        (Some(accuracy), Some(f1)) => {
            format!("Accuracy {accuracy:.3}, macro-F1 {f1:.3} on cells that it did not learn from.")
        }
        _ => "No figures on cells that it did not learn from are known.".to_owned(),
    }
}

/// Text from data as Markdown that shows it.
fn cell(text: &str) -> String {
    let special = |c: char| "\\`*_{}[]<>#|".contains(c);
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

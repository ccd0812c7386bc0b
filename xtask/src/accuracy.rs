//! The README's accuracy table: real cells, the recipes as a user runs them, three seeds.

use std::{collections::BTreeMap, path::Path, process::Command, time::Instant};

use crate::run::{built, root, run};

/// One real data set and how it is judged.
struct Set {
    name: &'static str,
    /// What the program reads, and which cells of it to learn from.
    learn: &'static [&'static str],
    /// The cells to judge on; empty: pooled over five folds.
    test: &'static [&'static str],
    batch: u32,
    passes: u32,
    figure: &'static str,
}

const DATA: &str = "../shared/data";

const SETS: &[Set] = &[
    Set {
        name: "mdck",
        learn: &[
            "mdck_annotator",
            "--table",
            "mdck_annotator/unique_patches.csv",
            "--where",
            "no_cell=0",
            "--classes",
            "Interphase,Prometaphase,Metaphase,Anaphase",
        ],
        test: &[],
        batch: 32,
        passes: 60,
        figure: "macro_f1",
    },
    Set {
        name: "jurkat",
        learn: &["jurkat_ifc/cells.npz"],
        test: &[],
        batch: 64,
        passes: 40,
        figure: "macro_f1",
    },
    Set {
        name: "pbc",
        learn: &["pbc_blood/pbc_28.npz", "--split", "train"],
        test: &["pbc_blood/pbc_28.npz", "--split", "val"],
        batch: 64,
        passes: 25,
        figure: "accuracy",
    },
    Set {
        name: "malaria",
        learn: &[
            "malaria_nih/train_set",
            "malaria_nih/valid_set",
            "--group-pattern",
            "^(C\\d+(?:P\\d+)?)",
            "--fit",
            "resize",
            "--size",
            "64",
        ],
        test: &[],
        batch: 64,
        passes: 25,
        figure: "accuracy",
    },
];

/// Trains and judges every set with every preset, precision and seed asked for, and prints a table of means.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let choice = Choice::parse(args)?;
    run("cargo", &["build", "--release", "--locked"])?;
    let mut results: BTreeMap<(usize, Recipe), Vec<(f64, f64)>> = BTreeMap::new();
    for (k, set) in SETS.iter().enumerate().filter(|(_, s)| choice.sets.iter().any(|n| n == s.name)) {
        for seed in &choice.seeds {
            for recipe in choice.recipes() {
                let (figure, seconds) = one(set, recipe, *seed)?;
                let Recipe { preset, precision } = recipe;
                let Set { name, figure: of, .. } = set;
                println!("{name} {preset} {precision} seed {seed}: {of} {figure:.4} in {seconds:.0} s");
                results.entry((k, recipe)).or_default().push((figure, seconds));
            }
        }
    }
    println!(
        "\n| data | figure | preset | precision | mean | seeds | seconds per run |\n|---|---|---|---|---|---|---|"
    );
    for ((k, Recipe { preset, precision }), runs) in &results {
        let mean = |get: fn(&(f64, f64)) -> f64| runs.iter().map(get).sum::<f64>() / runs.len() as f64;
        let each: Vec<String> = runs.iter().map(|r| format!("{:.4}", r.0)).collect();
        println!(
            "| {} | {} | {preset} | {precision} | **{:.4}** | {} | {:.0} |",
            SETS[*k].name,
            SETS[*k].figure,
            mean(|r| r.0),
            each.join(" "),
            mean(|r| r.1)
        );
    }
    Ok(())
}

/// How a network is trained.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Recipe<'a> {
    preset: &'a str,
    precision: &'a str,
}

struct Choice {
    sets: Vec<String>,
    presets: Vec<String>,
    precisions: Vec<String>,
    seeds: Vec<u64>,
}

impl Choice {
    fn parse(args: &[String]) -> Result<Self, String> {
        let mut choice = Choice {
            sets: SETS.iter().map(|s| s.name.to_owned()).collect(),
            presets: vec!["encoder".to_owned(), "default".to_owned()],
            precisions: vec!["f32".to_owned()],
            seeds: vec![0, 1, 2],
        };
        for pair in args.chunks(2) {
            let [flag, value] = pair else { return Err(format!("{}: expected a value", pair[0])) };
            let list: Vec<String> = value.split(',').map(str::to_owned).collect();
            match flag.as_str() {
                "--only" => choice.sets = list,
                "--preset" => choice.presets = list,
                "--precision" => choice.precisions = list,
                "--seeds" => {
                    let seeds: Result<_, _> = list.iter().map(|s| s.parse()).collect();
                    choice.seeds = seeds.map_err(|e| format!("--seeds: {e}"))?;
                }
                _ => return Err(format!("{flag}: expected --only, --preset, --precision or --seeds")),
            }
        }
        Ok(choice)
    }

    fn recipes(&self) -> impl Iterator<Item = Recipe<'_>> {
        let precisions = &self.precisions;
        self.presets
            .iter()
            .flat_map(move |preset| precisions.iter().map(move |precision| Recipe { preset, precision }))
    }
}

/// Trains once; the figure, and the seconds that training took.
fn one(set: &Set, Recipe { preset, precision }: Recipe, seed: u64) -> Result<(f64, f64), String> {
    let folder = root().join(format!("target/accuracy/{}-{preset}-{precision}-{seed}", set.name));
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let model = folder.join("model.safetensors");
    let mut train = vec!["train".to_owned()];
    train.extend(set.learn.iter().map(|a| beside(a)));
    let mut settings = format!("--preset {preset} --precision {precision} --seed {seed}");
    if preset != "default" {
        // The default sizes itself to the data.
        settings += &format!(" --epochs {} --batch {}", set.passes, set.batch);
    }
    train.extend(settings.split(' ').map(str::to_owned));
    let judge = if set.test.is_empty() { ["--folds", "5"] } else { ["--validation", "0"] };
    train.extend(judge.map(str::to_owned));
    train.extend(["--output".to_owned(), model.display().to_string()]);
    let started = Instant::now();
    morphotype(&train)?;
    let seconds = started.elapsed().as_secs_f64();
    let report = if set.test.is_empty() {
        folder.join("model.folds")
    } else {
        let report = folder.join("test");
        let mut evaluate = vec!["evaluate".to_owned(), model.display().to_string()];
        evaluate.extend(set.test.iter().map(|a| beside(a)));
        evaluate.extend(["--output".to_owned(), report.display().to_string()]);
        morphotype(&evaluate)?;
        report
    };
    Ok((figure(&report.join("metrics.json"), set.figure)?, seconds))
}

/// Arguments that name data lie beside the project.
fn beside(argument: &str) -> String {
    let path = format!("{DATA}/{argument}");
    if root().join(&path).exists() && !argument.starts_with('-') { path } else { argument.to_owned() }
}

fn morphotype(args: &[String]) -> Result<(), String> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let shown = args.join(" ");
    let output = Command::new(built("morphotype"))
        .args(&args)
        .current_dir(root())
        .output()
        .map_err(|e| format!("{shown}: {e}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("morphotype {shown}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)))
}

fn figure(path: &Path, key: &str) -> Result<f64, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let json: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
    json[key].as_f64().ok_or_else(|| format!("{}: expected a number at {key:?}", path.display()))
}

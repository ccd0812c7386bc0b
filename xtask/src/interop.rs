//! Other programs read what is written here, and say the same: each check in a Python environment of its own.

mod bioimage;
mod keras;
mod onnx;
mod tables;

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::install;
use crate::run::{root, run};

/// Presets of which a model is trained: each prepares images in another way, and one looks at several views.
const PRESETS: [&str; 3] = ["default", "encoder", "phase"];

/// Networks that Keras wrote, kept with the tests, and the channels that they are told to have.
const OTHERS: [(&str, &str); 8] = [
    ("functional", "red,green,blue"),
    ("lenet", "grey"),
    ("branches", "red,green,blue"),
    ("mobile", "red,green,blue"),
    ("excite", "red,green,blue"),
    ("shapes", "grey"),
    ("merges", "red,green,blue"),
    ("within", "red,green,blue"),
];

/// A check by other programs.
struct Check {
    name: &'static str,
    /// What it needs, as pip calls it.
    packages: &'static [&'static str],
    run: fn(&Work) -> Result<(), String>,
}

const CHECKS: [Check; 4] = [
    Check { name: "onnx", packages: &onnx::PACKAGES, run: onnx::check },
    Check { name: "keras", packages: &keras::PACKAGES, run: keras::check },
    Check { name: "bioimage", packages: &bioimage::PACKAGES, run: bioimage::check },
    Check { name: "tables", packages: &tables::PACKAGES, run: tables::check },
];

/// What the checks work with.
struct Work {
    /// Where everything is written.
    folder: PathBuf,
    /// The interpreter of the check's environment.
    python: String,
    /// A set of crops.
    cells: String,
}

impl Work {
    /// A path in the folder.
    fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    /// The model of a preset.
    fn model(&self, preset: &str) -> String {
        self.path(&format!("{preset}.safetensors"))
    }

    /// A network of [`OTHERS`], taken over: the model, and what goes in and should come out.
    fn imported(&self, name: &str, channels: &str) -> Result<(String, String), String> {
        let theirs = format!("crates/study/tests/import_model/data/k3_{name}");
        let model = self.path(&format!("{name}.safetensors"));
        let told = ["--normalise", "none", "--channels", channels, "--depth", "float32"];
        self.morphotype(
            &[&["import-model", &format!("{theirs}.keras")][..], &told, &["-o", &model]].concat(),
        )?;
        Ok((model, format!("{theirs}.npz")))
    }

    /// Runs the release build.
    fn morphotype(&self, args: &[&str]) -> Result<(), String> {
        run("cargo", &[&["run", "--release", "--locked", "--quiet", "--"][..], args].concat())
    }

    /// Runs a script in the check's environment.
    fn python(&self, args: &[&str]) -> Result<(), String> {
        run(&self.python, args)
    }
}

/// Trains small models on real cells, exports them, and runs the checks: all, or those named in `--only NAME,…`.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let names: Vec<&str> = match args {
        [] => CHECKS.iter().map(|check| check.name).collect(),
        [flag, names] if flag == "--only" => names.split(',').collect(),
        _ => return Err("interop: expected --only NAME,… or nothing".to_owned()),
    };
    let find = |name: &&str| {
        let known = || CHECKS.map(|check| check.name).join(", ");
        CHECKS
            .iter()
            .find(|check| check.name == *name)
            .ok_or_else(|| format!("expected {}, found {name}", known()))
    };
    let checks = names.iter().map(find).collect::<Result<Vec<_>, String>>()?;
    let mut work = prepare(&root().join("target/interop"))?;
    let mut done = Vec::new();
    for check in checks {
        let begun = Instant::now();
        work.python = install::python(&work.folder.join(format!("venv-{}", check.name)), check.packages)?;
        let entered = begun.elapsed().as_secs();
        (check.run)(&work)?;
        let all = begun.elapsed().as_secs();
        done.push(format!("{}: done in {all} s, {entered} s of them to install", check.name));
    }
    println!("{}", done.join("\n"));
    Ok(())
}

/// Cells, and a model of each preset.
fn prepare(folder: &Path) -> Result<Work, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let cells = folder.join("cells.crops").display().to_string();
    let work = Work { folder: folder.to_owned(), python: String::new(), cells };
    let data = root().join("../shared/data/mdck_annotator").display().to_string();
    work.morphotype(&["import", &data, "-o", &work.cells])?;
    for preset in PRESETS {
        let model = work.model(preset);
        work.morphotype(&["train", &work.cells, "--preset", preset, "--epochs", "1", "-o", &model])?;
    }
    Ok(work)
}

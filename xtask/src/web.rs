//! The page of `annotate` and `explore`: `cargo xtask web` builds it into `web/dist`, which is committed so that cargo alone builds the
//! program; the checks prove that what is committed is what the sources make, and drive it in a real browser.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use crate::install::unless_runs;
use crate::run::{built, root, run};

/// The oldest Node.js that the build tool runs on.
const OLDEST_NODE: (u32, u32) = (20, 19);
/// Fetched by npm where the machine's own is missing or older.
const NODE: &str = "node@22";

/// Builds `web/dist`.
pub fn build() -> Result<(), String> {
    let node = Node::ready()?;
    node.npm(&["ci", "--no-audit", "--no-fund"])?;
    node.npm(&["run", "build"])
}

/// Types, unit tests, the committed build compared byte for byte, and the page in a browser on the release build.
pub fn check() -> Result<(), String> {
    let dist = root().join("web/dist");
    let committed = files(&dist)?;
    let node = Node::ready()?;
    node.npm(&["ci", "--no-audit", "--no-fund"])?;
    node.npm(&["run", "check"])?;
    node.npm(&["test"])?;
    node.npm(&["run", "build"])?;
    same(&committed, &files(&dist)?)?;
    unless_runs("chromium", &["--version"], &["chromium"])?;
    node.npm(&["run", "e2e"])
}

/// npm, on a Node.js that is new enough.
struct Node {
    /// The folder of a `node` to put before the machine's own.
    folder: Option<String>,
}

impl Node {
    fn ready() -> Result<Self, String> {
        unless_runs("npm", &["--version"], &["nodejs", "npm"])?;
        if node_version().is_some_and(|version| version >= OLDEST_NODE) {
            return Ok(Self { folder: None });
        }
        let home = root().join("target/node");
        let prefix = home.to_str().ok_or("the project's path is not UTF-8")?;
        run("npm", &["install", "--no-audit", "--no-fund", "--prefix", prefix, NODE])?;
        let folder = home.join("node_modules/node/bin");
        Ok(Self { folder: folder.to_str().map(str::to_owned) })
    }

    /// `npm args…` in `web`, with the release build of the program for the browser tests.
    fn npm(&self, args: &[&str]) -> Result<(), String> {
        let shown = format!("npm {}", args.join(" "));
        eprintln!("\n==> {shown}");
        let mut command = Command::new("npm");
        command.args(args).current_dir(root().join("web")).env("MORPHOTYPE", built("morphotype"));
        if let Some(folder) = &self.folder {
            let path = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{folder}:{path}"));
        }
        let status = command.status().map_err(|e| format!("{shown}: {e}"))?;
        if status.success() { Ok(()) } else { Err(format!("{shown}: {status}")) }
    }
}

fn node_version() -> Option<(u32, u32)> {
    let output = Command::new("node").arg("--version").output().ok()?;
    version(&String::from_utf8(output.stdout).ok()?)
}

/// The first two numbers of `v20.19.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// All files below a folder, by their path from it.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        let shown = |e: std::io::Error| format!("{}: {e}", next.display());
        for entry in fs::read_dir(&next).map_err(shown)? {
            let path = entry.map_err(shown)?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            found.insert(name, fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?);
        }
    }
    Ok(found)
}

fn same(committed: &BTreeMap<String, Vec<u8>>, made: &BTreeMap<String, Vec<u8>>) -> Result<(), String> {
    let names: BTreeSet<&String> = committed.keys().chain(made.keys()).collect();
    let differing: Vec<&String> =
        names.into_iter().filter(|name| committed.get(*name) != made.get(*name)).collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "web/dist: expected what the sources make; {differing:?} differ: run `cargo xtask web` and commit"
    ))
}

#[cfg(test)]
mod tests {
    use super::{same, version};
    use std::collections::BTreeMap;

    #[test]
    fn versions_are_read() {
        assert_eq!(version("v20.19.1\n"), Some((20, 19)));
        assert_eq!(version("20"), None);
    }

    #[test]
    fn a_build_that_differs_is_named() {
        let of = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.as_bytes().to_vec())]);
        assert_eq!(same(&of("a.js", "1"), &of("a.js", "1")), Ok(()));
        assert!(same(&of("a.js", "1"), &of("a.js", "2")).is_err_and(|e| e.contains("a.js")));
        assert!(same(&of("a.js", "1"), &BTreeMap::new()).is_err());
    }
}

//! The crates may only lean on each other as ARCHITECTURE.md draws it.

use std::collections::{BTreeMap, BTreeSet};

/// Crate, and what it may use of the workspace.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kernels", &[]),
    ("cells", &["kernels"]),
    ("stats", &[]),
    ("formats", &["cells"]),
    ("nn", &["kernels"]),
    ("embed", &["kernels"]),
    ("study", &["cells", "embed", "formats", "nn", "stats"]),
    ("server", &["study"]),
    ("morphotype", &["server", "study"]),
    ("xtask", &[]),
];

#[test]
fn crates_use_each_other_only_as_drawn() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .exec()
        .expect("cargo metadata runs");
    let names: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let found: BTreeMap<&str, BTreeSet<&str>> = metadata
        .packages
        .iter()
        .map(|p| {
            let used = p.dependencies.iter().map(|d| d.name.as_str()).filter(|d| names.contains(d));
            (p.name.as_str(), used.collect())
        })
        .collect();
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ALLOWED.iter().map(|(name, uses)| (*name, uses.iter().copied().collect())).collect();
    assert_eq!(found, allowed);
}

#[test]
fn only_kernels_may_hold_unsafe_code() {
    for (name, _) in ALLOWED.iter().filter(|(name, _)| *name != "kernels") {
        let manifest = match *name {
            "morphotype" => "Cargo.toml".to_owned(),
            "xtask" => "xtask/Cargo.toml".to_owned(),
            name => format!("crates/{name}/Cargo.toml"),
        };
        let path = format!("{}/{manifest}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let table: toml::Table = text.parse().expect("a manifest is TOML");
        let lints = &table["lints"];
        let inherits = lints.get("workspace").and_then(toml::Value::as_bool) == Some(true);
        let forbids = lints.get("rust").and_then(|r| r.get("unsafe_code")).and_then(toml::Value::as_str)
            == Some("forbid");
        assert!(inherits || forbids, "{path}: expected unsafe code forbidden");
    }
}

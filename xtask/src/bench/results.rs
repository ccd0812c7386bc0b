//! The tables on disk: entries of one machine, the newest of each.

use std::fs::{create_dir_all, read, write};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::{machine, peers};

/// What a table is called, and its columns: heading, and key of the entry.
struct Table {
    key: &'static str,
    title: &'static str,
    columns: &'static [(&'static str, &'static str)],
}

const TABLES: [Table; 4] = [
    Table {
        key: "rows",
        title: "Against the peers, images (crop: fields; umap: points) per second",
        columns: &[
            ("what", "what"),
            ("ours", "ours_per_s"),
            ("fastest peer", "peer"),
            ("its", "peer_per_s"),
            ("ratio", "ratio"),
            ("all peers", "peers"),
            ("measured", "date"),
        ],
    },
    Table {
        key: "threads",
        title: "All threads against one, images per second",
        columns: &[
            ("what", "what"),
            ("one", "one_per_s"),
            ("threads", "threads"),
            ("all", "all_per_s"),
            ("ratio", "ratio"),
            ("measured", "date"),
        ],
    },
    Table {
        key: "kernels",
        title: "Convolutions on one core, against multiplying and adding in registers",
        columns: &[
            ("what", "what"),
            ("GFLOP/s", "gflops"),
            ("peak", "peak_gflops"),
            ("share, %", "share_percent"),
            ("measured", "date"),
        ],
    },
    Table {
        key: "streaming",
        title: "Whole runs of the program over crop sets of 64x64, encoder",
        columns: &[
            ("what", "what"),
            ("seconds", "seconds"),
            ("µs per further cell", "us_per_further_cell"),
            ("memory, MiB", "mebibytes"),
            ("measured", "date"),
        ],
    },
];

/// The figures of one machine.
pub struct Results {
    folder: PathBuf,
    json: Map<String, Value>,
}

impl Results {
    /// The results in `folder`, when they are of this machine; else none yet.
    pub fn open(folder: PathBuf) -> Result<Results, String> {
        let path = folder.join("results.json");
        let mut json = match read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| format!("{}: {e}", path.display()))?,
            Err(_) => Map::new(),
        };
        let machine = Value::from(machine::machine());
        if json.get("machine") != Some(&machine) {
            json.clear();
        }
        json.insert("machine".to_owned(), machine);
        json.insert("peers".to_owned(), peers::versions()?.into());
        Ok(Results { folder, json })
    }

    /// Adds entries to a table, in the place of those about the same, and saves.
    pub fn put(&mut self, table: &str, entries: Vec<Value>) -> Result<(), String> {
        let (date, ours) = (machine::date(), machine::ours());
        let slot = self.json.entry(table).or_insert_with(|| json!([]));
        let Value::Array(rows) = slot else { return Err(format!("results: expected a list of {table}")) };
        for mut entry in entries {
            entry["date"] = date.clone().into();
            entry["ours"] = ours.clone().into();
            match rows.iter_mut().find(|row| row["what"] == entry["what"]) {
                Some(row) => *row = entry,
                None => rows.push(entry),
            }
        }
        let text = serde_json::to_string_pretty(&self.json).map_err(|e| e.to_string())?;
        let failed = |e: std::io::Error| format!("{}: {e}", self.folder.display());
        create_dir_all(&self.folder).map_err(failed)?;
        write(self.folder.join("results.json"), text + "\n").map_err(failed)?;
        write(self.folder.join("results.md"), self.page()).map_err(failed)
    }

    /// All tables for people.
    pub fn page(&self) -> String {
        let text = |key: &str| self.json.get(key).map(cell).unwrap_or_default();
        let mut page = format!(
            "# Measured speed\n\nWritten by `cargo xtask bench`. Contestants run in turn on one machine, all with all of \
             its threads; each figure is the median of its measurements.\n\n{}\n\nPeers: {}.\n",
            text("machine"),
            text("peers"),
        );
        for Table { key, title, columns } in &TABLES {
            let Some(Value::Array(rows)) = self.json.get(*key) else { continue };
            let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
            page += &format!("\n## {title}\n\n");
            page += &line(columns.iter().map(|(heading, _)| (*heading).to_owned()).collect());
            page += &line(columns.iter().map(|_| "---".to_owned()).collect());
            for row in rows {
                page += &line(columns.iter().map(|(_, key)| cell(&row[*key])).collect());
            }
        }
        page
    }
}

/// A value as people read it.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(pairs) => {
            pairs.iter().map(|(name, value)| format!("{name} {}", cell(value))).collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => match number.as_f64() {
            Some(x) if x >= 1000.0 => format!("{x:.0}"),
            _ => number.to_string(),
        },
        Value::Bool(truth) => truth.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newer_entries_replace_older_ones_about_the_same() {
        let folder = std::env::temp_dir().join(format!("morphotype-bench-{}", std::process::id()));
        let entry =
            |what: &str, per_s: f64| json!({ "what": what, "ours_per_s": per_s, "peers": { "torch": 2.5 } });
        let mut results = Results::open(folder.clone()).unwrap();
        results.put("rows", vec![entry("a", 1.0), entry("b", 2.0)]).unwrap();
        let mut results = Results::open(folder.clone()).unwrap();
        results.put("rows", vec![entry("a", 3.0)]).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        let rows = results.json["rows"].as_array().unwrap();
        assert_eq!(rows.iter().map(|r| r["ours_per_s"].as_f64()).collect::<Vec<_>>(), [Some(3.0), Some(2.0)]);
        assert!(results.page().contains("| a | 3.0 |  |  |  | torch 2.5 | "), "{}", results.page());
    }

    #[test]
    fn results_of_another_machine_are_left_behind() {
        let folder = std::env::temp_dir().join(format!("morphotype-machine-{}", std::process::id()));
        create_dir_all(&folder).unwrap();
        write(folder.join("results.json"), r#"{"machine": "abacus", "rows": [{"what": "a"}]}"#).unwrap();
        let results = Results::open(folder.clone()).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert!(!results.json.contains_key("rows"));
    }
}

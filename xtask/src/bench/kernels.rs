//! How near the convolutions come to the most that a core can do.

use serde_json::Value;

use crate::run::run_lines;

/// Entries of the kernels' own bench: `what`, `gflops`, `peak_gflops`, `share`.
pub fn measure() -> Result<Vec<Value>, String> {
    let mut entries = Vec::new();
    let bench = ["bench", "--locked", "-p", "kernels", "--bench", "convolution", "--", "--json"];
    let succeeded = run_lines("cargo", &bench, |line| {
        if let Ok(entry @ Value::Object(_)) = serde_json::from_str(line) {
            entries.push(entry);
        }
    })?;
    if succeeded && !entries.is_empty() { Ok(entries) } else { Err("the bench said nothing".to_owned()) }
}

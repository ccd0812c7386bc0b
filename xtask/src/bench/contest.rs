//! One row of the table of peers: everybody in turn, the median of each.

use serde_json::{Map, Value, json};

use super::contestant::Contestant;
use super::{Effort, machine, median, peers};

/// What the engine can compute in.
const PRECISIONS: [&str; 2] = ["f32", "bf16"];

/// Names of all rows: `NETWORK-train|infer-PRECISION`, images per second; `crop-percentile`, fields per second; `umap`, points
/// per second.
pub fn rows() -> Vec<String> {
    let directions = PRECISIONS.iter().flat_map(|precision| [("train", precision), ("infer", precision)]);
    let names = |(direction, precision)| {
        ["encoder", "phase"].map(|network| format!("{network}-{direction}-{precision}"))
    };
    directions.flat_map(names).chain(["crop-percentile", "umap"].map(str::to_owned)).collect()
}

/// Lets ours and every peer that knows the row run in turn.
pub fn measure(what: &str, effort: &Effort) -> Result<Vec<Value>, String> {
    let mut contestants = vec![Contestant::ours("ours", what, machine::threads())?];
    for peer in peers::for_row(what) {
        contestants.push(peers::start(peer)?);
    }
    for contestant in &mut contestants {
        contestant.rate(what, effort.seconds)?;
    }
    let mut rates = vec![Vec::new(); contestants.len()];
    for _ in 0..effort.rounds {
        for (contestant, rates) in contestants.iter_mut().zip(&mut rates) {
            let rate = contestant.rate(what, effort.seconds)?;
            eprintln!("{what} {}: {rate:.0}/s", contestant.name);
            rates.push(rate);
        }
    }
    let mut medians = contestants.iter().map(|c| c.name.clone()).zip(rates.into_iter().filter_map(median));
    let (_, ours) = medians.next().ok_or("no measurement")?;
    entry(what, ours, &medians.collect::<Vec<_>>()).map(|entry| vec![entry])
}

/// Ours against the fastest peer, and all of them.
fn entry(what: &str, ours: f64, peers: &[(String, f64)]) -> Result<Value, String> {
    let (name, rate) =
        peers.iter().max_by(|a, b| a.1.total_cmp(&b.1)).ok_or_else(|| format!("{what}: no peer"))?;
    let all: Map<String, Value> =
        peers.iter().map(|(name, rate)| (name.clone(), json!(rounded(*rate)))).collect();
    Ok(json!({
        "what": what,
        "ours_per_s": rounded(ours),
        "peer": name,
        "peer_per_s": rounded(*rate),
        "ratio": (ours / rate * 100.0).round() / 100.0,
        "peers": all,
    }))
}

fn rounded(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_is_held_against_the_fastest() {
        let peers = [("slow".to_owned(), 10.0), ("fast".to_owned(), 50.0)];
        let entry = entry("encoder-train-f32", 75.0, &peers).unwrap();
        assert_eq!(entry["peer"], "fast");
        assert_eq!(entry["ratio"], 1.5);
        assert_eq!(entry["peers"]["slow"], 10.0);
    }
}

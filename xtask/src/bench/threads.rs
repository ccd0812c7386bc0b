//! All threads against one.

use serde_json::{Value, json};

use super::contestant::Contestant;
use super::{Effort, machine, median};

/// Ours against itself on one thread, in turn.
pub fn measure(what: &str, effort: &Effort) -> Result<Vec<Value>, String> {
    let n = machine::threads();
    let mut one = Contestant::ours("ours-1-thread", what, 1)?;
    let mut all = Contestant::ours("ours", what, n)?;
    let mut rates = (Vec::new(), Vec::new());
    for round in 0..=effort.rounds {
        let rate = (one.rate(what, effort.seconds)?, all.rate(what, effort.seconds)?);
        // The first round warms up.
        if round > 0 {
            rates.0.push(rate.0);
            rates.1.push(rate.1);
        }
    }
    let one = median(rates.0).ok_or("no measurement")?;
    let all = median(rates.1).ok_or("no measurement")?;
    let ratio = (all / one * 100.0).round() / 100.0;
    Ok(vec![
        json!({ "what": what, "threads": n, "one_per_s": one.round(), "all_per_s": all.round(), "ratio": ratio }),
    ])
}

//! Speed, held against the peers and against the machine: `bench/results.md` for people, `bench/results.json` for
//! programs.

mod contest;
mod contestant;
mod kernels;
mod machine;
mod peers;
mod results;
mod streaming;
mod threads;

use std::path::PathBuf;

use serde_json::Value;

use crate::run::root;
use results::Results;

/// How long and how often.
struct Effort {
    /// Measurements of each contestant, in turn with the others; the median counts.
    rounds: usize,
    /// Length of a measurement.
    seconds: f64,
    /// Sizes of the sets of cells for streaming.
    cells: &'static [usize],
}

const FULL: Effort = Effort { rounds: 5, seconds: 3.0, cells: &[1_000, 10_000, 100_000, 1_000_000] };
/// Enough to see that everything runs; the figures mean nothing.
const QUICK: Effort = Effort { rounds: 1, seconds: 0.2, cells: &[1_000, 2_000] };

/// A part of the table that can be measured alone.
struct Task {
    name: String,
    /// Which table of the results its entries join.
    table: &'static str,
    measure: Box<Measure>,
}

/// Entries of a table, each about one `what`.
type Measure = dyn Fn(&Effort) -> Result<Vec<Value>, String>;

/// Measures everything, or what `--only` names the beginnings of.
pub fn run_all(args: &[String]) -> Result<(), String> {
    let choice = Choice::parse(args)?;
    let tasks = choice.select(tasks())?;
    let mut results = Results::open(choice.folder())?;
    let mut failures = Vec::new();
    for Task { name, table, measure } in tasks {
        eprintln!("\n==> {name}");
        match measure(choice.effort()) {
            Ok(entries) => results.put(table, entries)?,
            Err(message) => failures.push(format!("{name}: {message}")),
        }
    }
    println!("{}", results.page());
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
}

/// All there is to measure, in the order of the page.
fn tasks() -> Vec<Task> {
    let contests = contest::rows().into_iter().map(|what| Task {
        name: what.clone(),
        table: "rows",
        measure: Box::new(move |effort| contest::measure(&what, effort)),
    });
    let threads = ["encoder-train-f32", "phase-train-f32"].map(|what| Task {
        name: format!("threads-{what}"),
        table: "threads",
        measure: Box::new(move |effort| threads::measure(what, effort)),
    });
    let kernels =
        Task { name: "kernels".to_owned(), table: "kernels", measure: Box::new(|_| kernels::measure()) };
    let streaming = ["predict", "train"].map(|verb| Task {
        name: format!("streaming-{verb}"),
        table: "streaming",
        measure: Box::new(move |effort| streaming::measure(verb, effort)),
    });
    contests.chain(threads).chain([kernels]).chain(streaming).collect()
}

#[derive(Debug, Default, PartialEq)]
struct Choice {
    /// Beginnings of names; empty: everything.
    only: Vec<String>,
    quick: bool,
}

impl Choice {
    fn parse(args: &[String]) -> Result<Choice, String> {
        let mut choice = Choice::default();
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            match (flag.as_str(), args.as_slice()) {
                ("--quick", _) => choice.quick = true,
                ("--only", [names, ..]) => {
                    choice.only = names.split(',').map(str::to_owned).collect();
                    args.next();
                }
                _ => return Err(format!("{flag}: expected --only NAME,… or --quick")),
            }
        }
        Ok(choice)
    }

    fn select(&self, tasks: Vec<Task>) -> Result<Vec<Task>, String> {
        let names: Vec<String> = tasks.iter().map(|task| task.name.clone()).collect();
        if let Some(name) = self.only.iter().find(|only| !names.iter().any(|n| n.starts_with(*only))) {
            return Err(format!("--only {name}: expected the beginning of one of {}", names.join(", ")));
        }
        let wanted =
            |task: &Task| self.only.is_empty() || self.only.iter().any(|only| task.name.starts_with(only));
        Ok(tasks.into_iter().filter(wanted).collect())
    }

    fn effort(&self) -> &'static Effort {
        if self.quick { &QUICK } else { &FULL }
    }

    /// Quick figures stay out of the project.
    fn folder(&self) -> PathBuf {
        root().join(if self.quick { "target/bench/quick" } else { "bench" })
    }
}

/// The middle value; of an even number, the higher of the two in the middle.
fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Choice, String> {
        Choice::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn beginnings_select_and_names_that_select_nothing_are_refused() {
        let names = |line: &str| {
            let tasks = parse(line)?.select(tasks())?;
            Ok::<_, String>(tasks.into_iter().map(|task| task.name).collect::<Vec<_>>())
        };
        let selected = ["phase-train-f32", "phase-train-bf16", "kernels"].map(str::to_owned).to_vec();
        assert_eq!(names("--only phase-train,kernels"), Ok(selected));
        assert_eq!(names("").map(|all| all.len()), Ok(tasks().len()));
        assert!(names("--only nonsense").is_err());
        assert!(parse("--only").is_err());
        assert!(parse("--fast").is_err());
    }

    #[test]
    fn median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![]), None);
    }
}

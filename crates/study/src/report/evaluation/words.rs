//! The figures of an evaluation in words that a biologist reads.

use serde::Serialize;
use stats::metrics::{ClassMetrics, Metrics};

use crate::report::text::{counted, percent, thousands};

/// A figure that stands alone.
#[derive(Serialize)]
pub struct Card {
    name: &'static str,
    value: String,
    range: String,
    meaning: &'static str,
}

/// A row of the table of classes.
#[derive(Serialize)]
pub struct ClassRow {
    name: String,
    support: u64,
    support_text: String,
    figures: Vec<Cell>,
}

/// A figure in a table: how it reads and how it sorts.
#[derive(Serialize)]
struct Cell {
    value: String,
    range: String,
    sort: f64,
}

/// How well it went, in two or three sentences.
pub fn summary(metrics: &Metrics) -> String {
    let n_right: u64 = metrics.confusion.counts().iter().enumerate().map(|(i, row)| row[i]).sum();
    let interval = metrics.intervals.get("accuracy").map_or(String::new(), |[low, high]| {
        format!(", 95% interval {} to {}", percent(*low), percent(*high))
    });
    let mut text = format!(
        "Of {} in {}, {} were called right ({}{interval}).",
        counted(metrics.n, "cell", "cells"),
        counted(metrics.n_groups, "group", "groups"),
        thousands(usize::try_from(n_right).unwrap_or(usize::MAX)),
        percent(metrics.accuracy),
    );
    let mut present: Vec<(usize, &String, &ClassMetrics)> = metrics
        .classes
        .iter()
        .enumerate()
        .filter_map(|(i, name)| Some((i, name, metrics.per_class.get(name)?)))
        .filter(|(_, _, class)| class.support > 0)
        .collect();
    present.sort_by(|a, b| b.2.f1.total_cmp(&a.2.f1).then(a.0.cmp(&b.0)));
    if let [best, .., worst] = present[..] {
        text += &format!(
            " Recognised best is {} (F1 {:.2}), worst {} (F1 {:.2}{}).",
            best.1,
            best.2.f1,
            worst.1,
            worst.2.f1,
            mistaken(metrics, worst.0)
        );
    }
    text
}

/// What the cells of `class` are most often taken for.
fn mistaken(metrics: &Metrics, class: usize) -> String {
    let row = &metrics.confusion.counts()[class];
    let other =
        (0..row.len()).filter(|&other| other != class).max_by_key(|&other| (row[other], usize::MAX - other));
    match other.filter(|&other| row[other] > 0) {
        None => String::new(),
        Some(other) => {
            let n: u64 = row.iter().sum();
            format!("; {} of its {n} cells were taken for {}", row[other], metrics.classes[other])
        }
    }
}

/// The figures that sum up all classes.
pub fn cards(metrics: &Metrics) -> Vec<Card> {
    let card =
        |name, key: &str, value: String, meaning| Card { name, value, range: range(metrics, key), meaning };
    vec![
        card(
            "Accuracy",
            "accuracy",
            format!("{:.3}", metrics.accuracy),
            "share of the cells that are called right",
        ),
        card(
            "Balanced accuracy",
            "balanced_accuracy",
            format!("{:.3}", metrics.balanced_accuracy),
            "mean over the classes, rare ones count as much",
        ),
        card("Macro-F1", "macro_f1", format!("{:.3}", metrics.macro_f1), "mean F1 of the classes"),
        card(
            "Log-loss",
            "log_loss",
            format!("{:.3}", metrics.log_loss),
            "quality of the probabilities, 0 is best",
        ),
        card(
            "Calibration error",
            "ece",
            format!("{:.3}", metrics.ece),
            "how far confidence is from truth (ECE)",
        ),
        Card {
            name: "Cells",
            value: thousands(metrics.n),
            range: counted(metrics.n_groups, "group", "groups"),
            meaning: "judged; relatives form a group",
        },
    ]
}

/// `0.89–0.93`, or nothing when there is no interval.
fn range(metrics: &Metrics, key: &str) -> String {
    metrics.intervals.get(key).map_or(String::new(), |[low, high]| format!("{low:.3}–{high:.3}"))
}

/// The table of classes.
pub fn classes(metrics: &Metrics) -> Vec<ClassRow> {
    let row = |name: &String| {
        let class = metrics.per_class.get(name)?;
        let cell = |key: &str, value: Option<f64>| {
            let key = format!("per_class.{name}.{key}");
            let value = value.filter(|_| !metrics.undefined.contains_key(&key));
            Cell {
                value: value.map_or("–".into(), |v| format!("{v:.3}")),
                range: range(metrics, &key),
                sort: value.unwrap_or(-1.0),
            }
        };
        Some(ClassRow {
            name: name.clone(),
            support: class.support,
            support_text: thousands(usize::try_from(class.support).unwrap_or(usize::MAX)),
            figures: vec![
                cell("precision", Some(class.precision)),
                cell("recall", Some(class.recall)),
                cell("f1", Some(class.f1)),
                cell("auc", class.auc),
                cell("average_precision", class.average_precision),
            ],
        })
    };
    metrics.classes.iter().filter_map(row).collect()
}

/// Whether the model is too sure of itself.
pub fn calibration(metrics: &Metrics) -> String {
    let mean = |figure: fn(&stats::calibration::ReliabilityBin) -> Option<f64>| {
        let sum: f64 = metrics.reliability.iter().filter_map(|b| Some(b.n as f64 * figure(b)?)).sum();
        sum / metrics.n.max(1) as f64
    };
    let gap = mean(|b| b.confidence) - metrics.accuracy;
    let verdict = if metrics.ece < 0.03 {
        "The probabilities are well calibrated".to_owned()
    } else if gap.abs() < 0.5 * metrics.ece {
        "The model is too sure in some ranges and not sure enough in others".to_owned()
    } else if gap > 0.0 {
        "The model is too sure of itself".to_owned()
    } else {
        "The model is less sure than it could be".to_owned()
    };
    format!(
        "{verdict}: its mean confidence is {}, its accuracy {}. The second figure says what is gained when the cells \
         that it is unsure of are left out.",
        percent(mean(|b| b.confidence)),
        percent(metrics.accuracy)
    )
}

//! How the learning rate changes over a run.

use serde::{Deserialize, Serialize};

/// A factor on the learning rate that depends on the progress of the run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Always 1.
    #[default]
    Constant,
    /// Up from `initial` to 1 along half a cosine during the share `warmup` of the run, then down to `last` along
    /// another.
    ///
    /// # Source
    /// Smith & Topin 2019, doi:10.1117/12.2520589, in the form with cosines.
    OneCycle {
        /// Share of the run that goes up, 0 to 1.
        warmup: f32,
        /// Factor at the first step.
        initial: f32,
        /// Factor at the last step.
        last: f32,
    },
    /// Down from 1 to `last` along half a cosine.
    Cosine {
        /// Factor at the last step.
        last: f32,
    },
}

impl Schedule {
    /// All settings out of range, as text; empty when there is none.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let settings: &[(&str, f32)] = match self {
            Schedule::Constant => &[],
            Schedule::OneCycle { warmup, initial, last } => {
                &[("warmup", *warmup), ("initial", *initial), ("last", *last)]
            }
            Schedule::Cosine { last } => &[("last", *last)],
        };
        let wrong = settings.iter().filter(|(_, value)| !(0.0..=1.0).contains(value));
        wrong.map(|(name, value)| format!("{name}: expected 0 to 1, found {value}")).collect()
    }

    /// The factor for `step` (from 0) of `total_steps`; past the end it stays as at the end.
    ///
    /// ```
    /// use nn::schedule::Schedule;
    /// let cycle = Schedule::OneCycle { warmup: 0.25, initial: 0.1, last: 0.0 };
    /// assert_eq!([0, 25, 100].map(|step| cycle.factor(step, 101)), [0.1, 1.0, 0.0]);
    /// ```
    #[must_use]
    pub fn factor(&self, step: u64, total_steps: u64) -> f32 {
        let end = total_steps.saturating_sub(1).max(1);
        let progress = step.min(end) as f64 / end as f64;
        let factor = match *self {
            Schedule::Constant => 1.0,
            Schedule::Cosine { last } => glide(1.0, last.into(), progress),
            Schedule::OneCycle { warmup, initial, last } => {
                let warmup = f64::from(warmup);
                if progress < warmup {
                    glide(initial.into(), 1.0, progress / warmup)
                } else {
                    glide(1.0, last.into(), (progress - warmup) / (1.0 - warmup).max(f64::MIN_POSITIVE))
                }
            }
        };
        factor as f32
    }
}

/// From `a` to `b` along half a cosine, `t` in 0..=1.
fn glide(a: f64, b: f64, t: f64) -> f64 {
    b + (a - b) * 0.5 * (1.0 + (std::f64::consts::PI * t).cos())
}

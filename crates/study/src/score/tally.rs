//! What cells add up to: by field, by well, by condition.

/// Sums over cells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// Cells.
    pub n: u64,
    /// Cells called each class.
    pub called: Vec<u64>,
    /// Sum of each class' probabilities.
    pub sums: Vec<f64>,
    /// Sum of squared probabilities of each class.
    pub squares: Vec<f64>,
}

impl Tally {
    /// Adds a cell.
    pub fn add(&mut self, probabilities: &[f64], class: usize) {
        let k = probabilities.len();
        self.called.resize(k, 0);
        self.sums.resize(k, 0.0);
        self.squares.resize(k, 0.0);
        self.n += 1;
        self.called[class] += 1;
        for (i, p) in probabilities.iter().enumerate() {
            self.sums[i] += p;
            self.squares[i] += p * p;
        }
    }

    /// Mean probability of a class; None without cells.
    #[must_use]
    pub fn mean(&self, class: usize) -> Option<f64> {
        (self.n > 0).then(|| self.sums[class] / self.n as f64)
    }

    /// Share of the cells called so; None without cells.
    #[must_use]
    pub fn fraction(&self, class: usize) -> Option<f64> {
        (self.n > 0).then(|| self.called[class] as f64 / self.n as f64)
    }

    /// Standard deviation of the probabilities of a class; None of fewer than two cells.
    #[must_use]
    pub fn sd(&self, class: usize) -> Option<f64> {
        let n = self.n as f64;
        let mean = self.mean(class).filter(|_| self.n > 1)?;
        Some(((self.squares[class] - n * mean * mean).max(0.0) / (n - 1.0)).sqrt())
    }
}

//! The few smallest of a stream of distances.

/// Keeps the `k` smallest of what it is offered. Candidates are gathered and cut back when there are twice as many as
/// wanted, which is cheaper than a heap for the 15 or 30 that maps need.
pub struct Nearest {
    k: usize,
    kept: Vec<(f32, u32)>,
    limit: f32,
}

impl Nearest {
    pub fn new(k: usize) -> Nearest {
        Nearest { k, kept: Vec::with_capacity(2 * k + 1), limit: f32::INFINITY }
    }

    /// Values that are not below it need not be offered.
    pub fn limit(&self) -> f32 {
        self.limit
    }

    pub fn offer(&mut self, value: f32, id: u32) {
        self.kept.push((value, id));
        if self.kept.len() > 2 * self.k {
            self.cut();
        }
    }

    fn cut(&mut self) {
        if self.kept.len() > self.k {
            let by_value = |a: &(f32, u32), b: &(f32, u32)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
            let (_, last, _) = self.kept.select_nth_unstable_by(self.k - 1, by_value);
            self.limit = last.0;
            self.kept.truncate(self.k);
        }
    }

    /// The smallest, in no order.
    pub fn into_kept(mut self) -> Vec<(f32, u32)> {
        self.cut();
        self.kept
    }
}

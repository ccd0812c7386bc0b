//! A scripted stream of edits that remembers what was acknowledged.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::client::Client;

/// Numbers that only look random (splitmix64; Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed)
    }

    /// From 0 to below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// A cell as the stream left it.
#[derive(Clone, PartialEq, Debug)]
struct Cell {
    y: f64,
    x: f64,
    version: i64,
    deleted: bool,
}

/// The stream.
pub struct Stream {
    random: Random,
    cells: BTreeMap<String, Cell>,
    n_cells: u64,
    n_gestures: u64,
    n_acknowledged: usize,
    /// A gesture of which it is not known whether it was made, with what it would make of the cells.
    cut: Option<(Value, BTreeMap<String, Cell>)>,
}

fn uuid(kind: u32, n: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{n:012x}")
}

impl Stream {
    pub fn new(seed: u64) -> Self {
        let random = Random::new(seed);
        Stream { random, cells: BTreeMap::new(), n_cells: 0, n_gestures: 0, n_acknowledged: 0, cut: None }
    }

    /// Edits that were acknowledged.
    pub fn n_acknowledged(&self) -> usize {
        self.n_acknowledged
    }

    /// Whether it is not known what became of the last gesture.
    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// One edit, and what it makes of its cell.
    fn edit(&mut self, seen: &BTreeMap<String, Cell>) -> (Value, String, Cell) {
        let (y, x) = (self.random.below(2560) as f64 / 10.0 - 0.5, self.random.below(2550) as f64 / 10.0);
        let some = self.random.below(seen.len().max(1) as u64) as usize;
        let Some((id, cell)) = seen.iter().nth(some).filter(|_| self.random.below(10) < 4) else {
            self.n_cells += 1;
            let id = uuid(2, self.n_cells);
            let t = self.n_cells % 4;
            let add =
                json!({ "op": "add", "id": id, "image": 1, "t": t, "z": 0, "y": y, "x": x, "class": null });
            return (add, id, Cell { y, x, version: 1, deleted: false });
        };
        let (id, seen) = (id.clone(), cell.clone());
        let version = seen.version;
        let next = Cell { version: version + 1, ..seen };
        if next.deleted {
            return (
                json!({ "op": "restore", "id": id, "version": version }),
                id,
                Cell { deleted: false, ..next },
            );
        }
        if self.random.below(3) == 0 {
            return (
                json!({ "op": "delete", "id": id, "version": version }),
                id,
                Cell { deleted: true, ..next },
            );
        }
        (json!({ "op": "move", "id": id, "version": version, "y": y, "x": x }), id, Cell { y, x, ..next })
    }

    fn gesture(&mut self) -> (Value, BTreeMap<String, Cell>) {
        let mut after = self.cells.clone();
        let n = 1 + self.random.below(4);
        let edits: Vec<Value> = (0..n)
            .map(|_| {
                let (edit, id, cell) = self.edit(&after);
                after.insert(id, cell);
                edit
            })
            .collect();
        self.n_gestures += 1;
        let id = uuid(3, self.n_gestures);
        (json!({ "client": "soak", "base": i64::MAX, "gesture": id, "undoes": null, "edits": edits }), after)
    }

    /// Sends the gesture that was cut off, or the next; false when it could not be kept.
    pub fn send(&mut self, client: &mut Client) -> Result<bool, String> {
        let (gesture, after) = match self.cut.take() {
            Some(cut) => cut,
            None => self.gesture(),
        };
        // Until an answer is there nobody knows.
        self.cut = Some((gesture.clone(), after.clone()));
        let Some(answer) = client.edit(&gesture)? else { return Ok(false) };
        let n = gesture["edits"].as_array().map_or(0, Vec::len);
        let made = answer["applied"].as_array().map_or(0, Vec::len);
        if made != n {
            return Err(format!("expected {n} edits to be made, found {answer}"));
        }
        self.cut = None;
        self.cells = after;
        self.n_acknowledged += n;
        Ok(true)
    }

    /// Sends until so many edits are acknowledged.
    pub fn catch_up(&mut self, address: &str, goal: usize) -> Result<(), String> {
        let mut client = Client::enter(address)?;
        while self.n_acknowledged < goal {
            if !self.send(&mut client)? {
                return Err(
                    "expected the edit to be kept on a sound disk, found it refused for now".to_owned()
                );
            }
        }
        Ok(())
    }

    /// Whether the labels of the server are those that were acknowledged, with or without the gesture that was cut off.
    pub fn compare(&self, labels: &Value) -> Result<(), String> {
        let column = |name: &str| labels["cells"][name].as_array().cloned().unwrap_or_default();
        let (ids, ys, xs, versions) = (column("id"), column("y"), column("x"), column("version"));
        let mut found = BTreeMap::new();
        for (i, id) in ids.iter().enumerate() {
            let cell = Cell {
                y: ys[i].as_f64().unwrap_or(f64::NAN),
                x: xs[i].as_f64().unwrap_or(f64::NAN),
                version: versions[i].as_i64().unwrap_or(-1),
                deleted: false,
            };
            if found.insert(id.as_str().unwrap_or_default().to_owned(), cell).is_some() {
                return Err(format!("{id} is there twice"));
            }
        }
        let left = |cells: &BTreeMap<String, Cell>| -> BTreeMap<String, Cell> {
            cells
                .iter()
                .filter(|(_, cell)| !cell.deleted)
                .map(|(id, cell)| (id.clone(), cell.clone()))
                .collect()
        };
        if found == left(&self.cells) || self.cut.as_ref().is_some_and(|(_, after)| found == left(after)) {
            return Ok(());
        }
        let lost = left(&self.cells).iter().filter(|(id, cell)| found.get(*id) != Some(cell)).count();
        Err(format!("{} acknowledged cells, {lost} of them lost or changed", left(&self.cells).len()))
    }
}

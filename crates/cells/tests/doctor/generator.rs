//! Labelled cells of many looks: nuclei on black, phase contrast, stained cells on white; of several sizes and depths.

use cells::{Cell, CellSet, CropShape, Depth, Pixels};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

pub const N_CLASSES: usize = 3;
const N_PER_CLASS: usize = 30;
const N_GROUPS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    Nuclei,
    Phase,
    Stained,
}

/// A set being made, whose cells lie in a scene larger than their crop, so that they can be cut out again.
pub struct Maker {
    look: Look,
    pub shape: CropShape,
    pub depth: Depth,
    /// Grey levels of 8 bits times this.
    scale: f32,
    noise: f32,
    pub rng: ChaCha8Rng,
    scenes: Vec<Vec<f32>>,
    pub crops: Vec<Vec<f32>>,
    pub cells: Vec<Cell>,
}

impl Maker {
    pub fn clean(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let look = [Look::Nuclei, Look::Phase, Look::Stained][seed as usize % 3];
        let side = [28, 32, 40, 48, 64, 96][rng.random_range(0..6)];
        let c = if look == Look::Stained { 3 } else { 1 };
        let depth = [Depth::Uint8, Depth::Uint16][rng.random_range(0..2)];
        let scale = if depth == Depth::Uint8 { 1.0 } else { rng.random_range(8.0..100.0) };
        let shape = CropShape { h: side, w: side, c };
        let noise = rng.random_range(1.0..3.0);
        let (scenes, crops, cells) = (vec![], vec![], vec![]);
        let mut maker = Maker { look, shape, depth, scale, noise, rng, scenes, crops, cells };
        for i in 0..N_CLASSES * N_PER_CLASS {
            let scene = maker.scene(i % N_CLASSES, true);
            let group = maker.rng.random_range(0..N_GROUPS);
            maker.push(scene, i % N_CLASSES, format!("g{group}"));
        }
        maker
    }

    fn margin(&self) -> usize {
        self.shape.h / 4
    }

    /// A cell of a class, or only background.
    pub fn scene(&mut self, class: usize, with_cell: bool) -> Vec<f32> {
        let side = self.shape.h + 2 * self.margin();
        let waves: Vec<[f32; 4]> = (0..6)
            .map(|_| {
                let mut draw = |low: f32, high: f32| self.rng.random_range(low..high);
                [draw(-1.0, 1.0), draw(-1.0, 1.0), draw(0.0, 6.3), draw(0.3, 1.0)]
            })
            .collect();
        let size = self.shape.h as f32 * self.rng.random_range(0.17..0.24) * (1.0 + 0.15 * class as f32);
        let (stretch, angle) = (self.rng.random_range(1.0..1.5), self.rng.random_range(0.0..3.1f32));
        let brightness = self.rng.random_range(0.6..1.0);
        let background = self.rng.random_range(0.97..1.03);
        let wobble = |v: f32| (v - side as f32 / 2.0) / size;
        let mut scene = Vec::with_capacity(side * side * self.shape.c);
        for i in 0..side * side {
            let (y, x) = (wobble((i / side) as f32), wobble((i % side) as f32));
            let (v, u) = (y * angle.cos() - x * angle.sin(), y * angle.sin() + x * angle.cos());
            let radius = (v * v * stretch + u * u / stretch).sqrt();
            let texture: f32 = waves
                .iter()
                .map(|[a, b, phase, weight]| weight * 1.4 * (9.0 * (a * y + b * x) + phase).sin())
                .sum();
            let body = 1.0 / (1.0 + (8.0 * (radius - 1.0)).exp());
            for c in 0..self.shape.c {
                let (empty, cell) = self.colours(c, class, radius, texture);
                let cell = if with_cell { brightness * body * cell } else { 0.0 };
                scene.push(background * empty + cell);
            }
        }
        let normal =
            |rng: &mut ChaCha8Rng| 3f32.sqrt() * ((0..4).map(|_| rng.random::<f32>()).sum::<f32>() - 2.0);
        scene.iter_mut().for_each(|v| *v = ((*v + self.noise * normal(&mut self.rng)) * self.scale).round());
        scene
    }

    /// Background, and what a cell adds to it.
    fn colours(&self, c: usize, class: usize, radius: f32, texture: f32) -> (f32, f32) {
        match self.look {
            Look::Nuclei => (40.0, 90.0 + 8.0 * texture),
            Look::Phase => (120.0, 40.0 * (6.0 * radius + class as f32).sin() + 10.0 * texture),
            Look::Stained => {
                ([220.0, 190.0, 200.0][c], [-30.0, -80.0, -40.0][c] * (1.4 - radius).max(0.2) + 5.0 * texture)
            }
        }
    }

    /// Adds the middle of a scene.
    pub fn push(&mut self, scene: Vec<f32>, class: usize, group: String) {
        let crop = self.cut(&scene, 0, 0);
        self.scenes.push(scene);
        self.push_crop(crop, class, group);
    }

    pub fn push_crop(&mut self, crop: Vec<f32>, class: usize, group: String) {
        let name = format!("cell {}", self.crops.len());
        self.crops.push(crop);
        self.cells.push(Cell { name, class: Some(class), group, ..Cell::default() });
    }

    /// The cell `i` as if it had been clicked some pixels away.
    pub fn cut_again(&mut self, i: usize) -> Vec<f32> {
        let far = self.shape.h as i32 / 6;
        let dy = self.rng.random_range(1..=far);
        let dx = self.rng.random_range(-far..=far);
        self.cut(&self.scenes[i], dy, dx)
    }

    fn cut(&self, scene: &[f32], dy: i32, dx: i32) -> Vec<f32> {
        let side = self.shape.h + 2 * self.margin();
        let (top, left) = ((self.margin() as i32 + dy) as usize, (self.margin() as i32 + dx) as usize);
        let row = |y: usize| {
            let start = ((top + y) * side + left) * self.shape.c;
            scene[start..start + self.shape.w * self.shape.c].iter().copied()
        };
        (0..self.shape.h).flat_map(row).collect()
    }

    pub fn set(&self) -> CellSet {
        let values = || self.crops.iter().flatten();
        let pixels = match self.depth {
            Depth::Uint8 => Pixels::Uint8(values().map(|&v| v as u8).collect()),
            Depth::Uint16 => Pixels::Uint16(values().map(|&v| v as u16).collect()),
            Depth::Float32 => Pixels::Float32(values().copied().collect()),
        };
        CellSet {
            shape: self.shape,
            pixels,
            cells: self.cells.clone(),
            classes: (0..N_CLASSES).map(|k| format!("class {k}")).collect(),
            channels: (0..self.shape.c).map(|k| format!("channel {k}")).collect(),
            provenance: serde_json::Value::Null,
        }
    }
}

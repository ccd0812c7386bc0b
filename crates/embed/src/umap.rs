//! UMAP: a plane on which near points stay near.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::curve::Curve;
use crate::graph::{Graph, memberships_of_new};
use crate::layout::{Pace, optimise, place};
use crate::neighbours::{Index, Neighbours, Search};
use crate::spectral::spectral;
use crate::{EmbedError, Pca, Points};

/// Side of the square in which the map starts.
const START: f32 = 10.0;
/// Deviation of what is added to the start, so that no two points coincide.
const JITTER: f32 = 1e-4;
/// Up to so many points the map is refined for longer.
const SMALL: usize = 10_000;

/// Where the points of the map stand before it is optimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Init {
    /// Eigenvectors of the graph where it is connected, else principal components.
    #[default]
    Spectral,
    /// The first two principal components.
    Pca,
}

/// Settings of a map, named and preset as in umap-learn.
///
/// # Source
/// McInnes, Healy, Melville 2018, arXiv:1802.03426.
#[derive(Debug, Clone, PartialEq)]
pub struct Umap {
    /// Points that count as near each other, the point itself among them; from 2.
    pub n_neighbors: usize,
    /// How near points may come on the map; 0 to `spread`.
    pub min_dist: f64,
    /// Scale of the map; above 0.
    pub spread: f64,
    /// Passes of the optimisation; none for 400 up to 10,000 points and 200 above (umap-learn: 500 and 200).
    pub n_epochs: Option<usize>,
    /// Where it starts.
    pub init: Init,
    /// How neighbours are looked for.
    pub search: Search,
    /// Step of the first pass; above 0.
    pub learning_rate: f64,
    /// Seed of all that is random.
    pub seed: u64,
}

impl Default for Umap {
    fn default() -> Umap {
        Umap {
            n_neighbors: 15,
            min_dist: 0.1,
            spread: 1.0,
            n_epochs: None,
            init: Init::default(),
            search: Search::default(),
            learning_rate: 1.0,
            seed: 0,
        }
    }
}

impl Umap {
    /// Maps the points to a plane. With fewer points than `n_neighbors` all of them are near each other.
    ///
    /// # Errors
    /// When a setting is out of its range, or the kernels cannot run.
    pub fn fit(&self, points: &Points) -> Result<Map, EmbedError> {
        self.fit_with(points, &mut |_, _| true)
    }

    /// As [`Umap::fit`]; `each` hears of every pass done and of how many there are, and stops the work early by
    /// answering false: the map is then what it had become.
    ///
    /// # Errors
    /// As [`Umap::fit`].
    pub fn fit_with(
        &self,
        points: &Points,
        each: &mut (dyn FnMut(usize, usize) -> bool + Send),
    ) -> Result<Map, EmbedError> {
        self.check()?;
        let neighbours = Neighbours::of(points, self.n_neighbors, self.search, self.seed)?;
        let graph = Graph::of(&neighbours);
        let mut positions = self.start(points, &graph)?;
        let pace = self.pace(self.epochs(points.len()))?;
        if points.len() > 1 {
            // Entered once: the thousands of short rounds then begin and end among the threads of the pool.
            rayon::scope(|_| {
                optimise(&graph, &mut positions, &pace, &mut |epoch| each(epoch + 1, pace.epochs));
            });
        }
        Ok(Map { settings: self.clone(), points: points.clone(), neighbours, positions })
    }

    fn epochs(&self, n: usize) -> usize {
        self.n_epochs.unwrap_or(if n <= SMALL { 400 } else { 200 })
    }

    fn pace(&self, epochs: usize) -> Result<Pace, EmbedError> {
        let curve = Curve::fit(self.min_dist, self.spread);
        let kernels = kernels::Kernels::detect()?;
        Ok(Pace { kernels, curve, epochs, rate: self.learning_rate as f32, seed: self.seed })
    }

    fn check(&self) -> Result<(), EmbedError> {
        let wrong = EmbedError::setting;
        if self.n_neighbors < 2 {
            return Err(wrong("n_neighbors", "at least 2", self.n_neighbors.to_string()));
        }
        if !(self.spread > 0.0 && self.spread.is_finite()) {
            return Err(wrong("spread", "a number above 0", self.spread.to_string()));
        }
        if !(0.0..=self.spread).contains(&self.min_dist) {
            return Err(wrong("min_dist", "a number from 0 to the spread", self.min_dist.to_string()));
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(wrong("learning_rate", "a number above 0", self.learning_rate.to_string()));
        }
        Ok(())
    }

    /// Positions that fill the starting square, no two the same.
    fn start(&self, points: &Points, graph: &Graph) -> Result<Vec<[f32; 2]>, EmbedError> {
        let by_graph = match self.init {
            Init::Spectral if graph.is_connected() => spectral(graph, self.seed),
            _ => None,
        };
        let mut positions = by_graph.map_or_else(|| components(points), Ok)?;
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(3);
        for axis in 0..2 {
            let along = positions.iter().map(|p| p[axis]);
            let (least, most) =
                along.fold((f32::INFINITY, f32::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
            let scale = if most > least { START / (most - least) } else { 0.0 };
            // Points that are all the same along an axis start anywhere.
            let jitter = if scale > 0.0 { JITTER } else { START };
            for position in &mut positions {
                position[axis] = (position[axis] - least) * scale + random.random_range(-jitter..jitter);
            }
        }
        Ok(positions)
    }
}

/// The points along their first two components; a missing second one is 0.
fn components(points: &Points) -> Result<Vec<[f32; 2]>, EmbedError> {
    let along = Pca::fit(points, 2).transform(points)?;
    let second = |row: &[f32]| row.get(1).copied().unwrap_or(0.0);
    Ok((0..along.len()).map(|i| [along.row(i)[0], second(along.row(i))]).collect())
}

/// New points on a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Placed {
    /// Place of each, `[x, y]`.
    pub positions: Vec<[f32; 2]>,
    /// The points of the map that are nearest to each.
    pub neighbours: Neighbours,
}

/// A map, and what is needed to put new points on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    settings: Umap,
    points: Points,
    neighbours: Neighbours,
    positions: Vec<[f32; 2]>,
}

impl Map {
    /// A map that was made before, from its settings, points and positions.
    ///
    /// # Errors
    /// When a setting is out of range, there are not as many positions as points, or one of them is not finite.
    pub fn from_parts(settings: Umap, points: Points, positions: Vec<[f32; 2]>) -> Result<Map, EmbedError> {
        settings.check()?;
        if positions.len() != points.len() {
            return Err(EmbedError::setting("positions", "one for each point", positions.len()));
        }
        // Places of a file are as hostile as its features.
        Points::new(2, positions.as_flattened().to_vec())?;
        let neighbours = Neighbours::new(0, Vec::new());
        Ok(Map { settings, points, neighbours, positions })
    }

    /// The settings that it was made with.
    #[must_use]
    pub fn settings(&self) -> &Umap {
        &self.settings
    }

    /// Place of each point, `[x, y]`.
    #[must_use]
    pub fn positions(&self) -> &[[f32; 2]] {
        &self.positions
    }

    /// The neighbours of which the map was made; none for a map made before.
    #[must_use]
    pub fn neighbours(&self) -> &Neighbours {
        &self.neighbours
    }

    /// Places of new points on the map, whose own points stay where they are. Each starts at the mean of its
    /// neighbours, weighted by membership, and is moved for a third of the passes of the map.
    ///
    /// # Errors
    /// When the points have other columns than the map's.
    pub fn transform(&self, points: &Points) -> Result<Placed, EmbedError> {
        if points.columns() != self.points.columns() {
            return Err(EmbedError::Columns { expected: self.points.columns(), found: points.columns() });
        }
        let near = Index::exact(&self.points)?.search(points, self.settings.n_neighbors);
        let weights = memberships_of_new(&near);
        let k = near.k();
        let ids: Vec<u32> = (0..near.len()).flat_map(|i| near.ids(i)).copied().collect();
        let middle = |(ids, weights): (&[u32], &[f32])| {
            let total: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            let along = |axis: usize| -> f32 {
                let each = ids.iter().zip(weights);
                each.map(|(&id, w)| w * self.positions[id as usize][axis]).sum::<f32>() / total
            };
            [along(0), along(1)]
        };
        let mut new: Vec<[f32; 2]> = ids.chunks(k).zip(weights.chunks(k)).map(middle).collect();
        let pace = self.settings.pace(self.settings.epochs(self.points.len()).div_ceil(3))?;
        place(&self.positions, &ids, &weights, k, &mut new, &pace);
        Ok(Placed { positions: new, neighbours: near })
    }
}

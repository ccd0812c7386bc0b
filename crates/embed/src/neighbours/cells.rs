//! Points in blocks, through which queries look by products of matrices.

use kernels::{Dense, Kernels, LANES};
use rayon::prelude::*;

use super::nearest::Nearest;
use super::{Neighbours, sample};
use crate::cluster::means;
use crate::{EmbedError, Points};

/// Points of a block; its rows of products fit the second cache.
const BLOCK: usize = 1024;
/// Queries that go through a block together.
const GROUP: usize = 32;
/// Points of a cell of the k-means partition, on average.
const CELL: usize = 256;
/// Rounds of k-means; the partition need not be good, only near points mostly together.
const ROUNDS: usize = 6;
/// Candidates beyond those asked for, of which exact distances are taken: those by products are rounded.
const SPARE: usize = 4;

/// Points arranged for the search of neighbours.
///
/// Exactly: all points in blocks, each query against each block. In cells: one block per cell of a k-means partition
/// (an inverted file), each query against the cells nearest to its own.
pub struct Index {
    kernels: Kernels,
    points: Points,
    origin: Vec<f32>,
    blocks: Vec<Block>,
    cells: Option<Cells>,
}

/// The partition behind the blocks.
struct Cells {
    /// Cell of each point.
    of: Vec<u32>,
    /// For each cell all cells, nearest first.
    nearest: Neighbours,
}

/// Some of the points, `[columns][n]` with `n` a multiple of sixteen.
struct Block {
    ids: Vec<u32>,
    columns: kernels::Buffer,
    squares: Vec<f32>,
}

impl Block {
    fn new(points: &Points, ids: Vec<u32>) -> Block {
        let n = ids.len().next_multiple_of(LANES);
        let mut columns = kernels::Buffer::new(points.columns() * n);
        // Padding is infinitely far.
        let mut squares = vec![f32::INFINITY; n];
        for (i, &id) in ids.iter().enumerate() {
            let row = points.row(id as usize);
            row.iter().enumerate().for_each(|(c, &v)| columns[c * n + i] = v);
            squares[i] = square(row);
        }
        Block { ids, columns, squares }
    }
}

fn square(row: &[f32]) -> f32 {
    row.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() as f32
}

impl Index {
    /// An index whose searches find exactly the nearest points: as far as products in `f32` tell distances apart. Points
    /// nearer to each other than about a thousandth of their distance from the mean of all may be taken for one another;
    /// features of very different size are scaled first.
    ///
    /// # Errors
    /// When the kernels cannot run.
    pub fn exact(points: &Points) -> Result<Index, EmbedError> {
        let origin = points.mean();
        let points = points.minus(&origin);
        let ids: Vec<u32> = (0..points.len() as u32).collect();
        let blocks = ids.par_chunks(BLOCK).map(|ids| Block::new(&points, ids.to_vec())).collect();
        Ok(Index { kernels: Kernels::detect()?, points, origin, blocks, cells: None })
    }

    /// An index whose searches may be narrowed to near cells.
    ///
    /// # Errors
    /// When the kernels cannot run.
    pub fn in_cells(points: &Points, seed: u64) -> Result<Index, EmbedError> {
        let origin = points.mean();
        let points = points.minus(&origin);
        let (middles, of) = partition(&points, points.len().div_ceil(CELL), seed)?;
        let mut members = vec![Vec::new(); middles.len()];
        of.iter().enumerate().for_each(|(i, &cell)| members[cell as usize].push(i as u32));
        let blocks = members.into_par_iter().map(|ids| Block::new(&points, ids)).collect();
        let nearest = Index::exact(&middles)?.search_own(middles.len());
        let cells = Some(Cells { of, nearest });
        Ok(Index { kernels: Kernels::detect()?, points, origin, blocks, cells })
    }

    /// Exactly the `k` nearest points of each query, nearest first; all points when there are fewer.
    ///
    /// # Panics
    /// When the queries have other columns than the points.
    #[must_use]
    pub fn search(&self, queries: &Points, k: usize) -> Neighbours {
        assert_eq!(queries.columns(), self.points.columns(), "columns of the queries");
        self.search_all(&queries.minus(&self.origin), k, &|_| None)
    }

    /// Exactly the `k` nearest points of each of the index's own points, itself being the first of them, however many
    /// share its place.
    #[must_use]
    pub fn search_own(&self, k: usize) -> Neighbours {
        self.search_all(&self.points, k, &Some)
    }

    /// As [`Index::search_own`], for some of the points.
    pub(crate) fn search_some(&self, own: &[u32], k: usize) -> Neighbours {
        self.search_all(&self.points.select(own), k, &|query| Some(own[query as usize]))
    }

    /// `own` gives the point that a query is, if it is one.
    fn search_all(
        &self,
        queries: &Points,
        k: usize,
        own: &(impl Fn(u32) -> Option<u32> + Sync),
    ) -> Neighbours {
        let k = k.min(self.points.len());
        let all: Vec<u32> = (0..self.blocks.len() as u32).collect();
        let ids: Vec<u32> = (0..queries.len() as u32).collect();
        let found: Vec<Vec<(f32, u32)>> =
            ids.par_chunks(GROUP).map(|group| self.look(queries, group, own, k, &all)).collect();
        Neighbours::new(k, found.concat())
    }

    /// The `k` nearest points of each of the index's own points, among the `probes` cells nearest to its own.
    pub(crate) fn search_near(&self, k: usize, probes: usize) -> Neighbours {
        let Some(cells) = &self.cells else { return self.search_own(k) };
        let groups: Vec<(usize, &[u32])> = (self.blocks.iter().enumerate())
            .flat_map(|(cell, block)| block.ids.chunks(GROUP).map(move |ids| (cell, ids)))
            .collect();
        let found: Vec<Vec<(f32, u32)>> = groups
            .par_iter()
            .map(|&(cell, ids)| self.look(&self.points, ids, &Some, k, &cells.nearest.ids(cell)[..probes]))
            .collect();
        let mut pairs = vec![(0.0, 0); self.points.len() * k];
        for ((_, ids), found) in groups.iter().zip(&found) {
            for (&id, found) in ids.iter().zip(found.chunks_exact(k)) {
                pairs[id as usize * k..][..k].copy_from_slice(found);
            }
        }
        Neighbours::new(k, pairs)
    }

    /// Cells in which to look so that at least `recall` of the `truth` about the points `own` is found.
    pub(crate) fn probes_for(&self, own: &[u32], truth: &Neighbours, recall: f64) -> usize {
        let Some(cells) = &self.cells else { return self.blocks.len() };
        // How far down the list of its own cell the cell of each true neighbour stands.
        let mut ranks: Vec<usize> = (0..own.len())
            .into_par_iter()
            .flat_map_iter(|i| {
                let order = cells.nearest.ids(cells.of[own[i] as usize] as usize);
                let mut rank = vec![0; order.len()];
                order.iter().enumerate().for_each(|(r, &cell)| rank[cell as usize] = r);
                truth.ids(i).iter().map(move |&id| rank[cells.of[id as usize] as usize])
            })
            .collect();
        ranks.sort_unstable();
        let wanted = ((ranks.len() as f64 * recall).ceil() as usize).clamp(1, ranks.len());
        // At least so many cells that there are enough points for everybody.
        let enough = (truth.k() + SPARE).div_ceil(self.smallest_cell().max(1)) + 1;
        (ranks[wanted - 1] + 1).max(enough).min(self.blocks.len())
    }

    fn smallest_cell(&self) -> usize {
        self.blocks.iter().map(|b| b.ids.len()).min().unwrap_or(1)
    }

    /// Nearest points of the queries `group`, in the `blocks` named: pairs of distance and point, `k` for each query.
    fn look(
        &self,
        queries: &Points,
        group: &[u32],
        own: &impl Fn(u32) -> Option<u32>,
        k: usize,
        blocks: &[u32],
    ) -> Vec<(f32, u32)> {
        let dense = Dense { inputs: queries.columns(), outputs: group.len() };
        let mut w = vec![0.0; dense.inputs * dense.outputs];
        for (q, &id) in group.iter().enumerate() {
            let row = queries.row(id as usize);
            row.iter().enumerate().for_each(|(c, &v)| w[c * dense.outputs + q] = v);
        }
        let mut nearest: Vec<Nearest> = group.iter().map(|_| Nearest::new(k + SPARE)).collect();
        let mut products = kernels::Buffer::new(0);
        for &block in blocks {
            let block = &self.blocks[block as usize];
            let n = block.squares.len();
            if products.len() != n * dense.outputs {
                products = kernels::Buffer::new(n * dense.outputs);
            }
            let range = 0..dense.outputs;
            self.kernels.dense_forward(dense, n, &w, None, &block.columns, range, &mut products);
            for (row, nearest) in products.chunks_exact(n).zip(&mut nearest) {
                offer(block, row, nearest);
            }
        }
        let exact = group.iter().zip(nearest);
        exact.flat_map(|(&q, near)| self.exactly(queries.row(q as usize), own(q), near, k)).collect()
    }

    /// The `k` nearest of the candidates by their exact distance, the query's own point first.
    fn exactly(&self, query: &[f32], own: Option<u32>, near: Nearest, k: usize) -> Vec<(f32, u32)> {
        let mut ids: Vec<u32> = near.into_kept().into_iter().map(|(_, id)| id).collect();
        if let Some(own) = own.filter(|own| !ids.contains(own)) {
            ids.push(own);
        }
        let distance = |id: u32| Points::squared_distance(query, self.points.row(id as usize)).sqrt();
        let mut pairs: Vec<(f32, u32)> = ids.into_iter().map(|id| (distance(id), id)).collect();
        pairs.sort_unstable_by(|a, b| {
            let strange = |id: u32| own != Some(id);
            a.0.total_cmp(&b.0).then(strange(a.1).cmp(&strange(b.1))).then(a.1.cmp(&b.1))
        });
        pairs.truncate(k);
        pairs
    }
}

/// Offers the points of a block by `|x|^2 - 2 q.x`, which orders them as their distances do.
fn offer(block: &Block, products: &[f32], nearest: &mut Nearest) {
    let both = products.chunks_exact(LANES).zip(block.squares.chunks_exact(LANES));
    for (chunk, (products, squares)) in both.enumerate() {
        let mut values = [0.0; LANES];
        let mut any = false;
        for lane in 0..LANES {
            values[lane] = squares[lane] - 2.0 * products[lane];
            any |= values[lane] < nearest.limit();
        }
        if any {
            for (lane, &value) in values.iter().enumerate() {
                let at = chunk * LANES + lane;
                if value < nearest.limit() && at < block.ids.len() {
                    nearest.offer(value, block.ids[at]);
                }
            }
        }
    }
}

/// Middles of `count` cells, and the cell of each point, by a few rounds of k-means on a sample of the points. Every cell
/// has a point.
fn partition(points: &Points, count: usize, seed: u64) -> Result<(Points, Vec<u32>), EmbedError> {
    let learned = points.select(&sample(points.len(), count * 32, seed));
    let mut middles = learned.select(&sample(learned.len(), count, seed + 1));
    for _ in 0..ROUNDS {
        let of = Index::exact(&middles)?.search(&learned, 1);
        middles = means(&learned, &of, &middles)?;
    }
    let of = Index::exact(&middles)?.search(points, 1).ids;
    let mut used: Vec<u32> = of.clone();
    used.sort_unstable();
    used.dedup();
    let renamed = |cell: &u32| used.binary_search(cell).unwrap_or(0) as u32;
    Ok((middles.select(&used), of.iter().map(renamed).collect()))
}

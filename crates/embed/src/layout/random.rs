//! Numbers for sixteen points that depend only on seed, epoch and point.

use super::forces::LANES;

/// One stream per point (xorshift, Marsaglia 2003, doi:10.18637/jss.v008.i14), begun at a mixture of seed, epoch and point
/// (SplitMix64, doi:10.1145/2714064.2660195).
pub struct Random([u32; LANES]);

impl Random {
    #[inline(always)]
    pub fn new(seed: u64, epoch: usize, pack: &[u32]) -> Random {
        let mut streams = [1; LANES];
        for (stream, &point) in streams.iter_mut().zip(pack) {
            let mixed = mixed(mixed(mixed(seed) ^ epoch as u64) ^ u64::from(point));
            *stream = ((mixed >> 32) as u32).max(1);
        }
        Random(streams)
    }

    /// A number below `n` for each point.
    #[inline(always)]
    pub fn draw(&mut self, n: u32) -> [u32; LANES] {
        for x in &mut self.0 {
            *x ^= *x << 13;
            *x ^= *x >> 17;
            *x ^= *x << 5;
        }
        self.0.map(|x| ((u64::from(x) * u64::from(n)) >> 32) as u32)
    }
}

fn mixed(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

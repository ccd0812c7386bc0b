//! Numbers for a pack of points that depend only on seed, epoch and pack.

/// A stream (xorshift, Marsaglia 2003, doi:10.18637/jss.v008.i14), begun at a mixture of seed, epoch and pack (SplitMix64,
/// doi:10.1145/2714064.2660195).
pub struct Random(u32);

impl Random {
    /// `pack` is the first of its points.
    pub fn new(seed: u64, epoch: usize, pack: u32) -> Random {
        let mixed = mixed(mixed(mixed(seed) ^ epoch as u64) ^ u64::from(pack));
        Random(((mixed >> 32) as u32).max(1))
    }

    /// A number below `n`.
    #[inline(always)]
    pub fn draw(&mut self, n: usize) -> usize {
        let x = &mut self.0;
        *x ^= *x << 13;
        *x ^= *x >> 17;
        *x ^= *x << 5;
        ((u64::from(*x) * n as u64) >> 32) as usize
    }
}

fn mixed(z: u64) -> u64 {
    let z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

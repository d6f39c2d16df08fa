//! Numbers that follow from a seed.
//!
//! **Invariant:** sums, products, quotients and square roots alone, which are the same on every machine; the logarithms
//! and exponentials of a machine's mathematics library are not. Distributions are tables of quantiles made so.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Entries of a table of quantiles.
pub const QUANTILES: usize = 4096;

/// Stable hash of some numbers, for what is planned once.
#[must_use]
pub fn hash(seed: u64, parts: &[u64]) -> u64 {
    let mut bytes = [0_u8; 64];
    for (slot, part) in bytes.chunks_exact_mut(8).zip(parts) {
        slot.copy_from_slice(&part.to_le_bytes());
    }
    xxh3_64_with_seed(&bytes[..parts.len() * 8], seed)
}

/// Stable hash of three numbers, for what is asked at every record.
#[must_use]
pub const fn mix(seed: u64, what: u64, index: u64) -> u64 {
    // Two steps of SplitMix64 (Steele, Lea, Flood 2014).
    let z = seed.wrapping_add(what.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(index);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb).wrapping_add(index);
    let z = (z ^ (z >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z ^ (z >> 29)
}

/// A part of a hash or a draw, as a number below `bound`.
#[must_use]
pub const fn below(draw: u64, bound: u64) -> u64 {
    ((draw as u128 * bound as u128) >> 64) as u64
}

/// Whether a draw falls into so many of 1,000.
#[must_use]
pub const fn permille(draw: u64, of: u64) -> bool {
    below(draw, 1000) < of
}

/// A draw below `bound`.
pub fn draw_below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    below(rng.next_u64(), bound)
}

/// Whether a draw falls into so many of 1,000.
pub fn draw_permille(rng: &mut ChaCha8Rng, of: u64) -> bool {
    permille(rng.next_u64(), of)
}

/// A whole number near an expectation: its fraction is drawn.
pub fn whole(expected: f64, rng: &mut ChaCha8Rng) -> u64 {
    let fraction = expected - expected.floor();
    expected as u64 + u64::from(((rng.next_u64() >> 11) as f64) < fraction * (1_u64 << 53) as f64)
}

/// e to the power of `x`, by its series after halving `x` until it is small.
#[must_use]
pub fn exp(x: f64) -> f64 {
    let mut halvings = 0;
    let mut small = x;
    while !(-0.5..=0.5).contains(&small) {
        small /= 2.0;
        halvings += 1;
    }
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..16 {
        term *= small / f64::from(n);
        sum += term;
    }
    (0..halvings).fold(sum, |sum, _| sum * sum)
}

/// Natural logarithm of a positive number, by bisection of [`exp`]: for tables alone.
#[must_use]
pub fn ln(x: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 40.0);
    for _ in 0..80 {
        let middle = (low + high) / 2.0;
        if exp(middle) < x { low = middle } else { high = middle }
    }
    (low + high) / 2.0
}

/// Quantiles of the standard normal distribution at the middles of `count` equal shares.
#[must_use]
pub fn normal_quantiles(count: usize) -> Vec<f64> {
    const STEP: f64 = 0.001;
    // 1 / √(2π), from √(2π) = 2.506628274631000502.
    let density = |z: f64| exp(-z * z / 2.0) / 2.506_628_274_631_000_5;
    let mut quantiles = Vec::with_capacity(count);
    let (mut z, mut below) = (-5.0, 0.0);
    while quantiles.len() < count {
        below += STEP * density(z + STEP / 2.0);
        z += STEP;
        while quantiles.len() < count && below >= (quantiles.len() as f64 + 0.5) / count as f64 {
            quantiles.push(z);
        }
        if z > 5.0 {
            quantiles.resize(count, z);
        }
    }
    quantiles
}

/// Quantiles of a lognormal distribution with this median and this deviation of its logarithm.
#[must_use]
pub fn lognormal_quantiles(count: usize, median: f64, sigma: f64) -> Vec<f64> {
    normal_quantiles(count).into_iter().map(|z| median * exp(sigma * z)).collect()
}

/// Draws one of some by their weights, in constant time (Walker's alias method, in Vose's order).
#[derive(Clone, Debug)]
pub struct Weighted {
    own: Vec<u64>,
    other: Vec<u32>,
}

impl Weighted {
    /// By weights of which at least one is positive.
    #[must_use]
    pub fn new(weights: &[f64]) -> Self {
        let count = weights.len();
        let sum: f64 = weights.iter().sum();
        let mut shares: Vec<f64> = weights.iter().map(|weight| weight * count as f64 / sum).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) = (0..count).partition(|index| shares[*index] < 1.0);
        let mut own = vec![u64::MAX; count];
        let mut other: Vec<u32> = (0..count as u32).collect();
        while let (Some(less), Some(more)) = (small.pop(), large.pop()) {
            own[less] = (shares[less] * (1_u64 << 32) as f64) as u64;
            other[less] = more as u32;
            shares[more] -= 1.0 - shares[less];
            if shares[more] < 1.0 { small.push(more) } else { large.push(more) }
        }
        Self { own, other }
    }

    /// One of them.
    #[must_use]
    pub fn pick(&self, draw: u64) -> u64 {
        let slot = below(draw << 32, self.own.len() as u64);
        let rest = draw >> 32;
        if rest < self.own[slot as usize] { slot } else { u64::from(self.other[slot as usize]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_near_the_library() {
        for x in [-12.5, -1.0, -0.1, 0.0, 0.3, 1.0, 7.25] {
            assert!((exp(x) - x.exp()).abs() <= 1e-12 * x.exp(), "{x}");
        }
        assert!((ln(37.5) - 37.5_f64.ln()).abs() < 1e-12);
        let quantiles = normal_quantiles(1000);
        assert!((quantiles[500]).abs() < 0.01 && (quantiles[841] - 1.0).abs() < 0.01, "{}", quantiles[841]);
    }

    #[test]
    fn weights_are_kept() {
        let weighted = Weighted::new(&[1.0, 2.0, 5.0, 0.0]);
        let mut counts = [0_u32; 4];
        for index in 0..80_000 {
            counts[weighted.pick(mix(1, 2, index)) as usize] += 1;
        }
        for (count, expected) in counts.iter().zip([10_000_u32, 20_000, 50_000, 0]) {
            assert!(count.abs_diff(expected) < 600, "{counts:?}");
        }
    }
}

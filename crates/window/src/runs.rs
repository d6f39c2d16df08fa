//! Which numbers came, in blocks of 128, for the longest run of consecutive ones.
//!
//! **Invariant:** merging is commutative and associative. At most [`RUN_BLOCKS_MAX`] blocks are held, those with the
//! smallest hashes: each is whole whatever the order, so that a run within held blocks is exact, and a flood over more
//! blocks is a sample of it.

use std::collections::BTreeMap;

use bincode::{Decode, Encode};
use xxhash_rust::xxh3::xxh3_64;

use crate::limits::RUN_BLOCKS_MAX;

const BLOCK_BITS: u32 = 7;

/// Numbers, as bits of their blocks; blocks by hash and beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Runs(BTreeMap<(u64, u64), u128>);

impl Runs {
    /// One number.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let block = number >> BLOCK_BITS;
        let bit = 1 << (number & ((1 << BLOCK_BITS) - 1));
        Self(BTreeMap::from([((xxh3_64(&block.to_le_bytes()), block), bit)]))
    }

    /// Adds the numbers of others.
    pub fn merge(&mut self, others: &Self) {
        others.0.iter().for_each(|(block, bits)| *self.0.entry(*block).or_default() |= bits);
        while self.0.len() > RUN_BLOCKS_MAX {
            self.0.pop_last();
        }
    }

    /// Length of the longest run of consecutive numbers.
    #[must_use]
    pub fn longest(&self) -> u64 {
        let mut blocks: Vec<(u64, u128)> = self.0.iter().map(|((_, block), bits)| (*block, *bits)).collect();
        blocks.sort_unstable_by_key(|(block, _)| *block);
        let (mut longest, mut run, mut next) = (0, 0_u64, None);
        for (block, bits) in blocks {
            if next != Some(block) {
                run = 0;
            }
            longest = longest.max(run + u64::from(bits.trailing_ones())).max(longest_within(bits));
            run = if bits == u128::MAX { run + (1 << BLOCK_BITS) } else { u64::from(bits.leading_ones()) };
            next = block.checked_add(1);
        }
        longest
    }

    /// Numbers held.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.values().map(|bits| u64::from(bits.count_ones())).sum()
    }

    /// Bytes held on the heap, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.0.len() * (size_of::<((u64, u64), u128)>() * 5 / 4)
    }
}

/// Longest run of ones: what is left of each loses a bit with each step.
const fn longest_within(mut bits: u128) -> u64 {
    let mut longest = 0;
    while bits != 0 {
        bits &= bits << 1;
        longest += 1;
    }
    longest
}

//! Which numbers came, in blocks of 128, for the longest run of consecutive ones.
//!
//! **Invariant:** merging is commutative and associative. At most [`RUN_BLOCKS_MAX`] blocks are held, those with the
//! smallest hashes: each is whole whatever the order, so that a run within held blocks is exact, and a flood over more
//! blocks is a sample of it.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use xxhash_rust::xxh3::xxh3_64;

use crate::limits::RUN_BLOCKS_MAX;

const BLOCK_BITS: u32 = 7;

/// Numbers, as bits of their blocks: block and bits, by block ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runs(Vec<(u64, u128)>);

fn hash_of(block: u64) -> u64 {
    xxh3_64(&block.to_le_bytes())
}

impl Runs {
    /// One number.
    #[must_use]
    pub fn of(number: u64) -> Self {
        Self(vec![(number >> BLOCK_BITS, 1 << (number & ((1 << BLOCK_BITS) - 1)))])
    }

    /// Adds the numbers of others.
    pub fn merge(&mut self, others: &Self) {
        if let [(block, bits)] = others.0[..] {
            match self.0.binary_search_by_key(&block, |(own, _)| *own) {
                Ok(place) => self.0[place].1 |= bits,
                Err(place) => self.0.insert(place, (block, bits)),
            }
        } else {
            self.0.extend_from_slice(&others.0);
            self.put_together();
        }
        self.bound();
    }

    /// All of these, as merging one after the other gives them.
    pub(crate) fn union<'r>(all: impl Iterator<Item = &'r Self> + Clone) -> Self {
        let mut blocks = Vec::with_capacity(all.clone().map(|runs| runs.0.len()).sum());
        all.for_each(|runs| blocks.extend_from_slice(&runs.0));
        let mut union = Self(blocks);
        union.put_together();
        union.bound();
        union
    }

    /// From ascending stretches to blocks that each stand there once. A stable sort finds the stretches.
    fn put_together(&mut self) {
        self.0.sort_by_key(|(block, _)| *block);
        self.0.dedup_by(|(next, more), (block, bits)| {
            *bits |= if next == block { *more } else { 0 };
            next == block
        });
    }

    /// Keeps the blocks with the smallest hashes.
    fn bound(&mut self) {
        if self.0.len() > RUN_BLOCKS_MAX {
            let mut hashes: Vec<(u64, u64)> = self.0.iter().map(|(block, _)| (hash_of(*block), *block)).collect();
            let (_, first_left_out, _) = hashes.select_nth_unstable(RUN_BLOCKS_MAX);
            let first_left_out = *first_left_out;
            self.0.retain(|(block, _)| (hash_of(*block), *block) < first_left_out);
        }
    }

    /// Length of the longest run of consecutive numbers.
    #[must_use]
    pub fn longest(&self) -> u64 {
        let (mut longest, mut run, mut next) = (0, 0_u64, None);
        for (block, bits) in self.0.iter().copied() {
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
        self.0.iter().map(|(_, bits)| u64::from(bits.count_ones())).sum()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<(u64, u128)>()
    }

    fn saved(mut blocks: Vec<((u64, u64), u128)>) -> Self {
        blocks.sort_unstable_by_key(|((_, block), _)| *block);
        Self(blocks.into_iter().map(|((_, block), bits)| (block, bits)).collect())
    }
}

/// Blocks by hash and beginning.
impl Encode for Runs {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        let mut blocks: Vec<_> = self.0.iter().map(|(block, bits)| ((hash_of(*block), *block), *bits)).collect();
        blocks.sort_unstable_by_key(|(place, _)| *place);
        blocks.encode(encoder)
    }
}

impl<C> Decode<C> for Runs {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Decode::decode(decoder).map(Self::saved)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Runs {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        BorrowDecode::borrow_decode(decoder).map(Self::saved)
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

//! Which numbers came, in blocks of 128, for the longest run of consecutive ones.
//!
//! **Invariant:** merging is commutative and associative. At most [`RUN_BLOCKS_MAX`] blocks are held, those with the
//! smallest hashes: each is whole whatever the order, so that a run within held blocks is exact, and a flood over more
//! blocks is a sample of it. Twice as many may wait to be left out: what is said or written is without them.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::limits::RUN_BLOCKS_MAX;
use crate::recyclable;
use crate::recycled::Recycled;
use crate::stretches::Stretches;

const BLOCK_BITS: u32 = 7;
/// Numbers that bound a run by their count alone: to put them together takes no longer than to bound them better.
const FEW_NUMBERS: usize = 8;
/// Places of stretches for each block of which anything is held.
const PLACES_A_BLOCK: usize = 2;

recyclable!((u64, u128));

/// Numbers.
#[derive(Clone, Debug, Default)]
pub struct Runs(Numbers);

#[derive(Clone, Debug)]
enum Numbers {
    /// One: what most have, and what takes no memory besides.
    One(u64),
    /// As bits of their blocks, by block ascending.
    Blocks(Recycled<(u64, u128)>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Blocks(Recycled::new())
    }
}

/// Block of a number, and its bit there.
const fn block_of(number: u64) -> (u64, u128) {
    (number >> BLOCK_BITS, 1 << (number & ((1 << BLOCK_BITS) - 1)))
}

fn hash_of(block: u64) -> u64 {
    xxh3_64(&block.to_le_bytes())
}

impl Runs {
    /// One number.
    #[must_use]
    pub const fn of(number: u64) -> Self {
        Self(Numbers::One(number))
    }

    /// Of blocks that ascend.
    pub(crate) const fn of_blocks(blocks: Recycled<(u64, u128)>) -> Self {
        Self(Numbers::Blocks(blocks))
    }

    /// The number, where it is one.
    pub(crate) const fn one(&self) -> Option<u64> {
        match self.0 {
            Numbers::One(number) => Some(number),
            Numbers::Blocks(_) => None,
        }
    }

    /// Adds the numbers of others.
    pub fn merge(&mut self, others: &Self) {
        match &others.0 {
            Numbers::Blocks(theirs) if theirs.len() > 1 => merge_ascending(self.blocks(), theirs),
            _ => others.each().for_each(|block| self.add(block)),
        }
        // A flood of numbers looks at all blocks once in so many of them, not at each.
        if self.held() > 2 * RUN_BLOCKS_MAX {
            self.bound();
        }
    }

    fn add(&mut self, (block, bits): (u64, u128)) {
        if self.one().map(block_of) == Some((block, bits)) {
            return;
        }
        let own = self.blocks();
        match own.binary_search_by_key(&block, |(own, _)| *own) {
            Ok(place) => own[place].1 |= bits,
            Err(place) => own.insert(place, (block, bits)),
        }
    }

    /// Blocks, those among them that wait to be left out.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u64, u128)> {
        let (one, many) = match &self.0 {
            Numbers::One(number) => (Some(block_of(*number)), &[][..]),
            Numbers::Blocks(blocks) => (None, &blocks[..]),
        };
        one.into_iter().chain(many.iter().copied())
    }

    /// How many they are.
    pub(crate) const fn held(&self) -> usize {
        match &self.0 {
            Numbers::One(_) => 1,
            Numbers::Blocks(blocks) => blocks.as_slice().len(),
        }
    }

    /// Blocks, to be changed.
    fn blocks(&mut self) -> &mut Recycled<(u64, u128)> {
        if let Numbers::One(number) = self.0 {
            self.0 = Numbers::Blocks([block_of(number)].into_iter().collect());
        }
        match &mut self.0 {
            Numbers::Blocks(blocks) => blocks,
            Numbers::One(_) => unreachable!("it was made blocks above"),
        }
    }

    /// Blocks without those that wait to be left out.
    pub(crate) fn whole(&self) -> Cow<'_, [(u64, u128)]> {
        match &self.0 {
            Numbers::One(number) => Cow::Owned(vec![block_of(*number)]),
            Numbers::Blocks(blocks) if blocks.len() <= RUN_BLOCKS_MAX => Cow::Borrowed(blocks),
            Numbers::Blocks(_) => {
                let mut bounded = self.clone();
                bounded.bound();
                Cow::Owned(std::mem::take(bounded.blocks().as_mut_vec()))
            }
        }
    }

    /// All of these, as merging one after the other gives them.
    pub(crate) fn union<'r>(all: impl Iterator<Item = &'r Self> + Clone) -> Self {
        let mut blocks = Recycled::with_room(all.clone().map(Self::held).sum());
        all.flat_map(Self::each).for_each(|block| blocks.push(block));
        let mut union = Self::of_blocks(blocks);
        union.put_together();
        union.bound();
        union
    }

    /// At least the longest run of the union of all of these, without making it: that of [`Stretches`], and of few numbers
    /// their count.
    pub(crate) fn longest_bound<'r>(all: impl Iterator<Item = &'r Self> + Clone) -> u64 {
        let held: usize = all.clone().map(Self::held).sum();
        if held <= FEW_NUMBERS {
            let halves = all.clone().flat_map(Self::each).flat_map(|(_, numbers)| [numbers, numbers >> u64::BITS]);
            let count: u32 = halves.map(|numbers| ones(numbers as u64)).sum();
            if count as usize <= FEW_NUMBERS {
                return u64::from(count);
            }
        }
        let mut stretches = Stretches::new(held, PLACES_A_BLOCK);
        all.clone().for_each(|runs| stretches.put_all(runs));
        stretches.longest_run().unwrap_or_else(|| all.map(Self::count).sum())
    }

    /// From ascending stretches to blocks that each stand there once. A stable sort finds the stretches.
    fn put_together(&mut self) {
        let blocks = self.blocks();
        blocks.sort_by_key(|(block, _)| *block);
        blocks.as_mut_vec().dedup_by(|(next, more), (block, bits)| {
            *bits |= if next == block { *more } else { 0 };
            next == block
        });
    }

    /// Keeps the blocks with the smallest hashes.
    fn bound(&mut self) {
        let blocks = self.blocks();
        if blocks.len() > RUN_BLOCKS_MAX {
            let mut hashes: Vec<(u64, u64)> = blocks.iter().map(|(block, _)| (hash_of(*block), *block)).collect();
            let (_, first_left_out, _) = hashes.select_nth_unstable(RUN_BLOCKS_MAX);
            let first_left_out = *first_left_out;
            blocks.retain(|(block, _)| (hash_of(*block), *block) < first_left_out);
        }
    }

    /// Length of the longest run of consecutive numbers.
    #[must_use]
    pub fn longest(&self) -> u64 {
        if self.one().is_some() {
            return 1;
        }
        let (mut longest, mut run, mut next) = (0, 0_u64, None);
        for (block, bits) in self.whole().iter().copied() {
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
        if self.one().is_some() {
            return 1;
        }
        self.whole().iter().map(|(_, bits)| u64::from(bits.count_ones())).sum()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        match &self.0 {
            Numbers::One(_) => 0,
            Numbers::Blocks(blocks) => blocks.heap_bytes(),
        }
    }
}

/// Blocks that ascend into others that do, from the last on: those before the first that comes stay where they are.
fn merge_ascending(own: &mut Recycled<(u64, u128)>, theirs: &[(u64, u128)]) {
    own.reserve(theirs.len());
    let own = own.as_mut_vec();
    let mut left = own.len();
    own.resize(left + theirs.len(), (0, 0));
    let mut to = own.len();
    for (block, bits) in theirs.iter().rev() {
        while left > 0 && own[left - 1].0 > *block {
            (left, to) = (left - 1, to - 1);
            own[to] = own[left];
        }
        to -= 1;
        own[to] = (*block, *bits);
        if left > 0 && own[left - 1].0 == *block {
            left -= 1;
            own[to].1 |= own[left].1;
        }
    }
    own.drain(left..to);
}

impl PartialEq for Runs {
    fn eq(&self, other: &Self) -> bool {
        self.whole() == other.whole()
    }
}

impl Eq for Runs {}

/// How many bits are set: nearly always one, and where the processor is any x86-64 counting all at once takes as long as ten.
#[inline]
const fn ones(mut bits: u64) -> u32 {
    let mut count = 0;
    while bits != 0 {
        bits &= bits - 1;
        count += 1;
    }
    count
}

/// Longest run of ones: what is left of each loses a bit with each step.
pub(crate) const fn longest_within(mut bits: u128) -> u64 {
    let mut longest = 0;
    while bits != 0 {
        bits &= bits << 1;
        longest += 1;
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::Cell;

    /// By the definition: the numbers of the blocks with the smallest hashes.
    fn longest(numbers: &[u64]) -> u64 {
        let mut blocks: BTreeMap<(u64, u64), BTreeSet<u64>> = BTreeMap::new();
        for number in numbers {
            let block = number >> BLOCK_BITS;
            blocks.entry((hash_of(block), block)).or_default().insert(*number);
        }
        let kept: BTreeSet<u64> = blocks.into_values().take(RUN_BLOCKS_MAX).flatten().collect();
        let run = |first: &u64| (*first..).take_while(|number| kept.contains(number)).count() as u64;
        kept.iter().filter(|first| !kept.contains(&(*first - 1))).map(run).max().unwrap_or(0)
    }

    fn of(numbers: &[u64]) -> Runs {
        let mut runs = Runs::default();
        numbers.iter().for_each(|number| runs.merge(&Runs::of(*number)));
        runs
    }

    fn numbers() -> impl Strategy<Value = Vec<u64>> {
        let some = prop_oneof![
            prop::collection::vec(1_u64..600, 0..80),
            prop::collection::vec(1_u64..2_000, 0..900),
            prop::collection::vec(1_u64..400_000, 0..3_000),
        ];
        (some, 1_u64..500, 0_u64..200).prop_map(|(mut numbers, first, length)| {
            numbers.extend(first..first + length);
            numbers
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_union_depends_on_the_numbers_alone(numbers in numbers(), parts in 1_usize..8) {
            let expected = longest(&numbers);
            let whole = of(&numbers);
            prop_assert_eq!(whole.longest(), expected);
            let parts: Vec<Runs> =
                (0..parts).map(|part| of(&numbers.iter().copied().skip(part).step_by(parts).collect::<Vec<_>>())).collect();
            let union = Runs::union(parts.iter());
            prop_assert_eq!(union.longest(), expected);
            let mut merged = Runs::default();
            parts.iter().for_each(|part| merged.merge(part));
            prop_assert_eq!(&merged, &union);
            prop_assert_eq!(&merged, &whole);
            prop_assert!(Runs::longest_bound(parts.iter()) >= expected);
            let config = bincode::config::standard();
            let bytes = bincode::encode_to_vec(Cell::Runs(whole.clone()), config).unwrap();
            let (read, _): (Cell, usize) = bincode::decode_from_slice(&bytes, config).unwrap();
            prop_assert_eq!(read, Cell::Runs(whole));
        }
    }

    #[test]
    fn few_numbers_in_a_stretch_bound_the_longest_run() {
        let scattered = of(&(0..500).map(|number| number * 977).collect::<Vec<_>>());
        assert!(Runs::longest_bound([&scattered].into_iter()) <= 8);
        let row = of(&(1000..1040).collect::<Vec<_>>());
        assert_eq!(Runs::longest_bound([&row].into_iter()), 40);
    }
}

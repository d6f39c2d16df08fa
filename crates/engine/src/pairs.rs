//! Who had contact with whom: pairs of served subscriber and other party, remembered for 30 days.
//!
//! Rules:
//! - time is cut into periods of [`PAIR_PERIOD_MS`]; a contact belongs to the period of its event time. A pair is known
//!   to a record of period p if it had a contact in the periods p − 2 … p: for 30 days at least, for less than 45;
//! - periods are let go of by the watermark, never by a record: with the watermark in period q, those from q − 2 to
//!   q + 1 are held. A contact of another period is not remembered, and a record that lies past q + 1 has no first
//!   contact. Before the first watermark the first period to come takes its place;
//! - a blocked Bloom filter (Putze, Sanders, Singler 2007): a block is one cache line with 128 bits for each of four
//!   periods, of which a pair sets [`BITS`]. A pair that is there is always found. One that is not is taken for known,
//!   and its first contact hidden, with a probability of 3.2 % when each block holds [`PAIRS_A_BLOCK`] pairs of each of
//!   three periods (0.8 % at eight): a test measures it. Nobody is accused by it;
//! - when it is full, pairs are remembered on: more first contacts are hidden, none is made up. Each such pair is
//!   counted.

use bincode::{Decode, Encode};
use lancang_record::time::Timestamp;
use lancang_window::changes::{CHUNKS, Changes, entries};
use lancang_window::prefetch::Batch;
use xxhash_rust::xxh3::xxh3_128;

use crate::limits::{PAIR_PERIOD_MS, PAIRS_A_BLOCK};
use crate::snapshot::{Fetched, Job, Saved, SnapshotError, Step};

/// Periods that are held.
const PERIODS: usize = 4;
/// Periods before a record's own in which a contact is looked for.
const BEFORE: i64 = 2;
/// Bits of a pair in its block.
const BITS: u32 = 5;
/// Words of a period in a block.
const WORDS: usize = 2;
/// Blocks that are looked at to tell how full all are.
const SAMPLED: usize = 4096;

/// One cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[repr(align(64))]
struct Block([u64; PERIODS * WORDS]);

/// The memory of a record task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub struct PairMemory {
    blocks: Blocks,
    /// Period that a place of the blocks holds.
    held: [Option<i64>; PERIODS],
    /// Pairs that a period holds.
    pairs: [u64; PERIODS],
    /// Period of the watermark.
    settled: Option<i64>,
    /// Pairs remembered past the stated probability.
    pub overfull: u64,
}

/// Where a pair lies in a memory of one size: its block, and its bits there.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    block: usize,
    mask: [u64; WORDS],
}

impl PairMemory {
    /// A memory of so many bytes, a block at least. They are taken with the first contact.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { blocks: Blocks::new((bytes / size_of::<Block>()).max(1)), ..Self::default() }
    }

    /// Pairs held, each once for every period in which it had a contact.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.iter().sum::<u64>() as usize
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the blocks that it takes when it holds anything.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.blocks.count * size_of::<Block>()
    }

    /// Probability with which a pair that is not known is taken for one, as full as the blocks are; from some of them.
    #[must_use]
    pub fn false_positives(&self) -> f64 {
        let blocks = &self.blocks.blocks[..self.blocks.blocks.len().min(SAMPLED)];
        let full = |block: &Block, period: usize| {
            let ones: u32 = block.0[period * WORDS..][..WORDS].iter().map(|word| word.count_ones()).sum();
            (f64::from(ones) / (64 * WORDS) as f64).powi(BITS as i32)
        };
        let of = |block: &Block| (0..PERIODS).map(|period| full(block, period)).sum::<f64>();
        blocks.iter().map(of).fold(0.0, |all, one| all + one) / blocks.len().max(1) as f64
    }

    /// Names a pair's block as one that is needed soon.
    pub fn prefetch(&self, pair: &Place, batch: &mut Batch) {
        self.blocks.blocks.get(pair.block).into_iter().for_each(|block| batch.add(block));
    }

    /// Whether the pair is known to have had no contact in the periods before and up to that of `at`.
    #[inline]
    #[must_use]
    pub fn is_first(&self, pair: &Place, at: Timestamp) -> bool {
        let period = at.pane(PAIR_PERIOD_MS);
        if self.settled.is_some_and(|settled| period > settled + 1) {
            return false;
        }
        let Some(block) = self.blocks.blocks.get(pair.block) else { return true };
        // A period is held in its place or nowhere.
        let holds = |period: i64| {
            let index = place_of(period);
            let (words, [first, second]) = (&block.0.as_chunks::<WORDS>().0[index], pair.mask);
            self.held[index] == Some(period) && words[0] & first == first && words[1] & second == second
        };
        !(period - BEFORE..=period).any(holds)
    }

    /// Remembers a contact.
    #[inline]
    pub fn remember(&mut self, pair: &Place, at: Timestamp) {
        let period = at.pane(PAIR_PERIOD_MS);
        let index = place_of(period);
        match self.held[index] {
            Some(held) if held == period => {}
            None if self.settled.is_none_or(|settled| (settled - BEFORE..=settled + 1).contains(&period)) => {
                self.held[index] = Some(period);
            }
            _ => return,
        }
        let words = &mut self.blocks.change(pair.block).0.as_chunks_mut::<WORDS>().0[index];
        let before = *words;
        *words = [words[0] | pair.mask[0], words[1] | pair.mask[1]];
        if *words != before {
            self.pairs[index] += 1;
            self.overfull += u64::from(self.pairs[index] > self.blocks.count as u64 * PAIRS_A_BLOCK);
        }
    }

    /// Whether [`Self::settle`] lets go of a period.
    #[must_use]
    pub fn ends_period(&self, watermark: Timestamp) -> bool {
        let settled = watermark.pane(PAIR_PERIOD_MS);
        let goes = |held: &i64| !(settled - BEFORE..=settled + 1).contains(held);
        self.settled.is_none_or(|before| before < settled) && self.held.iter().flatten().any(goes)
    }

    /// What of it is saved piece by piece.
    pub(crate) fn saved(&mut self) -> &mut dyn Saved {
        &mut self.blocks
    }

    /// Lets go of periods that the watermark has passed, and of those that no watermark would have let in.
    pub fn settle(&mut self, watermark: Timestamp) {
        let settled = watermark.pane(PAIR_PERIOD_MS);
        if self.settled.is_some_and(|before| before >= settled) {
            return;
        }
        self.settled = Some(settled);
        for index in 0..PERIODS {
            let stays = |held: i64| (settled - BEFORE..=settled + 1).contains(&held);
            if self.held[index].is_some_and(|held| !stays(held)) {
                self.held[index] = None;
                self.pairs[index] = 0;
                self.blocks.changes.forget();
                self.blocks.blocks.iter_mut().for_each(|block| block.0[index * WORDS..][..WORDS].fill(0));
            }
        }
    }

    /// Where a pair lies.
    #[inline(always)]
    #[must_use]
    pub fn place(&self, served: u64, other: u64) -> Place {
        let mut pair = [0; 16];
        pair[..8].copy_from_slice(&served.to_le_bytes());
        pair[8..].copy_from_slice(&other.to_le_bytes());
        let hash = xxh3_128(&pair);
        // The upper half chooses the block, the lower one the bits.
        let block = (((hash >> 64) * self.blocks.count as u128) >> 64) as usize;
        let mut mask = [0; WORDS];
        for bit in 0..BITS {
            let bit = (hash >> (7 * bit)) as usize % (64 * WORDS);
            mask[bit / 64] |= 1 << (bit % 64);
        }
        Place { block, mask }
    }
}

/// Place among those that are held that a period has, if it is held.
const fn place_of(period: i64) -> usize {
    period.rem_euclid(PERIODS as i64) as usize
}

/// All blocks; none is taken before the first contact. What is saved are those that hold anything.
#[derive(Clone, Debug)]
struct Blocks {
    count: usize,
    /// What a place is multiplied with in the place of a division by a chunk's blocks, as a fraction of 2⁶³.
    of_chunk: u64,
    blocks: Vec<Block>,
    changes: Changes<Block>,
}

impl Blocks {
    fn new(count: usize) -> Self {
        let of_chunk = (1 << 63) / count.div_ceil(CHUNKS).max(1) as u64 + 1;
        Self { count, of_chunk, blocks: Vec::new(), changes: Changes::default() }
    }

    #[cold]
    fn taken(&mut self) -> &mut [Block] {
        if self.blocks.is_empty() {
            self.blocks = vec![Block([0; PERIODS * WORDS]); self.count];
        }
        &mut self.blocks
    }

    #[inline(always)]
    fn change(&mut self, place: usize) -> &mut Block {
        if self.blocks.is_empty() {
            self.taken();
        }
        let chunk = self.chunk(place);
        if self.changes.asks(chunk) {
            let before = &self.blocks[place];
            self.changes.note(chunk, place as u64, Some(before).filter(|before| !before.is_empty()));
        }
        &mut self.blocks[place]
    }

    /// Chunk of a place. Rounding up by less than 1 ÷ 2⁶³ of a place changes none of 2³⁰ in chunks of 2²¹.
    const fn chunk(&self, place: usize) -> usize {
        ((place as u128 * self.of_chunk as u128) >> 63) as usize
    }

    fn of(&self, chunk: usize) -> std::ops::Range<usize> {
        let chunk_blocks = self.count.div_ceil(CHUNKS);
        let end = self.blocks.len();
        (chunk * chunk_blocks).min(end)..((chunk + 1) * chunk_blocks).min(end)
    }
}

impl Default for Blocks {
    fn default() -> Self {
        Self::new(1)
    }
}

impl Block {
    fn put_bytes(&self, bytes: &mut Vec<u8>) {
        self.0.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Back from bytes; none if they are no block.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let mut block = Self([0; PERIODS * WORDS]);
        if words.len() != block.0.len() || !rest.is_empty() {
            return None;
        }
        block.0.iter_mut().zip(words).for_each(|(own, word)| *own = u64::from_le_bytes(*word));
        Some(block)
    }
}

impl Saved for Blocks {
    fn cut(&mut self, number: u64) {
        self.changes.cut(number, self.blocks.len(), Block::put_bytes);
    }

    fn take(&mut self, changed: &mut Vec<u8>) -> Option<Step> {
        let chunk = self.changes.waiting()?;
        let mut taking = self.changes.take(chunk)?;
        if !taking.whole {
            for place in std::mem::take(&mut taking.keys) {
                taking.put(place, usize::try_from(place).ok().and_then(|place| self.blocks.get(place)));
            }
            changed.append(&mut taking.entries);
            return Some(Step::Changed);
        }
        for place in self.of(chunk).filter(|place| !self.blocks[*place].is_empty()) {
            taking.put(place as u64, Some(&self.blocks[place]));
        }
        Some(Step::Whole(chunk as i64, taking.entries))
    }

    fn early_bytes(&self) -> usize {
        self.changes.early_bytes()
    }

    fn forget(&mut self) {
        self.changes.forget();
    }

    fn keys(&self) -> Vec<i64> {
        Vec::new()
    }

    fn fill<'a>(&'a mut self, fetched: Fetched<'a>) -> Vec<Job<'a>> {
        if fetched.is_empty() {
            return Vec::new();
        }
        let chunk_blocks = self.count.div_ceil(CHUNKS);
        let job = |(chunk, blocks): (usize, &'a mut [Block])| -> Job<'a> {
            Box::new(move |unpack| {
                let bytes = fetched.whole(chunk as i64, unpack)?;
                for (place, block) in entries(&bytes).ok_or_else(|| fetched.damaged())? {
                    let place = usize::try_from(place).ok().and_then(|place| place.checked_sub(chunk * chunk_blocks));
                    let own = place.and_then(|place| blocks.get_mut(place));
                    let (own, block) = own.zip(block.and_then(Block::of)).ok_or_else(|| fetched.damaged())?;
                    *own = block;
                }
                Ok(())
            })
        };
        self.taken().chunks_mut(chunk_blocks).enumerate().map(job).collect()
    }

    fn catch_up(&mut self, fetched: &Fetched<'_>) -> Result<(), SnapshotError> {
        fetched.each_change(|place, number, block| {
            let place = usize::try_from(place).ok().filter(|place| *place < self.count)?;
            // One that was empty at the cut is empty.
            let Some(block) = block.filter(|_| number > fetched.number_of(self.chunk(place))) else { return Some(()) };
            self.taken()[place] = Block::of(block)?;
            Some(())
        })?;
        self.changes.restored(self.blocks.len());
        Ok(())
    }
}

impl Encode for Blocks {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        (self.count as u64).encode(encoder)
    }
}

impl<C> Decode<C> for Blocks {
    fn decode<D: bincode::de::Decoder<Context = C>>(decoder: &mut D) -> Result<Self, bincode::error::DecodeError> {
        let count = usize::try_from(u64::decode(decoder)?).unwrap_or(0);
        if count == 0 || count > crate::limits::PAIR_BLOCKS_MAX {
            return Err(bincode::error::DecodeError::Other("a number of blocks of pairs"));
        }
        Ok(Self::new(count))
    }
}

bincode::impl_borrow_decode!(Blocks);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn at(days: i64) -> Timestamp {
        Timestamp::from_ms(days * 86_400_000)
    }

    #[derive(Clone, Debug)]
    enum Step {
        Contact(u64, u64, i64),
        Watermark(i64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            6 => (0_u64..5, 0_u64..8, -20_i64..40).prop_map(|(served, other, ahead)| Step::Contact(served, other, ahead)),
            1 => (0_i64..12).prop_map(Step::Watermark),
        ];
        prop::collection::vec(step, 1..120)
    }

    /// A memory as one that was saved comes back.
    fn restored(memory: &mut PairMemory) -> PairMemory {
        let config = bincode::config::standard();
        let bytes = bincode::encode_to_vec(&*memory, config).unwrap();
        let mut back: PairMemory = bincode::decode_from_slice(&bytes, config).unwrap().0;
        memory.blocks.cut(0);
        while let Some(crate::snapshot::Step::Whole(_, bytes)) = memory.blocks.take(&mut Vec::new()) {
            for (place, block) in entries(&bytes).unwrap() {
                back.blocks.taken()[place as usize] = Block::of(block.unwrap()).unwrap();
            }
        }
        back
    }

    proptest! {
        /// Against a set of all contacts ever: exact, since so few pairs in so many blocks meet nobody.
        #[test]
        fn it_remembers_what_the_rules_say(steps in steps(), restart in any::<prop::sample::Index>()) {
            let mut memory = PairMemory::new(4 << 20);
            let restart = restart.index(steps.len());
            let (mut all, mut now, mut settled) = (Vec::<(u64, u64, i64)>::new(), 1000, None::<i64>);
            for (index, step) in steps.into_iter().enumerate() {
                if index == restart {
                    memory = restored(&mut memory);
                }
                match step {
                    Step::Contact(served, other, ahead) => {
                        let day = now + ahead;
                        let period = day.div_euclid(15);
                        let known = all.iter().any(|(a, b, of)| (*a, *b) == (served, other) && (period - 2..=period).contains(of));
                        let first = !known && settled.is_none_or(|settled| period <= settled + 1);
                        let pair = memory.place(served, other);
                        prop_assert_eq!(memory.is_first(&pair, at(day)), first);
                        memory.remember(&pair, at(day));
                        let held = |of: i64| settled.is_none_or(|settled| (settled - 2..=settled + 1).contains(&of));
                        // One place for two periods that are four apart: the first to come has it.
                        let taken = all.iter().any(|(_, _, of)| *of != period && (of - period) % 4 == 0);
                        if held(period) && !taken {
                            all.push((served, other, period));
                        }
                    }
                    Step::Watermark(days) => {
                        now += days;
                        settled = Some(now.div_euclid(15));
                        memory.settle(at(now));
                        let settled = now.div_euclid(15);
                        all.retain(|(_, _, of)| (settled - 2..=settled + 1).contains(of));
                    }
                }
                let pairs: BTreeSet<&(u64, u64, i64)> = all.iter().collect();
                prop_assert_eq!(memory.len(), pairs.len());
            }
        }
    }

    /// The probability that the module states, at its limit and at two thirds of it.
    #[test]
    fn first_contacts_are_hidden_as_seldom_as_stated() {
        for (a_block, stated) in [(PAIRS_A_BLOCK, 0.034), (8, 0.009)] {
            let blocks = 4096;
            let mut memory = PairMemory::new(blocks * 64);
            for period in 0..3 {
                (0..blocks as u64 * a_block)
                    .for_each(|pair| memory.remember(&memory.place(pair, period), at(15 * period as i64)));
            }
            let asked = 200_000_u64;
            let hidden = (0..asked).filter(|pair| !memory.is_first(&memory.place(*pair, 99), at(40))).count() as f64
                / asked as f64;
            assert!(hidden < stated && hidden > stated / 2.0, "{hidden}");
            assert!((memory.false_positives() - hidden).abs() < 0.004, "{} {hidden}", memory.false_positives());
            // What collides with all its bits is not counted as another pair.
            assert!(memory.len() as u64 * 100 > 3 * blocks as u64 * a_block * 97);
            assert_eq!(memory.overfull, 0);
        }
    }

    #[test]
    fn a_place_has_the_chunk_that_division_says() {
        for count in [1, 2, 511, 512, 513, 1024, 1025, 1 << 20, 12_345_677, crate::limits::PAIR_BLOCKS_MAX] {
            let (blocks, chunk_blocks) = (Blocks::new(count), count.div_ceil(CHUNKS));
            let borders = (0..CHUNKS).flat_map(|chunk| [chunk * chunk_blocks, (chunk + 1) * chunk_blocks - 1]);
            for place in borders.filter(|place| *place < count) {
                assert_eq!(blocks.chunk(place), place / chunk_blocks, "{place} of {count}");
            }
        }
    }

    #[test]
    fn a_full_memory_hides_more_and_counts() {
        let mut memory = PairMemory::new(64);
        (0..200).for_each(|pair| memory.remember(&memory.place(1, pair), at(0)));
        assert!(memory.overfull > 20, "{}", memory.overfull);
        assert!((0..200).all(|pair| !memory.is_first(&memory.place(1, pair), at(0))));
    }
}

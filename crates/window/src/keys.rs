//! Long keys of one plan by number: hashes of cells, of senders with letters, of templates.
//!
//! A plan's events name few of them again and again, so that an event names a number of two bytes in place of a hash of eight.
//! What comes once (the template of what one subscriber writes to another) would take more room here than in its event: a key
//! has a number from the second time on that it is named, if not too many others came between.
//!
//! **Invariants:**
//! - a number is given to another key only once no event that any window covers can name it ([`Keys::expire`] is told from
//!   which time on events count);
//! - what numbers are given depends on the events and on what was expired alone: they are part of a snapshot.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::packed::NUMBERED_MAX;
use crate::table::MULTIPLIER;

/// Places for keys that were named once, each by 16 bits of its hash: some thousands of cells and senders meet in them within minutes.
const ONCE: usize = 8_192;
/// Places of the numbers at least; at most half of them are taken.
const PLACES_MIN: usize = 64;
/// Low bits of a place, which hold a number and 1; above them stands a mark of the key, so that another key at its place is told
/// without a look at it: some thousands of keys are in no near cache.
const NUMBER_BITS: u32 = 17;
const _: () = assert!(NUMBERED_MAX < 1 << NUMBER_BITS);

/// A key and the newest event time at which it was named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Named {
    /// 0 where the number is free.
    key: u64,
    newest_ms: i64,
}

const FREE: Named = Named { key: 0, newest_ms: i64::MIN };

/// Keys by number and numbers by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    all: Vec<Named>,
    /// The mark of a key and its number and 1 in each place that is taken: open addressing.
    places: Vec<u32>,
    /// Numbers that are free, descending: the smallest are given first, which take the fewest bytes.
    free: Vec<u32>,
    /// Keys that were named last without a number, by 16 bits of their hash; 0 where none was.
    once: Vec<u16>,
    /// How often a key that had come before found no number left, since this was asked last. No part of a snapshot.
    pub(crate) unnumbered: u64,
}

const fn hash_of(key: u64) -> u64 {
    (key ^ key >> 32).wrapping_mul(MULTIPLIER)
}

/// What stands at the place of a key beside its number: bits of the hash that do not choose the place.
const fn mark_of(key: u64) -> u32 {
    (hash_of(key) >> 8) as u32 & !((1 << NUMBER_BITS) - 1)
}

impl Keys {
    /// The number of a key that an event of this time names, if it has one.
    pub(crate) fn number(&mut self, key: u64, at_ms: i64) -> Option<u32> {
        if let Some(number) = self.find(key) {
            let named = &mut self.all[number as usize];
            named.newest_ms = named.newest_ms.max(at_ms);
            return Some(number);
        }
        if key == FREE.key || !self.comes_again(key) {
            return None;
        }
        let named = Named { key, newest_ms: at_ms };
        if let Some(number) = self.free.pop() {
            self.all[number as usize] = named;
            self.put(number);
            return Some(number);
        }
        if self.all.len() >= NUMBERED_MAX {
            self.unnumbered += 1;
            return None;
        }
        self.all.push(named);
        if self.all.len() * 2 > self.places.len() {
            self.index();
        } else {
            self.put(self.all.len() as u32 - 1);
        }
        Some(self.all.len() as u32 - 1)
    }

    /// The key of a number; 0 where it has none, which only an event that no window covers could name.
    pub(crate) fn get(&self, number: u32) -> u64 {
        self.all.get(number as usize).map_or(FREE.key, |named| named.key)
    }

    /// Frees the numbers of keys that only events before this time named.
    pub(crate) fn expire(&mut self, oldest_ms: i64) {
        let old = |named: &&mut Named| named.key != FREE.key && named.newest_ms < oldest_ms;
        let mut gone = 0;
        self.all.iter_mut().filter(old).for_each(|named| (*named, gone) = (FREE, gone + 1));
        if gone > 0 {
            let held = self.all.iter().rposition(|named| *named != FREE).map_or(0, |last| last + 1);
            self.all.truncate(held);
            self.index();
        }
    }

    /// Bytes held on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Named>()
            + (self.places.capacity() + self.free.capacity()) * size_of::<u32>()
            + self.once.capacity() * size_of::<u16>()
    }

    /// Whether a key without a number was named before; if not, it is from now on.
    fn comes_again(&mut self, key: u64) -> bool {
        self.once.resize(ONCE, 0);
        let hash = hash_of(key);
        let (place, mark) = ((hash >> 40) as usize % ONCE, (hash >> 24) as u16 | 1);
        self.once.get_mut(place).is_some_and(|once| std::mem::replace(once, mark) == mark)
    }

    fn find(&self, key: u64) -> Option<u32> {
        let (mut place, mark) = (self.home(key)?, mark_of(key));
        while let taken @ 1.. = self.places[place] {
            let number = (taken & ((1 << NUMBER_BITS) - 1)) - 1;
            if taken - number - 1 == mark && self.all.get(number as usize).is_some_and(|named| named.key == key) {
                return Some(number);
            }
            place = if place + 1 == self.places.len() { 0 } else { place + 1 };
        }
        None
    }

    /// First place in which the number of a key is looked for; `None` where there are no places.
    const fn home(&self, key: u64) -> Option<usize> {
        match self.places.len().checked_ilog2() {
            Some(bits) if bits > 0 => Some((hash_of(key) >> (u64::BITS - bits)) as usize),
            _ => None,
        }
    }

    fn put(&mut self, number: u32) {
        let key = self.get(number);
        let Some(mut place) = self.home(key) else { return };
        while self.places[place] != 0 {
            place = if place + 1 == self.places.len() { 0 } else { place + 1 };
        }
        self.places[place] = mark_of(key) | (number + 1);
    }

    /// Makes places for all numbers anew, and looks for the free ones.
    fn index(&mut self) {
        self.places = vec![0; (self.all.len() * 2).next_power_of_two().max(PLACES_MIN)];
        self.free.clear();
        for number in (0..self.all.len() as u32).rev() {
            if self.get(number) == FREE.key { self.free.push(number) } else { self.put(number) }
        }
    }

    /// Keys as they were saved. Of one that stands there twice, in a snapshot whose checksum lies, the last number is told.
    fn of((mut all, mut once): (Vec<Named>, Vec<u16>)) -> Self {
        all.truncate(NUMBERED_MAX);
        once.truncate(ONCE);
        let mut keys = Self { all, places: Vec::new(), free: Vec::new(), once, unnumbered: 0 };
        keys.index();
        keys
    }
}

impl Encode for Keys {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.all.encode(encoder)?;
        self.once.encode(encoder)
    }
}

impl<C> Decode<C> for Keys {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Decode::decode(decoder).map(Self::of)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Keys {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a list of all that was ever named: a number means its key for as long as an event that names it counts.
        #[test]
        fn a_number_means_its_key_while_events_count(
            steps in prop::collection::vec((1_u64..60, -5_i64..9, prop::bool::weighted(0.1), prop::bool::weighted(0.1)), 1..400),
        ) {
            let (mut keys, mut events, mut now_ms, mut oldest_ms) = (Keys::default(), Vec::new(), 0, i64::MIN);
            let mut before = BTreeSet::new();
            for (key, by_ms, expires, restores) in steps {
                now_ms += by_ms;
                if now_ms >= oldest_ms {
                    let number = keys.number(key, now_ms);
                    prop_assert!(number.is_none() || before.contains(&key), "a key has a number from its second time on");
                    events.extend(number.map(|number| (now_ms, key, number)));
                    before.insert(key);
                }
                if expires {
                    oldest_ms = oldest_ms.max(now_ms - 30);
                    keys.expire(oldest_ms);
                }
                if restores {
                    let bytes = bincode::encode_to_vec(&keys, bincode::config::standard()).unwrap();
                    let (back, _): (Keys, usize) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                    prop_assert_eq!((&back.all, &back.free, &back.once), (&keys.all, &keys.free, &keys.once));
                    keys = back;
                }
                events.retain(|(at_ms, _, _)| *at_ms >= oldest_ms);
                prop_assert!(events.iter().all(|(_, key, number)| keys.get(*number) == *key));
                let named: BTreeMap<u64, u32> = events.iter().map(|(_, key, number)| (*key, *number)).collect();
                prop_assert!(named.iter().all(|(key, number)| keys.find(*key) == Some(*number)));
                prop_assert!(keys.all.len() <= 60);
            }
        }
    }

    #[test]
    fn no_more_are_numbered_than_there_are_numbers_and_free_ones_are_given_again() {
        let mut keys = Keys::default();
        let twice = |keys: &mut Keys, key: u64| [keys.number(key, key as i64), keys.number(key, key as i64)];
        for key in 1..=NUMBERED_MAX as u64 {
            assert_eq!(twice(&mut keys, key)[1], Some(key as u32 - 1));
        }
        assert_eq!((keys.unnumbered, twice(&mut keys, 1 << 40), keys.unnumbered), (0, [None, None], 1));
        keys.expire(3);
        assert_eq!((keys.get(0), keys.get(1), keys.get(2)), (0, 0, 3));
        assert_eq!([1 << 41, 1 << 42, 1 << 43].map(|key| twice(&mut keys, key)[1]), [Some(0), Some(1), None]);
        assert_eq!((keys.get(0), keys.get(u32::MAX)), (1 << 41, 0));
        keys.expire(i64::MAX);
        assert_eq!((keys.all.len(), keys.places.len(), keys.free.len()), (0, PLACES_MIN, 0));
    }

    #[test]
    fn a_hundred_thousand_keys_that_come_once_take_few_numbers() {
        let mut keys = Keys::default();
        let numbered =
            (1..=100_000_u64).filter(|key| keys.number(key.wrapping_mul(0x2545_f491_4f6c_dd1d), 0).is_some());
        let numbered = numbered.count();
        assert!(numbered <= 12, "one in 32,768 is taken for another: {numbered}");
        assert!(keys.heap_bytes() < 20_000);
    }

    #[test]
    fn any_saved_numbers_are_gone_on_with() {
        let named = |key| Named { key, newest_ms: 5 };
        let mut keys = Keys::of((vec![named(7), FREE, named(7), named(9)], vec![3; 20_000]));
        assert_eq!([0, 1, 2, 3, 4].map(|number| keys.get(number)), [7, 0, 7, 9, 0]);
        assert!(keys.find(7).is_some());
        assert_eq!([keys.number(1 << 50, 6), keys.number(1 << 50, 6)], [None, Some(1)]);
        keys.expire(6);
        assert_eq!((keys.find(7), keys.find(1 << 50)), (None, Some(1)));
    }
}

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
use crate::prefetch;
use crate::table::MULTIPLIER;

/// Places for keys that were named once, each by 16 bits of its hash: some thousands of cells and senders meet in them within minutes.
const ONCE: usize = 8_192;
/// Places of the numbers at least; at most half of them are taken.
const PLACES_MIN: usize = 64;
/// The newest time of a key is kept in steps of 2¹⁰ ms, rounded up.
const STEP_BITS: u32 = 10;
const _: () = assert!(NUMBERED_MAX < u32::MAX as usize);

/// A key as it is saved: with the newest event time at which it was named, rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Named {
    /// 0 where the number is free.
    key: u64,
    newest_ms: i64,
}

/// A key in its place, with all that is asked of it: some thousands of keys are in no near cache, so that each look-up takes one
/// line of memory.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    key: u64,
    /// Its number and 1; 0 where the place is empty.
    taken: u32,
    /// Newest event time at which it was named, in steps; [`u32::MAX`] is never passed.
    newest: u32,
}

/// No key.
const FREE: u64 = 0;

/// Keys by number and numbers by key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    /// [`FREE`] where a number is free.
    all: Vec<u64>,
    /// Open addressing.
    places: Vec<Place>,
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

/// The step that a time lies in or before.
const fn step_of(at_ms: i64) -> u32 {
    let steps = (at_ms.saturating_add((1 << STEP_BITS) - 1)) >> STEP_BITS;
    if steps < 0 {
        0
    } else if steps >= u32::MAX as i64 {
        u32::MAX
    } else {
        steps as u32
    }
}

/// The latest time of a step.
const fn latest_ms(step: u32) -> i64 {
    if step == u32::MAX { i64::MAX } else { (step as i64) << STEP_BITS }
}

impl Keys {
    /// The number of a key that an event of this time names, if it has one.
    pub(crate) fn number(&mut self, key: u64, at_ms: i64) -> Option<u32> {
        if let Some(place) = self.find(key) {
            let place = &mut self.places[place];
            place.newest = place.newest.max(step_of(at_ms));
            return Some(place.taken - 1);
        }
        if key == FREE || !self.comes_again(key) {
            return None;
        }
        let newest = step_of(at_ms);
        if let Some(number) = self.free.pop() {
            self.all[number as usize] = key;
            self.put(number, newest);
            return Some(number);
        }
        if self.all.len() >= NUMBERED_MAX {
            self.unnumbered += 1;
            return None;
        }
        let number = self.all.len() as u32;
        self.all.push(key);
        if self.all.len() * 2 > self.places.len() {
            self.index(|_| false);
        }
        self.put(number, newest);
        Some(number)
    }

    /// The key of a number; 0 where it has none, which only an event that no window covers could name.
    pub(crate) fn get(&self, number: u32) -> u64 {
        self.all.get(number as usize).copied().unwrap_or(FREE)
    }

    /// Asks for the place in which a key's number is looked for first.
    #[inline]
    pub(crate) fn prefetch(&self, key: u64) {
        self.home(key).and_then(|home| self.places.get(home)).into_iter().for_each(prefetch::one);
    }

    /// Frees the numbers of keys that only events before this time named.
    pub(crate) fn expire(&mut self, oldest_ms: i64) {
        let is_old = |place: &Place| latest_ms(place.newest) < oldest_ms;
        let mut are_all_kept = true;
        for gone in self.places.iter().filter(|place| place.taken > 0 && is_old(place)) {
            self.all[gone.taken as usize - 1] = FREE;
            are_all_kept = false;
        }
        if are_all_kept {
            return;
        }
        let held = self.all.iter().rposition(|key| *key != FREE).map_or(0, |last| last + 1);
        self.all.truncate(held);
        self.index(is_old);
    }

    /// Bytes held on the heap.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.all.capacity() * size_of::<u64>()
            + self.places.capacity() * size_of::<Place>()
            + self.free.capacity() * size_of::<u32>()
            + self.once.capacity() * size_of::<u16>()
    }

    /// Whether a key without a number was named before; if not, it is from now on.
    fn comes_again(&mut self, key: u64) -> bool {
        self.once.resize(ONCE, 0);
        let hash = hash_of(key);
        let (place, mark) = ((hash >> 40) as usize % ONCE, (hash >> 24) as u16 | 1);
        self.once.get_mut(place).is_some_and(|once| std::mem::replace(once, mark) == mark)
    }

    /// The place of a key that has a number.
    #[inline]
    fn find(&self, key: u64) -> Option<usize> {
        let mut at = self.home(key)?;
        loop {
            let place = self.places.get(at)?;
            if place.taken == 0 {
                return None;
            }
            if place.key == key {
                return Some(at);
            }
            at = self.next(at);
        }
    }

    const fn next(&self, at: usize) -> usize {
        if at + 1 == self.places.len() { 0 } else { at + 1 }
    }

    /// First place in which the number of a key is looked for; `None` where there are no places.
    const fn home(&self, key: u64) -> Option<usize> {
        match self.places.len().checked_ilog2() {
            Some(bits) if bits > 0 => Some((hash_of(key) >> (u64::BITS - bits)) as usize),
            _ => None,
        }
    }

    /// Puts a number's key in its place.
    fn put(&mut self, number: u32, newest: u32) {
        let key = self.get(number);
        let Some(mut at) = self.home(key) else { return };
        while self.places[at].taken != 0 {
            at = self.next(at);
        }
        self.places[at] = Place { key, taken: number + 1, newest };
    }

    /// Makes places anew for all numbers, without those that go, and looks for the free ones.
    fn index(&mut self, goes: impl Fn(&Place) -> bool) {
        let places = (self.all.len() * 2).next_power_of_two().max(PLACES_MIN);
        let mut before = std::mem::replace(&mut self.places, vec![Place::default(); places]);
        before.retain(|place| place.taken > 0 && !goes(place));
        // The same places whatever they were before: by number.
        before.sort_unstable_by_key(|place| place.taken);
        before.iter().for_each(|place| self.put(place.taken - 1, place.newest));
        self.free.clear();
        self.free.extend((0..self.all.len() as u32).rev().filter(|number| self.all[*number as usize] == FREE));
    }

    /// Keys as they were saved. Of one that stands there twice, in a snapshot whose checksum lies, one number is told.
    fn of((mut all, mut once): (Vec<Named>, Vec<u16>)) -> Self {
        all.truncate(NUMBERED_MAX);
        once.truncate(ONCE);
        let place = |(taken, named): (u32, &Named)| Place { key: named.key, taken, newest: step_of(named.newest_ms) };
        let places = (1..).zip(&all).filter(|(_, named)| named.key != FREE).map(place).collect();
        let all = all.iter().map(|named| named.key).collect();
        let mut keys = Self { all, places, free: Vec::new(), once, unnumbered: 0 };
        keys.index(|_| false);
        keys
    }

    /// All by number, as they are saved.
    fn named(&self) -> Vec<Named> {
        let mut all = vec![Named { key: FREE, newest_ms: i64::MIN }; self.all.len()];
        for place in self.places.iter().filter(|place| place.taken > 0) {
            all[place.taken as usize - 1] = Named { key: place.key, newest_ms: latest_ms(place.newest) };
        }
        all
    }
}

impl Encode for Keys {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.named().encode(encoder)?;
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

    /// The number of a key, without naming it.
    fn number_of(keys: &Keys, key: u64) -> Option<u32> {
        keys.find(key).map(|place| keys.places[place].taken - 1)
    }

    proptest! {
        /// Against a list of all that was ever named: a number means its key for as long as an event that names it counts.
        #[test]
        fn a_number_means_its_key_while_events_count(
            steps in prop::collection::vec((1_u64..60, -5_i64..9, prop::bool::weighted(0.1), prop::bool::weighted(0.1)), 1..400),
        ) {
            let (mut keys, mut events, mut now_ms, mut oldest_ms) = (Keys::default(), Vec::new(), 0, i64::MIN);
            let mut before = BTreeSet::new();
            for (key, by_ms, expires, restores) in steps {
                now_ms += by_ms * 997;
                if now_ms >= oldest_ms {
                    let number = keys.number(key, now_ms);
                    prop_assert!(number.is_none() || before.contains(&key), "a key has a number from its second time on");
                    events.extend(number.map(|number| (now_ms, key, number)));
                    before.insert(key);
                }
                if expires {
                    oldest_ms = oldest_ms.max(now_ms - 30_000);
                    keys.expire(oldest_ms);
                }
                if restores {
                    let bytes = bincode::encode_to_vec(&keys, bincode::config::standard()).unwrap();
                    let (back, _): (Keys, usize) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                    prop_assert_eq!((&back.all, &back.free, &back.once), (&keys.all, &keys.free, &keys.once));
                    prop_assert_eq!(back.named(), keys.named());
                    keys = back;
                }
                events.retain(|(at_ms, _, _)| *at_ms >= oldest_ms);
                prop_assert!(events.iter().all(|(_, key, number)| keys.get(*number) == *key));
                let named: BTreeMap<u64, u32> = events.iter().map(|(_, key, number)| (*key, *number)).collect();
                prop_assert!(named.iter().all(|(key, number)| number_of(&keys, *key) == Some(*number)));
                prop_assert!(keys.all.len() <= 60);
            }
        }
    }

    #[test]
    fn no_time_is_taken_for_an_earlier_one() {
        for at_ms in [i64::MIN, -1, 0, 1, 1_023, 1_024, 1_025, 1_764_547_200_000, (1 << 42) - 2_048, 1 << 42, i64::MAX]
        {
            let latest_ms = latest_ms(step_of(at_ms));
            assert!(latest_ms >= at_ms, "{at_ms}");
            assert!(at_ms < 0 || latest_ms - at_ms < 1_024 || latest_ms == i64::MAX && at_ms >= (1 << 42) - 1_024);
            assert_eq!(step_of(latest_ms), step_of(at_ms), "what is saved is read back");
        }
    }

    #[test]
    fn no_more_are_numbered_than_there_are_numbers_and_free_ones_are_given_again() {
        let mut keys = Keys::default();
        let twice = |keys: &mut Keys, key: u64| [(); 2].map(|()| keys.number(key, key.min(1 << 20) as i64 * 1_024));
        for key in 1..=NUMBERED_MAX as u64 {
            assert_eq!(twice(&mut keys, key)[1], Some(key as u32 - 1));
        }
        assert_eq!((keys.unnumbered, twice(&mut keys, 1 << 40), keys.unnumbered), (0, [None, None], 1));
        keys.expire(3 * 1_024);
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
        let named = |key| Named { key, newest_ms: 5_000 };
        let mut keys =
            Keys::of((vec![named(7), Named { key: FREE, newest_ms: i64::MIN }, named(7), named(9)], vec![3; 20_000]));
        assert_eq!([0, 1, 2, 3, 4].map(|number| keys.get(number)), [7, 0, 7, 9, 0]);
        assert!(keys.find(7).is_some());
        assert_eq!([keys.number(1 << 50, 7_000), keys.number(1 << 50, 7_000)], [None, Some(1)]);
        keys.expire(6_999);
        assert_eq!((number_of(&keys, 7), number_of(&keys, 1 << 50)), (None, Some(1)));
    }
}

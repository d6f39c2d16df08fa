//! Long keys of one plan by number: hashes of cells, of senders with letters, of templates.
//!
//! A plan's events name few of them again and again, so that an event names a number of two bytes in place of a hash of eight.
//!
//! **Invariants:**
//! - a number is given to another key only once no event that any window covers can name it ([`Keys::expire`] is told from
//!   which time on events count);
//! - what numbers are given depends on the events and on what was expired alone: they are part of a snapshot.

use std::collections::HashMap;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};
use foldhash::fast::FixedState;

use crate::packed::NUMBERED_MAX;

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
    numbers: HashMap<u64, u32, FixedState>,
    /// Numbers that are free, descending: the smallest are given first, which take the fewest bytes.
    free: Vec<u32>,
}

impl Keys {
    /// The number of a key that an event of this time names; it is given one if there is one left.
    pub(crate) fn number(&mut self, key: u64, at_ms: i64) -> Option<u32> {
        if let Some(number) = self.numbers.get(&key) {
            let named = self.all.get_mut(*number as usize)?;
            named.newest_ms = named.newest_ms.max(at_ms);
            return Some(*number);
        }
        if key == FREE.key {
            return None;
        }
        let named = Named { key, newest_ms: at_ms };
        let number = match self.free.pop() {
            Some(number) => {
                *self.all.get_mut(number as usize)? = named;
                number
            }
            None if self.all.len() < NUMBERED_MAX => {
                self.all.push(named);
                self.all.len() as u32 - 1
            }
            None => return None,
        };
        self.numbers.insert(key, number);
        Some(number)
    }

    /// The key of a number; 0 where it has none, which only an event that no window covers could name.
    pub(crate) fn get(&self, number: u32) -> u64 {
        self.all.get(number as usize).map_or(FREE.key, |named| named.key)
    }

    /// Frees the numbers of keys that only events before this time named.
    pub(crate) fn expire(&mut self, oldest_ms: i64) {
        let numbers = &mut self.numbers;
        for named in self.all.iter_mut().filter(|named| named.key != FREE.key && named.newest_ms < oldest_ms) {
            numbers.remove(&named.key);
            *named = FREE;
        }
        while self.all.last() == Some(&FREE) {
            self.all.pop();
        }
        self.find_free();
    }

    /// Bytes held on the heap, about.
    pub(crate) fn heap_bytes(&self) -> usize {
        // A place of the map is a key, a number and a tag; 7 of 8 are taken at most, and half of these after it grew.
        self.all.capacity() * size_of::<Named>()
            + self.numbers.capacity() * (size_of::<(u64, u32)>() + 1) * 8 / 7
            + self.free.capacity() * size_of::<u32>()
    }

    fn find_free(&mut self) {
        self.free.clear();
        self.free.extend((0..).zip(&self.all).filter(|(_, named)| named.key == FREE.key).map(|(number, _)| number));
        self.free.reverse();
    }

    /// Keys as they were saved. A key that stands there twice, in a snapshot whose checksum lies, has two numbers.
    fn of(mut all: Vec<Named>) -> Self {
        all.truncate(NUMBERED_MAX);
        let taken = (0..).zip(&all).filter(|(_, named)| named.key != FREE.key);
        let numbers = taken.map(|(number, named)| (named.key, number)).collect();
        let mut keys = Self { all, numbers, free: Vec::new() };
        keys.find_free();
        keys
    }
}

impl Encode for Keys {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.all.encode(encoder)
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a list of all that was ever named: a number means its key for as long as an event that names it counts.
        #[test]
        fn a_number_means_its_key_while_events_count(
            steps in prop::collection::vec((1_u64..60, -5_i64..9, prop::bool::weighted(0.1), prop::bool::weighted(0.1)), 1..400),
        ) {
            let (mut keys, mut events, mut now_ms, mut oldest_ms) = (Keys::default(), Vec::new(), 0, i64::MIN);
            for (key, by_ms, expires, restores) in steps {
                now_ms += by_ms;
                if now_ms >= oldest_ms {
                    events.push((now_ms, key, keys.number(key, now_ms).unwrap()));
                }
                if expires {
                    oldest_ms = oldest_ms.max(now_ms - 30);
                    keys.expire(oldest_ms);
                }
                if restores {
                    let bytes = bincode::encode_to_vec(&keys, bincode::config::standard()).unwrap();
                    let (back, _): (Keys, usize) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                    prop_assert_eq!((&back.all, &back.numbers, &back.free), (&keys.all, &keys.numbers, &keys.free));
                    keys = back;
                }
                events.retain(|(at_ms, _, _)| *at_ms >= oldest_ms);
                prop_assert!(events.iter().all(|(_, key, number)| keys.get(*number) == *key));
                let named: BTreeMap<u64, u32> = events.iter().map(|(_, key, number)| (*key, *number)).collect();
                prop_assert!(keys.numbers.len() >= named.len() && keys.numbers.len() <= 60);
            }
        }
    }

    #[test]
    fn no_more_are_numbered_than_there_are_numbers_and_free_ones_are_given_again() {
        let mut keys = Keys::default();
        for key in 1..=NUMBERED_MAX as u64 {
            assert_eq!(keys.number(key, key as i64), Some(key as u32 - 1));
        }
        assert_eq!(keys.number(u64::MAX, 0), None);
        keys.expire(3);
        assert_eq!((keys.get(0), keys.get(1), keys.get(2)), (0, 0, 3));
        assert_eq!([u64::MAX, 1 << 60, 1 << 61].map(|key| keys.number(key, 9)), [Some(0), Some(1), None]);
        assert_eq!((keys.get(0), keys.get(u32::MAX)), (u64::MAX, 0));
        keys.expire(i64::MAX);
        assert_eq!((keys.all.len(), keys.numbers.len(), keys.free.len()), (0, 0, 0));
    }
}

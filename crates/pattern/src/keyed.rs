//! Texts as words, and a table of what stands under a key: what is looked for of nearly each record lies in few lines and is compared
//! without calls.
//!
//! **Invariant:** texts of up to [`WHOLE_BYTES`] are equal if their words are; longer ones are compared.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::passing::MULTIPLIER;

/// Places for each key, at least: nearly every key that is looked for is not there, and mostly the first place tells so.
const PLACES: usize = 2;
/// Bytes of a text that its [words](Words) tell whole.
const WHOLE_BYTES: usize = 16;

/// What stands under a key: open addressing with linear probing.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    /// Two at least, as many as a power of two: a key, and one more than the place of what stands under it; 0 where no key is.
    places: Vec<(u64, u32)>,
    /// What of a hash remains once it is shifted by so much is the home place of its key.
    shift: u32,
    all: Vec<T>,
}

/// A text that others are compared with.
#[derive(Debug)]
pub(crate) struct Text {
    words: Words,
    text: Box<str>,
}

/// A text's first bytes, its last ones, and how many it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    first: u64,
    last: u64,
    bytes: usize,
}

impl<T> Keyed<T> {
    /// All that stands under keys.
    pub(crate) fn of(all: HashMap<u64, T, FixedState>) -> Self {
        let count = (all.len() * PLACES).next_power_of_two().max(2);
        let shift = u64::BITS - count.trailing_zeros();
        let mut keyed = Self { places: vec![(0, 0); count], shift, all: Vec::with_capacity(all.len()) };
        for (key, one) in all {
            let mut at = keyed.home(key);
            while keyed.places[at].1 != 0 {
                at = (at + 1) % count;
            }
            keyed.all.push(one);
            keyed.places[at] = (key, keyed.all.len() as u32);
        }
        keyed
    }

    #[inline(always)]
    const fn home(&self, key: u64) -> usize {
        (key.wrapping_mul(MULTIPLIER) >> self.shift) as usize
    }

    /// What stands under a key.
    #[inline(always)]
    pub(crate) fn get(&self, key: u64) -> Option<&T> {
        let mut at = self.home(key);
        loop {
            let (own, place) = self.places.get(at)?;
            if *place == 0 || *own == key {
                return self.all.get((*place as usize).wrapping_sub(1));
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

impl Text {
    pub(crate) fn of(text: &str) -> Self {
        Self { words: Words::of(text), text: Box::from(text) }
    }

    pub(crate) const fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a text that has these words.
    #[inline(always)]
    pub(crate) fn is(&self, words: Words, text: &str) -> bool {
        self.words == words && (words.bytes <= WHOLE_BYTES || *self.text == *text)
    }
}

impl Words {
    #[inline(always)]
    pub(crate) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes) {
                (Some(first), Some(last), _) => (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into()),
                (_, _, [first, .., last]) => {
                    (u64::from(*first) << 8 | u64::from(bytes[bytes.len() / 2]), u64::from(*last))
                }
                (_, _, one) => (one.first().copied().map_or(0, u64::from), 0),
            },
        };
        Self { first, last, bytes: bytes.len() }
    }

    /// Key of the text, above those of numbers. Texts of up to [`WHOLE_BYTES`] that differ have different ones but for collisions of
    /// the sum.
    #[inline(always)]
    pub(crate) const fn key(self) -> u64 {
        (of_both(self.first, self.last) ^ self.bytes as u64) | 1 << 63
    }
}

/// Key of a text, above those of numbers.
pub(crate) fn key_of(text: &str) -> u64 {
    Words::of(text).key()
}

/// Key of two things, each by its key: which is first matters.
pub(crate) const fn of_both(first: u64, second: u64) -> u64 {
    first.wrapping_mul(MULTIPLIER).rotate_left(32) ^ second
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_has_what_stands_under_a_key_and_nothing_else(
            all in prop::collection::hash_map(prop_oneof![0_u64..40, any::<u64>()], any::<u8>(), 0..60),
            others in prop::collection::vec(any::<u64>(), 20),
        ) {
            let keyed = Keyed::of(all.iter().map(|(key, one)| (*key, *one)).collect());
            for key in (0..40).chain(others).chain(all.keys().copied()) {
                prop_assert_eq!(keyed.get(key), all.get(&key), "{}", key);
            }
        }

        /// Of few letters, so that many texts are nearly the same.
        #[test]
        fn a_text_is_itself_alone(texts in prop::collection::vec("[ab]{0,20}|a{0,40}|gate-way[ab]{0,3}-of-here", 2..12)) {
            for (one, other) in texts.iter().flat_map(|one| texts.iter().map(move |other| (one, other))) {
                let words = Words::of(other);
                prop_assert_eq!(Text::of(one).is(words, other), one == other, "{} {}", one, other);
            }
        }
    }
}

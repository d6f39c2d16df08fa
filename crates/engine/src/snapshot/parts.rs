//! State by minute or pane, each part of it saved whole when it changed.
//!
//! **Invariant:** a part that waits to be taken is put down before it changes or goes.

use std::collections::VecDeque;
use std::ops::RangeBounds;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use super::encode_value;

/// Parts by minute or pane, ascending: they come nearly in order, and the oldest goes first.
#[derive(Clone, Debug)]
pub(crate) struct Parts<T> {
    keys: VecDeque<i64>,
    /// One for each key.
    parts: VecDeque<Part<T>>,
    /// Put down before they changed, and not yet taken.
    early: Vec<(i64, Vec<u8>)>,
}

#[derive(Clone, Debug)]
struct Part<T> {
    value: T,
    /// Since the last cut.
    is_changed: bool,
    /// Its state at the cut is to be taken.
    waits: bool,
}

impl<T> Default for Parts<T> {
    fn default() -> Self {
        Self { keys: VecDeque::new(), parts: VecDeque::new(), early: Vec::new() }
    }
}

impl<T: Encode> Parts<T> {
    /// Where a key is, or where it would be.
    #[inline]
    fn find(&self, key: i64) -> Result<usize, usize> {
        // Most keys follow each other without a gap: then how far one lies before the last tells where it is.
        if let Some(last) = self.keys.back()
            && let Ok(before) = usize::try_from(last.wrapping_sub(key))
            && let Some(guess) = (self.keys.len() - 1).checked_sub(before)
            && self.keys.get(guess) == Some(&key)
        {
            return Ok(guess);
        }
        self.keys.binary_search(&key)
    }

    /// The part of a key, and its place: until another part comes or goes it is there.
    pub(crate) fn seek(&self, key: i64) -> Option<(usize, &T)> {
        let place = self.find(key).ok()?;
        self.parts.get(place).map(|part| (place, &part.value))
    }

    /// The part of a key, to be changed.
    pub(crate) fn change(&mut self, key: i64, new: impl FnOnce() -> T) -> &mut T {
        self.change_sought(usize::MAX, key, new)
    }

    /// The same of a key that was seen at a place.
    pub(crate) fn change_sought(&mut self, seen: usize, key: i64, new: impl FnOnce() -> T) -> &mut T {
        let is_there = self.keys.get(seen) == Some(&key);
        let place = if is_there { Ok(seen) } else { self.find(key) };
        let place = place.unwrap_or_else(|place| {
            self.put(place, key, new(), true);
            place
        });
        let part = &mut self.parts[place];
        if part.waits {
            part.waits = false;
            put_early(&mut self.early, key, &part.value);
        }
        part.is_changed = true;
        &mut part.value
    }

    pub(crate) fn remove(&mut self, key: i64) -> Option<T> {
        let place = self.find(key).ok()?;
        self.keys.remove(place);
        let part = self.parts.remove(place)?;
        if part.waits {
            put_early(&mut self.early, key, &part.value);
        }
        Some(part.value)
    }

    /// Takes out the parts before a key, the oldest first.
    pub(crate) fn take_before(&mut self, end: i64, taken: &mut Vec<T>) {
        while let Some(first) = self.first_key().filter(|first| *first < end) {
            taken.extend(self.remove(first));
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().map(|part| &part.value)
    }

    pub(crate) fn first_key(&self) -> Option<i64> {
        self.keys.front().copied()
    }

    pub(crate) fn keys(&self, range: impl RangeBounds<i64>) -> impl Iterator<Item = i64> {
        self.keys.iter().copied().filter(move |key| range.contains(key))
    }

    /// The state of this moment is saved.
    pub(crate) fn cut(&mut self, number: u64) {
        self.early.clear();
        for part in &mut self.parts {
            part.waits = std::mem::take(&mut part.is_changed) || number == 0;
        }
    }

    /// Takes the next part that waits.
    pub(crate) fn take(&mut self) -> Option<(i64, Vec<u8>)> {
        if let Some(early) = self.early.pop() {
            return Some(early);
        }
        let (key, part) = self.keys.iter().zip(&mut self.parts).find(|(_, part)| part.waits)?;
        part.waits = false;
        let mut bytes = Vec::new();
        encode_value(&part.value, &mut bytes);
        Some((*key, bytes))
    }

    /// Bytes that are held because they changed before they were taken.
    pub(crate) fn early_bytes(&self) -> usize {
        self.early.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// Gives up what waits, and saves all anew at the next cut.
    pub(crate) fn forget(&mut self) {
        self.early.clear();
        for part in &mut self.parts {
            (part.waits, part.is_changed) = (false, true);
        }
    }

    /// A part as it was saved last.
    pub(crate) fn restored(&mut self, key: i64, value: T) {
        match self.find(key) {
            Ok(place) => self.parts[place] = Part { value, is_changed: false, waits: false },
            Err(place) => self.put(place, key, value, false),
        }
    }

    fn put(&mut self, place: usize, key: i64, value: T, is_changed: bool) {
        self.keys.insert(place, key);
        self.parts.insert(place, Part { value, is_changed, waits: false });
    }
}

#[inline(never)]
fn put_early<T: Encode>(early: &mut Vec<(i64, Vec<u8>)>, key: i64, value: &T) {
    let mut bytes = Vec::new();
    encode_value(value, &mut bytes);
    early.push((key, bytes));
}

/// Nothing: its parts are saved by themselves.
impl<T> Encode for Parts<T> {
    fn encode<E: Encoder>(&self, _: &mut E) -> Result<(), EncodeError> {
        Ok(())
    }
}

impl<C, T> Decode<C> for Parts<T> {
    fn decode<D: Decoder<Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

impl<'de, C, T> BorrowDecode<'de, C> for Parts<T> {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(_: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_hold_what_a_map_holds_and_each_change_is_saved(
            steps in prop::collection::vec((0_u8..7, -4_i64..40), 0..300),
        ) {
            let (mut parts, mut map) = (Parts::<u64>::default(), BTreeMap::<i64, u64>::new());
            // What a reader of the saves has put together, and what was held at the last cut.
            let (mut saved, mut cut, mut number) = (BTreeMap::<i64, u64>::new(), None::<BTreeMap<i64, u64>>, 0);
            for (step, (what, key)) in (0_u64..).zip(steps) {
                // Mostly without gaps, sometimes far away.
                let key = match key {
                    14 => i64::MIN,
                    28 => i64::MAX,
                    key if key % 7 == 0 => key * 1000,
                    key => key,
                };
                match what {
                    0..=2 => {
                        // Seen where it is, where another one is or nowhere.
                        let seen = parts.seek(key).map_or(what.into(), |(place, _)| place + usize::from(what / 2));
                        *parts.change_sought(seen, key, || step) += 1;
                        *map.entry(key).or_insert(step) += 1;
                    }
                    3 => prop_assert_eq!(parts.remove(key), map.remove(&key)),
                    4 => {
                        let mut taken = vec![7];
                        parts.take_before(key, &mut taken);
                        let later = map.split_off(&key);
                        prop_assert_eq!(&taken[1..], &std::mem::replace(&mut map, later).into_values().collect::<Vec<_>>());
                    }
                    5 if cut.is_none() => {
                        parts.cut(number);
                        (cut, number) = (Some(map.clone()), number + 1);
                    }
                    _ => {
                        let Some(held) = cut.take() else { continue };
                        while let Some((key, bytes)) = parts.take() {
                            let (value, _) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
                            saved.insert(key, value);
                        }
                        saved.retain(|key, _| held.contains_key(key));
                        prop_assert_eq!(&saved, &held);
                    }
                }
                prop_assert_eq!(parts.seek(key).map(|(_, held)| held), map.get(&key));
                prop_assert_eq!(parts.first_key(), map.keys().next().copied());
                prop_assert_eq!(parts.keys(..key).collect::<Vec<_>>(), map.range(..key).map(|(key, _)| *key).collect::<Vec<_>>());
            }
        }
    }
}

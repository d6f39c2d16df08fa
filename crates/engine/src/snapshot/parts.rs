//! State by minute or pane, each part of it saved whole when it changed.
//!
//! **Invariant:** a part that waits to be taken is put down before it changes or goes.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use super::encode_value;

/// Parts by minute or pane.
#[derive(Clone, Debug)]
pub(crate) struct Parts<T> {
    parts: BTreeMap<i64, Part<T>>,
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
        Self { parts: BTreeMap::new(), early: Vec::new() }
    }
}

impl<T: Encode> Parts<T> {
    pub(crate) fn get(&self, key: i64) -> Option<&T> {
        self.parts.get(&key).map(|part| &part.value)
    }

    /// The part of a key, to be changed.
    pub(crate) fn change(&mut self, key: i64, new: impl FnOnce() -> T) -> &mut T {
        let part = self.parts.entry(key).or_insert_with(|| Part { value: new(), is_changed: true, waits: false });
        if part.waits {
            part.waits = false;
            put_early(&mut self.early, key, &part.value);
        }
        part.is_changed = true;
        &mut part.value
    }

    pub(crate) fn remove(&mut self, key: i64) -> Option<T> {
        let part = self.parts.remove(&key)?;
        if part.waits {
            put_early(&mut self.early, key, &part.value);
        }
        Some(part.value)
    }

    pub(crate) fn first_key(&self) -> Option<i64> {
        self.parts.first_key_value().map(|(key, _)| *key)
    }

    pub(crate) fn keys(&self, range: impl RangeBounds<i64>) -> impl Iterator<Item = i64> {
        self.parts.range(range).map(|(key, _)| *key)
    }

    /// The state of this moment is saved.
    pub(crate) fn cut(&mut self, number: u64) {
        self.early.clear();
        for part in self.parts.values_mut() {
            part.waits = std::mem::take(&mut part.is_changed) || number == 0;
        }
    }

    /// Takes the next part that waits.
    pub(crate) fn take(&mut self) -> Option<(i64, Vec<u8>)> {
        if let Some(early) = self.early.pop() {
            return Some(early);
        }
        let (key, part) = self.parts.iter_mut().find(|(_, part)| part.waits)?;
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
        for part in self.parts.values_mut() {
            (part.waits, part.is_changed) = (false, true);
        }
    }

    /// A part as it was saved last.
    pub(crate) fn restored(&mut self, key: i64, value: T) {
        self.parts.insert(key, Part { value, is_changed: false, waits: false });
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

//! One event of a quiet entity, in few bytes.
//!
//! ```text
//! event  := its bytes (1 byte) | kind (1 byte) | low 32 bits of its ms (4 bytes) | passes, 8 bytes, without a kind
//!           | missing varint, where columns are missing | columns in their order
//! kind   := the number of what it passes ([`Kinds`]), or 0x7f for none; 0x80 where columns are missing
//! column := a number (below); of a key how many bytes (1 byte) and these, or 0x80 + the place of a word;
//!           only those that an aggregate of a passed filter wants
//! number := varint of (its zigzag << 2), or of (how many units << 2 | which one) where it is a whole number of days, hours or
//!           seconds; 1, which is no such number, and 8 bytes where that has no room
//! ```
//!
//! What is no whole event, of a snapshot whose checksum lies, is read as some event: reading ends, and nothing breaks.

use crate::kinds::{KINDS_MAX, Kinds};
use crate::layout::Layout;

/// Bytes of an event's length, kind and time.
const HEAD_BYTES: usize = 6;
/// Stands for the kind of an event whose filters have no number.
pub(crate) const NO_KIND: u8 = 0x7f;
const _: () = assert!(KINDS_MAX == NO_KIND as usize);
/// Marks the kind of an event that has not all columns which are wanted.
pub(crate) const MISSING: u8 = 0x80;
/// Most columns of an event that is kept by itself.
pub(crate) const COLUMNS_MAX: usize = 12;
/// Most bytes of an event: its head, its filters, a varint, and for each column a varint.
pub(crate) const PACKED_MAX: usize = HEAD_BYTES + 8 + 10 + COLUMNS_MAX * 10;
const _: () = assert!(PACKED_MAX <= u8::MAX as usize);
/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 8;
/// Marks the place of a word where the number of a key's bytes would stand.
pub(crate) const WORD: u8 = 0x80;

/// Positions of the bits that are set.
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let position = (mask != 0).then_some(mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(position)
    })
}

/// Units of numbers by their low two bits: a duration is mostly of whole seconds in milliseconds, an age of days in seconds,
/// and the hour of a call is one of hours.
const UNITS: [i64; 4] = [1, 1_000, 3_600, 86_400];
/// Stands in front of a number that has no room with its unit: no whole number of seconds.
const WIDE: u64 = 1;

/// Bytes of one event on the stack.
pub(crate) struct Packed {
    pub(crate) bytes: [u8; PACKED_MAX],
    pub(crate) length: usize,
}

impl Packed {
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    pub(crate) fn number(&mut self, value: i64) {
        let unit = if value > 0 { (1..UNITS.len()).rev().find(|unit| value % UNITS[*unit] == 0) } else { None };
        if let Some(unit) = unit {
            return self.varint(((value / UNITS[unit]) as u64) << 2 | unit as u64);
        }
        let zigzag = (value << 1 ^ value >> 63) as u64;
        if zigzag >> 62 == 0 {
            return self.varint(zigzag << 2);
        }
        self.varint(WIDE);
        self.put(&value.to_le_bytes());
    }

    pub(crate) fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes[self.length] = value as u8 | 0x80;
            self.length += 1;
            value >>= 7;
        }
        self.bytes[self.length] = value as u8;
        self.length += 1;
    }
}

/// Reads the events of an entity, one after the other.
pub(crate) struct Reader<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) kinds: &'b Kinds,
    /// Where the words begin.
    pub(crate) words_at: usize,
    /// Where the next event begins.
    pub(crate) at: usize,
    pub(crate) newest_ms: i64,
}

impl Reader<'_> {
    pub(crate) const fn has_more(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// Time and filters of the next event, whose columns are passed over.
    #[inline]
    pub(crate) fn head(&mut self) -> (i64, u64) {
        let begins = self.at;
        let [length, kind, low @ ..] = self.array::<HEAD_BYTES>();
        let passes = match self.kinds.get(kind & !MISSING) {
            Some(kind) => kind.passes,
            None => u64::from_le_bytes(self.array()),
        };
        // What is no whole event comes of a snapshot whose checksum lies: it must end, too.
        self.at = begins + usize::from(length).max(HEAD_BYTES);
        (self.time(low), passes)
    }

    /// Time and filters of the next event; each of its columns is given to `column`.
    pub(crate) fn event(&mut self, layout: &Layout, mut column: impl FnMut(usize, u64)) -> (i64, u64) {
        let [_, kind, low @ ..] = self.array::<HEAD_BYTES>();
        let (passes, wanted) = match self.kinds.get(kind & !MISSING) {
            Some(kind) => (kind.passes, kind.columns()),
            None => {
                let passes = u64::from_le_bytes(self.array());
                (passes, layout.wanted(passes).unwrap_or(0))
            }
        };
        let missing = if kind & MISSING == 0 { 0 } else { self.varint() };
        // A snapshot whose checksum lies may name columns that there are not.
        let columns = 1_u64.checked_shl(layout.columns as u32).map_or(u64::MAX, |past| past - 1);
        for position in bits(wanted & !missing & columns) {
            let value = if layout.numbers >> position & 1 == 1 { self.number() as u64 } else { self.key() };
            column(position, value);
        }
        (self.time(low), passes)
    }

    const fn time(&self, low: [u8; 4]) -> i64 {
        self.newest_ms.wrapping_sub((self.newest_ms as u32).wrapping_sub(u32::from_le_bytes(low)) as i64)
    }

    fn key(&mut self) -> u64 {
        let [first] = self.array();
        if first & WORD != 0 {
            let mut word = Reader { at: self.words_at + usize::from(first & !WORD) * KEY_BYTES, ..*self };
            return u64::from_le_bytes(word.array());
        }
        let length = usize::from(first).min(KEY_BYTES);
        let mut key = [0; KEY_BYTES];
        let found = self.bytes.get(self.at..).unwrap_or_default();
        let found = &found[..length.min(found.len())];
        key[..found.len()].copy_from_slice(found);
        self.at += length;
        u64::from_le_bytes(key)
    }

    /// The next bytes; zeros past the end, which only a snapshot whose checksum lies could lead to.
    fn array<const N: usize>(&mut self) -> [u8; N] {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>()).copied();
        self.at += N;
        found.unwrap_or([0; N])
    }

    fn number(&mut self) -> i64 {
        let value = self.varint();
        if value == WIDE {
            return i64::from_le_bytes(self.array());
        }
        let zigzag = value >> 2;
        match value & 3 {
            0 => (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64),
            // What has no room comes of a snapshot whose checksum lies.
            unit => (zigzag as i64).wrapping_mul(UNITS[unit as usize]),
        }
    }

    fn varint(&mut self) -> u64 {
        let (mut value, mut shift) = (0_u64, 0);
        while shift < 64 {
            let [byte] = self.array();
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                break;
            }
            shift += 7;
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_those_of_whole_units_take_few_bytes() {
        let read = |packed: &Packed| {
            let (bytes, kinds) = (&packed.bytes[..packed.length], &Kinds::default());
            Reader { bytes, kinds, words_at: 0, at: 0, newest_ms: 0 }.number()
        };
        let mut seed = 7_u64;
        let random = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            (seed >> (seed >> 58)) as i64
        });
        let near = [0, 1_000, 3_600, 86_400, 1 << 61, i64::MAX - 1_000].into_iter();
        let near = near.flat_map(|value| (-2..=2).map(move |by| value + by)).chain([i64::MIN, i64::MAX]);
        for value in random.take(100_000).chain(near).flat_map(|value| [value, value.wrapping_neg()]) {
            let mut packed = Packed { bytes: [0; PACKED_MAX], length: 0 };
            packed.number(value);
            assert_eq!(read(&packed), value);
            assert!(packed.length <= 10, "{value} takes {} bytes", packed.length);
        }
        let bytes = |value| {
            let mut packed = Packed { bytes: [0; PACKED_MAX], length: 0 };
            packed.number(value);
            packed.length
        };
        // A minute in milliseconds, a day and a half of hours and a year of days in seconds.
        assert_eq!((bytes(60_000), bytes(36 * 3_600), bytes(365 * 86_400), bytes(0)), (2, 2, 2, 1));
    }
}

//! One event of a quiet entity, in few bytes.
//!
//! ```text
//! event  := its bytes (1 byte) | kind | low 32 bits of its ms (4 bytes) | columns in their order
//! kind   := the number of what it passes and lacks ([`Kinds`]); or 254, the number of what it passes, and a varint of the columns
//!           that are missing; or 255, what it passes (8 bytes) and that varint
//! column := a number or a key; only those that an aggregate of a passed filter wants
//! key    := 3 bits that say how many bytes follow (0 to 6), and below them the key's highest 5 bits; or 7 and in the 5 bits 31,
//!           and 8 bytes follow; or 7 and the number of a long key ([`crate::keys`]): up to 29 and one byte, or 30 and two bytes
//! number := varint of (its zigzag << 2), or of (how many units << 2 | which one) where it is a whole number of days, hours or
//!           seconds; 1, which is no such number, and 8 bytes where that has no room
//! ```
//!
//! What is no whole event, of a snapshot whose checksum lies, is read as some event: reading ends, and nothing breaks.

use crate::keys::Keys;
use crate::kinds::{KINDS_MAX, Kinds};
use crate::layout::Layout;

/// Bytes of an event's length, kind and time, where it is not said in more what it passes and lacks.
pub(crate) const HEAD_BYTES: usize = 6;
/// Says that a number of what it passes, and what is missing, follow the time.
const LACKING: u8 = 254;
/// Says that what it passes and what is missing follow the time.
const NO_KIND: u8 = 255;
const _: () = assert!(KINDS_MAX == LACKING as usize);
/// Most columns of an event that is kept by itself.
pub(crate) const COLUMNS_MAX: usize = 12;
/// Most bytes of an event: its head, its filters, a varint, and for each column a varint.
pub(crate) const PACKED_MAX: usize = HEAD_BYTES + 8 + 10 + COLUMNS_MAX * 10;
const _: () = assert!(PACKED_MAX <= u8::MAX as usize);

/// Bits of a key in its first byte.
const HIGH_BITS: u32 = 5;
/// Most bits of a key that stands by itself; longer ones have numbers.
const KEY_BITS_MAX: u32 = HIGH_BITS + 6 * 8;
/// Whether a key has more bits than that.
#[inline]
pub(crate) const fn is_long(key: u64) -> bool {
    key >> KEY_BITS_MAX != 0
}

/// First byte of a long key.
const LONG: u8 = 7 << HIGH_BITS;
/// In the low bits of the first byte: two bytes of a number follow.
const WIDE_NUMBER: u8 = 30;
/// In the low bits of the first byte: the key follows, for which there was no number left.
const WHOLE: u8 = 31;
/// Numbers below this one take two bytes.
const NARROW_MAX: u32 = (WIDE_NUMBER as u32) << 8;
/// Most keys that have a number: 5 MB a plan and task where a flood of made-up senders fills it.
pub(crate) const NUMBERED_MAX: usize = NARROW_MAX as usize + (1 << 16);

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

/// Most bytes of a varint.
const VARINT_MAX: usize = 10;
/// Bytes that are written at once, of which those that count are kept.
const WORD_BYTES: usize = size_of::<u64>();

/// Bytes of one event on the stack. Where it has come to is told to each step and by it, so that it stays in a register.
pub(crate) struct Packed {
    /// In front of the longest event and behind it a word may be written.
    bytes: [u8; WORD_BYTES + PACKED_MAX + WORD_BYTES],
    /// Where the event begins: what stands in front of it are zeros.
    begins: usize,
}

impl Packed {
    /// An event behind so many zeros, eight at most.
    #[inline]
    pub(crate) const fn behind(zeros: usize) -> Self {
        Self { bytes: [0; WORD_BYTES + PACKED_MAX + WORD_BYTES], begins: zeros }
    }

    /// The event ends here: its first byte says how long it is. Gives it with the zeros in front of it.
    #[inline]
    pub(crate) fn whole(&mut self, ends: usize) -> &[u8] {
        self.bytes[self.begins] = (ends - self.begins) as u8;
        &self.bytes[..ends]
    }

    /// The lowest bytes of a word, so many: what is written of it behind them is written over next.
    #[inline]
    fn word(&mut self, at: usize, word: u64, count: usize) -> usize {
        debug_assert!(at + WORD_BYTES <= self.bytes.len(), "an event without room");
        if let Some(place) = self.bytes.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
            *place = word.to_le_bytes();
        }
        at + count
    }

    #[inline]
    pub(crate) fn number(&mut self, at: usize, value: i64) -> usize {
        // All units are multiples of eight, so that most that are none of them are told by their last bits.
        if value > 0
            && value & 7 == 0
            && let Some(units) = in_units(value as u64)
        {
            return self.varint(at, units);
        }
        let zigzag = (value << 1 ^ value >> 63) as u64;
        if zigzag >> 62 == 0 {
            return self.varint(at, zigzag << 2);
        }
        let at = self.varint(at, WIDE);
        self.word(at, value as u64, WORD_BYTES)
    }

    /// The kind's byte and the time. Where the kind has no number, [`Self::lacking`] follows.
    #[inline]
    pub(crate) fn head(&mut self, own: Option<u8>, low: u32) -> usize {
        self.word(self.begins, u64::from(own.unwrap_or(NO_KIND)) << 8 | u64::from(low) << 16, HEAD_BYTES)
    }

    /// What the kind's byte has no number for: the number of what passes, if that has one, and what is missing.
    #[cold]
    pub(crate) fn lacking(&mut self, at: usize, of_passes: Option<u8>, passes: u64, missing: u64) -> usize {
        let at = match of_passes {
            Some(number) => {
                self.bytes[self.begins + 1] = LACKING;
                self.word(at, number.into(), 1)
            }
            None => self.word(at, passes, WORD_BYTES),
        };
        self.varint(at, missing)
    }

    #[inline]
    pub(crate) fn key(&mut self, at: usize, keys: &mut Keys, key: u64, at_ms: i64) -> usize {
        if !is_long(key) {
            let bits = u64::BITS - key.leading_zeros();
            let following = bits.saturating_sub(HIGH_BITS).div_ceil(8);
            let first = u64::from(following) << HIGH_BITS | key >> (following * 8);
            // At most seven bytes: the key's highest bits, which the first holds, fall behind those that count.
            return self.word(at, first | key << 8, 1 + following as usize);
        }
        match keys.number(key, at_ms) {
            Some(number) if number < NARROW_MAX => {
                self.word(at, u64::from(LONG) | u64::from(number >> 8) | u64::from(number & 0xff) << 8, 2)
            }
            Some(number) => self.word(at, u64::from(LONG | WIDE_NUMBER) | u64::from(number - NARROW_MAX) << 8, 3),
            None => {
                let at = self.word(at, u64::from(LONG | WHOLE), 1);
                self.word(at, key, WORD_BYTES)
            }
        }
    }

    #[inline]
    fn varint(&mut self, at: usize, value: u64) -> usize {
        if value >> (7 * WORD_BYTES) > 0 {
            return self.long_varint(at, value);
        }
        // A byte for each seven bits, then the mark that others follow in all bytes but the last.
        let bytes = (u64::BITS - (value | 1).leading_zeros()).div_ceil(7);
        let halves = (value & 0x0fff_ffff) | (value & 0x00ff_ffff_f000_0000) << 4;
        let quarters = (halves & 0x0000_3fff_0000_3fff) | (halves & 0x0fff_c000_0fff_c000) << 2;
        let eighths = (quarters & 0x007f_007f_007f_007f) | (quarters & 0x3f80_3f80_3f80_3f80) << 1;
        let marks = 0x8080_8080_8080_8080 & ((1 << ((bytes - 1) * u8::BITS)) - 1);
        self.word(at, eighths | marks, bytes as usize)
    }

    /// One of nine bytes or ten.
    #[cold]
    fn long_varint(&mut self, mut at: usize, mut value: u64) -> usize {
        while value >= 0x80 {
            at = self.word(at, value & 0x7f | 0x80, 1);
            value >>= 7;
        }
        self.word(at, value, 1)
    }
}

/// How many of the largest unit a number is a whole number of, and which one. The divisors stand here, so that nothing is divided.
#[inline]
const fn in_units(value: u64) -> Option<u64> {
    if value.is_multiple_of(UNITS[3] as u64) {
        Some((value / UNITS[3] as u64) << 2 | 3)
    } else if value.is_multiple_of(UNITS[2] as u64) {
        Some((value / UNITS[2] as u64) << 2 | 2)
    } else if value.is_multiple_of(UNITS[1] as u64) {
        Some((value / UNITS[1] as u64) << 2 | 1)
    } else {
        None
    }
}

/// The time whose low bits these are, less than 2³² ms before the newest.
const fn time(newest_ms: i64, low: u32) -> i64 {
    newest_ms.wrapping_sub((newest_ms as u32).wrapping_sub(low) as i64)
}

/// Where an event lies and what it says without being asked for more.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) begins: usize,
    /// Where the next one begins; in a snapshot whose checksum lies this may be past the end.
    pub(crate) ends: usize,
    /// The byte of its kind.
    pub(crate) kind: u8,
    pub(crate) at_ms: i64,
}

/// The event at a place, if there is one.
#[inline]
pub(crate) fn place_at(bytes: &[u8], at: usize, newest_ms: i64) -> Option<Place> {
    let rest = bytes.get(at..)?;
    let word = match rest.first_chunk() {
        Some(word) => u64::from_le_bytes(*word),
        None => short_head(rest)?,
    };
    // What is no whole event comes of a snapshot whose checksum lies: it must end, too.
    let ends = at + usize::from(word as u8).max(HEAD_BYTES);
    Some(Place { begins: at, ends, kind: (word >> 8) as u8, at_ms: time(newest_ms, (word >> 16) as u32) })
}

/// The head of an event as a word, where fewer bytes than that are left.
#[cold]
fn short_head(rest: &[u8]) -> Option<u64> {
    let [length, kind, a, b, c, d] = *rest.first_chunk::<HEAD_BYTES>()?;
    Some(u64::from_le_bytes([length, kind, a, b, c, d, 0, 0]))
}

/// The events from a place on, one after the other.
#[inline]
pub(crate) fn places(bytes: &[u8], mut at: usize, newest_ms: i64) -> impl Iterator<Item = Place> {
    std::iter::from_fn(move || {
        let place = place_at(bytes, at, newest_ms)?;
        at = place.ends;
        Some(place)
    })
}

/// Reads the events of an entity, one after the other.
pub(crate) struct Reader<'b> {
    pub(crate) bytes: &'b [u8],
    pub(crate) kinds: &'b Kinds,
    /// Where the next event begins.
    pub(crate) at: usize,
    pub(crate) newest_ms: i64,
}

/// Where the column that begins at a place ends; past the end, too, where a snapshot's checksum lies.
#[inline]
pub(crate) fn behind_column(bytes: &[u8], at: usize, is_number: bool) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let first = rest.first().copied().unwrap_or(0);
    if is_number {
        if u64::from(first) == WIDE {
            return at + 1 + WORD_BYTES;
        }
        let further = rest.iter().take(VARINT_MAX - 1).take_while(|byte| **byte >= 0x80);
        return at + further.count() + 1;
    }
    let following = match (first >> HIGH_BITS, first & ((1 << HIGH_BITS) - 1)) {
        (7, WHOLE) => WORD_BYTES,
        (7, WIDE_NUMBER) => 2,
        (7, _) => 1,
        (following, _) => usize::from(following),
    };
    at + 1 + following
}

/// What an event says before its columns.
#[derive(Clone, Copy)]
pub(crate) struct Head {
    pub(crate) at_ms: i64,
    pub(crate) passes: u64,
}

impl Reader<'_> {
    pub(crate) const fn has_more(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// What the next event passes.
    pub(crate) fn passes_of_next(&mut self) -> u64 {
        let [_, kind, ..] = self.array::<HEAD_BYTES>();
        self.kinds.get(kind).map_or_else(|| self.passes(kind), |kind| kind.passes)
    }

    /// What passes where that has no number with what it lacks.
    #[cold]
    fn passes(&mut self, kind: u8) -> u64 {
        if kind != LACKING {
            return u64::from_le_bytes(self.array());
        }
        let [number] = self.array();
        self.kinds.get(number).map_or(0, |kind| kind.passes)
    }

    /// The next event; each of its columns that is among some, a bit each, is given to `column`, with where it begins and ends.
    pub(crate) fn event(
        &mut self,
        layout: &Layout,
        asked: u64,
        mut column: impl FnMut(usize, u64, std::ops::Range<usize>),
    ) -> (Head, u64) {
        let begins = self.at;
        let [length, kind, low @ ..] = self.array::<HEAD_BYTES>();
        let head = |passes, reader: &Self| Head { at_ms: reader.time(low), passes };
        let (head, missing, has) = match self.kinds.get(kind) {
            Some(kind) => (head(kind.passes, self), kind.missing, kind.columns()),
            None => {
                let passes = self.passes(kind);
                let missing = self.varint();
                (head(passes, self), missing, layout.wanted(passes).unwrap_or(0) & !missing)
            }
        };
        // A snapshot whose checksum lies may name columns that there are not.
        let columns = layout.all_columns();
        // Behind the last one that is asked for nothing is read.
        let last = asked & has & columns;
        let until = u64::MAX.checked_shr(last.leading_zeros()).unwrap_or(0);
        for position in bits(has & columns & until) {
            let from = self.at;
            match (asked >> position & 1 == 1, layout.numbers >> position & 1 == 1) {
                (true, true) => column(position, self.number() as u64, from..self.at),
                (true, false) => column(position, self.key(), from..self.at),
                (false, is_number) => self.at = behind_column(self.bytes, self.at, is_number),
            }
        }
        // The next one begins where the head says, whatever the columns of a lying snapshot do.
        self.at = begins + usize::from(length).max(HEAD_BYTES);
        (head, missing)
    }

    const fn time(&self, low: [u8; 4]) -> i64 {
        time(self.newest_ms, u32::from_le_bytes(low))
    }

    fn key(&mut self) -> u64 {
        let [first] = self.array();
        let low = first & ((1 << HIGH_BITS) - 1);
        if first < LONG {
            let following = u32::from(first >> HIGH_BITS);
            let key = self.next_word() & ((1 << (following * 8)) - 1);
            self.at += following as usize;
            return key | u64::from(low) << (following * 8);
        }
        let number = match low {
            WHOLE => return u64::from_le_bytes(self.array()),
            WIDE_NUMBER => u32::from(u16::from_le_bytes(self.array())) + NARROW_MAX,
            high => {
                let [byte] = self.array();
                u32::from(high) << 8 | u32::from(byte)
            }
        };
        self.kinds.keys.get(number)
    }

    /// The next eight bytes, or those that there are, which stay the next ones.
    #[inline]
    fn next_word(&self) -> u64 {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        u64::from_le_bytes(rest.first_chunk().copied().unwrap_or_else(|| {
            let mut word = [0; WORD_BYTES];
            word.iter_mut().zip(rest).for_each(|(own, byte)| *own = *byte);
            word
        }))
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

    fn random() -> impl Iterator<Item = u64> {
        let mut seed = 7_u64;
        std::iter::repeat_with(move || {
            seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            seed >> (seed >> 58)
        })
    }

    /// Bytes that something takes, and what it is read as.
    fn written<T>(
        kinds: &mut Kinds,
        write: impl FnOnce(&mut Packed, &mut Keys) -> usize,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> (Vec<u8>, T) {
        let mut packed = Packed::behind(0);
        let ends = write(&mut packed, &mut kinds.keys);
        let bytes = packed.bytes[..ends].to_vec();
        let mut reader = Reader { bytes: &bytes, kinds, at: 0, newest_ms: 0 };
        let value = read(&mut reader);
        assert_eq!(reader.at, ends);
        (bytes, value)
    }

    #[test]
    fn numbers_come_back_and_those_of_whole_units_take_few_bytes() {
        let near = [0, 1_000, 3_600, 86_400, 1 << 61, i64::MAX - 1_000].into_iter();
        let powers = (0..62).map(|bit| 1_i64 << bit);
        let near = near.chain(powers).flat_map(|value| (-2..=2).map(move |by| value + by)).chain([i64::MIN, i64::MAX]);
        let random = random().map(|value| value as i64).take(100_000);
        let mut kinds = Kinds::default();
        for value in random.chain(near).flat_map(|value| [value, value.wrapping_neg()]) {
            let (bytes, found) = written(&mut kinds, |packed, _| packed.number(0, value), |reader| reader.number());
            assert_eq!(found, value);
            assert_eq!(behind_column(&bytes, 0, true), bytes.len());
            assert!(bytes.len() <= 10, "{value} takes {} bytes", bytes.len());
        }
        let mut length =
            |value| written(&mut kinds, |packed, _| packed.number(0, value), |reader| reader.number()).0.len();
        assert_eq!([0, 7, -9, 9_000, 25_000, 30 * 86_400, 7 * 3_600].map(&mut length), [1; 7]);
    }

    #[test]
    fn varints_are_as_one_byte_after_the_other_says() {
        let ends = (0..u64::BITS).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit]).chain([u64::MAX]);
        for value in ends.chain(random().take(100_000)) {
            let (bytes, found) =
                written(&mut Kinds::default(), |packed, _| packed.varint(0, value), |reader| reader.varint());
            let mut packed = Packed::behind(0);
            let ends = packed.long_varint(0, value);
            assert_eq!((bytes.as_slice(), found), (&packed.bytes[..ends], value));
        }
    }

    #[test]
    fn keys_come_back_and_long_ones_take_few_bytes_while_there_are_numbers() {
        let mut kinds = Kinds::default();
        let powers = (0..u64::BITS).flat_map(|bit| [(1_u64 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let keys: Vec<u64> = random().take(600_000).chain(powers).chain([u64::MAX]).collect();
        let mut longest = [0; 3];
        for (at_ms, key) in (0..).zip(&keys) {
            // A long one has a number from the second time on.
            Packed::behind(0).key(0, &mut kinds.keys, *key, at_ms);
            let (bytes, found) =
                written(&mut kinds, |packed, keys| packed.key(0, keys, *key, at_ms), |reader| reader.key());
            assert_eq!(found, *key);
            assert_eq!(behind_column(&bytes, 0, false), bytes.len());
            let bits = u64::BITS - key.leading_zeros();
            let place = if bits <= KEY_BITS_MAX { 0 } else { 1 + usize::from(bytes[0] == LONG | WHOLE) };
            longest[place] = bytes.len().max(longest[place]);
        }
        assert_eq!(longest, [7, 3, 9], "there were fewer long keys than numbers");
        let mut keys = Keys::default();
        let mut length = |key| Packed::behind(0).key(0, &mut keys, key, 0);
        let some = [0, 31, 32, 85_512_345_678, 8_613_912_345_678, u64::MAX];
        assert_eq!(some.map(&mut length), [1, 1, 2, 5, 6, 9]);
        assert_eq!(some.map(&mut length), [1, 1, 2, 5, 6, 2]);
    }
}

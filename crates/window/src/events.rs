//! Events of a quiet entity, one by one, in few bytes each.
//!
//! ```text
//! events := how many pass each gate's filter, 1 byte each | how many more must before it may be near, 1 byte each
//!           | words, 8 bytes each | event …
//! event  := its bytes (1 byte) | kind (1 byte) | low 32 bits of its ms (4 bytes) | passes, 8 bytes, without a kind
//!           | missing varint, where columns are missing | columns in their order
//! kind   := the number of what it passes ([`Kinds`]), or 0x7f for none; 0x80 where columns are missing
//! column := zigzag varint of a number; of a key how many bytes (1 byte) and these, or 0x80 + the place of a word;
//!           only those that an aggregate of a passed filter wants
//! ```
//!
//! Most subscribers make a few events a day: at ten million of them the bytes of an event decide the memory. Numbers as
//! keys have eleven digits and take five bytes; a hash (of a cell) takes eight, but a subscriber has few cells: such
//! keys stand once, in front, as words.
//!
//! **Invariant:** every event lies less than 2³² ms before the newest, so that the low bits of its time tell all of it:
//! [`Events::moved`] lets go of what is old whenever the newest event has passed another [`TICK_BITS`] of time, and no
//! window is longer than 30 days.

use bincode::{Decode, Encode};

use crate::block::{BYTES_MAX, Block};
use crate::kinds::{KINDS_MAX, Kinds};
use crate::layout::{Event, Layout};
use crate::limits::{EVENTS_EXACT_MAX, GATES_MAX};
use crate::prefetch::prefetch;

/// 2³⁰ ms are 12.4 days: with the longest window, 30 days, they are below 2³² ms.
const TICK_BITS: u32 = 30;
const _: () = assert!((1_i64 << TICK_BITS) + 30 * 86_400_000 < 1 << 32);

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;
/// Bytes of an event's length, kind and time.
const HEAD_BYTES: usize = 6;
/// Stands for the kind of an event whose filters have no number.
const NO_KIND: u8 = 0x7f;
const _: () = assert!(KINDS_MAX == NO_KIND as usize);
/// Marks the kind of an event that has not all columns which are wanted.
const MISSING: u8 = 0x80;
/// Most columns of an event that is kept by itself.
const COLUMNS_MAX: usize = 12;
/// Most bytes of an event: its head, its filters, a varint, and for each column a varint.
const PACKED_MAX: usize = HEAD_BYTES + 8 + 10 + COLUMNS_MAX * 10;
const _: () = assert!(PACKED_MAX <= u8::MAX as usize);
const _: () = assert!(2 * GATES_MAX + WORDS_MAX * 8 + EVENTS_EXACT_MAX * PACKED_MAX <= BYTES_MAX);

/// Bytes of a key.
const KEY_BYTES: usize = 8;
/// A key that needs more bytes than these is put among the words.
const SHORT_KEY_BYTES: usize = 7;
/// Most words: subscribers with more cells in a day are few, and their further ones stand in the events.
const WORDS_MAX: usize = 12;
/// More words than these are looked through when events go: there may be some that no event names any more.
const WORDS_KEPT: usize = 4;
/// Marks the place of a word where the number of a key's bytes would stand.
const WORD: u8 = 0x80;

/// Words of an unpacked event besides its columns: time, filters, presence.
pub(crate) const WORDS: usize = 3;

/// Words of an unpacked event.
pub(crate) const fn stride(layout: &Layout) -> usize {
    WORDS + layout.columns as usize
}

/// Events in the order in which they came. Each method is given the time of the newest.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Events {
    bytes: Block,
    words: u8,
    count: u8,
    room: Room,
}

/// Has one value: the others leave room for the forms of an entity that are no events, and for an empty place of the
/// table ([`crate::entity`] asserts that nothing more is taken).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[repr(u8)]
enum Room {
    Taken,
}

const _: () = assert!(EVENTS_EXACT_MAX <= u8::MAX as usize);

impl Events {
    pub(crate) const fn new() -> Self {
        Self { bytes: Block::new(), words: 0, count: 0, room: Room::Taken }
    }

    /// Asks for the lines that the next event is written to and that hold the counts and words.
    pub(crate) fn prefetch(&self) {
        let bytes = self.bytes.as_slice();
        if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
            prefetch(last);
            if bytes.len() > LINE_BYTES {
                prefetch(first);
            }
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.count as u32
    }

    /// Events that pass the filter of a gate, by its place in the layout.
    pub(crate) fn gated(&self, layout: &Layout, gate: usize) -> u32 {
        let gates = self.bytes.as_slice().get(..layout.gates.len()).unwrap_or_default();
        gates.get(gate).copied().map_or(0, u32::from)
    }

    /// Whether the gate was far when it was last looked at, and too few events have passed its filter since.
    pub(crate) fn rests(&self, layout: &Layout, gate: usize) -> bool {
        self.bytes.as_slice().get(layout.gates.len() + gate).is_some_and(|rest| *rest > 0)
    }

    /// So many events must pass the filter of a gate before it may be near.
    pub(crate) fn rest(&mut self, layout: &Layout, gate: usize, events: u32) {
        if let Some(rest) = self.bytes.as_mut_slice().get_mut(layout.gates.len() + gate) {
            *rest = events.min(u32::from(u8::MAX)) as u8;
        }
    }

    /// Events that pass the filter of a gate and are not before `first_ms`.
    pub(crate) fn gated_since(
        &self,
        layout: &Layout,
        kinds: &Kinds,
        gate: usize,
        newest_ms: i64,
        first_ms: i64,
    ) -> u32 {
        let Some(filter) = layout.gates.get(gate) else { return u32::MAX };
        let mut count = 0;
        self.each(layout, kinds, newest_ms, |at_ms, passes| {
            count += u32::from(at_ms >= first_ms && passes >> filter & 1 == 1);
        });
        count
    }

    pub(crate) const fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The newest event is at `to_ms` from now on, where it was at `from_ms`.
    pub(crate) fn moved(
        &mut self,
        layout: &Layout,
        kinds: &mut Kinds,
        from_ms: i64,
        to_ms: i64,
        oldest_ms: impl Fn() -> i64,
    ) {
        if from_ms >> TICK_BITS != to_ms >> TICK_BITS {
            self.rebuild(layout, kinds, from_ms, oldest_ms());
        }
    }

    /// Adds an event, unless it lies before `oldest_ms`, and lets go of those that do when room is needed. False if it
    /// does not fit: too many events, or too many columns.
    pub(crate) fn push(
        &mut self,
        layout: &Layout,
        kinds: &mut Kinds,
        event: &Event<'_>,
        newest_ms: i64,
        oldest_ms: impl Fn() -> i64,
    ) -> bool {
        if event.at_ms < newest_ms && event.at_ms < oldest_ms() {
            return true;
        }
        if (event.present & kinds.of(layout, event.passes).columns()).count_ones() as usize > COLUMNS_MAX {
            return false;
        }
        if usize::from(self.count) >= EVENTS_EXACT_MAX {
            self.rebuild(layout, kinds, newest_ms, oldest_ms());
            if usize::from(self.count) >= EVENTS_EXACT_MAX {
                return false;
            }
        }
        self.begin(layout);
        let mut packed = self.pack(layout, kinds, event);
        // By what a block of memory holds, not by what this one happens to: a restored task must do the same.
        if self.bytes.len() + packed.length > Block::room(self.bytes.len())
            && self.drop_oldest(layout, kinds, newest_ms, oldest_ms())
        {
            // The words may have moved.
            packed = self.pack(layout, kinds, event);
        }
        self.append(layout, event.passes, &packed)
    }

    /// Makes room for the counts of the gates, where no event came yet.
    fn begin(&mut self, layout: &Layout) {
        if self.bytes.len() == 0 {
            self.bytes.append(&[0; 2 * GATES_MAX][..header(layout)]);
        }
    }

    fn append(&mut self, layout: &Layout, passes: u64, packed: &Packed) -> bool {
        self.count += 1;
        if let Some((counts, rests)) = self.bytes.as_mut_slice().split_at_mut_checked(layout.gates.len()) {
            layout.count_gates(passes, |gate| {
                counts.get_mut(gate).into_iter().for_each(|count| *count = count.saturating_add(1));
                rests.get_mut(gate).into_iter().for_each(|rest| *rest = rest.saturating_sub(1));
            });
        }
        self.bytes.append(&packed.bytes[..packed.length])
    }

    fn pack(&mut self, layout: &Layout, kinds: &mut Kinds, event: &Event<'_>) -> Packed {
        let (number, kind) = kinds.number(layout, event.passes);
        let present = event.present & kind.columns();
        let missing = kind.columns() & !present;
        let mut packed = Packed { bytes: [0; PACKED_MAX], length: 1 };
        packed.put(&[number.unwrap_or(NO_KIND) | if missing == 0 { 0 } else { MISSING }]);
        packed.put(&(event.at_ms as u32).to_le_bytes());
        if number.is_none() {
            packed.put(&event.passes.to_le_bytes());
        }
        if missing != 0 {
            packed.varint(missing);
        }
        for column in bits(present) {
            let value = event.columns[column];
            if layout.numbers >> column & 1 == 1 {
                let value = value as i64;
                packed.varint((value << 1 ^ value >> 63) as u64);
            } else {
                self.pack_key(layout, value, &mut packed);
            }
        }
        packed.bytes[0] = packed.length as u8;
        packed
    }

    fn pack_key(&mut self, layout: &Layout, key: u64, packed: &mut Packed) {
        let length = KEY_BYTES - key.leading_zeros() as usize / 8;
        if length > SHORT_KEY_BYTES
            && let Some(place) = self.word(layout, key)
        {
            packed.put(&[WORD | place]);
            return;
        }
        packed.put(&[length as u8]);
        packed.put(&key.to_le_bytes()[..length]);
    }

    /// Place of a key among the words, which it joins if there is room.
    fn word(&mut self, layout: &Layout, key: u64) -> Option<u8> {
        let all = self.first_event(layout);
        let words = self.bytes.as_slice().get(header(layout)..all).unwrap_or_default();
        if let Some(place) = words.chunks_exact(KEY_BYTES).position(|word| word == key.to_le_bytes()) {
            return Some(place as u8);
        }
        if usize::from(self.words) >= WORDS_MAX || !self.bytes.append(&key.to_le_bytes()) {
            return None;
        }
        self.bytes.as_mut_slice().get_mut(all..)?.rotate_right(KEY_BYTES);
        self.words += 1;
        Some(self.words - 1)
    }

    /// Lets go of the first events as long as they lie before `oldest_ms`: events come nearly in the order of their
    /// times, so that the first ones tell whether there is anything to gain. True if words went with them.
    fn drop_oldest(&mut self, layout: &Layout, kinds: &mut Kinds, newest_ms: i64, oldest_ms: i64) -> bool {
        let mut reader = self.reader(layout, kinds, newest_ms);
        let begin = reader.at;
        let (mut gone, mut count, mut gated) = (begin, 0, [0_u8; GATES_MAX]);
        while reader.has_more() {
            let (at_ms, passes) = reader.head();
            if at_ms >= oldest_ms {
                break;
            }
            gone = reader.at;
            count += 1;
            layout.count_gates(passes, |gate| gated[gate] += 1);
        }
        if gone == begin {
            return false;
        }
        if usize::from(self.words) > WORDS_KEPT {
            self.rebuild(layout, kinds, newest_ms, oldest_ms);
            return true;
        }
        self.bytes.cut(begin, gone.min(self.bytes.len()));
        self.count -= count;
        let left = self.bytes.as_mut_slice().iter_mut().zip(&gated[..layout.gates.len()]);
        left.for_each(|(left, gone)| *left = left.saturating_sub(*gone));
        false
    }

    /// Packs anew what does not lie before `oldest_ms`, with the words that it names.
    fn rebuild(&mut self, layout: &Layout, kinds: &mut Kinds, newest_ms: i64, oldest_ms: i64) {
        let words = self.words(layout, kinds, newest_ms);
        self.bytes.truncate(0);
        (self.words, self.count) = (0, 0);
        self.begin(layout);
        for event in words.chunks_exact(stride(layout)).filter(|event| event[0] as i64 >= oldest_ms) {
            let event = event_of(event);
            let packed = self.pack(layout, kinds, &event);
            self.append(layout, event.passes, &packed);
        }
    }

    /// All events unpacked, [`stride`] words each.
    pub(crate) fn words(&self, layout: &Layout, kinds: &Kinds, newest_ms: i64) -> Vec<u64> {
        let mut words = Vec::new();
        self.unpack(layout, kinds, newest_ms, &mut words);
        words
    }

    /// The same in the place of other words.
    pub(crate) fn unpack(&self, layout: &Layout, kinds: &Kinds, newest_ms: i64, words: &mut Vec<u64>) {
        let stride = stride(layout);
        words.clear();
        words.reserve(usize::from(self.count) * stride);
        let mut reader = self.reader(layout, kinds, newest_ms);
        while reader.has_more() {
            let begins = words.len();
            words.resize(begins + stride, 0);
            let mut present = 0;
            let (at_ms, passes) = reader.event(layout, |column, value| {
                present |= 1 << column;
                words[begins + WORDS + column] = value;
            });
            words[begins] = at_ms as u64;
            words[begins + 1] = passes;
            words[begins + 2] = present;
        }
    }

    /// Time and filters of all events.
    #[inline]
    pub(crate) fn each(&self, layout: &Layout, kinds: &Kinds, newest_ms: i64, mut each: impl FnMut(i64, u64)) {
        let mut reader = self.reader(layout, kinds, newest_ms);
        while reader.has_more() {
            let (at_ms, passes) = reader.head();
            each(at_ms, passes);
        }
    }

    /// Where the first event begins.
    fn first_event(&self, layout: &Layout) -> usize {
        header(layout) + usize::from(self.words) * KEY_BYTES
    }

    fn reader<'e>(&'e self, layout: &Layout, kinds: &'e Kinds, newest_ms: i64) -> Reader<'e> {
        let (bytes, words_at, at) = (self.bytes.as_slice(), header(layout), self.first_event(layout));
        Reader { bytes, kinds, words_at, at, newest_ms }
    }
}

/// An unpacked event: none of these is a further part of a call.
pub(crate) fn event_of(words: &[u64]) -> Event<'_> {
    Event {
        at_ms: words[0] as i64,
        passes: words[1],
        counted: 0,
        present: words[2],
        columns: &words[WORDS..],
        earlier: &[],
    }
}

/// Bytes in front of the words.
fn header(layout: &Layout) -> usize {
    2 * layout.gates.len().min(GATES_MAX)
}

/// Positions of the bits that are set.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let position = (mask != 0).then_some(mask.trailing_zeros() as usize)?;
        mask &= mask - 1;
        Some(position)
    })
}

/// Bytes of one event on the stack.
struct Packed {
    bytes: [u8; PACKED_MAX],
    length: usize,
}

impl Packed {
    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.length..self.length + bytes.len()].copy_from_slice(bytes);
        self.length += bytes.len();
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes[self.length] = value as u8 | 0x80;
            self.length += 1;
            value >>= 7;
        }
        self.bytes[self.length] = value as u8;
        self.length += 1;
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    kinds: &'b Kinds,
    /// Where the words begin.
    words_at: usize,
    at: usize,
    newest_ms: i64,
}

impl Reader<'_> {
    const fn has_more(&self) -> bool {
        self.at < self.bytes.len()
    }

    /// Time and filters of the next event, whose columns are passed over.
    #[inline]
    fn head(&mut self) -> (i64, u64) {
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
    fn event(&mut self, layout: &Layout, mut column: impl FnMut(usize, u64)) -> (i64, u64) {
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
            let value = if layout.numbers >> position & 1 == 1 {
                let value = self.varint();
                ((value >> 1) as i64 ^ -((value & 1) as i64)) as u64
            } else {
                self.key()
            };
            column(position, value);
        }
        (self.time(low), passes)
    }

    const fn time(&self, low: [u8; 4]) -> i64 {
        self.newest_ms - (self.newest_ms as u32).wrapping_sub(u32::from_le_bytes(low)) as i64
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

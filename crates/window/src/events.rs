//! Events of a quiet entity, one by one, in few bytes each.
//!
//! ```text
//! events := for each gate how many events must pass its filter before it may be near, 1 byte each
//!           | words, 8 bytes each | event …            (an event as `packed` says)
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
use crate::kinds::Kinds;
use crate::layout::{Event, Layout};
use crate::limits::{EVENTS_EXACT_MAX, GATES_MAX};
use crate::packed::{COLUMNS_MAX, KEY_BYTES, MISSING, NO_KIND, PACKED_MAX, Packed, Reader, WORD, bits};
use crate::prefetch::prefetch;

/// 2³⁰ ms are 12.4 days: with the longest window, 30 days, they are below 2³² ms.
const TICK_BITS: u32 = 30;
const _: () = assert!((1_i64 << TICK_BITS) + 30 * 86_400_000 < 1 << 32);

/// Bytes of a cache line.
const LINE_BYTES: usize = 64;
const _: () = assert!(GATES_MAX + WORDS_MAX * 8 + EVENTS_EXACT_MAX * PACKED_MAX <= BYTES_MAX);

/// A key that needs more bytes than these is put among the words.
const SHORT_KEY_BYTES: usize = 7;
/// Most words: subscribers with more cells in a day are few, and their further ones stand in the events.
const WORDS_MAX: usize = 12;
/// More words than these are looked through when events go: there may be some that no event names any more.
const WORDS_KEPT: usize = 4;

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

    /// Asks for the lines that the next event is written to and that hold the gates and words.
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

    /// Gates that were far when they were last looked at and whose filters too few events have passed since, a bit each.
    pub(crate) fn resting(&self, layout: &Layout) -> u16 {
        let rests = self.bytes.as_slice().get(..header(layout)).unwrap_or_default();
        (0..).zip(rests).fold(0, |resting, (gate, rest)| resting | u16::from(*rest > 0) << gate)
    }

    /// So many events must pass the filter of a gate before it may be near.
    pub(crate) fn rest(&mut self, layout: &Layout, gate: usize, events: u32) {
        if let Some(rest) = self.bytes.as_mut_slice().get_mut(..header(layout)).and_then(|rests| rests.get_mut(gate)) {
            *rest = events.min(u32::from(u8::MAX)) as u8;
        }
    }

    /// Events that pass the filter of a gate and are not before each of these times.
    pub(crate) fn gated_since<const N: usize>(
        &self,
        layout: &Layout,
        kinds: &Kinds,
        gate: usize,
        newest_ms: i64,
        firsts_ms: &[i64; N],
    ) -> [u32; N] {
        let Some(filter) = layout.gates.get(gate) else { return [u32::MAX; N] };
        let mut counts = [0; N];
        self.each(layout, kinds, newest_ms, |at_ms, passes| {
            if passes >> filter & 1 == 1 {
                let each = counts.iter_mut().zip(firsts_ms);
                each.for_each(|(count, first_ms)| *count += u32::from(at_ms >= *first_ms));
            }
        });
        counts
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

    /// Makes room for the gates, where no event came yet.
    fn begin(&mut self, layout: &Layout) {
        if self.bytes.len() == 0 {
            self.bytes.append(&[0; GATES_MAX][..header(layout)]);
        }
    }

    fn append(&mut self, layout: &Layout, passes: u64, packed: &Packed) -> bool {
        self.count = self.count.saturating_add(1);
        let rests = self.bytes.as_mut_slice().iter_mut().zip(&layout.gates);
        rests.for_each(|(rest, filter)| *rest = rest.saturating_sub((passes >> filter & 1) as u8));
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
                packed.number(value as i64);
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
        let (mut gone, mut count) = (begin, 0_u8);
        while reader.has_more() {
            if reader.head().0 >= oldest_ms {
                break;
            }
            gone = reader.at;
            count = count.saturating_add(1);
        }
        if gone == begin {
            return false;
        }
        if usize::from(self.words) > WORDS_KEPT {
            self.rebuild(layout, kinds, newest_ms, oldest_ms);
            return true;
        }
        self.bytes.cut(begin, gone.min(self.bytes.len()));
        self.count = self.count.saturating_sub(count);
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
    layout.gates.len().min(GATES_MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::{Aggregate, Primitive, WindowSpec};

    fn layout() -> Layout {
        let primitive = |column, filter| Primitive { window: 0, filter, column, aggregate: Aggregate::Distinct };
        Layout {
            windows: vec![WindowSpec { length_ms: 1_200, panes: 12 }],
            filters: 3,
            columns: 2,
            primitives: vec![primitive(Some(0), 1), primitive(Some(1), 2)],
            numbers: 1,
            gates: vec![0, 2],
        }
    }

    proptest! {
        /// A snapshot whose checksum lies may hold any bytes: whatever is done with them ends, and breaks nothing.
        #[test]
        fn any_bytes_are_gone_on_with(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..8], 0..4_000),
            (words, count) in any::<(u8, u8)>(),
            newest_ms in prop_oneof![Just(i64::MIN + 5_000), -9_000_i64..9_000, Just(i64::MAX - 5_000)],
            steps in prop::collection::vec((0_i64..3_000, 0_u64..8), 1..8),
        ) {
            let (layout, mut kinds) = (layout(), Kinds::default());
            let mut block = Block::new();
            block.append(&bytes);
            let mut events = Events { bytes: block, words, count, room: Room::Taken };
            for (step, passes) in steps {
                let event = Event { at_ms: newest_ms, passes, counted: 0, present: 3, columns: &[7, u64::MAX], earlier: &[] };
                let mut own = events.clone();
                own.moved(&layout, &mut kinds, newest_ms, newest_ms, || newest_ms - step);
                own.push(&layout, &mut kinds, &event, newest_ms, || newest_ms - step);
                own.rebuild(&layout, &mut kinds, newest_ms, newest_ms - step);
                let held = own.words(&layout, &kinds, newest_ms).len() / stride(&layout);
                prop_assert!(own.gated_since(&layout, &kinds, 1, newest_ms, &[newest_ms - step])[0] as usize <= held);
                events.rest(&layout, 1, step as u32);
                prop_assert!(events.resting(&layout) < 4);
                events.push(&layout, &mut kinds, &event, newest_ms, || newest_ms - step);
            }
        }
    }
}

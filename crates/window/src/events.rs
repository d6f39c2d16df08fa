//! Events of a quiet entity, one by one, in few bytes each.
//!
//! ```text
//! event := ms since base u32 (4 bytes) | passes varint | present varint | columns in their order
//! column := zigzag varint of a number, 8 bytes of a key; only those that an aggregate of a passed filter wants
//! ```
//!
//! Most subscribers make a few events a day: at ten million of them the bytes of an event decide the memory.

use bincode::{Decode, Encode};

use crate::layout::{Event, Layout};
use crate::limits::{EVENTS_EXACT_MAX, GATES_MAX};
use crate::prefetch::prefetch;

/// Bytes of a cache line, and about the step between two of the allocator's sizes.
const LINE_BYTES: usize = 64;

/// Bytes of an event's time.
const TIME_BYTES: usize = 4;
/// Most columns of an event that is kept by itself.
const COLUMNS_MAX: usize = 12;
/// Most bytes of an event: its time, two varints, and a varint for each column.
const PACKED_MAX: usize = TIME_BYTES + 10 + 10 + COLUMNS_MAX * 10;

/// Words of an unpacked event besides its columns: time, filters, presence.
pub(crate) const WORDS: usize = 3;

/// Words of an unpacked event.
pub(crate) const fn stride(layout: &Layout) -> usize {
    WORDS + layout.columns as usize
}

/// Events in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct Events {
    base_ms: i64,
    count: u8,
    /// Events that pass each gate's filter.
    gated: [u8; GATES_MAX],
    bytes: Vec<u8>,
}

const _: () = assert!(EVENTS_EXACT_MAX <= u8::MAX as usize);

impl Events {
    pub(crate) const fn new() -> Self {
        Self { base_ms: 0, count: 0, gated: [0; GATES_MAX], bytes: Vec::new() }
    }

    /// Asks for the line that the next event is written to.
    pub(crate) fn prefetch(&self) {
        if let Some(last) = self.bytes.last() {
            prefetch(last);
        }
    }

    pub(crate) const fn len(&self) -> u32 {
        self.count as u32
    }

    /// Events that pass the filter of a gate, by its place.
    pub(crate) fn gated(&self, gate: usize) -> u32 {
        self.gated.get(gate).copied().map_or(u32::MAX, u32::from)
    }

    /// Events that pass the filter of a gate and are not before `first_ms`.
    pub(crate) fn gated_since(&self, layout: &Layout, gate: usize, first_ms: i64) -> u32 {
        let Some(filter) = layout.gates.get(gate) else { return u32::MAX };
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        let mut count = 0;
        while reader.at < self.bytes.len() {
            let (since_ms, passes) = reader.event(layout, |_, _| {});
            let within = self.base_ms + i64::from(since_ms) >= first_ms;
            count += u32::from(within && passes >> filter & 1 == 1);
        }
        count
    }

    pub(crate) const fn heap_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds an event, unless it lies before `oldest_ms`, and lets go of those that do when room is needed. False if it
    /// does not fit: too many events, too many columns, or a time too far from the others.
    pub(crate) fn push(&mut self, layout: &Layout, event: &Event<'_>, wanted: u64, oldest_ms: i64) -> bool {
        if event.at_ms < oldest_ms {
            return true;
        }
        let present = event.present & wanted;
        if present.count_ones() as usize > COLUMNS_MAX {
            return false;
        }
        let far = self.count == 0 || u32::try_from(event.at_ms - self.base_ms).is_err();
        if far || usize::from(self.count) >= EVENTS_EXACT_MAX {
            self.expire(layout, oldest_ms);
            if usize::from(self.count) >= EVENTS_EXACT_MAX {
                return false;
            }
        }
        let mut packed = Packed { bytes: [0; PACKED_MAX], length: TIME_BYTES };
        packed.varint(event.passes);
        packed.varint(present);
        for column in bits(present) {
            let value = event.columns[column];
            if layout.numbers >> column & 1 == 1 {
                let value = value as i64;
                packed.varint((value << 1 ^ value >> 63) as u64);
            } else {
                packed.put(&value.to_le_bytes());
            }
        }
        // By what a block of memory holds, not by what this one happens to: a restored task must do the same.
        if self.bytes.len() + packed.length > self.bytes.len().next_multiple_of(LINE_BYTES) {
            self.drop_oldest(layout, oldest_ms);
        }
        let Ok(since_ms) = u32::try_from(event.at_ms - self.base_ms) else { return false };
        packed.bytes[..TIME_BYTES].copy_from_slice(&since_ms.to_le_bytes());
        self.append(&packed.bytes[..packed.length]);
        self.count += 1;
        layout.count_gates(event.passes, |gate| self.gated[gate] += 1);
        true
    }

    fn append(&mut self, packed: &[u8]) {
        let needed = self.bytes.len() + packed.len();
        if needed > self.bytes.capacity() {
            // Up to the next whole cache line: doubling would waste half of a quiet subscriber's memory.
            self.bytes.reserve_exact(needed.next_multiple_of(LINE_BYTES) - self.bytes.len());
        }
        self.bytes.extend_from_slice(packed);
    }

    /// Lets go of the first events as long as they lie before `oldest_ms`: events come nearly in the order of their
    /// times, so that the first ones tell whether there is anything to gain.
    fn drop_oldest(&mut self, layout: &Layout, oldest_ms: i64) {
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        let mut gone = 0;
        while reader.at < self.bytes.len() {
            let (since_ms, passes) = reader.event(layout, |_, _| {});
            if self.base_ms + i64::from(since_ms) >= oldest_ms {
                break;
            }
            gone = reader.at;
            self.count -= 1;
            layout.count_gates(passes, |gate| self.gated[gate] -= 1);
        }
        self.bytes.drain(..gone.min(self.bytes.len()));
    }

    /// Lets go of events before `oldest_ms`, which becomes the base: 32 bits of milliseconds are 49 days, longer than
    /// any window, and a subscriber stays for years.
    fn expire(&mut self, layout: &Layout, oldest_ms: i64) {
        let (mut at, mut kept, mut count, mut gated) = (0, 0, 0, [0; GATES_MAX]);
        while at < self.bytes.len() {
            let begins = at;
            let mut reader = Reader { bytes: &self.bytes, at };
            let (since_ms, passes) = reader.event(layout, |_, _| {});
            at = reader.at.min(self.bytes.len());
            if let Ok(since_ms) = u32::try_from(self.base_ms + i64::from(since_ms) - oldest_ms) {
                if kept < begins {
                    self.bytes.copy_within(begins..at, kept);
                }
                self.bytes[kept..kept + TIME_BYTES].copy_from_slice(&since_ms.to_le_bytes());
                kept += at - begins;
                count += 1;
                layout.count_gates(passes, |gate| gated[gate] += 1);
            }
        }
        self.bytes.truncate(kept);
        self.base_ms = oldest_ms;
        (self.count, self.gated) = (count, gated);
    }

    /// All events unpacked, [`stride`] words each.
    pub(crate) fn words(&self, layout: &Layout) -> Vec<u64> {
        let stride = stride(layout);
        let mut words = Vec::with_capacity(usize::from(self.count) * stride);
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        while reader.at < self.bytes.len() {
            let begins = words.len();
            words.resize(begins + stride, 0);
            let mut present = 0;
            let (since_ms, passes) = reader.event(layout, |column, value| {
                present |= 1 << column;
                words[begins + WORDS + column] = value;
            });
            words[begins] = (self.base_ms + i64::from(since_ms)) as u64;
            words[begins + 1] = passes;
            words[begins + 2] = present;
        }
        words
    }

    /// Times of all events.
    pub(crate) fn times(&self, layout: &Layout) -> impl Iterator<Item = i64> {
        let mut reader = Reader { bytes: &self.bytes, at: 0 };
        std::iter::from_fn(move || {
            let more = reader.at < self.bytes.len();
            more.then(|| self.base_ms + i64::from(reader.event(layout, |_, _| {}).0))
        })
    }
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
    at: usize,
}

impl Reader<'_> {
    /// Time since the base and filters of the next event; each of its columns is given to `column`.
    fn event(&mut self, layout: &Layout, mut column: impl FnMut(usize, u64)) -> (u32, u64) {
        let since_ms = u32::from_le_bytes(self.array());
        let passes = self.varint();
        for position in bits(self.varint()) {
            let value = if layout.numbers >> position & 1 == 1 {
                let value = self.varint();
                ((value >> 1) as i64 ^ -((value & 1) as i64)) as u64
            } else {
                u64::from_le_bytes(self.array())
            };
            column(position, value);
        }
        (since_ms, passes)
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

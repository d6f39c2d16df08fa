//! Events of a quiet entity, one by one, in few bytes each.
//!
//! ```text
//! events := how many events there are, 1 byte
//!           | for each gate how many events must pass its filter before it may be near, 4 bits each
//!           | event …                                 (an event as `packed` says)
//! ```
//!
//! Most subscribers make a few events a day: at ten million of them the bytes of an event decide the memory.
//!
//! **Invariant:** every event lies less than 2³² ms before the newest, so that the low bits of its time tell all of it:
//! [`Events::moved`] lets go of what is old whenever the newest event has passed another [`TICK_BITS`] of time, and no
//! window is longer than 30 days.

use std::ops::{Deref, DerefMut, Range};

use crate::block::Block;
use crate::gates::{Gates, Rests};
use crate::kinds::{Kind, Kinds, Whole};
use crate::layout::{Event, Layout};
use crate::limits::{EVENTS_EXACT_MAX, GATES_MAX};
use crate::outdated::{Outdated, Shorter};
use crate::packed::{COLUMNS_MAX, HEAD_BYTES, PACKED_MAX, Packed, Reader, behind_column, bits, place_at, places};
use crate::prefetch::Batch;

/// 2³⁰ ms are 12.4 days: with the longest window, 30 days, they are below 2³² ms.
const TICK_BITS: u32 = 30;
const _: () = assert!((1_i64 << TICK_BITS) + 30 * 86_400_000 < 1 << 32);

const _: () = assert!(1 + GATES_MAX + EVENTS_EXACT_MAX * PACKED_MAX <= Block::BYTES_MAX);

/// Words of an unpacked event besides its columns: time, filters, presence.
pub(crate) const WORDS: usize = 3;

/// Words of an unpacked event.
pub(crate) const fn stride(layout: &Layout) -> usize {
    WORDS + layout.columns as usize
}

/// Bytes of the count and of all gates that there can be.
const FRONT_BYTES: usize = size_of::<u64>();

/// Events in the order in which they came, in a borrowed block. Each method is given the time of the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Events<B>(pub(crate) B);

const _: () = assert!(EVENTS_EXACT_MAX <= u8::MAX as usize);

/// What is read of them.
impl<B: Deref<Target = Block>> Events<B> {
    /// Names the lines that the next event is written to and that hold the gates.
    pub(crate) fn prefetch(&self, batch: &mut Batch) {
        if let [first, .., last] = self.0.as_slice() {
            batch.add_both(first, last);
        }
    }

    pub(crate) fn len(&self) -> u32 {
        u32::from(self.count())
    }

    pub(crate) fn count(&self) -> u8 {
        self.0.as_slice().first().copied().unwrap_or(0)
    }

    /// The first bytes as one word, which are the count and the gates, and with few of these the first event's first bytes.
    #[inline]
    fn front(&self) -> u64 {
        let bytes = self.0.as_slice();
        let front = bytes.first_chunk::<FRONT_BYTES>().copied();
        u64::from_le_bytes(front.unwrap_or_else(|| {
            let mut front = [0; FRONT_BYTES];
            front.iter_mut().zip(bytes).for_each(|(own, byte)| *own = *byte);
            front
        }))
    }

    /// Gates that do not rest: those that were not far when they were last looked at, or whose filters as many events have passed
    /// since as they lacked.
    pub(crate) fn awake(&self, layout: &Layout) -> Gates {
        Rests(self.front() >> u8::BITS).awake(Gates::all(layout))
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.0.capacity()
    }

    /// Whether [`Self::trim`] would let go of anything.
    pub(crate) fn is_outdated(&self, layout: &Layout, newest_ms: i64, outdated: &Outdated) -> bool {
        self.first_outdated(layout, newest_ms, outdated).is_some()
    }

    /// Where the first event begins of which [`Self::trim`] would let go of anything.
    fn first_outdated(&self, layout: &Layout, newest_ms: i64, outdated: &Outdated) -> Option<usize> {
        let mut all = places(self.0.as_slice(), header(layout), newest_ms);
        all.find(|place| place.at_ms < outdated.latest_ms[usize::from(place.kind)]).map(|place| place.begins)
    }

    /// All events unpacked, [`stride`] words each.
    pub(crate) fn words(&self, layout: &Layout, kinds: &Kinds, newest_ms: i64) -> Vec<u64> {
        let mut words = Vec::new();
        let ends = self.unpack(layout, kinds, newest_ms, u64::MAX, &mut words).len();
        words.truncate(ends);
        words
    }

    /// The same in the place of other words, with these columns alone, a bit each: what is not present may be anything.
    pub(crate) fn unpack<'w>(
        &self,
        layout: &Layout,
        kinds: &Kinds,
        newest_ms: i64,
        columns: u64,
        words: &'w mut Vec<u64>,
    ) -> &'w [u64] {
        let stride = stride(layout);
        let (mut reader, mut ends) = (self.reader(layout, kinds, newest_ms), 0);
        while reader.has_more() {
            let begins = ends;
            ends += stride;
            if words.len() < ends {
                words.resize(ends.max(usize::from(self.count()) * stride), 0);
            }
            let event = &mut words[begins..ends];
            let mut present = 0;
            let (head, _) = reader.event(layout, columns, |column, value, _| {
                present |= 1 << column;
                event[WORDS + column] = value;
            });
            event[..WORDS].copy_from_slice(&[head.at_ms as u64, head.passes, present]);
        }
        &words[..ends]
    }

    /// Time and filters of all events.
    #[inline]
    pub(crate) fn each(&self, layout: &Layout, kinds: &Kinds, newest_ms: i64, mut each: impl FnMut(i64, u64)) {
        let bytes = self.0.as_slice();
        for place in places(bytes, header(layout), newest_ms) {
            let passes = match kinds.get(place.kind) {
                Some(kind) => kind.passes,
                None => unnumbered(bytes, kinds, place.begins),
            };
            each(place.at_ms, passes);
        }
    }

    fn reader<'e>(&'e self, layout: &Layout, kinds: &'e Kinds, newest_ms: i64) -> Reader<'e> {
        Reader { bytes: self.0.as_slice(), kinds, at: header(layout), newest_ms }
    }
}

/// What is changed.
impl<B: DerefMut<Target = Block>> Events<B> {
    /// So many events must pass the filter of a gate before it may be near.
    pub(crate) fn rest(&mut self, layout: &Layout, gate: usize, events: u32) {
        if gate < layout.gates.len().min(GATES_MAX) && self.0.len() >= header(layout) {
            let front = self.front();
            let rests = Rests(front >> u8::BITS).with(gate, events);
            self.set_front(rests.0 << u8::BITS | u64::from(front as u8));
        }
    }

    /// Each gate rests as it is said.
    pub(crate) fn rest_all(&mut self, layout: &Layout, rests: Rests) {
        if self.0.len() >= header(layout) {
            let front = self.front();
            let rests = Rests(front >> u8::BITS).with_all(Gates::all(layout), rests);
            self.set_front(rests.0 << u8::BITS | u64::from(front as u8));
        }
    }

    fn set_front(&mut self, front: u64) {
        let (front, bytes) = (front.to_le_bytes(), self.0.as_mut_slice());
        match bytes.first_chunk_mut::<FRONT_BYTES>() {
            Some(own) => *own = front,
            None => bytes.iter_mut().zip(front).for_each(|(own, byte)| *own = byte),
        }
    }

    /// One event more, which passes the filters of these gates: they rest for one less.
    fn count_one(&mut self, passed: Gates) {
        let front = self.front();
        let rests = Rests(front >> u8::BITS).after(passed);
        self.set_front(rests.0 << u8::BITS | u64::from((front as u8).saturating_add(1)));
    }

    /// The newest event is at `to_ms` from now on, where it was at `from_ms`.
    pub(crate) fn moved(&mut self, layout: &Layout, from_ms: i64, to_ms: i64, oldest_ms: i64) {
        if from_ms >> TICK_BITS != to_ms >> TICK_BITS {
            self.drop_old(layout, from_ms, oldest_ms);
        }
    }

    /// Adds an event, unless it lies before `oldest_ms`, and lets go of those that do when room is needed. False if it
    /// does not fit: too many events, or too many columns.
    pub(crate) fn push(
        &mut self,
        layout: &Layout,
        kinds: &mut Kinds,
        kind: &Whole,
        event: &Event<'_>,
        newest_ms: i64,
        oldest_ms: i64,
    ) -> bool {
        if event.at_ms < oldest_ms {
            return true;
        }
        let (present, missing) = (event.present & kind.columns(), kind.columns() & !event.present);
        if kind.is_wide && present.count_ones() as usize > COLUMNS_MAX {
            return false;
        }
        if usize::from(self.count()) >= EVENTS_EXACT_MAX {
            self.drop_old(layout, newest_ms, oldest_ms);
            if usize::from(self.count()) >= EVENTS_EXACT_MAX {
                return false;
            }
        }
        // The first one comes with room for the count and the gates.
        let mut packed = Packed::behind(if self.0.is_empty() { header(layout) } else { 0 });
        let packed = pack(&mut packed, layout, kinds, event, kind, present, missing);
        if !self.0.append_in_room(packed) {
            let begins = header(layout);
            let gone = self.first_old(layout, newest_ms, oldest_ms);
            if !self.0.cut_and_append(begins..begins + gone, packed) {
                return false;
            }
        }
        self.count_one(kind.gates);
        true
    }

    /// Bytes of the first events that lie before `oldest_ms`, which are taken off the count: events come nearly in the order of
    /// their times, so that the first ones tell whether there is anything to gain.
    fn first_old(&mut self, layout: &Layout, newest_ms: i64, oldest_ms: i64) -> usize {
        let (begins, mut gone, mut count) = (header(layout), 0, 0_u8);
        for place in places(self.0.as_slice(), begins, newest_ms).take_while(|place| place.at_ms < oldest_ms) {
            gone = place.ends.min(self.0.len()) - begins;
            count = count.saturating_add(1);
        }
        if count > 0 {
            self.set_count(self.count().saturating_sub(count));
        }
        gone
    }

    /// Lets go of what lies before `oldest_ms`.
    fn drop_old(&mut self, layout: &Layout, newest_ms: i64, oldest_ms: i64) {
        let (bytes, begins) = (self.0.as_slice(), header(layout));
        let (mut kept, mut count) = (Vec::with_capacity(bytes.len()), 0_u8);
        for place in places(bytes, begins, newest_ms).filter(|place| place.at_ms >= oldest_ms) {
            kept.extend_from_slice(bytes.get(place.begins..place.ends.min(bytes.len())).unwrap_or_default());
            count = count.saturating_add(1);
        }
        self.set_count(count);
        let ends = self.0.len();
        self.0.cut_and_append(begins..ends, &kept);
    }

    /// Lets go of events that no window covers, and of columns that none asks for.
    pub(crate) fn trim(&mut self, layout: &Layout, kinds: &Kinds, newest_ms: i64, outdated: &Outdated) {
        let all = self.0.len();
        let Some(first) = self.first_outdated(layout, newest_ms, outdated) else { return };
        // Up to `to` stands what stays, and from `stays` on what stays and has not moved up yet.
        let (mut at, mut to, mut stays, mut gone) = (first, first, first, 0_u8);
        while let Some(place) = place_at(self.0.as_slice(), at, newest_ms) {
            let event = place.begins..place.ends.min(all);
            at = event.end;
            if place.at_ms >= outdated.latest_ms[usize::from(place.kind)] {
                continue;
            }
            to = self.move_up(stays..event.start, to);
            stays = event.end;
            if place.at_ms < outdated.oldest_ms {
                gone = gone.saturating_add(1);
                continue;
            }
            match outdated.shorter(place.kind, place.at_ms).zip(kinds.get(place.kind)) {
                Some((shorter, kind)) => to = self.shorten(layout, kind, shorter, event, to),
                None => stays = event.start,
            }
        }
        to = self.move_up(stays..all, to);
        if gone > 0 {
            self.set_count(self.count().saturating_sub(gone));
        }
        self.0.cut_and_append(to..all, &[]);
    }

    /// Moves an event of a kind up to a place that is not behind it, without some of its columns; gives where it ends then.
    fn shorten(&mut self, layout: &Layout, kind: &Kind, shorter: Shorter, event: Range<usize>, begins: usize) -> usize {
        // A snapshot whose checksum lies may hold an event whose columns end behind it.
        let (mut at, mut stays, mut to) = (event.start + HEAD_BYTES, event.start, begins);
        for column in bits(kind.columns() & layout.all_columns()) {
            let is_number = layout.numbers >> column & 1 == 1;
            let ends = behind_column(self.0.as_slice(), at, is_number).min(event.end);
            if shorter.gone >> column & 1 == 1 {
                to = self.move_up(stays..at, to);
                stays = ends;
            }
            at = ends;
        }
        to = self.move_up(stays..at, to);
        if let Some([length, number, ..]) = self.0.as_mut_slice().get_mut(begins..to) {
            (*length, *number) = ((to - begins) as u8, shorter.number);
        }
        to
    }

    /// Moves bytes up to a place that is not behind them; gives where they end then.
    fn move_up(&mut self, bytes: Range<usize>, to: usize) -> usize {
        let ends = to + bytes.len();
        if !bytes.is_empty() && to < bytes.start {
            self.0.as_mut_slice().copy_within(bytes, to);
        }
        ends
    }

    fn set_count(&mut self, count: u8) {
        self.0.as_mut_slice().iter_mut().take(1).for_each(|own| *own = count);
    }
}

fn pack<'p>(
    packed: &'p mut Packed,
    layout: &Layout,
    kinds: &mut Kinds,
    event: &Event<'_>,
    kind: &Whole,
    present: u64,
    missing: u64,
) -> &'p [u8] {
    let own = if missing == 0 { kind.number } else { kinds.number(layout, event.passes, missing) };
    let mut at = packed.head(own, event.at_ms as u32);
    if own.is_none() {
        at = packed.lacking(at, kind.number, event.passes, missing);
    }
    for column in bits(present) {
        let value = event.columns[column];
        at = if layout.numbers >> column & 1 == 1 {
            packed.number(at, value as i64)
        } else {
            packed.key(at, &mut kinds.keys, value, event.at_ms)
        };
    }
    packed.whole(at)
}

/// What an event passes whose kind has no number.
#[cold]
fn unnumbered(bytes: &[u8], kinds: &Kinds, at: usize) -> u64 {
    Reader { bytes, kinds, at, newest_ms: 0 }.passes_of_next()
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

/// Bytes in front of the events.
fn header(layout: &Layout) -> usize {
    1 + layout.gates.len().min(GATES_MAX).div_ceil(2)
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

    /// As if the event had never had the column, wherever it stands among those that stay.
    #[test]
    fn a_column_that_nothing_asks_for_goes_and_the_others_stay() {
        for (gone, numbers) in (0..3).flat_map(|gone| (0..8).map(move |numbers| (gone, numbers))) {
            let window = |column| u8::from(column != gone);
            let primitive = |column| Primitive {
                window: window(column),
                filter: 0,
                column: Some(column),
                aggregate: Aggregate::Distinct,
            };
            let layout = Layout {
                windows: [1_200, 12_000].map(|length_ms| WindowSpec { length_ms, panes: 12 }).to_vec(),
                filters: 1,
                columns: 3,
                primitives: (0..3).map(primitive).collect(),
                numbers,
                gates: vec![0],
            };
            let mut kinds = Kinds::default();
            let kind = kinds.of(&layout, 1);
            let (mut block, mut expected) = (Block::new(), Block::new());
            let (mut events, mut without) = (Events(&mut block), Events(&mut expected));
            for at_ms in [5_000, 5_001] {
                let columns = &[77, 9_000, 1 << 40];
                let event = Event { at_ms, passes: 1, counted: 0, present: 7, columns, earlier: &[] };
                assert!(events.push(&layout, &mut kinds, &kind, &event, at_ms, 0));
                let event = Event { present: 7 & !(1 << gone), ..event };
                assert!(without.push(&layout, &mut kinds, &kind, &event, at_ms, 0));
            }
            let mut outdated = Outdated::default();
            outdated.work_out(&layout, &mut kinds, 9_000);
            events.trim(&layout, &kinds, 5_001, &outdated);
            assert_eq!(events.0.as_slice(), without.0.as_slice(), "column {gone} of {numbers:b}");
        }
    }

    proptest! {
        /// A snapshot whose checksum lies may hold any bytes: whatever is done with them ends, and breaks nothing.
        #[test]
        fn any_bytes_are_gone_on_with(
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), 0_u8..8], 0..4_000),
            count in any::<u8>(),
            newest_ms in prop_oneof![Just(i64::MIN + 5_000), -9_000_i64..9_000, Just(i64::MAX - 5_000)],
            steps in prop::collection::vec((0_i64..3_000, 0_u64..8), 1..8),
        ) {
            let (layout, mut kinds) = (layout(), Kinds::default());
            (0..8).for_each(|passes| assert!(kinds.number(&layout, passes, 0).is_some()));
            let (mut block, mut copy) = (Block::new(), Block::new());
            block.append(&[&[count][..], &bytes].concat());
            let mut events = Events(&mut block);
            for (step, passes) in steps {
                let event = Event { at_ms: newest_ms, passes, counted: 0, present: 3, columns: &[7, u64::MAX], earlier: &[] };
                copy.clone_from(events.0);
                let mut own = Events(&mut copy);
                own.moved(&layout, newest_ms, newest_ms, newest_ms - step);
                let kind = kinds.of(&layout, passes);
                own.push(&layout, &mut kinds, &kind, &event, newest_ms, newest_ms - step);
                own.drop_old(&layout, newest_ms, newest_ms - step);
                let mut outdated = Outdated::default();
                outdated.work_out(&layout, &mut kinds, newest_ms - 600 + step);
                own.trim(&layout, &kinds, newest_ms, &outdated);
                let held = own.words(&layout, &kinds, newest_ms).len() / stride(&layout);
                let mut heads = 0;
                own.each(&layout, &kinds, newest_ms, |_, _| heads += 1);
                prop_assert!(heads <= held);
                events.rest(&layout, 1, step as u32);
                prop_assert!(events.awake(&layout).places().all(|gate| gate < 2));
                events.push(&layout, &mut kinds, &kind, &event, newest_ms, newest_ms - step);
            }
        }
    }
}

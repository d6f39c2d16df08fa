//! Windows of one entity that is judged at each event: its events one by one first, panes on growth.
//!
//! **Invariants:**
//! - both forms give the values of the definition: a window at pane p covers the panes p − P + 1 … p by each event's
//!   own pane, with p the pane of the newest event;
//! - no event counts longer than a window covers it, and none is kept that adds to no aggregate.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::block::Block;
use crate::block_or::BlockOr;
use crate::cell::{Cell, empty_value};
use crate::events::{Events, WORDS, event_of, stride};
use crate::gates::{FirstRests, Gates};
use crate::heads::{HEADS, Heads};
use crate::kinds::{Kinds, Whole};
use crate::layout::{Aggregate, Event, Layout, Primitive};
use crate::limits::{EVENTS_EXACT_MAX, TRIMMED_BYTES_MIN};
use crate::outdated::Outdated;
use crate::panes::Panes;
use crate::prefetch::Batch;
use crate::room::{Room, Together};
use crate::starts::first_ms;

/// Windows of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityWindows {
    /// Events one by one, or panes.
    held: BlockOr<Grown>,
    /// Of the newest event time, milliseconds, the low 48 bits.
    newest: [u16; 3],
}

/// Earliest and latest time of an event, milliseconds: some 4,460 years around 1970. What lies beyond is taken for them.
const TIMES_MS: std::ops::RangeInclusive<i64> = -1 << 47..=(1 << 47) - 1;

/// With its key an entity takes three words of the table.
const _: () = assert!(size_of::<Option<(u64, EntityWindows)>>() == 24);

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Grown {
    oldest_ms: i64,
    panes: Panes,
}

/// How near an entity is to a gate of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// No window holds three quarters of what the gate asks for.
    Far,
    /// One does.
    Near,
    /// One holds all of it: a pattern may hold.
    Reached,
}

impl Gate {
    /// By the events that pass its filter, for each window, of which one window at least must hold as many as `least` says. Where
    /// it is far, also how many events must pass the filter before it may be near.
    #[must_use]
    pub fn of(counts: &[u32], least: &[u32]) -> (Self, u32) {
        let (mut nearest, mut missing) = (Self::Far, u32::MAX);
        for (count, least) in counts.iter().zip(least) {
            if count >= least {
                return (Self::Reached, 0);
            }
            let lacks = nearest_at(*least).saturating_sub(*count);
            if lacks == 0 {
                nearest = Self::Near;
            }
            missing = missing.min(lacks);
        }
        (nearest, missing)
    }
}

impl EntityWindows {
    /// Windows that have seen one event.
    #[must_use]
    pub fn new(layout: &Layout, kinds: &mut Kinds, event: &Event<'_>) -> Self {
        let mut windows = Self::before(event);
        windows.add(layout, kinds, event);
        windows
    }

    /// Windows that see their first event next.
    #[inline]
    #[must_use]
    pub fn before(first: &Event<'_>) -> Self {
        Self::of(first.at_ms, BlockOr::of_block(Block::new()))
    }

    fn of(newest_ms: i64, held: BlockOr<Grown>) -> Self {
        let mut windows = Self { held, newest: [0; 3] };
        windows.set_newest(newest_ms.clamp(*TIMES_MS.start(), *TIMES_MS.end()));
        windows
    }

    /// A time that is within [`TIMES_MS`].
    fn set_newest(&mut self, newest_ms: i64) {
        self.newest = [newest_ms as u16, (newest_ms >> 16) as u16, (newest_ms >> 32) as u16];
    }

    /// Its events one by one, or else its panes.
    fn form(&self) -> Result<Events<&Block>, &Grown> {
        self.held.get().map(Events)
    }

    fn form_mut(&mut self) -> Result<Events<&mut Block>, &mut Grown> {
        self.held.get_mut().map(Events)
    }

    /// Adds an event. `kinds` are those of all entities of this layout.
    pub fn add(&mut self, layout: &Layout, kinds: &mut Kinds, event: &Event<'_>) {
        let kind = kinds.of(layout, event.passes);
        self.add_of(layout, kinds, &kind, event);
    }

    /// The same, of what [`Kinds::of`] says of the filters that the event passes.
    pub fn add_of(&mut self, layout: &Layout, kinds: &mut Kinds, kind: &Whole, event: &Event<'_>) {
        if !TIMES_MS.contains(&event.at_ms) {
            let at_ms = event.at_ms.clamp(*TIMES_MS.start(), *TIMES_MS.end());
            return self.add_of(layout, kinds, kind, &Event { at_ms, ..*event });
        }
        let before_ms = self.newest_ms();
        let newest_ms = before_ms.max(event.at_ms);
        let oldest_ms = kinds.starts(layout, newest_ms).oldest_ms.min(newest_ms);
        self.set_newest(newest_ms);
        if let Ok(mut events) = self.form_mut() {
            events.moved(layout, before_ms, newest_ms, oldest_ms);
            if kind.wanted.is_none()
                || event.counted == 0 && events.push(layout, kinds, kind, event, newest_ms, oldest_ms)
            {
                return;
            }
            let grown = grown(layout, kinds, &events, newest_ms, oldest_ms);
            self.held = BlockOr::of(grown);
        }
        if let Err(grown) = self.form_mut()
            && kind.wanted.is_some()
        {
            grown.oldest_ms = grown.oldest_ms.min(event.at_ms);
            grown.panes.add(layout, event, newest_ms);
        }
    }

    /// Whether it holds so many bytes of events that a look at them for what goes may pay.
    #[must_use]
    pub fn is_worth_trimming(&self) -> bool {
        self.form().is_ok_and(|events| events.0.len() >= TRIMMED_BYTES_MIN)
    }

    /// Whether [`Self::trim`] would let go of anything.
    #[must_use]
    pub fn is_outdated(&self, layout: &Layout, outdated: &Outdated) -> bool {
        match self.form() {
            Ok(events) => events.is_outdated(layout, self.newest_ms(), outdated),
            Err(_) => false,
        }
    }

    /// Lets go of what no window covers that ends at the time of `outdated` or later. The entity's next event must be no
    /// earlier.
    pub fn trim(&mut self, layout: &Layout, kinds: &Kinds, outdated: &Outdated) {
        let newest_ms = self.newest_ms();
        if let Ok(mut events) = self.form_mut() {
            events.trim(layout, kinds, newest_ms, outdated);
        }
    }

    /// Names what the next event will need.
    pub fn prefetch(&self, batch: &mut Batch) {
        match self.form() {
            Ok(events) => events.prefetch(batch),
            Err(grown) => batch.add(grown),
        }
    }

    /// Newest event time.
    #[inline]
    #[must_use]
    pub const fn newest_ms(&self) -> i64 {
        let [low, middle, high] = self.newest;
        // The high bits' sign is that of the whole.
        (high as i16 as i64) << 32 | (middle as i64) << 16 | low as i64
    }

    /// Number of events that are kept one by one; `u32::MAX` once they are not.
    #[must_use]
    pub fn events_bound(&self) -> u32 {
        match self.form() {
            Ok(events) => events.len(),
            Err(_) => u32::MAX,
        }
    }

    /// Reads times and filters of its events, if these are kept one by one; gives how many they are.
    pub(crate) fn read_heads(&self, layout: &Layout, kinds: &Kinds, heads: &mut [(i64, u64); HEADS]) -> Option<u8> {
        let events = self.form().ok()?;
        let (mut count, most) = (0_u8, events.count());
        events.each(layout, kinds, self.newest_ms(), |at_ms, passes| {
            // A snapshot whose checksum lies may hold more events than it counts.
            if count < most {
                heads[usize::from(count)] = (at_ms, passes);
                count += 1;
            }
        });
        Some(count)
    }

    /// Gates that do not rest. Those that do were far when they were last looked at, and have not seen the events since that they
    /// lacked: they are far still, since a window that moves on only loses events.
    #[inline]
    #[must_use]
    pub fn awake(&self, layout: &Layout) -> Gates {
        match self.form() {
            Ok(events) => events.awake(layout),
            Err(_) => Gates::all(layout),
        }
    }

    /// After an entity's first event, which is of this kind, each gate rests until it may be near for any pattern.
    pub fn rest_first(&mut self, layout: &Layout, kind: &Whole, first: &FirstRests) {
        if let Ok(mut own) = self.form_mut() {
            own.rest_all(layout, first.after(kind.gates));
        }
    }

    /// So many events must pass the filter of a gate before it may be near for any pattern.
    pub fn rest(&mut self, layout: &Layout, gate: usize, events: u32) {
        if let Ok(mut own) = self.form_mut() {
            own.rest(layout, gate, events);
        }
    }

    /// Range in which the value of a primitive lies, for a window that ends with the pane of the newest event, as far as counting
    /// the events tells it: without looking at their columns, so that it costs little. `heads` are its own.
    #[must_use]
    pub fn bounds(&self, layout: &Layout, heads: &mut Heads, place: usize) -> Option<(f64, f64)> {
        if let Err(grown) = self.form() {
            return grown.panes.bounds(layout, place, self.newest_ms());
        }
        let primitive = layout.primitives.get(place)?;
        bounds_of(primitive, |filter| heads.count(layout, primitive.window, filter))
    }

    /// Values of the primitives that are wanted, for windows that end with the pane of the newest event; the others are
    /// left as NaN.
    pub fn values(
        &self,
        layout: &Layout,
        kinds: &Kinds,
        wanted: impl Fn(usize) -> bool,
        room: &mut Room,
        out: &mut Vec<f64>,
    ) {
        out.clear();
        out.resize(layout.primitives.len(), f64::NAN);
        let places = (0..layout.primitives.len()).filter(|place| wanted(*place));
        let mut values = self.valued(layout, kinds, u64::MAX, room);
        places.for_each(|place| out[place] = values.of(place));
    }

    /// The same, each when it is asked for: those of primitives whose columns are among some, a bit each.
    pub fn valued<'v>(&'v self, layout: &'v Layout, kinds: &Kinds, columns: u64, room: &'v mut Room) -> Values<'v> {
        let Room { words, together } = room;
        let held = self.form().map(|events| events.unpack(layout, kinds, self.newest_ms(), columns, words));
        Values { layout, newest_ms: self.newest_ms(), held, together }
    }

    /// Earliest event time within a window that ends with the pane of the newest event; once events are not kept one
    /// by one, the earlier of the first event ever and the window's beginning is cut to that beginning.
    #[must_use]
    pub fn first_event_ms(&self, layout: &Layout, kinds: &Kinds, window: usize) -> i64 {
        let window = layout.windows[window];
        let first_ms = first_ms(self.newest_ms(), &window);
        match self.form() {
            Err(grown) => grown.oldest_ms.max(first_ms),
            Ok(events) => {
                let mut earliest = None;
                events.each(layout, kinds, self.newest_ms(), |at_ms, _| {
                    if at_ms >= first_ms {
                        earliest = Some(earliest.map_or(at_ms, |earliest: i64| earliest.min(at_ms)));
                    }
                });
                earliest.unwrap_or(self.newest_ms())
            }
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self.form() {
            Ok(events) => events.heap_bytes(),
            Err(grown) => size_of::<Grown>() + grown.panes.heap_bytes(),
        }
    }
}

/// Values of an entity's primitives, for windows that end with the pane of the newest event.
#[derive(Debug)]
pub struct Values<'v> {
    layout: &'v Layout,
    newest_ms: i64,
    /// Its events unpacked, or its panes.
    held: Result<&'v [u64], &'v Grown>,
    together: &'v mut Together,
}

impl Values<'_> {
    /// That of one primitive.
    pub fn of(&mut self, place: usize) -> f64 {
        let Self { layout, newest_ms, held, ref mut together } = *self;
        match (held, layout.primitives.get(place)) {
            (Err(grown), Some(_)) => grown.panes.value(layout, place, newest_ms),
            (Ok(words), Some(primitive)) => {
                let window = layout.windows[usize::from(primitive.window)];
                value_of_events(words, layout, primitive, first_ms(newest_ms, &window), newest_ms, together)
            }
            (_, None) => f64::NAN,
        }
    }
}

impl Encode for EntityWindows {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.newest_ms().encode(encoder)?;
        self.held.encode(encoder)
    }
}

impl<C> Decode<C> for EntityWindows {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Ok(Self::of(Decode::decode(decoder)?, Decode::decode(decoder)?))
    }
}

impl<'de, C> BorrowDecode<'de, C> for EntityWindows {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

/// So many events are three quarters of what a gate asks for: from so many on it is [near](Gate::Near).
#[must_use]
pub const fn nearest_at(least: u32) -> u32 {
    (least as u64 * 3).div_ceil(4) as u32
}

fn grown(layout: &Layout, kinds: &Kinds, events: &Events<&mut Block>, newest_ms: i64, oldest_ms: i64) -> Grown {
    let mut grown = Grown { oldest_ms: newest_ms, panes: Panes::default() };
    // Those that no window covers any more may be there or not, by when they were let go.
    for event in
        events.words(layout, kinds, newest_ms).chunks_exact(stride(layout)).filter(|event| event[0] as i64 >= oldest_ms)
    {
        grown.oldest_ms = grown.oldest_ms.min(event[0] as i64);
        grown.panes.add(layout, &event_of(event), newest_ms);
    }
    grown
}

fn value_of_events(
    words: &[u64],
    layout: &Layout,
    primitive: &Primitive,
    first_ms: i64,
    newest_ms: i64,
    together: &mut Together,
) -> f64 {
    let bit = 1_u64 << primitive.filter;
    let within = words.chunks_exact(stride(layout)).filter(|event| event[0] as i64 >= first_ms);
    let chosen = within.clone().filter(|event| event[1] & bit != 0);
    let column = primitive.column.map_or(0, usize::from);
    let with_column = chosen.clone().filter(|event| event[2] >> column & 1 == 1);
    let values = with_column.map(|event| event[WORDS + column]);
    match primitive.aggregate {
        Aggregate::Count if primitive.column.is_none() => chosen.count() as f64,
        Aggregate::Count => values.count() as f64,
        Aggregate::Sum => values.fold(0_i64, |sum, value| sum.wrapping_add(value as i64)) as f64,
        Aggregate::Min => values.map(|value| value as i64).min().map_or(f64::NAN, |value| value as f64),
        Aggregate::Max => values.map(|value| value as i64).max().map_or(f64::NAN, |value| value as f64),
        Aggregate::Distinct => distinct(values) as f64,
        Aggregate::CountAtHome | Aggregate::Baseline { .. } => empty_value(primitive.aggregate),
        // The dear ones are asked for past the gate alone: they are what their cells say.
        _ => {
            let cells = within.filter_map(|event| Cell::of(layout, primitive, &event_of(event)));
            let whole = together.of(cells);
            whole.map_or(empty_value(primitive.aggregate), |whole| whole.value(layout, primitive, newest_ms))
        }
    }
}

/// Range of a primitive's value over so many events that pass each filter; `None` where that says nothing.
fn bounds_of(primitive: &Primitive, mut events: impl FnMut(u8) -> u32) -> Option<(f64, f64)> {
    match primitive.aggregate {
        Aggregate::Count if primitive.column.is_none() => {
            let exactly = f64::from(events(primitive.filter));
            Some((exactly, exactly))
        }
        Aggregate::Count | Aggregate::Distinct | Aggregate::Concurrency | Aggregate::Run => {
            Some((0.0, f64::from(events(primitive.filter))))
        }
        // Each second event counts once, if there is a first one.
        Aggregate::Sequence { .. } if events(primitive.filter) == 0 => Some((0.0, 0.0)),
        Aggregate::Sequence { then, .. } => Some((0.0, f64::from(events(then)))),
        Aggregate::CountAtHome => Some((0.0, 0.0)),
        _ => None,
    }
}

/// Different values among at most [`EVENTS_EXACT_MAX`] (fewer than the exact range of a distinct count).
fn distinct(values: impl Iterator<Item = u64>) -> usize {
    const _: () = assert!(EVENTS_EXACT_MAX <= crate::limits::DISTINCT_EXACT_MAX);
    let mut seen = [0_u64; EVENTS_EXACT_MAX];
    let mut count = 0;
    // A snapshot whose checksum lies may hold more events than it counts.
    for value in values.take(EVENTS_EXACT_MAX) {
        seen[count] = value;
        count += 1;
    }
    let seen = &mut seen[..count];
    seen.sort_unstable();
    count - seen.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

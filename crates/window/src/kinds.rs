//! What events of one plan are, by the filters that they pass and the columns that they lack: worked out once for each.
//!
//! A plan has dozens of filters, and most of its events pass one of few sets of them. An event names its set, and the columns
//! that any aggregate wants of it, by one byte; what the set leads to is not looked for again. Beside them stand the plan's long
//! keys ([`crate::keys`]).
//!
//! **Invariant:** numbers of sets are given in the order in which sets come and are never taken back, so that what a quiet
//! entity holds can be read as long as its plan is in force; they are part of a snapshot.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::gates::Gates;
use crate::keys::Keys;
use crate::layout::{Event, Layout};
use crate::packed::{COLUMNS_MAX, bits, is_long};
use crate::starts::Starts;
use crate::table::MULTIPLIER;

/// Most sets with a number: one byte, of which two values say something else ([`crate::packed`]).
pub(crate) const KINDS_MAX: usize = 254;
/// Sets with missing columns have a number only among so many: without one of its own a set of filters takes eight bytes in each
/// event, and what is missing one or two.
const LACKING_MAX: usize = 190;
/// Places of the numbers: more than twice as many as there are.
const PLACES: usize = 512;

/// Sets of filters that events of a plan passed, and the long keys that they name.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    all: Vec<Kind>,
    /// Of those that lack nothing among as many of them as were asked for: follows from the layout and is no part of a snapshot.
    wholes: Vec<Whole>,
    /// A number and 1 in each place that is taken: open addressing. Empty where none is known.
    places: Vec<u8>,
    /// Where windows began that were asked for last.
    starts: Starts,
    pub(crate) keys: Keys,
}

/// One set of filters, and what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Kind {
    /// Filters, a bit each.
    pub(crate) passes: u64,
    /// Columns that such an event lacks of those that are wanted, a bit each.
    pub(crate) missing: u64,
    /// Columns that any aggregate wants of such an event, a bit each; `None` if it adds to none.
    pub(crate) wanted: Option<u64>,
}

/// What events have in common that pass the same filters and lack nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whole {
    /// Columns that any aggregate wants of such an event, a bit each; `None` if it adds to none.
    pub(crate) wanted: Option<u64>,
    /// Gates whose filters are among those that it passes.
    pub(crate) gates: Gates,
    /// Their number, if they have one.
    pub(crate) number: Option<u8>,
    /// Whether it may have more columns than an event that is kept by itself.
    pub(crate) is_wide: bool,
}

impl Kind {
    fn of(layout: &Layout, passes: u64, missing: u64) -> Self {
        Self { passes, missing, wanted: layout.wanted(passes) }
    }

    /// Columns that such an event has of those that any aggregate wants, a bit each.
    pub(crate) fn columns(&self) -> u64 {
        self.wanted.unwrap_or(0) & !self.missing
    }
}

impl Whole {
    fn of(layout: &Layout, kind: &Kind, number: Option<u8>) -> Self {
        let is_wide = kind.columns().count_ones() as usize > COLUMNS_MAX;
        Self { wanted: kind.wanted, gates: Gates::passed(layout, kind.passes), number, is_wide }
    }

    /// Columns that any aggregate wants of such an event, a bit each.
    #[inline]
    #[must_use]
    pub fn columns(&self) -> u64 {
        self.wanted.unwrap_or(0)
    }
}

impl Kinds {
    /// How often a long key took eight bytes for want of a number, since this was asked last.
    pub fn take_unnumbered(&mut self) -> u64 {
        std::mem::take(&mut self.keys.unnumbered)
    }

    /// The number of events that pass these filters and lack these columns, if they have one. They are given one if there is one
    /// left.
    pub(crate) fn number(&mut self, layout: &Layout, passes: u64, missing: u64) -> Option<u8> {
        self.find(passes, missing).or_else(|| self.put(layout, passes, missing))
    }

    #[inline]
    fn find(&self, passes: u64, missing: u64) -> Option<u8> {
        if self.places.is_empty() { None } else { self.places[self.place(passes, missing)].checked_sub(1) }
    }

    #[cold]
    fn put(&mut self, layout: &Layout, passes: u64, missing: u64) -> Option<u8> {
        if self.places.is_empty() {
            self.places = vec![0; PLACES];
        }
        if self.all.len() >= if missing == 0 { KINDS_MAX } else { LACKING_MAX } {
            return None;
        }
        let place = self.place(passes, missing);
        self.all.push(Kind::of(layout, passes, missing));
        self.places[place] = self.all.len() as u8;
        Some(self.all.len() as u8 - 1)
    }

    /// What events have in common that pass these filters and lack nothing.
    #[inline]
    pub fn of(&mut self, layout: &Layout, passes: u64) -> Whole {
        let known = self.find(passes, 0).and_then(|number| self.wholes.get(usize::from(number)));
        known.copied().unwrap_or_else(|| self.learn(layout, passes))
    }

    #[cold]
    fn learn(&mut self, layout: &Layout, passes: u64) -> Whole {
        let number = self.number(layout, passes, 0);
        let unasked = self.all.iter().zip(0..).skip(self.wholes.len());
        self.wholes.extend(unasked.map(|(kind, number)| Whole::of(layout, kind, Some(number))));
        match number {
            Some(number) => self.wholes[usize::from(number)],
            None => Whole::of(layout, &Kind::of(layout, passes, 0), None),
        }
    }

    /// Where windows begin that end with the pane of this time.
    #[inline]
    pub(crate) fn starts(&mut self, layout: &Layout, newest_ms: i64) -> &Starts {
        if !self.starts.are_at(newest_ms) {
            self.begin_anew(layout, newest_ms);
        }
        &self.starts
    }

    #[cold]
    fn begin_anew(&mut self, layout: &Layout, newest_ms: i64) {
        self.starts = Starts::at(layout, newest_ms);
    }

    /// The kind of a number.
    pub(crate) fn get(&self, number: u8) -> Option<&Kind> {
        self.all.get(usize::from(number))
    }

    /// All that have a number, in the order of these.
    pub(crate) fn all(&self) -> &[Kind] {
        &self.all
    }

    /// Asks for what will be needed to add an event of a kind: its long keys' places.
    #[inline]
    pub fn prefetch_keys(&self, layout: &Layout, kind: &Whole, event: &Event<'_>) {
        for column in bits(event.present & kind.columns() & !layout.numbers) {
            if is_long(event.columns[column]) {
                self.keys.prefetch(event.columns[column]);
            }
        }
    }

    /// Frees the numbers of long keys that only events before this time named.
    pub fn expire_keys(&mut self, oldest_ms: i64) {
        self.keys.expire(oldest_ms);
    }

    /// Bytes held on the heap, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.all.capacity() * size_of::<Kind>()
            + self.wholes.capacity() * size_of::<Whole>()
            + self.places.capacity()
            + self.keys.heap_bytes()
    }

    /// Where a set is, or the empty place where it would be.
    #[inline]
    fn place(&self, passes: u64, missing: u64) -> usize {
        // Fibonacci hashing, as in the table of entities.
        let hash = (passes ^ missing.rotate_left(32)).wrapping_mul(MULTIPLIER);
        let mut place = (hash >> (u64::BITS - PLACES.trailing_zeros())) as usize;
        while let Some(number) = self.places[place].checked_sub(1)
            && let Kind { passes: other, missing: lacks, .. } = self.all[usize::from(number)]
            && (other, lacks) != (passes, missing)
        {
            place = (place + 1) % PLACES;
        }
        place
    }
}

impl Encode for Kinds {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.all.encode(encoder)?;
        self.keys.encode(encoder)
    }
}

impl<C> Decode<C> for Kinds {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let all: Vec<Kind> = Decode::decode(decoder)?;
        let keys = Decode::decode(decoder)?;
        let all_of = Vec::with_capacity(all.len());
        let mut kinds = Self { all: all_of, places: vec![0; PLACES], keys, ..Self::default() };
        for kind in all.into_iter().take(KINDS_MAX) {
            let place = kinds.place(kind.passes, kind.missing);
            kinds.all.push(kind);
            kinds.places[place] = kinds.all.len() as u8;
        }
        Ok(kinds)
    }
}

impl<'de, C> BorrowDecode<'de, C> for Kinds {
    fn borrow_decode<D: BorrowDecoder<'de, Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        Self::decode(decoder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Aggregate, Primitive, WindowSpec};

    #[test]
    fn a_set_keeps_its_number_and_what_it_leads_to() {
        let layout = Layout {
            windows: vec![WindowSpec { length_ms: 12, panes: 12 }],
            filters: 3,
            columns: 2,
            primitives: vec![
                Primitive { window: 0, filter: 1, column: Some(1), aggregate: Aggregate::Distinct },
                Primitive { window: 0, filter: 2, column: None, aggregate: Aggregate::Count },
            ],
            gates: vec![2, 0],
            ..Layout::default()
        };
        let mut kinds = Kinds::default();
        let sets = |n: usize| (n as u64).wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
        for round in 0..2 {
            for n in 0..400 {
                // Every other one lacks a column.
                let missing = if n % 2 == 0 { 0 } else { 2 };
                let number = kinds.number(&layout, sets(n), missing);
                let expected = match n.checked_sub(LACKING_MAX) {
                    None => Some(n),
                    Some(past) => Some(LACKING_MAX + past / 2).filter(|number| missing == 0 && *number < KINDS_MAX),
                };
                assert_eq!(number.map(usize::from), expected, "{round}: {n}");
                let kind = number.and_then(|number| kinds.get(number).copied());
                assert!(kind.is_none_or(|kind| kind == Kind::of(&layout, sets(n), missing) && kind.columns() & missing == 0));
                if missing == 0 {
                    let whole = kinds.of(&layout, sets(n));
                    assert_eq!(whole, Whole::of(&layout, &Kind::of(&layout, sets(n), 0), number));
                }
            }
            let bytes = bincode::encode_to_vec(&kinds, bincode::config::standard()).unwrap();
            (kinds, _) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
        }
        assert_eq!((0..8).map(|passes| layout.wanted(passes)).filter(Option::is_none).count(), 2);
    }
}

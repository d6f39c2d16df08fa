//! What events of one plan are, by the filters that they pass: worked out once for each set of filters.
//!
//! A plan has dozens of filters, and most of its events pass one of few sets of them. An event names its set by one byte
//! instead of by all its bits, and what the set leads to (which columns any aggregate wants) is not looked for again.
//!
//! **Invariant:** numbers are given in the order in which sets come and are never taken back, so that what a quiet entity
//! holds can be read as long as its plan is in force; they are part of a snapshot.

use bincode::de::{BorrowDecoder, Decoder};
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{BorrowDecode, Decode, Encode};

use crate::layout::Layout;
use crate::table::MULTIPLIER;

/// Most sets with a number: it fills seven bits, of which one value says that there is none.
pub(crate) const KINDS_MAX: usize = 127;
/// Places of the numbers: more than twice as many as there are.
const PLACES: usize = 256;

/// Sets of filters that events of a plan passed.
#[derive(Clone, Debug, Default)]
pub struct Kinds {
    all: Vec<Kind>,
    /// A number and 1 in each place that is taken: open addressing. Empty where none is known.
    places: Vec<u8>,
    /// The set that was asked for last: one event asks several times.
    last: Option<(u8, Kind)>,
}

/// One set of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Kind {
    /// Filters, a bit each.
    pub(crate) passes: u64,
    /// Columns that any aggregate wants of such an event, a bit each; `None` if it adds to none.
    pub(crate) wanted: Option<u64>,
}

impl Kind {
    fn of(layout: &Layout, passes: u64) -> Self {
        Self { passes, wanted: layout.wanted(passes) }
    }

    /// Columns that any aggregate wants of such an event, a bit each.
    #[must_use]
    pub fn columns(&self) -> u64 {
        self.wanted.unwrap_or(0)
    }
}

impl Kinds {
    /// The kind of events that pass these filters, and its number if it has one. It is given one if there is one left.
    pub(crate) fn number(&mut self, layout: &Layout, passes: u64) -> (Option<u8>, Kind) {
        if let Some((number, kind)) = self.last
            && kind.passes == passes
        {
            return (Some(number), kind);
        }
        if self.places.is_empty() {
            self.places = vec![0; PLACES];
        }
        let place = self.place(passes);
        if let Some(number) = self.places[place].checked_sub(1) {
            let kind = self.all[usize::from(number)];
            self.last = Some((number, kind));
            return (Some(number), kind);
        }
        let kind = Kind::of(layout, passes);
        if self.all.len() >= KINDS_MAX {
            return (None, kind);
        }
        self.all.push(kind);
        self.places[place] = self.all.len() as u8;
        (Some(self.all.len() as u8 - 1), kind)
    }

    /// The kind of events that pass these filters.
    pub fn of(&mut self, layout: &Layout, passes: u64) -> Kind {
        self.number(layout, passes).1
    }

    /// The kind of a number.
    pub(crate) fn get(&self, number: u8) -> Option<Kind> {
        self.all.get(usize::from(number)).copied()
    }

    /// Where a set is, or the empty place where it would be.
    fn place(&self, passes: u64) -> usize {
        // Fibonacci hashing, as in the table of entities.
        let mut place = (passes.wrapping_mul(MULTIPLIER) >> 56) as usize;
        while let Some(number) = self.places[place].checked_sub(1)
            && self.all[usize::from(number)].passes != passes
        {
            place = (place + 1) % PLACES;
        }
        place
    }
}

impl Encode for Kinds {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.all.encode(encoder)
    }
}

impl<C> Decode<C> for Kinds {
    fn decode<D: Decoder<Context = C>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let all: Vec<Kind> = Decode::decode(decoder)?;
        let mut kinds = Self { all: Vec::with_capacity(all.len()), places: vec![0; PLACES], last: None };
        for kind in all.into_iter().take(KINDS_MAX) {
            let place = kinds.place(kind.passes);
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
            ..Layout::default()
        };
        let mut kinds = Kinds::default();
        let sets = |n: u64| n.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1;
        for round in 0..2 {
            for n in 0..300 {
                let (number, kind) = kinds.number(&layout, sets(n));
                assert_eq!(number, u8::try_from(n).ok().filter(|n| usize::from(*n) < KINDS_MAX), "{round}");
                assert_eq!(kind, Kind::of(&layout, sets(n)));
            }
            let bytes = bincode::encode_to_vec(&kinds, bincode::config::standard()).unwrap();
            (kinds, _) = bincode::decode_from_slice(&bytes, bincode::config::standard()).unwrap();
        }
        assert_eq!((0..8).map(|passes| layout.wanted(passes)).filter(Option::is_none).count(), 2);
    }
}

//! Two kinds of events of one entity, for a sequence: first the one, then within a time the other.
//!
//! **Invariant:** merging is commutative and associative. At most [`MOMENTS_MAX`] events are held, those that ended last:
//! counts are exact up to there.

use bincode::{Decode, Encode};

use crate::limits::MOMENTS_MAX;

/// An event that may stand first in a sequence.
pub(crate) const FIRST: u8 = 1;
/// An event that may stand second.
pub(crate) const THEN: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
struct Moment {
    end_ms: i64,
    begin_ms: i64,
    /// [`FIRST`], [`THEN`] or both.
    stands: u8,
}

/// Events that may stand in a sequence, by their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Moments(Vec<Moment>);

impl Moments {
    /// One event.
    #[must_use]
    pub(crate) fn of(begin_ms: i64, end_ms: i64, stands: u8) -> Self {
        Self(vec![Moment { end_ms, begin_ms, stands }])
    }

    /// Adds the events of others.
    pub fn merge(&mut self, others: &Self) {
        for moment in &others.0 {
            let place = self.0.partition_point(|own| own < moment);
            self.0.insert(place, *moment);
        }
        let surplus = self.0.len().saturating_sub(MOMENTS_MAX);
        self.0.drain(..surplus);
    }

    /// How many second events begin during a first one, or within `within_ms` after its end.
    #[must_use]
    pub fn followed(&self, within_ms: i64) -> u64 {
        let follows = |(place, then): &(usize, &Moment)| {
            then.stands & THEN != 0
                && self.0.iter().enumerate().any(|(other, first)| {
                    other != *place
                        && first.stands & FIRST != 0
                        && (first.begin_ms..=first.end_ms.saturating_add(within_ms)).contains(&then.begin_ms)
                })
        };
        self.0.iter().enumerate().filter(follows).count() as u64
    }

    /// Number of events held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Moment>()
    }
}

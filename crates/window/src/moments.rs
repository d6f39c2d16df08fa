//! Two kinds of events of one entity, for a sequence: first the one, then within a time the other.
//!
//! **Invariant:** merging is commutative and associative. At most [`MOMENTS_MAX`] events are held, those that ended last:
//! counts are exact up to there.

use crate::few::Few;
use crate::limits::MOMENTS_MAX;
use crate::recyclable;

/// An event that may stand first in a sequence.
pub(crate) const FIRST: u8 = 1;
/// An event that may stand second.
pub(crate) const THEN: u8 = 2;

/// Bits below a beginning that say how an event stands.
const STANDS_BITS: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) end_ms: i64,
    /// Beginning, milliseconds, and below it [`FIRST`], [`THEN`] or both.
    pub(crate) begin: i64,
}

impl Moment {
    fn new(begin_ms: i64, end_ms: i64, stands: u8) -> Self {
        // Beginnings that are 70 million years away from 1970 are all the same.
        let begin_ms = begin_ms.clamp(i64::MIN >> STANDS_BITS, i64::MAX >> STANDS_BITS);
        Self { end_ms, begin: begin_ms << STANDS_BITS | i64::from(stands) }
    }

    const fn begin_ms(self) -> i64 {
        self.begin >> STANDS_BITS
    }

    const fn stands(self, how: u8) -> bool {
        self.begin & how as i64 != 0
    }
}

recyclable!(Moment);

/// Events that may stand in a sequence, by their ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moments(pub(crate) Few<Moment>);

impl Moments {
    /// One event.
    #[must_use]
    pub(crate) fn of(begin_ms: i64, end_ms: i64, stands: u8) -> Self {
        Self(Few::One(Moment::new(begin_ms, end_ms, stands)))
    }

    /// Adds the events of others.
    pub fn merge(&mut self, others: &Self) {
        for moment in others.0.as_slice() {
            let place = self.0.as_slice().partition_point(|own| own < moment);
            self.0.insert(place, *moment);
        }
        let surplus = self.len().saturating_sub(MOMENTS_MAX);
        if surplus > 0 {
            self.0.remove(0..surplus);
        }
    }

    /// How many second events begin during a first one, or within `within_ms` after its end.
    #[must_use]
    pub fn followed(&self, within_ms: i64) -> u64 {
        let moments = || self.0.as_slice().iter().enumerate();
        let follows = |(place, then): &(usize, &Moment)| {
            then.stands(THEN)
                && moments().any(|(other, first)| {
                    other != *place
                        && first.stands(FIRST)
                        && (first.begin_ms()..=first.end_ms.saturating_add(within_ms)).contains(&then.begin_ms())
                })
        };
        moments().filter(follows).count() as u64
    }

    /// Number of events held.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.as_slice().len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.as_slice().is_empty()
    }

    /// Bytes held on the heap.
    #[must_use]
    pub const fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

//! Calls and moments in slots of time: how long somebody was busy, how many calls overlapped, how regular the gaps are.
//!
//! **Invariants:**
//! - merging is commutative and associative: counts per slot add up;
//! - a call touches the slots from the one in which it begins to the one that holds its last millisecond; an empty call
//!   touches none;
//! - a value is that of the slots that begin within the window: the error is one slot at each end of a call, with
//!   [`SPAN_SLOTS`] slots in a window, and one slot for a moment, with [`POINT_SLOTS`].

use bincode::{Decode, Encode};

use crate::layout::WindowSpec;
use crate::limits::{POINT_SLOTS, SPAN_SLOTS};

/// Slots with the number of calls or moments in each, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Slots(Vec<(i64, u32)>);

/// Length of a slot of calls, milliseconds.
#[must_use]
pub const fn span_slot_ms(window: WindowSpec) -> i64 {
    at_least_one(window.length_ms / SPAN_SLOTS)
}

/// Length of a slot of moments, milliseconds.
#[must_use]
pub const fn point_slot_ms(window: WindowSpec) -> i64 {
    at_least_one(window.length_ms / POINT_SLOTS)
}

const fn at_least_one(ms: i64) -> i64 {
    if ms < 1 { 1 } else { ms }
}

impl Slots {
    /// A call that ended at `end_ms`, cut to the length of the window.
    #[must_use]
    pub fn of_call(end_ms: i64, duration_ms: i64, window: WindowSpec) -> Self {
        let slot_ms = span_slot_ms(window);
        let begin_ms = end_ms.saturating_sub(duration_ms.clamp(0, window.length_ms));
        let slots = begin_ms.div_euclid(slot_ms)..=(end_ms - 1).div_euclid(slot_ms);
        Self(if begin_ms < end_ms { slots.map(|slot| (slot, 1)).collect() } else { Vec::new() })
    }

    /// A moment.
    #[must_use]
    pub fn of_moment(at_ms: i64, window: WindowSpec) -> Self {
        Self(vec![(at_ms.div_euclid(point_slot_ms(window)), 1)])
    }

    /// Adds a moment.
    pub fn add_moment(&mut self, at_ms: i64, window: WindowSpec) {
        self.add(at_ms.div_euclid(point_slot_ms(window)), 1);
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, others: &Self) {
        others.0.iter().for_each(|(slot, count)| self.add(*slot, *count));
    }

    fn add(&mut self, slot: i64, count: u32) {
        match self.0.binary_search_by_key(&slot, |own| own.0) {
            Ok(place) => self.0[place].1 = self.0[place].1.saturating_add(count),
            Err(place) => self.0.insert(place, (slot, count)),
        }
    }

    /// Slots in which there was a call.
    #[must_use]
    pub fn busy(&self, slots: std::ops::Range<i64>) -> u64 {
        self.within(slots).count() as u64
    }

    /// Most calls in one slot.
    #[must_use]
    pub fn peak(&self, slots: std::ops::Range<i64>) -> u64 {
        self.within(slots).map(|(_, count)| u64::from(count)).max().unwrap_or(0)
    }

    /// Mean and standard deviation of the gaps between consecutive moments, in slots; `None` for fewer than two moments.
    #[must_use]
    pub fn gaps(&self, slots: std::ops::Range<i64>) -> Option<(f64, f64)> {
        let mut moments = 0_u64;
        let (mut last, mut sum, mut squares) = (None, 0_u64, 0_u128);
        for (slot, count) in self.within(slots) {
            moments += u64::from(count);
            if let Some(last) = last.replace(slot) {
                let gap = (slot - last) as u64;
                sum += gap;
                squares += u128::from(gap) * u128::from(gap);
            }
        }
        let gaps = moments.checked_sub(1).filter(|gaps| *gaps > 0)? as f64;
        let mean = sum as f64 / gaps;
        Some((mean, (squares as f64 / gaps - mean * mean).max(0.0).sqrt()))
    }

    fn within(&self, slots: std::ops::Range<i64>) -> impl Iterator<Item = (i64, u32)> {
        let first = self.0.partition_point(|(slot, _)| *slot < slots.start);
        self.0[first..].iter().copied().take_while(move |(slot, _)| *slot < slots.end)
    }

    /// Number of slots held.
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
        self.0.capacity() * size_of::<(i64, u32)>()
    }
}

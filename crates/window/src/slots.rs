//! Calls and moments in slots of time: how long somebody was busy, how many calls overlapped, how regular the gaps are.
//!
//! Slots that follow each other and have the same count are kept as one span: a call is one, however long it took.
//!
//! **Invariants:**
//! - merging is commutative and associative: counts per slot add up, and no two spans could be one;
//! - a call touches the slots from the one in which it begins to the one that holds its last millisecond; an empty call
//!   touches none;
//! - a value is that of the slots that begin within the window: the error is one slot at each end of a call, with
//!   [`SPAN_SLOTS`] slots in a window, and one slot for a moment, with [`POINT_SLOTS`].

use crate::few::Few;
use crate::layout::WindowSpec;
use crate::limits::{POINT_SLOTS, SPAN_SLOTS};
use crate::recyclable;

recyclable!(Span);

/// Slots with the number of calls or moments in each, as spans, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots(pub(crate) Few<Span>);

/// Slots that follow each other, and the number of calls or moments in each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) slots: u32,
    pub(crate) count: u32,
}

impl Span {
    /// The slot behind the last.
    const fn end(self) -> i64 {
        self.first.saturating_add(self.slots as i64)
    }

    /// Keeps the slots before `at`; gives the others.
    fn split(&mut self, at: i64) -> Self {
        let (at, end) = (at.clamp(self.first, self.end()), self.end());
        self.slots = (at - self.first) as u32;
        Self { first: at, slots: (end - at) as u32, count: self.count }
    }

    /// As many of it as lie in a range, which begins before its end and ends behind its beginning.
    fn within(mut self, slots: &std::ops::Range<i64>) -> Self {
        let mut rest = self.split(slots.start);
        rest.split(slots.end);
        rest
    }
}

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
        if begin_ms >= end_ms {
            return Self::default();
        }
        let (first, last) = (begin_ms.div_euclid(slot_ms), (end_ms - 1).div_euclid(slot_ms));
        Self(Few::One(Span { first, slots: (last - first + 1) as u32, count: 1 }))
    }

    /// A moment.
    #[must_use]
    pub const fn of_moment(at_ms: i64, window: WindowSpec) -> Self {
        Self(Few::One(Span { first: at_ms.div_euclid(point_slot_ms(window)), slots: 1, count: 1 }))
    }

    /// Adds the counts of others.
    pub fn merge(&mut self, others: &Self) {
        others.0.as_slice().iter().for_each(|span| self.add(*span));
    }

    fn add(&mut self, span: Span) {
        let begins = self.0.as_slice().partition_point(|own| own.end() <= span.first);
        let (mut place, mut left) = (begins, span);
        while left.slots > 0 {
            let Some(own) = self.0.as_mut_slice().get_mut(place) else {
                self.0.insert(place, left);
                break;
            };
            if own.first > left.first {
                let behind = left.split(own.first);
                self.0.insert(place, left);
                left = behind;
            } else if own.first == left.first {
                let (own_behind, behind) = (own.split(left.end()), left.split(own.end()));
                own.count = own.count.saturating_add(left.count);
                if own_behind.slots > 0 {
                    self.0.insert(place + 1, own_behind);
                }
                left = behind;
            } else if own.end() > left.first {
                let behind = own.split(left.first);
                self.0.insert(place + 1, behind);
            }
            place += 1;
        }
        self.join(begins.saturating_sub(1), place);
    }

    /// Makes one span of those that could be, between two places and the one behind them.
    fn join(&mut self, from: usize, to: usize) {
        for place in (from..=to).rev() {
            let [own, next, ..] = self.0.as_mut_slice().get_mut(place..).unwrap_or_default() else { continue };
            if own.end() == next.first
                && own.count == next.count
                && let Some(slots) = own.slots.checked_add(next.slots)
            {
                own.slots = slots;
                self.0.remove(place + 1..place + 2);
            }
        }
    }

    /// Slots in which there was a call.
    #[must_use]
    pub fn busy(&self, slots: std::ops::Range<i64>) -> u64 {
        self.within(slots).map(|span| u64::from(span.slots)).sum()
    }

    /// Most calls in one slot.
    #[must_use]
    pub fn peak(&self, slots: std::ops::Range<i64>) -> u64 {
        self.within(slots).map(|span| u64::from(span.count)).max().unwrap_or(0)
    }

    /// Mean and standard deviation of the gaps between consecutive moments, in slots; `None` for fewer than two moments.
    #[must_use]
    pub fn gaps(&self, slots: std::ops::Range<i64>) -> Option<(f64, f64)> {
        let mut moments = 0_u64;
        let (mut end, mut sum, mut squares) = (None, 0_u64, 0_u128);
        for span in self.within(slots) {
            let slots = u64::from(span.slots);
            moments += slots * u64::from(span.count);
            // Within a span they follow each other.
            (sum, squares) = (sum + slots - 1, squares + u128::from(slots - 1));
            if let Some(end) = end.replace(span.end()) {
                let gap = (span.first - end + 1) as u64;
                sum += gap;
                squares += u128::from(gap) * u128::from(gap);
            }
        }
        let gaps = moments.checked_sub(1).filter(|gaps| *gaps > 0)? as f64;
        let mean = sum as f64 / gaps;
        Some((mean, (squares as f64 / gaps - mean * mean).max(0.0).sqrt()))
    }

    fn within(&self, slots: std::ops::Range<i64>) -> impl Iterator<Item = Span> {
        let spans = self.0.as_slice();
        let first = spans.partition_point(|span| span.end() <= slots.start);
        let spans = spans[first..].iter().copied().take_while(move |span| span.first < slots.end);
        spans.map(move |span| span.within(&slots)).filter(|span| span.slots > 0)
    }

    /// Number of slots held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.as_slice().iter().map(|span| span.slots as usize).sum()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn slots_of(slots: &Slots) -> Vec<(i64, u32)> {
        let spans = slots.0.as_slice().iter();
        spans.flat_map(|span| (span.first..span.end()).map(|slot| (slot, span.count))).collect()
    }

    proptest! {
        /// Against a map of counts by slot.
        #[test]
        fn spans_say_what_slots_one_by_one_say(
            spans in prop::collection::vec((-20_i64..20, 0_u32..9, 1_u32..3), 0..20),
            parts in 1_usize..5,
            from in -25_i64..25,
            length in 0_i64..30,
        ) {
            let mut naive = BTreeMap::<i64, u32>::new();
            let mut merged = vec![Slots::default(); parts];
            for (place, (first, slots, count)) in spans.into_iter().enumerate() {
                (first..first + i64::from(slots)).for_each(|slot| *naive.entry(slot).or_default() += count);
                merged[place % parts].add(Span { first, slots, count });
            }
            let mut whole = Slots::default();
            merged.iter().for_each(|part| whole.merge(part));
            let mut other = Slots::default();
            merged.iter().rev().for_each(|part| other.merge(part));
            prop_assert_eq!(&whole, &other);
            prop_assert_eq!(slots_of(&whole), naive.iter().map(|(slot, count)| (*slot, *count)).collect::<Vec<_>>());
            let could_join = |pair: &[Span]| pair[0].end() == pair[1].first && pair[0].count == pair[1].count;
            prop_assert!(!whole.0.as_slice().windows(2).any(could_join));
            prop_assert_eq!(whole.len(), naive.len());
            let within: Vec<(i64, u32)> =
                naive.range(from..from + length).map(|(slot, count)| (*slot, *count)).collect();
            prop_assert_eq!(whole.busy(from..from + length), within.len() as u64);
            let peak = within.iter().map(|(_, count)| u64::from(*count)).max().unwrap_or(0);
            prop_assert_eq!(whole.peak(from..from + length), peak);
            let moments: u32 = within.iter().map(|(_, count)| count).sum();
            let gaps: Vec<f64> = within.windows(2).map(|pair| (pair[1].0 - pair[0].0) as f64).collect();
            let mean = gaps.iter().sum::<f64>() / f64::from(moments.saturating_sub(1));
            let squares = gaps.iter().map(|gap| gap * gap).sum::<f64>() / f64::from(moments.saturating_sub(1));
            let expected = (moments > 1).then(|| (mean, (squares - mean * mean).max(0.0).sqrt()));
            prop_assert_eq!(whole.gaps(from..from + length), expected);
        }
    }
}

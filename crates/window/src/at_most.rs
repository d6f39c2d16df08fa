//! How many events a cell may be said to hold at most, so that no value of it needs more than these.
//!
//! **Invariant:** cells of one primitive that are put together, all or some of them, have a value that as many events as the sum
//! of what they are said to hold could have: a count, different keys, calls at once, a run or a sequence of one kind is no larger;
//! where the sum is 0 nothing is summed and nobody is busy; where it is 1 there is no entropy.

use crate::cell::Cell;
use crate::distinct::DistinctSet;
use crate::slots::Slots;

impl Cell {
    /// Events at most; past what is counted exactly as many as can be said.
    #[must_use]
    #[inline]
    pub fn events_at_most(&self) -> u32 {
        match self {
            Self::Count(count) => at_most(*count),
            // Of a smallest, a largest and gaps nothing is said: their values may be any.
            Self::Sum(_) | Self::Min(_) | Self::Max(_) | Self::Moments(_) | Self::Distinct(DistinctSet::One(_)) => 1,
            Self::Distinct(DistinctSet::Exact(keys)) => at_most(keys.len() as u64),
            // An estimate says no bound of what it is put together with.
            Self::Distinct(DistinctSet::Sketch(_)) => u32::MAX,
            Self::Calls(slots) => highest(slots),
            Self::Claims(_) | Self::Frequencies(_) | Self::Runs(_) | Self::Sequence(_) => at_most(self.weight()),
        }
    }
}

fn at_most(events: u64) -> u32 {
    u32::try_from(events).unwrap_or(u32::MAX)
}

/// Most in one slot.
fn highest(slots: &Slots) -> u32 {
    slots.0.as_slice().iter().map(|span| span.count).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::layout::{Aggregate, Event, Layout, Primitive, WindowSpec};
    use crate::panes::{At, Panes};
    use crate::{Cell, limits::DISTINCT_EXACT_MAX};

    const AGGREGATES: [Aggregate; 12] = [
        Aggregate::Count,
        Aggregate::Distinct,
        Aggregate::Concurrency,
        Aggregate::Run,
        Aggregate::Sequence { then: 0, within_ms: 30 },
        Aggregate::Sequence { then: 1, within_ms: 30 },
        Aggregate::Sum,
        Aggregate::Busy,
        Aggregate::Entropy,
        Aggregate::Min,
        Aggregate::GapMean,
        Aggregate::CountAtHome,
    ];

    fn layout() -> Layout {
        let window = |(length_ms, panes)| WindowSpec { length_ms, panes };
        let windows = [(400, 4), (90, 9)].map(window).to_vec();
        let primitive = |(place, aggregate)| {
            let column = (!matches!(aggregate, Aggregate::Count)).then_some(0);
            Primitive { window: place, filter: 0, column, aggregate }
        };
        let primitives = [0, 1].into_iter().flat_map(|window| AGGREGATES.map(|aggregate| (window, aggregate)));
        Layout { windows, filters: 2, columns: 1, primitives: primitives.map(primitive).collect(), ..Layout::default() }
    }

    /// Whether so many events could have a value.
    fn could_have(aggregate: Aggregate, value: f64, events: u32) -> bool {
        match aggregate {
            Aggregate::Sum | Aggregate::Busy | Aggregate::Sequence { then: 1, .. } => events > 0 || value == 0.0,
            Aggregate::Entropy => events > 1 || value == 0.0,
            Aggregate::Min | Aggregate::GapMean => true,
            _ => value <= f64::from(events),
        }
    }

    proptest! {
        /// Whatever is merged in parts of some events, and at whatever time it is asked for from then on.
        #[test]
        fn no_value_needs_more_events_than_are_said(
            parts in prop::collection::vec(
                prop::collection::vec((0_i64..80, 1_u64..4, 0_u64..60, 0_u64..4), 1..5), 1..12),
            crowd in prop_oneof![Just(0_u64), Just(4 * DISTINCT_EXACT_MAX as u64)],
        ) {
            let layout = layout();
            let primitives: Vec<u8> = (0..layout.primitives.len() as u8).collect();
            let (mut panes, mut said, mut from_ms) = (Panes::new(), 0_u32, 0);
            let crowd = (0..crowd).map(|number| (0, 1, 7 * number, 0)).collect();
            for (part, events) in (0..).zip(parts.into_iter().chain([crowd])) {
                from_ms = part * 80;
                let mut cells = Vec::new();
                for (at, passes, value, counted) in events {
                    let (columns, earlier) = ([value], [value / 2]);
                    let event = Event { at_ms: from_ms + at, passes, counted, present: 1, columns: &columns, earlier: &earlier };
                    Cell::add(&mut cells, &layout, &primitives, &event);
                }
                let mut at = At::new(&layout, from_ms + 79);
                let most = cells.iter().map(|(_, cell)| cell.events_at_most()).max().unwrap_or(0);
                said = said.saturating_add(most);
                let mut merging = panes.merging(&mut at);
                cells.into_iter().for_each(|(index, cell)| merging.add(index.into(), cell));
                drop(merging);
                panes.expire(&mut at);
                let held = panes.events_at_most();
                prop_assert!(held <= said);
                for later_ms in (0..600).step_by(40) {
                    let mut at = At::new(&layout, from_ms + 79 + later_ms);
                    for (index, primitive) in layout.primitives.iter().enumerate() {
                        let value = panes.value_at(&mut at, index);
                        prop_assert!(could_have(primitive.aggregate, value, held), "{:?} {} {}", primitive, value, held);
                    }
                }
            }
            panes.expire(&mut At::new(&layout, from_ms + 10_000));
            prop_assert_eq!(panes.events_at_most(), 0);
        }
    }
}

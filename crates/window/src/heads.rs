//! Times and filters of a quiet entity's events, side by side: what its gates and most of its judgements ask is counted from these
//! alone, and each event is read once for all of them.

use crate::entity::EntityWindows;
use crate::kinds::Kinds;
use crate::layout::Layout;
use crate::starts::Starts;

/// Of one entity at a time; room that is used again.
#[derive(Clone, Debug)]
pub struct Heads {
    /// Time and filters of each event; of events before, behind them.
    events: Box<[(i64, u64); HEADS]>,
    count: u8,
    starts: Starts,
    newest_ms: i64,
    /// Whether events are kept one by one.
    are_all: bool,
    /// What was counted: window, filter, events.
    counted: Vec<(u8, u8, u32)>,
}

/// One event more than a byte can count.
pub(crate) const HEADS: usize = 1 + u8::MAX as usize;

impl Default for Heads {
    fn default() -> Self {
        Self {
            events: Box::new([(0, 0); HEADS]),
            count: 0,
            starts: Starts::default(),
            newest_ms: 0,
            are_all: false,
            counted: Vec::new(),
        }
    }
}

impl Heads {
    /// Takes those of an entity in the place of another's.
    pub fn take(&mut self, windows: &EntityWindows, layout: &Layout, kinds: &mut Kinds) {
        self.newest_ms = windows.newest_ms();
        self.starts = *kinds.starts(layout, self.newest_ms);
        self.counted.clear();
        let count = windows.read_heads(layout, kinds, &mut self.events);
        (self.are_all, self.count) = (count.is_some(), count.unwrap_or(0));
    }

    fn events(&self) -> &[(i64, u64)] {
        &self.events[..usize::from(self.count)]
    }

    /// First millisecond of a window.
    fn first_ms(&self, layout: &Layout, window: usize) -> i64 {
        self.starts.first_ms(layout, window, self.newest_ms)
    }

    /// Events in a window that pass a filter: several primitives, of several patterns, ask for one number.
    pub(crate) fn count(&mut self, layout: &Layout, window: u8, filter: u8) -> u32 {
        let known = self.counted.iter().find(|known| (known.0, known.1) == (window, filter));
        if let Some((_, _, count)) = known {
            return *count;
        }
        let count = self.count_anew(layout, window, filter);
        self.counted.push((window, filter, count));
        count
    }

    fn count_anew(&self, layout: &Layout, window: u8, filter: u8) -> u32 {
        let first_ms = self.first_ms(layout, window.into());
        let counts = |(at_ms, passes): &(i64, u64)| u32::from(*at_ms >= first_ms) & (passes >> (filter & 63)) as u32;
        self.events().iter().map(counts).sum()
    }

    /// Counts for each window the events that pass the filter of the gate at this place of [`Layout::gates`]; what to hold against
    /// [`crate::Gate::of`]. All that there can be once events are not kept one by one: a gate may never lose anything.
    pub fn count_gated(&self, layout: &Layout, gate: usize, counts: &mut [u32]) {
        let Some(filter) = layout.gates.get(gate).filter(|_| self.are_all) else { return counts.fill(u32::MAX) };
        counts.fill(0);
        let order = self.starts.longest_first(layout);
        for (at_ms, passes) in self.events() {
            if passes >> (filter & 63) & 1 == 0 {
                continue;
            }
            // What lies before one window lies before all shorter ones.
            for (first_ms, window) in order {
                if at_ms < first_ms {
                    break;
                }
                counts[usize::from(*window)] += 1;
            }
        }
        for (window, count) in counts.iter_mut().enumerate().skip(order.len()) {
            *count = self.count_anew(layout, window as u8, *filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layout::{Aggregate, Event, Primitive, WindowSpec};

    proptest! {
        /// With more windows than are kept, by nested loops.
        #[test]
        fn counts_are_those_of_each_window(
            windows in prop::collection::vec((1_i64..60, 1_u32..6), 1..12),
            events in prop::collection::vec((0_i64..40, 0_u64..4), 1..60),
        ) {
            let spec = |&(pane_ms, panes): &(i64, u32)| WindowSpec { length_ms: pane_ms * i64::from(panes), panes };
            let count = |window| Primitive { window, filter: 0, column: None, aggregate: Aggregate::Count };
            let layout = Layout {
                windows: windows.iter().map(spec).collect(),
                filters: 2,
                primitives: (0..windows.len() as u8).map(count).collect(),
                gates: vec![1, 0],
                ..Layout::default()
            };
            let (mut kinds, mut held, mut newest_ms) = (Kinds::default(), None::<EntityWindows>, 0);
            let (mut heads, mut counts, mut all) = (Heads::default(), vec![7; windows.len()], Vec::new());
            for (by_ms, passes) in events {
                newest_ms += by_ms;
                // Filter 0 is what all patterns look at: every event passes it.
                let event =
                    Event { at_ms: newest_ms, passes: passes | 1, counted: 0, present: 0, columns: &[], earlier: &[] };
                all.push((newest_ms, passes | 1));
                held.get_or_insert_with(|| EntityWindows::before(&event)).add(&layout, &mut kinds, &event);
                heads.take(held.as_ref().unwrap(), &layout, &mut kinds);
                for (gate, filter) in [(0, 1), (1, 0)] {
                    heads.count_gated(&layout, gate, &mut counts);
                    for (window, spec) in layout.windows.iter().enumerate() {
                        let first_ms = crate::starts::first_ms(newest_ms, spec);
                        let within = all.iter().filter(|(at_ms, passes)| *at_ms >= first_ms && passes >> filter & 1 == 1);
                        let naive = within.count() as u32;
                        prop_assert_eq!((counts[window], heads.count(&layout, window as u8, filter)), (naive, naive));
                        prop_assert_eq!(heads.count(&layout, window as u8, filter), naive);
                    }
                }
            }
        }
    }
}

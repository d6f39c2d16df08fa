//! Windows of one entity that is judged at each event: its events one by one first, panes on growth.
//!
//! **Invariants:**
//! - both forms give the values of the definition: a window at pane p covers the panes p − P + 1 … p by each event's
//!   own pane, with p the pane of the newest event;
//! - no event counts longer than a window covers it, and none is kept that adds to no aggregate.

use bincode::{Decode, Encode};

use crate::cell::{Cell, empty_value};
use crate::events::{Events, WORDS, stride};
use crate::layout::{Aggregate, Event, Layout};
use crate::limits::EVENTS_EXACT_MAX;
use crate::panes::Panes;
use crate::prefetch::prefetch;

/// Windows of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EntityWindows {
    newest_ms: i64,
    form: Form,
}

/// With its key an entity takes half a cache line of the table.
const _: () = assert!(size_of::<Option<(u64, EntityWindows)>>() == 32);

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
enum Form {
    Events(Events),
    Panes(Box<Grown>),
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Grown {
    oldest_ms: i64,
    panes: Panes,
}

/// How near an entity is to the gate of its patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// No window holds three quarters of what the gate asks for.
    Far,
    /// One does.
    Near,
    /// One holds all of it: a pattern may hold.
    Reached,
}

impl EntityWindows {
    /// Windows that have seen one event.
    #[must_use]
    pub fn new(layout: &Layout, event: &Event<'_>) -> Self {
        let mut windows = Self { newest_ms: event.at_ms, form: Form::Events(Events::new()) };
        windows.add(layout, event);
        windows
    }

    /// Adds an event.
    pub fn add(&mut self, layout: &Layout, event: &Event<'_>) {
        let (before_ms, newest_ms) = (self.newest_ms, self.newest_ms.max(event.at_ms));
        let oldest = || oldest_ms(layout, newest_ms);
        if let Form::Events(events) = &mut self.form {
            events.moved(layout, before_ms, newest_ms, oldest);
        }
        self.newest_ms = newest_ms;
        let Some(wanted) = layout.wanted(event.passes) else { return };
        if let Form::Events(events) = &mut self.form {
            let fits = event.counted == 0 && events.push(layout, event, wanted, newest_ms, oldest);
            if fits {
                return;
            }
            self.form = Form::Panes(Box::new(grown(layout, events, newest_ms)));
        }
        if let Form::Panes(grown) = &mut self.form {
            grown.oldest_ms = grown.oldest_ms.min(event.at_ms);
            grown.panes.add(layout, event, self.newest_ms);
        }
    }

    /// Asks for what the next event will need, without waiting for it.
    pub fn prefetch(&self) {
        match &self.form {
            Form::Events(events) => events.prefetch(),
            Form::Panes(grown) => prefetch(&**grown),
        }
    }

    /// Newest event time.
    #[must_use]
    pub const fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// Number of events that are kept one by one; `u32::MAX` once they are not.
    #[must_use]
    pub fn events_bound(&self) -> u32 {
        match &self.form {
            Form::Events(events) => events.len(),
            Form::Panes(_) => u32::MAX,
        }
    }

    /// How near the entity is to a gate: events that pass [`Layout::gate`], for each window, of which one window at
    /// least must hold so many. [`Gate::Reached`] once events are not kept one by one: a gate may never lose anything.
    #[must_use]
    pub fn gate(&self, layout: &Layout, least: &[u32]) -> Gate {
        let Form::Events(events) = &self.form else { return Gate::Reached };
        // Those that have left the windows and are not let go yet are counted too: a bound that costs nothing.
        let bound = events.gated();
        if !least.iter().any(|least| near(bound, *least)) {
            return Gate::Far;
        }
        let mut nearest = Gate::Far;
        for (window, least) in layout.windows.iter().zip(least).filter(|(_, least)| near(bound, **least)) {
            let first_ms = first_ms(self.newest_ms, window.pane_ms(), window.panes);
            let count = events.gated_since(layout, self.newest_ms, first_ms);
            if count >= *least {
                return Gate::Reached;
            }
            if near(count, *least) {
                nearest = Gate::Near;
            }
        }
        nearest
    }

    /// Values of all primitives, for windows that end with the pane of the newest event.
    pub fn values(&self, layout: &Layout, out: &mut Vec<f64>) {
        match &self.form {
            Form::Panes(grown) => grown.panes.values(layout, self.newest_ms, out),
            Form::Events(events) => {
                let words = events.words(layout, self.newest_ms);
                out.clear();
                for primitive in &layout.primitives {
                    let window = layout.windows[usize::from(primitive.window)];
                    let first_ms = first_ms(self.newest_ms, window.pane_ms(), window.panes);
                    out.push(value_of_events(&words, layout, primitive, first_ms));
                }
            }
        }
    }

    /// Earliest event time within a window that ends with the pane of the newest event; once events are not kept one
    /// by one, the earlier of the first event ever and the window's beginning is cut to that beginning.
    #[must_use]
    pub fn first_event_ms(&self, layout: &Layout, window: usize) -> i64 {
        let window = layout.windows[window];
        let first_ms = first_ms(self.newest_ms, window.pane_ms(), window.panes);
        match &self.form {
            Form::Panes(grown) => grown.oldest_ms.max(first_ms),
            Form::Events(events) => {
                let within = events.times(layout, self.newest_ms).filter(|at_ms| *at_ms >= first_ms);
                within.min().unwrap_or(self.newest_ms)
            }
        }
    }

    /// Bytes held on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match &self.form {
            Form::Events(events) => events.heap_bytes(),
            Form::Panes(grown) => size_of::<Grown>() + grown.panes.heap_bytes(),
        }
    }
}

/// Whether three quarters of what a gate asks for are reached.
const fn near(events: u32, least: u32) -> bool {
    events as u64 * 4 >= least as u64 * 3
}

fn grown(layout: &Layout, events: &Events, newest_ms: i64) -> Grown {
    let mut grown = Grown { oldest_ms: newest_ms, panes: Panes::default() };
    let oldest_ms = oldest_ms(layout, newest_ms);
    // Those that no window covers any more may be there or not, by when they were let go.
    for event in
        events.words(layout, newest_ms).chunks_exact(stride(layout)).filter(|event| event[0] as i64 >= oldest_ms)
    {
        grown.oldest_ms = grown.oldest_ms.min(event[0] as i64);
        let event = Event {
            at_ms: event[0] as i64,
            passes: event[1],
            counted: 0,
            present: event[2],
            columns: &event[WORDS..],
            earlier: &[],
        };
        grown.panes.add(layout, &event, newest_ms);
    }
    grown
}

/// First millisecond that any window still covers.
fn oldest_ms(layout: &Layout, newest_ms: i64) -> i64 {
    let firsts = layout.windows.iter().map(|window| first_ms(newest_ms, window.pane_ms(), window.panes));
    firsts.min().unwrap_or(newest_ms)
}

/// First millisecond of a window of `panes` panes that ends with the pane of `newest_ms`.
const fn first_ms(newest_ms: i64, pane_ms: i64, panes: u32) -> i64 {
    (newest_ms.div_euclid(pane_ms) - panes as i64 + 1) * pane_ms
}

fn value_of_events(words: &[u64], layout: &Layout, primitive: &crate::layout::Primitive, first_ms: i64) -> f64 {
    let bit = 1_u64 << primitive.filter;
    let chosen = words.chunks_exact(stride(layout)).filter(|event| event[0] as i64 >= first_ms && event[1] & bit != 0);
    let Some(column) = primitive.column else {
        return chosen.count() as f64;
    };
    let values = chosen.filter(|event| event[2] & (1 << column) != 0).map(|event| event[WORDS + usize::from(column)]);
    match primitive.aggregate {
        Aggregate::Count => values.count() as f64,
        Aggregate::Sum => values.fold(0_i64, |sum, value| sum.wrapping_add(value as i64)) as f64,
        Aggregate::Min => values.map(|value| value as i64).min().map_or(f64::NAN, |value| value as f64),
        Aggregate::Max => values.map(|value| value as i64).max().map_or(f64::NAN, |value| value as f64),
        Aggregate::Distinct => distinct(values) as f64,
        Aggregate::CountAtHome => empty_value(primitive.aggregate),
    }
}

/// Different values among at most [`EVENTS_EXACT_MAX`] (fewer than the exact range of a distinct count).
fn distinct(values: impl Iterator<Item = u64>) -> usize {
    const _: () = assert!(EVENTS_EXACT_MAX <= crate::limits::DISTINCT_EXACT_MAX);
    let mut seen = [0_u64; EVENTS_EXACT_MAX];
    let mut count = 0;
    for value in values {
        seen[count] = value;
        count += 1;
    }
    let seen = &mut seen[..count];
    seen.sort_unstable();
    count - seen.windows(2).filter(|pair| pair[0] == pair[1]).count()
}

/// What an event adds to each primitive, for a partial pane: `None` where nothing.
pub fn cells<'e>(layout: &'e Layout, event: &'e Event<'_>) -> impl Iterator<Item = Option<Cell>> + 'e {
    layout.primitives.iter().map(|primitive| Cell::of(primitive, event))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::layout::{Primitive, WindowSpec};

    fn layout() -> Layout {
        let primitive = |window, filter, column, aggregate| Primitive { window, filter, column, aggregate };
        Layout {
            windows: vec![WindowSpec { length_ms: 1200, panes: 12 }, WindowSpec { length_ms: 9600, panes: 4 }],
            filters: 2,
            columns: 2,
            primitives: vec![
                primitive(0, 0, None, Aggregate::Count),
                primitive(0, 1, Some(0), Aggregate::Sum),
                primitive(1, 0, Some(1), Aggregate::Distinct),
                primitive(0, 1, Some(1), Aggregate::Distinct),
                primitive(1, 1, Some(0), Aggregate::Min),
                primitive(1, 0, Some(0), Aggregate::Max),
            ],
            numbers: 0b01,
            gate: 1,
        }
    }

    #[derive(Clone, Debug)]
    struct Sent {
        at_ms: i64,
        passes: u64,
        counted: u64,
        present: u64,
        columns: [u64; 2],
        earlier: [u64; 2],
    }

    fn sent() -> impl Strategy<Value = (i64, u64, bool, u64, u64, u64)> {
        // Numbers, and hashes of which few, some or many are different.
        let hash = (0_u64..600).prop_map(|key| (key + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let key = prop_oneof![0_u64..600, hash.prop_map(|hash| hash | 1 << 63), (1_u64..4).prop_map(|few| few << 60)];
        (-300_i64..900, 0_u64..4, prop::bool::weighted(0.02), 0_u64..4, 0_u64..500, key)
    }

    /// The definition, by nested loops.
    fn naive(layout: &Layout, events: &[Sent]) -> Vec<f64> {
        let newest = events.iter().map(|event| event.at_ms).max().unwrap();
        let mut values = Vec::new();
        for primitive in &layout.primitives {
            let window = layout.windows[usize::from(primitive.window)];
            let last = newest.div_euclid(window.pane_ms());
            let (mut count, mut sum, mut list, mut keys) = (0_u64, 0_i64, Vec::new(), BTreeSet::new());
            for event in events {
                let pane = event.at_ms.div_euclid(window.pane_ms());
                let covered = pane > last - i64::from(window.panes) && pane <= last;
                let counted = event.counted >> primitive.filter & 1 == 1;
                if !covered || event.passes >> primitive.filter & 1 == 0 {
                    continue;
                }
                let Some(column) = primitive.column else {
                    count += u64::from(!counted);
                    continue;
                };
                if event.present >> column & 1 == 1 {
                    let value = event.columns[usize::from(column)];
                    let before = if counted { event.earlier[usize::from(column)] } else { 0 };
                    sum = sum.wrapping_add(value as i64).wrapping_sub(before as i64);
                    list.push(value as i64);
                    keys.insert(value);
                }
            }
            values.push(match primitive.aggregate {
                Aggregate::Count => count as f64,
                Aggregate::Sum => sum as f64,
                Aggregate::Min => list.iter().min().map_or(f64::NAN, |value| *value as f64),
                Aggregate::Max => list.iter().max().map_or(f64::NAN, |value| *value as f64),
                Aggregate::Distinct => {
                    let mut set = crate::distinct::DistinctSet::default();
                    keys.iter().for_each(|key| set.insert(*key));
                    set.count() as f64
                }
                Aggregate::CountAtHome => 0.0,
            });
        }
        values
    }

    /// Events past the gate's filter, for each window, by the definition.
    fn gated(layout: &Layout, events: &[Sent]) -> [u32; 2] {
        let newest = events.iter().map(|event| event.at_ms).max().unwrap();
        [0, 1].map(|window| {
            let window: WindowSpec = layout.windows[window];
            let first = (newest.div_euclid(window.pane_ms()) - i64::from(window.panes) + 1) * window.pane_ms();
            events.iter().filter(|event| event.passes >> layout.gate & 1 == 1 && event.at_ms >= first).count() as u32
        })
    }

    /// Twelve events a day for a year are kept one by one all the time: time since a base that never moved would
    /// have run over after 24 days, and made every subscriber a busy one.
    #[test]
    fn a_quiet_subscriber_stays_quiet() {
        let layout = Layout { windows: vec![WindowSpec { length_ms: 86_400_000, panes: 12 }; 2], ..layout() };
        let event = |at_ms| Event { at_ms, passes: 3, counted: 0, present: 3, columns: &[7, 9], earlier: &[] };
        let mut windows = EntityWindows::new(&layout, &event(0));
        for index in 1..12 * 365 {
            windows.add(&layout, &event(index * 7_200_000));
            assert!(windows.events_bound() <= 40, "event {index}: {}", windows.events_bound());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn both_forms_agree_with_the_definition(steps in prop::collection::vec(sent(), 1..400), jump in prop_oneof![9 => 0_i64..40, 1 => 0_i64..4_000_000_000]) {
            let layout = layout();
            let mut events: Vec<Sent> = Vec::new();
            let mut windows: Option<EntityWindows> = None;
            let mut found = Vec::new();
            for (index, (offset, passes, again, present, number, key)) in steps.into_iter().enumerate() {
                let at_ms = index as i64 * jump + offset;
                let counted = if again { passes & 1 } else { 0 };
                let step = Sent { at_ms, passes, counted, present, columns: [number, key], earlier: [number / 2, key] };
                let event = Event {
                    at_ms,
                    passes,
                    counted,
                    present,
                    columns: &step.columns,
                    earlier: &step.earlier,
                };
                // A continued call is never an entity's first event.
                match &mut windows {
                    None => windows = Some(EntityWindows::new(&layout, &event)),
                    Some(windows) => windows.add(&layout, &event),
                }
                events.push(step);
                let windows = windows.as_ref().unwrap();
                let counts = gated(&layout, &events);
                let beyond = counts.map(|count| count + 1);
                prop_assert_eq!(windows.gate(&layout, &[counts[0], u32::MAX]), Gate::Reached);
                prop_assert_eq!(windows.gate(&layout, &[u32::MAX, counts[1]]), Gate::Reached);
                prop_assert!(windows.events_bound() == u32::MAX || windows.gate(&layout, &beyond) != Gate::Reached);
                windows.values(&layout, &mut found);
                let expected = naive(&layout, &events);
                for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                    prop_assert!(
                        found == expected || (found.is_nan() && expected.is_nan()),
                        "primitive {}: {} instead of {}", index, found, expected
                    );
                }
            }
        }
    }
}

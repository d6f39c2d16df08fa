//! The gates of an entity that is judged at each record: how many events, in which window, without which a pattern cannot
//! hold. A quiet entity costs a count a gate and no more.
//!
//! **Invariants:**
//! - a gate is necessary: where every window holds fewer events than its gate, its pattern does not hold
//!   (interval arithmetic, [`crate::expression::Condition::may`]; ranges only grow with the counts);
//! - a window's gate is met alone: a burst of ten within an hour and a day of sixty are two ways, and ten within a day
//!   are none.

use lancang_window::entity::nearest_at;
use lancang_window::limits::{DISTINCT_EXACT_MAX, GATES_MAX};
use lancang_window::{Aggregate, FirstRests, Layout, Primitive};

use crate::expression::{May, Range};
use crate::limits::EVENTS_MIN_MAX;
use crate::plan::{EntityPlan, PatternPlan};

/// Sets the gates of a local entity's patterns: each on the filter with which it is the strongest, since a pattern needs
/// most of its events. Past [`GATES_MAX`] filters the rest count all events, which is weaker.
pub(crate) fn set(plan: &mut EntityPlan) {
    for place in 0..plan.patterns.len() {
        let filters = (0..plan.filters.len() as u8).filter(|filter| {
            *filter == 0 || plan.layout.gates.contains(filter) || plan.layout.gates.len() < GATES_MAX - 1
        });
        let gates = filters.map(|filter| (thresholds(filter, &plan.layout, &plan.patterns[place]), filter));
        // Of equal ones a narrower filter than 0, which is all that is looked at.
        let strongest = gates.max_by_key(|(least, filter)| (strength(least), *filter != 0, u8::MAX - filter));
        let Some((least, filter)) = strongest else { continue };
        let gates = &mut plan.layout.gates;
        let gate = gates.iter().position(|other| *other == filter).unwrap_or_else(|| {
            gates.push(filter);
            gates.len() - 1
        });
        (plan.patterns[place].gate, plan.patterns[place].least) = (gate, least);
    }
    plan.near_from = vec![vec![u32::MAX; plan.layout.windows.len()]; plan.layout.gates.len()];
    for pattern in &plan.patterns {
        let of_gate = plan.near_from.get_mut(pattern.gate).into_iter().flatten();
        of_gate.zip(&pattern.least).for_each(|(near_from, least)| *near_from = nearest_at(*least).min(*near_from));
    }
    let near_from = plan.near_from.iter().map(|near_from| near_from.iter().min().copied().unwrap_or(u32::MAX));
    plan.first_rests = FirstRests::of(near_from);
}

fn strength(least: &[u32]) -> (u32, u64) {
    (least.iter().copied().min().unwrap_or(0), least.iter().map(|one| u64::from(*one)).sum::<u64>())
}

/// Whether a pattern's condition may hold, and may fail, at all; and with no event.
pub(crate) fn possible(layout: &Layout, pattern: &PatternPlan) -> (May, May) {
    let with = |events: u32| may(layout, pattern, |_| events);
    (with(u32::MAX), with(0))
}

/// Events, fewer than [`DISTINCT_EXACT_MAX`], that an entity must have had at least for a pattern to hold, in whatever windows: an estimate
/// of more different keys may lie above their number.
pub(crate) fn events_least(layout: &Layout, pattern: &PatternPlan) -> u32 {
    let most = DISTINCT_EXACT_MAX as u32;
    (0..most).find(|events| may(layout, pattern, |_| *events).hold).unwrap_or(most)
}

/// For each window the events that pass `filter`, of which one window at least must hold so many.
///
/// From the longest window to the shortest, each as low as a condition can hold with while the longer ones stay below
/// theirs and the shorter ones are empty. `u32::MAX` where no count in that window is enough by itself.
fn thresholds(filter: u8, layout: &Layout, pattern: &PatternPlan) -> Vec<u32> {
    let mut order: Vec<usize> = (0..layout.windows.len()).collect();
    order.sort_by_key(|window| std::cmp::Reverse(layout.windows[*window].length_ms));
    let mut least = vec![u32::MAX; order.len()];
    for (rank, window) in order.iter().enumerate() {
        let may_hold = |events: u32| {
            let in_window = |primitive: &Primitive| {
                let of = usize::from(primitive.window);
                let filters = match primitive.aggregate {
                    Aggregate::Sequence { then, .. } => [primitive.filter, then],
                    _ => [primitive.filter; 2],
                };
                // Every event is one of filter 0.
                if filter != 0 && !filters.contains(&filter) {
                    u32::MAX
                } else if of == *window {
                    events
                } else if order[..rank].contains(&of) {
                    least[of].saturating_sub(1)
                } else {
                    0
                }
            };
            may(layout, pattern, in_window).hold
        };
        if may_hold(u32::MAX) {
            least[*window] = (0..EVENTS_MIN_MAX).find(|events| may_hold(*events)).unwrap_or(EVENTS_MIN_MAX);
        }
    }
    least
}

/// What the condition may do with at most so many events behind each aggregate.
fn may(layout: &Layout, pattern: &PatternPlan, events: impl Fn(&Primitive) -> u32) -> May {
    let range = |primitive| primitive_range(primitive, events(primitive));
    let mut ranges: Vec<Range> = layout.primitives.iter().map(range).collect();
    let first = ranges.len();
    for feature in &pattern.features {
        let range = feature.value.range(&ranges);
        ranges.push(range);
    }
    pattern.warn.may(&ranges[first..])
}

/// Where an aggregate's value lies with at most so many events.
pub(crate) fn primitive_range(primitive: &Primitive, events: u32) -> Range {
    let most = if events == u32::MAX { f64::INFINITY } else { f64::from(events) };
    match primitive.aggregate {
        Aggregate::Count | Aggregate::Distinct | Aggregate::CountAtHome | Aggregate::Concurrency | Aggregate::Run => {
            Range { least: 0.0, most }
        }
        // Without a first or without a second event there is no sequence; a first may have many seconds.
        Aggregate::Sequence { then, .. } if then == primitive.filter => Range { least: 0.0, most },
        Aggregate::Sum | Aggregate::Busy | Aggregate::Sequence { .. } if events == 0 => Range { least: 0.0, most: 0.0 },
        Aggregate::Entropy if events <= 1 => Range { least: 0.0, most: 0.0 },
        Aggregate::Busy | Aggregate::Entropy | Aggregate::Sequence { .. } => Range { least: 0.0, most: f64::INFINITY },
        Aggregate::Sum
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::GapMean
        | Aggregate::GapDeviation
        | Aggregate::Baseline { .. } => Range::ANY,
    }
}

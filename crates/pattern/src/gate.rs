//! The gates of an entity that is judged at each record: how many events, in which window, without which a pattern cannot
//! hold. A quiet entity costs a count a gate and no more.
//!
//! A pattern has one gate, or one for each filter that some of its ways of holding are told by where that asks for more: a SIM box is told by so
//! many calls, or by fewer of a SIM of days. One gate for both would ask for the fewer, of everybody.
//!
//! **Invariants:**
//! - gates are necessary: where every window holds fewer events than each of its gates asks for, a pattern does not hold
//!   (interval arithmetic, [`crate::expression::Condition::may`]; ranges only grow with the counts);
//! - a window's count meets a gate alone: a burst of ten within an hour and a day of sixty are two ways, and ten within a day
//!   are none.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use lancang_window::entity::nearest_at;
use lancang_window::limits::{DISTINCT_EXACT_MAX, GATES_MAX};
use lancang_window::{Aggregate, FirstRests, Layout, Primitive};

use crate::expression::{Condition, May, Range};
use crate::limits::EVENTS_MIN_MAX;
use crate::plan::{EntityPlan, PatternGate, PatternPlan};
use crate::predicate::Predicate;

/// Events past a filter without which some ways of holding do not: for each window how many, of which one window at least must hold so
/// many.
struct Told {
    filter: u8,
    least: Vec<u32>,
}

/// Sets the gates of a local entity's patterns. Past [`GATES_MAX`] filters the rest count all events, which is weaker.
pub(crate) fn set(plan: &mut EntityPlan) {
    let told = told_by(plan);
    // In the order of the filters: a limit that is changed mostly leaves them as they are, and what is kept of entities with them.
    plan.layout.gates = told.iter().flatten().map(|told| told.filter).collect::<BTreeSet<u8>>().into_iter().collect();
    for (pattern, told) in plan.patterns.iter_mut().zip(told) {
        let place = |filter| plan.layout.gates.iter().position(|other| *other == filter);
        let gate = |told: Told| Some(PatternGate { place: place(told.filter)?, least: told.least });
        pattern.gates = told.into_iter().filter_map(gate).collect();
    }
    plan.near_from = vec![vec![u32::MAX; plan.layout.windows.len()]; plan.layout.gates.len()];
    for gate in plan.patterns.iter().flat_map(|pattern| &pattern.gates) {
        let of_gate = plan.near_from.get_mut(gate.place).into_iter().flatten();
        of_gate.zip(&gate.least).for_each(|(near_from, least)| *near_from = nearest_at(*least).min(*near_from));
    }
    let near_from = plan.near_from.iter().map(|near_from| near_from.iter().min().copied().unwrap_or(u32::MAX));
    plan.first_rests = FirstRests::of(near_from);
}

/// Of each pattern what its gates are for: one for all of its ways while there is room, and instead of it one for each filter that tells
/// some of them best, where [that asks for more](asks_for_more).
fn told_by(plan: &EntityPlan) -> Vec<Vec<Told>> {
    let mut told: Vec<Vec<Told>> = Vec::new();
    for pattern in &plan.patterns {
        let whole = pattern.warn.with_what_follows();
        told.push(vec![Told::best_by(plan, pattern, &whole)]);
        if !has_room(told.iter().flatten()) {
            told.pop();
            told.push(vec![Told::by(0, plan, pattern, &whole)]);
        }
    }
    for (place, pattern) in plan.patterns.iter().enumerate() {
        if !first_of_two(plan, pattern).is_empty() {
            continue;
        }
        let apart = told_apart(plan, pattern);
        let others = told.iter().enumerate().filter(|(other, _)| *other != place).flat_map(|(_, told)| told);
        if asks_for_more(&apart, &told[place]) && has_room(others.chain(&apart)) {
            told[place] = apart;
        }
    }
    told
}

/// Filters of the first events of sequences of two kinds that a pattern's condition asks for. What stands behind its incidents is to begin with
/// one of these: it has one gate, on what only second events pass no sooner than on others that ask for as many.
fn first_of_two(plan: &EntityPlan, pattern: &PatternPlan) -> BTreeSet<u8> {
    let (mut features, mut primitives) = (Vec::new(), Vec::new());
    pattern.warn.values(&mut features);
    let features = features.into_iter().filter_map(|feature| pattern.features.get(feature));
    features.for_each(|feature| feature.value.values(&mut primitives));
    let primitives = primitives.into_iter().filter_map(|place| plan.layout.primitives.get(place));
    primitives.map(Primitive::filters).filter(|[first, then]| first != then).map(|[first, _]| first).collect()
}

/// Whether one of several gates asks for more events than one for all ways does, and none is met by what meets that one, or by less than
/// what is near it: of a narrower filter fewer may be asked for, but how seldom they are nobody knows.
fn asks_for_more(apart: &[Told], together: &[Told]) -> bool {
    let [whole] = together else { return false };
    let is_no_better = |told: &Told| {
        (told.filter == whole.filter || told.filter == 0)
            && told.least.iter().zip(&whole.least).all(|(least, whole)| least <= whole)
    };
    let asks_for_less = |told: &Told| {
        let mut windows = told.least.iter().zip(&whole.least).filter(|(_, whole)| **whole < u32::MAX);
        windows.any(|(least, whole)| *least < nearest_at(*whole))
    };
    apart.iter().any(|told| told.fewest() > whole.fewest())
        && !apart.iter().any(|told| is_no_better(told) || asks_for_less(told))
}

/// One is left for what counts all events.
fn has_room<'t>(told: impl Iterator<Item = &'t Told>) -> bool {
    let filters: BTreeSet<u8> = told.map(|told| told.filter).filter(|filter| *filter != 0).collect();
    filters.len() < GATES_MAX
}

/// The ways of a pattern by the filters that tell them best. One in which it never holds needs no gate.
fn told_apart(plan: &EntityPlan, pattern: &PatternPlan) -> Vec<Told> {
    let mut by_filter: Vec<(u8, Vec<Condition>)> = Vec::new();
    let ways = pattern.warn.ways().into_iter().map(|way| way.with_what_follows());
    for way in ways.filter(|way| may(&plan.layout, pattern, way, |_, _| u32::MAX).hold) {
        let best = Told::best_by(plan, pattern, &way).filter;
        match by_filter.iter_mut().find(|(filter, _)| *filter == best) {
            Some((_, ways)) => ways.push(way),
            None => by_filter.push((best, vec![way])),
        }
    }
    by_filter.into_iter().map(|(filter, ways)| Told::by(filter, plan, pattern, &Condition::Or(ways))).collect()
}

impl Told {
    fn by(filter: u8, plan: &EntityPlan, pattern: &PatternPlan, ways: &Condition) -> Self {
        Self { filter, least: thresholds(filter, &plan.layout, pattern, ways) }
    }

    /// By the filter past which a pattern seldom has as many events as it must have for a condition, of those that its features count. Of
    /// equal ones by the one that stands first; where it begins with a [first of two](first_of_two), the most events decide, and then
    /// that one may be the first.
    fn best_by(plan: &EntityPlan, pattern: &PatternPlan, ways: &Condition) -> Self {
        let counted = pattern.primitives.iter().filter_map(|place| plan.layout.primitives.get(*place));
        let counted: Vec<[u8; 2]> = counted.map(Primitive::filters).collect();
        let firsts = first_of_two(plan, pattern);
        // All events are second ones, too.
        let is_second = |filter| filter == 0 || counted.iter().any(|[first, then]| first != then && *then == filter);
        let begins = |told: &Self| {
            let may_begin = firsts.contains(&told.filter) || !is_second(told.filter);
            (!firsts.is_empty()).then_some((told.fewest(), may_begin))
        };
        let filters: BTreeSet<u8> = counted.iter().flatten().copied().chain([0]).collect();
        let told = filters.into_iter().map(|filter| Self::by(filter, plan, pattern, ways));
        let best = told.max_by_key(|told| (begins(told), rarity(plan, pattern, told), Reverse(told.filter)));
        best.unwrap_or_else(|| Self::by(0, plan, pattern, ways))
    }

    /// Fewest events that are enough in some window.
    fn fewest(&self) -> u32 {
        self.least.iter().min().copied().unwrap_or(0)
    }
}

/// How seldom an entity has so many events past a filter, about: the more are asked for and the more the filter asks of each, besides what
/// the pattern looks at. A guess, which chooses gates and nothing else. Filter 0 is all that any pattern looks at.
fn rarity(plan: &EntityPlan, pattern: &PatternPlan, told: &Told) -> u64 {
    let asks = |filter: u8| plan.filters.get(usize::from(filter)).map_or(0, asked_at_least);
    let asked = if told.filter == 0 { 0 } else { 1 + asks(told.filter).saturating_sub(asks(pattern.records)) };
    u64::from(told.fewest()) * (1 + asked)
}

/// Comparisons, flags and lists that a record is asked for at least, whichever way it passes.
fn asked_at_least(filter: &Predicate) -> u64 {
    match filter {
        Predicate::Always(_) => 0,
        Predicate::And(parts) => parts.iter().map(asked_at_least).sum(),
        Predicate::Or(parts) => parts.iter().map(asked_at_least).min().unwrap_or(0),
        _ => 1,
    }
}

/// Whether a pattern's condition may hold, and may fail, at all; and with no event.
pub(crate) fn possible(layout: &Layout, pattern: &PatternPlan) -> (May, May) {
    let with = |events: u32| may(layout, pattern, &pattern.warn, |_, _| events);
    (with(u32::MAX), with(0))
}

/// Events, fewer than [`DISTINCT_EXACT_MAX`], that an entity must have had at least for a pattern to hold, in whatever windows: an estimate
/// of more different keys may lie above their number.
pub(crate) fn events_least(layout: &Layout, pattern: &PatternPlan) -> u32 {
    let most = DISTINCT_EXACT_MAX as u32;
    (0..most).find(|events| may(layout, pattern, &pattern.warn, |_, _| *events).hold).unwrap_or(most)
}

/// For each window the events that pass `filter`, of which one window at least must hold so many before a condition over the pattern's
/// features can hold.
///
/// From the longest window to the shortest, each as low as a condition can hold with while the longer ones stay below
/// theirs and the shorter ones are empty. `u32::MAX` where no count in that window is enough by itself.
fn thresholds(filter: u8, layout: &Layout, pattern: &PatternPlan, condition: &Condition) -> Vec<u32> {
    let mut order: Vec<usize> = (0..layout.windows.len()).collect();
    order.sort_by_key(|window| std::cmp::Reverse(layout.windows[*window].length_ms));
    let mut least = vec![u32::MAX; order.len()];
    for (rank, window) in order.iter().enumerate() {
        let may_hold = |events: u32| {
            let in_window = |of: usize, counted: u8| {
                // Every event is one of filter 0.
                if filter != 0 && counted != filter {
                    u32::MAX
                } else if of == *window {
                    events
                } else if order[..rank].contains(&of) {
                    least[of].saturating_sub(1)
                } else {
                    0
                }
            };
            may(layout, pattern, condition, in_window).hold
        };
        if may_hold(u32::MAX) {
            least[*window] = fewest_where(may_hold);
        }
    }
    least
}

/// The smallest number, [`EVENTS_MIN_MAX`] at most, for which something holds that holds for all larger ones, too.
fn fewest_where(holds: impl Fn(u32) -> bool) -> u32 {
    let (mut fails_below, mut holds_from) = (0, EVENTS_MIN_MAX);
    while fails_below < holds_from {
        let middle = fails_below + (holds_from - fails_below) / 2;
        if holds(middle) { holds_from = middle } else { fails_below = middle + 1 }
    }
    holds_from
}

/// What a condition over the pattern's features may do with at most so many events in each window past each filter.
fn may(layout: &Layout, pattern: &PatternPlan, condition: &Condition, events: impl Fn(usize, u8) -> u32) -> May {
    let mut ranges = vec![Range::ANY; layout.primitives.len()];
    for place in &pattern.primitives {
        if let Some((primitive, range)) = layout.primitives.get(*place).zip(ranges.get_mut(*place)) {
            *range = primitive_range(primitive, |filter| events(usize::from(primitive.window), filter));
        }
    }
    let first = ranges.len();
    for feature in &pattern.features {
        let range = feature.value.range(&ranges);
        ranges.push(range);
    }
    condition.may(&ranges[first..])
}

/// Where an aggregate's value lies with at most so many events past each filter.
pub(crate) fn primitive_range(primitive: &Primitive, events: impl Fn(u8) -> u32) -> Range {
    let upto = |most: u32| if most == u32::MAX { f64::INFINITY } else { f64::from(most) };
    let [first, then] = primitive.filters().map(events);
    let most = match primitive.aggregate {
        Aggregate::Count | Aggregate::Distinct | Aggregate::CountAtHome | Aggregate::Concurrency | Aggregate::Run => {
            upto(first)
        }
        // Without a first or without a second event there is no sequence. That of two kinds it takes as many second ones as it says is not
        // said here: what stands behind an incident begins at its gate, and second events alone are to lead to none.
        Aggregate::Sequence { .. } if first == 0 || then == 0 => 0.0,
        Aggregate::Sequence { then, .. } if then != primitive.filter => f64::INFINITY,
        Aggregate::Sequence { .. } => upto(first),
        Aggregate::Sum | Aggregate::Busy if first == 0 => 0.0,
        Aggregate::Entropy if first <= 1 => 0.0,
        Aggregate::Busy | Aggregate::Entropy => f64::INFINITY,
        Aggregate::Sum
        | Aggregate::Min
        | Aggregate::Max
        | Aggregate::GapMean
        | Aggregate::GapDeviation
        | Aggregate::Baseline { .. } => return Range::ANY,
    };
    Range { least: 0.0, most }
}

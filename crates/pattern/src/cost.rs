//! What a pattern costs: conditions and aggregates per record, bytes of window state per entity. Estimates, shown before a
//! pattern is put in force.
//!
//! - Counts are of the compiled plan. They are upper bounds: conditions stop at the first part that decides them, and an
//!   event adds to the aggregates whose filters it passes.
//! - Bytes are those of the real windows ([`EntityWindows`], [`Panes`]), filled with events that all pass and all have other
//!   keys. What patterns of one entity share is counted for each of them alone and once for all together.
//! - Times are counts times what one took when it was measured (`benches/cost.rs`, figures in `benches/RESULTS.md`): by
//!   them patterns can be compared; what a carrier's records take, its own metrics tell.

use std::collections::{BTreeMap, BTreeSet};

use lancang_window::{Aggregate, EntityWindows, Event, Kinds, Layout, Panes, Primitive};

use crate::plan::{EntityPlan, Pack, PatternPlan};
use crate::predicate::Predicate;

/// Events a day of an entity that is active and ordinary: half of all subscribers have fewer records.
pub const ORDINARY_A_DAY: u32 = 12;
/// Events a day of a busy one: a call centre's line, a SIM box at full rate.
pub const BUSY_A_DAY: u32 = 1_000;
const DAY_MS: i64 = 86_400_000;

/// A comparison or flag of a record's condition, nanoseconds.
pub const CONDITION_NS: f64 = 4.0;
/// An aggregate to which an event of an ordinary entity is added, with its column, nanoseconds.
pub const AGGREGATE_NS: f64 = 16.0;
/// An aggregate's value over the windows of an ordinary entity, when a pattern is judged, nanoseconds.
pub const VALUE_NS: f64 = 45.0;

/// What is asked, kept and computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Comparisons and flags that each record of the entity is held against: of an aggregated one those of the send gate.
    pub conditions: usize,
    /// Further ones for a record that may be an event of the pattern.
    pub further: usize,
    /// Aggregates to which such an event may add.
    pub aggregates: usize,
    /// Aggregates whose values are computed when the pattern is judged, past its gate.
    pub values: usize,
    /// Window state of an entity with [`ORDINARY_A_DAY`] events a day, bytes.
    pub bytes_ordinary: usize,
    /// Window state of an entity with [`BUSY_A_DAY`] events a day, bytes.
    pub bytes_busy: usize,
}

impl Cost {
    /// Of one pattern of a plan, as if it were alone.
    #[must_use]
    pub fn of_pattern(plan: &EntityPlan, pattern: &PatternPlan) -> Self {
        let layout = alone(&plan.layout, pattern);
        // Where all patterns look at the same records, these are asked for in filter 0 alone.
        let own = plan.filters.get(usize::from(pattern.records));
        let records = match own {
            Some(Predicate::Always(true)) | None => plan.filters.first(),
            own => own,
        };
        let mut filters: Vec<u8> = layout.primitives.iter().flat_map(Primitive::filters).collect();
        filters.sort_unstable();
        filters.dedup();
        filters.retain(|filter| *filter != 0 && *filter != pattern.records);
        let of_features = filters.iter().filter_map(|filter| plan.filters.get(usize::from(*filter))).map(atoms).sum();
        let (conditions, further) = gated(plan, records.map_or(0, atoms), of_features);
        Self {
            conditions,
            further,
            aggregates: layout.primitives.len(),
            values: if plan.send.is_some() { plan.layout.primitives.len() } else { pattern.primitives.len() },
            ..Self::of_layout(&layout, plan.send.is_none())
        }
    }

    /// Of all patterns of a plan together; values of those that are judged each time by themselves.
    #[must_use]
    pub fn of_plan(plan: &EntityPlan) -> Self {
        let values = match plan.send {
            Some(_) => plan.layout.primitives.len() * plan.patterns.len(),
            None => plan.patterns.iter().map(|pattern| pattern.primitives.len()).sum(),
        };
        let of_features = plan.filters.iter().skip(1).map(atoms).sum();
        let (conditions, further) = gated(plan, plan.filters.first().map_or(0, atoms), of_features);
        Self {
            conditions,
            further,
            aggregates: plan.layout.primitives.len(),
            values,
            ..Self::of_layout(&plan.layout, plan.send.is_none())
        }
    }

    /// About what a record takes that is no event of the pattern, nanoseconds.
    #[must_use]
    pub fn record_ns(&self) -> f64 {
        self.conditions as f64 * CONDITION_NS
    }

    /// About what an event of the pattern takes besides, nanoseconds.
    #[must_use]
    pub fn event_ns(&self) -> f64 {
        self.further as f64 * CONDITION_NS + self.aggregates as f64 * AGGREGATE_NS
    }

    /// About what judging takes, nanoseconds.
    #[must_use]
    pub fn judgement_ns(&self) -> f64 {
        self.values as f64 * VALUE_NS
    }

    /// Both: two rules of a pattern on one entity, each with windows of its own. A send gate that they share is asked once.
    #[must_use]
    pub const fn and(self, other: Self, share_gate: bool) -> Self {
        Self {
            conditions: self.conditions + if share_gate { 0 } else { other.conditions },
            further: self.further + other.further,
            aggregates: self.aggregates + other.aggregates,
            values: self.values + other.values,
            bytes_ordinary: self.bytes_ordinary + other.bytes_ordinary,
            bytes_busy: self.bytes_busy + other.bytes_busy,
        }
    }

    fn of_layout(layout: &Layout, local: bool) -> Self {
        let bytes = |a_day: u32| if local { local_bytes(layout, a_day) } else { aggregated_bytes(layout, a_day) };
        Self {
            conditions: 0,
            further: 0,
            aggregates: 0,
            values: 0,
            bytes_ordinary: bytes(ORDINARY_A_DAY),
            bytes_busy: bytes(BUSY_A_DAY),
        }
    }
}

/// What a pattern costs on each entity that it looks at; the rules of one are added up.
#[must_use]
pub fn of_pattern(pack: &Pack, id: &str) -> BTreeMap<&'static str, Cost> {
    let mut costs: BTreeMap<&'static str, Cost> = BTreeMap::new();
    let mut gates = BTreeSet::new();
    for plan in pack.plan.local.iter().chain(&pack.plan.aggregated) {
        for pattern in plan.patterns.iter().filter(|pattern| pattern.id == id) {
            let cost = Cost::of_pattern(plan, pattern);
            let share_gate = plan.send.is_some() && !gates.insert((plan.entity, plan.send_group));
            costs.entry(plan.entity.as_str()).and_modify(|sum| *sum = sum.and(cost, share_gate)).or_insert(cost);
        }
    }
    costs
}

/// Behind a send gate comes what a record is asked for besides.
fn gated(plan: &EntityPlan, records: usize, of_features: usize) -> (usize, usize) {
    match &plan.send {
        Some(send) => (atoms(send), records + of_features),
        None => (records, of_features),
    }
}

/// Comparisons, flags and lists of a condition, each as often as it stands there.
fn atoms(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::Always(_) => 0,
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().map(atoms).sum(),
        Predicate::Not(one) => atoms(one),
        _ => 1,
    }
}

/// What the layout would be for this pattern alone.
fn alone(layout: &Layout, pattern: &PatternPlan) -> Layout {
    let mut places: Vec<usize> = pattern.primitives.clone();
    for place in &pattern.primitives {
        if let Some(Aggregate::Baseline { of }) = layout.primitives.get(*place).map(|primitive| primitive.aggregate) {
            places.push(usize::from(of));
        }
    }
    places.sort_unstable();
    places.dedup();
    let mut own = Layout { windows: Vec::new(), primitives: Vec::new(), ..layout.clone() };
    own.gates = pattern.gates.iter().filter_map(|gate| layout.gates.get(gate.place).copied()).collect();
    for primitive in places.iter().filter_map(|place| layout.primitives.get(*place)) {
        let window = layout.windows[usize::from(primitive.window)];
        let index = own.windows.iter().position(|other| *other == window).unwrap_or_else(|| {
            own.windows.push(window);
            own.windows.len() - 1
        });
        let aggregate = match primitive.aggregate {
            Aggregate::Baseline { of } => {
                let of = places.iter().position(|place| *place == usize::from(of));
                Aggregate::Baseline { of: of.and_then(|of| u8::try_from(of).ok()).unwrap_or(0) }
            }
            other => other,
        };
        let window = u8::try_from(index).unwrap_or(u8::MAX);
        own.primitives.push(Primitive { window, aggregate, ..*primitive });
    }
    own
}

/// Events of a day, the last at its end: they pass every filter, and no two have a key in common.
fn day(layout: &Layout, a_day: u32, mut each: impl FnMut(&Event<'_>)) {
    let all = |count: u8| if count >= 64 { u64::MAX } else { (1 << count) - 1 };
    for number in 1..=a_day {
        let value = |column: u8| match layout.numbers >> column & 1 {
            1 => 30_000 + u64::from(number),
            _ => u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(u32::from(column)),
        };
        let columns: Vec<u64> = (0..layout.columns).map(value).collect();
        each(&Event {
            at_ms: i64::from(number) * DAY_MS / i64::from(a_day),
            passes: all(layout.filters),
            counted: 0,
            present: all(layout.columns),
            columns: &columns,
            earlier: &[],
        });
    }
}

fn local_bytes(layout: &Layout, a_day: u32) -> usize {
    let (mut windows, mut kinds): (Option<EntityWindows>, Kinds) = (None, Kinds::default());
    day(layout, a_day, |event| match &mut windows {
        Some(windows) => windows.add(layout, &mut kinds, event),
        None => windows = Some(EntityWindows::new(layout, &mut kinds, event)),
    });
    size_of::<EntityWindows>() + windows.map_or(0, |windows| windows.heap_bytes())
}

fn aggregated_bytes(layout: &Layout, a_day: u32) -> usize {
    let mut panes = Panes::default();
    day(layout, a_day, |event| panes.add(layout, event, event.at_ms));
    size_of::<Panes>() + panes.heap_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;
    use crate::{PackSources, SourceFile};

    fn text(id: &str, window: &str, more: &str) -> SourceFile {
        let text = format!(
            "id = \"{id}\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\n\
             records = 'kind == \"voice\" && direction == \"outgoing\"'\nwarn = 'calls >= 3'\n\
             [features.calls]\naggregate = \"count\"\nwhere = 'answered && duration_s > 3'\nwindow = \"{window}\"\n{more}\
             [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n"
        );
        SourceFile { path: format!("{id}.toml"), text }
    }

    fn plan(patterns: Vec<SourceFile>) -> Plan {
        PackSources::new(patterns, Vec::new()).compile().unwrap().plan
    }

    const CALLEES: &str = "[features.callees]\naggregate = \"distinct\"\nof = \"callee\"\nwindow = \"1h\"\n";

    #[test]
    fn conditions_and_aggregates_are_those_of_the_plan() {
        let plan = plan(vec![text("a", "1h", ""), text("b", "24h", CALLEES)]);
        let [local] = &plan.local[..] else { panic!("one entity") };
        let of = |id: &str| Cost::of_pattern(local, local.patterns.iter().find(|pattern| pattern.id == id).unwrap());
        let (a, b, both) = (of("a"), of("b"), Cost::of_plan(local));
        assert_eq!((a.conditions, a.further, a.aggregates, a.values), (2, 2, 1, 1));
        assert_eq!((b.conditions, b.further, b.aggregates, b.values), (2, 2, 2, 2));
        assert_eq!((both.conditions, both.further, both.aggregates, both.values), (2, 2, 3, 3));
        assert!(a.record_ns() > 0.0 && b.event_ns() > a.event_ns() && b.judgement_ns() > a.judgement_ns());
    }

    #[test]
    fn bytes_are_those_of_windows_that_were_filled() {
        let plan = plan(vec![text("a", "1h", ""), text("b", "24h", CALLEES)]);
        let local = &plan.local[0];
        let of = |place: usize| Cost::of_pattern(local, &local.patterns[place]);
        let (hour, day, both) = (of(0), of(1), Cost::of_plan(local));
        // A count over an hour keeps one or two of a day's twelve events, keys over a day all of them.
        assert!(hour.bytes_ordinary < day.bytes_ordinary, "{hour:?} {day:?}");
        assert!(both.bytes_ordinary >= day.bytes_ordinary && both.bytes_busy >= day.bytes_busy, "{both:?}");
        assert!(both.bytes_ordinary <= hour.bytes_ordinary + day.bytes_ordinary, "what is shared is kept once");
        assert!(day.bytes_busy > day.bytes_ordinary);
        assert_eq!(both.bytes_ordinary, local_bytes(&local.layout, ORDINARY_A_DAY));
    }

    #[test]
    fn an_aggregated_entity_is_held_against_its_gate_too() {
        let mut file = text("a", "1h", CALLEES);
        file.text = file.text.replace("[\"caller\"]", "[\"trunk\"]\nsend = 'kind == \"voice\"'");
        let plan = plan(vec![file]);
        let [trunk] = &plan.aggregated[..] else { panic!("one entity") };
        let cost = Cost::of_pattern(trunk, &trunk.patterns[0]);
        assert_eq!((cost.conditions, cost.further, cost.aggregates), (1, 4, 2));
        assert!(cost.bytes_busy > cost.bytes_ordinary && cost.bytes_ordinary > size_of::<Panes>());
    }
}

//! Entities that are judged at each record: own callers, callees, SIMs.

use std::ops::RangeInclusive;

use bincode::{Decode, Encode};
use lancang_pattern::Pack;
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::expression::Range;
use lancang_pattern::plan::{EntityPlan, Verdict};
use lancang_record::log::Class;
use lancang_record::record::Record;
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::table::Sought;
use lancang_window::{EntityTable, EntityWindows, Event, Gate, Gates, Heads, Kinds, Outdated, Room};

use crate::attachment::set_entity_text;
use crate::evict::lightest;
use crate::incident::{IncidentKey, IncidentOut, Incidents, Moment};
use crate::kept::{Kept, Spare};
use crate::limits::{RETURNS_MS_MAX, SWEEP_MS, WEIGHED};
use crate::output::Counters;
use crate::repeats::OpenCall;
use crate::snapshot::{Saved, Section};
use crate::sweep::{segments_of, trims};

/// Entities of one plan.
#[derive(Clone, Debug, Encode, Decode)]
pub struct LocalEntities {
    /// Hash of the plan.
    pub plan: u64,
    /// Three words each.
    entities: EntityTable<EntityWindows, u64>,
    kinds: Kinds,
    /// Of entities from near a gate on ([`Gate::Near`]): few, so that they take no room in the table.
    kept: EntityTable<Kept>,
}

/// Buffers that are used again for each record.
#[derive(Debug, Default)]
pub struct Scratch {
    columns: Vec<u64>,
    earlier: Vec<u64>,
    room: Room,
    values: Vec<f64>,
    heads: Heads,
    /// Events past gates' filters, for each window of each gate.
    gated: Vec<u32>,
    spare: Spare,
    verdict: Verdict,
    incident: Option<IncidentKey>,
    outdated: Outdated,
}

impl LocalEntities {
    /// None yet.
    #[must_use]
    pub fn new(plan: u64) -> Self {
        Self { plan, entities: EntityTable::default(), kinds: Kinds::default(), kept: EntityTable::default() }
    }

    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Bytes held, about: the table with its free places and what its entities hold, of which some are looked at.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let kept = self.kept.bytes() + self.kept.estimate(WEIGHED, Kept::heap_bytes);
        let entities = self.entities.bytes() + self.entities.estimate(WEIGHED, EntityWindows::heap_bytes);
        entities + self.kinds.heap_bytes() + kept
    }

    /// Names the tag of an entity as needed soon, by the hash of its key.
    pub fn prefetch_tag(&self, entity: u64, batch: &mut Batch) {
        self.entities.prefetch_tag(entity, batch);
    }

    /// Names the place of an entity, whose tag has been asked for.
    pub fn prefetch(&self, entity: &mut Sought, batch: &mut Batch) {
        self.entities.prefetch_sought(entity, batch);
    }

    /// Names the place of an entity that was asked for as needed at once.
    #[inline]
    pub fn prefetch_again(&self, entity: &Sought, batch: &mut Batch) {
        self.entities.prefetch_again(entity, batch);
    }

    /// Names the events of an entity, which lie elsewhere: once its place has come.
    pub fn prefetch_events(&self, entity: &Sought, batch: &mut Batch) {
        self.entities.seen(entity).into_iter().for_each(|windows| windows.prefetch(batch));
    }

    /// Takes a record that is an event of this entity, and judges it. `passes` are the filters that it passes.
    #[allow(clippy::too_many_arguments, reason = "one record's whole step")]
    pub fn record(
        &mut self,
        plan: &EntityPlan,
        pack: &Pack,
        passes: u64,
        class: Class,
        record: &Record<'_>,
        sought: &Sought,
        call: Option<&mut OpenCall>,
        scratch: &mut Scratch,
        incidents: &mut Incidents,
        counters: &mut Counters,
        out: &mut Vec<IncidentOut>,
    ) {
        let kinds = &mut self.kinds;
        let kind = kinds.of(&plan.layout, passes);
        let event = event(plan, record, passes, kind.columns(), call, scratch);
        kinds.prefetch_keys(&plan.layout, &kind, &event);
        let (windows, added) = self.entities.get_or_insert_sought(sought, || EntityWindows::before(&event));
        windows.add_of(&plan.layout, kinds, &kind, &event);
        if added {
            windows.rest_first(&plan.layout, &kind, &plan.first_rests);
        }
        let awake = windows.awake(&plan.layout);
        if awake.is_empty() {
            return;
        }
        let met = Met { windows, awake, kinds, kept: &mut self.kept, key: sought.key, passes };
        met.look(plan, pack, class, record, scratch, incidents, counters, out);
    }

    /// Goes on with another plan of the same windows: limits may be lower now, and other related entities named.
    pub fn change(&mut self, old: &EntityPlan, new: &EntityPlan) {
        if !old.patterns.iter().map(|one| &one.gates).eq(new.patterns.iter().map(|one| &one.gates)) {
            self.entities.change_all(|windows| {
                (0..new.layout.gates.len()).for_each(|gate| windows.rest(&new.layout, gate, 0));
                true
            });
        }
        let place = |id: &str| new.patterns.iter().position(|one| one.id == id);
        let places: Vec<_> = old.patterns.iter().map(|one| place(&one.id)).collect();
        if old.related != new.related || places.iter().enumerate().any(|(was, now)| *now != Some(was)) {
            self.kept.change_all(|kept| {
                kept.change(old, &places);
                true
            });
        }
    }

    /// Newest event time and values of an entity, as they are judged.
    #[must_use]
    pub fn values_of(&self, plan: &EntityPlan, key: &EntityKey<'_>) -> Option<(i64, Vec<f64>)> {
        let windows = self.entities.get(key.hash())?;
        let mut values = Vec::new();
        windows.values(&plan.layout, &self.kinds, |_| true, &mut Room::default(), &mut values);
        Some((windows.newest_ms(), values))
    }

    /// Lets go, in some [parts](crate::sweep) of its tables, of entities whose windows are passed by the time before which no record is
    /// expected ([`crate::clock::Clocks::settled`]), of evidence that no window reaches, and where a part says so of what of the others'
    /// events no window covers that ends then or later.
    pub fn expire(
        &mut self,
        plan: &EntityPlan,
        settled: Timestamp,
        parts: RangeInclusive<i64>,
        Scratch { spare, outdated, .. }: &mut Scratch,
    ) {
        let length_ms = plan.layout.longest_ms();
        let oldest = settled.plus_ms(-length_ms).as_ms();
        let period = oldest.div_euclid(length_ms.max(1));
        outdated.work_out(&plan.layout, &mut self.kinds, settled.as_ms());
        let outdated = &*outdated;
        let (layout, kinds) = (&plan.layout, &self.kinds);
        for part in parts {
            let (segments, trims) = (segments_of(part), trims(part));
            let is_trimmed = |windows: &EntityWindows| trims && windows.is_worth_trimming();
            self.entities.sweep(
                segments.clone(),
                |windows, batch| {
                    if is_trimmed(windows) {
                        windows.prefetch(batch);
                    }
                },
                |_, windows| {
                    windows.newest_ms() < oldest || is_trimmed(windows) && windows.is_outdated(layout, outdated)
                },
                |_, windows| {
                    let stays = windows.newest_ms() >= oldest;
                    if stays && is_trimmed(windows) {
                        windows.trim(layout, kinds, outdated);
                    }
                    stays
                },
            );
            let entities = &self.entities;
            let stays = |key: u64, kept: &Kept| kept.period() >= period && entities.get(key).is_some();
            let keep = |key: u64, kept: &mut Kept| {
                let stays = stays(key, kept);
                if !stays {
                    kept.leave(spare);
                }
                stays
            };
            self.kept.sweep(segments, |_, _| {}, |key, kept| !stays(key, kept), keep);
        }
    }

    /// Frees the numbers of long keys that no event names any more, once all segments were swept: an entity that is still held had
    /// its newest event within a longest window of what was settled then, and its window covers another one before it.
    pub fn expire_keys(&mut self, plan: &EntityPlan, least: Timestamp) {
        let behind_ms = SWEEP_MS + RETURNS_MS_MAX + 2 * plan.layout.longest_ms();
        self.kinds.expire_keys(least.plus_ms(-behind_ms).as_ms());
    }

    /// How often a long key took eight bytes for want of a number, since this was asked last.
    pub fn take_unnumbered(&mut self) -> u64 {
        self.kinds.take_unnumbered()
    }

    /// What of it is saved piece by piece.
    pub(crate) fn sections(&mut self) -> [(Section, u64, &mut dyn Saved); 2] {
        [(Section::Local, self.plan, &mut self.entities), (Section::Kept, self.plan, &mut self.kept)]
    }

    /// Evicts those with the least evidence, then the oldest, once there are more than `max`. Gives how many.
    #[inline]
    pub fn evict(&mut self, max: usize) -> u64 {
        if self.entities.len() <= max { 0 } else { self.evict_lightest(max) }
    }

    fn evict_lightest(&mut self, max: usize) -> u64 {
        let weight = |key: u64, windows: &EntityWindows| (windows.events_bound(), windows.newest_ms(), key);
        let lightest = lightest(self.entities.iter().map(|(key, windows)| weight(key, windows)).collect(), max);
        for (_, _, key) in &lightest {
            self.entities.remove(*key);
            self.kept.remove(*key);
        }
        lightest.len() as u64
    }
}

/// An entity some of whose gates do not rest after an event.
struct Met<'e> {
    windows: &'e mut EntityWindows,
    awake: Gates,
    kinds: &'e mut Kinds,
    kept: &'e mut EntityTable<Kept>,
    key: u64,
    /// Filters that the event passes, a bit each.
    passes: u64,
}

impl Met<'_> {
    /// Keeps the record for patterns that are near, and judges by those whose gate is reached. Few events come so far: it stays out
    /// of the way of the others.
    #[allow(clippy::too_many_arguments, reason = "one record's whole step")]
    #[inline(never)]
    fn look(
        self,
        plan: &EntityPlan,
        pack: &Pack,
        class: Class,
        record: &Record<'_>,
        scratch: &mut Scratch,
        incidents: &mut Incidents,
        counters: &mut Counters,
        out: &mut Vec<IncidentOut>,
    ) {
        let Self { windows, awake, kinds, kept, key, passes } = self;
        scratch.heads.take(windows, &plan.layout, kinds);
        let near = near_gates(windows, plan, awake, scratch);
        if near.is_empty() {
            return;
        }
        let mut is_kept = false;
        for (place, pattern) in plan.patterns.iter().enumerate() {
            let gates = pattern.gates.iter().filter(|gate| near.contains(gate.place));
            let gates = gates.map(|gate| Gate::of(&scratch.gated[of_gate(plan, gate.place)], &gate.least).0);
            let Some(gate) = gates.max().filter(|gate| *gate != Gate::Far) else { continue };
            if passes >> pattern.records & 1 == 1 {
                let period = record.event.as_ms().div_euclid(plan.layout.longest_ms().max(1));
                let kept = kept.get_or_insert_with(key, || Kept::new(period)).0;
                kept.add(plan, place, record, (period, is_kept), &mut scratch.spare);
                is_kept = true;
            }
            if gate == Gate::Reached {
                let (kept, key) = (kept.get(key), plan.entity.local_key(record));
                let Some(key) = key else { continue };
                judge(windows, kinds, kept, plan, place, pack, class, &key, scratch, incidents, counters, out);
            }
        }
    }
}

/// Of gates that do not rest those that are near for any pattern, after counting the events past their filters. One that is far rests
/// until as many have come as any of its patterns lacks.
fn near_gates(
    windows: &mut EntityWindows,
    plan: &EntityPlan,
    awake: Gates,
    Scratch { heads, gated, .. }: &mut Scratch,
) -> Gates {
    let mut near = awake;
    gated.resize(plan.layout.gates.len() * plan.layout.windows.len(), 0);
    for gate in awake.places() {
        let (Some(near_from), Some(counts)) = (plan.near_from.get(gate), gated.get_mut(of_gate(plan, gate))) else {
            continue;
        };
        heads.count_gated(&plan.layout, gate, counts);
        let lacks = near_from.iter().zip(counts).map(|(near_from, count)| near_from.saturating_sub(*count)).min();
        if let Some(lacks @ 1..) = lacks {
            windows.rest(&plan.layout, gate, lacks);
            near = near.without(gate);
        }
    }
    near
}

/// Where the counts of a gate stand.
const fn of_gate(plan: &EntityPlan, gate: usize) -> std::ops::Range<usize> {
    let windows = plan.layout.windows.len();
    gate * windows..(gate + 1) * windows
}

/// The record as an event, with the columns that are wanted. Of a continued call the filters that earlier parts passed are marked as counted.
#[inline]
pub(crate) fn event<'s>(
    plan: &EntityPlan,
    record: &Record<'_>,
    passes: u64,
    wanted: u64,
    call: Option<&mut OpenCall>,
    scratch: &'s mut Scratch,
) -> Event<'s> {
    scratch.earlier.clear();
    let counted = call.map_or(0, |call| count_part(plan, record, passes, wanted, call, &mut scratch.earlier));
    let mut event = plan.event(record, passes, wanted, &mut scratch.columns);
    event.counted = counted;
    event.earlier = &scratch.earlier;
    event
}

/// Which filters earlier parts of a call passed; what these came to goes to `earlier`.
#[inline(never)]
fn count_part(
    plan: &EntityPlan,
    record: &Record<'_>,
    passes: u64,
    wanted: u64,
    call: &mut OpenCall,
    earlier: &mut Vec<u64>,
) -> u64 {
    let counted = call.counted(plan.hash) & passes;
    call.count(plan.hash, passes);
    let mut before = *record;
    before.duration_ms = Some(call.duration_ms());
    plan.columns_of(&before, wanted, earlier);
    counted
}

#[allow(clippy::too_many_arguments, reason = "one judgement's whole step")]
fn judge(
    windows: &EntityWindows,
    kinds: &Kinds,
    kept: Option<&Kept>,
    plan: &EntityPlan,
    place: usize,
    pack: &Pack,
    class: Class,
    key: &EntityKey<'_>,
    scratch: &mut Scratch,
    incidents: &mut Incidents,
    counters: &mut Counters,
    out: &mut Vec<IncidentOut>,
) {
    let pattern = &plan.patterns[place];
    let Scratch { room, values, heads, spare, verdict, incident, .. } = scratch;
    // Most of those that may hold do not, and most of the others cannot: a count or a value is worked out when the condition
    // asks for it.
    let mut bounds = |primitive| windows.bounds(&plan.layout, heads, primitive);
    let range = |primitive| bounds(primitive).map_or(Range::ANY, |(least, most)| Range { least, most });
    if !pattern.may_hold_where(range) {
        return;
    }
    let columns = pattern.primitives.iter().filter_map(|primitive| plan.layout.primitives.get(*primitive)?.column);
    let columns = columns.fold(0, |all, column| all | 1_u64 << column);
    let mut valued = windows.valued(&plan.layout, kinds, columns, room);
    if !pattern.holds_where(|primitive| valued.of(primitive)) {
        return;
    }
    values.clear();
    values.resize(plan.layout.primitives.len(), f64::NAN);
    pattern.primitives.iter().for_each(|primitive| values[*primitive] = valued.of(*primitive));
    let newest = Timestamp::from_ms(windows.newest_ms());
    if !pattern.judge(values, verdict) {
        return;
    }
    if let Some(owner) = pattern.suppress.iter().find_map(|list| pack.lists.owner(list, key, newest)) {
        counters.count_suppressed(&pattern.id, owner);
        return;
    }
    let window = (0..plan.layout.windows.len()).max_by_key(|index| plan.layout.windows[*index].length_ms);
    let moment = Moment {
        at_ms: newest.as_ms(),
        class,
        first_ms: windows.first_event_ms(&plan.layout, kinds, window.unwrap_or(0)),
        last_ms: newest.as_ms(),
        victims: pattern.victims.and_then(|index| values.get(index)).map_or(0, |value| *value as u64),
        attachment: spare.show(kept, plan, place),
        panes: &[],
    };
    let incident = IncidentKey::taken(incident, plan, pattern, None, |value| set_entity_text(value, key));
    // A subscriber's own patterns name the subscriber alone.
    let _ = incidents.hold(incident, pattern, verdict, &moment, out);
}

#[cfg(test)]
mod tests {
    use lancang_pattern::{PackSources, SourceFile};
    use lancang_record::record::{Direction, Kind};
    use lancang_window::Gate;

    use super::*;

    #[test]
    fn after_the_first_event_a_gate_rests_as_if_it_had_been_looked_at() {
        for least in 1..9 {
            let text = format!(
                "id = \"a\"\nversion = 1\nfamily = \"f\"\ntitle = \"t\"\nentity = [\"caller\"]\nrecords = 'kind == \"voice\"'\n\
                 warn = 'calls >= {least}'\n[features.calls]\naggregate = \"count\"\nwhere = 'answered'\nwindow = \"1h\"\n\
                 [weights.calls]\npoints = 100\nfrom = 0\nto = 1\n"
            );
            let pack =
                PackSources::new(vec![SourceFile { path: "a.toml".to_owned(), text }], Vec::new()).compile().unwrap();
            let plan = &pack.plan.local[0];
            let mut record = Record::new(Kind::Voice, Timestamp::from_ms(5));
            (record.direction, record.answered) = (Direction::Outgoing, Some(true));
            let (passes, mut kinds, mut values) = (plan.passes(&record, &pack.lists), Kinds::default(), Vec::new());
            let event = plan.event(&record, passes, u64::MAX, &mut values);
            let mut windows = EntityWindows::new(&plan.layout, &mut kinds, &event);
            let pattern = &plan.patterns[0];
            let (mut counts, mut heads) = (vec![0; plan.layout.windows.len()], Heads::default());
            heads.take(&windows, &plan.layout, &mut kinds);
            heads.count_gated(&plan.layout, pattern.gates[0].place, &mut counts);
            let (gate, lacks) = Gate::of(&counts, &pattern.gates[0].least);
            windows.rest_first(&plan.layout, &kinds.of(&plan.layout, passes), &plan.first_rests);
            let rests = !windows.awake(&plan.layout).contains(pattern.gates[0].place);
            assert_eq!(rests, gate == Gate::Far && lacks > 0, "{least} calls");
            assert_eq!(rests, least > 1, "{least} calls");
        }
    }
}

//! Entities that are judged at each record: own callers, callees, SIMs.

use std::collections::HashMap;

use bincode::{Decode, Encode};
use foldhash::fast::FixedState;
use lancang_pattern::Pack;
use lancang_pattern::fields::EntityKey;
use lancang_pattern::plan::{EntityPlan, Mode};
use lancang_record::log::Class;
use lancang_record::record::Record;
use lancang_record::time::Timestamp;
use lancang_window::{EntityTable, EntityWindows, Event, Gate};

use crate::attachment::{Attachment, entity_text};
use crate::evict::lightest;
use crate::incident::{IncidentKey, IncidentOut, Incidents, Moment};
use crate::limits::WEIGHED;
use crate::repeats::OpenCall;

/// Evidence and related entities of this length of the longest window and of the one before.
#[derive(Clone, Debug, Encode, Decode)]
struct Kept {
    length: i64,
    current: Attachment,
    previous: Attachment,
}

/// Entities of one plan.
#[derive(Clone, Debug, Encode, Decode)]
pub struct LocalEntities {
    /// Hash of the plan.
    pub plan: u64,
    entities: EntityTable<EntityWindows>,
    /// Of entities from near the gate on ([`Gate::Near`]): few, so that they take no room in the table.
    kept: HashMap<u64, Kept, FixedState>,
}

/// Buffers that are used again for each record.
#[derive(Debug, Default)]
pub struct Scratch {
    columns: Vec<u64>,
    earlier: Vec<u64>,
    values: Vec<f64>,
}

impl LocalEntities {
    /// None yet.
    #[must_use]
    pub fn new(plan: u64) -> Self {
        Self { plan, entities: EntityTable::default(), kept: HashMap::default() }
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
        let weighed = self.kept.values().take(WEIGHED).map(Kept::heap_bytes).sum::<usize>();
        let heap = weighed * self.kept.len() / self.kept.len().clamp(1, WEIGHED);
        let kept = self.kept.capacity() * size_of::<(u64, Kept)>() + heap;
        self.entities.bytes() + self.entities.estimate(WEIGHED, EntityWindows::heap_bytes) + kept
    }

    /// Asks for the places of a chunk's entities.
    pub fn prefetch(&self, plan: &EntityPlan, chunk: &[Record<'_>]) {
        let keys = chunk.iter().filter_map(|record| plan.entity.local_key(record));
        keys.for_each(|key| self.entities.prefetch(key.hash()));
    }

    /// Asks for the events of a chunk's entities, which lie elsewhere: once their places have come.
    pub fn prefetch_events(&self, plan: &EntityPlan, chunk: &[Record<'_>]) {
        let keys = chunk.iter().filter_map(|record| plan.entity.local_key(record));
        let found = keys.filter_map(|key| self.entities.get(key.hash()));
        found.for_each(EntityWindows::prefetch);
    }

    /// Takes a record that is an event of one of these entities, and judges it.
    #[allow(clippy::too_many_arguments, reason = "one record's whole step")]
    pub fn record(
        &mut self,
        plan: &EntityPlan,
        pack: &Pack,
        class: Class,
        record: &Record<'_>,
        call: Option<&mut OpenCall>,
        scratch: &mut Scratch,
        incidents: &mut Incidents,
        out: &mut Vec<IncidentOut>,
    ) {
        let Some(key) = plan.entity.local_key(record) else { return };
        let passes = plan.passes(record, &pack.lists);
        if passes == 0 {
            return;
        }
        let event = event(plan, record, passes, call, scratch);
        let hash = key.hash();
        let new = || EntityWindows::new(&plan.layout, &event);
        let (windows, added) = self.entities.get_or_insert_with(hash, new);
        if !added {
            windows.add(&plan.layout, &event);
        }
        let gate = windows.gate(&plan.layout, &plan.gate);
        if gate == Gate::Far {
            return;
        }
        let length = record.event.as_ms().div_euclid(longest_ms(plan).max(1));
        let kept = self.kept.entry(hash).or_insert_with(|| Kept::new(length));
        kept.add(plan, record, length);
        if gate == Gate::Reached {
            judge(windows, kept, plan, pack, class, &key, &mut scratch.values, incidents, out);
        }
    }

    /// Lets go of entities whose windows the least watermark has passed, and of evidence that no window reaches.
    pub fn expire(&mut self, plan: &EntityPlan, watermark: Timestamp) {
        let length_ms = longest_ms(plan);
        let oldest = watermark.plus_ms(-length_ms).as_ms();
        let length = oldest.div_euclid(length_ms.max(1));
        self.entities.retain(|windows| windows.newest_ms() >= oldest);
        let entities = &self.entities;
        self.kept.retain(|key, kept| kept.length >= length && entities.get(*key).is_some());
    }

    /// Evicts those with the least evidence, then the oldest, once there are more than `max`. Gives how many.
    pub fn evict(&mut self, max: usize) -> u64 {
        if self.entities.len() <= max {
            return 0;
        }
        let weight = |key: u64, windows: &EntityWindows| (windows.events_bound(), windows.newest_ms(), key);
        let lightest = lightest(self.entities.iter().map(|(key, windows)| weight(key, windows)).collect(), max);
        for (_, _, key) in &lightest {
            self.entities.remove(*key);
            self.kept.remove(key);
        }
        lightest.len() as u64
    }
}

fn longest_ms(plan: &EntityPlan) -> i64 {
    plan.layout.windows.iter().map(|window| window.length_ms).max().unwrap_or(0)
}

/// The record as an event. Of a continued call the filters that earlier parts passed are marked as counted.
pub(crate) fn event<'s>(
    plan: &EntityPlan,
    record: &Record<'_>,
    passes: u64,
    call: Option<&mut OpenCall>,
    scratch: &'s mut Scratch,
) -> Event<'s> {
    let mut counted = 0;
    scratch.earlier.clear();
    if let Some(call) = call {
        counted = call.counted(plan.hash) & passes;
        call.count(plan.hash, passes);
        let mut before = *record;
        before.duration_ms = Some(call.duration_ms());
        plan.columns(&before, &mut scratch.earlier);
    }
    let mut event = plan.event(record, passes, &mut scratch.columns);
    event.counted = counted;
    event.earlier = &scratch.earlier;
    event
}

impl Kept {
    fn heap_bytes(&self) -> usize {
        self.current.heap_bytes() + self.previous.heap_bytes()
    }

    fn new(length: i64) -> Self {
        Self { length, current: Attachment::default(), previous: Attachment::default() }
    }

    fn add(&mut self, plan: &EntityPlan, record: &Record<'_>, length: i64) {
        if length > self.length {
            let passed = std::mem::take(&mut self.current);
            self.previous = if length == self.length + 1 { passed } else { Attachment::default() };
            self.length = length;
        }
        self.current.add(plan, record);
    }

    fn attachment(&self) -> Attachment {
        let mut attachment = Attachment::default();
        attachment.merge(&self.previous);
        attachment.merge(&self.current);
        attachment
    }
}

#[allow(clippy::too_many_arguments, reason = "one judgement's whole step")]
fn judge(
    windows: &EntityWindows,
    kept: &Kept,
    plan: &EntityPlan,
    pack: &Pack,
    class: Class,
    key: &EntityKey<'_>,
    values: &mut Vec<f64>,
    incidents: &mut Incidents,
    out: &mut Vec<IncidentOut>,
) {
    windows.values(&plan.layout, values);
    let newest = Timestamp::from_ms(windows.newest_ms());
    for pattern in plan.patterns.iter().filter(|pattern| pattern.mode == Mode::Live) {
        let Some(verdict) = pattern.judge(values) else { continue };
        if pattern.suppress.iter().any(|list| pack.lists.has_entity(list, key, newest)) {
            continue;
        }
        let attachment = kept.attachment();
        let window = (0..plan.layout.windows.len()).max_by_key(|index| plan.layout.windows[*index].length_ms);
        let moment = Moment {
            at_ms: newest.as_ms(),
            class,
            first_ms: windows.first_event_ms(&plan.layout, window.unwrap_or(0)),
            last_ms: newest.as_ms(),
            victims: plan.victims.and_then(|index| values.get(index)).map_or(0, |value| *value as u64),
            attachment: &attachment,
        };
        let incident = IncidentKey {
            entity: plan.entity,
            value: entity_text(key),
            family: pattern.family.clone(),
            scope: plan.scope.clone(),
            class: None,
        };
        incidents.hold(&incident, pattern, &verdict, &moment, out);
    }
}

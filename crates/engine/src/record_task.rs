//! The record task: what is known about the subscribers of one partition of the records log.
//!
//! Rules:
//! - a pure fold over its log: the same entries give the same outputs, however they are cut into batches;
//! - one thread at a time, no clock, no I/O, no randomness;
//! - its state lies in [`State`] alone, which is what a snapshot holds.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bincode::{Decode, Encode};
use foldhash::fast::FixedState;
use lancang_pattern::Pack;
use lancang_pattern::fields::party_key;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::EntityPlan;
use lancang_record::log::{Class, Entry, Frame, InputMark};
use lancang_record::record::{Kind, Phase, Record};
use lancang_record::time::Timestamp;
use lancang_window::Cell;
use lancang_window::entity::cells;

use crate::attachment::{Attachment, entity_text};
use crate::clock::Clocks;
use crate::incident::Incidents;
use crate::limits::{CHUNK, LOCAL_SWEEP_MS};
use crate::local::{LocalEntities, Scratch};
use crate::output::{Bad, Counters, Outputs, Packs, TaskError};
use crate::partial::{Border, Partial, PartialMessage, Whereabouts, partition_of_entity};
use crate::repeats::{Identities, OpenCall, OpenCalls};
use crate::store;

/// Partial panes of one border, by plan, entity and pane.
type Pending = HashMap<(u64, u64, i64), Partial, FixedState>;

/// State of a record task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct State {
    pack: Option<[u8; 32]>,
    clocks: Clocks,
    borders: [Option<i64>; 3],
    identities: Identities,
    calls: OpenCalls,
    local: Vec<LocalEntities>,
    pending: BTreeMap<(Class, i64), Pending>,
    ever_abroad: HashSet<u64, FixedState>,
    whereabouts: [Vec<Whereabouts>; 3],
    incidents: Incidents,
    swept: i64,
}

/// Size of things in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Partition of the records log.
    pub partition: u32,
    /// Number of partitions.
    pub partitions: u32,
    /// Most entities of one plan.
    pub entities_max: usize,
}

/// The fold over one partition of the records log.
#[derive(Debug)]
pub struct RecordTask {
    settings: Settings,
    pack: Option<Arc<Pack>>,
    state: State,
    scratch: Scratch,
    counters: Counters,
}

impl RecordTask {
    /// A task that has read nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            pack: None,
            state: State::default(),
            scratch: Scratch::default(),
            counters: Counters::default(),
        }
    }

    /// What it counted.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Watermark of a class.
    #[must_use]
    pub const fn watermark(&self, class: Class) -> Timestamp {
        self.state.clocks.watermark(class)
    }

    /// Entities held: type, number, bytes.
    #[must_use]
    pub fn entities(&self) -> Vec<(&'static str, usize, usize)> {
        let Some(pack) = &self.pack else { return Vec::new() };
        let plans = pack.plan.local.iter().zip(&self.state.local);
        plans.map(|(plan, entities)| (plan.entity.as_str(), entities.len(), entities.bytes())).collect()
    }

    /// Takes the entry at `offset`.
    ///
    /// # Errors
    /// [`TaskError`] if the task cannot go on; an entry or record that cannot be read is an output.
    pub fn apply(&mut self, offset: i64, bytes: &[u8], packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        match Entry::decode(bytes) {
            Ok(Entry::Frame(frame)) => self.frame(offset, frame, out),
            Ok(Entry::Marks(marks)) => self.marks(&marks, out),
            Ok(Entry::Control(control)) => self.control(offset, control.pack, packs)?,
            Err(error) => {
                self.counters.bad_entries += 1;
                out.bad.push(Bad { offset, record: None, reason: error.to_string(), bytes: bytes.to_vec() });
            }
        }
        Ok(())
    }

    fn frame(&mut self, offset: i64, frame: Frame<'_>, out: &mut Outputs) {
        let class = frame.header.class;
        let first = out.incidents.len();
        let pack = self.pack.clone();
        // One chunk is worked on while the entities of the next are on their way from memory: their places first, then,
        // once these are there, their events.
        let mut current = vec![Record::new(Kind::Voice, Timestamp::MIN); CHUNK];
        let mut next = current.clone();
        let (mut frame, mut index, mut count) = (frame, 0, 0);
        loop {
            let coming = self.read(offset, &mut frame, &mut index, &mut next, out);
            self.local(|plan, entities| entities.prefetch(plan, &next[..coming]));
            current[..count].iter().for_each(|record| self.record(pack.as_deref(), class, record, out));
            self.local(|plan, entities| entities.prefetch_events(plan, &next[..coming]));
            std::mem::swap(&mut current, &mut next);
            count = coming;
            if count == 0 {
                break;
            }
        }
        self.counters.count_incidents(&out.incidents[first..]);
    }

    /// Reads a frame's next records; gives how many could be read.
    fn read<'a>(
        &mut self,
        offset: i64,
        frame: &mut Frame<'a>,
        index: &mut u32,
        chunk: &mut [Record<'a>],
        out: &mut Outputs,
    ) -> usize {
        let mut count = 0;
        while count < chunk.len()
            && let Some((bytes, read)) = frame.next_into(&mut chunk[count])
        {
            self.counters.read += 1;
            match read {
                Ok(()) => count += 1,
                Err(error) => {
                    self.counters.bad += 1;
                    let record = Some(*index);
                    out.bad.push(Bad { offset, record, reason: error.to_string(), bytes: bytes.to_vec() });
                }
            }
            *index += 1;
        }
        count
    }

    fn local(&self, each: impl Fn(&EntityPlan, &LocalEntities)) {
        let plans = self.pack.iter().flat_map(|pack| &pack.plan.local);
        plans.zip(&self.state.local).for_each(|(plan, entities)| each(plan, entities));
    }

    fn record(&mut self, pack: Option<&Pack>, class: Class, record: &Record<'_>, out: &mut Outputs) {
        if self.state.identities.is_repeat(class, record) {
            self.counters.repeats += 1;
            return;
        }
        self.counters.scored += 1;
        match record.kind {
            Kind::Mobility => self.mobility(class, record),
            Kind::Voice | Kind::Sms if record.phase == Phase::End => {
                if let Some(pack) = pack {
                    self.event(pack, class, record, out);
                }
            }
            _ => {}
        }
    }

    fn mobility(&mut self, class: Class, record: &Record<'_>) {
        let (Some(subscriber), Some(country)) = (record.caller, record.roaming) else { return };
        let subscriber = party_key(subscriber);
        // That somebody is at home says something only of those who were said to be abroad before: a record that is
        // out of order can leave a subscriber abroad until the next update, and accuses nobody.
        let abroad = country != record.home;
        if abroad {
            self.state.ever_abroad.insert(subscriber);
        } else if !self.state.ever_abroad.contains(&subscriber) {
            return;
        }
        if self.pack.is_none() {
            return;
        }
        let pane = record.event.pane(GRID_MS);
        let effective = self.state.borders[class.index()].map_or(pane, |border| pane.max(border));
        let found = Whereabouts { subscriber, at: record.event, abroad, effective };
        self.state.whereabouts[class.index()].push(found);
    }

    fn event(&mut self, pack: &Pack, class: Class, record: &Record<'_>, out: &mut Outputs) {
        let mut call = self.state.calls.take(record);
        let so_far = call.as_ref().map(|(_, call)| {
            let duration_ms = record.duration_ms.map(|part_ms| call.duration_ms().saturating_add(part_ms));
            Record { duration_ms, ..*record }
        });
        let record = so_far.as_ref().unwrap_or(record);
        for (plan, entities) in pack.plan.local.iter().zip(&mut self.state.local) {
            let call = call.as_mut().map(|(_, call)| call);
            let (scratch, incidents) = (&mut self.scratch, &mut self.state.incidents);
            entities.record(plan, pack, class, record, call, scratch, incidents, &mut out.incidents);
            self.counters.evicted += entities.evict(self.settings.entities_max);
        }
        let mut gate = (u32::MAX, false);
        for plan in &pack.plan.aggregated {
            if gate.0 != plan.send_group {
                gate = (plan.send_group, plan.send.as_ref().is_some_and(|send| send.holds(record, &pack.lists)));
            }
            if gate.1 {
                self.contribute(plan, pack, class, record, call.as_mut().map(|(_, call)| call));
            }
        }
        if let Some((key, call)) = call {
            self.state.calls.keep(key, call, record);
        }
    }

    /// Adds a record that has passed the send gate to the partial pane of an aggregated entity.
    fn contribute(
        &mut self,
        plan: &EntityPlan,
        pack: &Pack,
        class: Class,
        record: &Record<'_>,
        call: Option<&mut OpenCall>,
    ) {
        let Some(key) = plan.entity.aggregated_key(record) else { return };
        let passes = plan.passes(record, &pack.lists);
        if passes == 0 {
            return;
        }
        let event = crate::local::event(plan, record, passes, call, &mut self.scratch);
        let pane = record.event.pane(GRID_MS);
        let effective = self.state.borders[class.index()].map_or(pane, |border| pane.max(border));
        let pending = self.state.pending.entry((class, effective)).or_default();
        let partial = pending.entry((plan.hash, key.hash(), pane)).or_insert_with(|| Partial {
            plan: plan.hash,
            value: entity_text(&key),
            pane,
            effective,
            cells: vec![None; plan.layout.primitives.len()],
            attachment: Attachment::default(),
        });
        for (own, cell) in partial.cells.iter_mut().zip(cells(&plan.layout, &event)) {
            merge(own, cell);
        }
        partial.attachment.add(plan, record);
    }

    fn marks(&mut self, marks: &[InputMark], out: &mut Outputs) {
        self.state.clocks.mark(marks);
        let first = out.incidents.len();
        for class in Class::ALL {
            let watermark = self.state.clocks.watermark(class);
            if watermark == Timestamp::MIN {
                continue;
            }
            self.state.identities.expire(class, watermark);
            self.state.incidents.close(class, watermark, &mut out.incidents);
            self.border(class, watermark, out);
        }
        self.counters.count_incidents(&out.incidents[first..]);
        self.sweep();
    }

    /// Sends what a moved border closes, and the border.
    fn border(&mut self, class: Class, watermark: Timestamp, out: &mut Outputs) {
        let (Some(pack), Some(pack_hash)) = (&self.pack, self.state.pack) else { return };
        let pane = watermark.pane(GRID_MS);
        if self.state.borders[class.index()].is_some_and(|border| pane <= border) {
            return;
        }
        self.state.borders[class.index()] = Some(pane);
        let mut by_task: BTreeMap<u32, Vec<Partial>> = BTreeMap::new();
        for partial in take_before(&mut self.state.pending, class, pane) {
            let entity = entity_name(pack, partial.plan);
            let task = partition_of_entity(entity, &partial.value, self.settings.partitions);
            by_task.entry(task).or_default().push(partial);
        }
        let whereabouts = std::mem::take(&mut self.state.whereabouts[class.index()]);
        let border = Border { pane, mobility: self.state.clocks.mobility(class), pack: pack_hash };
        for task in 0..self.settings.partitions {
            let partials = by_task.remove(&task).unwrap_or_default();
            self.counters.partials += partials.len() as u64;
            let whole = PartialMessage {
                from: self.settings.partition,
                class,
                partials,
                whereabouts: whereabouts.clone(),
                border: Some(border),
            };
            out.partials.extend(whole.sliced().into_iter().map(|slice| (task, slice)));
        }
    }

    fn sweep(&mut self) {
        let least = self.state.clocks.least();
        if least == Timestamp::MIN || least.as_ms() < self.state.swept.saturating_add(LOCAL_SWEEP_MS) {
            return;
        }
        self.state.swept = least.as_ms();
        self.state.calls.expire(least);
        let Some(pack) = &self.pack else { return };
        for (plan, entities) in pack.plan.local.iter().zip(&mut self.state.local) {
            entities.expire(plan, least);
        }
    }

    /// Puts a pack in force; one that is in force already changes nothing.
    fn control(&mut self, offset: i64, hash: [u8; 32], packs: &Packs<'_>) -> Result<(), TaskError> {
        if self.state.pack == Some(hash) {
            return Ok(());
        }
        let pack = packs(&hash).ok_or_else(|| TaskError::UnknownPack(store::hex(&hash), offset))?;
        let mut before: Vec<LocalEntities> = std::mem::take(&mut self.state.local);
        for plan in &pack.plan.local {
            let kept = before.iter().position(|entities| entities.plan == plan.hash);
            if kept.is_none() && self.state.pack.is_some() {
                self.counters.restarted_plans += 1;
            }
            let entities = kept.map_or_else(|| LocalEntities::new(plan.hash), |index| before.swap_remove(index));
            self.state.local.push(entities);
        }
        self.state.pack = Some(hash);
        self.pack = Some(pack);
        Ok(())
    }

    /// A snapshot of all that is known before the entry at `offset`.
    #[must_use]
    pub fn snapshot(&self, offset: i64) -> Vec<u8> {
        store::encode(store::Kind::Records, self.settings.partition, self.settings.partitions, offset, &self.state)
    }

    /// A task as a snapshot left it, and the offset to go on from.
    ///
    /// # Errors
    /// [`store::SnapshotError`] if the snapshot is damaged, of another version or another task, or its pack is gone.
    pub fn restore(settings: Settings, bytes: &[u8], packs: &Packs<'_>) -> Result<(Self, i64), store::SnapshotError> {
        let (state, offset): (State, i64) =
            store::decode(store::Kind::Records, settings.partition, settings.partitions, bytes)?;
        let mut task = Self::new(settings);
        if let Some(hash) = state.pack {
            task.pack = Some(packs(&hash).ok_or_else(|| store::SnapshotError::Pack(store::hex(&hash)))?);
        }
        task.state = state;
        Ok((task, offset))
    }
}

fn entity_name(pack: &Pack, plan: u64) -> &'static str {
    pack.plan.aggregated.iter().find(|other| other.hash == plan).map_or("", |plan| plan.entity.as_str())
}

/// Takes out what takes effect before a pane, in an order that does not depend on tables.
fn take_before(pending: &mut BTreeMap<(Class, i64), Pending>, class: Class, pane: i64) -> Vec<Partial> {
    let keys: Vec<(Class, i64)> = pending.range((class, i64::MIN)..(class, pane)).map(|(key, _)| *key).collect();
    let mut partials = Vec::new();
    for key in keys {
        partials.extend(pending.remove(&key).into_iter().flatten().map(|(_, partial)| partial));
    }
    partials.sort_by(|a, b| (a.effective, a.pane, a.plan, &a.value).cmp(&(b.effective, b.pane, b.plan, &b.value)));
    partials
}

fn merge(own: &mut Option<Cell>, cell: Option<Cell>) {
    match (own, cell) {
        (_, None) => {}
        (Some(own), Some(cell)) => own.merge(&cell),
        (own @ None, cell) => *own = cell,
    }
}

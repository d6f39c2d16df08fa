//! The record task: what is known about the subscribers of one partition of the records log.
//!
//! Rules:
//! - a pure fold over its log: the same entries give the same outputs, however they are cut into batches;
//! - one thread at a time, no clock, no I/O, no randomness;
//! - its state lies in [`State`] alone, which is what a snapshot holds;
//! - what a watermark that jumped closes leaves in steps: until the last of them ([`RecordTask::has_more`]) no further
//!   entry is taken and no save begins;
//! - records that come before any pack is in force are scored to nothing, and counted as that.

mod leaving;
mod pending;
mod saving;

use std::sync::Arc;

use bincode::{Decode, Encode};
use lancang_pattern::Pack;
use lancang_pattern::fields::party_key;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::passing::{Passing, Sent};
use lancang_pattern::sieve::form_of;
use lancang_record::log::{Class, Entry, Frame};
use lancang_record::record::{Kind, Phase, Record};
use lancang_record::time::Timestamp;
use lancang_window::prefetch::Batch;
use lancang_window::{Cell, EntityTable};

use crate::asked::{Asked, seen_by};
use crate::clock::Clocks;
use crate::incident::Incidents;
use crate::limits::CHUNK;
use crate::local::{Hashes, LocalEntities, Scratch};
use crate::output::{Bad, Counters, Outputs, Packs, TaskError};
use crate::partial::Whereabouts;
use crate::repeats::{Identities, OpenCall, OpenCalls, SpareMinutes, identity};
use crate::snapshot::{Parts, Save, hex};
use crate::subscribers::{Parties, Subscribers};
use crate::watch::Watch;

use leaving::Leaving;
pub(crate) use pending::PendingPane;

/// State of a record task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct State {
    pack: Option<[u8; 32]>,
    clocks: Clocks,
    borders: [Option<i64>; 3],
    identities: Identities,
    calls: OpenCalls,
    subscribers: Subscribers,
    local: Vec<LocalEntities>,
    pending: [Parts<PendingPane>; 3],
    ever_abroad: EntityTable<()>,
    whereabouts: [Vec<Whereabouts>; 3],
    incidents: Incidents,
    swept: i64,
}

/// What is worked out of a record before its turn.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    identity: Option<u64>,
    parties: Option<Parties>,
}

/// The same of a chunk's records, and for each plan which entities they are events of.
#[derive(Clone, Debug, Default)]
struct Coming {
    known: [Known; CHUNK],
    entities: Vec<Hashes>,
}

/// Size of things in a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Partition of the records log.
    pub partition: u32,
    /// Number of partitions.
    pub partitions: u32,
    /// Most entities of one plan, and most subscribers that a profile is kept of.
    pub entities_max: usize,
    /// Size of the pair memory, bytes.
    pub pair_bytes: usize,
}

/// The fold over one partition of the records log.
#[derive(Debug)]
pub struct RecordTask {
    settings: Settings,
    pack: Option<Arc<Pack>>,
    asked: Asked,
    state: State,
    scratch: Scratch,
    passing: Passing,
    counters: Counters,
    watch: Option<Watch>,
    leaving: Option<Leaving>,
    /// Windows are kept whole for events from here on, since the last sweep; after a start only since the next one.
    whole_from: Timestamp,
    /// The save that is under way.
    save: Option<Save>,
    /// Of the chunk that is worked on and of the next one: room that is used again.
    known: Box<Coming>,
    coming: Box<Coming>,
    /// Minutes of identities that were let go of: the next ones do not grow from nothing.
    spare_minutes: SpareMinutes,
    /// Partial panes that have left: the next ones take their room.
    spare: Vec<PendingPane>,
}

impl RecordTask {
    /// A task that has read nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            pack: None,
            asked: Asked::default(),
            state: State::default(),
            scratch: Scratch::default(),
            passing: Passing::default(),
            counters: Counters::default(),
            watch: None,
            leaving: None,
            whole_from: Timestamp::MIN,
            save: None,
            known: Box::default(),
            coming: Box::default(),
            spare: Vec::new(),
            spare_minutes: SpareMinutes::default(),
        }
    }

    /// Watches an entity from here on.
    pub fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// The entity that is watched.
    pub const fn watched(&mut self) -> Option<&mut Watch> {
        self.watch.as_mut()
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
        let plans = plans.map(|(plan, entities)| (plan.entity.as_str(), entities.len(), entities.bytes()));
        let ((profiles, profile_bytes), (pairs, pair_bytes)) =
            (self.state.subscribers.profiles(), self.state.subscribers.pairs());
        let known = [("profile", profiles, profile_bytes), ("pair", pairs, pair_bytes)];
        plans.chain(known.into_iter().filter(|(_, held, _)| *held > 0)).collect()
    }

    /// Probability with which a first contact is hidden now; 0 where pairs are not remembered.
    #[must_use]
    pub fn hidden_first_contacts(&self) -> f64 {
        self.state.subscribers.hidden_first_contacts()
    }

    /// Takes the entry at `offset`, and gives the first step of what it leads to; the rest comes with
    /// [`Self::go_on`] while there [is more](Self::has_more).
    ///
    /// # Errors
    /// [`TaskError`] if the task cannot go on; an entry or record that cannot be read is an output.
    ///
    /// # Panics
    /// If what the entry before leads to was not put out whole.
    pub fn apply(&mut self, offset: i64, bytes: &[u8], packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        assert!(self.leaving.is_none(), "an entry comes before all that the last one leads to was put out");
        out.begin_step();
        match Entry::decode(bytes) {
            Ok(Entry::Frame(frame)) if self.pack.is_none() => self.unscored(offset, frame, out),
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

    /// Whether the last entry leads to more than was put out.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.leaving.is_some()
    }

    /// Gives the next step of what the last entry leads to.
    pub fn go_on(&mut self, out: &mut Outputs) {
        out.begin_step();
        self.leave(out);
    }

    /// Whether it has read records and no pack was in force.
    #[must_use]
    pub const fn lacks_pack(&self) -> bool {
        self.pack.is_none() && self.counters.unscored > 0
    }

    /// Reads a frame that no pack scores. Nothing of it is kept, so that a repeat of its records is scored once there is
    /// a pack.
    fn unscored(&mut self, offset: i64, mut frame: Frame<'_>, out: &mut Outputs) {
        let mut chunk = [Record::new(Kind::Voice, Timestamp::MIN); CHUNK];
        let mut index = 0;
        loop {
            let count = self.read(offset, &mut frame, &mut index, &mut chunk, out);
            if count == 0 {
                break;
            }
            self.counters.unscored += count as u64;
        }
    }

    fn frame(&mut self, offset: i64, frame: Frame<'_>, out: &mut Outputs) {
        let class = frame.header.class;
        let first = out.incidents.len();
        let pack = self.pack.clone();
        // One chunk is worked on while the entities of the next are on their way from memory: their tags first, half a chunk
        // later the places that these tell, and once these are there their events.
        let mut chunks = [[Record::new(Kind::Voice, Timestamp::MIN); CHUNK]; 2];
        let [mut current, mut next] = chunks.each_mut();
        let (mut known, mut coming) = (std::mem::take(&mut self.known), std::mem::take(&mut self.coming));
        let (mut frame, mut index, mut count) = (frame, 0, 0);
        let mut batch = Batch::default();
        loop {
            let read = self.read(offset, &mut frame, &mut index, next, out);
            self.prefetch_tags(class, &next[..read], &mut coming, &mut batch);
            for (place, record) in current[..count].iter_mut().enumerate() {
                if place == count / 2 {
                    self.prefetch_places(&mut coming, read, &mut batch);
                }
                self.record(pack.as_deref(), class, record, &known, place, out);
            }
            if count == 0 {
                self.prefetch_places(&mut coming, read, &mut batch);
            }
            self.each_local(&mut coming, |entities, hashes| entities.prefetch_events(&hashes[..read], &mut batch));
            batch.ask();
            std::mem::swap(&mut current, &mut next);
            std::mem::swap(&mut known, &mut coming);
            count = read;
            if count == 0 {
                break;
            }
        }
        (self.known, self.coming) = (known, coming);
        self.counters.count_incidents(&out.incidents[first..]);
        self.count_limits();
    }

    /// The limits of what is known of subscribers are counted in the state, which goes on where a snapshot left it; keys without a
    /// number since the task was made.
    fn count_limits(&mut self) {
        let subscribers = &self.state.subscribers;
        self.counters.evicted_profiles = subscribers.evicted;
        (self.counters.overfull_pairs, self.counters.lost_labels) = subscribers.overfull();
        self.counters.unnumbered_keys += self.state.local.iter_mut().map(LocalEntities::take_unnumbered).sum::<u64>();
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

    fn each_local(&self, coming: &mut Coming, mut each: impl FnMut(&LocalEntities, &mut Hashes)) {
        self.state.local.iter().zip(&mut coming.entities).for_each(|(entities, hashes)| each(entities, hashes));
    }

    /// Works out what each record of a chunk looks for, and asks for the tags of where it lies.
    fn prefetch_tags(&self, class: Class, chunk: &[Record<'_>], coming: &mut Coming, batch: &mut Batch) {
        let State { identities, subscribers, .. } = &self.state;
        let plans = self.pack.iter().flat_map(|pack| &pack.plan.local);
        coming.entities.resize(self.state.local.len(), [None; CHUNK]);
        for ((plan, entities), hashes) in plans.zip(&self.state.local).zip(&mut coming.entities) {
            entities.find(plan, chunk, hashes, batch);
        }
        for (record, known) in chunk.iter().zip(coming.known.iter_mut()) {
            *known = Known { identity: identity(record), parties: subscribers.parties(self.asked.needs, record) };
            known.parties.iter().for_each(|parties| subscribers.prefetch_tag(parties, batch));
            known.identity.into_iter().for_each(|identity| identities.prefetch(class, record.event, identity, batch));
        }
        batch.ask();
    }

    /// Asks for the places that the tags of so many records tell.
    fn prefetch_places(&self, coming: &mut Coming, records: usize, batch: &mut Batch) {
        self.each_local(coming, |entities, hashes| entities.prefetch(&mut hashes[..records], batch));
        let parties = coming.known[..records].iter().filter_map(|known| known.parties.as_ref());
        parties.for_each(|parties| self.state.subscribers.prefetch(parties, batch));
        batch.ask();
    }

    /// Takes the record at this place of its chunk.
    fn record(
        &mut self,
        pack: Option<&Pack>,
        class: Class,
        record: &mut Record<'_>,
        coming: &Coming,
        place: usize,
        out: &mut Outputs,
    ) {
        let known = &coming.known[place];
        let (identities, spare) = (&mut self.state.identities, &mut self.spare_minutes);
        let is_repeat = |identity| identities.is_repeat(class, record.event, identity, spare);
        if known.identity.is_some_and(is_repeat) {
            self.counters.repeats += 1;
            return;
        }
        self.counters.scored += 1;
        match record.kind {
            Kind::Mobility => {
                self.enrich(record, known, None);
                self.mobility(class, record);
            }
            Kind::Voice | Kind::Sms | Kind::Report => {
                self.counters.over_trimmed += u64::from(record.event < self.whole_from);
                if let Some(pack) = pack {
                    self.event(pack, class, record, coming, place, out);
                }
            }
            Kind::Subscriber => {
                let (needs, parties) = (self.asked.needs, known.parties.as_ref());
                self.state.subscribers.refer(needs, record, parties, self.settings.entities_max);
            }
        }
    }

    /// Adds to a record what is known of its subscriber, if the pack asks for any of it.
    fn enrich(&mut self, record: &mut Record<'_>, known: &Known, call: Option<&mut OpenCall>) {
        let needs = self.asked.needs;
        if needs.is_nothing() {
            return;
        }
        let earlier = call.as_ref().and_then(|call| call.first_contact());
        let (parties, profiles_max) = (known.parties.as_ref(), self.settings.entities_max);
        record.enrichment = self.state.subscribers.enrich(needs, record, parties, earlier, profiles_max);
        if let Some(call) = call {
            call.set_first_contact(record.enrichment.first_contact);
        }
    }

    fn mobility(&mut self, class: Class, record: &Record<'_>) {
        let (Some(subscriber), Some(country)) = (record.caller, record.roaming) else { return };
        let subscriber = party_key(subscriber);
        // That somebody is at home says something only of those who were said to be abroad before: a record that is
        // out of order can leave a subscriber abroad until the next update, and accuses nobody.
        let abroad = country != record.home;
        if abroad {
            self.state.ever_abroad.get_or_insert_with(subscriber, || ());
        } else if self.state.ever_abroad.get(subscriber).is_none() {
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

    fn event(
        &mut self,
        pack: &Pack,
        class: Class,
        record: &mut Record<'_>,
        coming: &Coming,
        place: usize,
        out: &mut Outputs,
    ) {
        let known = &coming.known[place];
        let mut call = if record.phase == Phase::End { self.state.calls.take(record) } else { None };
        self.enrich(record, known, call.as_mut().map(|(_, call)| call));
        if !self.asked.looks_at(record) {
            return;
        }
        let record = &*record;
        let so_far = call.as_ref().map(|(_, call)| {
            let duration_ms = record.duration_ms.map(|part_ms| call.duration_ms().saturating_add(part_ms));
            Record { duration_ms, ..*record }
        });
        let record = so_far.as_ref().unwrap_or(record);
        let form = form_of(record);
        self.scratch.answers = pack.plan.questions.ask(form, record, &pack.lists);
        let passed = self.passing.look(&pack.plan, record, &pack.lists, &mut self.scratch.answers);
        for (index, (plan, entities)) in pack.plan.local.iter().zip(&mut self.state.local).enumerate() {
            let Some(sought) = &coming.entities[index][place] else { continue };
            let passes = seen_by(self.passing.passes(passed, index), self.asked.local(index, record));
            if passes == 0 {
                continue;
            }
            let call = call.as_mut().map(|(_, call)| call);
            let (scratch, incidents) = (&mut self.scratch, &mut self.state.incidents);
            let counters = &mut self.counters;
            entities.record(
                plan,
                pack,
                passes,
                class,
                record,
                sought,
                call,
                scratch,
                incidents,
                counters,
                &mut out.incidents,
            );
            self.counters.evicted += entities.evict(self.settings.entities_max);
        }
        if let Some(watch) = &mut self.watch {
            watch.record(pack, record, &self.state.local);
        }
        for place in 0..self.passing.sent(passed).len() {
            let sent = self.passing.sent(passed)[place];
            let call = call.as_mut().map(|(_, call)| call);
            self.contribute(pack, sent, class, record, call);
        }
        if let Some((key, call)) = call {
            self.state.calls.keep(key, call, record);
        }
    }

    /// Adds a record that is sent to an aggregated plan to the partial pane of its entity.
    fn contribute(&mut self, pack: &Pack, sent: Sent, class: Class, record: &Record<'_>, call: Option<&mut OpenCall>) {
        let plan = &pack.plan.aggregated[sent.plan];
        let passes = seen_by(sent.passes, self.asked.aggregated(sent.plan, record));
        if passes == 0 {
            return;
        }
        let Some(key) = plan.entity.aggregated_key(record) else { return };
        let wanted = plan.layout.wanted(passes).unwrap_or(0);
        let event = crate::local::event(plan, record, passes, wanted, call, &mut self.scratch);
        let pane = record.event.pane(GRID_MS);
        let effective = self.state.borders[class.index()].map_or(pane, |border| pane.max(border));
        let spare = &mut self.spare;
        let pending = self.state.pending[class.index()].change(effective, || spare.pop().unwrap_or_default());
        let partial = pending.partial(plan, &key, pane, effective);
        Cell::add(&mut partial.cells, &plan.layout, &event);
        partial.attachment.add(plan, record);
    }

    /// Puts a pack in force; one that is in force already changes nothing.
    fn control(&mut self, offset: i64, hash: [u8; 32], packs: &Packs<'_>) -> Result<(), TaskError> {
        if self.state.pack == Some(hash) {
            return Ok(());
        }
        let pack = packs(&hash).ok_or_else(|| TaskError::UnknownPack(hex(&hash), offset))?;
        self.forget_saved();
        let mut before: Vec<LocalEntities> = std::mem::take(&mut self.state.local);
        for plan in &pack.plan.local {
            let kept = before.iter().position(|entities| entities.plan == plan.hash);
            if kept.is_none() && self.state.pack.is_some() {
                self.counters.restarted_plans += 1;
            }
            let mut entities = kept.map_or_else(|| LocalEntities::new(plan.hash), |index| before.swap_remove(index));
            if let Some(old) = self.pack.iter().flat_map(|pack| &pack.plan.local).find(|old| old.hash == plan.hash) {
                entities.change(old, plan);
            }
            self.state.local.push(entities);
        }
        let before = std::mem::replace(&mut self.asked, Asked::by(&pack));
        let (watermark, pair_bytes) = (self.state.clocks.least(), self.settings.pair_bytes);
        self.state.subscribers.change(before.needs, self.asked.needs, watermark, pair_bytes);
        self.state.pack = Some(hash);
        self.passing = Passing::default();
        self.pack = Some(pack);
        Ok(())
    }
}

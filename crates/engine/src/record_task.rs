//! The record task: what is known about the subscribers of one partition of the records log.
//!
//! Rules:
//! - a pure fold over its log: the same entries give the same outputs, however they are cut into batches;
//! - one thread at a time, no clock, no I/O, no randomness;
//! - its state lies in [`State`] alone, which is what a snapshot holds;
//! - what a watermark that jumped closes leaves in steps: until the last of them ([`RecordTask::has_more`]) no further
//!   entry is taken and no save begins;
//! - records that come before any pack is in force are scored to nothing, and counted as that.

mod adds;
mod chunks;
mod leaving;
mod pending;
mod saving;

use std::sync::Arc;

use bincode::{Decode, Encode};
use lancang_pattern::Pack;
use lancang_pattern::fields::party_key;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::passing::{Passing, Sent};
use lancang_record::log::{Class, Entry, Frame};
use lancang_record::record::{Kind, Record};
use lancang_record::time::Timestamp;
use lancang_window::EntityTable;
use lancang_window::table::Sought;

use crate::asked::{Asked, seen_by};
use crate::border::Lists;
use crate::clock::Clocks;
use crate::contribution::Contribution;
use crate::incident::Incidents;
use crate::local::{LocalEntities, Scratch};
use crate::output::{Bad, Counters, Outputs, Packs, TaskError};
use crate::partial::Whereabouts;
use crate::repeats::{Identities, OpenCall, OpenCalls, SpareMinutes};
use crate::snapshot::{Parts, Save, hex};
use crate::subscribers::{Parties, Subscribers};
use crate::watch::Watch;

use adds::Adds;
use chunks::Coming;
use leaving::Leaving;
pub(crate) use pending::{Pending, PendingPane};

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
    /// Two words each.
    ever_abroad: EntityTable<(), u64>,
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
    /// Windows of all entities are kept whole for events from here on, at least: as it was at the last sweep or start.
    whole_from: Timestamp,
    /// The save that is under way.
    save: Option<Save>,
    /// Of the chunks that are under way: room that is used again.
    coming: Option<Box<[Coming; 3]>>,
    /// Minutes of identities that were let go of: the next ones do not grow from nothing.
    spare_minutes: SpareMinutes,
    /// Partial panes that have left: the next ones take their room.
    spare: Vec<PendingPane>,
    /// Room of what a border sent, for the next one.
    spare_lists: Lists,
    /// To which primitives records add that pass some filters: of the pack in force.
    adds: Adds,
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
            coming: None,
            spare: Vec::new(),
            spare_lists: Lists::default(),
            adds: Adds::default(),
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
            Ok(Entry::Marks(marks)) => self.marks(marks, out),
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
        let (mut records, mut index) = (Vec::new(), 0);
        loop {
            self.read(offset, &mut frame, &mut index, &mut records, out);
            if records.is_empty() {
                break;
            }
            self.counters.unscored += records.len() as u64;
        }
    }

    /// The limits of what is known of subscribers are counted in the state, which goes on where a snapshot left it; keys without a
    /// number since the task was made.
    fn count_limits(&mut self) {
        let subscribers = &self.state.subscribers;
        self.counters.evicted_profiles = subscribers.evicted;
        (self.counters.overfull_pairs, self.counters.lost_labels) = subscribers.overfull();
        self.counters.unnumbered_keys += self.state.local.iter_mut().map(LocalEntities::take_unnumbered).sum::<u64>();
    }

    /// Adds to a record what is known of its subscriber, if the pack asks for any of it.
    fn enrich(&mut self, record: &mut Record<'_>, parties: Option<&Parties>, call: Option<&mut OpenCall>) {
        let needs = self.asked.needs;
        if needs.is_nothing() {
            return;
        }
        let earlier = call.as_ref().and_then(|call| call.first_contact());
        let profiles_max = self.settings.entities_max;
        self.state.subscribers.enrich(needs, record, parties, earlier, profiles_max);
        if let Some(call) = call {
            call.set_first_contact(record.enrichment.first_contact);
        }
    }

    fn mobility(&mut self, class: Class, record: &Record<'_>) {
        let (Some(subscriber), Some(country)) = (subscriber_of_mobility(record), record.roaming) else { return };
        // That somebody is at home says something only of those who were said to be abroad before: a record that is
        // out of order can leave a subscriber abroad until the next update, and accuses nobody.
        let abroad = country != record.home;
        if abroad {
            self.state.ever_abroad.get_or_insert_with(subscriber, || ());
        } else if self.state.ever_abroad.get(subscriber).is_none() {
            return;
        }
        let pane = record.event.pane(GRID_MS);
        let effective = self.state.borders[class.index()].map_or(pane, |border| pane.max(border));
        let found = Whereabouts { subscriber, at: record.event, abroad, effective };
        self.state.whereabouts[class.index()].push(found);
    }

    /// Takes a record that is an event of this entity of a local plan.
    #[allow(clippy::too_many_arguments, reason = "one record's whole step")]
    fn judge(
        &mut self,
        pack: &Pack,
        index: usize,
        class: Class,
        record: &Record<'_>,
        (entity, passes): (&Sought, u64),
        call: Option<&mut OpenCall>,
        out: &mut Outputs,
    ) {
        let (Some(plan), Some(entities)) = (pack.plan.local.get(index), self.state.local.get_mut(index)) else {
            return;
        };
        let (scratch, incidents) = (&mut self.scratch, &mut self.state.incidents);
        let (counters, out) = (&mut self.counters, &mut out.incidents);
        entities.record(plan, pack, passes, class, record, entity, call, scratch, incidents, counters, out);
        self.counters.evicted += entities.evict(self.settings.entities_max);
    }

    /// Adds a record that is sent to an aggregated plan to the partial pane of its entity.
    fn contribute(&mut self, pack: &Pack, sent: Sent, class: Class, record: &Record<'_>, call: Option<&mut OpenCall>) {
        let plan = &pack.plan.aggregated[sent.plan];
        let passes = seen_by(sent.passes, self.asked.aggregated(sent.plan, record));
        if passes == 0 {
            return;
        }
        let Some(entity) = plan.entity.aggregated_key(record) else { return };
        let (columns, primitives) = self.adds.of(sent.plan, &plan.layout, passes);
        let event = crate::local::event(plan, record, passes, columns, call, &mut self.scratch);
        let pane = record.event.pane(GRID_MS);
        let effective = self.state.borders[class.index()].map_or(pane, |border| pane.max(border));
        let spare = &mut self.spare;
        let pending = self.state.pending[class.index()].change(effective, || spare.pop().unwrap_or_default());
        pending.add(&Contribution { plan, entity, pane, effective, record, event, primitives });
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
        self.adds = Adds::default();
        self.pack = Some(pack);
        Ok(())
    }
}

/// Of whom a mobility record says in which country they are.
#[inline]
fn subscriber_of_mobility(record: &Record<'_>) -> Option<u64> {
    if record.kind != Kind::Mobility || record.roaming.is_none() {
        return None;
    }
    record.caller.map(party_key)
}

//! The entity task: entities to which several partitions contribute, judged at pane close.
//!
//! Rules:
//! - a pane of a class is judged once every record task has passed it; what is merged into it is what takes effect in
//!   it, so that the order in which tasks' messages interleave changes nothing;
//! - an entity is judged at the close of a pattern's pane in which something was merged for it, unless it has had fewer events
//!   than the pattern needs ([`reach`]);
//! - before a pane is judged, incidents that were quiet for their window by its beginning are closed;
//! - the pack that judges a pane is the one that record task 0 had in force when it closed it;
//! - a border that jumped is judged in steps: until the last of them ([`EntityTask::has_more`]) no further message is
//!   taken and no save begins. Which panes are left lies in the state; of the pane that is being judged what holds and is not
//!   told yet lies in the task alone, which is why no save begins meanwhile.

mod due;
mod entity;
mod judging;
mod plans;
mod reach;
mod saving;
mod statements;

use std::collections::BTreeMap;
use std::sync::Arc;

use bincode::{Decode, Encode};
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::{EntityType, Verdict};
use lancang_record::log::Class;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::time::Timestamp;
use lancang_window::EntityTable;
use lancang_window::table::Sought;

use crate::arrived::Arrived;
use crate::evict::lightest;
use crate::incident::{IncidentKey, Incidents};
use crate::limits::{ABROAD_MAX, CHUNK, MOBILITY_COMPLETE_MS, SPARE_WHEREABOUTS_MAX, WEIGHED};
use crate::output::{Bad, Counters, Outputs, Packs, TaskError};
use crate::partial::{Border, PartialMessage, Whereabouts};
use crate::record_task::Settings;
use crate::snapshot::{Parts, Save, hex};
use crate::sweep::{part_at, parts_between, segments_of};
use crate::watch::Watch;

use due::DueOf;
use entity::Entity;
use judging::Holding;
use plans::Loaded;
use statements::Statements;

/// State of an entity task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct State {
    /// Borders that each record task reached and that panes still to be judged are under.
    borders: [BTreeMap<u32, BTreeMap<i64, Border>>; 3],
    /// From which pane on which pack judges, by class.
    packs: [BTreeMap<i64, [u8; 32]>; 3],
    judged: [Option<i64>; 3],
    /// By class and pane.
    pending: [Parts<Arrived>; 3],
    /// What is to be judged at the close of a pane.
    due: [Parts<DueOf>; 3],
    entities: EntityTable<Entity>,
    /// By class and subscriber: where from when on, as known from which pane on.
    abroad: [EntityTable<Statements>; 3],
    incidents: Incidents,
    swept: [i64; 3],
}

/// The fold over one partition of the partial panes.
#[derive(Debug)]
pub struct EntityTask {
    settings: Settings,
    state: State,
    loaded: BTreeMap<[u8; 32], Arc<Loaded>>,
    counters: Counters,
    watch: Option<Watch>,
    /// Offset and class of the border that is being judged.
    judging: Option<(i64, Class)>,
    /// What is left of the pane that is being judged.
    holding: Option<Holding>,
    /// The save that is under way.
    save: Option<Save>,
    /// The message that was read last: its room is used again.
    message: PartialMessage,
    /// Room of panes that were merged.
    spare: Vec<Arrived>,
    /// Room of what was due.
    spare_due: Vec<DueOf>,
    /// What is looked up next: used again.
    sought: Vec<Sought>,
    /// Used again for each judgement.
    values: Vec<Option<f64>>,
    verdict: Verdict,
    incident: Option<IncidentKey>,
}

impl EntityTask {
    /// A task that has read nothing.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::default(),
            loaded: BTreeMap::new(),
            counters: Counters::default(),
            watch: None,
            judging: None,
            holding: None,
            save: None,
            message: PartialMessage::default(),
            spare: Vec::new(),
            spare_due: Vec::new(),
            sought: Vec::new(),
            values: Vec::new(),
            verdict: Verdict::default(),
            incident: None,
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

    /// Entities held: number, and bytes of them and of what came and waits for its pane, about.
    #[must_use]
    pub fn entities(&self) -> (usize, usize) {
        let entities = &self.state.entities;
        // What came and waits for its pane: much, where one record task is far behind the others.
        let arrived = self.state.pending.iter().flat_map(Parts::values).map(Arrived::room).sum::<usize>();
        (entities.len(), entities.bytes() + entities.estimate(WEIGHED, Entity::heap_bytes) + arrived)
    }

    /// Takes the message at `offset`, and gives the first step of what it leads to; the rest comes with
    /// [`Self::go_on`] while there [is more](Self::has_more).
    ///
    /// # Errors
    /// [`TaskError`] if the task cannot go on; a message that cannot be read is an output.
    ///
    /// # Panics
    /// If what the message before leads to was not put out whole.
    pub fn apply(&mut self, offset: i64, bytes: &[u8], packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        assert!(self.judging.is_none(), "a message comes before all that the last one leads to was put out");
        if let Err(error) = self.message.read(bytes) {
            self.counters.bad_entries += 1;
            out.bad.push(Bad { offset, record: None, reason: error.to_string(), bytes: bytes.to_vec() });
            return Ok(());
        }
        let PartialMessage { from, class, .. } = self.message;
        self.counters.partials += self.message.partials.heads().len() as u64;
        let (pending, spare) = (&mut self.state.pending[class.index()], &mut self.spare);
        self.message.partials.take(|came| {
            pending.change(came.head.effective, || spare.pop().unwrap_or_default()).push(came);
        });
        let mut whereabouts = std::mem::take(&mut self.message.whereabouts);
        for chunk in whereabouts.chunks(CHUNK) {
            let mut sought = std::mem::take(&mut self.sought);
            sought.clear();
            sought.extend(chunk.iter().map(|found| Sought::new(found.subscriber)));
            self.state.abroad[class.index()].fetch(&mut sought, Statements::prefetch_last);
            chunk.iter().zip(&sought).for_each(|(found, sought)| self.whereabouts(class, *found, sought));
            self.sought = sought;
        }
        whereabouts.clear();
        whereabouts.shrink_to(SPARE_WHEREABOUTS_MAX);
        self.message.whereabouts = whereabouts;
        if let Some(border) = self.message.border.take() {
            self.border(class, from, border);
            self.judging = Some((offset, class));
            self.go_on(packs, out)?;
        }
        Ok(())
    }

    /// What every record task that has said anything of a class has closed, and what the furthest has, as far as it was read here.
    #[must_use]
    pub fn closed(&self, class: Class) -> Option<(Timestamp, Timestamp)> {
        let borders = self.state.borders[class.index()].values();
        let panes = borders.filter_map(|of_task| of_task.last_key_value().map(|(pane, _)| *pane));
        let at = |pane: i64| Timestamp::from_ms(pane.saturating_mul(GRID_MS));
        panes.clone().min().zip(panes.max()).map(|(slowest, furthest)| (at(slowest), at(furthest)))
    }

    /// Whether the last message leads to more than was put out.
    #[must_use]
    pub const fn has_more(&self) -> bool {
        self.judging.is_some()
    }

    /// Gives the next step of what the last message leads to.
    ///
    /// # Errors
    /// [`TaskError`] if the task cannot go on.
    pub fn go_on(&mut self, packs: &Packs<'_>, out: &mut Outputs) -> Result<(), TaskError> {
        let Some((offset, class)) = self.judging else { return Ok(()) };
        out.begin_step();
        let first = out.incidents.len();
        let whole = self.judge_closed(offset, class, packs, out)?;
        self.counters.count_incidents(&out.incidents[first..]);
        if whole {
            self.judging = None;
        }
        Ok(())
    }

    fn whereabouts(&mut self, class: Class, found: Whereabouts, sought: &Sought) {
        let held = self.state.abroad.iter().map(EntityTable::len).sum::<usize>();
        let abroad = &mut self.state.abroad[class.index()];
        if held >= ABROAD_MAX && abroad.get_sought(sought).is_none() {
            self.counters.evicted += 1;
            return;
        }
        let (statements, _) = abroad.get_or_insert_sought(sought, Statements::default);
        statements.add(found.at.as_ms(), found.effective, found.abroad);
    }

    fn border(&mut self, class: Class, from: u32, border: Border) {
        let borders = self.state.borders[class.index()].entry(from).or_default();
        let before = borders.last_key_value().map(|(pane, _)| *pane);
        borders.insert(border.pane, border);
        if from == 0 {
            let begins = before.unwrap_or(i64::MIN);
            let packs = &mut self.state.packs[class.index()];
            if packs.last_key_value().is_none_or(|(_, pack)| *pack != border.pack) {
                packs.insert(begins, border.pack);
            }
        }
    }

    /// Judges the panes that every record task has passed, as far as the step goes; gives whether that was all.
    fn judge_closed(
        &mut self,
        offset: i64,
        class: Class,
        packs: &Packs<'_>,
        out: &mut Outputs,
    ) -> Result<bool, TaskError> {
        let borders = &self.state.borders[class.index()];
        if borders.len() < self.settings.partitions as usize {
            return Ok(true);
        }
        let reached = borders.values().filter_map(|reached| reached.last_key_value().map(|(pane, _)| *pane));
        let Some(border) = reached.min() else { return Ok(true) };
        if self.state.judged[class.index()].is_some_and(|judged| border <= judged) {
            return Ok(true);
        }
        while let Some(pane) = self.next_pane(class, border) {
            let pack = self.pack_at(offset, class, pane, packs)?;
            if !self.judge_pane(class, pane, &pack, out) {
                return Ok(false);
            }
        }
        let reached = Timestamp::from_ms(border.saturating_mul(GRID_MS));
        if !self.state.incidents.close(class, reached, out) {
            return Ok(false);
        }
        self.state.judged[class.index()] = Some(border);
        for borders in self.state.borders[class.index()].values_mut() {
            // A pane that is still to be judged is under a later border; the last one says how far the task is.
            let last = borders.last_key_value().map_or(border, |(pane, _)| *pane);
            let first = (border + 1).min(last);
            borders.retain(|pane, _| *pane >= first);
        }
        let pack = self.pack_at(offset, class, border, packs)?;
        self.sweep(class, reached, &pack);
        Ok(true)
    }

    /// The first pane that is still to be judged, in whole or in part.
    fn next_pane(&self, class: Class, border: i64) -> Option<i64> {
        let (pending, due) = (&self.state.pending[class.index()], &self.state.due[class.index()]);
        let begun = self.holding.as_ref().map(Holding::pane);
        begun.into_iter().chain(pending.first_key()).chain(due.first_key()).min().filter(|pane| *pane < border)
    }

    /// The pack that judges a pane, and from which pane on it judges.
    fn pack_of(&self, class: Class, pane: i64) -> Option<(i64, [u8; 32])> {
        self.state.packs[class.index()].range(..=pane).next_back().map(|(begins, hash)| (*begins, *hash))
    }

    fn pack_at(&mut self, offset: i64, class: Class, pane: i64, packs: &Packs<'_>) -> Result<Arc<Loaded>, TaskError> {
        let hash = self.pack_of(class, pane).map_or([0; 32], |(_, hash)| hash);
        if let Some(loaded) = self.loaded.get(&hash) {
            return Ok(Arc::clone(loaded));
        }
        let pack = packs(&hash).ok_or_else(|| TaskError::UnknownPack(hex(&hash), offset))?;
        let loaded = Arc::new(Loaded::new(pack));
        self.loaded.insert(hash, Arc::clone(&loaded));
        Ok(loaded)
    }

    /// Evicts those with the least evidence, then the oldest, once there are more than the configuration allows: a flood
    /// of made-up templates must not push out a burst in the making.
    fn evict(&mut self) {
        let max = self.settings.entities_max;
        if self.state.entities.len() <= max {
            return;
        }
        let weight = |(key, entity): (u64, &Entity)| (entity.panes.weight(), entity.attached.last_pane(), key);
        let lightest = lightest(self.state.entities.iter().map(weight).collect(), max);
        for (_, _, key) in &lightest {
            self.state.entities.remove(*key);
        }
        self.counters.evicted += lightest.len() as u64;
    }

    /// Lets go of what no window covers any more, in the [parts](crate::sweep) that the watermark has come to.
    fn sweep(&mut self, class: Class, reached: Timestamp, loaded: &Loaded) {
        let swept = &mut self.state.swept[class.index()];
        let parts = parts_between(part_at(*swept), part_at(reached.as_ms()));
        if parts.is_empty() {
            return;
        }
        *swept = reached.as_ms();
        parts.for_each(|part| self.sweep_part(class, part, reached, loaded));
        let packs = &mut self.state.packs[class.index()];
        if let Some((begins, _)) = packs.range(..=reached.pane(GRID_MS)).next_back() {
            let first = *begins;
            packs.retain(|begins, _| *begins >= first);
        }
    }

    fn sweep_part(&mut self, class: Class, part: i64, reached: Timestamp, loaded: &Loaded) {
        let expires = |entity: &Entity| {
            entity.class == class && loaded.by_hash(entity.plan).is_none_or(|plan| entity.expires(&plan, reached))
        };
        self.state.entities.sweep(
            segments_of(part),
            |entity, batch| {
                if expires(entity) {
                    entity.prefetch_whole(batch);
                }
            },
            |_, entity| expires(entity),
            |_, entity| {
                entity.class != class || loaded.by_hash(entity.plan).is_some_and(|plan| entity.expire(&plan, reached))
            },
        );
        let (from_ms, known) = (reached.plus_ms(-MOBILITY_COMPLETE_MS).as_ms(), reached.pane(GRID_MS));
        self.state.abroad[class.index()].sweep(
            segments_of(part),
            Statements::prefetch_first,
            |_, statements| statements.forgets(from_ms, known),
            |_, statements| statements.forget(from_ms, known),
        );
    }
}

/// Asks with the key that an entity's clear value came from.
pub fn with_key<T>(entity: EntityType, value: &str, ask: impl FnOnce(EntityKey<'_>) -> T) -> T {
    let number = value.strip_prefix('+').and_then(E164::from_digits);
    ask(match entity {
        EntityType::Caller | EntityType::Callee => EntityKey::Party(number.map_or(Party::Text(value), Party::Number)),
        EntityType::Sim | EntityType::Device => Digits::parse(value).map_or(EntityKey::Text(value), EntityKey::Digits),
        EntityType::Block => number.map_or(EntityKey::Text(value), |number| EntityKey::Block(number.as_integer())),
        _ => EntityKey::Text(value),
    })
}

//! The entity task: entities to which several partitions contribute, judged at pane close.
//!
//! Rules:
//! - a pane of a class is judged once every record task has passed it; what is merged into it is what takes effect in
//!   it, so that the order in which tasks' messages interleave changes nothing;
//! - an entity is judged at the close of a pattern's pane in which something was merged for it;
//! - before a pane is judged, incidents that were quiet for their window by its beginning are closed;
//! - the pack that judges a pane is the one that record task 0 had in force when it closed it;
//! - a border that jumped is judged in steps: until the last of them ([`EntityTask::has_more`]) no further message is
//!   taken and no save begins. How far judging has come lies in the state: each step looks for what is left.

mod saving;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use bincode::{Decode, Encode};
use foldhash::fast::FixedState;
use lancang_pattern::Pack;
use lancang_pattern::expression::Range;
use lancang_pattern::fields::EntityKey;
use lancang_pattern::limits::GRID_MS;
use lancang_pattern::plan::{EntityPlan, EntityType, PatternPlan};
use lancang_record::log::Class;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::time::Timestamp;
use lancang_window::{Aggregate, Cell, EntityTable, Layout, Panes};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::attachment::Attachment;
use crate::baseline::{HOUR_MS, History};
use crate::evict::lightest;
use crate::incident::{IncidentKey, Incidents, Moment};
use crate::limits::{ABROAD_MAX, MOBILITY_COMPLETE_MS, SWEEP_MS, WEIGHED};
use crate::output::{Bad, Counters, Outputs, Packs, TaskError};
use crate::partial::{Border, Partial, PartialMessage, Whereabouts};
use crate::record_task::Settings;
use crate::snapshot::{Parts, Save, hex};
use crate::watch::Watch;

/// Plan, entity and position of a pattern that is to be judged.
type Due = BTreeSet<(u64, String, u32)>;
/// Whether a subscriber was abroad from a time on, as known from a pane on.
type Statements = BTreeMap<(i64, i64), bool>;

/// Key of an entity of a plan in a class, by its clear value.
fn key_of(class: Class, plan: u64, value: &str) -> u64 {
    xxh3_64_with_seed(value.as_bytes(), plan.wrapping_add(class.index() as u64))
}

#[derive(Clone, Debug, Encode, Decode)]
struct Entity {
    class: Class,
    /// Hash of its plan.
    plan: u64,
    panes: Panes,
    /// By pane of the grid.
    attachments: BTreeMap<i64, Attachment>,
    /// By the primitive that compares with it.
    histories: BTreeMap<u8, History>,
}

impl Entity {
    const fn new(class: Class, plan: u64) -> Self {
        Self { class, plan, panes: Panes::new(), attachments: BTreeMap::new(), histories: BTreeMap::new() }
    }

    /// Learns the values of the hours before the one of `at_ms`, before anything of it is merged.
    fn remember(&mut self, layout: &Layout, at_ms: i64) {
        let hour = at_ms.div_euclid(HOUR_MS);
        for (index, primitive) in (0..=u8::MAX).zip(&layout.primitives) {
            let Aggregate::Baseline { of } = primitive.aggregate else { continue };
            let history = self.histories.entry(index).or_insert_with(|| History::from(hour));
            history.learn(hour, |ends_ms| self.panes.value(layout, usize::from(of), ends_ms - 1));
        }
    }

    /// Values of all primitives at the end of a pane that begins at `at_ms`.
    fn values(&self, layout: &Layout, at_ms: i64) -> Vec<f64> {
        let mut values = Vec::new();
        self.panes.values(layout, at_ms, &mut values);
        for (index, history) in &self.histories {
            let primitive = layout.primitives.get(usize::from(*index));
            if let Some(Aggregate::Baseline { of }) = primitive.map(|primitive| primitive.aggregate) {
                let value = values[usize::from(of)];
                values[usize::from(*index)] = history.deviation(at_ms.div_euclid(HOUR_MS), value);
            }
        }
        values
    }

    /// Whether a pattern may hold at the end of a pane that begins at `at_ms`: by bounds of its values that cost little.
    fn may_hold(&self, plan: &EntityPlan, pattern: &PatternPlan, at_ms: i64, ranges: &mut Vec<Range>) -> bool {
        ranges.clear();
        ranges.resize(plan.layout.primitives.len(), Range::ANY);
        for index in &pattern.primitives {
            if let Some((least, most)) = self.panes.bounds(&plan.layout, *index, at_ms)
                && let Some(range) = ranges.get_mut(*index)
            {
                *range = Range { least, most };
            }
        }
        pattern.may_hold(ranges)
    }

    fn heap_bytes(&self) -> usize {
        let attachments = self.attachments.values().map(|found| size_of::<Attachment>() + found.heap_bytes());
        let histories = self.histories.values().map(|history| size_of::<History>() + history.heap_bytes());
        self.panes.heap_bytes() + attachments.sum::<usize>() + histories.sum::<usize>()
    }

    /// Lets go of what no window that ends at `reached` or later covers; gives whether anything is left.
    fn expire(&mut self, layout: &Layout, reached: Timestamp) -> bool {
        let first = first_pane(layout, reached);
        while self.attachments.first_key_value().is_some_and(|(pane, _)| *pane < first) {
            self.attachments.pop_first();
        }
        if !self.histories.is_empty() {
            self.remember(layout, reached.as_ms());
        }
        self.panes.expire(layout, reached.as_ms());
        !self.is_past()
    }

    /// Whether [`Self::expire`] changes anything.
    fn expires(&self, layout: &Layout, reached: Timestamp) -> bool {
        let old = self.attachments.first_key_value().is_some_and(|(pane, _)| *pane < first_pane(layout, reached));
        old || !self.histories.is_empty() || self.panes.expires(layout, reached.as_ms()) || self.is_past()
    }

    /// Whether nothing is left that a later pane could look at.
    fn is_past(&self) -> bool {
        self.panes.is_empty() && self.histories.values().all(History::is_empty)
    }
}

/// First pane of the grid that the longest window of a plan covers.
fn first_pane(layout: &Layout, reached: Timestamp) -> i64 {
    let longest = layout.windows.iter().map(|window| window.length_ms).max().unwrap_or(0);
    reached.plus_ms(-longest).pane(GRID_MS)
}

/// State of an entity task.
#[derive(Clone, Debug, Default, Encode, Decode)]
pub(crate) struct State {
    /// Borders that each record task reached and that panes still to be judged are under.
    borders: [BTreeMap<u32, BTreeMap<i64, Border>>; 3],
    /// From which pane on which pack judges, by class.
    packs: [BTreeMap<i64, [u8; 32]>; 3],
    judged: [Option<i64>; 3],
    /// By class and pane.
    pending: [Parts<Vec<Partial>>; 3],
    /// Entities to be judged at the close of a pane, with the positions of the patterns.
    due: [Parts<Due>; 3],
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
    loaded: BTreeMap<[u8; 32], Arc<Pack>>,
    counters: Counters,
    watch: Option<Watch>,
    /// Offset and class of the border that is being judged.
    judging: Option<(i64, Class)>,
    /// The save that is under way.
    save: Option<Save>,
    /// Used again for each judgement.
    ranges: Vec<Range>,
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
            save: None,
            ranges: Vec::new(),
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

    /// Entities held: number and bytes, about.
    #[must_use]
    pub fn entities(&self) -> (usize, usize) {
        let entities = &self.state.entities;
        (entities.len(), entities.bytes() + entities.estimate(WEIGHED, Entity::heap_bytes))
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
        let message = match PartialMessage::decode(bytes) {
            Ok(message) => message,
            Err(error) => {
                self.counters.bad_entries += 1;
                out.bad.push(Bad { offset, record: None, reason: error.to_string(), bytes: bytes.to_vec() });
                return Ok(());
            }
        };
        self.counters.partials += message.partials.len() as u64;
        for partial in message.partials {
            self.state.pending[message.class.index()].change(partial.effective, Vec::new).push(partial);
        }
        for whereabouts in message.whereabouts {
            self.whereabouts(message.class, whereabouts);
        }
        if let Some(border) = message.border {
            self.border(message.class, message.from, border);
            self.judging = Some((offset, message.class));
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

    fn whereabouts(&mut self, class: Class, found: Whereabouts) {
        let held = self.state.abroad.iter().map(EntityTable::len).sum::<usize>();
        let abroad = &mut self.state.abroad[class.index()];
        if held >= ABROAD_MAX && abroad.get(found.subscriber).is_none() {
            self.counters.evicted += 1;
            return;
        }
        let (times, _) = abroad.get_or_insert_with(found.subscriber, Statements::new);
        // Of two statements about one moment the one that accuses nobody stands.
        let statement = times.entry((found.at.as_ms(), found.effective)).or_default();
        *statement |= found.abroad;
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
            *borders = borders.split_off(&(border + 1).min(last));
        }
        let pack = self.pack_at(offset, class, border, packs)?;
        self.sweep(class, reached, &pack);
        Ok(true)
    }

    fn next_pane(&self, class: Class, border: i64) -> Option<i64> {
        let (pending, due) = (&self.state.pending[class.index()], &self.state.due[class.index()]);
        pending.first_key().into_iter().chain(due.first_key()).min().filter(|pane| *pane < border)
    }

    fn pack_at(&mut self, offset: i64, class: Class, pane: i64, packs: &Packs<'_>) -> Result<Arc<Pack>, TaskError> {
        let hash = self.state.packs[class.index()].range(..=pane).next_back().map(|(_, hash)| *hash);
        let hash = hash.unwrap_or_default();
        if let Some(pack) = self.loaded.get(&hash) {
            return Ok(Arc::clone(pack));
        }
        let pack = packs(&hash).ok_or_else(|| TaskError::UnknownPack(hex(&hash), offset))?;
        self.loaded.insert(hash, Arc::clone(&pack));
        Ok(pack)
    }

    /// Judges a pane, or what is left of it: what was judged is no longer due, and what was closed or merged is gone.
    /// An incident that holds in this pane is not quiet by its beginning, so that closing again closes nothing new.
    fn judge_pane(&mut self, class: Class, pane: i64, pack: &Pack, out: &mut Outputs) -> bool {
        let begins = Timestamp::from_ms(pane.saturating_mul(GRID_MS));
        if !self.state.incidents.close(class, begins, out) {
            return false;
        }
        let mobile = self.knows_whereabouts(class, pane);
        for partial in self.state.pending[class.index()].remove(pane).unwrap_or_default() {
            self.merge(class, pane, pack, partial, mobile);
        }
        self.evict();
        let mut due = self.state.due[class.index()].remove(pane).unwrap_or_default();
        while out.takes_incident()
            && let Some((plan, value, pattern)) = due.pop_first()
        {
            let Some(plan) = pack.plan.aggregated.iter().find(|other| other.hash == plan) else { continue };
            self.judge(class, pane, pack, plan, value, pattern as usize, out);
        }
        let whole = due.is_empty();
        if !whole {
            self.state.due[class.index()].insert(pane, due);
        }
        whole
    }

    /// Whether *not known to be abroad* means *at home* throughout a pane: by what each record task knew when it
    /// closed the pane, however long the others took.
    fn knows_whereabouts(&self, class: Class, pane: i64) -> bool {
        let begins = Timestamp::from_ms(pane.saturating_mul(GRID_MS));
        let ends = begins.plus_ms(GRID_MS);
        self.state.borders[class.index()].values().all(|borders| {
            let closed = borders.range(pane + 1..).next();
            closed.and_then(|(_, border)| border.mobility).is_some_and(|mobility| {
                mobility.watermark >= ends && mobility.since <= begins.plus_ms(-MOBILITY_COMPLETE_MS)
            })
        })
    }

    /// Evicts those with the least evidence, then the oldest, once there are more than the configuration allows: a flood
    /// of made-up templates must not push out a burst in the making.
    fn evict(&mut self) {
        let max = self.settings.entities_max;
        if self.state.entities.len() <= max {
            return;
        }
        let weight = |(key, entity): (u64, &Entity)| {
            (entity.panes.weight(), entity.attachments.keys().next_back().copied(), key)
        };
        let lightest = lightest(self.state.entities.iter().map(weight).collect(), max);
        for (_, _, key) in &lightest {
            self.state.entities.remove(*key);
        }
        self.counters.evicted += lightest.len() as u64;
    }

    fn merge(&mut self, class: Class, pane: i64, pack: &Pack, partial: Partial, mobile: bool) {
        let Some(plan) = pack.plan.aggregated.iter().find(|plan| plan.hash == partial.plan) else {
            self.counters.unknown_partials += 1;
            return;
        };
        let begins_ms = partial.pane.saturating_mul(GRID_MS);
        let key = key_of(class, partial.plan, &partial.value);
        let mut cells = partial.cells;
        for cell in &mut cells {
            if let Some(Cell::Claims(claims)) = cell {
                self.counters.blind_panes += u64::from(!mobile);
                *cell = mobile.then(|| self.at_home(class, pane, claims, begins_ms));
            }
        }
        let (entity, _) = self.state.entities.get_or_insert_with(key, || Entity::new(class, partial.plan));
        entity.remember(&plan.layout, pane.saturating_mul(GRID_MS));
        for (index, cell) in cells.into_iter().enumerate().take(plan.layout.primitives.len()) {
            if let Some(cell) = cell {
                entity.panes.merge_cell(&plan.layout, index, begins_ms, cell);
            }
        }
        entity.panes.expire(&plan.layout, pane.saturating_mul(GRID_MS));
        match entity.attachments.entry(partial.pane) {
            Entry::Occupied(mut held) => held.get_mut().merge(&partial.attachment),
            Entry::Vacant(place) => drop(place.insert(partial.attachment)),
        }
        for (index, pattern) in plan.patterns.iter().enumerate() {
            let grids = pattern.pane_ms / GRID_MS;
            let closes = (pane.div_euclid(grids) + 1) * grids - 1;
            let due = self.state.due[class.index()].change(closes, Due::new);
            due.insert((partial.plan, partial.value.clone(), index as u32));
        }
    }

    /// How many of the claimed calls were made in the name of subscribers who were at home all the pane.
    fn at_home(&self, class: Class, pane: i64, claims: &[(u64, u64)], begins_ms: i64) -> Cell {
        let ends_ms = begins_ms.saturating_add(GRID_MS);
        let home = |subscriber: &u64| {
            let Some(times) = self.state.abroad[class.index()].get(*subscriber) else { return true };
            let known = || times.iter().filter(|((_, effective), _)| *effective <= pane);
            let before = known().filter(|((at, _), _)| *at <= begins_ms).map(|((at, _), abroad)| (*at, *abroad)).max();
            let within = |((at, _), abroad): (&(i64, i64), &bool)| (begins_ms + 1..ends_ms).contains(at) && *abroad;
            !before.is_some_and(|(_, abroad)| abroad) && !known().any(within)
        };
        Cell::Count(claims.iter().filter(|(subscriber, _)| home(subscriber)).map(|(_, count)| count).sum())
    }

    #[allow(clippy::too_many_arguments, reason = "one judgement's whole step")]
    fn judge(
        &mut self,
        class: Class,
        pane: i64,
        pack: &Pack,
        plan: &EntityPlan,
        value: String,
        position: usize,
        out: &mut Outputs,
    ) {
        let entity = self.state.entities.get_mut(key_of(class, plan.hash, &value));
        let (Some(pattern), Some(entity)) = (plan.patterns.get(position), entity) else { return };
        let ends_ms = (pane + 1).saturating_mul(GRID_MS);
        entity.remember(&plan.layout, pane * GRID_MS);
        if self.watch.is_none() && !entity.may_hold(plan, pattern, pane * GRID_MS, &mut self.ranges) {
            return;
        }
        let mut values = entity.values(&plan.layout, pane * GRID_MS);
        if let Some(watch) = &mut self.watch {
            watch.judged(plan, &value, position, ends_ms, &values);
        }
        let Some(verdict) = pattern.judge(&mut values) else { return };
        let at = Timestamp::from_ms(ends_ms);
        let owner = |list: &String| with_key(plan.entity, &value, |key| pack.lists.owner(list, &key, at));
        if let Some(owner) = pattern.suppress.iter().find_map(owner) {
            self.counters.count_suppressed(&pattern.id, owner);
            return;
        }
        let mut attachment = Attachment::default();
        let first_pane = (ends_ms - pattern.window_ms).div_euclid(GRID_MS);
        let panes: Vec<&Attachment> = entity.attachments.range(first_pane..=pane).map(|(_, found)| found).collect();
        panes.iter().for_each(|found| attachment.merge(found));
        let moment = Moment {
            at_ms: ends_ms,
            class,
            first_ms: attachment.first_ms().unwrap_or(pane * GRID_MS),
            last_ms: attachment.last_ms().unwrap_or(ends_ms),
            victims: pattern.victims.and_then(|index| values.get(index)).map_or(0, |value| *value as u64),
            attachment: &attachment,
            panes: &panes,
        };
        let key = IncidentKey {
            entity: plan.entity,
            value,
            family: pattern.family.clone(),
            scope: plan.scope.clone(),
            class: Some(class),
        };
        self.counters.unnamed_victims +=
            self.state.incidents.hold(&key, pattern, &verdict, &moment, &mut out.incidents);
    }

    /// Lets go of what no window covers any more.
    fn sweep(&mut self, class: Class, reached: Timestamp, pack: &Pack) {
        let swept = &mut self.state.swept[class.index()];
        if reached.as_ms() < swept.saturating_add(SWEEP_MS) {
            return;
        }
        *swept = reached.as_ms();
        let plans: HashMap<u64, &EntityPlan, FixedState> =
            pack.plan.aggregated.iter().map(|plan| (plan.hash, plan)).collect();
        let plan_of = |entity: &Entity| plans.get(&entity.plan).copied();
        self.state.entities.sweep(
            |_, entity| {
                entity.class == class && plan_of(entity).is_none_or(|plan| entity.expires(&plan.layout, reached))
            },
            |_, entity| {
                entity.class != class || plan_of(entity).is_some_and(|plan| entity.expire(&plan.layout, reached))
            },
        );
        let keep_from = (reached.plus_ms(-MOBILITY_COMPLETE_MS).as_ms(), i64::MIN);
        self.state.abroad[class.index()].sweep(
            |_, times| times.is_empty() || times.first_key_value().is_some_and(|(at, _)| *at < keep_from),
            |_, times| {
                // The last statement before the oldest pane that may still be judged says where the subscriber was.
                let standing = times.range(..keep_from).next_back().map(|(at, abroad)| (*at, *abroad));
                *times = times.split_off(&keep_from);
                if let Some((at, true)) = standing {
                    times.insert(at, true);
                }
                !times.is_empty()
            },
        );
        let packs = &mut self.state.packs[class.index()];
        if let Some((begins, _)) = packs.range(..=reached.pane(GRID_MS)).next_back() {
            *packs = packs.split_off(&begins.clone());
        }
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

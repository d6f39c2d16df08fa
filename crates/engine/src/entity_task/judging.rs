//! A pane that every record task has passed: what came is merged, then what is due is judged.
//!
//! Rules:
//! - whether a pattern holds depends on its entity alone, so that all that is due is told first, in whatever order; what
//!   holds becomes incidents by plan, value and pattern, whichever step of the task that falls into;
//! - an entity is due once for each pattern and pane, however often something was merged for it, and once more when it has had the
//!   events that the pattern needs: [`Entity::merged`] and [`Entity::reach`] tell it, and where they cannot (an entity that was evicted
//!   and came again, another pack) what is due twice holds once.

use std::collections::VecDeque;

use lancang_pattern::limits::GRID_MS;
use lancang_record::log::Class;
use lancang_record::time::Timestamp;
use lancang_window::table::Sought;
use lancang_window::{At, Cell, EntityTable};

use super::due::{Due, DueOf};
use super::entity::Entity;
use super::plans::{Loaded, Planned};
use super::statements::Statements;
use super::{EntityTask, with_key};
use crate::arrived::{Arrived, Came, key_of};
use crate::attachment::Attachment;
use crate::incident::{IncidentKey, Moment};
use crate::limits::{
    CHUNK, MOBILITY_COMPLETE_MS, SPARE_DUE_BYTES_MAX, SPARE_DUE_MAX, SPARE_PANE_BYTES_MAX, SPARE_PANES_MAX,
};
use crate::output::Outputs;

/// What holds in a pane and is no incident yet: plan, entity and position of the pattern, ascending.
#[derive(Debug)]
pub(super) struct Holding {
    pane: i64,
    left: VecDeque<Held>,
}

type Held = (u64, Box<str>, u32);

impl Holding {
    pub(super) const fn pane(&self) -> i64 {
        self.pane
    }
}

impl EntityTask {
    /// Judges a pane, or what is left of it: what was closed, merged or made an incident is gone. An incident that holds in
    /// this pane is not quiet by its beginning, so that closing again closes nothing new.
    pub(super) fn judge_pane(&mut self, class: Class, pane: i64, loaded: &Loaded, out: &mut Outputs) -> bool {
        let begins = Timestamp::from_ms(pane.saturating_mul(GRID_MS));
        if !self.state.incidents.close(class, begins, out) {
            return false;
        }
        let mut holding = match self.holding.take() {
            Some(holding) => holding,
            None => {
                self.merge_pane(class, pane, loaded);
                self.evict();
                self.holding(class, pane, loaded)
            }
        };
        while out.takes_incident()
            && let Some((plan, value, pattern)) = holding.left.pop_front()
        {
            if let Some(plan) = loaded.plan(plan) {
                self.judge(class, pane, loaded, &plan, &value, pattern as usize, out);
            }
        }
        let whole = holding.left.is_empty();
        if !whole {
            self.holding = Some(holding);
        }
        whole
    }

    /// What is due and holds; all that is due where an entity is watched, which is told of what does not hold, too.
    fn holding(&mut self, class: Class, pane: i64, loaded: &Loaded) -> Holding {
        let Some(due) = self.state.due[class.index()].remove(pane) else {
            return Holding { pane, left: VecDeque::new() };
        };
        let (due, count) = due.parted(self.pack_since(class, pane), self.watch.is_some());
        let (may_hold, too_few) = due.all().split_at(count);
        let mut holding = self.told(may_hold, pane, loaded);
        debug_assert!(
            self.told(too_few, pane, loaded).iter().all(|held| holding.contains(held)),
            "with fewer events than it needs no pattern holds, unless it is due once more",
        );
        // Few of what is due: it is put in order, and what was due twice made one, only now.
        holding.sort_unstable();
        holding.dedup();
        self.keep_due(due);
        Holding { pane, left: holding.into() }
    }

    /// What holds of what is due.
    fn told(&mut self, due: &[Due], pane: i64, loaded: &Loaded) -> Vec<Held> {
        let at_ms = pane.saturating_mul(GRID_MS);
        let mut holding = Vec::new();
        let mut plans = loaded.lookup(at_ms);
        let mut sought = std::mem::take(&mut self.sought);
        for chunk in due.chunks(CHUNK) {
            sought.clear();
            sought.extend(chunk.iter().map(|due| Sought::new(due.key)));
            self.state.entities.fetch(&mut sought, Entity::prefetch_judged);
            for (due, sought) in chunk.iter().zip(&sought) {
                let Some((plan, at)) = plans.plan(due.plan) else { continue };
                let Some(pattern) = plan.plan.patterns.get(due.pattern as usize) else { continue };
                if !plan.baselines.is_empty()
                    && let Some(entity) = self.state.entities.get_mut(due.key)
                {
                    entity.remember(&plan, at_ms);
                }
                let Some(entity) = self.state.entities.get_sought(sought) else { continue };
                if self.watch.is_some() || entity.holds(&plan, pattern, at, &mut self.values) {
                    holding.push((due.plan, entity.value().into(), due.pattern));
                }
            }
        }
        self.sought = sought;
        holding
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

    fn merge_pane(&mut self, class: Class, pane: i64, loaded: &Loaded) {
        let Some(mut arrived) = self.state.pending[class.index()].remove(pane) else { return };
        let mobile = self.knows_whereabouts(class, pane);
        let pack_since = self.pack_since(class, pane);
        let mut sought = std::mem::take(&mut self.sought);
        sought.clear();
        sought.extend(arrived.heads().iter().map(|head| Sought::new(head.key)));
        let (mut merged, mut plans) = (0, loaded.lookup(pane.saturating_mul(GRID_MS)));
        arrived.take(|came| {
            if merged % CHUNK == 0 {
                let chunk = merged..sought.len().min(merged + CHUNK);
                self.state.entities.fetch(&mut sought[chunk], Entity::prefetch_merged);
            }
            let own = &sought[merged];
            merged += 1;
            match plans.plan(came.head.plan) {
                Some((plan, at)) => self.merge(class, pane, &plan, at, pack_since, own, came, mobile),
                None => self.counters.unknown_partials += 1,
            }
        });
        self.sought = sought;
        self.keep_room(arrived);
    }

    /// From which pane on the pack judges that judges a pane.
    fn pack_since(&self, class: Class, pane: i64) -> i64 {
        self.pack_of(class, pane).map_or(i64::MIN, |(begins, _)| begins)
    }

    /// Keeps the room of what was due for what will be.
    fn keep_due(&mut self, mut due: DueOf) {
        if self.spare_due.len() < SPARE_DUE_MAX && due.room() <= SPARE_DUE_BYTES_MAX {
            due.clear();
            self.spare_due.push(due);
        }
    }

    /// Keeps the room of what was merged for what comes.
    fn keep_room(&mut self, arrived: Arrived) {
        if self.spare.len() < SPARE_PANES_MAX && arrived.room() <= SPARE_PANE_BYTES_MAX {
            self.spare.push(arrived);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one partial pane's whole step")]
    fn merge<'p>(
        &mut self,
        class: Class,
        pane: i64,
        plan: &Planned<'p>,
        at: &mut At<'p>,
        pack_since: i64,
        sought: &Sought,
        came: Came<'_>,
        mobile: bool,
    ) {
        let (head, cells) = (came.head, came.cells());
        let (abroad, counters) = (&self.state.abroad[class.index()], &mut self.counters);
        let new = || Entity::new(class, head.plan, came.value());
        let (entity, _) = self.state.entities.get_or_insert_sought(sought, new);
        entity.remember(plan, at.ms());
        let begins_ms = head.pane.saturating_mul(GRID_MS);
        // Only of an input that returned from idle do events take effect in another pane than theirs.
        let mut earlier;
        let events = if head.pane == pane {
            &mut *at
        } else {
            earlier = At::new(&plan.plan.layout, begins_ms);
            &mut earlier
        };
        let mut merging = entity.panes.merging(events);
        let (mut most, is_any) = (0, entity.reach.is_any());
        for (primitive, mut cell) in cells {
            if let Cell::Claims(claims) = &cell {
                counters.blind_panes += u64::from(!mobile);
                if !mobile {
                    continue;
                }
                cell = at_home(abroad, pane, claims.as_slice(), begins_ms);
            }
            if !is_any {
                most = most.max(cell.events_at_most());
            }
            merging.add(usize::from(primitive), cell);
        }
        drop(merging);
        entity.reach.add(most);
        entity.panes.expire(at);
        entity.attached.add(head.pane, came.attachment());
        let merged = std::mem::replace(&mut entity.merged, pane);
        for ((pattern, of_pattern), least) in (0..).zip(&plan.plan.patterns).zip(plan.least) {
            let grids = of_pattern.pane_ms / GRID_MS;
            let begins = pane.div_euclid(grids) * grids;
            let closes = begins + grids - 1;
            let is_first = merged < pack_since || !(begins..=closes).contains(&merged);
            let may_hold = entity.reach.reaches(pattern, is_first, *least);
            if is_first || may_hold {
                let spare = &mut self.spare_due;
                let room = || spare.pop().unwrap_or_else(DueOf::new);
                let due = self.state.due[class.index()].change(closes, room);
                due.push(pane, Due::new(head.plan, head.key, pattern, may_hold));
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one judgement's whole step")]
    fn judge(
        &mut self,
        class: Class,
        pane: i64,
        loaded: &Loaded,
        plan: &Planned<'_>,
        value: &str,
        position: usize,
        out: &mut Outputs,
    ) {
        let entity = self.state.entities.get(key_of(class, plan.plan.hash, value));
        let (Some(pattern), Some(entity)) = (plan.plan.patterns.get(position), entity) else { return };
        let ends_ms = (pane + 1).saturating_mul(GRID_MS);
        let is_watched = self.watch.is_some();
        let wanted = |primitive| is_watched || pattern.primitives.binary_search(&primitive).is_ok();
        let mut at = At::new(&plan.plan.layout, pane.saturating_mul(GRID_MS));
        let mut values = entity.values(plan, &mut at, wanted);
        if let Some(watch) = &mut self.watch {
            watch.judged(plan.plan, value, position, ends_ms, &values);
        }
        if !pattern.judge(&mut values, &mut self.verdict) {
            return;
        }
        let at = Timestamp::from_ms(ends_ms);
        let owner = |list: &String| with_key(plan.plan.entity, value, |key| loaded.pack.lists.owner(list, &key, at));
        if let Some(owner) = pattern.suppress.iter().find_map(owner) {
            self.counters.count_suppressed(&pattern.id, owner);
            return;
        }
        let mut attachment = Attachment::default();
        let first_pane = (ends_ms - pattern.window_ms).div_euclid(GRID_MS);
        let panes = entity.attached.of(first_pane..=pane);
        let panes: Vec<&Attachment> = panes.iter().collect();
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
        let key = IncidentKey::taken(&mut self.incident, plan.plan, pattern, Some(class), |own| value.clone_into(own));
        self.counters.unnamed_victims +=
            self.state.incidents.hold(key, pattern, &self.verdict, &moment, &mut out.incidents);
    }
}

/// How many of the claimed calls were made in the name of subscribers who were at home all the pane.
fn at_home(abroad: &EntityTable<Statements>, pane: i64, claims: &[(u64, u64)], begins_ms: i64) -> Cell {
    let home = |subscriber: &u64| abroad.get(*subscriber).is_none_or(|all| all.at_home(pane, begins_ms));
    Cell::Count(claims.iter().filter(|(subscriber, _)| home(subscriber)).map(|(_, count)| count).sum())
}

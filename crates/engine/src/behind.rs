//! Which records may stand behind an incident, told from its line, the pack and each record alone.
//!
//! A line names a few of its records. The others are in the log: those of its entity, within its time, which a pattern that the
//! line names looks at. What a pattern asks of a task's memory (whether it is a first contact, how long an IMSI has been there)
//! a record alone does not tell: such a record may stand behind the incident, and is said to.
//!
//! **Invariant:** every record that was an event of one of these patterns for the entity is among them, if it was judged by this
//! pack: lists are part of one, and another pack may have the same patterns.

use std::sync::Arc;

use lancang_pattern::Pack;
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::needs::{filters_of_phases, passes_alone};
use lancang_pattern::plan::{EntityPlan, EntityType, PatternPlan};
use lancang_record::number::Party;
use lancang_record::record::{Phase, Record};

use crate::attachment::cut_to;
use crate::entity_task::with_key;

/// The patterns of a line.
#[derive(Clone, Debug)]
pub struct Behind {
    pack: Arc<Pack>,
    entity: EntityType,
    looks: Vec<Look>,
}

/// One pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    is_local: bool,
    /// Place of its plan among the local or the aggregated ones.
    plan: usize,
    /// Bit of the filter of the records that it looks at.
    filter: u8,
    /// Whether calls that have not ended pass it.
    sees_calls: bool,
}

impl Behind {
    /// What a line of `pattern@version`s about an entity, by a rule where they have rules, was judged by; none if the pack has
    /// not all of them.
    #[must_use]
    pub fn of(pack: &Arc<Pack>, entity: EntityType, patterns: &[String], rule: Option<&str>) -> Option<Self> {
        let mut looks = Vec::new();
        for named in patterns {
            let of_pattern = looks_of(pack, entity, named, rule);
            if of_pattern.is_empty() {
                return None;
            }
            looks.extend(of_pattern);
        }
        Some(Self { pack: Arc::clone(pack), entity, looks })
    }

    /// Entities that `is_wanted`, by their hashes as [`hash_of`] has them, for which a record may have been an event of one of the
    /// patterns: one that was judged at each record, and one that was judged at its panes' close.
    pub fn wanted(&self, record: &Record<'_>, is_wanted: impl Fn(u64) -> bool) -> impl Iterator<Item = u64> {
        let of = |is_local: bool| {
            let key = if is_local { self.entity.local_key(record) } else { self.entity.aggregated_key(record) };
            let hash = key.map(|key| hash(&key)).filter(|hash| is_wanted(*hash))?;
            self.looks.iter().any(|look| look.is_local == is_local && self.may_pass(*look, record)).then_some(hash)
        };
        [of(true), of(false)].into_iter().flatten()
    }

    fn may_pass(&self, look: Look, record: &Record<'_>) -> bool {
        let plans = if look.is_local { &self.pack.plan.local } else { &self.pack.plan.aggregated };
        let Some(plan) = plans.get(look.plan) else { return false };
        let filters =
            plan.filters.first().into_iter().chain(plan.filters.get(usize::from(look.filter))).chain(&plan.send);
        (record.phase == Phase::End || look.sees_calls)
            && filters.into_iter().all(|filter| passes_alone(filter, record, &self.pack.lists) != Some(false))
    }
}

fn looks_of(pack: &Pack, entity: EntityType, named: &str, rule: Option<&str>) -> Vec<Look> {
    let is_named = |plan: &EntityPlan, pattern: &PatternPlan| {
        let of_rule = plan.scope.split_once('/').map(|(_, rule)| rule);
        plan.entity == entity && of_rule == rule && named == format!("{}@{}", pattern.id, pattern.version)
    };
    let mut looks = Vec::new();
    for (is_local, plans) in [(true, &pack.plan.local), (false, &pack.plan.aggregated)] {
        for (place, plan) in plans.iter().enumerate() {
            let phases = filters_of_phases(plan);
            let of_plan = plan.patterns.iter().filter(|pattern| is_named(plan, pattern));
            looks.extend(of_plan.map(|pattern| Look {
                is_local,
                plan: place,
                filter: pattern.records,
                sees_calls: phases >> pattern.records & 1 == 1,
            }));
        }
    }
    looks
}

/// Hash of an entity by the value that a line shows of it, which is cut.
#[must_use]
pub fn hash_of(entity: EntityType, shown: &str) -> u64 {
    with_key(entity, shown, |key| hash(&key))
}

fn hash(key: &EntityKey<'_>) -> u64 {
    match *key {
        EntityKey::Text(text) => EntityKey::Text(cut_to(text, 0)).hash(),
        EntityKey::Party(Party::Text(text)) => EntityKey::Party(Party::Text(cut_to(text, 0))).hash(),
        key => key.hash(),
    }
}

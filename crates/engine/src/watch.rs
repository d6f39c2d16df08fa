//! Watching one entity while tasks run: the values at which it is judged, and which records of it no pattern looks at.
//!
//! A watch sees what the tasks see, where they see it; it changes nothing and is no part of a snapshot.

use std::collections::BTreeMap;

use lancang_pattern::Pack;
use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::{EntityPlan, EntityType};
use lancang_record::record::Record;

use crate::attachment::entity_text;
use crate::local::LocalEntities;

/// One entity, watched.
#[derive(Clone, Debug)]
pub struct Watch {
    entity: EntityType,
    value: String,
    seen: BTreeMap<u64, Seen>,
    looks: Vec<Look>,
}

/// An entity's values at a moment when it is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Look {
    /// Hash of the plan whose values these are.
    pub plan: u64,
    /// Position of the pattern that is judged; `None` where all of the plan's are.
    pub pattern: Option<usize>,
    /// Event time of the judgement, milliseconds.
    pub at_ms: i64,
    /// Values of the plan's primitives.
    pub values: Vec<f64>,
}

/// What a plan sees of the entity's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Records of the entity.
    pub records: u64,
    /// Those that a pattern of the plan looks at.
    pub events: u64,
    /// Of the others, how many each part of the first filter refused (a record may be refused by several), by the part's
    /// place; the last place stands for the send gate.
    pub refused: BTreeMap<usize, u64>,
}

impl Watch {
    /// Watches the entity of this type and clear value.
    #[must_use]
    pub fn new(entity: EntityType, value: &str) -> Self {
        Self { entity, value: value.to_owned(), seen: BTreeMap::new(), looks: Vec::new() }
    }

    /// What was seen, by the hash of the plan.
    #[must_use]
    pub const fn seen(&self) -> &BTreeMap<u64, Seen> {
        &self.seen
    }

    /// Looks since they were last taken.
    pub fn take(&mut self) -> Vec<Look> {
        std::mem::take(&mut self.looks)
    }

    /// A record that the record task has taken; `local` as it is after it.
    pub(crate) fn record(&mut self, pack: &Pack, record: &Record<'_>, local: &[LocalEntities]) {
        for (plan, entities) in pack.plan.local.iter().zip(local) {
            let Some(key) = plan.entity.local_key(record).filter(|key| self.is(plan, key)) else { continue };
            if self.sees(plan, pack, record)
                && let Some((at_ms, values)) = entities.values_of(plan, &key)
            {
                self.looks.push(Look { plan: plan.hash, pattern: None, at_ms, values });
            }
        }
        for plan in &pack.plan.aggregated {
            if plan.entity.aggregated_key(record).is_some_and(|key| self.is(plan, &key)) {
                self.sees(plan, pack, record);
            }
        }
    }

    /// A pattern of an aggregated entity is judged.
    pub(crate) fn judged(&mut self, plan: &EntityPlan, value: &str, pattern: usize, at_ms: i64, values: &[f64]) {
        if plan.entity == self.entity && value == self.value {
            self.looks.push(Look { plan: plan.hash, pattern: Some(pattern), at_ms, values: values.to_vec() });
        }
    }

    fn is(&self, plan: &EntityPlan, key: &EntityKey<'_>) -> bool {
        plan.entity == self.entity && entity_text(key) == self.value
    }

    /// Counts a record of the entity; gives whether it is an event of the plan.
    fn sees(&mut self, plan: &EntityPlan, pack: &Pack, record: &Record<'_>) -> bool {
        let seen = self.seen.entry(plan.hash).or_default();
        seen.records += 1;
        let parts = plan.filters.first().map_or(&[][..], |filter| filter.conjuncts());
        let sent = plan.send.as_ref().is_none_or(|send| send.holds(record, &pack.lists));
        if sent && plan.passes(record, &pack.lists) != 0 {
            seen.events += 1;
            return true;
        }
        for (place, part) in parts.iter().enumerate() {
            if !part.holds(record, &pack.lists) {
                *seen.refused.entry(place).or_default() += 1;
            }
        }
        if !sent {
            *seen.refused.entry(parts.len()).or_default() += 1;
        }
        false
    }
}

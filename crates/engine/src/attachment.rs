//! What an incident shows besides its values: evidence and related entities.
//!
//! **Invariant:** merging is commutative and associative and bounded: of evidence the earliest references stay, of
//! related entities those with the smallest hashes, whose counts are then exact in every order.

use std::collections::{BTreeMap, BTreeSet};

use bincode::{Decode, Encode};
use lancang_pattern::plan::{EntityPlan, EntityType, Role};
use lancang_record::Country;
use lancang_record::record::Record;

use crate::limits::{EVIDENCE_MAX, RELATED_KEPT_MAX, RELATED_SHOWN_MAX, TEXT_BYTES_MAX};

/// A related entity.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Related {
    entity: EntityType,
    role: Role,
    value: String,
    count: u64,
}

/// Evidence and related entities of some events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Attachment {
    first_ms: Option<i64>,
    last_ms: Option<i64>,
    home: Option<Country>,
    evidence: BTreeSet<(i64, String)>,
    /// By a hash of type and value.
    related: BTreeMap<u64, Related>,
}

impl Attachment {
    /// Adds what a record shows.
    pub fn add(&mut self, plan: &EntityPlan, record: &Record<'_>) {
        let at_ms = record.event.as_ms();
        self.span(at_ms, at_ms);
        self.home_of(record.home);
        if !record.source.is_empty() || !record.id.is_empty() {
            self.evidence.insert((at_ms, cut(format!("{}/{}", record.source, record.id))));
        }
        for (entity, role) in &plan.related {
            let Some(key) = entity.related_key(record) else { continue };
            let hash = key.hash() ^ (*entity as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let value = || cut(key.to_string());
            self.relate(hash, || Related { entity: *entity, role: *role, value: value(), count: 1 });
        }
        self.bound();
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        if let (Some(first), Some(last)) = (other.first_ms, other.last_ms) {
            self.span(first, last);
        }
        if let Some(home) = other.home {
            self.home_of(home);
        }
        self.evidence.extend(other.evidence.iter().cloned());
        for (hash, related) in &other.related {
            match self.related.get_mut(hash) {
                Some(own) => own.count += related.count,
                None => drop(self.related.insert(*hash, related.clone())),
            }
        }
        self.bound();
    }

    fn span(&mut self, first_ms: i64, last_ms: i64) {
        self.first_ms = Some(self.first_ms.map_or(first_ms, |own| own.min(first_ms)));
        self.last_ms = Some(self.last_ms.map_or(last_ms, |own| own.max(last_ms)));
    }

    fn home_of(&mut self, home: Country) {
        self.home = Some(self.home.map_or(home, |own| own.min(home)));
    }

    fn relate(&mut self, hash: u64, new: impl FnOnce() -> Related) {
        if let Some(own) = self.related.get_mut(&hash) {
            own.count += 1;
            return;
        }
        let full = self.related.len() >= RELATED_KEPT_MAX;
        if !full || self.related.last_key_value().is_some_and(|(largest, _)| hash < *largest) {
            self.related.insert(hash, new());
        }
    }

    fn bound(&mut self) {
        while self.evidence.len() > EVIDENCE_MAX {
            self.evidence.pop_last();
        }
        while self.related.len() > RELATED_KEPT_MAX {
            self.related.pop_last();
        }
    }

    /// First event.
    #[must_use]
    pub const fn first_ms(&self) -> Option<i64> {
        self.first_ms
    }

    /// Last event.
    #[must_use]
    pub const fn last_ms(&self) -> Option<i64> {
        self.last_ms
    }

    /// Country of the operator whose records these are.
    #[must_use]
    pub fn home(&self) -> Country {
        self.home.unwrap_or(Country::UNKNOWN)
    }

    /// References to records, the earliest first.
    pub fn evidence(&self) -> impl Iterator<Item = &str> {
        self.evidence.iter().map(|(_, reference)| reference.as_str())
    }

    /// Related entities, the most frequent first, then by value.
    #[must_use]
    pub fn related(&self) -> Vec<(EntityType, Role, &str)> {
        let mut related: Vec<&Related> = self.related.values().collect();
        related.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (a.entity, &a.value).cmp(&(b.entity, &b.value))));
        related.truncate(RELATED_SHOWN_MAX);
        related.into_iter().map(|related| (related.entity, related.role, related.value.as_str())).collect()
    }

    /// Bytes held on the heap, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        self.evidence.len() * (size_of::<(i64, String)>() + 32) + self.related.len() * (size_of::<Related>() + 40)
    }
}

fn cut(mut text: String) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// An entity's value, cut to [`TEXT_BYTES_MAX`].
#[must_use]
pub fn entity_text(key: &lancang_pattern::fields::EntityKey<'_>) -> String {
    cut(key.to_string())
}

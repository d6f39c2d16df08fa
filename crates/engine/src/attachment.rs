//! What an incident shows besides its values: evidence and related entities.
//!
//! **Invariant:** merging is commutative and associative and bounded: of evidence the earliest references stay, of
//! related entities those with the smallest hashes, whose counts are then exact in every order.

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
    /// Event time and reference, ascending: few.
    evidence: Vec<(i64, String)>,
    /// By a hash of type and value, ascending.
    related: Vec<(u64, Related)>,
}

impl Attachment {
    /// Adds what a record shows.
    pub fn add(&mut self, plan: &EntityPlan, record: &Record<'_>) {
        let at_ms = record.event.as_ms();
        self.span(at_ms, at_ms);
        self.home_of(record.home);
        if !record.source.is_empty() || !record.id.is_empty() {
            self.refer(at_ms, record);
        }
        for (entity, role) in &plan.related {
            let Some(key) = entity.related_key(record) else { continue };
            let hash = key.hash() ^ (*entity as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let value = || cut(key.to_string());
            self.relate(hash, || Related { entity: *entity, role: *role, value: value(), count: 1 });
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        if let (Some(first), Some(last)) = (other.first_ms, other.last_ms) {
            self.span(first, last);
        }
        if let Some(home) = other.home {
            self.home_of(home);
        }
        for evidence in &other.evidence {
            if let Err(place) = self.evidence.binary_search(evidence)
                && place < EVIDENCE_MAX
            {
                self.evidence.insert(place, evidence.clone());
            }
        }
        self.evidence.truncate(EVIDENCE_MAX);
        for (hash, related) in &other.related {
            match self.related.binary_search_by_key(hash, |(hash, _)| *hash) {
                Ok(place) => self.related[place].1.count += related.count,
                Err(place) if place < RELATED_KEPT_MAX => self.related.insert(place, (*hash, related.clone())),
                Err(_) => {}
            }
        }
        self.related.truncate(RELATED_KEPT_MAX);
    }

    /// Adds a record's reference, if it is among the earliest.
    fn refer(&mut self, at_ms: i64, record: &Record<'_>) {
        let full = self.evidence.len() >= EVIDENCE_MAX;
        if full && self.evidence.last().is_some_and(|(last_ms, _)| *last_ms < at_ms) {
            return;
        }
        let mut reference = String::with_capacity(record.source.len() + 1 + record.id.len());
        reference.push_str(record.source);
        reference.push('/');
        reference.push_str(record.id);
        let evidence = (at_ms, cut(reference));
        if let Err(place) = self.evidence.binary_search(&evidence) {
            self.evidence.insert(place, evidence);
            self.evidence.truncate(EVIDENCE_MAX);
        }
    }

    fn span(&mut self, first_ms: i64, last_ms: i64) {
        self.first_ms = Some(self.first_ms.map_or(first_ms, |own| own.min(first_ms)));
        self.last_ms = Some(self.last_ms.map_or(last_ms, |own| own.max(last_ms)));
    }

    fn home_of(&mut self, home: Country) {
        self.home = Some(self.home.map_or(home, |own| own.min(home)));
    }

    fn relate(&mut self, hash: u64, new: impl FnOnce() -> Related) {
        match self.related.binary_search_by_key(&hash, |(hash, _)| *hash) {
            Ok(place) => self.related[place].1.count += 1,
            Err(place) if place < RELATED_KEPT_MAX => {
                self.related.insert(place, (hash, new()));
                self.related.truncate(RELATED_KEPT_MAX);
            }
            Err(_) => {}
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
        let mut related: Vec<&Related> = self.related.iter().map(|(_, related)| related).collect();
        related.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (a.entity, &a.value).cmp(&(b.entity, &b.value))));
        related.truncate(RELATED_SHOWN_MAX);
        related.into_iter().map(|related| (related.entity, related.role, related.value.as_str())).collect()
    }

    /// Bytes held on the heap, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let evidence = self.evidence.iter().map(|(_, reference)| reference.capacity()).sum::<usize>();
        let related = self.related.iter().map(|(_, related)| related.value.capacity()).sum::<usize>();
        let places = self.evidence.capacity() * size_of::<(i64, String)>();
        places + evidence + self.related.capacity() * size_of::<(u64, Related)>() + related
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

//! What an incident shows besides its values: evidence and related entities.
//!
//! **Invariant:** merging is commutative and associative and bounded: of evidence the earliest references stay, of
//! related entities those with the smallest hashes, whose counts are then exact in every order. Victims are kept apart
//! from the others: many victims push out nobody who acts.

mod one;
mod written;

use std::collections::BTreeSet;

use lancang_pattern::entity_key::EntityKey;
use lancang_pattern::plan::{EntityPlan, EntityType, Role};
use lancang_record::Country;
use lancang_record::number::{Digits, E164, Party};
use lancang_record::record::Record;
use lancang_window::prefetch::Batch;

use crate::limits::{EVIDENCE_MAX, RELATED_KEPT_MAX, RELATED_SHOWN_MAX, TEXT_BYTES_MAX, VICTIMS_MAX};

/// A related entity, in an attachment's texts.
#[derive(Clone, Copy, Debug)]
struct Related {
    /// Of type and value.
    hash: u64,
    entity: EntityType,
    role: Role,
    value: Text,
    count: u64,
}

/// What an attachment shows of one record.
pub(crate) struct Sight<'r, K> {
    pub(crate) at_ms: i64,
    pub(crate) home: Country,
    /// Its reference, in parts; empty where there is none.
    pub(crate) reference: &'r [&'r str],
    /// Of the related entities of the plan, in their order, those that it names, with their hashes.
    pub(crate) keys: K,
}

/// A record's reference, in parts, if it has one.
pub(crate) fn reference_of<'r>(record: &Record<'r>) -> Option<[&'r str; 3]> {
    let is_there = !record.source.is_empty() || !record.id.is_empty();
    is_there.then_some([record.source, "/", record.id])
}

/// Writes a record's reference in the place of a text, as incident lines have it; false if the record has none.
pub fn write_reference(record: &Record<'_>, text: &mut String) -> bool {
    let Some(parts) = reference_of(record) else { return false };
    text.clear();
    text.extend(parts);
    cut(text, 0);
    true
}

/// Where a text stands among an attachment's.
#[derive(Clone, Copy, Debug)]
struct Text {
    at: u32,
    length: u32,
}

/// First and last event of none.
const NEVER: (i64, i64) = (i64::MAX, i64::MIN);

/// Evidence and related entities of some events.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// Of the first and the last event; [`NEVER`] of none.
    first_ms: i64,
    last_ms: i64,
    home: Option<Country>,
    /// Event time and reference, ascending: few.
    evidence: Vec<(i64, Text)>,
    /// By hash, ascending; no victims.
    related: Vec<Related>,
    /// By hash, ascending.
    victims: Vec<Related>,
    /// All texts, one behind the other: one place on the heap for all of them.
    texts: String,
}

/// Texts that nothing names any more are left out when they are more than these and more than half of all.
const UNNAMED_BYTES_MAX: usize = 1_024;

/// Texts of many records take so much and more.
const MANY_BYTES: usize = 512;

impl Attachment {
    /// Adds what a record shows.
    pub fn add(&mut self, plan: &EntityPlan, record: &Record<'_>) {
        let keys = plan.related.iter().map(|(entity, _)| entity.related_key(record).map(|key| (key.hash(), key)));
        let reference = reference_of(record);
        let reference = reference.as_ref().map_or(&[][..], |parts| &parts[..]);
        self.see(plan, Sight { at_ms: record.event.as_ms(), home: record.home, reference, keys });
    }

    /// Adds what is to be shown of a record.
    pub(crate) fn see<'k>(
        &mut self,
        plan: &EntityPlan,
        sight: Sight<'_, impl Iterator<Item = Option<(u64, EntityKey<'k>)>>>,
    ) {
        self.span(sight.at_ms, sight.at_ms);
        self.home_of(sight.home);
        if self.may_refer(sight.at_ms) && sight.reference.iter().any(|part| !part.is_empty()) {
            let text = self.put(|texts| texts.extend(sight.reference.iter().copied()));
            self.refer(sight.at_ms, text);
        }
        for ((entity, role), key) in plan.related.iter().zip(sight.keys) {
            let Some((hash, key)) = key else { continue };
            self.relate(related_hash(*entity, hash), *entity, *role, 1, |texts| write_key(texts, &key));
        }
    }

    /// Adds another's.
    pub fn merge(&mut self, other: &Self) {
        self.span(other.first_ms, other.last_ms);
        if let Some(home) = other.home {
            self.home_of(home);
        }
        for (at_ms, text) in &other.evidence {
            if !self.may_refer(*at_ms) {
                break;
            }
            let text = self.put(|texts| texts.push_str(other.text(*text)));
            self.refer(*at_ms, text);
        }
        for related in other.named() {
            let Related { hash, entity, role, value, count } = *related;
            self.relate(hash, entity, role, count, |texts| texts.push_str(other.text(value)));
        }
    }

    /// Related entities, victims among them.
    fn named(&self) -> impl Iterator<Item = &Related> {
        self.related.iter().chain(&self.victims)
    }

    /// Names what writing it will need.
    pub(crate) fn prefetch(&self, batch: &mut Batch) {
        self.evidence.first().into_iter().for_each(|reference| batch.add(reference));
        [&self.related, &self.victims].iter().filter_map(|all| all.first()).for_each(|related| batch.add(related));
        self.texts.as_bytes().first().into_iter().for_each(|byte| batch.add(byte));
    }

    /// Nothing yet, with room for what many records show: references fill up, and texts would grow from nothing.
    pub(crate) fn of_many() -> Self {
        Self { evidence: Vec::with_capacity(EVIDENCE_MAX), texts: String::with_capacity(MANY_BYTES), ..Self::default() }
    }

    /// In no more room than it takes.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.evidence.shrink_to_fit();
        self.related.shrink_to_fit();
        self.victims.shrink_to_fit();
        self.texts.shrink_to_fit();
    }

    /// Nothing any more; its room stays.
    pub(crate) fn clear(&mut self) {
        ((self.first_ms, self.last_ms), self.home) = (NEVER, None);
        self.evidence.clear();
        self.related.clear();
        self.victims.clear();
        self.texts.clear();
    }

    /// Victims that it names, by hash, ascending.
    pub(crate) fn victim_hashes(&self) -> impl Iterator<Item = u64> {
        self.victims.iter().map(|victim| victim.hash)
    }

    /// Victims of panes that are not known, by their hashes, and how many they are: as many of them as an attachment names.
    pub(crate) fn newcomers(panes: &[&Self], is_known: impl Fn(u64) -> bool) -> (Self, u64) {
        let (mut newcomers, mut all) = (Self::default(), BTreeSet::new());
        for pane in panes {
            for victim in pane.victims.iter().filter(|victim| !is_known(victim.hash)) {
                let Related { hash, entity, role, value, count } = *victim;
                all.insert(hash);
                newcomers.relate(hash, entity, role, count, |texts| texts.push_str(pane.text(value)));
            }
        }
        (newcomers, all.len() as u64)
    }

    /// The same, of an operator's country.
    pub(crate) fn of_home(mut self, home: Country) -> Self {
        self.home_of(home);
        self
    }

    fn text(&self, text: Text) -> &str {
        self.texts.get(text.at as usize..(text.at + text.length) as usize).unwrap_or_default()
    }

    /// Puts a text, cut to [`TEXT_BYTES_MAX`], behind the others.
    fn put(&mut self, write: impl FnOnce(&mut String)) -> Text {
        let at = self.texts.len();
        write(&mut self.texts);
        cut(&mut self.texts, at);
        Text { at: at as u32, length: (self.texts.len() - at) as u32 }
    }

    /// Whether a reference to an event of this time may be among the earliest.
    fn may_refer(&self, at_ms: i64) -> bool {
        self.evidence.len() < EVIDENCE_MAX || self.evidence.last().is_some_and(|(last_ms, _)| at_ms <= *last_ms)
    }

    /// Adds a reference that was put last, if it is among the earliest; else its text is taken back.
    fn refer(&mut self, at_ms: i64, reference: Text) {
        let (own, text) = (&self.evidence, self.text(reference));
        // Nearly all come in the order of their times.
        let is_last = own.last().is_none_or(|(last_ms, _)| *last_ms < at_ms);
        let search = || own.binary_search_by(|(other_ms, other)| (*other_ms, self.text(*other)).cmp(&(at_ms, text)));
        let place = if is_last { Err(own.len()) } else { search() };
        match place {
            Err(place) if place < EVIDENCE_MAX => {
                let is_full = self.evidence.len() >= EVIDENCE_MAX;
                self.evidence.truncate(EVIDENCE_MAX - 1);
                self.evidence.insert(place, (at_ms, reference));
                if is_full {
                    self.tidy();
                }
            }
            _ => self.texts.truncate(reference.at as usize),
        }
    }

    fn relate(&mut self, hash: u64, entity: EntityType, role: Role, count: u64, write: impl FnOnce(&mut String)) {
        let (kept, max) = self.kept(role);
        match kept.binary_search_by_key(&hash, |related| related.hash) {
            Ok(place) => kept[place].count += count,
            Err(place) if place < max => {
                let value = self.put(write);
                let (kept, _) = self.kept(role);
                let is_full = kept.len() >= max;
                kept.truncate(max - 1);
                kept.insert(place, Related { hash, entity, role, value, count });
                if is_full {
                    self.tidy();
                }
            }
            Err(_) => {}
        }
    }

    /// Where entities of a role are kept, and how many of them.
    const fn kept(&mut self, role: Role) -> (&mut Vec<Related>, usize) {
        match role {
            Role::Victim => (&mut self.victims, VICTIMS_MAX),
            _ => (&mut self.related, RELATED_KEPT_MAX),
        }
    }

    /// Leaves out texts that nothing names any more, once they are many.
    fn tidy(&mut self) {
        let values = self.named().map(|related| related.value.length as usize);
        let named: usize = values.chain(self.evidence.iter().map(|(_, text)| text.length as usize)).sum();
        let unnamed = self.texts.len() - named;
        if unnamed <= UNNAMED_BYTES_MAX || unnamed <= named {
            return;
        }
        let before = std::mem::replace(&mut self.texts, String::with_capacity(named));
        let values = self.related.iter_mut().chain(&mut self.victims).map(|related| &mut related.value);
        for text in values.chain(self.evidence.iter_mut().map(|(_, text)| text)) {
            let from = text.at as usize;
            text.at = self.texts.len() as u32;
            self.texts.push_str(before.get(from..from + text.length as usize).unwrap_or_default());
        }
    }

    fn span(&mut self, first_ms: i64, last_ms: i64) {
        (self.first_ms, self.last_ms) = (self.first_ms.min(first_ms), self.last_ms.max(last_ms));
    }

    fn home_of(&mut self, home: Country) {
        self.home = Some(self.home.map_or(home, |own| own.min(home)));
    }

    /// First event.
    #[must_use]
    pub fn first_ms(&self) -> Option<i64> {
        (self.first_ms != NEVER.0).then_some(self.first_ms)
    }

    /// Last event.
    #[must_use]
    pub fn last_ms(&self) -> Option<i64> {
        (self.last_ms != NEVER.1).then_some(self.last_ms)
    }

    /// Country of the operator whose records these are.
    #[must_use]
    pub fn home(&self) -> Country {
        self.home.unwrap_or(Country::UNKNOWN)
    }

    /// References to records, the earliest first.
    pub fn evidence(&self) -> impl Iterator<Item = &str> {
        self.evidence.iter().map(|(_, reference)| self.text(*reference))
    }

    /// Related entities, the most frequent first, then by value; behind them victims, in the same order.
    #[must_use]
    pub fn related(&self) -> Vec<(EntityType, Role, &str)> {
        let mut related = self.shown(&self.related, RELATED_SHOWN_MAX);
        related.extend(self.shown(&self.victims, VICTIMS_MAX));
        related
    }

    fn shown(&self, of: &[Related], max: usize) -> Vec<(EntityType, Role, &str)> {
        let mut shown: Vec<&Related> = of.iter().collect();
        let place = |related: &Related| (related.entity, self.text(related.value));
        shown.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| place(a).cmp(&place(b))));
        shown.into_iter().take(max).map(|one| (one.entity, one.role, self.text(one.value))).collect()
    }

    /// Bytes held on the heap, about.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        let places = self.evidence.capacity() * size_of::<(i64, Text)>();
        let related = self.related.capacity() + self.victims.capacity();
        places + related * size_of::<Related>() + self.texts.capacity()
    }
}

impl Default for Attachment {
    fn default() -> Self {
        let (first_ms, last_ms) = NEVER;
        let (evidence, related, victims) = (Vec::new(), Vec::new(), Vec::new());
        Self { first_ms, last_ms, home: None, evidence, related, victims, texts: String::new() }
    }
}

/// What they say is the same, wherever their texts stand.
impl PartialEq for Attachment {
    fn eq(&self, other: &Self) -> bool {
        let head = |one: &Self| (one.first_ms, one.last_ms, one.home);
        let references = |one: &Self| {
            let references = one.evidence.iter().map(|(at_ms, text)| (*at_ms, one.text(*text).to_owned()));
            references.collect::<Vec<_>>()
        };
        let related = |one: &Self| {
            let related = one.named().map(|related| {
                let Related { hash, entity, role, value, count } = *related;
                (hash, entity, role, one.text(value).to_owned(), count)
            });
            related.collect::<Vec<_>>()
        };
        head(self) == head(other) && references(self) == references(other) && related(self) == related(other)
    }
}

impl Eq for Attachment {}

/// Hash of a related entity of a type, by that of its key.
const fn related_hash(entity: EntityType, hash: u64) -> u64 {
    hash ^ (entity as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Cuts a text that begins at `from` to [`TEXT_BYTES_MAX`].
fn cut(text: &mut String, from: usize) {
    let end = from + cut_to(text.get(from..).unwrap_or_default(), 0).len();
    text.truncate(end);
}

/// As much of a text as fits behind `held` bytes of [`TEXT_BYTES_MAX`].
pub(crate) fn cut_to(text: &str, held: usize) -> &str {
    &text[..cut_before(text.as_bytes(), held)]
}

/// Writes what a key is shown as.
fn write_key(text: &mut String, key: &EntityKey<'_>) {
    match key {
        EntityKey::Text(written) | EntityKey::Party(Party::Text(written)) => text.push_str(written),
        _ => with_shown(key, |digits| text.push_str(str::from_utf8(digits).unwrap_or_default())),
    }
}

/// Gives what a key is shown as, without a formatter but for a number that is none.
fn with_shown<R>(key: &EntityKey<'_>, each: impl FnOnce(&[u8]) -> R) -> R {
    match key {
        EntityKey::Text(written) | EntityKey::Party(Party::Text(written)) => each(written.as_bytes()),
        EntityKey::Party(Party::Number(number)) => each(number.write_text(&mut [0; E164::DIGITS_MAX + 1])),
        EntityKey::Digits(digits) => each(digits.write_text(&mut [0; Digits::DIGITS_MAX])),
        EntityKey::Block(block) => match E164::from_integer(*block) {
            Some(block) => each(block.write_text(&mut [0; E164::DIGITS_MAX + 1])),
            None => each(key.to_string().as_bytes()),
        },
    }
}

/// Puts what a key is shown as, cut to [`TEXT_BYTES_MAX`], behind other bytes; gives how many these are.
pub(crate) fn put_key(bytes: &mut Vec<u8>, key: &EntityKey<'_>) -> usize {
    with_shown(key, |shown| {
        let shown = &shown[..cut_before(shown, 0)];
        bytes.extend_from_slice(shown);
        shown.len()
    })
}

/// How much of a text in bytes is left when it is [cut](cut_to).
fn cut_before(text: &[u8], held: usize) -> usize {
    let is_within = |place: usize| text.get(place).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    let mut end = text.len().min(TEXT_BYTES_MAX.saturating_sub(held));
    while is_within(end) {
        end -= 1;
    }
    end
}

/// Writes an entity's value, cut to [`TEXT_BYTES_MAX`], in the place of a text.
pub(crate) fn set_entity_text(text: &mut String, key: &EntityKey<'_>) {
    text.clear();
    write_key(text, key);
    cut(text, 0);
}

/// An entity's value, cut to [`TEXT_BYTES_MAX`].
#[must_use]
pub fn entity_text(key: &EntityKey<'_>) -> String {
    let mut text = String::new();
    set_entity_text(&mut text, key);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lancang_record::Timestamp;
    use lancang_record::record::Kind;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Of few times, so that many are alike; in any order, alone and merged.
        #[test]
        fn the_earliest_references_stay(references in prop::collection::vec((0_i64..9, 10_u8..60), 0..90), cut in 0_usize..90) {
            let plan = one::tests::pack();
            let of = |references: &[(i64, u8)]| {
                let mut attachment = Attachment::default();
                for (at_ms, id) in references {
                    let id = id.to_string();
                    let mut record = Record::new(Kind::Voice, Timestamp::from_ms(*at_ms));
                    record.id = &id;
                    attachment.add(&plan.plan.aggregated[0], &record);
                }
                attachment
            };
            let all: BTreeSet<(i64, String)> = references.iter().map(|(at_ms, id)| (*at_ms, format!("/{id}"))).collect();
            let expected: Vec<&str> = all.iter().take(EVIDENCE_MAX).map(|(_, reference)| &reference[..]).collect();
            let whole = of(&references);
            prop_assert_eq!(whole.evidence().collect::<Vec<_>>(), expected.clone());
            let (first, second) = references.split_at(cut.min(references.len()));
            let mut merged = of(first);
            merged.merge(&of(second));
            prop_assert_eq!(merged.evidence().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_key_is_written_as_it_is_displayed() {
        let number = |number| EntityKey::Party(Party::Number(E164::from_integer(number).unwrap()));
        let digits = |digits| EntityKey::Digits(Digits::parse(digits).unwrap());
        let keys = [
            number(855),
            number(85_512_345_678),
            number(100_000_000_000_000_000),
            EntityKey::Party(Party::Text("WINGBANK")),
            digits("0"),
            digits("004560112345678"),
            digits("35000000000010"),
            EntityKey::Text("ກ.example"),
            EntityKey::Block(85_512),
            EntityKey::Block(0),
            EntityKey::Block(u64::MAX),
        ];
        for key in keys {
            assert_eq!(entity_text(&key), key.to_string());
            let mut bytes = vec![7];
            assert_eq!(put_key(&mut bytes, &key), key.to_string().len());
            assert_eq!(&bytes[1..], key.to_string().as_bytes());
        }
    }

    #[test]
    fn a_long_text_is_cut_alike_in_bytes() {
        for before in 0..5 {
            let long = format!("{}{}", "x".repeat(before), "ក".repeat(60));
            for text in [&long[..], &long[..before], &"y".repeat(TEXT_BYTES_MAX)] {
                let mut bytes = Vec::new();
                put_key(&mut bytes, &EntityKey::Text(text));
                assert_eq!(bytes, entity_text(&EntityKey::Text(text)).as_bytes());
            }
        }
    }
}

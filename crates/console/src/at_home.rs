//! Incidents of a carrier's home topic, so that its desk lists those that were never shared, and finds whom somebody asks for.
//!
//! Rules:
//! - in memory alone, and of what is clear a keyed hash: whoever has a copy of this memory without the key of the process has no
//!   number. What is found by a hash is read in the topic before it is told;
//! - bounded by incidents ([`HOME_INCIDENTS_MAX`]) and by places and hashes together ([`HOME_ENTRIES_MAX`]): beyond it the incidents go
//!   whose newest event is the oldest, counted;
//! - what the topic has deleted by its retention goes from here too ([`Index::kept_from`]): an incident with its last line. A hash goes with
//!   its incident alone, and may be of a line that is gone: what is found by it is read before it is told;
//! - newest event first, which depends on no partition and no order of reading;
//! - what is given of it is shared, not copied, so that it is held for a moment alone.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeSet, HashMap};
use std::hash::BuildHasher as _;
use std::sync::Arc;

use lancang_alert::incident::{Incident, Named};
use lancang_record::codec::fields::parse_time;
use serde::Serialize;

use crate::limits::{HOME_ENTRIES_MAX, HOME_FOUND_MAX, HOME_INCIDENTS_MAX};

/// Where a line lies: partition and offset.
pub type Place = (i32, i64);
/// Where an incident stands in the list: newest event, and id.
pub type Age = (i64, String);

/// What is known of an incident at home; nothing of it is clear.
#[derive(Clone, Debug)]
pub struct AtHome {
    /// Its newest line.
    pub told: Told,
    /// Where it stands.
    pub age: Age,
    /// Where its lines lie, in the order in which they came.
    pub places: Vec<Place>,
    /// Hashes of all that it names, in order.
    named: Vec<u64>,
}

/// What a list says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "as in the line (records.md)")]
pub struct Told {
    pub incident_id: String,
    pub revision: u64,
    pub message: &'static str,
    pub family: String,
    pub patterns: Vec<String>,
    pub severity: u8,
    pub score: u8,
    pub first_event: String,
    pub last_event: String,
    /// Kind of what it is about.
    #[serde(rename = "type")]
    pub entity_type: String,
    /// Its part.
    pub role: String,
    /// What everybody may see of it.
    pub masked: Option<String>,
    /// Whom the newest line names.
    pub named: usize,
}

/// All of them.
#[derive(Debug, Default)]
pub struct Index {
    key: RandomState,
    incidents: HashMap<String, Arc<AtHome>>,
    by_age: BTreeSet<Age>,
    entries: usize,
    let_go: u64,
    is_read: bool,
}

impl Index {
    /// Takes a line; `masked` gives what everybody may see of what it is about.
    pub fn take(&mut self, place: Place, line: &Incident, masked: Option<String>) {
        let Ok(last_event) = parse_time("time", &line.last_event) else { return };
        let age = (last_event.as_ms(), line.incident_id.clone());
        let named: BTreeSet<u64> = line.all_named().map(|Named { value, .. }| self.key.hash_one(value)).collect();
        let told = told(line, masked);
        let new = || AtHome { told: told.clone(), age: age.clone(), places: Vec::new(), named: Vec::new() };
        let known = self.incidents.entry(line.incident_id.clone()).or_insert_with(|| Arc::new(new()));
        let known = Arc::make_mut(known);
        let before = known.entries();
        known.places.push(place);
        for hash in named {
            if let Err(at) = known.named.binary_search(&hash) {
                known.named.insert(at, hash);
            }
        }
        self.by_age.remove(&known.age);
        if told.revision >= known.told.revision {
            (known.told, known.age) = (told, age);
        }
        self.by_age.insert(known.age.clone());
        self.entries += known.entries() - before;
        self.bound();
    }

    /// The topic keeps a partition from this offset on: lines before it go, and incidents that have no others; how many these are.
    pub fn kept_from(&mut self, partition: i32, first: i64) -> u64 {
        let is_gone = |place: &Place| place.0 == partition && place.1 < first;
        let fewer = self.incidents.values().filter(|known| known.places.iter().any(is_gone));
        let fewer: Vec<String> = fewer.map(|known| known.told.incident_id.clone()).collect();
        let mut gone = 0;
        for id in fewer {
            let Some(known) = self.incidents.get_mut(&id).map(Arc::make_mut) else { continue };
            let before = known.entries();
            known.places.retain(|place| !is_gone(place));
            if !known.places.is_empty() {
                self.entries -= before - known.entries();
                continue;
            }
            self.by_age.remove(&known.age);
            self.entries -= before;
            self.incidents.remove(&id);
            gone += 1;
        }
        gone
    }

    fn bound(&mut self) {
        while self.incidents.len() > HOME_INCIDENTS_MAX || self.entries > HOME_ENTRIES_MAX {
            let Some((_, oldest)) = self.by_age.pop_first() else { return };
            self.entries -= self.incidents.remove(&oldest).map_or(0, |known| known.entries());
            self.let_go += 1;
        }
    }

    /// All that is there was read.
    pub fn set_read(&mut self) {
        self.is_read = true;
    }

    /// Whether all that was there has been read.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.is_read
    }

    /// Incidents that were let go of.
    #[must_use]
    pub const fn let_go(&self) -> u64 {
        self.let_go
    }

    /// Those before an age, newest first.
    pub fn before(&self, age: Option<&Age>) -> impl Iterator<Item = &Arc<AtHome>> {
        let end = age.cloned().map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let range = self.by_age.range((std::ops::Bound::Unbounded, end));
        range.rev().filter_map(|(_, id)| self.incidents.get(id))
    }

    /// One by its id at home.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<Arc<AtHome>> {
        self.incidents.get(id).cloned()
    }

    /// Those that may name one of some values, newest first, and whether there are more than are given.
    #[must_use]
    pub fn naming(&self, values: &[String]) -> (Vec<Arc<AtHome>>, bool) {
        let hashes: Vec<u64> = values.iter().map(|value| self.key.hash_one(value.as_str())).collect();
        let names = |known: &&Arc<AtHome>| hashes.iter().any(|hash| known.named.binary_search(hash).is_ok());
        let mut found: Vec<_> = self.before(None).filter(names).take(HOME_FOUND_MAX + 1).cloned().collect();
        let is_more = found.len() > HOME_FOUND_MAX;
        found.truncate(HOME_FOUND_MAX);
        (found, is_more)
    }
}

impl AtHome {
    fn entries(&self) -> usize {
        self.places.len() + self.named.len()
    }
}

fn told(line: &Incident, masked: Option<String>) -> Told {
    let about = line.primary();
    Told {
        incident_id: line.incident_id.clone(),
        revision: line.revision,
        message: line.message.as_str(),
        family: line.family.clone(),
        patterns: line.patterns.clone(),
        severity: line.severity,
        score: line.score,
        first_event: line.first_event.clone(),
        last_event: line.last_event.clone(),
        entity_type: about.entity_type.to_owned(),
        role: about.role.to_owned(),
        masked,
        named: line.all_named().count(),
    }
}

/// What somebody may have typed for a value: a number as it is written on paper is one with its country's code, or an IMSI or IMEI.
/// None of anything that cannot be one.
#[must_use]
pub fn forms(typed: &str) -> Option<Vec<String>> {
    let digits: String = typed.chars().filter(|one| !matches!(one, ' ' | '-' | '.' | '(' | ')' | '/')).collect();
    let digits = digits.strip_prefix("00").map_or(digits.clone(), |rest| format!("+{rest}"));
    let bare = digits.strip_prefix('+').unwrap_or(&digits);
    let is_one = (6..=16).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| vec![bare.to_owned(), format!("+{bare}")])
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = include_str!("../../alert/tests/golden/incident/open.json");

    fn line(number: u64, revision: u64, value: &str) -> Incident {
        let mut line = Incident::read(LINE.as_bytes()).unwrap();
        (line.incident_id, line.revision) = (format!("{number:032x}"), revision);
        line.entity.value = value.to_owned();
        line.last_event = lancang_record::Timestamp::from_ms(1_000 * number as i64 + revision as i64).to_string();
        line
    }

    #[test]
    fn newest_first_page_by_page_and_found_by_every_value_that_it_ever_named() {
        let mut index = Index::default();
        for (offset, (number, revision, value)) in
            [(1, 0, "+1"), (2, 0, "+2"), (3, 0, "+1"), (2, 1, "+3"), (2, 0, "+9")].into_iter().enumerate()
        {
            index.take((0, offset as i64), &line(number, revision, value), None);
        }
        let ids = |found: Vec<&Arc<AtHome>>| found.iter().map(|one| one.age.0 / 1_000).collect::<Vec<_>>();
        assert_eq!(ids(index.before(None).collect()), [3, 2, 1]);
        let second = index.before(None).nth(1).unwrap();
        assert_eq!((second.told.revision, second.places.len()), (1, 3));
        assert_eq!(ids(index.before(Some(&second.age)).collect()), [1]);
        let named =
            |value: &str| index.naming(&[value.to_owned()]).0.iter().map(|one| one.age.0 / 1_000).collect::<Vec<_>>();
        assert_eq!((named("+1"), named("+2"), named("+9"), named("+7")), (vec![3, 1], vec![2], vec![2], vec![]));
        assert!(!format!("{index:?}").contains("+1\""), "what is clear is not kept");
    }

    #[test]
    fn beyond_what_is_kept_the_oldest_go_counted() {
        let mut index = Index::default();
        for number in 0..HOME_INCIDENTS_MAX as u64 + 2 {
            index.take((0, number as i64), &line(number + 1, 0, "+1"), None);
        }
        assert_eq!((index.let_go(), index.before(None).count()), (2, HOME_INCIDENTS_MAX));
        assert!(index.get(&format!("{:032x}", 2)).is_none() && index.get(&format!("{:032x}", 3)).is_some());
        assert!(index.naming(&["+1".to_owned()]).1, "more than are given");
    }

    #[test]
    fn what_the_topic_keeps_no_more_goes_line_by_line() {
        let mut index = Index::default();
        for (place, (number, revision, value)) in
            [((0, 5), (1, 0, "+1")), ((0, 6), (2, 0, "+2")), ((0, 7), (2, 1, "+3")), ((1, 2), (3, 0, "+1"))]
        {
            index.take(place, &line(number, revision, value), None);
        }
        let (id, entries) = (|number: u64| format!("{number:032x}"), |index: &Index| index.entries);
        let all = entries(&index);
        assert_eq!((index.kept_from(0, 5), entries(&index)), (0, all), "nothing was deleted");
        assert_eq!(index.kept_from(0, 7), 1);
        assert!(index.get(&id(1)).is_none(), "its only line is gone");
        let second = index.get(&id(2)).unwrap();
        assert_eq!((second.told.revision, &second.places), (1, &vec![(0, 7)]));
        assert!(index.get(&id(3)).is_some(), "another partition");
        let listed = |index: &Index| index.before(None).map(|one| one.age.0 / 1_000).collect::<Vec<_>>();
        assert_eq!(listed(&index), [3, 2]);
        assert_eq!(index.naming(&["+1".to_owned()]).0.len(), 1);
        // What is there is counted as if it had come alone.
        let mut fresh = Index::default();
        fresh.take((0, 7), &line(2, 1, "+3"), None);
        fresh.take((1, 2), &line(3, 0, "+1"), None);
        assert_eq!(entries(&index), entries(&fresh) + 1, "a hash goes with its incident");
        assert_eq!((index.kept_from(0, 8), index.kept_from(1, 3)), (1, 1));
        assert_eq!((entries(&index), index.incidents.len(), index.by_age.len(), index.let_go()), (0, 0, 0, 0));
    }

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        let first = |typed: &str| forms(typed).map(|forms| forms[1].clone());
        assert_eq!(first("+855 (12) 345-678"), Some("+85512345678".to_owned()));
        assert_eq!(first("0085512345678"), Some("+85512345678".to_owned()));
        assert_eq!(forms("456011234567890").unwrap()[0], "456011234567890");
        for typed in ["", "12345", "12345678901234567", "+855x2345678", "' OR 1"] {
            assert_eq!(forms(typed), None, "{typed}");
        }
    }
}

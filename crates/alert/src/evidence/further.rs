//! Records that stand behind a home line and that it does not name: a line names its earliest twenty, and an incident has as
//! many as it has.
//!
//! Alert and line commit to none of them: that they are all, and what they say, rests on the carrier's word, which signs the
//! bundle. What can be checked is that each could stand there: it names what the line is about, within the line's time, and is
//! not one that a line names.

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::codec::fields::parse_time;
use lancang_record::codec::json::decode_line;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Found;
use crate::incident::Incident;
use crate::limits::{DEVICE_DIGITS, SHOWN_BYTES_MAX};

/// What was found besides the records that lines name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Further {
    /// Records of the lines' entities, within the lines' time, that the lines' patterns look at; with `reference` empty where a
    /// record has none.
    pub records: Vec<Found>,
    /// How many more there were than are collected at once, for all bundles of a fetch together.
    #[serde(skip_serializing_if = "is_none", default)]
    pub left_out: u64,
    /// Revisions, of all bundles of the incident, whose patterns are not kept any more in the version that made the line: nobody could
    /// look for theirs.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unsought: Vec<u64>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Time of a record's event, ms; none of what is no record.
fn event_ms(record: &Value) -> Option<i64> {
    let bytes = serde_json::to_vec(record).ok()?;
    decode_line(&bytes).ok().map(|record| record.event().as_ms())
}

/// All that a record names, as a line shows an entity: texts, cut; devices without their check digit; blocks of numbers.
#[must_use]
pub fn names(record: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let Value::Object(fields) = record else { return names };
    for (field, value) in fields {
        let Some(text) = value.as_str() else { continue };
        let mut end = text.len().min(SHOWN_BYTES_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        names.insert(text[..end].to_owned());
        if field == "imei" {
            names.extend(text.get(..DEVICE_DIGITS).map(str::to_owned));
        }
        if text.starts_with('+') {
            names.extend(text.len().checked_sub(3).and_then(|end| text.get(..end)).map(str::to_owned));
        }
    }
    names
}

/// Time of a line's events, first and last, ms.
fn span(incident: &Incident) -> Option<(i64, i64)> {
    let first = parse_time("first_event", &incident.first_event).ok()?;
    let last = parse_time("last_event", &incident.last_event).ok()?;
    Some((first.as_ms(), last.as_ms()))
}

/// Whether a record can stand behind one of these lines.
pub(super) fn is_behind(record: &Value, incidents: &[Incident]) -> bool {
    let Some(at_ms) = event_ms(record) else { return false };
    let names = names(record);
    incidents.iter().any(|incident| {
        let within = span(incident).is_some_and(|(first, last)| (first..=last).contains(&at_ms));
        within && names.contains(&incident.entity.value)
    })
}

/// Further records, by what they name and when they were: each goes with the first line that it can stand behind.
#[derive(Default)]
pub(super) struct Ordered {
    places: BTreeMap<String, BTreeSet<(i64, usize)>>,
    found: Vec<Option<Found>>,
}

impl Ordered {
    pub(super) fn of(records: Vec<Found>) -> Self {
        let mut ordered = Self::default();
        for found in records {
            let place = ordered.found.len();
            let at_ms = event_ms(&found.record).unwrap_or_default();
            for name in names(&found.record) {
                ordered.places.entry(name).or_default().insert((at_ms, place));
            }
            ordered.found.push(Some(found));
        }
        ordered
    }

    /// Those that stand behind a line and were not taken yet, in their time's order.
    pub(super) fn take(&mut self, incident: &Incident) -> Vec<Found> {
        let (Some((first, last)), Some(places)) = (span(incident), self.places.get_mut(&incident.entity.value)) else {
            return Vec::new();
        };
        if first > last {
            return Vec::new();
        }
        let taken: Vec<(i64, usize)> = places.range((first, 0)..=(last, usize::MAX)).copied().collect();
        taken.iter().for_each(|place| {
            places.remove(place);
        });
        taken.into_iter().filter_map(|(_, place)| self.found[place].take()).collect()
    }

    /// How many no line took.
    pub(super) fn left(&self) -> u64 {
        self.found.iter().flatten().count() as u64
    }
}

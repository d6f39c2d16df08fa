//! Campaigns: alerts of several carriers and countries, joined by what they share.
//!
//! Rules:
//! - alerts hang together where the weights of the kinds of correlation keys that they share add up to 1 or more
//!   ([`WEIGHTS`]); a kind counts once, however many of its values they share. The weights that a producer states count for
//!   nothing: nobody makes his alerts more joinable than others';
//! - a value that more than [`SHARED_MAX`] alerts have joins nobody, and joins again when some of them are gone;
//! - a campaign is all that hangs together, over any number of steps, if it is of [`CARRIERS_MIN`] carriers at least. Its id
//!   is made of the alert that began first, so that it stays when it grows; the elder's stays when two become one;
//! - what is cancelled is not joined, nor what had its newest event [`JOINED_DAYS`] before the newest of all;
//! - actual alerts are joined with actual ones, exercises with exercises, tests with tests;
//! - **who looks sees what may be seen**: an alert that is not meant for a country takes no part in what that country sees,
//!   neither as a member, nor in a count, nor as a step between two others ([`Viewer`]).
//!
//! **Invariant:** the groups follow from the set of alerts, never from the order in which they or their revisions came
//! (`tests/campaigns.rs` tries permutations against a search over all pairs).

mod graph;
mod tell;

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::alert::{Alert, Source};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;

pub use graph::Correlator;
pub use tell::Publisher;

use crate::limits::KEYS_OF_ALERT_MAX;

/// Sum of weights that joins two alerts, in tenths (alerts.md, *Campaigns*: 1.0).
pub const JOINS: u32 = 10;
/// Weights of kinds of correlation keys, in tenths (alerts.md, *Campaigns*).
pub const WEIGHTS: &[(&str, u32)] = &[
    ("device", 10),
    ("sim", 10),
    ("template", 8),
    ("domain", 8),
    ("device-range", 7),
    ("range-hour", 6),
    ("trunk", 3),
    ("sender", 3),
];

/// Place of a kind in [`WEIGHTS`].
fn kind_of(name: &str) -> Option<u8> {
    WEIGHTS.iter().position(|(kind, _)| *kind == name).map(|place| place as u8)
}

/// For whom alerts are joined: countries, ISO 3166-1 alpha-2. What each of them may see counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewer(pub Vec<String>);

impl Viewer {
    /// Whether an alert is meant for all of them. One that names no recipient is meant for everybody.
    #[must_use]
    pub fn may_see(&self, alert: &Alert) -> bool {
        let (recipients, own) = (&alert.handling.recipients, &alert.producer.country);
        recipients.is_empty() || self.0.iter().all(|country| recipients.contains(country) || country == own)
    }
}

/// An alert by its producer and incident.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// Who published it.
    pub producer: Source,
    /// Incident.
    pub incident_id: String,
}

/// What is known of an alert, from all its revisions.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Known {
    seen: Seen,
    /// Newest revision.
    revision: u64,
    status: String,
    pattern: String,
    severity: u8,
    first_event: Timestamp,
    last_event: Timestamp,
    /// When it was first detected.
    detected: Timestamp,
    keys: BTreeSet<Key>,
    /// Taken back by its producer, or not meant for who looks.
    is_gone: bool,
}

/// A value that alerts may share: kind and token.
type Key = (u8, u128);

impl Known {
    /// Nothing where a time is none: the alert's form is open, and its times are looked at here first.
    fn of(alert: &Alert, viewer: &Viewer) -> Option<Self> {
        let time = |text: &str| parse_time("time", text).ok();
        let (first_event, published) = (time(&alert.first_event)?, time(&alert.published)?);
        let links = alert.links.iter().flat_map(|links| &links.keys);
        let keys = links.flat_map(|key| {
            let tokens = std::iter::once(&key.token).chain(key.also.iter().map(|other| &other.token));
            let tokens = tokens.filter_map(|token| u128::from_str_radix(token, 16).ok());
            kind_of(&key.kind).into_iter().flat_map(move |kind| tokens.clone().map(move |token| (kind, token)))
        });
        let mut known = Self {
            detected: time(&alert.detected)?.min(published),
            seen: Seen { producer: alert.producer.clone(), incident_id: alert.incident_id.clone() },
            revision: alert.revision,
            status: alert.status.clone(),
            pattern: alert.pattern.clone(),
            severity: alert.severity,
            // Nobody knows of an event before it happens: a date ahead of time would make all others old.
            first_event: first_event.min(published),
            last_event: time(&alert.last_event)?.min(published),
            keys: keys.collect(),
            is_gone: alert.message == "cancel" || !viewer.may_see(alert),
        };
        known.bound();
        Some(known)
    }

    /// With what another revision says: in any order the same comes out.
    fn join(&mut self, other: Self) {
        self.first_event = self.first_event.min(other.first_event);
        self.last_event = self.last_event.max(other.last_event);
        self.detected = self.detected.min(other.detected);
        self.is_gone |= other.is_gone;
        self.keys.extend(other.keys);
        self.bound();
        if other.revision > self.revision {
            self.revision = other.revision;
            (self.status, self.pattern, self.severity) = (other.status, other.pattern, other.severity);
        }
    }

    /// The first keys of a union do not depend on the order in which it was made.
    fn bound(&mut self) {
        while self.keys.len() > KEYS_OF_ALERT_MAX {
            self.keys.pop_last();
        }
    }

    /// Who began first is the elder.
    fn age(&self) -> (Timestamp, &Seen) {
        (self.first_event, &self.seen)
    }

    /// `//KH/mekong-mobile`
    fn carrier(&self) -> String {
        format!("//{}/{}", self.seen.producer.country, self.seen.producer.organisation)
    }
}

/// Number of each of several values.
fn counted(values: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_insert(0) += 1);
    counts
}

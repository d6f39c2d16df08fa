//! The state of an incident: who has seen it, how far they are, what they hold of it, what its producer is bound to.
//!
//! Rules:
//! - per country: acknowledged since the first acknowledgement; at the stage that was said last;
//! - per organisation the newest verdict counts. A country disputes an incident while one of its organisations holds it for a
//!   false positive;
//! - a request is in force once the producer's newest receipt accepts it, until its time; another request renews it;
//! - an incident is cancelled by two messages that two different persons decided, within [`CANCEL_APART_MS_MAX`], signed with
//!   two different keys, and with the same verdict. One alone does nothing, and what is cancelled stays so;
//! - of messages of the same millisecond the one with the greater id is the newer.

use std::collections::{BTreeMap, BTreeSet};

use lancang_record::Timestamp;
use serde::Serialize;

use super::fold::{Statement, Statements};
use super::said::{Answer, Asked, FALSE_POSITIVE, Measure, Said, Stage, TRUE_POSITIVE, as_text};
use super::{About, Id};
use crate::limits::CANCEL_APART_MS_MAX;

/// What is known of an incident from feedback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IncidentState {
    /// The alert.
    #[serde(flatten)]
    pub about: About,
    /// Since when, by country.
    #[serde(serialize_with = "times")]
    pub acknowledged: BTreeMap<String, Timestamp>,
    /// How far, by country.
    pub stages: BTreeMap<String, Stage>,
    /// Newest OCSF `verdict_id`, by organisation.
    pub verdicts: BTreeMap<String, u8>,
    /// Countries that hold it for a false positive.
    pub disputed_by: BTreeSet<String>,
    /// What the producer was asked for, in the order of asking.
    pub requests: Vec<Hold>,
    /// Whether its producer took it back.
    pub cancelled: Option<Cancelled>,
}

/// A request, and what the producer said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hold {
    /// Id of the request.
    pub id: Id,
    /// What for.
    pub measure: Measure,
    /// Who asks.
    pub requester: String,
    /// Country of who asks.
    pub country: String,
    /// Case that it is for.
    pub case_reference: String,
    /// Until when; not at this moment any more.
    #[serde(serialize_with = "as_text")]
    pub until: Timestamp,
    /// When the producer's newest receipt was published.
    #[serde(serialize_with = "as_text_or_none")]
    pub answered: Option<Timestamp>,
    /// Whether that accepts it.
    pub accepted: bool,
    /// Why the producer refused.
    pub refusal: Option<String>,
}

impl Hold {
    /// Whether the producer is bound by it at a moment.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.accepted && at < self.until
    }
}

/// An alert that its producer took back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancelled {
    /// When the second of the two decided it.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
    /// The two persons, the first first.
    pub decided_by: [String; 2],
    /// Why, by the word of the first.
    pub reason: String,
    /// OCSF `verdict_id` of both.
    pub verdict_id: u8,
}

impl IncidentState {
    pub(super) fn of(about: &About, said: &Statements) -> Self {
        let mut state = Self {
            about: about.clone(),
            acknowledged: BTreeMap::new(),
            stages: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            disputed_by: BTreeSet::new(),
            requests: requests(said),
            cancelled: cancelled(said),
        };
        // By country and organisation, so that a country's organisations are told apart.
        let mut verdicts = BTreeMap::new();
        for ((published, _), Statement { organisation, country, said, .. }) in said {
            match said {
                Said::Acknowledgement { .. } => {
                    state.acknowledged.entry(country.clone()).or_insert(*published);
                }
                Said::Status { stage, .. } => {
                    state.stages.insert(country.clone(), *stage);
                }
                Said::Verdict { verdict_id, .. } => {
                    verdicts.insert((country.clone(), organisation.clone()), *verdict_id);
                }
                _ => {}
            }
        }
        for ((country, organisation), verdict_id) in verdicts {
            if verdict_id == FALSE_POSITIVE {
                state.disputed_by.insert(country);
            }
            state.verdicts.insert(organisation, verdict_id);
        }
        state
    }

    /// What the producer is bound to at a moment; of several requests the one that lasts longest.
    #[must_use]
    pub fn in_force(&self, measure: Measure, at: Timestamp) -> Option<&Hold> {
        let holds = self.requests.iter().filter(|hold| hold.measure == measure && hold.is_in_force(at));
        holds.max_by_key(|hold| hold.until)
    }

    /// Organisations by OCSF `verdict_id`: how many hold it for that.
    #[must_use]
    pub fn verdict_counts(&self) -> BTreeMap<u8, u64> {
        let mut counts = BTreeMap::new();
        self.verdicts.values().for_each(|verdict_id| *counts.entry(*verdict_id).or_default() += 1);
        counts
    }

    /// What each country holds it for: false positive if one of its organisations does, true positive if one does and none
    /// says false, otherwise what the last of them by name says.
    #[must_use]
    pub fn verdict_by_country(&self) -> BTreeMap<&str, u8> {
        let mut found: BTreeMap<&str, u8> = BTreeMap::new();
        for (organisation, verdict_id) in &self.verdicts {
            let country = organisation.get(2..4).unwrap_or_default();
            let known = found.entry(country).or_insert(*verdict_id);
            let weighs = |verdict_id: u8| match verdict_id {
                FALSE_POSITIVE => 2,
                TRUE_POSITIVE => 1,
                _ => 0,
            };
            if weighs(*verdict_id) >= weighs(*known) {
                *known = *verdict_id;
            }
        }
        found
    }
}

/// The newest answer of an organisation to a message, and when it was published.
pub(super) fn newest_answer<'a>(said: &'a Statements, to: Id, organisation: &str) -> Option<(Timestamp, &'a Answer)> {
    said.iter().rev().find_map(|((published, _), statement)| match &statement.said {
        Said::Receipt { of, answer, .. } if *of == to && statement.organisation == organisation => {
            Some((*published, answer))
        }
        _ => None,
    })
}

fn requests(said: &Statements) -> Vec<Hold> {
    let asked = said.iter().filter_map(|((_, id), statement)| match &statement.said {
        Said::Request { about, asked } => Some((*id, statement, about, asked)),
        _ => None,
    });
    asked.map(|(id, statement, about, asked)| hold(said, id, statement, about, asked)).collect()
}

fn hold(said: &Statements, id: Id, statement: &Statement, about: &About, asked: &Asked) -> Hold {
    let answer = newest_answer(said, id, &about.organisation());
    Hold {
        id,
        measure: asked.measure,
        requester: asked.requester.clone(),
        country: statement.country.clone(),
        case_reference: asked.case_reference.clone(),
        until: asked.until,
        answered: answer.map(|(at, _)| at),
        accepted: matches!(answer, Some((_, Answer::Accepted))),
        refusal: match answer {
            Some((_, Answer::Refused { reason })) => Some(reason.clone()),
            _ => None,
        },
    }
}

/// A person's word that an alert should be taken back.
struct Vote<'a> {
    at: Timestamp,
    key_id: &'a str,
    person: &'a str,
    reason: &'a str,
    verdict_id: u8,
}

/// The first pair that cancels, by the time of its second.
fn cancelled(said: &Statements) -> Option<Cancelled> {
    let votes: Vec<Vote<'_>> = said
        .iter()
        .filter_map(|((at, _), Statement { key_id, said, .. })| match said {
            Said::Cancel { person, reason, verdict_id, .. } => {
                Some(Vote { at: *at, key_id, person, reason, verdict_id: *verdict_id })
            }
            _ => None,
        })
        .collect();
    votes.iter().enumerate().find_map(|(index, second)| {
        let first = votes[..index].iter().find(|first| decides_with(first, second))?;
        Some(Cancelled {
            at: second.at,
            decided_by: [first.person.to_owned(), second.person.to_owned()],
            reason: first.reason.to_owned(),
            verdict_id: first.verdict_id,
        })
    })
}

fn decides_with(first: &Vote<'_>, second: &Vote<'_>) -> bool {
    first.key_id != second.key_id
        && name(first.person) != name(second.person)
        && first.verdict_id == second.verdict_id
        && second.at.since_ms(first.at) <= CANCEL_APART_MS_MAX
}

/// A name as it is compared: neither spaces nor capitals make another person.
fn name(person: &str) -> String {
    person.split_whitespace().flat_map(str::chars).flat_map(char::to_lowercase).collect()
}

fn times<S: serde::Serializer>(times: &BTreeMap<String, Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(times.iter().map(|(country, time)| (country, time.to_string())))
}

pub(super) fn as_text_or_none<S: serde::Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(serializer)
}

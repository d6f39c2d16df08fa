//! Incidents as the carrier's own desk has them: what was shared, in clear, and what others asked and said of it.
//!
//! - All of it is in home topics: the outbox says which home lines an alert is made of and how far it is, the incidents topic
//!   holds the lines, the feedback that was brought home what binds the carrier.
//! - Feedback is checked by the registry file of the relay. What is of a key that the file does not have is told
//!   ([`Desk::unknown_keys`]): a request may be among it.
//! - Only here are subscribers clear: nothing of it is logged.
//! - A carrier's console has its lists from the outbox as it goes on, and asks here for whom to bar ([`crate::bar_list`]).

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::alert::CANCEL;
use lancang_alert::feedback::{About, Fold, Hold, IncidentState, Measure};
use lancang_alert::incident::{Incident, Message, Named};
use lancang_alert::{Alert, FeedbackVerifier, Registry};
use lancang_kafka::{Admin, Connection, From, Record};
use lancang_record::Timestamp;

use crate::config::Topics;
use crate::evidence::each;
use crate::exit::{Exit, Failure};
use crate::home_topic::runs;
use crate::signed_topic;

const DAY_MS: i64 = 86_400_000;
/// Between two times at which what is too old is let go of while the outbox is read.
const PRUNE_EVERY: u64 = 100_000;

/// What the desk knows.
pub struct Desk {
    /// By the alert's incident id.
    pub cases: BTreeMap<String, Case>,
    /// Messages of feedback whose key the registry file does not have.
    pub unknown_keys: u64,
    /// Requests, answers and cancels that were let go of, because there were too many: a hold may be among them.
    pub bonds_let_go: u64,
    now: Timestamp,
}

/// A shared incident.
pub struct Case {
    /// Its newest revision.
    pub alert: Alert,
    /// The newest line of each home incident that it is made of, as it lies in the topic, by place.
    pub lines: Lines,
    /// How many of these lines the topic keeps no more: whom they name nobody knows.
    pub lines_gone: usize,
    /// What was said of it, and of those that went into it.
    pub said: Vec<IncidentState>,
}

/// What the outbox says of an incident.
struct Shared {
    alert: Alert,
    /// Where the newest line of each home incident lies, by the id that it has abroad.
    places: BTreeMap<String, (i32, i64)>,
    /// Ids of alerts that went into it.
    joined: BTreeSet<String>,
}

impl Desk {
    /// Reads what is there of incidents that were shared or went on in the last days, and of all with a hold in force.
    ///
    /// # Errors
    /// If a topic is missing, cannot be read, or holds what does not belong there.
    pub fn read(
        home: &Connection,
        topics: &Topics,
        registry: &Registry,
        days: u32,
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let since = now.plus_ms(-i64::from(days) * DAY_MS).to_string();
        let (fold, unknown_keys) = feedback(home, &topics.feedback_home, registry, now)?;
        let is_held =
            |about: &&About| fold.incident(about).is_some_and(|state| state.in_force(Measure::Hold, now).is_some());
        let held = fold.incidents().filter(is_held).map(|about| about.incident_id.clone()).collect();
        let shared = shared(home, &topics.outbox, &since, &held)?;
        let wanted: BTreeSet<(i32, i64)> = shared.values().flat_map(|case| case.places.values().copied()).collect();
        let mut lines = lines(home, &topics.incidents, &wanted)?;
        let mut cases = BTreeMap::new();
        for (id, Shared { alert, places, joined }) in shared {
            let about =
                |incident_id: &String| About { incident_id: incident_id.clone(), producer: alert.producer.clone() };
            let said = joined.iter().chain([&id]).filter_map(|id| fold.incident(&about(id))).collect();
            let kept: BTreeMap<_, _> =
                places.values().filter_map(|place| Some((*place, lines.remove(place)?))).collect();
            let lines_gone = places.values().collect::<BTreeSet<_>>().len() - kept.len();
            cases.insert(id, Case { alert, lines: kept, lines_gone, said });
        }
        Ok(Self { cases, unknown_keys, bonds_let_go: fold.let_go_of_bonds(now), now })
    }

    /// The request to preserve or to hold that a case is bound by now; of several the one that lasts longest.
    #[must_use]
    pub fn in_force<'c>(&self, case: &'c Case, measure: Measure) -> Option<&'c Hold> {
        let holds = case.said.iter().filter_map(|state| state.in_force(measure, self.now));
        holds.max_by_key(|hold| hold.until)
    }

    /// Subscribers whom some case with a hold in force names, each with the case that holds it the longest.
    #[must_use]
    pub fn held(&self) -> BTreeMap<(&str, &str), (&str, &Hold)> {
        let mut held: BTreeMap<(&str, &str), (&str, &Hold)> = BTreeMap::new();
        for (id, case) in &self.cases {
            let Some(hold) = self.in_force(case, Measure::Hold) else { continue };
            for subscriber in case.subscribers() {
                let known = held.entry(subscriber).or_insert((id, hold));
                if known.1.until < hold.until {
                    *known = (id, hold);
                }
            }
        }
        held
    }
}

impl Desk {
    /// Cases with a hold in force of which a home line is kept no more: whom they bind nobody can tell.
    pub fn untold_holds(&self) -> impl Iterator<Item = &str> {
        let untold =
            self.cases.iter().filter(|(_, case)| case.lines_gone > 0 && self.in_force(case, Measure::Hold).is_some());
        untold.map(|(id, _)| id.as_str())
    }
}

impl Case {
    /// Whether it was taken back: by its alert, or by two persons on whose word the relay has not acted yet.
    #[must_use]
    pub fn is_taken_back(&self) -> bool {
        let own = self.said.iter().filter(|state| state.about.incident_id == self.alert.incident_id);
        self.alert.message == CANCEL || own.into_iter().any(|state| state.cancelled.is_some())
    }

    /// Countries that hold it for a false positive.
    #[must_use]
    pub fn disputed_by(&self) -> BTreeSet<&str> {
        self.said.iter().flat_map(|state| &state.disputed_by).map(String::as_str).collect()
    }

    /// Everybody whom its lines name, in whatever part: type and value.
    fn subscribers(&self) -> impl Iterator<Item = (&str, &str)> {
        let kind = |kind| if kind == "callee" { "caller" } else { kind };
        self.all_named().map(move |named| (kind(named.entity_type), named.value))
    }

    /// Callers and SIMs that act or are used in what its lines tell of: one subscriber may go by several of them.
    pub fn used(&self) -> impl Iterator<Item = (&str, &str)> {
        let acts = self.all_named().filter(|named| matches!(named.role, "suspect" | "used"));
        acts.filter(|named| matches!(named.entity_type, "caller" | "sim")).map(|named| (named.entity_type, named.value))
    }

    fn all_named(&self) -> impl Iterator<Item = Named<'_>> {
        self.lines.values().flat_map(|(_, incident)| incident.all_named())
    }

    /// Callers and SIMs that its lines are about and that act: never one who is impersonated, never a victim.
    pub fn suspects(&self) -> impl Iterator<Item = (&str, &str)> {
        let primary = self.lines.values().map(|(_, incident)| incident.primary());
        let acts = primary.filter(|named| named.role == "suspect" && matches!(named.entity_type, "caller" | "sim"));
        acts.map(|named| (named.entity_type, named.value))
    }
}

fn data(message: String) -> anyhow::Error {
    Failure::new(Exit::Data, message).into()
}

/// Cases that went on since a time, or are held.
fn shared(
    home: &Connection,
    outbox: &str,
    since: &str,
    held: &BTreeSet<String>,
) -> anyhow::Result<BTreeMap<String, Shared>> {
    let is_wanted = |id: &String, case: &Shared| {
        case.alert.published.as_str() >= since || held.contains(id) || !case.joined.is_disjoint(held)
    };
    // An open case may take up another one, with all that it is bound to.
    let may_matter = |id: &String, case: &Shared| !case.alert.ends() || is_wanted(id, case);
    let mut cases: BTreeMap<String, Shared> = BTreeMap::new();
    let mut read = 0_u64;
    each(home, outbox, &[(0, From::Beginning)], |message| {
        let alert: Alert = serde_json::from_slice(message.payload.as_deref().unwrap_or_default())
            .map_err(|error| data(format!("{outbox}/0@{} is no alert: {error}", message.offset)))?;
        note(&mut cases, alert);
        read += 1;
        if read.is_multiple_of(PRUNE_EVERY) {
            cases.retain(|id, case| may_matter(id, case));
        }
        Ok(true)
    })?;
    cases.retain(|id, case| is_wanted(id, case));
    Ok(cases)
}

fn note(cases: &mut BTreeMap<String, Shared>, alert: Alert) {
    let grouped = alert.grouped.clone().unwrap_or_default();
    let id = alert.incident_id.clone();
    if let Some(into) = &grouped.merged_into {
        let gone = cases.remove(&id);
        if let (Some(gone), Some(survivor)) = (gone, cases.get_mut(into)) {
            survivor.places.extend(gone.places);
            survivor.joined.extend(gone.joined);
            survivor.joined.insert(id);
        }
        return;
    }
    let evidence = &alert.evidence;
    let place = evidence.partition.zip(evidence.offsets.first().map(|range| range.first));
    let line = grouped.line.zip(place);
    let case = cases.entry(id).or_insert_with(|| Shared {
        alert: alert.clone(),
        places: BTreeMap::new(),
        joined: BTreeSet::new(),
    });
    case.places.extend(line.map(|(line, place)| (line.incident_id, place)));
    case.alert = alert;
}

/// Home lines as they lie in the topic, and read, by place.
pub type Lines = BTreeMap<(i32, i64), (String, Incident)>;

/// Lines at these places, as they are and read; of what is no longer kept there is none.
fn lines(home: &Connection, topic: &str, wanted: &BTreeSet<(i32, i64)>) -> anyhow::Result<Lines> {
    let mut found = BTreeMap::new();
    let Some((partition, _)) = wanted.first().copied() else { return Ok(found) };
    let (kept, end) = Admin::connect(home)?.watermarks(topic, partition)?;
    for (first, last) in runs(wanted.iter().map(|(_, offset)| *offset).filter(|offset| (kept..end).contains(offset))) {
        each(home, topic, &[(partition, From::Offset(first))], |message| {
            let place = (message.partition, message.offset);
            if wanted.contains(&place)
                && let Some(text) = message.payload.and_then(|bytes| String::from_utf8(bytes).ok())
                && let Ok(incident) = Incident::read(text.as_bytes())
            {
                found.insert(place, (text, incident));
            }
            Ok(place.1 < last)
        })?;
    }
    Ok(found)
}

/// What all feedback together says, and how many messages are of keys that are not known.
fn feedback(home: &Connection, topic: &str, registry: &Registry, now: Timestamp) -> anyhow::Result<(Fold, u64)> {
    let (mut verifier, mut fold, mut unknown) = (FeedbackVerifier::new(), Fold::default(), 0);
    each(home, topic, &[(0, From::Beginning)], |message: Record| {
        match verifier.verify(
            registry,
            signed_topic::received(&message),
            message.timestamp_ms.map_or(now, Timestamp::from_ms),
        ) {
            Ok(believed) => drop(fold.take(&believed)),
            Err(refusal) => {
                unknown += u64::from(refusal.as_str() == "unknown-key");
                tracing::warn!("{topic}/0@{} is refused: {refusal}", message.offset);
            }
        }
        Ok(true)
    })?;
    Ok((fold, unknown))
}

/// What a case is at, in a word.
#[must_use]
pub fn state(alert: &Alert) -> &'static str {
    match alert.message.as_str() {
        CANCEL => "cancelled",
        message if message == Message::Close.as_str() => "closed",
        _ => "open",
    }
}

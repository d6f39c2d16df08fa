//! A dossier is checked, offline: with root keys that whoever checks has, and a newer registry where there is one.
//!
//! Everything that is wrong is told, not the first of it alone; nothing of what strangers wrote is quoted but numbers, times and
//! ids.

use std::collections::{BTreeMap, BTreeSet};

use lancang_alert::campaign::{CampaignMessage, CampaignVerifier};
use lancang_alert::cloudevent::AlertMessage;
use lancang_alert::feedback::{About, FeedbackMessage, FeedbackVerifier, Id};
use lancang_alert::verify::{self, Received, Rejection};
use lancang_alert::{Alert, Campaign, Feedback, PublicKey, Registry, RegistryError, Verifier, dsse, hex};
use lancang_record::Timestamp;
use lancang_record::codec::fields::parse_time;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::archive::{self, ArchiveError, Parts};
use super::{ALERTS, CAMPAIGN, CUSTODY, ENVELOPE, FEEDBACK, FORM, KEYS, MANIFEST, Manifest, PARTS};
use crate::audit::Link;
use crate::limits::DOSSIER_FAULTS_MAX;
use crate::store::{Message, Subject, key};

/// Something that is wrong with a dossier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The manifest cannot be read.
    #[error("`{MANIFEST}`: {what}")]
    Manifest {
        /// What is wrong with it.
        what: &'static str,
    },
    /// The manifest's signature.
    #[error("`{ENVELOPE}`: {0}")]
    Signature(Rejection),
    /// A part is not what the manifest says.
    #[error("`{part}` was changed: {found}, and the manifest says {expected}")]
    Changed {
        /// Its name.
        part: &'static str,
        /// What it is.
        found: String,
        /// What was signed.
        expected: String,
    },
    /// A part that the manifest does not name, or twice.
    #[error("`{part}` stands {found} times in the manifest, expected once")]
    Named {
        /// Its name.
        part: &'static str,
        /// How often.
        found: usize,
    },
    /// A line is none of its part.
    #[error("`{part}`, line {line}: not of the form that it should have")]
    Line {
        /// Part.
        part: &'static str,
        /// Number, from 1.
        line: usize,
    },
    /// An entry of the registry that does not count.
    #[error("`{KEYS}`, line {line}: {error}")]
    Registry {
        /// Number, from 1.
        line: usize,
        /// Why.
        error: RegistryError,
    },
    /// A message that is not to be believed.
    #[error("`{part}`, line {line}: {why}")]
    Message {
        /// Part.
        part: &'static str,
        /// Number, from 1.
        line: usize,
        /// A word for machines.
        kind: &'static str,
        /// Why.
        why: String,
    },
    /// A message about something else.
    #[error("`{part}`, line {line}: it is about something else than the dossier")]
    Other {
        /// Part.
        part: &'static str,
        /// Number, from 1.
        line: usize,
    },
    /// An incident without an alert.
    #[error("the manifest names incident {incident_id} of {producer}, and no alert of it is there")]
    NoAlert {
        /// Incident.
        incident_id: String,
        /// Its producer.
        producer: String,
    },
    /// An entry of the audit log that was changed.
    #[error(
        "`{CUSTODY}`, line {line}: its hash does not follow from it and the entry before, or it comes before one before it"
    )]
    Custody {
        /// Number, from 1.
        line: usize,
    },
    /// More is wrong than is told.
    #[error("more is wrong than is told here")]
    More,
}

impl Fault {
    /// A word for machines.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Archive(ArchiveError::Missing { .. }) => "missing-part",
            Self::Archive(_) => "archive",
            Self::Manifest { .. } | Self::Named { .. } => "manifest",
            Self::Signature(rejection) => rejection.as_str(),
            Self::Changed { .. } => "changed-part",
            Self::Line { .. } => "form",
            Self::Registry { .. } => "registry",
            Self::Message { kind, .. } => kind,
            Self::Other { .. } => "other-case",
            Self::NoAlert { .. } => "missing-alert",
            Self::Custody { .. } => "custody",
            Self::More => "more",
        }
    }
}

/// A key that signed something of a dossier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyState {
    /// Id.
    pub key_id: String,
    /// Whose it is.
    pub holder: String,
    /// From when it counts.
    pub valid_from: String,
    /// Until when.
    pub valid_until: String,
    /// What it is now: `valid`, `expired`, `revoked`, `not yet valid`.
    pub state: &'static str,
    /// From when on it counts no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What of the dossier it signed: messages, and the dossier itself.
    pub signed: u64,
}

/// What a dossier was found to be.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// What it says that it is, as far as that could be read.
    pub manifest: Option<Manifest>,
    /// SHA-256 of the manifest.
    pub digest: String,
    /// Key that signed the dossier, if it counts.
    pub signed_by: Option<String>,
    /// All keys that signed something in it.
    pub keys: Vec<KeyState>,
    /// Alerts that hold.
    pub alerts: usize,
    /// What was said of them, and holds.
    pub feedback: usize,
    /// Entries of the audit log that hold.
    pub custody: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
}

/// The lines of a dossier.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    pub(super) alerts: Vec<Message>,
    pub(super) feedback: Vec<Message>,
    pub(super) campaign: Vec<Message>,
    pub(super) keys: Vec<String>,
    pub(super) custody: Vec<Link>,
}

/// What its messages were found to be.
#[derive(Debug, Default)]
pub(super) struct Messages {
    pub(super) alerts: Vec<(usize, Alert)>,
    pub(super) feedback: Vec<(usize, Feedback)>,
    /// The operation that a line of the feedback is of.
    pub(super) operations: BTreeMap<usize, String>,
    pub(super) campaign: Vec<(usize, Campaign)>,
    /// Keys that signed them, and how many.
    pub(super) keys: BTreeMap<String, u64>,
    pub(super) faults: Vec<Fault>,
}

/// Checks a dossier with the root keys and, where there is one, a newer registry's entries.
#[must_use]
pub fn check(bytes: &[u8], roots: &[PublicKey], newer: &[Vec<u8>], now: Timestamp) -> Checked {
    let mut checked = Checked::default();
    let parts = match archive::unpack(bytes) {
        Ok(parts) => parts,
        Err(error) => {
            checked.faults.push(error.into());
            return checked;
        }
    };
    let text = parts.get(MANIFEST).map(Vec::as_slice).unwrap_or_default();
    checked.digest = hex::encode(&Sha256::digest(text));
    let content = content(&parts, &mut checked.faults);
    let registry = registry(&content, roots, newer, &mut checked.faults);
    let mut messages = messages(&content, &registry);
    checked.faults.append(&mut messages.faults);
    (checked.alerts, checked.feedback) = (messages.alerts.len(), messages.feedback.len());
    checked.custody = custody(&content.custody, &mut checked.faults);
    match serde_json::from_slice::<Manifest>(text) {
        Ok(manifest) => {
            let envelope = parts.get(ENVELOPE).map(Vec::as_slice).unwrap_or_default();
            match signature(&manifest, (text, envelope), &registry, now) {
                Ok(key_id) => {
                    *messages.keys.entry(key_id.clone()).or_default() += 1;
                    checked.signed_by = Some(key_id);
                }
                Err(fault) => checked.faults.push(fault),
            }
            whole(&manifest, &parts, &mut checked.faults);
            subject(&manifest, &messages, &mut checked.faults);
            checked.manifest = Some(manifest);
        }
        Err(_) => checked.faults.push(Fault::Manifest { what: "not the JSON of a dossier's manifest" }),
    }
    checked.keys = states(&messages.keys, &registry, now);
    if checked.faults.len() > DOSSIER_FAULTS_MAX {
        checked.faults.truncate(DOSSIER_FAULTS_MAX);
        checked.faults.push(Fault::More);
    }
    checked
}

/// What the keys are at a moment.
pub(super) fn states(keys: &BTreeMap<String, u64>, registry: &Registry, now: Timestamp) -> Vec<KeyState> {
    let state = |(key_id, signed): (&String, &u64)| {
        let key = registry.key(key_id)?;
        Some(KeyState {
            key_id: key_id.clone(),
            holder: key.holder.to_string(),
            valid_from: key.from.to_string(),
            valid_until: key.until.to_string(),
            state: key.standing(now).as_str(),
            revoked_at: key.revoked_at.map(|at| at.to_string()),
            reason: key.reason.clone(),
            signed: *signed,
        })
    };
    keys.iter().filter_map(state).collect()
}

fn signature(
    manifest: &Manifest,
    (text, envelope): (&[u8], &[u8]),
    registry: &Registry,
    now: Timestamp,
) -> Result<String, Fault> {
    if manifest.form != FORM {
        return Err(Fault::Manifest { what: "of another form than this program knows" });
    }
    let made = parse_time("made", &manifest.made).map_err(|_| Fault::Manifest { what: "`made` is no time" })?;
    let writer = manifest.writer.uri();
    let key = verify::handed_on(registry, dsse::DOSSIER_TYPE, (text, envelope), (&writer, made), now);
    key.map(|key| key.key.id()).map_err(Fault::Signature)
}

/// Whether the parts are those that the manifest names.
fn whole(manifest: &Manifest, parts: &Parts, faults: &mut Vec<Fault>) {
    for part in PARTS {
        let named: Vec<_> = manifest.parts.iter().filter(|named| named.name == part).collect();
        let [named] = named.as_slice() else {
            faults.push(Fault::Named { part, found: named.len() });
            continue;
        };
        let bytes = parts.get(part).map(Vec::as_slice).unwrap_or_default();
        let sha256 = hex::encode(&Sha256::digest(bytes));
        if bytes.len() as u64 != named.bytes || sha256 != named.sha256 {
            let shown = |bytes: u64, sha256: &str| format!("{bytes} bytes with SHA-256 {sha256}");
            let (found, expected) = (shown(bytes.len() as u64, &sha256), shown(named.bytes, &named.sha256));
            faults.push(Fault::Changed { part, found, expected });
        }
    }
}

/// Whether the messages are about what the manifest says, and none of it is without an alert.
fn subject(manifest: &Manifest, messages: &Messages, faults: &mut Vec<Fault>) {
    let named: BTreeSet<&About> = manifest.incidents.iter().collect();
    let about = |alert: &Alert| About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() };
    let mut told = BTreeSet::new();
    for (line, alert) in &messages.alerts {
        let about = about(alert);
        if !named.contains(&about) {
            faults.push(Fault::Other { part: ALERTS, line: *line });
        }
        told.insert(about);
    }
    for (line, feedback) in &messages.feedback {
        let is_of_incident = feedback.incident.as_ref().is_some_and(|about| named.contains(about));
        let is_named = |id: &String| manifest.operations.iter().any(|named| named.operation_id == *id);
        if !is_of_incident && !messages.operations.get(line).is_some_and(is_named) {
            faults.push(Fault::Other { part: FEEDBACK, line: *line });
        }
    }
    operations(manifest, messages, &named, faults);
    let is_campaign =
        |campaign: &Campaign| matches!(&manifest.subject, Subject::Campaign(id) if *id == campaign.campaign_id);
    for (line, campaign) in &messages.campaign {
        if !is_campaign(campaign) {
            faults.push(Fault::Other { part: CAMPAIGN, line: *line });
        }
    }
    for missing in named.iter().filter(|about| !told.contains(**about)) {
        let (incident_id, producer) = (missing.incident_id.clone(), missing.producer.uri());
        faults.push(Fault::NoAlert { incident_id, producer });
    }
    let is_named = match &manifest.subject {
        Subject::Incident(wanted) => {
            named.len() == 1 && named.iter().all(|about| key(&about.incident_id, &about.producer.uri()) == *wanted)
        }
        Subject::Campaign(_) => !named.is_empty(),
    };
    if !is_named {
        faults.push(Fault::Manifest { what: "its incidents are not those of its subject" });
    }
}

/// Whether a word of a joint operation lists an incident of a case, or its campaign.
pub(super) fn is_of_case(feedback: &Feedback, subject: &Subject, is_named: impl Fn(&About) -> bool) -> bool {
    let (proposed, added) = (&feedback.operation, &feedback.operation_addition);
    let mut incidents = proposed.iter().flat_map(|of| &of.incidents).chain(added.iter().flat_map(|of| &of.incidents));
    let mut campaigns = proposed.iter().flat_map(|of| &of.campaigns).chain(added.iter().flat_map(|of| &of.campaigns));
    let is_campaign = |id: &String| matches!(subject, Subject::Campaign(own) if own == id);
    incidents.any(is_named) || campaigns.any(is_campaign)
}

/// The joint operation that a message is about.
pub(super) fn operation_of(message: &Message, feedback: &Feedback) -> Option<String> {
    feedback.operation_id(Id::of(message.value.as_bytes())).map(|id| id.to_string())
}

/// Whether each operation that is named is about the case, as far as its messages are there.
fn operations(manifest: &Manifest, messages: &Messages, named: &BTreeSet<&About>, faults: &mut Vec<Fault>) {
    for of in manifest.operations.iter().filter(|of| of.left_out + of.unbelieved + of.no_room == 0) {
        let is_own = |line: &usize| messages.operations.get(line) == Some(&of.operation_id);
        if !messages.feedback.iter().any(|(line, feedback)| {
            is_own(line) && is_of_case(feedback, &manifest.subject, |about| named.contains(about))
        }) {
            faults.push(Fault::Manifest { what: "it names an operation that is not about the case" });
        }
    }
}

fn custody(links: &[Link], faults: &mut Vec<Fault>) -> usize {
    let (mut newest, mut hold) = (0, 0);
    for (place, link) in links.iter().enumerate() {
        match link.read().filter(|entry| entry.seq > newest) {
            Some(entry) => {
                newest = entry.seq;
                hold += 1;
            }
            None => faults.push(Fault::Custody { line: place + 1 }),
        }
    }
    hold
}

fn content(parts: &Parts, faults: &mut Vec<Fault>) -> Content {
    let keys = parts.get(KEYS).map(|part| String::from_utf8_lossy(part).into_owned()).unwrap_or_default();
    Content {
        alerts: lines(parts, ALERTS, faults),
        feedback: lines(parts, FEEDBACK, faults),
        campaign: lines(parts, CAMPAIGN, faults),
        keys: keys.lines().map(str::to_owned).collect(),
        custody: lines(parts, CUSTODY, faults),
    }
}

fn lines<T: DeserializeOwned>(parts: &Parts, part: &'static str, faults: &mut Vec<Fault>) -> Vec<T> {
    let bytes = parts.get(part).map(Vec::as_slice).unwrap_or_default();
    let mut read = Vec::new();
    let bytes = bytes.trim_ascii_end();
    if bytes.is_empty() {
        return read;
    }
    // An empty line between others is none of a dossier: to skip it would give those behind it other numbers.
    for (place, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        match serde_json::from_slice(line) {
            Ok(found) => read.push(found),
            Err(_) => {
                // What follows is not read: its lines would be told by other numbers.
                faults.push(Fault::Line { part, line: place + 1 });
                break;
            }
        }
    }
    read
}

fn registry(content: &Content, roots: &[PublicKey], newer: &[Vec<u8>], faults: &mut Vec<Fault>) -> Registry {
    let mut registry = Registry::new(roots);
    for (place, envelope) in content.keys.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
        if let Err(error) = registry.learn(envelope.as_bytes()) {
            faults.push(Fault::Registry { line: place + 1, error });
        }
    }
    // Of a newer registry what counts is taken: it is of who checks, and has keys of others besides.
    newer.iter().for_each(|envelope| _ = registry.learn(envelope));
    registry
}

/// Checks each message as it was checked when it was received, with what is known of its key today.
pub(super) fn messages(content: &Content, registry: &Registry) -> Messages {
    let mut found = Messages::default();
    found.alerts = found.judged(ALERTS, &content.alerts, |value, dsse, at| {
        let AlertMessage { key, value, headers } = AlertMessage::again(value, dsse).ok()?;
        let received = Received { key: &key, value: &value, headers: &headers };
        let verified = Verifier::new().verify(registry, received, at);
        Some(verified.map(|found| (found.key_id, found.alert)).map_err(|why| (why.as_str(), why.to_string())))
    });
    found.feedback = found.judged(FEEDBACK, &content.feedback, |value, dsse, at| {
        let FeedbackMessage { key, value, headers } = FeedbackMessage::again(value, dsse).ok()?;
        let received = Received { key: &key, value: &value, headers: &headers };
        let believed = FeedbackVerifier::new().verify(registry, received, at);
        Some(believed.map(|found| (found.key_id, found.feedback)).map_err(|why| (why.as_str(), why.to_string())))
    });
    let of_operation =
        |(line, feedback): &(usize, Feedback)| Some((*line, operation_of(content.feedback.get(line - 1)?, feedback)?));
    found.operations = found.feedback.iter().filter_map(of_operation).collect();
    found.campaign = found.judged(CAMPAIGN, &content.campaign, |value, dsse, at| {
        let CampaignMessage { key, value, headers } = CampaignMessage::again(value, dsse).ok()?;
        let received = Received { key: &key, value: &value, headers: &headers };
        let verified = CampaignVerifier::new().verify(registry, received, at);
        Some(verified.map(|found| (found.key_id, found.campaign)).map_err(|why| (why.as_str(), why.to_string())))
    });
    found
}

/// Key and content of a message that holds, or the word for why it does not and the reason.
type Judged<T> = Result<(String, T), (&'static str, String)>;

impl Messages {
    /// Those of a part that hold; `judge` gives none for what is no message, such as a time of receipt that is none.
    fn judged<T>(
        &mut self,
        part: &'static str,
        messages: &[Message],
        judge: impl Fn(Vec<u8>, Vec<u8>, Timestamp) -> Option<Judged<T>>,
    ) -> Vec<(usize, T)> {
        let mut hold = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            let line = place + 1;
            let (value, dsse) = (message.value.clone().into_bytes(), message.dsse.clone().into_bytes());
            match parse_time("received", &message.received).ok().and_then(|at| judge(value, dsse, at)) {
                Some(Ok((key_id, content))) => {
                    *self.keys.entry(key_id).or_default() += 1;
                    hold.push((line, content));
                }
                Some(Err((kind, why))) => self.faults.push(Fault::Message { part, line, kind, why }),
                None => self.faults.push(Fault::Line { part, line }),
            }
        }
        hold
    }
}

//! A dossier is made: of what the store and the audit log have, checked as others will check it before anybody gets it.

use std::collections::BTreeSet;
use std::path::Path;

use lancang_alert::feedback::{About, Id};
use lancang_alert::words::Language;
use lancang_alert::{Feedback, PublicKey, Registry, Signer, Source, dsse, hex};
use lancang_record::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::archive::{self, ArchiveError, Parts};
use super::check::{self, Content};
use super::{
    ALERTS, AuditHead, CAMPAIGN, CUSTODY, ENVELOPE, FEEDBACK, FORM, Fault, KEYS, MANIFEST, Manifest, PARTS, Part,
    SUMMARY, summary,
};
use crate::audit::{self, AuditError, Link};
use crate::store::{Case, Message, Subject};

/// What somebody wants a dossier of.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of what.
    pub subject: Subject,
    /// For which case.
    pub case_reference: String,
    /// In which languages.
    pub languages: [Language; 2],
    /// Whose desk.
    pub writer: Source,
    /// Who.
    pub person: String,
}

/// A dossier.
#[derive(Clone, Debug)]
pub struct Made {
    /// The file.
    pub bytes: Vec<u8>,
    /// SHA-256 of its manifest: whoever writes it down elsewhere can show later that it is this one.
    pub digest: String,
    /// What it is called.
    pub name: String,
    /// Messages of the case that are not believed any more.
    pub unbelieved: usize,
}

/// Why none is made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// Too much for one file.
    #[error("{0}: make one of each incident")]
    Archive(#[from] ArchiveError),
    /// No alert of it is believed any more.
    #[error("no alert of it is believed any more: {0}")]
    Lapsed(Fault),
    /// Nobody would believe it.
    #[error("nobody would believe it, so it is not made: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unbelieved(Vec<Fault>),
}

/// Makes a dossier of a case; the audit log has this export already.
///
/// # Errors
/// [`MakeError`]
pub fn make(
    wanted: &Wanted,
    case: &Case,
    audit: &Path,
    signer: &Signer,
    roots: &[PublicKey],
    now: Timestamp,
) -> Result<Made, MakeError> {
    let operations = case.operations.iter().map(|operation| operation.operation_id.as_str());
    let about: Vec<&str> =
        case.keys.iter().map(String::as_str).chain([wanted.subject.id()]).chain(operations).collect();
    let (chain, custody) = audit::about(audit, &about)?;
    let mut registry = Registry::new(roots);
    // What does not count is left out: the check says which signature lacks a key then.
    case.registry.iter().for_each(|envelope| _ = registry.learn(envelope.as_bytes()));
    let (case, mut content, unbelieved) = believed(case, custody, &registry)?;
    let found = check::messages(&content, &registry);
    let mut used: BTreeSet<String> = found.keys.keys().cloned().collect();
    used.insert(signer.id().to_owned());
    content.keys = entries(&registry, &used);
    let mut manifest = Manifest {
        form: FORM.to_owned(),
        subject: wanted.subject.clone(),
        case_reference: wanted.case_reference.clone(),
        made: now.to_string(),
        writer: wanted.writer.clone(),
        person: wanted.person.clone(),
        languages: wanted.languages.iter().map(|language| language.tag().to_owned()).collect(),
        incidents: case.incidents.clone(),
        left_out: case.left_out,
        unbelieved,
        operations: case.operations.clone(),
        audit: AuditHead { entries: chain.entries, head: chain.head },
        parts: Vec::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let mut parts = written(&content);
    let summary = summary::html(&manifest, &found, &case.innocent, &content.custody, &registry, wanted.languages, now);
    parts.insert(SUMMARY.to_owned(), summary.into_bytes());
    manifest.parts = PARTS.iter().filter_map(|name| Some(part(name, parts.get(*name)?))).collect();
    let told = lines_of_one(&manifest);
    parts.insert(ENVELOPE.to_owned(), dsse::detached(signer, dsse::DOSSIER_TYPE, &told));
    let digest = hex::encode(&Sha256::digest(&told));
    parts.insert(MANIFEST.to_owned(), told);
    let bytes = archive::pack(&parts, now)?;
    let checked = check::check(&bytes, roots, &[], now);
    if !checked.faults.is_empty() {
        return Err(MakeError::Unbelieved(checked.faults));
    }
    let id = wanted.subject.id().get(..12).unwrap_or(wanted.subject.id());
    let day = manifest.made.get(..10).unwrap_or_default();
    Ok(Made { bytes, digest, name: format!("dossier-{id}-{day}.tar"), unbelieved })
}

/// What of a case is believed with what is known of its keys today, and how many messages are not: since they were received a key may
/// have been revoked for a time before. Whoever speaks once and is revoked keeps nobody from making a dossier.
fn believed(case: &Case, custody: Vec<Link>, registry: &Registry) -> Result<(Case, Content, usize), MakeError> {
    let mut case = case.clone();
    let mut content = Content {
        alerts: std::mem::take(&mut case.alerts),
        feedback: std::mem::take(&mut case.feedback),
        campaign: case.campaign.take().into_iter().collect(),
        keys: Vec::new(),
        custody,
    };
    let found = check::messages(&content, registry);
    let Some(fault) = found.faults.first() else { return Ok((case, content, 0)) };
    let before = content.alerts.len() + content.feedback.len() + content.campaign.len();
    for (place, message) in content.feedback.iter().enumerate() {
        if found.feedback.iter().any(|(line, _)| *line == place + 1) {
            continue;
        }
        let of = serde_json::from_str::<Feedback>(&message.value).ok();
        let of = of.and_then(|feedback| Some(feedback.operation_id(Id::of(message.value.as_bytes()))?.to_string()));
        case.operations
            .iter_mut()
            .filter(|named| Some(&named.operation_id) == of.as_ref())
            .for_each(|named| named.unbelieved += 1);
    }
    keep(&mut content.alerts, &found.alerts);
    keep(&mut content.feedback, &found.feedback);
    keep(&mut content.campaign, &found.campaign);
    let told: BTreeSet<About> = found
        .alerts
        .iter()
        .map(|(_, alert)| About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() })
        .collect();
    let incidents = case.incidents.len();
    case.incidents.retain(|about| told.contains(about));
    if case.incidents.is_empty() {
        return Err(MakeError::Lapsed(fault.clone()));
    }
    let lapsed = incidents - case.incidents.len();
    case.left_out += lapsed;
    if lapsed > 0 {
        // What was said of those alone belongs to no incident of it any more.
        let is_of_case = |message: &Message| match serde_json::from_str::<Feedback>(&message.value) {
            Ok(feedback) => feedback.incident.as_ref().is_none_or(|about| told.contains(about)),
            Err(_) => false,
        };
        content.feedback.retain(is_of_case);
    }
    let after = content.alerts.len() + content.feedback.len() + content.campaign.len();
    Ok((case, content, before - after))
}

/// Keeps the lines that were found good.
fn keep<T>(messages: &mut Vec<Message>, good: &[(usize, T)]) {
    let good: BTreeSet<usize> = good.iter().map(|(line, _)| *line).collect();
    let mut line = 0;
    messages.retain(|_| {
        line += 1;
        good.contains(&line)
    });
}

fn entries(registry: &Registry, used: &BTreeSet<String>) -> Vec<String> {
    let keys = used.iter().filter_map(|id| registry.key(id));
    keys.flat_map(|key| key.envelopes()).map(|envelope| String::from_utf8_lossy(envelope).into_owned()).collect()
}

fn written(content: &Content) -> Parts {
    let mut keys = content.keys.join("\n");
    if !keys.is_empty() {
        keys.push('\n');
    }
    let parts = [
        (ALERTS, lines(&content.alerts)),
        (FEEDBACK, lines(&content.feedback)),
        (CAMPAIGN, lines(&content.campaign)),
        (KEYS, keys.into_bytes()),
        (CUSTODY, lines(&content.custody)),
    ];
    parts.into_iter().map(|(name, part)| (name.to_owned(), part)).collect()
}

fn lines<T: Serialize>(of: &[T]) -> Vec<u8> {
    of.iter().flat_map(lines_of_one).collect()
}

/// One line of JSON.
#[allow(clippy::expect_used)]
fn lines_of_one<T: Serialize>(of: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(of).expect("texts and whole numbers");
    line.push(b'\n');
    line
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.to_owned(), bytes: bytes.len() as u64, sha256: hex::encode(&Sha256::digest(bytes)) }
}

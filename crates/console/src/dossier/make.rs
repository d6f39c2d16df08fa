//! A dossier is made: of what the store and the audit log have, checked as others will check it before anybody gets it.

use std::collections::BTreeSet;
use std::path::Path;

use lancang_alert::feedback::About;
use lancang_alert::words::Language;
use lancang_alert::{Alert, Feedback, PublicKey, Registry, Signer, Source, dsse, hex};
use lancang_record::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::archive::{self, ArchiveError, Parts};
use super::check::{self, Content, is_of_case, operation_of};
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
    let (case, mut content, unbelieved) = believed(case, &wanted.subject, custody, &registry)?;
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

/// What of a case is believed with what is known of its keys today, and how many messages are not, because their key was revoked since for
/// the time of their signature. Whoever speaks once and is revoked so keeps nobody from making a dossier; whatever else is wrong with a
/// message does.
fn believed(
    case: &Case,
    subject: &Subject,
    custody: Vec<Link>,
    registry: &Registry,
) -> Result<(Case, Content, usize), MakeError> {
    let mut case = case.clone();
    let mut content = Content {
        alerts: std::mem::take(&mut case.alerts),
        feedback: std::mem::take(&mut case.feedback),
        campaign: case.campaign.take().into_iter().collect(),
        keys: Vec::new(),
        custody,
    };
    let found = check::messages(&content, registry);
    let is_revoked = |fault: &&Fault| matches!(fault, Fault::Message { kind: REVOKED, .. });
    let revoked: Vec<&Fault> = found.faults.iter().filter(is_revoked).collect();
    if revoked.is_empty() || revoked.len() < found.faults.len() {
        return Ok((case, content, 0));
    }
    let lines = |wanted: &str| -> BTreeSet<usize> {
        let of_part = |fault: &&Fault| match fault {
            Fault::Message { part, line, .. } if *part == wanted => Some(*line),
            _ => None,
        };
        revoked.iter().filter_map(of_part).collect()
    };
    for line in lines(FEEDBACK) {
        let message = content.feedback.get(line - 1);
        let of = message.and_then(|message| operation_of(message, &serde_json::from_str(&message.value).ok()?));
        case.operations
            .iter_mut()
            .filter(|named| Some(&named.operation_id) == of.as_ref())
            .for_each(|named| named.unbelieved += 1);
    }
    drop_lines(&mut content.alerts, &lines(ALERTS));
    drop_lines(&mut content.feedback, &lines(FEEDBACK));
    drop_lines(&mut content.campaign, &lines(CAMPAIGN));
    let about = |alert: &Alert| About { incident_id: alert.incident_id.clone(), producer: alert.producer.clone() };
    let told: BTreeSet<About> = found.alerts.iter().map(|(_, alert)| about(alert)).collect();
    let incidents = case.incidents.len();
    case.incidents.retain(|about| told.contains(about));
    if case.incidents.is_empty() {
        let of_alert = revoked.iter().find(|fault| matches!(fault, Fault::Message { part: ALERTS, .. }));
        return Err(MakeError::Lapsed(of_alert.map_or(Fault::More, |fault| (**fault).clone())));
    }
    if incidents > case.incidents.len() {
        case.left_out += incidents - case.incidents.len();
        leave_out(&mut case, &mut content, subject, &told);
    }
    Ok((case, content, revoked.len()))
}

/// Word of the check for a message whose key was revoked for the time of its signature.
const REVOKED: &str = "revoked-key";

/// Takes out what is about nothing but incidents that are left out: words about them, and operations that are in the case by them alone.
fn leave_out(case: &mut Case, content: &mut Content, subject: &Subject, told: &BTreeSet<About>) {
    let said = |message: &Message| serde_json::from_str::<Feedback>(&message.value).ok();
    let about_it = |message: &Message| {
        let feedback = said(message).filter(|feedback| is_of_case(feedback, subject, |about| told.contains(about)))?;
        operation_of(message, &feedback)
    };
    let about_it: BTreeSet<String> = content.feedback.iter().filter_map(about_it).collect();
    case.operations.retain(|of| of.left_out + of.unbelieved + of.no_room > 0 || about_it.contains(&of.operation_id));
    let stays = |message: &Message| {
        said(message).is_some_and(|feedback| match operation_of(message, &feedback) {
            Some(id) => case.operations.iter().any(|of| of.operation_id == id),
            None => feedback.incident.is_some_and(|about| told.contains(&about)),
        })
    };
    content.feedback.retain(stays);
}

/// Takes lines, counted from 1, out.
fn drop_lines(messages: &mut Vec<Message>, lines: &BTreeSet<usize>) {
    let mut line = 0;
    messages.retain(|_| {
        line += 1;
        !lines.contains(&line)
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
